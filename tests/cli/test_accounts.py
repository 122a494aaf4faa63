"""`tezi accounts`: who may sign in, from a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Role
from dashboard.core.clock import SystemClock
from dashboard.core.errors import AuthError
from storage.accounts import SqlAccounts
from storage.schema import open_database
from storage.sealing import Seal, load_key
from tests.cli.conftest import Tezi

PASSWORD = "correct horse battery"
HERE = "10.0.0.1"


@pytest.fixture
def running(home: Path) -> Callable[[], object]:
    """Return what opens the use cases as a running Tezi has them."""

    @contextmanager
    def running() -> Iterator[Accounts]:
        home.mkdir(exist_ok=True)
        database = open_database(f"sqlite:///{home / 'tezi.sqlite'}")
        yield Accounts(SqlAccounts(database), SystemClock(), seal=Seal(load_key(home)))
        database.close()

    return running


@pytest.fixture
def cookie(running) -> str:
    """Create the owner, aruna, and return the cookie's token."""
    with running() as accounts:
        link = accounts.first_start_link() or ""
        return accounts.accept_invitation(link, "aruna", PASSWORD, HERE)


def add(running, name: str, role: Role = Role.VIEWER) -> str:
    with running() as accounts:
        return accounts.accept_invitation(accounts.invite(None, role), name, PASSWORD, HERE)


def is_in(running, cookie: str) -> bool:
    with running() as accounts:
        try:
            accounts.verify(cookie)
        except AuthError:
            return False
        return True


def test_without_an_account_it_says_how_the_first_is_made(tezi: Tezi):
    ran = tezi("accounts", "list")
    assert ran.code == 0
    assert "There is no account yet: start Tezi" in ran.words
    assert "use the link that Tezi prints" in tezi("accounts", "invite", "--role", "viewer").words


def test_lists_accounts_and_what_they_are_for(tezi: Tezi, running, cookie: str):
    add(running, "bina")
    tezi("accounts", "disable", "bina")
    first, second = tezi("accounts", "list").out.splitlines()
    assert first.split()[:4] == ["aruna", "owner", "last", "seen"]
    assert second.split()[:2] == ["bina", "viewer"]
    assert second.endswith("shut out")


def test_a_printed_link_makes_an_account_of_that_role(
    tezi: Tezi, running, cookie: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TEZI_PUBLIC_URL", "https://desk.example/")
    ran = tezi("accounts", "invite", "--role", "researcher")
    address, _, token = ran.words.partition("token=")
    assert address == "https://desk.example/welcome?"
    with running() as accounts:
        accounts.accept_invitation(token, "bina", PASSWORD, HERE)
        assert accounts.accounts()[-1].role is Role.RESEARCHER


def test_shuts_out_and_lets_in(tezi: Tezi, running, cookie: str):
    bina = add(running, "bina")
    assert tezi("accounts", "disable", "BINA").code == 0
    assert not is_in(running, bina)
    assert "bina may sign in." in tezi("accounts", "enable", "bina").words
    with running() as accounts:
        accounts.sign_in("bina", PASSWORD, HERE)


def test_the_last_owner_is_not_shut_out(tezi: Tezi, running, cookie: str):
    for words in (("disable", "aruna"), ("set-role", "aruna", "viewer")):
        ran = tezi("accounts", *words)
        assert ran.code == 2
        assert "This is the only owner who can sign in" in ran.words
    assert is_in(running, cookie)


def test_gives_another_role(tezi: Tezi, running, cookie: str):
    add(running, "bina")
    assert "bina is owner now." in tezi("accounts", "set-role", "bina", "owner").words
    assert tezi("accounts", "set-role", "aruna", "viewer").code == 0


def test_a_new_password_is_asked_for_and_ends_the_sessions(
    tezi: Tezi, running, cookie: str, monkeypatch: pytest.MonkeyPatch
):
    new = "another horse battery"
    monkeypatch.setattr("getpass.getpass", lambda *_: new)
    ran = tezi("accounts", "set-password", "aruna")
    assert ran.code == 0, ran.words
    assert new not in ran.words
    assert not is_in(running, cookie)
    with running() as accounts:
        accounts.sign_in("aruna", new, HERE)


def test_a_password_is_no_argument(tezi: Tezi, cookie: str):
    assert tezi("accounts", "set-password", "aruna", "another horse battery").code == 2


def test_ends_sessions(tezi: Tezi, running, cookie: str):
    ran = tezi("accounts", "end-sessions", "aruna")
    assert "Sessions of aruna that were ended: 1." in ran.words
    assert not is_in(running, cookie)


def test_says_that_no_codes_were_asked_for(tezi: Tezi, cookie: str):
    assert "aruna was not asked for codes." in tezi("accounts", "remove-code", "aruna").words


def test_signs_with_another_key_and_tokens_of_before_stay_good(tezi: Tezi, running, cookie: str):
    ran = tezi("accounts", "rotate-keys")
    with running() as accounts:
        new, old = accounts.tokens.jwks()["keys"]
    assert f"signed with key {new['kid']} now" in ran.words
    assert old["kid"] not in ran.words
    assert is_in(running, cookie)


def test_an_unknown_name_is_told(tezi: Tezi, cookie: str):
    ran = tezi("accounts", "disable", "nobody")
    assert ran.code == 2
    assert "There is no account 'nobody'" in ran.words
