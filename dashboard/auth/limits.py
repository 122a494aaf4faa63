"""How often a sign-in may fail: five times per user name and per address in 15 minutes.

A try is counted before the password is looked at and forgiven when it was right, so that
tries sent at the same moment cannot slip past the limit together. Counts live in memory:
a restart forgives them, which costs an attacker more than it gives.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import TooManyTriesError

TRIES = 5
WINDOW_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Try:
    """One counted try: under which keys, and how many are left after it."""

    keys: tuple[str, ...]
    left: int


class SignInLimits:
    """Count tries by user name and by address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limit = RateLimitItemPerMinute(TRIES, WINDOW_MINUTES)
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()

    def count(self, name: str, address: str) -> Try:
        """Count one try.

        Raises
        ------
        TooManyTriesError
            If the name or the address has none left; then nothing is counted.
        """
        keys = (f"name {name.casefold()}", f"address {address}")
        with self._lock:
            spent = [key for key in keys if not self._window.test(self._limit, key)]
            if spent:
                raise _too_many(self._wait_s(spent))
            for key in keys:
                self._window.hit(self._limit, key)
            left = min(self._window.get_window_stats(self._limit, key).remaining for key in keys)
        return Try(keys, left)

    def forgive(self, tried: Try) -> None:
        """Forget the tries under the keys of one that succeeded."""
        with self._lock:
            for key in tried.keys:
                self._window.clear(self._limit, key)

    def _wait_s(self, keys: Iterable[str]) -> int:
        now_s = self._clock.now_ns() / SECOND_NS
        resets = [self._window.get_window_stats(self._limit, key).reset_time for key in keys]
        return min(max(round(max(resets) - now_s), 1), WINDOW_MINUTES * 60)


def _too_many(wait_s: int) -> TooManyTriesError:
    return TooManyTriesError(f"Too many tries. Try again in {wait_words(wait_s)}.", wait_s)


def wait_words(wait_s: int) -> str:
    """Return seconds in words: ``14 min 32 s`` or ``32 s``."""
    minutes, seconds = divmod(wait_s, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
