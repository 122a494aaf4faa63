"""Kite's own WebSocket client with its cures, against a server in bare bytes."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from twisted.internet import ssl
from twisted.logger import formatEvent, globalLogPublisher

from feeds import kite_ticker
from feeds.kite_ticker import Ticker, in_reactor, start_reactor
from tests.feeds.certificates import Authority
from tests.feeds.kite_lines import granted
from tests.feeds.kite_socket import TEXT, Server, serving

PATIENCE_S = 30  # for a busy machine; what is waited for comes within seconds
TOKEN = "token-of-monday"


class Listener:
    """Notes what a ticker tells."""

    def __init__(self) -> None:
        self.told: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.fails = False

    def opened(self) -> None:
        self._note("opened", None)

    def heard(self, payload: bytes, is_binary: bool) -> None:
        self._note("binary" if is_binary else "text", payload)

    def lost(self, reason: str) -> None:
        self._note("lost", reason)

    def next(self) -> tuple[str, Any]:
        return self.told.get(timeout=PATIENCE_S)

    def _note(self, what: str, detail: Any) -> None:
        self.told.put((what, detail))
        if self.fails:
            raise RuntimeError("a listener's mistake")


@contextmanager
def dialled(root: str, listener: Listener, trust_root: Any = None) -> Iterator[Ticker]:
    """Return a ticker that is on its way."""
    start_reactor()
    ticker = in_thread(lambda: kite_ticker.dial(granted(), root, listener, trust_root))
    try:
        yield ticker
    finally:
        in_thread(ticker.hang_up)


def in_thread(call: Callable[[], Any]) -> Any:
    """Run something in the reactor's thread, and return its result."""
    results: SimpleQueue[Any] = SimpleQueue()
    in_reactor(lambda: results.put(call()))
    return results.get(timeout=PATIENCE_S)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def listener() -> Listener:
    return Listener()


def plain(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}"


# -- talking --------------------------------------------------------------------------------


def test_messages_come_as_they_were_sent(server: Server, listener: Listener):
    with dialled(plain(server), listener):
        assert listener.next() == ("opened", None)
        server.send(b"\x00\x01\x02")
        server.send(b"[1, 2]", TEXT)  # the client as it comes drops its socket at this
        server.send(b"\x00")
        assert listener.next() == ("binary", b"\x00\x01\x02")
        assert listener.next() == ("text", b"[1, 2]")
        assert listener.next() == ("binary", b"\x00")
    assert server.visits[0].target == f"/?api_key=key-one&access_token={TOKEN}"


def test_it_asks_in_kite_s_words(server: Server, listener: Listener):
    with dialled(plain(server), listener) as ticker:
        listener.next()
        in_thread(lambda: (ticker.subscribe([265]), ticker.set_mode("full", [265])))
        in_thread(lambda: ticker.unsubscribe([265]))
    assert server.visits[0].is_over.wait(PATIENCE_S)
    assert server.visits[0].texts == [
        b'{"a": "subscribe", "v": [265]}',
        b'{"a": "mode", "v": ["full", [265]]}',
        b'{"a": "unsubscribe", "v": [265]}',
    ]


def test_a_listener_s_mistake_drops_nothing(server: Server, listener: Listener):
    listener.fails = True
    with dialled(plain(server), listener):
        assert listener.next()[0] == "opened"
        server.send(b"\x00")
        server.send(b"\x01")
        assert listener.next() == ("binary", b"\x00")
        assert listener.next() == ("binary", b"\x01")
    assert len(server.visits) == 1


def test_who_hangs_up_hears_no_more(server: Server, listener: Listener):
    with dialled(plain(server), listener) as ticker:
        listener.next()
        in_thread(ticker.hang_up)
        assert server.visits[0].is_over.wait(PATIENCE_S)
        in_thread(ticker.hang_up)
        assert listener.told.empty()


def test_one_may_hang_up_while_it_rings(server: Server, listener: Listener):
    server.status = ""
    with dialled(plain(server), listener) as ticker:
        in_thread(ticker.hang_up)
        in_thread(lambda: None)
        assert listener.told.empty()


def test_one_thread_serves_all(server: Server, listener: Listener):
    for _ in range(2):
        with dialled(plain(server), listener):
            assert listener.next()[0] == "opened"
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("kite-reactor") == 1


# -- being lost -----------------------------------------------------------------------------


def test_a_dead_token_is_told_by_its_status(server: Server, listener: Listener):
    server.status = "403 Forbidden"
    with dialled(plain(server), listener):
        what, reason = listener.next()
    assert what == "lost"
    assert reason == (
        "The connection was closed (1006): WebSocket connection upgrade failed (403 - Forbidden)"
    )


def test_a_dropped_socket_is_told_once_and_never_dialled_again(server: Server, listener: Listener):
    with dialled(plain(server), listener):
        listener.next()
        server.drop()
        assert listener.next()[0] == "lost"
        assert server.visits[0].is_over.wait(PATIENCE_S)
        in_thread(lambda: None)
        assert listener.told.empty()
    assert len(server.visits) == 1


def test_nobody_there(listener: Listener):
    with serving() as gone:
        root = plain(gone)
    with dialled(root, listener):
        what, reason = listener.next()
    assert what == "lost"
    assert reason.startswith("Kite could not be reached: Connection was refused")


def test_a_half_open_connection_is_noticed(server: Server, listener: Listener):
    server.answers_pings = False
    with dialled(plain(server), listener):
        assert listener.next()[0] == "opened"
        what, reason = listener.next()
    assert what == "lost"
    assert "ping timeout" in reason


def test_a_server_that_never_answers_is_given_up(server: Server, listener: Listener):
    server.status = ""
    with dialled(plain(server), listener):
        what, reason = listener.next()
    assert what == "lost"
    assert "handshake timeout" in reason


# -- certificates ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def trusting(authority: Authority) -> Any:
    return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(authority.pem)])


def test_a_right_certificate_is_taken_and_the_host_is_named(
    authority: Authority, listener: Listener, tmp_path: Path
):
    with (
        serving(authority.context(tmp_path, "localhost")) as server,
        dialled(f"wss://localhost:{server.port}", listener, trusting(authority)),
    ):
        assert listener.next() == ("opened", None)
        assert server.names == ["localhost"]


@pytest.mark.parametrize(
    ("host", "lasts", "trusted"),
    [
        ("localhost", timedelta(days=36_500), False),
        ("ws.other.example", timedelta(days=36_500), True),
        ("localhost", timedelta(days=1), True),
    ],
    ids=["unknown authority", "another host", "expired"],
)
def test_a_wrong_certificate_gets_no_token(
    authority: Authority,
    listener: Listener,
    tmp_path: Path,
    host: str,
    lasts: timedelta,
    trusted: bool,
):
    trust_root = trusting(authority if trusted else Authority())
    with (
        serving(authority.context(tmp_path, host, lasts)) as server,
        dialled(f"wss://localhost:{server.port}", listener, trust_root),
    ):
        what, reason = listener.next()
        assert what == "lost"
        assert reason.startswith("Kite's certificate was refused")
        assert server.visits == []


def test_the_usual_authorities_do_not_vouch_for_a_stranger(
    authority: Authority, listener: Listener, tmp_path: Path
):
    with (
        serving(authority.context(tmp_path, "localhost")) as server,
        dialled(f"wss://localhost:{server.port}", listener),
    ):
        assert listener.next()[0] == "lost"
        assert server.visits == []


# -- secrets --------------------------------------------------------------------------------


def test_no_log_holds_the_token(
    server: Server,
    listener: Listener,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
):
    events: list[str] = []

    def note(event: Any) -> None:
        events.append(f"{formatEvent(event)} {event}")

    listener.fails = True
    globalLogPublisher.addObserver(note)
    try:
        with caplog.at_level(logging.DEBUG):
            for status in ("403 Forbidden", f"502 {TOKEN}", "101 Switching Protocols"):
                server.status = status
                with dialled(plain(server), listener):
                    _, reason = listener.next()
                    assert TOKEN not in str(reason)
            with dialled(plain(server), listener):
                listener.next()
                server.drop()
                listener.next()
    finally:
        globalLogPublisher.removeObserver(note)
    printed = capsys.readouterr()
    for text in (*events, caplog.text, printed.out, printed.err):
        assert TOKEN not in text
