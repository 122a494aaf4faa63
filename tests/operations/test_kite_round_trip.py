"""Sessions with the real client, the real keeper and an exchange that speaks as Kite does."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from dashboard.composition import make_kite_apis, make_kite_sessions
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, KiteError
from dashboard.core.kite import SessionState
from dashboard.operations.kite_session import KiteSessions
from dashboard.settings import Settings
from storage.engine import Database
from storage.schema import open_database
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.operations.kite_parts import WHO, at

PATIENCE_S = 60
VALID, EXPIRED, REQUIRED = SessionState.VALID, SessionState.EXPIRED, SessionState.REQUIRED


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(8, 50))


@pytest.fixture
def exchange(clock: ManualClock) -> Iterator[Exchange]:
    with Exchange(Market(()), clock) as running:
        running.accounts.apps[KEY].redirect = "http://127.0.0.1:9/kite/callback"
        yield running


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'tezi.sqlite'}")
    yield database
    database.close()


class Process:
    """One process of Tezi's, as far as Kite's sessions go."""

    def __init__(
        self, exchange: Exchange, database: Database, clock: ManualClock, secret: str = SECRET
    ) -> None:
        settings = Settings(
            kite_api_key=KEY,
            kite_api_secret=secret,
            kite_rest=exchange.endpoints.rest,
            kite_login=exchange.endpoints.login,
        )
        settings.make_home()
        apis = make_kite_apis(settings, clock)
        made = make_kite_sessions(settings, apis, database, clock)
        assert made is not None
        self.sessions: KiteSessions = made

    @property
    def state(self) -> SessionState:
        return self.sessions.statuses()[0].state

    @property
    def reason(self) -> str:
        return self.sessions.statuses()[0].reason

    def sign_in(self) -> None:
        """Do what a person and a browser do."""
        address = self.sessions.begin_sign_in("", WHO)
        reply = requests.get(address, allow_redirects=False, timeout=PATIENCE_S)
        sent = parse_qs(urlsplit(reply.headers["Location"]).query)
        self.sessions.complete(sent["request_token"][0], sent["state"][0], WHO)


@pytest.fixture
def process(exchange: Exchange, database: Database, clock: ManualClock) -> Process:
    return Process(exchange, database, clock)


def test_a_morning_to_the_next(
    exchange: Exchange, database: Database, clock: ManualClock, process: Process
):
    assert process.state is REQUIRED
    process.sign_in()
    assert (process.state, exchange.accounts.logins) == (VALID, 1)
    (grant,) = process.sessions.grants()
    assert exchange.accounts.knows(KEY, grant.access_token)
    assert grant.user_id == "AB1234"

    again = Process(exchange, database, clock)  # a restart in mid-session
    assert again.state is EXPIRED
    again.sessions.look()
    assert (again.state, again.sessions.grants()) == (VALID, (grant,))

    clock.advance(21 * 3600 + 9 * 60)  # 05:59
    again.sessions.look()
    assert again.state is VALID
    clock.advance(60)
    again.sessions.look()
    assert (again.state, again.sessions.grants()) == (REQUIRED, ())
    asked = exchange.asked["profile"]
    for _ in range(600):
        clock.advance(1)
        again.sessions.look()
    assert exchange.asked["profile"] == asked  # not once more with a dead token
    again.sign_in()
    assert (again.state, exchange.accounts.logins) == (VALID, 2)


def test_a_token_that_dies_in_mid_day_is_noticed_within_minutes(
    exchange: Exchange, clock: ManualClock, process: Process
):
    process.sign_in()
    exchange.kill_tokens()
    clock.advance(600)
    process.sessions.look()
    assert process.state is REQUIRED
    assert process.reason.startswith("Kite refused the token at 09:00 IST: ")


def test_a_wrong_secret_is_refused_and_not_told(
    exchange: Exchange, database: Database, clock: ManualClock
):
    wrong = Process(exchange, database, clock, SECRET.replace("1", "2"))
    with pytest.raises(AuthError, match="Kite refused a sign-in") as refused:
        wrong.sign_in()
    assert (wrong.state, wrong.sessions.grants()) == (REQUIRED, ())
    assert "secret" not in f"{refused.value} {wrong.reason}"


@pytest.mark.parametrize(
    ("status", "html", "wait_s"), [(502, True, 5), (503, False, 5), (429, False, 40)]
)
def test_an_exchange_that_is_not_well_is_asked_again_later(
    exchange: Exchange,
    database: Database,
    clock: ManualClock,
    process: Process,
    status: int,
    html: bool,
    wait_s: int,
):
    process.sign_in()
    again = Process(exchange, database, clock)
    exchange.faults.status, exchange.faults.html = status, html
    exchange.faults.retry_after = "40"
    again.sessions.look()
    assert (again.state, again.sessions.grants()) == (EXPIRED, ())
    assert "It is asked again at 08:50:" in again.reason
    exchange.faults.status = 0
    clock.advance(wait_s - 1)
    again.sessions.look()
    assert again.state is EXPIRED
    clock.advance(1)
    again.sessions.look()
    assert again.state is VALID


def test_a_sign_in_at_an_exchange_that_is_not_well_can_be_made_again(
    exchange: Exchange, process: Process
):
    query = parse_qs(urlsplit(process.sessions.begin_sign_in("", WHO)).query)
    state = query["redirect_params"][0].removeprefix("state=")
    exchange.faults.status, exchange.faults.html = 502, True
    with pytest.raises(KiteError, match="Kite is not well"):
        process.sessions.complete("request", state, WHO)
    assert process.state is REQUIRED
    exchange.faults.status = 0
    process.sign_in()
    assert process.state is VALID
