"""Who may connect: API keys, the tokens of a sign-in, and what they are good for."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from dashboard.core.clock import IST, SECOND_NS, Clock, from_ns, to_ns

REQUEST_S = 300  # a request token's life
DIES_AT = time(6, tzinfo=IST)


@dataclass
class App:
    """One API key and its tokens."""

    api_key: str
    api_secret: str
    redirect: str
    user_id: str = "AB1234"
    requests: dict[str, int] = field(default_factory=dict)  # request token -> until [ns]
    access: dict[str, int] = field(default_factory=dict)  # access token -> until [ns]


@dataclass
class Accounts:
    """All apps of the exchange. Tokens die at 06:00 IST of its clock, or when killed."""

    clock: Clock
    apps: dict[str, App] = field(default_factory=dict)
    logins: int = 0

    def register(self, api_key: str, api_secret: str, redirect: str = "") -> App:
        self.apps[api_key] = App(api_key, api_secret, redirect)
        return self.apps[api_key]

    def request_token(self, api_key: str) -> str:
        """Return a new request token, as a person gets one by signing in."""
        token = secrets.token_urlsafe(24)
        self.apps[api_key].requests[token] = self.clock.now_ns() + REQUEST_S * SECOND_NS
        return token

    def exchange(self, api_key: str, request_token: str, checksum: str) -> tuple[App, str] | None:
        """Return an access token for a request token that is good, once."""
        app = self.apps.get(api_key)
        until = app.requests.pop(request_token, 0) if app else 0
        if app is None or self.clock.now_ns() >= until:
            return None
        text = f"{api_key}{request_token}{app.api_secret}"
        if hashlib.sha256(text.encode()).hexdigest() != checksum:
            return None
        self.logins += 1
        return app, self.grant(api_key)

    def grant(self, api_key: str) -> str:
        """Return a new access token without the way there."""
        token = secrets.token_urlsafe(24)
        self.apps[api_key].access[token] = to_ns(_next_end(from_ns(self.clock.now_ns())))
        return token

    def knows(self, api_key: str, access_token: str) -> bool:
        app = self.apps.get(api_key)
        return app is not None and self.clock.now_ns() < app.access.get(access_token, 0)

    def kill(self, api_key: str = "") -> None:
        """Let every access token die, or those of one key."""
        for app in self.apps.values():
            if api_key in ("", app.api_key):
                app.access.clear()


def _next_end(now: datetime) -> datetime:
    end = datetime.combine(now.date(), DIES_AT)
    return end if now < end else end + timedelta(days=1)
