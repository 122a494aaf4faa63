"""Accounts and what belongs to them: kept once, spent once, revoked for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import insert, select

from dashboard.core.errors import DuplicateError
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.tables import account, invitation

T = TypeVar("T")
PROCESSES = 4


@pytest.fixture
def accounts(database: Database) -> SqlAccounts:
    return SqlAccounts(database)


@pytest.fixture
def starts(database: Database) -> Iterator[list[SqlAccounts]]:
    """Return stores that share the database and nothing else, as several processes do."""
    with ExitStack() as open_ones:
        url = database.url.render_as_string(hide_password=False)
        databases = [Database(url) for _ in range(PROCESSES)]
        for each in databases:
            open_ones.callback(each.close)
        yield [SqlAccounts(each) for each in databases]


def at_once(starts: list[SqlAccounts], act: Callable[[int, SqlAccounts], T]) -> list[T]:
    together = Barrier(len(starts))

    def act_together(number: int) -> T:
        starts[number].count_accounts()  # connects
        together.wait()
        return act(number, starts[number])

    with ThreadPoolExecutor(len(starts)) as threads:
        return list(threads.map(act_together, range(len(starts))))


def keep_link(database: Database, token_hash: str, expires_ns: int = 100) -> None:
    """Keep a link beside the others, as before a newer one replaced the older."""
    row = {"hash": token_hash, "expires_ns": expires_ns, "role": "owner"}
    with database.writing() as connection:
        connection.execute(insert(invitation).values(row))


def links(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(invitation.c.hash)).scalars())


def test_finds_an_account_whatever_the_case_of_its_name(accounts: SqlAccounts):
    made = accounts.create_account("Élodie", "$argon2id$1", "owner", created_ns=7)
    found = accounts.find_account("éLODIE")
    assert found == made
    assert (made.name, made.role, made.created_ns, made.disabled) == ("Élodie", "owner", 7, False)


def test_knows_no_account_before_the_first(accounts: SqlAccounts):
    assert accounts.count_accounts() == 0
    assert accounts.find_account("nobody") is None


def test_refuses_a_name_twice(accounts: SqlAccounts):
    accounts.create_account("asha", "h", "researcher")
    with pytest.raises(DuplicateError, match="'ASHA' is taken: choose another"):
        accounts.create_account("ASHA", "h", "researcher")
    assert accounts.count_accounts() == 1


def test_changes_a_password_and_shuts_an_account_out(accounts: SqlAccounts):
    made = accounts.create_account("asha", "old", "researcher")
    accounts.set_password_hash(made.id, "new")
    accounts.set_disabled(made.id, True)
    found = accounts.get_account(made.id)
    assert found is not None
    assert (found.password_hash, found.disabled) == ("new", True)
    assert accounts.list_accounts() == [found]


def test_a_link_creates_the_first_account_and_is_spent(accounts: SqlAccounts):
    accounts.replace_invitation("hash", expires_ns=100, role="owner")
    assert accounts.is_invited("hash", 50)
    made = accounts.create_first_account("hash", "Asha", "h", 50)
    assert made == accounts.find_account("asha")
    assert made is not None
    assert (made.name, made.role, made.created_ns, made.disabled) == ("Asha", "owner", 50, False)
    assert not accounts.is_invited("hash", 51)


def test_a_link_ends(accounts: SqlAccounts):
    accounts.replace_invitation("hash", expires_ns=100, role="owner")
    for token_hash, now_ns in (("hash", 100), ("another", 1)):
        assert not accounts.is_invited(token_hash, now_ns)
        assert accounts.create_first_account(token_hash, "asha", "h", now_ns) is None
    assert accounts.count_accounts() == 0


def test_a_link_is_not_spent_where_there_is_an_account(accounts: SqlAccounts):
    accounts.create_account("asha", "h", "owner")
    accounts.replace_invitation("hash", expires_ns=100, role="owner")
    assert accounts.create_first_account("hash", "bina", "h", 50) is None
    assert accounts.is_invited("hash", 50)
    assert accounts.count_accounts() == 1


def test_a_new_link_replaces_every_older_one(database: Database, accounts: SqlAccounts):
    keep_link(database, "first")
    keep_link(database, "second")
    accounts.replace_invitation("third", expires_ns=100, role="owner")
    assert links(database) == ["third"]


def test_starts_at_the_same_moment_leave_one_link(database: Database, starts: list[SqlAccounts]):
    at_once(starts, lambda n, store: store.replace_invitation(f"link {n}", 100, "owner"))
    assert len(links(database)) == 1


def test_one_link_spent_by_several_at_once_makes_one_account(
    accounts: SqlAccounts, starts: list[SqlAccounts]
):
    accounts.replace_invitation("hash", expires_ns=100, role="owner")
    made = at_once(starts, lambda n, store: store.create_first_account("hash", f"name{n}", "h", 5))
    assert [each for each in made if each] == accounts.list_accounts()
    assert accounts.count_accounts() == 1


def test_several_links_spent_at_once_make_one_account(
    database: Database, accounts: SqlAccounts, starts: list[SqlAccounts]
):
    for number in range(PROCESSES):
        keep_link(database, f"link {number}")
    made = at_once(
        starts, lambda n, store: store.create_first_account(f"link {n}", f"name{n}", "h", 5)
    )
    assert [each for each in made if each] == accounts.list_accounts()
    assert accounts.count_accounts() == 1


def test_a_link_waits_for_an_account_that_is_being_made(
    database: Database, accounts: SqlAccounts, starts: list[SqlAccounts]
):
    accounts.replace_invitation("hash", expires_ns=100, role="owner")
    row = {"name": "asha", "name_key": "asha", "password_hash": "h", "role": "owner"}
    with ThreadPoolExecutor(1) as thread:
        with database.writing() as connection:
            connection.execute(insert(account).values(created_ns=1, disabled=False, **row))
            spent = thread.submit(starts[0].create_first_account, "hash", "bina", "h", 50)
            wait([spent], timeout=0.5)  # one that does not wait has made its account by then
        assert spent.result() is None
    assert [each.name for each in accounts.list_accounts()] == ["asha"]


def test_a_token_is_good_until_it_is_revoked(accounts: SqlAccounts):
    made = accounts.create_account("asha", "h", "researcher")
    accounts.remember_token("one", made.id, expires_ns=100)
    accounts.remember_token("two", made.id, expires_ns=200)
    assert not accounts.is_revoked("one")
    accounts.revoke_token("one")
    assert accounts.is_revoked("one")
    assert accounts.revoke_all(made.id) == ["two"]
    assert accounts.is_revoked("two")


def test_the_tokens_of_an_account_that_is_shut_out_are_worthless(accounts: SqlAccounts):
    made, other = (accounts.create_account(name, "h", "researcher") for name in ("asha", "bina"))
    accounts.remember_token("before", made.id, expires_ns=100)
    accounts.remember_token("of another", other.id, expires_ns=100)
    accounts.set_disabled(made.id, True)
    accounts.remember_token("while", made.id, expires_ns=100)  # of a sign-in under way
    assert accounts.is_revoked("before")
    assert accounts.is_revoked("while")
    assert not accounts.is_revoked("of another")


def test_letting_an_account_in_again_brings_no_old_token_back(accounts: SqlAccounts):
    made = accounts.create_account("asha", "h", "researcher")
    accounts.remember_token("before", made.id, expires_ns=100)
    accounts.set_disabled(made.id, True)
    accounts.set_disabled(made.id, False)
    accounts.remember_token("after", made.id, expires_ns=100)
    assert accounts.is_revoked("before")
    assert not accounts.is_revoked("after")


def test_a_token_that_was_never_handed_out_is_worthless(accounts: SqlAccounts):
    assert accounts.is_revoked("forged")


def test_forgets_tokens_that_have_ended(accounts: SqlAccounts):
    made = accounts.create_account("asha", "h", "researcher")
    accounts.remember_token("one", made.id, expires_ns=100)
    accounts.remember_token("two", made.id, expires_ns=200)
    assert accounts.forget_tokens(100) == 1
    assert not accounts.is_revoked("two")


def test_the_first_setting_stays(accounts: SqlAccounts):
    assert accounts.get_setting("key") is None
    with ThreadPoolExecutor(4) as threads:
        kept = set(threads.map(lambda n: accounts.set_setting("key", str(n)), range(4)))
    assert kept == {accounts.get_setting("key")}
    accounts.replace_setting("key", "another")
    assert accounts.get_setting("key") == "another"
