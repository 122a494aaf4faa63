"""What is said wrong is answered with what and where; the socket and everybody else go on."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from dashboard.pipeline.desk import Desk
from tests.api.stream.conftest import Wire, closed

NIFTY = 256265


@pytest.fixture(autouse=True)
def desk(morning: Desk) -> Desk:
    return morning


@pytest.mark.parametrize(
    ("message", "code", "where"),
    [
        ("not json {", "malformed", None),
        ("[1, 2]", "malformed", None),
        ("{}", "malformed", "action"),
        ('{"action": 7}', "malformed", "action"),
        ('{"action": "sing"}', "unknown_action", "action"),
        ('{"action": "subscribe"}', "malformed", "tokens"),
        ('{"action": "subscribe", "tokens": "NIFTY"}', "malformed", "tokens"),
        ('{"action": "subscribe", "tokens": [256265, 1.5]}', "malformed", "tokens[1]"),
        ('{"action": "subscribe", "tokens": [true]}', "malformed", "tokens[0]"),
        ('{"action": "subscribe", "tokens": [null]}', "malformed", "tokens[0]"),
        ('{"action": "subscribe", "tokens": [-5]}', "unknown_instrument", "tokens[0]"),
        ('{"action": "subscribe", "tokens": [1, 2]}', "unknown_instrument", "tokens[0]"),
        ('{"action": "subscribe", "tokens": [99999999999999999999999]}', None, "tokens[0]"),
        ('{"action": "subscribe", "tokens": ["NIFTY26XYZFUT"]}', "unknown_instrument", "tokens[0]"),
        ('{"action": "subscribe", "tokens": [1], "desk": 5}', "malformed", "desk"),
        ('{"action": "subscribe", "tokens": [1], "desk": "of mine"}', "refused", "desk"),
        ('{"action": "configure", "format": "xml"}', "malformed", "format"),
        ('{"action": "configure", "format": ["json"]}', "malformed", "format"),
        ('{"action": "configure", "compression": "rar"}', "malformed", "compression"),
        ('{"action": "configure", "interval_ms": -1}', "limit", "interval_ms"),
        ('{"action": "configure", "interval_ms": 1e9}', "limit", "interval_ms"),
        ('{"action": "configure", "interval_ms": "soon"}', "malformed", "interval_ms"),
        ('{"action": "resume", "seq": "x"}', "malformed", "seq"),
        ('{"action": "auth", "token": "x.y.z"}', "refused", None),
        ("[" * 5000, "malformed", None),
        (b"\x81\xa6action\xa4ping", "malformed", None),
    ],
)
def test_a_bad_message_is_answered(
    dial: Callable[..., Wire], message: str | bytes, code: str | None, where: str | None
):
    wire = dial()
    wire.connection.send(message)
    error = wire.hear()
    assert error["type"] == "error"
    assert error["where"] == where
    assert code in (None, error["code"])
    assert error["detail"]
    assert wire.ask(action="ping", id=1) == {"type": "pong", "id": 1}


def test_known_instruments_are_subscribed_beside_unknown_ones(dial: Callable[..., Wire]):
    wire = dial()
    wire.say(action="subscribe", tokens=[NIFTY, 7, "NO SUCH"], id=1)
    assert wire.hear()["tokens"] == [NIFTY]
    assert wire.hear()["type"] == "tick"
    error = wire.hear()
    assert (error["code"], error["where"], error["id"]) == ("unknown_instrument", "tokens[1]", 1)
    assert "7, NO SUCH" in error["detail"]


def test_too_many_instruments_are_refused_whole(dial: Callable[..., Wire]):
    error = dial().ask(action="subscribe", tokens=[NIFTY] * 3001)
    assert (error["code"], error["where"]) == ("limit", "tokens")


def test_msgpack_that_is_none_is_answered(dial: Callable[..., Wire]):
    import msgpack

    wire = dial()
    wire.ask(action="configure", format="msgpack")
    wire.connection.send(b"\xc1")
    assert msgpack.unpackb(wire.hear())["code"] == "malformed"


def test_a_flood_is_told_and_then_closed_and_others_go_on(dial: Callable[..., Wire]):
    wire, other = dial(), dial()
    for _ in range(400):
        try:
            wire.say(action="ping")
        except ConnectionClosed:
            break
    kinds = []
    with pytest.raises(ConnectionClosed) as caught:  # noqa: PT012
        while True:
            kinds.append(wire.hear().get("code"))
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008
    assert "flood" in kinds
    assert other.ask(action="ping")["type"] == "pong"


def test_a_message_that_is_too_big_ends_its_socket_alone(dial: Callable[..., Wire]):
    wire, other = dial(), dial()
    wire.connection.send("x" * 70_000)
    assert closed(wire) == 1009
    assert other.ask(action="ping")["type"] == "pong"


def test_one_account_may_not_have_all_sockets(
    dial: Callable[..., Wire], open_socket: Callable[..., Wire], people: Any
):
    from dashboard.auth.identity import Role

    for _ in range(20):
        dial()
    one_more = open_socket(additional_headers=people.headers(Role.VIEWER))
    assert closed(one_more) == 4409
    assert dial(role=Role.OWNER).ask(action="ping")["type"] == "pong"


def test_a_client_that_reads_nothing_costs_the_others_nothing(
    dial: Callable[..., Wire], streams: Any, monkeypatch: pytest.MonkeyPatch
):
    from dashboard.api.stream import room
    from tests.api.stream.waiting import until

    deaf, other = dial(), dial()
    deaf_client = next(c for c in streams().clients if c.id == deaf.connected["client"])

    async def fill() -> None:
        async with deaf_client.socket.lock:
            for _ in range(200):
                await deaf_client.socket.send(orjson.dumps("x" * 100_000).decode())

    loop = deaf_client.fanout._loop
    filling = asyncio.run_coroutine_threadsafe(fill(), loop)
    until(lambda: deaf_client.socket.is_sending)
    assert other.ask(action="ping")["type"] == "pong"
    monkeypatch.setattr(room, "STALL_S", 0.0)
    until(lambda: deaf_client not in streams().clients)
    assert streams().counters["slow_closes"] >= 1
    assert filling.exception() is not None
    assert other.ask(action="ping")["type"] == "pong"
