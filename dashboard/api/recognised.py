"""Who was recognised a moment ago, so that a hundred requests a second are looked up once.

What is remembered counts for a second, and no longer than the token itself. A credential that
ends in this process is to be forgotten at once: `forget` is what the accounts tell it to.
"""

import hashlib
import threading

from dashboard.auth.identity import Identity
from dashboard.core.clock import SECOND_NS, Clock

COUNTS_S = 1.0
MOST = 2_000


class Recognised:
    """Remember identities by what was shown for them. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[float, Identity]] = {}
        self._ends = 0  # counts them: who was looked up before one is not remembered after it

    @property
    def ends(self) -> int:
        """Return how many credentials have ended; `keep` wants it from before the look-up."""
        return self._ends

    def find(self, shown: str) -> Identity | None:
        """Return who showed a token or key within the last second, if it still counts."""
        found = self._known.get(_digest(shown))
        if found is None:
            return None
        at_s, identity = found
        is_old = self._clock.monotonic() - at_s > COUNTS_S
        end_s = identity.expires_s
        if is_old or (end_s is not None and self._clock.now_ns() >= end_s * SECOND_NS):
            return None
        return identity

    def keep(self, shown: str, identity: Identity, ends: int) -> None:
        """Remember who showed a token or key, unless a credential ended meanwhile."""
        with self._lock:
            if ends != self._ends:
                return
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[_digest(shown)] = self._clock.monotonic(), identity

    def forget(self, credential: str) -> None:
        """Look up anew whoever shows this credential next."""
        with self._lock:
            self._ends += 1
            self._known = {
                digest: (at_s, identity)
                for digest, (at_s, identity) in self._known.items()
                if identity.credential != credential
            }


def _digest(shown: str) -> bytes:
    return hashlib.blake2b(shown.encode(), digest_size=16).digest()
