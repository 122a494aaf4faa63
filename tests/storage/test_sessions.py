"""Sessions and refresh tokens: alive until they are ended, used once, ended by a second use."""

from sqlalchemy import func, select

from dashboard.auth.identity import Role
from dashboard.auth.records import Account, Kind, Renewal, Shown
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.tables import account_session, refresh_token
from tests.storage.people import PROCESSES, at_once, open_session


def person(accounts: SqlAccounts, name: str = "asha") -> Account:
    return accounts.create_account(name, "h", "researcher")


def renewal(new_hash: str, now_ns: int = 5, until_ns: int = 200, longest_ns: int = 900) -> Renewal:
    return Renewal(new_hash, now_ns, until_ns, longest_ns, "10.0.0.2", "tezi sdk")


def test_a_session_stands_for_its_account_until_it_is_over(accounts: SqlAccounts):
    asha = person(accounts)
    assert open_session(accounts, asha, "one")
    standing = accounts.sessions.standing("one", 99)
    assert standing is not None
    assert (standing.account_id, standing.name, standing.role) == (
        asha.id,
        "asha",
        Role.RESEARCHER,
    )
    assert accounts.sessions.standing("one", 100) is None
    assert accounts.sessions.standing("forged", 5) is None


def test_lists_what_is_alive_newest_first(accounts: SqlAccounts):
    asha, bina = person(accounts), person(accounts, "bina")
    open_session(accounts, asha, "old", now_ns=1)
    open_session(accounts, asha, "new", Kind.API, now_ns=2)
    open_session(accounts, asha, "over", expires_ns=4)
    open_session(accounts, bina, "another's")
    new, old = accounts.sessions.alive(asha.id, 5)
    assert (new.id, new.kind, old.id, old.kind) == ("new", Kind.API, "old", Kind.PAGE)
    assert (old.created_ns, old.seen_ns, old.expires_ns) == (1, 1, 100)
    assert (old.address, old.agent) == ("10.0.0.1", "Firefox")


def test_ends_one_session_of_its_own_account_only(accounts: SqlAccounts):
    asha, bina = person(accounts), person(accounts, "bina")
    open_session(accounts, asha, "one")
    assert not accounts.sessions.end(bina.id, "one", 5)
    assert accounts.sessions.end(asha.id, "one", 5)
    assert not accounts.sessions.end(asha.id, "one", 5)
    assert accounts.sessions.standing("one", 6) is None


def test_ends_all_but_one(accounts: SqlAccounts):
    asha = person(accounts)
    for sid in ("one", "two", "three"):
        open_session(accounts, asha, sid)
    assert sorted(accounts.sessions.end_all(asha.id, 5, but="two")) == ["one", "three"]
    assert accounts.sessions.end_all(asha.id, 5) == ["two"]


def test_no_session_is_opened_for_one_who_was_shut_out_under_way(accounts: SqlAccounts):
    accounts.create_account("owner", "h", "owner")
    asha = person(accounts)
    accounts.set_disabled(asha.id, True, 5)
    assert not open_session(accounts, asha, "one")
    accounts.set_disabled(asha.id, False, 6)
    assert accounts.sessions.standing("one", 7) is None


def test_no_session_is_opened_with_a_password_that_was_changed_under_way(accounts: SqlAccounts):
    asha = person(accounts)
    accounts.change_password(asha.id, "another", 5)
    assert not open_session(accounts, asha, "one")


def test_a_refresh_token_is_used_once_and_brings_the_next(accounts: SqlAccounts):
    asha = person(accounts)
    open_session(accounts, asha, "one", Kind.API, refresh_hash="first")
    shown = accounts.sessions.use("first", renewal("second"))
    assert shown == Shown("one", asha.id, "asha", Role.RESEARCHER, False, 200)
    (session,) = accounts.sessions.alive(asha.id, 6)
    assert (session.expires_ns, session.seen_ns) == (200, 5)
    assert (session.address, session.agent) == ("10.0.0.2", "tezi sdk")
    assert accounts.sessions.use("second", renewal("third")) is not None


def test_a_used_refresh_token_ends_the_session(accounts: SqlAccounts):
    asha = person(accounts)
    open_session(accounts, asha, "one", Kind.API, refresh_hash="first")
    accounts.sessions.use("first", renewal("second"))
    again = accounts.sessions.use("first", renewal("third"))
    assert again is not None
    assert again.reused
    assert accounts.sessions.standing("one", 6) is None
    assert accounts.sessions.use("second", renewal("fourth")) is None
    assert accounts.sessions.use("first", renewal("fifth")) is None  # told once


def test_an_unknown_or_over_refresh_token_is_none(accounts: SqlAccounts):
    open_session(accounts, person(accounts), "one", Kind.API, refresh_hash="first")
    assert accounts.sessions.use("guess", renewal("second")) is None
    assert accounts.sessions.use("first", renewal("second", now_ns=100)) is None


def test_a_session_is_not_refreshed_for_ever(accounts: SqlAccounts):
    open_session(accounts, person(accounts), "one", Kind.API, refresh_hash="first")
    shown = accounts.sessions.use("first", renewal("second", until_ns=500, longest_ns=150))
    assert shown is not None
    assert shown.expires_ns == 151  # it was opened at 1


def test_of_refreshes_at_once_one_succeeds_and_the_session_ends(
    accounts: SqlAccounts, starts: list[SqlAccounts]
):
    open_session(accounts, person(accounts), "one", Kind.API, refresh_hash="first")
    shown = at_once(starts, lambda n, store: store.sessions.use("first", renewal(f"next {n}")))
    assert [each.reused for each in shown if each].count(False) == 1
    assert len(shown) == PROCESSES
    assert accounts.sessions.standing("one", 6) is None


def test_seeing_a_session_is_seeing_its_account(accounts: SqlAccounts):
    asha = person(accounts)
    open_session(accounts, asha, "one")
    accounts.sessions.touch("one", 50)
    assert accounts.sessions.alive(asha.id, 51)[0].seen_ns == 50
    assert accounts.describe_accounts()[0].last_seen_ns == 50


def test_forgets_what_is_over(database: Database, accounts: SqlAccounts):
    asha = person(accounts)
    open_session(accounts, asha, "over", expires_ns=10, refresh_hash="a")
    open_session(accounts, asha, "alive", expires_ns=100, refresh_hash="b")
    accounts.sessions.forget(50)
    with database.reading() as connection:
        for table in (account_session, refresh_token):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1
