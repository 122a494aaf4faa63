"""A Kite that answers as it is told to, and a keeper in memory."""

import threading
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from dashboard.core.clock import IST, Clock, ManualClock, to_ns
from dashboard.core.errors import KiteError, StoreError
from dashboard.core.kite import Grant, SessionState
from dashboard.operations.kite_session import KiteSessions

KEY, OTHER_KEY = "kitekeyalpha0001", "kitekeybravo0002"
WHO = "aruna.rao"
PATIENCE_S = 60


class FakeKite:
    """Implement what sessions need of `KiteApi`; `trouble` is raised in place of an answer."""

    def __init__(self, api_key: str, clock: Clock) -> None:
        self.api_key, self.clock = api_key, clock
        self.trouble: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None  # while Kite is being asked
        self.asked: list[tuple[str, str]] = []

    def login_url(self, state: str) -> str:
        return f"https://kite.example/connect/login?api_key={self.api_key}&state={state}"

    def exchange(self, request_token: str) -> Grant:
        self._asked("exchange", request_token)
        token = f"access-for-{request_token}"
        return Grant(self.api_key, token, "AB1234", self.clock.now_ns())

    def check(self, access_token: str) -> str:
        self._asked("check", access_token)
        return "AB1234"

    def _asked(self, what: str, secret: str) -> None:
        self.asked.append((what, secret))
        self.meanwhile()
        if self.trouble is not None:
            raise self.trouble

    def checks(self) -> int:
        return sum(what == "check" for what, _ in self.asked)


class MemoryKeeper:
    """Keep grants for as long as the test lasts."""

    def __init__(self, *grants: Grant) -> None:
        self.kept = {grant.api_key: grant for grant in grants}
        self.fails = False
        self.loads = 0

    def load(self, api_key: str) -> Grant | None:
        self._trouble()
        self.loads += 1
        return self.kept.get(api_key)

    def save(self, grant: Grant) -> None:
        self._trouble()
        self.kept[grant.api_key] = grant

    def forget(self, api_key: str) -> None:
        self._trouble()
        self.kept.pop(api_key, None)

    def _trouble(self) -> None:
        if self.fails:
            raise StoreError("the database is away")


def at(hour: int, minute: int = 0, day: int = 18) -> datetime:
    """Return a time of August 2026 in IST; the 18th is a Tuesday."""
    return datetime(2026, 8, day, hour, minute, tzinfo=IST)


def granted(when: datetime, access: str = "kept-token", key: str = KEY) -> Grant:
    return Grant(key, access, "AB1234", to_ns(when))


class Desk:
    """Sessions of one key at a time of the clock, with everything that can be looked at."""

    def __init__(self, when: datetime, *grants: Grant) -> None:
        self.clock = ManualClock(when)
        self.kite = FakeKite(KEY, self.clock)
        self.keeper = MemoryKeeper(*grants)
        self.sessions = KiteSessions({KEY: self.kite}, self.keeper, self.clock)
        self.heard: list[SessionState] = []
        self.sessions.listen(lambda: self.heard.append(self.state))

    @property
    def state(self) -> SessionState:
        return self.sessions.statuses()[0].state

    @property
    def reason(self) -> str:
        return self.sessions.statuses()[0].reason

    @property
    def tokens(self) -> list[str]:
        return [grant.access_token for grant in self.sessions.grants()]

    def begin(self, who: str = WHO) -> str:
        """Begin a sign-in and return its state."""
        return state_of(self.sessions.begin_sign_in(KEY, who))

    def sign_in(self, request: str = "request-1") -> None:
        self.sessions.complete(request, self.begin(), WHO)

    def move_to(self, when: datetime) -> None:
        self.clock.advance((to_ns(when) - self.clock.now_ns()) / 1e9)

    def fail_with(self, trouble: Exception | None) -> None:
        self.kite.trouble = trouble


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def unreachable() -> KiteError:
    return KiteError("Kite could not be reached: asked for the user's profile; try again")


def ends(act: Callable[[], object]) -> bool:
    """Say whether `act` ends, in a thread of its own, with more than enough patience."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    return not thread.is_alive()
