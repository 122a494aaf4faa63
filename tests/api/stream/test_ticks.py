"""/ws/ticks: the present state at once, then what changes, in the form that was asked for."""

import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgpack
import orjson
import pyarrow as pa
import pytest
import zstandard

from dashboard.pipeline.desk import Desk
from tests.api.stream.conftest import Wire, closed
from tests.pipeline.desk_room import wait
from tests.pipeline.frames import instant

NIFTY, BANKNIFTY = 256265, 260105


@pytest.fixture(autouse=True)
def desk(morning: Desk) -> Desk:
    return morning


def step(desk: Desk, minutes: int = 1) -> None:
    """Let the desk's time pass, without opening its day anew."""
    assert desk.hub.latest is not None
    at = desk.hub.latest.at + timedelta(minutes=minutes)
    desk.seek(at)
    wait(desk, lambda s: s.at == at)


def test_says_where_it_stands_when_it_opens(dial: Callable[..., Wire]):
    said = dial().connected
    assert said["protocol"] == 1
    assert said["desk"]["id"] == "shared"
    assert said["desk"]["source"] == "MOCK"
    assert said["limits"] == {"tokens": 3000, "topics": 64, "message_bytes": 65536}
    assert said["stream"]


def test_a_subscription_begins_with_the_present_state(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    assert wire.ask(action="subscribe", tokens=[NIFTY, "NIFTY BANK"], id=7) == {
        "type": "subscribed",
        "tokens": [NIFTY, BANKNIFTY],
        "id": 7,
    }
    frame = wire.hear()
    assert desk.hub.latest is not None
    assert (frame["type"], frame["seq"], frame["source"]) == ("tick", desk.hub.latest.seq, "MOCK")
    assert frame["at"] == "2026-08-18T09:30:00+05:30" or frame["at"].endswith("+05:30")
    nifty = next(tick for tick in frame["ticks"] if tick["token"] == NIFTY)
    assert nifty["ltp"] == desk.hub.latest.indices["NIFTY"].price
    assert nifty["symbol"] == "NIFTY 50"
    assert nifty["bid"] is None  # an index has no book
    assert nifty["time"].endswith("+05:30")


def test_then_come_the_ticks_that_changed(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY])
    before = wire.hear()
    step(desk)
    after = wire.hear_of("tick")
    assert after["seq"] > before["seq"]
    while after["at"] < instant("09:31:00").isoformat():
        after = wire.hear_of("tick")
    assert desk.hub.latest is not None
    assert after["ticks"][0]["ltp"] == desk.hub.latest.indices["NIFTY"].price


def test_nothing_more_comes_of_what_was_unsubscribed(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    wire.hear()
    assert wire.ask(action="unsubscribe", tokens=[NIFTY], id="u") == {
        "type": "unsubscribed",
        "tokens": [NIFTY],
        "id": "u",
    }
    step(desk)
    assert [tick["token"] for tick in wire.hear_of("tick")["ticks"]] == [BANKNIFTY]


def test_what_is_added_later_comes_whole_and_once(dial: Callable[..., Wire]):
    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY])
    wire.hear()
    wire.ask(action="subscribe", tokens=[BANKNIFTY])
    assert [tick["token"] for tick in wire.hear()["ticks"]] == [BANKNIFTY]
    assert wire.ask(action="ping", id=1) == {"type": "pong", "id": 1}


def test_a_client_that_comes_back_is_told_what_it_missed(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    stream = wire.connected["stream"]
    wire.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    seen = wire.hear()["seq"]
    wire.connection.close()
    again = dial()
    assert again.ask(action="resume", stream=stream, seq=seen)["type"] == "resumed"
    again.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    assert again.ask(action="ping")["type"] == "pong"  # nothing was missed
    step(desk)
    assert len(again.hear_of("tick")["ticks"]) == 2


def test_a_client_of_another_stream_gets_everything(dial: Callable[..., Wire]):
    wire = dial()
    changed = wire.ask(action="resume", stream="of yesterday", seq=5000)
    assert (changed["type"], changed["stream"]) == ("desk_changed", wire.connected["stream"])
    wire.ask(action="subscribe", tokens=[NIFTY])
    assert wire.hear()["ticks"][0]["token"] == NIFTY


def test_a_seek_begins_another_stream_with_its_whole_state(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY])
    wire.hear()
    desk.seek(instant("09:20:00"))
    changed = wire.hear_of("desk_changed")
    assert changed["stream"] != wire.connected["stream"]
    assert wire.hear_of("tick")["ticks"][0]["token"] == NIFTY


def test_another_shared_desk_is_followed(dial: Callable[..., Wire], desk: Desk, parts: Any):
    from dashboard.pipeline.days import StoredDay
    from tests.pipeline.frames import DAY
    from tests.pipeline.stored import AFTERNOON

    wire = dial()
    wire.ask(action="subscribe", tokens=[NIFTY])
    wire.hear()
    tools = parts.room.desks.tools
    other = Desk(
        StoredDay(tools, DAY, AFTERNOON), tools.calendar, parts.clock, True, instant("15:12:00")
    )
    parts.room.desks.share(other)
    other.start(playing=False)
    while wire.hear_of("desk_changed")["desk"]["source"] != "RECORDED":
        pass
    while (frame := wire.hear_of("tick"))["source"] != "RECORDED":
        pass
    assert frame["ticks"][0]["token"] == NIFTY


def unpacked(compression: str) -> Callable[[bytes], bytes]:
    return {
        "none": bytes,
        "deflate": zlib.decompress,
        "zstd": lambda raw: zstandard.ZstdDecompressor().decompress(raw),
    }[compression]


@pytest.mark.parametrize("compression", ["none", "deflate", "zstd"])
def test_all_forms_say_the_same(dial: Callable[..., Wire], compression: str):
    plain = dial()
    plain.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    told = plain.hear()
    unpack = unpacked(compression)

    packed = dial()
    packed.ask(action="configure", format="msgpack", compression=compression)
    packed.connection.send(msgpack.packb({"action": "subscribe", "tokens": [NIFTY, BANKNIFTY]}))
    assert msgpack.unpackb(unpack(packed.hear()))["type"] == "subscribed"
    assert msgpack.unpackb(unpack(packed.hear())) == told

    arrow = dial()
    assert arrow.ask(action="configure", format="arrow", compression=compression)
    arrow.say(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    assert arrow.hear()["type"] == "subscribed"
    with pa.ipc.open_stream(unpack(arrow.hear())) as stream:
        table = stream.read_all()
    assert table.column("ltp").to_pylist() == [tick["ltp"] for tick in told["ticks"]]
    assert table.column("bid").to_pylist() == [None, None]
    assert [t.isoformat() for t in table.column("time").to_pylist()] == [
        tick["time"] for tick in told["ticks"]
    ]
    assert table.schema.metadata[b"seq"] == str(told["seq"]).encode()

    dense = dial()
    dense.ask(action="configure", compression=compression)
    dense.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
    frame = dense.hear()
    assert (frame if compression == "none" else orjson.loads(unpack(frame))) == told


def test_equal_subscriptions_share_their_frames(dial: Callable[..., Wire], desk: Desk, streams):
    wires = [dial() for _ in range(4)]
    for wire in wires:
        wire.ask(action="subscribe", tokens=[NIFTY, BANKNIFTY])
        wire.hear()
    board = next(iter(streams().fanouts.values())).board
    assert len(streams().subscriptions) == 1
    assert board.made == 1
    step(desk)
    told = [wire.hear_of("tick") for wire in wires]
    assert told[0] == told[1] == told[2] == told[3]


def test_an_interval_gathers_frames(dial: Callable[..., Wire], desk: Desk):
    wire = dial()
    assert wire.ask(action="configure", interval_ms=60_000)["interval_ms"] == 60_000
    wire.ask(action="subscribe", tokens=[NIFTY])
    wire.hear()
    for _ in range(3):
        step(desk)
    wire.ask(action="configure", interval_ms=0)  # the wait is over at once
    frame = wire.hear_of("tick")
    assert desk.hub.latest is not None
    assert frame["ticks"][0]["ltp"] == desk.hub.latest.indices["NIFTY"].price
    assert wire.ask(action="ping")["type"] == "pong"


def test_a_replay_is_seen_by_its_owner_only(dial: Callable[..., Wire], client, people, parts):
    from dashboard.auth.identity import Role
    from tests.pipeline.frames import DAY
    from tests.pipeline.stored import AFTERNOON

    token = people.headers(Role.RESEARCHER)["Authorization"].removeprefix("Bearer ")
    me = parts.accounts.identify(bearer=token)
    own = parts.desks.open(me, DAY, AFTERNOON, instant("15:12:00"), playing=False)
    wait(own.desk, lambda s: s.status == "paused")
    wire = dial(f"/ws/ticks?desk={own.id}", Role.RESEARCHER)
    assert wire.connected["desk"]["id"] == own.id
    assert wire.connected["desk"]["source"] == "REPLAY"
    later = dial(role=Role.RESEARCHER)
    later.say(action="subscribe", tokens=[NIFTY], desk=own.id)
    assert later.hear_of("desk_changed")["desk"]["id"] == own.id
    stranger = dial(role=Role.VIEWER)
    error = stranger.ask(action="subscribe", tokens=[NIFTY], desk=own.id)
    assert (error["code"], error["where"]) == ("refused", "desk")
    parts.desks.close(me, own.id)
    assert closed(wire) == 4404
