"""Ask Kite no faster than it allows, whichever thread asks."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.core.clock import Clock
from dashboard.core.errors import KiteLimitError

WINDOW_S = 1.0
STEP_S = 0.02  # between looks at the clock, which may run faster than the host's


class Pacer:
    """Let at most `most` requests arrive in any second, as Kite counts them.

    A request arrives some time between its start and its end. So it takes its turn only when
    fewer than `most` others are under way or ended within a second: then no delay on the way
    can bring too many together.

    Parameters
    ----------
    clock : Clock
        Says when a second is over.
    most : int
        Requests in any second.
    sleep : callable
        Lets a caller wait for some seconds.
    """

    def __init__(
        self, clock: Clock, most: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._most, self._sleep = clock, most, sleep
        self._lock = threading.Lock()
        self._under_way = 0
        self._ended: deque[float] = deque()
        self._barred_until = clock.monotonic()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the caller's turn, and count its request while the context lasts. Blocks.

        Raises
        ------
        KiteLimitError
            If Kite wants to be left alone for longer.
        """
        slept, known = 0.0, self._known()
        while (left := self._take()) > 0:
            step = min(left, STEP_S)
            self._sleep(step)
            slept += step
            if slept >= WINDOW_S:  # it is over, also by a clock that stands still
                self._forget(known)
                slept, known = 0.0, self._known()
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._ended.append(self._clock.monotonic())

    def bar(self, wait_s: float) -> None:
        """Let nobody through for a while: Kite said that it was too much."""
        with self._lock:
            self._barred_until = self._clock.monotonic() + wait_s

    def _take(self) -> float:
        """Take a turn and return 0, or return how long to wait at least [s]."""
        with self._lock:
            now = self._clock.monotonic()
            if now < self._barred_until:
                left_s = self._barred_until - now
                raise KiteLimitError(f"Kite takes no request for {left_s:.0f} s: wait", left_s)
            while self._ended and now - self._ended[0] >= WINDOW_S:
                self._ended.popleft()
            if self._under_way + len(self._ended) < self._most:
                self._under_way += 1
                return 0.0
            return self._ended[0] + WINDOW_S - now if self._ended else STEP_S

    def _known(self) -> tuple[float, ...]:
        with self._lock:
            return tuple(self._ended)

    def _forget(self, known: tuple[float, ...]) -> None:
        """Forget the requests that had ended when a sleep of a second began, and no later ones."""
        with self._lock:
            while self._ended and self._ended[0] in known:
                known = known[1:]
                self._ended.popleft()
