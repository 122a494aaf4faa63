"""Sign-ins that were begun: who began which, and each good once, for ten minutes.

Kite hands the state back beside its request token. Only the account that asked for it may
bring it back, so that nobody can be led to complete a stranger's sign-in. States and
request tokens are held as digests, in memory: a restart ends what was begun before it.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass

from dashboard.core.clock import MINUTE_S, Clock
from dashboard.core.errors import AuthError

GOOD_FOR_S = 10 * MINUTE_S
MOST = 200  # begun or remembered at a time; the oldest gives way
BEGIN_AGAIN = "Begin it again."


@dataclass(slots=True)
class SignIn:
    """One sign-in that was begun. `until` is on the monotonic clock, in seconds."""

    api_key: str
    who: str
    until: float
    used: bool = False


class SignIns:
    """Hand out states, and take each back once. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[bytes, SignIn] = {}
        self._spent: dict[bytes, None] = {}  # request tokens that were exchanged, oldest first

    def begin(self, api_key: str, who: str) -> str:
        """Return a new state for a sign-in of `who` with that key."""
        state = secrets.token_urlsafe(32)
        until = self._clock.monotonic() + GOOD_FOR_S
        with self._lock:
            _make_room(self._begun)
            self._begun[_digest(state)] = SignIn(api_key, who, until)
        return state

    def take(self, state: str, who: str) -> str:
        """Return the API key of a state that `who` was given, and use the state up.

        Raises
        ------
        AuthError
            If it was never given, was used, is over, or was given to someone else.
        """
        with self._lock:
            begun = self._begun.get(_digest(state))
            if begun is None:
                raise AuthError(f"This sign-in to Kite was not begun here. {BEGIN_AGAIN}")
            if begun.used:
                raise AuthError(f"This sign-in to Kite was completed before. {BEGIN_AGAIN}")
            begun.used = True  # whoever brought it
        if begun.until <= self._clock.monotonic():
            minutes = GOOD_FOR_S // MINUTE_S
            raise AuthError(f"This sign-in to Kite took over {minutes} minutes. {BEGIN_AGAIN}")
        if begun.who != who:
            raise AuthError(f"Another account began this sign-in to Kite. {BEGIN_AGAIN}")
        return begun.api_key

    def spend(self, request_token: str) -> None:
        """Note that a request token is about to be exchanged.

        Raises
        ------
        AuthError
            If there is none, or it was exchanged before: it is good once.
        """
        if not request_token.strip():
            raise AuthError(f"Kite sent no request token. {BEGIN_AGAIN}")
        digest = _digest(request_token)
        with self._lock:
            if digest in self._spent:
                raise AuthError(f"This request token of Kite's was used before. {BEGIN_AGAIN}")
            _make_room(self._spent)
            self._spent[digest] = None


def _make_room(kept: dict[bytes, SignIn] | dict[bytes, None]) -> None:
    while len(kept) >= MOST:
        del kept[next(iter(kept))]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
