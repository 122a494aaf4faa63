"""Forgetting what is over: on a sign-in now and then, so that no timer is needed."""

import threading

from dashboard.auth.stores import AccountStore
from dashboard.core.clock import SECOND_NS, Clock

EVERY_S = 3600.0
DAY_NS = 24 * 3600 * SECOND_NS
KEYS_SHOWN_NS = 30 * DAY_NS  # how long a key that is over stays in the list
ADDRESSES_NS = 180 * DAY_NS
EVENTS_NS = 400 * DAY_NS


class Sweeping:
    """Drop rows that are over, at most once an hour."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._swept_s: float | None = None

    def sweep(self) -> None:
        """Drop them if that was not done within the hour."""
        now_s = self._clock.monotonic()
        with self._lock:
            if self._swept_s is not None and now_s - self._swept_s < EVERY_S:
                return
            self._swept_s = now_s
        now_ns = self._clock.now_ns()
        self._store.sessions.forget(now_ns)
        self._store.invitations.forget(now_ns)
        self._store.api_keys.forget(now_ns - KEYS_SHOWN_NS)
        self._store.forget_addresses(now_ns - ADDRESSES_NS)
        self._store.audit.forget(now_ns - EVENTS_NS)
