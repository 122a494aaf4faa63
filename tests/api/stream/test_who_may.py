"""Who may open a socket, and until when."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from dashboard.api.parts import ApiParts
from dashboard.api.stream import signing_in
from dashboard.auth.identity import Role, Scope
from dashboard.pipeline.desk import Desk
from tests.api.conftest import ORIGIN
from tests.api.people import PASSWORD, People
from tests.api.stream.conftest import Wire, closed

NIFTY = 256265


@pytest.fixture(autouse=True)
def desk(morning: Desk) -> Desk:
    return morning


def token_of(people: People, role: Role = Role.VIEWER) -> str:
    return people.headers(role)["Authorization"].removeprefix("Bearer ")


def test_a_token_may_come_in_the_first_message(open_socket: Callable[..., Wire], people: People):
    wire = open_socket()
    assert wire.ask(action="auth", token=token_of(people))["type"] == "connected"


def test_an_api_key_opens_a_socket_by_header_or_message(
    open_socket: Callable[..., Wire], people: People, parts: ApiParts
):
    me = parts.accounts.identify(bearer=token_of(people, Role.RESEARCHER))
    made = parts.accounts.make_api_key(me.account_id, "laptop", frozenset({Scope.READ}))
    key = made[0] if isinstance(made, tuple) else made.key
    assert open_socket(additional_headers={"X-API-Key": key}).hear()["type"] == "connected"
    assert open_socket().ask(action="auth", key=key)["type"] == "connected"


@pytest.mark.parametrize(
    "message",
    [
        {"action": "subscribe", "tokens": [NIFTY]},
        {"action": "auth"},
        {"action": "auth", "token": "x.y.z"},
        {"action": "auth", "key": "guessed"},
        {"action": "auth", "token": 5},
    ],
)
def test_whoever_shows_nothing_good_is_shut_out(
    open_socket: Callable[..., Wire], message: dict[str, Any]
):
    wire = open_socket()
    wire.say(**message)
    assert closed(wire) == 4401


def test_a_bad_header_is_not_made_up_for_by_a_message(open_socket: Callable[..., Wire]):
    assert closed(open_socket(additional_headers={"Authorization": "Bearer x.y.z"})) == 4401


def test_whoever_says_nothing_is_not_waited_for(
    open_socket: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(signing_in, "SIGN_IN_S", 0.01)
    assert closed(open_socket()) == 4408


def test_a_token_in_the_url_is_refused_though_it_is_good(
    open_socket: Callable[..., Wire], people: People
):
    wire = open_socket(
        f"/ws/ticks?token={token_of(people)}", additional_headers=people.headers(Role.VIEWER)
    )
    assert closed(wire) == 4401


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://[", "http://127.0.0.1.evil.example"]
)
def test_another_sites_page_is_refused(
    open_socket: Callable[..., Wire], people: People, origin: str
):
    headers = people.headers(Role.VIEWER) | {"Origin": origin}
    assert closed(open_socket(additional_headers=headers)) == 4403


def test_the_pages_cookie_counts_from_our_own_page(
    open_socket: Callable[..., Wire], people: People, parts: ApiParts
):
    people.headers(Role.VIEWER)
    cookie = parts.accounts.sign_in("viewer", PASSWORD, "127.0.0.1")
    headers = {"Cookie": f"tezi_token={cookie}"}
    assert closed(open_socket(additional_headers=headers)) == 4403
    wire = open_socket(additional_headers=headers | {"Origin": ORIGIN})
    assert wire.hear()["type"] == "connected"


def test_an_unknown_desk_is_said_so(open_socket: Callable[..., Wire], people: People):
    wire = open_socket("/ws/desk?desk=nowhere", additional_headers=people.headers(Role.VIEWER))
    assert closed(wire) == 4404


def test_a_session_that_ends_closes_its_sockets(
    dial: Callable[..., Wire], people: People, parts: ApiParts
):
    wire, other = dial(), dial(role=Role.OWNER)
    me = parts.accounts.identify(bearer=token_of(people))
    parts.accounts.end_session(me.account_id, me.credential.removeprefix("s:"))
    assert closed(wire) == 4401
    assert other.ask(action="ping")["type"] == "pong"


def test_a_token_that_runs_out_closes_its_socket_unless_it_is_renewed(
    dial: Callable[..., Wire], people: People, streams: Any
):
    from dataclasses import replace

    wire, renewed = dial(), dial()
    clients = {client.id: client for client in streams().clients}
    mine = clients[wire.connected["client"]]
    said = renewed.ask(action="auth", token=token_of(people), id=4)
    assert said == {"type": "authenticated", "id": 4}
    mine.identity = replace(mine.identity, expires_s=1)
    assert closed(wire) == 4401
    assert renewed.ask(action="ping")["type"] == "pong"


def test_a_socket_cannot_become_anothers(dial: Callable[..., Wire], people: People):
    wire = dial()
    error = wire.ask(action="auth", token=token_of(people, Role.OWNER))
    assert (error["code"], error["where"]) == ("forbidden", "token")


def test_stats_need_a_sign_in_and_count(
    dial: Callable[..., Wire], client: Any, client_of: Callable[[Role | None], Any]
):
    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY])
    wire.hear()
    assert client_of(None).get("/ws/stats").status_code == 401
    told = client.get("/ws/stats").json()
    assert (told["clients"], told["by_path"]) == (1, {"/ws/ticks": 1})
    assert told["frames"] == 3
    wire.connection.close()
    with pytest.raises(ConnectionClosed):
        wire.hear()
