"""How often a sign-in may fail, so that guessing is slow and strangers lock nobody out.

In 15 minutes, five tries for one name from one address, and twenty from one address for all
names; then the address is refused. Tries for one name from everywhere are never refused for
being many: from the eleventh on each waits a little longer, up to five seconds, except from
an address from which that account has signed in before. So a stranger with many addresses
gains little, and the account's person loses nothing.

A try is counted before the password is looked at and taken back when it was right, so that
tries sent at the same moment cannot slip past together. Counts live in memory: a restart
forgives them, which costs an attacker more than it gives.
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import TooManyTriesError

TRIES = 5  # for one name from one address
ADDRESS_TRIES = 20
FREE_FAILURES = 10  # for one name from everywhere, before tries are slowed down
WINDOW_S = 15 * 60
FIRST_DELAY_S = 0.25  # doubled with each further try
LONGEST_DELAY_S = 5.0
WAITING_AT_ONCE = 3  # threads; further slow tries are refused until one has gone on
KEYS = 50_000  # kept at most; the oldest go
LONGEST_WORD = 64  # characters of a name or address that are told apart
SITE_BITS = 64  # of an IPv6 address; one site has all those that begin so


@dataclass(frozen=True, slots=True)
class Try:
    """One counted try: under which keys, how many are left, and how long it must wait."""

    pair: str
    keys: tuple[str, ...]
    at_ns: int
    left: int
    delay_s: float = 0.0


class SignInLimits:
    """Count tries by name and address, by address, and by name."""

    def __init__(self, clock: Clock, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, deque[int]] = OrderedDict()  # least recently tried first
        self._waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)

    def count(self, name: str, address: str, *, known: bool = False) -> Try:
        """Count one try.

        Parameters
        ----------
        known : bool
            That account has signed in from that address before: the try is not slowed down.

        Raises
        ------
        TooManyTriesError
            If the address has none left; then nothing is counted.
        """
        name, site = name.casefold()[:LONGEST_WORD], site_of(address)
        pair, of_site, of_name = f"pair {name} {site}", f"address {site}", f"name {name}"
        now_ns = self._clock.now_ns()
        with self._lock:
            limits = {pair: TRIES, of_site: ADDRESS_TRIES}
            spent = [key for key, most in limits.items() if self._count(key, now_ns) >= most]
            if spent:
                raise too_many(max(self._wait_s(key, now_ns) for key in spent))
            keys = (pair, of_site, of_name)
            for key in keys:
                self._tries.setdefault(key, deque()).append(now_ns)
                self._tries.move_to_end(key)
            self._forget(now_ns)
            left = min(most - len(self._tries[key]) for key, most in limits.items())
            beyond = len(self._tries[of_name]) - FREE_FAILURES
        return Try(pair, keys, now_ns, left, 0.0 if known else _delay_s(beyond))

    def wait(self, tried: Try) -> None:
        """Let a try wait as long as it must; this blocks, so never call it on a loop.

        Raises
        ------
        TooManyTriesError
            If too many wait already; then the try is taken back.
        """
        if tried.delay_s <= 0:
            return
        if not self._waiting.acquire(blocking=False):
            self.take_back(tried)
            raise too_many(round(LONGEST_DELAY_S))
        try:
            self._sleep(tried.delay_s)
        finally:
            self._waiting.release()

    def forgive(self, tried: Try) -> None:
        """Forget the tries for that name from that address, and this one everywhere."""
        self.take_back(tried)
        with self._lock:
            self._tries.pop(tried.pair, None)

    def take_back(self, tried: Try) -> None:
        """Let a try not have been."""
        with self._lock:
            for key in tried.keys:
                if tried.at_ns in self._tries.get(key, ()):
                    self._tries[key].remove(tried.at_ns)

    def _count(self, key: str, now_ns: int) -> int:
        tries = self._tries.get(key)
        while tries and tries[0] <= now_ns - WINDOW_S * SECOND_NS:
            tries.popleft()
        return len(tries) if tries else 0

    def _wait_s(self, key: str, now_ns: int) -> int:
        wait_ns = self._tries[key][0] + WINDOW_S * SECOND_NS - now_ns
        return min(max(-(-wait_ns // SECOND_NS), 1), WINDOW_S)

    def _forget(self, now_ns: int) -> None:
        """Drop keys whose tries are over, and the oldest where they are too many."""
        while self._tries:
            oldest = next(iter(self._tries))
            if len(self._tries) <= KEYS and self._count(oldest, now_ns):
                return
            del self._tries[oldest]


def site_of(address: str) -> str:
    """Return what tries from one place have in common: the address, or the /64 of an IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_WORD]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, SITE_BITS), strict=False))


def too_many(wait_s: int) -> TooManyTriesError:
    """Return the refusal of a try, with the seconds after which another is looked at."""
    return TooManyTriesError(f"Too many tries. Try again in {wait_words(wait_s)}.", wait_s)


def wait_words(wait_s: int) -> str:
    """Return seconds in words: ``14 min 32 s`` or ``32 s``."""
    minutes, seconds = divmod(wait_s, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _delay_s(beyond: int) -> float:
    if beyond <= 0:
        return 0.0
    doublings = min(beyond - 1, 10)
    return float(min(FIRST_DELAY_S * 2**doublings, LONGEST_DELAY_S))
