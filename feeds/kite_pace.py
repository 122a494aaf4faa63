"""Ask Kite no faster than it allows, whichever thread asks."""

import threading
import time
from collections.abc import Callable

from dashboard.core.clock import Clock
from dashboard.core.errors import KiteLimitError

STEP_S = 0.02  # between looks at the clock, which may run faster than the host's


class Pacer:
    """Let callers through one by one, `per_second` of them.

    Parameters
    ----------
    clock : Clock
        Says when a turn has come.
    per_second : float
        Turns in a second.
    sleep : callable
        Lets a caller wait for some seconds.
    """

    def __init__(
        self, clock: Clock, per_second: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._between_s = 1 / per_second
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = self._barred_until = clock.monotonic()

    def turn(self) -> None:
        """Return when it is the caller's turn. Blocks.

        Raises
        ------
        KiteLimitError
            If Kite wants to be left alone for longer.
        """
        with self._lock:
            now = self._clock.monotonic()
            if now < self._barred_until:
                left_s = self._barred_until - now
                raise KiteLimitError(f"Kite takes no request for {left_s:.0f} s: wait", left_s)
            due = max(now, self._next)
            self._next = due + self._between_s
        left = due - now
        while left > 0 and self._clock.monotonic() < due:
            step = min(left, STEP_S)
            self._sleep(step)
            left -= step

    def bar(self, wait_s: float) -> None:
        """Let nobody through for a while: Kite said that it was too much."""
        with self._lock:
            self._barred_until = self._clock.monotonic() + wait_s
