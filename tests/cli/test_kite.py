"""`tezi kite`: the morning's click from a terminal."""

import io
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from storage.kite_grants import SqlGrants
from storage.schema import open_database
from storage.sealing import load_key
from tests.cli.conftest import Tezi
from tests.exchange.server import KEY, SECRET
from tests.kite_server import SHOWN, Kite, kite_server

ELSEWHERE = "https://desk.example/kite/callback"
PATIENCE_S = 60


@pytest.fixture
def kite(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kite]:
    with kite_server() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        running.lead_to(ELSEWHERE)
        yield running


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], object]], None]:
    """Return what sets who acts when `--open` opens an address."""

    def act(on_open: Callable[[str], object]) -> None:
        monkeypatch.setattr("webbrowser.open", on_open)

    return act


def kept(home: Path) -> str | None:
    with closing(open_database(f"sqlite:///{home / 'tezi.sqlite'}")) as database:
        grant = SqlGrants(database, load_key(home)).load(KEY)
    return grant.access_token if grant else None


def led_to(address: str) -> str:
    """Return where Kite leads a browser that opens its sign-in page."""
    return requests.get(address, allow_redirects=False, timeout=PATIENCE_S).headers["Location"]


def paste(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


def sign_in(tezi: Tezi, kite: Kite, monkeypatch: pytest.MonkeyPatch):
    paste(monkeypatch, kite.issue())
    return tezi("kite", "login", "--redirect", ELSEWHERE)


def test_a_pasted_request_token_signs_in(
    tezi: Tezi, kite: Kite, home: Path, monkeypatch: pytest.MonkeyPatch
):
    ran = sign_in(tezi, kite, monkeypatch)
    assert ran.code == 0
    assert f"{kite.base}/connect/login?v=3&api_key={KEY}" in ran.words
    assert re.search(rf"{SHOWN} valid Signed in to Kite as AB1234 at [\d:]+ IST\.", ran.words)
    assert kept(home) == kite.access
    for secret in (kite.access, SECRET):
        assert secret not in ran.words


def test_a_pasted_address_signs_in(
    tezi: Tezi, kite: Kite, home: Path, browser, monkeypatch: pytest.MonkeyPatch
):
    browser(lambda address: paste(monkeypatch, led_to(address)))
    assert tezi("kite", "login", "--open", "--redirect", ELSEWHERE).code == 0
    assert kept(home) == kite.access


def test_the_address_of_another_sign_in_is_refused(
    tezi: Tezi, kite: Kite, home: Path, monkeypatch: pytest.MonkeyPatch
):
    paste(monkeypatch, f"{ELSEWHERE}?status=success&state=forged&request_token={kite.issue()}")
    ran = tezi("kite", "login", "--redirect", ELSEWHERE)
    assert ran.code == 2
    assert "This sign-in to Kite was not begun here" in ran.words
    assert kept(home) is None


def test_a_sign_in_that_was_given_up_is_told(
    tezi: Tezi, kite: Kite, monkeypatch: pytest.MonkeyPatch
):
    paste(monkeypatch, f"{ELSEWHERE}?status=cancelled&state=s")
    ran = tezi("kite", "login", "--redirect", ELSEWHERE)
    assert ran.code == 2
    assert "The sign-in at Kite was not completed" in ran.words


def test_a_token_that_kite_refuses_is_told(tezi: Tezi, kite: Kite, monkeypatch: pytest.MonkeyPatch):
    paste(monkeypatch, "made-up")
    ran = tezi("kite", "login", "--redirect", ELSEWHERE)
    assert ran.code == 2
    assert "Token is invalid or has expired" in ran.words


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def test_it_hears_what_kite_sends_to_this_machine(tezi: Tezi, kite: Kite, home: Path, browser):
    back = f"http://127.0.0.1:{free_port()}/kite/callback"
    kite.lead_to(back)
    answers: list[str] = []
    threads: list[threading.Thread] = []

    def visit(address: str) -> None:
        wrong = requests.get(back.replace("callback", "other"), timeout=PATIENCE_S)
        answers.append(str(wrong.status_code))
        answers.append(requests.get(address, timeout=PATIENCE_S).text)

    def open_page(address: str) -> None:
        threads.append(threading.Thread(target=visit, args=[address]))
        threads[0].start()

    browser(open_page)
    ran = tezi("kite", "login", "--open", "--redirect", back)
    threads[0].join(PATIENCE_S)
    assert ran.code == 0
    assert answers[0] == "404"
    assert "this page may be closed" in answers[1]
    assert kept(home) == kite.access
    assert "request_token" not in ran.words


def test_where_something_serves_the_address_it_asks(
    tezi: Tezi, kite: Kite, home: Path, monkeypatch: pytest.MonkeyPatch
):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        paste(monkeypatch, kite.issue())
        port = taken.getsockname()[1]
        ran = tezi("kite", "login", "--redirect", f"http://127.0.0.1:{port}/kite/callback")
    assert ran.code == 0
    assert "paste the address" in ran.words
    assert kept(home) == kite.access


def test_status_asks_kite_about_what_is_kept(
    tezi: Tezi, kite: Kite, monkeypatch: pytest.MonkeyPatch
):
    before = tezi("kite", "status")
    assert before.code == 1
    assert f"{SHOWN} required Nobody has signed in to Kite yet: sign in." in before.words
    sign_in(tezi, kite, monkeypatch)
    after = tezi("kite", "status")
    assert after.code == 0
    assert re.search(rf"{SHOWN} valid Kite took the token at [\d:]+ IST\.", after.words)
    assert kite.exchange.asked["profile"] == 1


def test_logout_forgets_the_token(
    tezi: Tezi, kite: Kite, home: Path, monkeypatch: pytest.MonkeyPatch
):
    sign_in(tezi, kite, monkeypatch)
    ran = tezi("kite", "logout", "--key", "y001")
    assert ran.code == 0
    assert "Signed out of Kite" in ran.words
    assert kept(home) is None
    assert tezi("kite", "status").code == 1


def test_an_unknown_key_is_answered_with_those_that_are_set(tezi: Tezi, kite: Kite):
    ran = tezi("kite", "logout", "--key", "9999")
    assert ran.code == 2
    assert f"Which API key is meant? There are: {SHOWN}." in ran.words


@pytest.mark.parametrize("command", ["login", "status", "logout"])
def test_without_an_api_key_it_says_what_to_set_and_makes_nothing(
    tezi: Tezi, home: Path, command: str
):
    ran = tezi("kite", command)
    assert ran.code == 2
    assert "set TEZI_KITE_API_KEY and TEZI_KITE_API_SECRET" in ran.words
    assert not home.exists()


def test_a_wrong_configuration_is_listed(tezi: Tezi, kite: Kite, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEZI_KITE_API_SECRET", "")
    monkeypatch.setenv("TEZI_STRIKES", "0")
    ran = tezi("kite", "status")
    assert ran.code == 2
    assert "TEZI_STRIKES cannot be used" in ran.words
    assert "TEZI_KITE_API_KEY is set and TEZI_KITE_API_SECRET is not" in ran.words
