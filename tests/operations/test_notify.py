"""Notices: sent once to whoever is named, in the background, and never a reason to fail."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dashboard.core.clock import ManualClock
from dashboard.operations.notify import AppriseNotifier, is_readable
from tests.operations.kite_parts import PATIENCE_S, at


@dataclass
class Receiver:
    """A server on loopback that takes notices as JSON, or refuses them."""

    port: int = 0
    status: int = 200
    bodies: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://someone:hush-hush@127.0.0.1:{self.port}/hidden-path"

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(body["title"], body["message"]) for body in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            receiver.bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(8, 50))


def test_a_notice_is_delivered(receiver: Receiver, clock: ManualClock):
    notifier = AppriseNotifier([receiver.address], clock)
    notifier.tell("Sign in to Kite", "The token of yesterday ended at 06:00 IST.")
    notifier.close(PATIENCE_S)
    assert receiver.texts == [("Sign in to Kite", "The token of yesterday ended at 06:00 IST.")]


def test_the_same_notice_is_sent_once_an_hour(receiver: Receiver, clock: ManualClock):
    notifier = AppriseNotifier([receiver.address], clock)
    notifier.tell("Sign in", "now")
    notifier.tell("Sign in", "now")
    notifier.tell("Sign in", "please")
    clock.advance(3599)
    notifier.tell("Sign in", "now")
    notifier.close(PATIENCE_S)
    assert receiver.texts == [("Sign in", "now"), ("Sign in", "please")]
    clock.advance(1)
    notifier.tell("Sign in", "now")
    notifier.close(PATIENCE_S)
    assert receiver.texts[2:] == [("Sign in", "now")]


def test_a_notice_that_nobody_received_is_sent_again_after_a_minute(
    receiver: Receiver, clock: ManualClock
):
    receiver.status = 500
    notifier = AppriseNotifier([receiver.address], clock)
    notifier.tell("Sign in", "now")
    notifier.close(PATIENCE_S)
    receiver.status = 200
    for _ in range(61):
        notifier.tell("Sign in", "now")
        clock.advance(1)
    notifier.close(PATIENCE_S)
    assert receiver.texts == [("Sign in", "now")] * 2


def test_one_address_that_fails_keeps_no_other_from_hearing(
    receiver: Receiver, clock: ManualClock, capsys: pytest.CaptureFixture[str]
):
    nobody = "json://someone:hush-hush@127.0.0.1:9/hidden-path"
    notifier = AppriseNotifier(["nonsense", nobody, receiver.address], clock)
    notifier.tell("Sign in", "now")
    notifier.close(PATIENCE_S)
    assert receiver.texts == [("Sign in", "now")]
    told = "".join(capsys.readouterr())
    assert "An address of TEZI_NOTIFY_URLS cannot be used" in told
    assert "A notice was not delivered" in told


def test_a_failure_is_logged_without_what_the_address_holds(
    receiver: Receiver, clock: ManualClock, capsys: pytest.CaptureFixture[str], caplog
):
    receiver.status = 403
    notifier = AppriseNotifier([receiver.address], clock)
    with caplog.at_level(logging.INFO):
        notifier.tell("Sign in", "now")
        notifier.close(PATIENCE_S)
    told = "".join(capsys.readouterr()) + caplog.text
    assert "A notice was not delivered" in told
    assert "json" in told
    for secret in ("hush-hush", "someone", "hidden-path"):
        assert secret not in told


def test_without_an_address_nothing_is_imported_or_started():
    code = (
        "import sys, threading\n"
        "from dashboard.core.clock import SystemClock\n"
        "from dashboard.operations.notify import AppriseNotifier\n"
        "AppriseNotifier((), SystemClock()).tell('a', 'b')\n"
        "assert 'apprise' not in sys.modules\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE_S)


def test_telling_does_not_wait_for_a_receiver_that_does_not_answer(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    released = threading.Event()
    monkeypatch.setattr("dashboard.operations.notify._send", lambda *_: released.wait(PATIENCE_S))
    notifier = AppriseNotifier(["json://127.0.0.1:9"], clock)
    for number in range(300):  # more than may wait
        notifier.tell("Sign in", str(number))
    assert not released.is_set()
    released.set()
    notifier.close(PATIENCE_S)


def test_it_knows_what_can_be_read():
    assert is_readable("json://127.0.0.1:80/path")
    assert not is_readable("nonsense")
    assert not is_readable("jsn://127.0.0.1")
