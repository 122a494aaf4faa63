"""A live tape is written by a thread of its own: what fails behind it does not stop it."""

import queue
import threading
from dataclasses import dataclass, field

import structlog

from dashboard.core.clock import Clock
from dashboard.core.errors import StoreError, TapeError
from dashboard.core.market import Frame
from dashboard.core.ports import Gap, TapeWriter
from feeds.losses import Losses

log = structlog.get_logger(__name__)

GROUP_S = 0.5  # frames of this long are one transaction: the most that a kill can lose
RETRY_S = (1.0, 2.0, 5.0, 10.0)  # while the database refuses
MOST_BYTES = 1 << 30  # kept in memory meanwhile: two hours of 442 instruments
PATIENCE_S = 30.0


@dataclass
class TapeThread:
    """Write frames in the order in which they are put.

    `error` is why it cannot, "" while it can. `written_ns` is the stamp of the newest frame
    that a kill would not lose, `written_s` the clock's monotonic time of that transaction.
    """

    tape: TapeWriter
    clock: Clock
    group_s: float = GROUP_S
    error: str = ""
    written_ns: int | None = None
    written_s: float = 0.0
    _queue: queue.SimpleQueue[Frame | None] = field(default_factory=queue.SimpleQueue)
    _batch: list[Frame] = field(default_factory=list)
    _gaps: list[Gap] = field(default_factory=list)
    _losses: Losses = field(default_factory=Losses)

    def __post_init__(self) -> None:
        self.written_s = self.clock.monotonic()
        self._put = self._kept = self._done = self._bytes = 0
        self.is_lost = False  # another process writes this tape now
        self._hurry, self._stopping = threading.Event(), threading.Event()
        self._written = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._thread.start()

    @property
    def heard_ns(self) -> int | None:
        """Return the stamp of the last ticks that came, on whichever connection."""
        return self._losses.heard_ns

    @property
    def waiting(self) -> int:
        """Return how many frames are not written yet."""
        return self._put - self._done

    def put(self, frame: Frame) -> None:
        """Hand over a frame; it never waits. One caller at a time."""
        self._put += 1
        self._queue.put(frame)

    def flush(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until everything that was put by now is written.

        Raises
        ------
        TapeError
            If another process writes this tape now.
        StoreError
            If the database refuses for that long.
        """
        wanted = self._put
        self._rouse()
        with self._written:
            self._written.wait_for(lambda: self._done >= wanted or self.is_lost, timeout_s)
            if self.is_lost:
                raise TapeError(self.error)
            if self._done < wanted:
                raise StoreError(self.error or f"The tape took {timeout_s:.0f} s and is not done")

    def stop(self, timeout_s: float = PATIENCE_S) -> None:
        """Write what waits and end the thread; the tape is not finished by this.

        Raises
        ------
        TapeError
            If another process writes this tape now; the thread has ended.
        StoreError
            If the database refuses for that long. The thread goes on trying, for as long as
            the process lasts, and the tape can be stopped again.
        """
        self.flush(timeout_s)
        self._stopping.set()
        self._rouse()
        self._thread.join(timeout_s)

    def _rouse(self) -> None:
        self._hurry.set()
        self._queue.put(None)

    # -- the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        attempt = 0
        while not self.is_lost and not (self._stopping.is_set() and not self._batch):
            if not self._batch:
                self._take(self._queue.get())
                self._hurry.wait(self.group_s)
                self._hurry.clear()
            self._drain()
            try:
                self._write()
                attempt = 0
            except Exception as error:
                self._refused(error)
                if self._stopping.is_set():
                    return
                self._hurry.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1

    def _drain(self) -> None:
        try:
            while True:
                self._take(self._queue.get_nowait())
        except queue.Empty:
            return

    def _take(self, frame: Frame | None) -> None:
        if frame is None:
            return
        self._batch.append(frame)
        self._bytes += len(frame.payload)
        gap = self._losses.see(frame)
        if gap is not None:
            self._gaps.append(gap)

    def _write(self) -> None:
        if self._batch:
            self.tape.append(self._batch)
            self.written_ns, self.written_s = self._batch[-1].received_ns, self.clock.monotonic()
            self._forget(len(self._batch))
        while self._gaps:
            self.tape.mark_gap(self._gaps[0])
            self._gaps.pop(0)
        self.error = ""
        with self._written:  # who waits for frames waits for their marks too
            self._done = self._kept
            self._written.notify_all()

    def _forget(self, count: int) -> None:
        """Forget `count` frames: they are written, or given up."""
        del self._batch[:count]
        self._bytes = sum(len(frame.payload) for frame in self._batch)
        self._kept += count

    def _refused(self, error: Exception) -> None:
        if not self.error:
            log.error(
                "tape not written", error=str(error), exc_info=not isinstance(error, StoreError)
            )
        self.error = str(error) or type(error).__name__
        if isinstance(error, TapeError):
            with self._written:
                self.is_lost = True
                self._written.notify_all()
        if self._bytes > MOST_BYTES:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Drop the older half, and say so on the tape as soon as it can be written."""
        half = len(self._batch) // 2
        first, last = self._batch[0].received_ns, self._batch[half].received_ns
        self._gaps.append(Gap(first, last, f"Not written: {error}"))
        log.error("frames given up", count=half, reason=str(error))
        self._forget(half)
