"""Write frames to a tape while they pass by."""

from collections.abc import Iterator

from dashboard.core.clock import Clock
from dashboard.core.market import Frame
from dashboard.core.ports import TapeWriter

FLUSH_S = 1.0  # of host time between two transactions
MOST = 400  # frames in one transaction


class Recorder:
    """Put each frame on the tape, then hand it on; at most a second is unwritten."""

    def __init__(self, tape: TapeWriter, clock: Clock) -> None:
        self._tape = tape
        self._clock = clock
        self._waiting: list[Frame] = []
        self._flushed_s = clock.monotonic()

    def record(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Yield `frames` as they are, each one noted for the tape first."""
        for frame in frames:
            self._waiting.append(frame)
            if len(self._waiting) >= MOST:
                self.flush()
            yield frame
        self.flush()

    def flush_if_due(self) -> None:
        """Write what waits when the last time is a while ago."""
        if self._clock.monotonic() - self._flushed_s >= FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._flushed_s = self._clock.monotonic()
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._tape.append(waiting)
