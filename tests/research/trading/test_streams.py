"""Streams: what comes, what happens when it is lost, and how they end."""

import gc
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgpack
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.research import AsyncTradingClient
from dashboard.research.client import RecordedDay
from dashboard.research.example_server import ExampleServer
from dashboard.research.trading import errors
from dashboard.research.trading.following import (
    DeskWish,
    Hand,
    Hear,
    Lost,
    Open,
    Tell,
    TicksWish,
    follow,
)
from dashboard.research.trading.sessions import KeySession
from dashboard.research.trading.wire import Pause, Renew
from tests.pipeline.desk_room import wait
from tests.research.trading.conftest import AT
from tests.research.trading.gate import Gate
from tests.research.trading.plain import Plain
from tests.research.trading.test_retrying import line

FUTURE = "NIFTY26AUGFUT"
MOCK = {"source": "MOCK"}


def test_the_present_ticks_come_first(client: Plain):
    with client.stream(["NIFTY", FUTURE], timeout_s=20) as stream:
        found = {tick.symbol: tick for _, tick in zip(range(2), stream, strict=False)}
    assert set(found) == {"NIFTY 50", FUTURE}
    assert found[FUTURE].ltp == client.Instrument(FUTURE).ltp
    assert found[FUTURE].time is not None
    assert found["NIFTY 50"].at == datetime(2026, 8, 18, 9, 30, tzinfo=IST)
    assert found["NIFTY 50"].source == "MOCK"


def test_it_ends_when_nothing_comes_for_long(client: Plain):
    with client.stream([FUTURE], timeout_s=0.3) as stream:
        assert [tick.symbol for tick in stream] == [FUTURE]


def test_a_replay_s_ticks_come_as_it_plays(client: Plain):
    with client.replay("2026-08-18", at="09:20", **MOCK) as desk:
        with desk.stream(["NIFTY"], timeout_s=20) as stream:
            ticks = iter(stream)
            first = next(ticks)
            assert first.at == datetime(2026, 8, 18, 9, 20, tzinfo=IST)
            desk.play(60)
            later = [next(ticks) for _ in range(3)]
        assert [each.seq for each in later] == sorted({each.seq for each in later})
        assert later[-1].at > first.at


def test_a_desk_s_documents_come_by_topic(client: Plain):
    topics = ["signals:NIFTY:1m", "chain:NIFTY"]
    found: dict[str, Any] = {}
    with client.desk_stream(topics, timeout_s=20) as stream:
        news = iter(stream)
        while set(found) != set(topics):
            told = next(news)
            found[told.topic] = told.data
    assert found["chain:NIFTY"]["underlying"] == "NIFTY"


@pytest.mark.parametrize("names", [["NOPE"], ["NIFTY", "NOPE"]])
def test_a_name_that_is_not_there_is_refused(client: Plain, names: list[str]):
    with client.stream(names) as stream, pytest.raises(errors.RefusedError, match="NOPE") as told:
        list(stream)
    assert told.value.where.startswith("tokens")


def test_a_topic_that_is_not_there_is_refused(client: Plain):
    with client.desk_stream(["weather"]) as stream, pytest.raises(errors.RefusedError):
        list(stream)


def test_no_name_is_refused(client: Plain):
    with pytest.raises(InputError, match="at least one"):
        client.stream([])


def test_a_stream_is_ended_from_another_thread(client: Plain):
    stream = client.stream(["NIFTY"])
    ticks = iter(stream)
    next(ticks)
    closer = threading.Timer(0.1, stream.close)
    closer.start()
    assert list(ticks) == []
    closer.join()


def test_a_client_that_is_closed_ends_its_streams(by_key: Callable[..., Plain], served: Any):
    client = by_key(served.url, key=served.key)
    ticks = iter(client.stream(["NIFTY"]))
    next(ticks)
    client.close()
    assert list(ticks) == []


def test_a_wrong_key_ends_it_at_once(by_key: Callable[..., Plain], served: Any):
    with pytest.raises(errors.SignInError):
        list(by_key(served.url, key="tezi_00000000_x").stream(["NIFTY"]))


def test_nobody_is_there(by_key: Callable[..., Plain], served: Any):
    with Gate(served.port) as gate:
        gate.shut = True
        with pytest.raises(errors.ConnectionFailedError, match="/ws/ticks"):
            list(by_key(gate.url, key=served.key).stream(["NIFTY"]))
        assert gate.passed == 3


# -- lost connections ----------------------------------------------------------------------
@pytest.fixture
def served(morning: RecordedDay) -> Iterator[ExampleServer]:
    """Serve a morning of the test's own, which it may let go on."""
    with ExampleServer(morning, AT) as server:
        shared(server)
        yield server


def shared(server: ExampleServer) -> Any:
    """Return the shared desk, once it stands."""
    desk = server.here.parts.room.desks.shared
    assert desk is not None
    wait(desk, lambda snapshot: snapshot.status == "paused")
    return desk


def go_on(server: ExampleServer) -> None:
    """Let ten seconds of the market pass on the shared desk, and wait for them."""
    desk = shared(server)
    at = desk.hub.latest.at
    desk.set_speed(60)
    desk.play()
    wait(desk, lambda snapshot: (snapshot.at - at).total_seconds() > 10)
    desk.pause()
    wait(desk, lambda snapshot: snapshot.status == "paused")


def test_a_cut_connection_is_made_again_and_gone_on_with(
    by_key: Callable[..., Plain], served: ExampleServer
):
    with Gate(served.port) as gate:
        client = by_key(gate.url, key=served.key)
        ticks = iter(client.stream(["NIFTY", FUTURE], timeout_s=20))
        before = [next(ticks), next(ticks)]
        gate.shut = True
        gate.cut()
        go_on(served)
        gate.shut = False
        after = [next(ticks), next(ticks)]
        client.close()
    assert {each.symbol for each in after} == {"NIFTY 50", FUTURE}
    assert min(each.seq for each in after) > max(each.seq for each in before)
    quotes = shared(served).hub.latest
    assert max(each.at for each in after) <= quotes.at


def test_what_did_not_change_is_not_told_again(by_key: Callable[..., Plain], served: ExampleServer):
    with Gate(served.port) as gate:
        client = by_key(gate.url, key=served.key)
        ticks = iter(client.stream(["NIFTY", FUTURE], timeout_s=0.5))
        assert len([next(ticks), next(ticks)]) == 2
        gate.cut()
        assert list(ticks) == []  # connected again, and nothing had changed
        assert gate.passed == 2
        client.close()


def test_a_server_that_is_killed_and_started_anew(
    by_key: Callable[..., Plain], morning: RecordedDay
):
    with Gate(0) as gate:
        with ExampleServer(morning, AT) as first:
            gate._target = first.port
            client = by_key(gate.url, key=first.key)
            ticks = iter(client.stream(["NIFTY"], timeout_s=20))
            before = next(ticks)
            gate.shut = True
            gate.cut()
        with ExampleServer(morning, "09:25") as second:
            client.inner._driver.line.session._key = second.key
            gate._target, gate.shut = second.port, False
            after = next(ticks)
            client.close()
    assert (f"{before.at:%H:%M}", f"{after.at:%H:%M}") == ("09:30", "09:25")


# -- without any connection ----------------------------------------------------------------
CONNECTED = {"type": "connected", "stream": "s1"}


def frame(**words: Any) -> bytes:
    packed: bytes = msgpack.packb(words)
    return packed


def tick_frame(seq: int) -> bytes:
    tick = {"symbol": "NIFTY 50", "token": 256265, "ltp": 1.0, "time": None}
    at = "2026-08-18T09:30:00+05:30"
    return frame(type="tick", seq=seq, at=at, source="MOCK", ticks=[tick, tick])


def greeted(wish: Any, stream: str = "s1") -> list[str]:
    return [each["action"] for each in wish.greetings({"type": "connected", "stream": stream})]


def test_it_resumes_only_what_it_has_seen_whole_of_the_same_stream():
    wish = TicksWish(["NIFTY"], 0)
    assert greeted(wish) == ["configure", "subscribe"]
    ticks = iter(wish.items(msgpack.unpackb(tick_frame(7))))
    next(ticks)
    assert greeted(wish) == ["configure", "subscribe"]  # its second tick was not taken
    list(wish.items(msgpack.unpackb(tick_frame(8))))
    assert greeted(wish) == ["configure", "resume", "subscribe"]
    assert greeted(wish, "s2") == ["configure", "subscribe"]
    list(wish.items(msgpack.unpackb(tick_frame(2))))
    list(wish.items({"type": "desk_changed", "stream": "s3"}))
    assert greeted(wish, "s3") == ["configure", "subscribe"]


def test_a_desk_of_one_s_own_is_named_in_the_address_and_no_secret_is():
    steps = follow(line(), DeskWish(["indices"]), {"desk": "abc"}, None)
    opened = next(steps)
    assert isinstance(opened, Open)
    assert opened.path == "/ws/desk?desk=abc"
    assert "X-API-Key" not in repr(opened)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (4401, errors.SignInError),
        (4403, errors.NotAllowedError),
        (4404, errors.NotFoundError),
        (4409, errors.TooManyRequestsError),
        (1009, errors.RefusedError),
    ],
)
def test_a_close_with_a_reason_is_final(code: int, kind: type[errors.TradingError]):
    steps = follow(line(), TicksWish(["NIFTY"], 0), {}, None)
    next(steps)
    with pytest.raises(kind, match="for a reason"):
        steps.throw(Lost("for a reason", code))


def test_a_socket_whose_token_is_over_is_opened_with_a_new_one():
    class Renewing(KeySession):
        def stale(self, *, refused: bool) -> str | None:
            return "old" if refused else None

    renewed = line()
    renewed.session = Renewing("k")
    steps = follow(renewed, TicksWish(["NIFTY"], 0), {}, None)
    next(steps)
    steps.send(None)
    steps.send(frame(**CONNECTED))
    assert isinstance(steps.throw(Lost("over", 4401)), Renew)
    assert isinstance(steps.send(None), Open)
    with pytest.raises(errors.SignInError, match="over"):
        steps.throw(Lost("over", 4401))


def test_a_desk_that_is_not_ready_is_asked_again():
    steps = follow(line(), TicksWish(["NIFTY"], 0), {}, None)
    for answer in (None, None, frame(**CONNECTED), None, None):
        steps.send(answer)
    refusal = frame(type="error", code="not_ready", detail="Not open yet", where="desk")
    assert isinstance(steps.send(refusal), Pause)
    assert isinstance(steps.send(None), Open)


def test_a_loop_that_is_left_closes_its_socket(by_key: Callable[..., Plain], served: Any):
    client = by_key(served.url, key=served.key)
    if isinstance(client.inner, AsyncTradingClient):
        pytest.skip("an asynchronous stream is closed by its own with, or by its client")
    for _tick in client.inner.stream(["NIFTY"]):
        break
    gc.collect()
    assert not client.inner._driver.streams


def test_one_that_was_connected_is_patient_and_not_for_ever():
    quiet = line(lost_s=100, tries=2)
    steps = follow(quiet, TicksWish(["NIFTY"], 0), {}, 5)
    assert isinstance(next(steps), Open)
    assert isinstance(steps.send(None), Hear)
    assert isinstance(steps.send(frame(**CONNECTED)), Tell)
    assert isinstance(steps.send(None), Tell)
    assert steps.send(None) == Hear(5)
    assert isinstance(steps.send(tick_frame(3)), Hand)
    for _ in range(9):
        assert isinstance(steps.throw(Lost("gone")), Pause)
        quiet.clock.advance(10)  # type: ignore[attr-defined]
        assert isinstance(steps.send(None), Open)
    quiet.clock.advance(11)  # type: ignore[attr-defined]
    with pytest.raises(errors.ConnectionFailedError, match="gone"):
        steps.throw(Lost("gone"))


@pytest.mark.parametrize("payload", ["hello", b"\xc1", "[1]", "{}"])
def test_frames_that_cannot_be_read_are_a_failure(payload: str | bytes):
    steps = follow(line(), TicksWish(["NIFTY"], 0), {}, None)
    next(steps)
    next(steps)
    with pytest.raises(errors.ServerError, match="cannot be read"):
        steps.send(payload)
