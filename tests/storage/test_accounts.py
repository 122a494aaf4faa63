"""Accounts and what belongs to them: kept once, spent once, revoked for good."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.core.errors import DuplicateError
from storage.accounts import SqlAccounts
from storage.engine import Database


@pytest.fixture
def accounts(database: Database) -> SqlAccounts:
    return SqlAccounts(database)


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


def test_an_invitation_is_spent_once(accounts: SqlAccounts):
    accounts.create_invitation("hash", expires_ns=100, role="owner")
    with ThreadPoolExecutor(4) as threads:
        roles = list(threads.map(lambda _: accounts.use_invitation("hash", 50), range(4)))
    assert sorted(role or "" for role in roles) == ["", "", "", "owner"]


def test_an_invitation_ends(accounts: SqlAccounts):
    accounts.create_invitation("hash", expires_ns=100, role="owner")
    assert accounts.use_invitation("hash", 100) is None
    assert accounts.use_invitation("another", 1) is None


def test_a_token_is_good_until_it_is_revoked(accounts: SqlAccounts):
    made = accounts.create_account("asha", "h", "researcher")
    accounts.remember_token("one", made.id, expires_ns=100)
    accounts.remember_token("two", made.id, expires_ns=200)
    assert not accounts.is_revoked("one")
    accounts.revoke_token("one")
    assert accounts.is_revoked("one")
    assert accounts.revoke_all(made.id) == ["two"]
    assert accounts.is_revoked("two")


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
