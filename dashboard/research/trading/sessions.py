"""Who is calling: an API key, or a sign-in whose tokens are renewed.

A refresh token is good for one use, and showing it twice ends the sign-in. It is a cookie,
kept by the driver; renewing is done by one call at a time. Passwords are not kept.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from dashboard.core.clock import Clock
from dashboard.core.errors import InputError
from dashboard.research.trading.errors import SignInError
from dashboard.research.trading.wire import Request, Steps, post

EARLY_S = 60.0  # a token is renewed so long before its end
EARLY_SHARE = 0.2  # ... but not before four fifths of its life
LOGIN, REFRESH, LOGOUT = "/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"


class Asker(Protocol):
    """Ask without showing who is calling."""

    def ask_openly(self, request: Request) -> Steps[Any]:
        """Return the document of an answer."""
        ...


class Session(Protocol):
    """Show who is calling."""

    def headers(self) -> Mapping[str, str]:
        """Return what a request shows."""
        ...

    def stale(self, *, refused: bool) -> str | None:
        """Return the token that has to be renewed, None where none has or can be.

        `refused` says that the server did not take what was shown.
        """
        ...

    def renew(self, asker: Asker, stale: str) -> Steps[None]:
        """Have a newer token than `stale`."""
        ...

    def end(self, asker: Asker) -> Steps[None]:
        """Sign out."""
        ...


class Secret:
    """Base of what must not be written down."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} holds a secret: it cannot be pickled or copied")


class KeySession(Secret):
    """An API key."""

    def __init__(self, key: str) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise InputError("This is no API key: one is printable ASCII without spaces")
        self._key = key

    def headers(self) -> Mapping[str, str]:
        """Return the key's header."""
        return {"X-API-Key": self._key}

    def stale(self, *, refused: bool) -> str | None:
        """Return None: a key is not renewed."""
        return None

    def renew(self, asker: Asker, stale: str) -> Steps[None]:
        """Do nothing."""
        yield from ()

    def end(self, asker: Asker) -> Steps[None]:
        """Do nothing: the key is good for others."""
        yield from ()


class TokenSession(Secret):
    """A sign-in by password."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._token: str | None = None
        self._renewed_s = self._life_s = 0.0

    def headers(self) -> Mapping[str, str]:
        """Return the access token's header.

        Raises
        ------
        SignInError
            If nobody is signed in any more.
        """
        if self._token is None:
            raise SignInError("This sign-in is over: make a new client")
        return {"Authorization": f"Bearer {self._token}"}

    def stale(self, *, refused: bool) -> str | None:
        """Return the token where it was refused or is about to end."""
        early_s = min(EARLY_S, EARLY_SHARE * self._life_s)
        ends_s = self._renewed_s + self._life_s
        is_due = self._clock.monotonic() >= ends_s - early_s
        return self._token if refused or is_due else None

    def sign_in(self, asker: Asker, username: str, password: str, code: str | None) -> Steps[None]:
        """Sign in; raise `SignInError`, `CodeNeededError` or `TooManyRequestsError`."""
        body = {"username": username, "password": password}
        document = yield from asker.ask_openly(
            post(LOGIN, body | ({"code": code} if code is not None else {}))
        )
        self._take(document)

    def renew(self, asker: Asker, stale: str) -> Steps[None]:
        """Use the refresh token, unless the access token is another one by now."""
        if self._token != stale:
            return
        try:
            document = yield from asker.ask_openly(post(REFRESH))
        except SignInError:
            self._token = None
            raise
        self._take(document)

    def end(self, asker: Asker) -> Steps[None]:
        """Sign out."""
        if self._token is not None:
            headers, self._token = self.headers(), None
            yield from asker.ask_openly(Request("POST", LOGOUT, headers=headers))

    def _take(self, document: Any) -> None:
        if not isinstance(document, dict) or "access_token" not in document:
            raise SignInError("The answer to the sign-in holds no token")
        self._token = str(document["access_token"])
        self._life_s = float(document["expires_in"])
        self._renewed_s = self._clock.monotonic()
