"""The pool with Kite's real client on real sockets, and a clock that is pushed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any

import orjson
import pytest
from twisted.internet import ssl

from dashboard.core.clock import ManualClock
from dashboard.core.kite import ConnectionStatus, Endpoints
from dashboard.core.market import Frame
from feeds.kite import KitePool
from tests.feeds.certificates import LONG, Authority
from tests.feeds.kite_lines import ELEVEN, MONDAY, granted
from tests.feeds.kite_socket import TEXT, Server, Visit, serving
from tests.feeds.messages import full, message

PATIENCE_S = 30.0  # for a busy machine; what is waited for comes within milliseconds
HEARTBEAT = b"\x00"


class Desk:
    """A pool, and what it told."""

    def __init__(self, root: str, trust_root: Any = None) -> None:
        self.clock = ManualClock(ELEVEN)
        self.frames: SimpleQueue[Frame] = SimpleQueue()
        self.confirmed: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.pool = KitePool(
            self.clock,
            self.frames.put,
            self.confirmed.append,
            lambda api_key, reason: self.refused.append((api_key, reason)),
            Endpoints(socket=root),
            trust_root,
            Random(7),  # noqa: S311  no secret is drawn
        )

    def next(self) -> Frame:
        return self.frames.get(timeout=PATIENCE_S)

    def states(self) -> list[str]:
        return [status.state for status in self.pool.connections()]

    def only(self) -> ConnectionStatus:
        (status,) = self.pool.connections()
        return status

    def until_states(self, *states: str) -> None:
        until(lambda: self.states() == list(states), lambda: f"{self.pool.connections()}")

    def seconds(self, count: int) -> None:
        """Let time pass, with a look every second and time for each attempt to end."""
        for _ in range(count):
            self.clock.advance(1)
            self.pool.check()
            settled(self.pool)
            until(lambda: "connecting" not in self.states(), lambda: "an attempt that hangs")


def until(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait for something that another thread does."""
    for _ in range(int(PATIENCE_S / 0.005)):
        if holds():
            return
        time.sleep(0.005)
    pytest.fail(f"it never came: {what()}")


def settled(pool: KitePool) -> None:
    """Wait until the pool's thread has done what it was asked for."""
    done: SimpleQueue[None] = SimpleQueue()
    pool._run(lambda: done.put(None))
    done.get(timeout=PATIENCE_S)


def tick_on_subscribing(visit: Visit, text: bytes) -> None:
    """Answer a subscription as Kite does: with a tick of each instrument."""
    asked = orjson.loads(text)
    if asked["a"] == "mode":
        visit.say(message(*[full(token) for token in asked["v"][1]]))


@contextmanager
def desk_at(
    server: Server, scheme: str = "ws://127.0.0.1", trust_root: Any = None
) -> Iterator[Desk]:
    desk = Desk(f"{scheme}:{server.port}", trust_root)
    try:
        yield desk
    finally:
        desk.pool.close()
        settled(desk.pool)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        found.on_text = tick_on_subscribing
        yield found


@pytest.fixture
def desk(server: Server) -> Iterator[Desk]:
    with desk_at(server) as found:
        yield found


def opened(desk: Desk, *tokens: int) -> None:
    """Connect, and take the mark of the opening and the first ticks off the frames."""
    desk.pool.want("desk", tokens)
    desk.pool.grant([granted()])
    assert desk.next().payload == b""
    assert desk.next().payload == message(*[full(token) for token in sorted(tokens)])
    desk.until_states("flowing")


# -- a good day -----------------------------------------------------------------------------


def test_ticks_flow_and_the_token_is_good(desk: Desk, server: Server):
    opened(desk, 11, 12)
    assert desk.confirmed == ["key-one"]
    assert desk.only().attempts == 0
    assert desk.pool.ages_s() == {11: 0.0, 12: 0.0}
    assert [orjson.loads(text)["a"] for text in server.visits[0].texts] == ["subscribe", "mode"]


def test_every_message_arrives_as_it_was_sent(desk: Desk, server: Server):
    opened(desk, 11, 12)
    newer, older = message(full(11, 20_000)), message(full(11, 10_000))
    sent = [
        HEARTBEAT,
        newer,
        older,  # out of order
        older,  # twice
        newer[:-30],  # truncated
        message(full(99)),  # nobody asked for it
        b"\xff" * 7,  # nonsense
    ]
    for payload in sent:
        server.send(payload)
    server.send(b'{"type":"order","data":{"status":"COMPLETE"}}', TEXT)
    got = [desk.next() for _ in range(len(sent) + 1)]
    assert [frame.payload for frame in got[:-1]] == sent
    assert got[-1].payload == b'{"type":"order","data":{"status":"COMPLETE"}}'
    assert {(frame.received_ns, frame.connection) for frame in got} == {(desk.clock.now_ns(), 0)}
    assert desk.states() == ["flowing"]


def test_9000_instruments_over_three_connections(desk: Desk, server: Server):
    desk.pool.want("desk", range(9000))
    desk.pool.grant([granted()])
    desk.until_states("flowing", "flowing", "flowing")
    assert len(server.visits) == 3
    sent = [message(*[full(token, n) for token in range(200)]) for n in range(100)]
    for payload in sent:
        for visit in range(3):
            server.send(payload, visit=visit)
    got: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
    while any(len(payloads) < 102 for payloads in got.values()):
        frame = desk.next()
        got[frame.connection].append(frame.payload)
    for payloads in got.values():
        assert payloads[0] == b""
        assert payloads[2:] == sent
    assert [status.tokens for status in desk.pool.connections()] == [3000, 3000, 3000]


def test_keys_have_connections_of_their_own(desk: Desk, server: Server):
    desk.pool.want("desk", range(100))
    desk.pool.grant([granted(), granted("key-two", "token-two")])
    desk.until_states("flowing", "flowing")
    assert sorted(visit.target for visit in server.visits) == [
        "/?api_key=key-one&access_token=token-of-monday",
        "/?api_key=key-two&access_token=token-two",
    ]
    assert [(s.number, s.key, s.tokens) for s in desk.pool.connections()] == [
        (0, "…-one", 50),
        (3, "…-two", 50),
    ]


def test_only_the_difference_is_sent(desk: Desk, server: Server):
    opened(desk, 11, 12)
    desk.pool.want("desk", [12, 13])
    assert desk.next().payload == message(full(13))
    assert [orjson.loads(text) for text in server.visits[0].texts[2:]] == [
        {"a": "unsubscribe", "v": [11]},
        {"a": "subscribe", "v": [13]},
        {"a": "mode", "v": ["full", [13]]},
    ]


def test_a_new_token_reopens_at_once(desk: Desk, server: Server):
    opened(desk, 11)
    desk.pool.grant([granted(token="token-of-tuesday")])
    assert desk.next().payload == b""
    assert server.visits[0].is_over.wait(PATIENCE_S)
    assert server.visits[1].target.endswith("access_token=token-of-tuesday")


def test_close_closes_and_a_grant_opens_again(desk: Desk, server: Server):
    opened(desk, 11)
    desk.pool.close()
    assert server.visits[0].is_over.wait(PATIENCE_S)
    desk.until_states("closed")
    desk.pool.grant([granted()])
    desk.until_states("flowing")


# -- faults ---------------------------------------------------------------------------------


def test_a_token_that_is_dead_at_once_is_tried_once(desk: Desk, server: Server):
    server.status = "403 Forbidden"
    desk.pool.want("desk", range(9000))
    desk.pool.grant([granted()])
    desk.until_states("refused", "refused", "refused")
    desk.seconds(120)
    assert len(server.visits) == 1
    assert [api_key for api_key, _ in desk.refused] == ["key-one"]
    server.status = "101 Switching Protocols"
    desk.pool.grant([granted(token="token-of-tuesday")])
    desk.until_states("flowing", "flowing", "flowing")


def test_a_token_that_dies_in_mid_day_stops_all_of_its_key(desk: Desk, server: Server):
    desk.pool.want("desk", range(9000))
    desk.pool.grant([granted()])
    desk.until_states("flowing", "flowing", "flowing")
    server.status = "403 Forbidden"
    server.drop(visit=1)
    until(lambda: "waiting" in desk.states(), lambda: f"{desk.pool.connections()}")
    desk.seconds(2)
    desk.until_states("refused", "refused", "refused")
    desk.seconds(60)
    assert all(visit.is_over.wait(PATIENCE_S) for visit in server.visits)
    assert len(server.visits) == 4
    assert len(desk.refused) == 1


def test_a_mute_socket_is_rebuilt(desk: Desk, server: Server):
    opened(desk, 11)
    desk.seconds(10)
    assert desk.states() == ["flowing"]
    desk.seconds(2)
    assert server.visits[0].is_over.wait(PATIENCE_S)
    desk.seconds(2)
    assert desk.next().payload == b""
    desk.until_states("flowing")
    assert len(server.visits) == 2


def test_a_half_open_socket_is_rebuilt(desk: Desk, server: Server):
    server.answers_pings = False
    opened(desk, 11)
    until(lambda: desk.states() == ["waiting"], lambda: "the loss")  # about 6 s
    assert "ping timeout" in desk.only().reason
    server.answers_pings = True
    desk.seconds(2)
    desk.until_states("flowing")


def test_a_slow_exchange_is_not_given_up(desk: Desk, server: Server):
    opened(desk, 11)
    for _ in range(20):
        desk.seconds(9)
        server.send(HEARTBEAT)
        assert desk.next().payload == HEARTBEAT
        settled(desk.pool)
    assert len(server.visits) == 1


def test_a_resubscription_counts_only_when_ticks_come(desk: Desk, server: Server):
    opened(desk, 11)
    server.on_text = lambda visit, text: None
    server.drop()
    desk.until_states("waiting")
    desk.seconds(2)
    assert desk.next().payload == b""
    server.send(HEARTBEAT)
    desk.next()
    assert (desk.only().state, desk.only().attempts) == ("silent", 1)
    server.send(message(full(11)))
    desk.next()
    desk.until_states("flowing")
    assert desk.only().attempts == 0
    assert desk.confirmed == ["key-one", "key-one"]


@pytest.mark.parametrize("status", ["502 Bad Gateway", "429 Too Many Requests"])
def test_a_minute_of_failures_has_at_most_six_attempts(desk: Desk, server: Server, status: str):
    server.status = status
    desk.pool.want("desk", range(9000))
    desk.pool.grant([granted()])
    desk.until_states("waiting", "waiting", "waiting")
    desk.seconds(59)
    assert 5 <= len(server.visits) <= 6
    assert status[:3] in desk.pool.connections()[0].reason
    server.status = "101 Switching Protocols"
    for _ in range(60):
        if "flowing" in desk.states():
            break
        desk.seconds(1)
        until(lambda: "silent" not in desk.states(), lambda: "ticks")
    desk.until_states("flowing", "flowing", "flowing")


def test_an_exchange_that_is_gone_and_comes_back_is_found(desk: Desk):
    with serving() as gone:
        root = f"ws://127.0.0.1:{gone.port}"
    lost = Desk(root)
    lost.pool.want("desk", [11])
    lost.pool.grant([granted()])
    lost.until_states("waiting")
    lost.seconds(59)
    assert "could not be reached" in lost.only().reason
    assert 5 <= lost.only().attempts <= 6
    lost.pool.close()
    settled(lost.pool)


def test_no_exception_of_a_listener_drops_a_socket(server: Server):
    def fail(*_: object) -> None:
        raise RuntimeError("the queue is closed")

    pool = KitePool(
        ManualClock(ELEVEN), fail, fail, fail, Endpoints(socket=f"ws://127.0.0.1:{server.port}")
    )
    try:
        pool.want("desk", [11])
        pool.grant([granted()])
        until(lambda: [s.state for s in pool.connections()] == ["flowing"], lambda: "ticks")
        server.send(HEARTBEAT)
        until(lambda: pool.unheard == 3, lambda: "the third frame")
        assert [s.state for s in pool.connections()] == ["flowing"]
        assert len(server.visits) == 1
    finally:
        pool.close()
        settled(pool)


def test_an_error_text_is_kept_and_the_socket_stays(desk: Desk, server: Server):
    opened(desk, 11)
    server.send(b'{"type":"error","data":"Invalid instrument"}', TEXT)
    desk.next()
    until(lambda: desk.only().reason != "", lambda: "the reason")
    assert desk.only().reason == "Kite says: Invalid instrument"
    assert desk.states() == ["flowing"]


# -- certificates ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def trusting(authority: Authority) -> Any:
    return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(authority.pem)])


def test_ticks_flow_over_tls(authority: Authority, tmp_path: Path):
    with serving(authority.context(tmp_path, "localhost")) as server:
        server.on_text = tick_on_subscribing
        with desk_at(server, "wss://localhost", trusting(authority)) as desk:
            opened(desk, 11)


@pytest.mark.parametrize(
    ("host", "lasts", "is_trusted"),
    [
        ("localhost", LONG, False),
        ("ws.other.example", LONG, True),
        ("localhost", timedelta(1), True),
    ],
    ids=["unknown authority", "another host", "expired"],
)
def test_a_wrong_certificate_is_a_reason_and_no_storm(
    authority: Authority, tmp_path: Path, host: str, lasts: timedelta, is_trusted: bool
):
    roots = trusting(authority if is_trusted else Authority())
    with (
        serving(authority.context(tmp_path, host, lasts)) as server,
        desk_at(server, "wss://localhost", roots) as desk,
    ):
        desk.pool.want("desk", [11])
        desk.pool.grant([granted()])
        desk.until_states("waiting")
        desk.seconds(59)
        assert desk.only().reason.startswith("Kite's certificate was refused")
        assert 5 <= desk.only().attempts <= 6
        assert server.visits == []


# -- secrets --------------------------------------------------------------------------------


def test_neither_logs_nor_statuses_hold_the_token(
    desk: Desk,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
):
    caplog.set_level("DEBUG")
    opened(desk, 11)
    server.send(orjson.dumps({"type": "error", "data": f"bad {MONDAY}"}), TEXT)
    desk.next()
    told = [repr(desk.pool.connections())]
    server.status = f"502 {MONDAY}"
    server.drop()
    desk.until_states("waiting")
    desk.seconds(3)
    told.append(repr(desk.pool.connections()))
    printed = capsys.readouterr()
    for text in (*told, caplog.text, printed.out, printed.err):
        assert MONDAY not in text
