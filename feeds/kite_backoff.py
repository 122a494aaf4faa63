"""How long to wait before the next attempt at a connection that fails."""

from random import Random

WAITS_S = (1, 2, 5, 10, 25, 40, 60)  # six attempts in the first minute, whatever the jitter
JITTER = 0.2  # of a wait, either way: many clients must not come back together


class Backoff:
    """The waits of one API key's connections, in seconds of a monotonic clock.

    Attributes
    ----------
    failures : int
        In a row: it takes a connection that stands for a while to forget them.
    failed_at : float
        When the last one was.
    due : float
        Nothing is tried before.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.reset()

    def reset(self) -> None:
        """Forget every failure."""
        self.failures = 0
        self.failed_at = self.due = float("-inf")

    def failed(self, now: float) -> None:
        """Wait longer than before. Connections that are lost together have failed once."""
        if now < self.due:
            return
        wait = WAITS_S[min(self.failures, len(WAITS_S) - 1)]
        wait_s = min(wait * self._rng.uniform(1 - JITTER, 1 + JITTER), WAITS_S[-1])
        self.failures += 1
        self.failed_at = now
        self.due = now + wait_s
