"""Signing in, renewing tokens once for all calls, signing out, and keeping secrets."""

import asyncio
import copy
import logging
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dashboard.core.errors import InputError, TeziError
from dashboard.research import AsyncTradingClient, TradingClient
from dashboard.research.example_server import ExampleServer
from dashboard.research.trading import errors
from tests.research.trading.conftest import QUICK
from tests.research.trading.plain import Plain, Waiting
from tests.research.trading.scripted import Asked, Reply, Scripted, problem

Maker = Callable[..., Plain]
DAYS: Reply = (200, {}, {"items": [], "next": None})


class Door:
    """A server of tokens: access tokens count up, a refresh token is good for one use."""

    def __init__(self, life_s: int = 900) -> None:
        self.life_s = life_s
        self.good = 0
        self.lock = threading.Lock()
        self.reused = False

    def __call__(self, asked: Asked) -> Reply:
        with self.lock:
            if asked.path == "/v1/auth/login":
                return self.granted()
            if asked.path == "/v1/auth/refresh":
                if asked.headers.get("cookie") != f"tezi_refresh=r{self.good}":
                    self.reused = True
                    return problem(401, "used before")
                return self.granted()
            if asked.path == "/v1/auth/logout":
                return 204, {}, None
            if asked.headers.get("authorization") != f"Bearer a{self.good}":
                return problem(401, "This token is over")
            return DAYS

    def granted(self) -> Reply:
        self.good += 1
        cookie = {"Set-Cookie": f"tezi_refresh=r{self.good}; Path=/v1/auth; HttpOnly"}
        return 200, cookie, {"access_token": f"a{self.good}", "expires_in": self.life_s}


def paths(server: Scripted, of: str) -> int:
    return sum(asked.path == of for asked in server.asked)


def test_it_signs_in_and_shows_the_token(by_password: Maker):
    with Scripted(Door()) as server:
        client = by_password(server.url, "guest", "a password", "123456")
        assert client.days().empty
        client.close()
        client.close()
    login, days, logout = server.asked
    assert login.body == {"username": "guest", "password": "a password", "code": "123456"}
    assert "authorization" not in login.headers
    assert days.headers["authorization"] == "Bearer a1"
    assert "cookie" not in days.headers
    assert (logout.path, logout.headers["authorization"]) == ("/v1/auth/logout", "Bearer a1")


def test_a_token_about_to_end_is_renewed_first(by_password: Maker):
    with Scripted(Door(life_s=0)) as server:
        client = by_password(server.url)
        client.days()
        client.days()
        client.close()
    assert paths(server, "/v1/auth/refresh") == 2
    assert all(a.headers["authorization"] for a in server.asked if a.path.startswith("/v1/days"))


def test_a_refused_token_is_renewed_once(by_password: Maker):
    door = Door()
    with Scripted(door) as server:
        client = by_password(server.url)
        client.inner._driver.line.session._token = "another"
        client.days()
        assert paths(server, "/v1/auth/refresh") == 1
        client.close()


def test_an_ended_sign_in_is_told(by_password: Maker):
    door = Door()
    with Scripted(door) as server:
        client = by_password(server.url)
        door.good = 7  # as if it had been ended elsewhere
        with pytest.raises(errors.SignInError, match="used before"):
            client.days()
        with pytest.raises(errors.SignInError, match="over"):
            client.days()
        assert paths(server, "/v1/auth/refresh") == 1
        client.close()
        assert paths(server, "/v1/auth/logout") == 0


def test_many_threads_renew_once():
    door = Door()
    with (
        Scripted(door) as server,
        TradingClient.from_credentials(server.url, "guest", "x", patience=QUICK) as client,
    ):
        client._driver.line.session._token = "another"  # type: ignore[attr-defined]
        with ThreadPoolExecutor(8) as pool:
            tables = list(pool.map(lambda _n: client.days(), range(16)))
    assert len(tables) == 16
    assert paths(server, "/v1/auth/refresh") == 1
    assert not door.reused


def test_many_tasks_renew_once(waiting: Waiting):
    door = Door()

    async def ask(url: str) -> int:
        made = AsyncTradingClient.from_credentials(url, "guest", "x", patience=QUICK)
        async with await made as client:
            client._driver.line.session._token = "another"  # type: ignore[attr-defined]
            return len(await asyncio.gather(*(client.days() for _ in range(16))))

    with Scripted(door) as server:
        assert waiting.run(ask(server.url)) == 16
    assert paths(server, "/v1/auth/refresh") == 1
    assert not door.reused


def test_while_nobody_renews_a_good_token_is_gone_on_with(by_password: Maker):
    door = Door(life_s=0)

    def answer(asked: Asked) -> Reply:
        return problem(500, "no") if asked.path == "/v1/auth/refresh" else door(asked)

    with Scripted(answer) as server:
        client = by_password(server.url)
        assert client.days().empty
        client.close()


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (problem(401, "Name or password are wrong"), errors.SignInError),
        (problem(401, "A code is needed", where="code"), errors.CodeNeededError),
        ((429, {"Retry-After": "30"}, {"detail": "Wait"}), errors.TooManyRequestsError),
    ],
)
def test_a_refused_sign_in_says_why(by_password: Maker, refusal: Reply, kind: type[Exception]):
    with Scripted(lambda _asked: refusal) as server, pytest.raises(kind) as told:
        by_password(server.url)
    assert type(told.value) is kind
    assert len(server.asked) == 1
    assert "a password" not in str(told.value)


# -- against the API itself ---------------------------------------------------------------------
def test_the_api_lets_it_in_and_out(by_password: Maker, server: ExampleServer):
    client = by_password(server.url, server.username, server.password)
    assert client.me()["via"] == "token"
    session = client.inner._driver.line.session
    before = session._token
    session._life_s = 0.0  # it is due
    assert client.me()["name"] == server.username
    assert session._token != before
    assert client.Instrument("NIFTY").ltp > 0
    client.close()
    with pytest.raises(errors.TradingError):
        client.me()


def test_the_api_refuses_a_wrong_password(by_password: Maker, server: ExampleServer):
    with pytest.raises(errors.SignInError) as told:
        by_password(server.url, server.username, "wrong one")
    assert "wrong one" not in str(told.value)


def test_the_api_refuses_a_wrong_key(by_key: Maker, server: ExampleServer):
    with pytest.raises(errors.SignInError):
        by_key(server.url, key="tezi_00000000_x").days()


def test_a_key_may_do_only_what_it_is_for(by_key: Maker, server: ExampleServer):
    from dashboard.auth.identity import Scope

    account = server.here.accounts.accounts()[0].id
    key = server.here.accounts.make_api_key(account, "reads", {Scope.READ}).key
    client = by_key(server.url, key=key)
    assert client.Instrument("NIFTY").ltp > 0
    with pytest.raises(errors.NotAllowedError, match="replay"):
        client.replay("2026-08-18", source="MOCK")


# -- secrets -------------------------------------------------------------------------------------
def test_no_secret_is_shown_or_carried_away(by_password: Maker, server: ExampleServer):
    client = by_password(server.url, server.username, server.password).inner
    token = client._driver.line.session._token
    parts: list[Any] = [client, client._driver, client._driver.line, client._driver.line.session]
    parts += [client.Instrument("NIFTY"), client.stream(["NIFTY"])]
    for part in parts:
        assert token not in f"{part!r} {part}"
        assert server.password not in f"{part!r} {part}"
    for part in parts[:4]:
        with pytest.raises(TypeError, match="secret"):
            pickle.dumps(part)
        with pytest.raises(TypeError, match="secret"):
            copy.copy(part)


def test_no_secret_is_in_logs(
    by_password: Maker, server: ExampleServer, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        client = by_password(server.url, server.username, server.password)
        client.days()
        with client.stream(["NIFTY"]) as stream:
            next(iter(stream))
        token = client.inner._driver.line.session._token
        client.close()
    assert caplog.records
    assert "tezi_refresh" not in caplog.text
    assert token not in caplog.text
    assert server.password not in caplog.text


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
def test_what_is_no_key_is_refused(by_key: Maker, key: str):
    with pytest.raises(InputError):
        by_key("http://127.0.0.1:1", key=key)


def test_every_error_is_one_of_tezi_s():
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    assert all(issubclass(each, TeziError) for each in found if each.__module__ == errors.__name__)
