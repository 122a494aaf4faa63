"""How often clients are told: sockets must leave the loop to everything else that it serves."""

from collections import deque

from dashboard.api.stream.limits import ROUND_SHARE
from dashboard.core.clock import Clock

REMEMBERED = 1000  # rounds


class Governor:
    """Space the rounds of all desks, so that they take no more than their share of the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_s = 0.0
        self.durations: deque[float] = deque(maxlen=REMEMBERED)  # seconds

    def wait_s(self) -> float:
        """Return how long the next round has to wait."""
        return max(0.0, self._free_s - self._clock.monotonic())

    def end(self, begun_s: float) -> None:
        """Note that a round, begun at `begun_s` of the clock, is over."""
        took_s = self._clock.monotonic() - begun_s
        self.durations.append(took_s)
        self._free_s = max(self._free_s, begun_s + ROUND_SHARE * took_s)
