"""Accounts and what belongs to them: kept once, spent once, revoked for good."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import insert, select

from dashboard.auth.identity import Role
from dashboard.auth.records import AccountInfo, Kind
from dashboard.core.errors import DuplicateError
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.tables import account, invitation
from tests.storage.people import PROCESSES, at_once, make_key, open_session


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


def test_a_hash_is_renewed_unless_the_password_was_changed_meanwhile(accounts: SqlAccounts):
    made = accounts.create_account("asha", "old", "researcher")
    accounts.renew_hash(made.id, "old", "newer")
    accounts.change_password(made.id, "of another password", 5)
    accounts.renew_hash(made.id, "newer", "newest")
    found = accounts.get_account(made.id)
    assert found is not None
    assert found.password_hash == "of another password"


def test_describes_accounts_as_the_owner_sees_them(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner", created_ns=3)
    bina = accounts.create_account("bina", "h", "viewer", created_ns=4)
    accounts.factors.offer(asha.id, b"sealed")
    accounts.factors.use_step(asha.id, 7, confirmed=False)
    accounts.factors.offer(bina.id, b"sealed")  # not confirmed yet
    open_session(accounts, asha, "one", now_ns=9)
    assert accounts.describe_accounts() == [
        AccountInfo(asha.id, "asha", Role.OWNER, 3, False, True, 9),
        AccountInfo(bina.id, "bina", Role.VIEWER, 4, False, False, None),
    ]


# -- links ---------------------------------------------------------------------------------
def test_a_link_creates_the_first_account_and_is_spent(accounts: SqlAccounts):
    accounts.invitations.replace_first("hash", 1, 100)
    assert accounts.invitations.is_good("hash", 50)
    made = accounts.invitations.spend("hash", "Asha", "h", 50)
    assert made == accounts.find_account("asha")
    assert made is not None
    assert (made.name, made.role, made.created_ns, made.disabled) == ("Asha", "owner", 50, False)
    assert not accounts.invitations.is_good("hash", 51)
    assert accounts.invitations.spend("hash", "bina", "h", 51) is None


def test_a_link_ends(accounts: SqlAccounts):
    accounts.invitations.replace_first("hash", 1, 100)
    for token_hash, now_ns in (("hash", 100), ("another", 1)):
        assert not accounts.invitations.is_good(token_hash, now_ns)
        assert accounts.invitations.spend(token_hash, "asha", "h", now_ns) is None
    assert accounts.count_accounts() == 0


def test_no_first_link_is_kept_where_there_is_an_account(accounts: SqlAccounts):
    accounts.create_account("asha", "h", "owner")
    assert not accounts.invitations.replace_first("hash", 1, 100)
    assert not accounts.invitations.is_good("hash", 50)


def test_a_new_first_link_replaces_every_older_one(database: Database, accounts: SqlAccounts):
    for name in ("first", "second", "third"):
        accounts.invitations.replace_first(name, 1, 100)
    assert links(database) == ["third"]


def test_starts_at_the_same_moment_leave_one_link(database: Database, starts: list[SqlAccounts]):
    at_once(starts, lambda n, store: store.invitations.replace_first(f"link {n}", 1, 100))
    assert len(links(database)) == 1


def test_one_link_spent_by_several_at_once_makes_one_account(
    accounts: SqlAccounts, starts: list[SqlAccounts]
):
    accounts.invitations.replace_first("hash", 1, 100)
    made = at_once(starts, lambda n, store: store.invitations.spend("hash", f"name{n}", "h", 5))
    assert [each for each in made if each] == accounts.list_accounts()
    assert accounts.count_accounts() == 1


def test_several_first_links_spent_at_once_make_one_account(
    accounts: SqlAccounts, starts: list[SqlAccounts]
):
    for number in range(PROCESSES):
        accounts.invitations.add(f"link {number}", Role.OWNER, 1, 100, None)
    made = at_once(
        starts, lambda n, store: store.invitations.spend(f"link {n}", f"name{n}", "h", 5)
    )
    assert [each for each in made if each] == accounts.list_accounts()
    assert accounts.count_accounts() == 1


def test_a_first_link_waits_for_an_account_that_is_being_made(
    database: Database, accounts: SqlAccounts, starts: list[SqlAccounts]
):
    row = {"name": "asha", "name_key": "asha", "password_hash": "h", "role": "owner"}
    with ThreadPoolExecutor(1) as thread:
        with database.writing() as connection:
            connection.execute(insert(account).values(created_ns=1, disabled=False, **row))
            kept = thread.submit(starts[0].invitations.replace_first, "hash", 1, 100)
            wait([kept], timeout=0.5)  # one that does not wait has kept its link by then
        assert kept.result() is False
    assert links(database) == []


def test_a_name_that_is_taken_does_not_spend_the_link(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    accounts.invitations.add("hash", Role.VIEWER, 1, 100, asha.id)
    with pytest.raises(DuplicateError):
        accounts.invitations.spend("hash", "ASHA", "h", 5)
    made = accounts.invitations.spend("hash", "bina", "h", 5)
    assert made is not None
    assert made.role == "viewer"


def test_lists_the_links_that_are_good_and_withdraws_one(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    accounts.invitations.add("over", Role.VIEWER, 1, 10, asha.id)
    accounts.invitations.add("hash", Role.RESEARCHER, 2, 100, asha.id)
    (good,) = accounts.invitations.good(50)
    assert (good.role, good.created_ns, good.expires_ns, good.by) == ("researcher", 2, 100, "asha")
    assert accounts.invitations.withdraw(good.id)
    assert not accounts.invitations.withdraw(good.id)
    assert not accounts.invitations.is_good("hash", 50)


def test_links_that_are_over_or_spent_are_forgotten(database: Database, accounts: SqlAccounts):
    for name, ends in (("spent", 100), ("over", 10), ("good", 100)):
        accounts.invitations.add(name, Role.VIEWER, 1, ends, None)
    accounts.create_account("asha", "h", "owner")
    accounts.invitations.spend("spent", "bina", "h", 5)
    accounts.invitations.forget(50)
    assert links(database) == ["good"]


# -- roles and shutting out ------------------------------------------------------------------
def test_the_last_owner_who_can_sign_in_stays_one(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    bina = accounts.create_account("bina", "h", "owner")
    assert accounts.set_disabled(bina.id, True, 5) is not None
    assert accounts.set_role(asha.id, Role.VIEWER, 5) is None
    assert accounts.set_disabled(asha.id, True, 5) is None
    accounts.set_disabled(bina.id, False, 5)
    assert accounts.set_role(asha.id, Role.VIEWER, 5) is not None


def test_of_owners_who_demote_each_other_at_once_one_stays(
    accounts: SqlAccounts, starts: list[SqlAccounts]
):
    owners = [accounts.create_account(f"name{n}", "h", "owner") for n in range(PROCESSES)]
    at_once(starts, lambda n, store: store.set_role(owners[n].id, Role.VIEWER, 5))
    assert [each.role for each in accounts.list_accounts()].count("owner") == 1


def test_shutting_out_ends_sessions_keys_and_links(accounts: SqlAccounts):
    accounts.create_account("asha", "h", "owner")
    bina = accounts.create_account("bina", "h", "owner")
    open_session(accounts, bina, "page")
    open_session(accounts, bina, "api", Kind.API)
    make_key(accounts, bina, "0000000a")
    accounts.invitations.add("hash", Role.OWNER, 1, 100, bina.id)
    ended = accounts.set_disabled(bina.id, True, 5)
    assert ended is not None
    assert sorted(ended.credentials) == ["k:0000000a", "s:api", "s:page"]
    accounts.set_disabled(bina.id, False, 6)  # brings nothing of it back
    assert accounts.sessions.standing("page", 7) is None
    assert accounts.api_keys.standing("0000000a", 7) is None
    assert not accounts.invitations.is_good("hash", 7)


def test_another_role_ends_the_pages_and_the_programs_go_on_with_it(accounts: SqlAccounts):
    accounts.create_account("asha", "h", "owner")
    bina = accounts.create_account("bina", "h", "owner")
    open_session(accounts, bina, "page")
    open_session(accounts, bina, "api", Kind.API)
    make_key(accounts, bina, "0000000a")
    accounts.invitations.add("hash", Role.OWNER, 1, 100, bina.id)
    stale = accounts.set_role(bina.id, Role.VIEWER, 5)
    assert stale is not None
    assert sorted(stale.credentials) == ["k:0000000a", "s:api", "s:page"]
    assert accounts.sessions.standing("page", 7) is None
    standing = accounts.sessions.standing("api", 7)
    assert standing is not None
    assert standing.role is Role.VIEWER
    assert not accounts.invitations.is_good("hash", 7)


def test_another_password_ends_every_session_but_one(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    for sid in ("one", "two", "three"):
        open_session(accounts, asha, sid)
    assert sorted(accounts.change_password(asha.id, "new", 5, "two").sessions) == ["one", "three"]
    assert [each.id for each in accounts.sessions.alive(asha.id, 6)] == ["two"]


# -- addresses ---------------------------------------------------------------------------------
def test_knows_from_where_an_account_signed_in_until_it_is_forgotten(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    accounts.know_address(asha.id, "10.0.0.1", 5)
    accounts.know_address(asha.id, "10.0.0.1", 8)
    assert accounts.is_known_address("ASHA", "10.0.0.1")
    assert not accounts.is_known_address("asha", "10.0.0.2")
    assert not accounts.is_known_address("bina", "10.0.0.1")
    accounts.forget_addresses(8)
    assert accounts.is_known_address("asha", "10.0.0.1")
    accounts.forget_addresses(9)
    assert not accounts.is_known_address("asha", "10.0.0.1")


# -- settings ----------------------------------------------------------------------------------
def test_the_first_setting_stays(accounts: SqlAccounts):
    assert accounts.get_setting("key") is None
    with ThreadPoolExecutor(4) as threads:
        kept = set(threads.map(lambda n: accounts.set_setting("key", str(n)), range(4)))
    assert kept == {accounts.get_setting("key")}
    accounts.replace_setting("key", "another")
    assert accounts.get_setting("key") == "another"
