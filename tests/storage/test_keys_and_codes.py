"""API keys, second factors, signing keys and the audit log as rows."""

import pytest
from sqlalchemy import select

from dashboard.auth.identity import Role, Scope
from dashboard.auth.records import ApiKeyInfo, AuditEvent, Factor, SigningKey
from dashboard.core.errors import DuplicateError
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.tables import api_key
from tests.storage.people import at_once, make_key

JWK = {"kty": "RSA", "n": "n", "e": "AQAB"}


# -- API keys -----------------------------------------------------------------------------
def test_a_key_stands_for_its_account_until_it_is_over_or_revoked(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "researcher")
    make_key(accounts, asha, "0000000a", expires_ns=100)
    standing = accounts.api_keys.standing("0000000a", 99)
    assert standing is not None
    assert (standing.account_id, standing.role) == (asha.id, Role.RESEARCHER)
    assert (standing.scopes, standing.hash) == (frozenset({Scope.READ}), "hash 0000000a")
    assert accounts.api_keys.standing("0000000a", 100) is None
    assert accounts.api_keys.revoke(asha.id, "0000000a", 50)
    assert not accounts.api_keys.revoke(asha.id, "0000000a", 51)
    assert accounts.api_keys.standing("0000000a", 52) is None


def test_a_key_is_revoked_by_its_own_account_only(accounts: SqlAccounts):
    asha, bina = (accounts.create_account(name, "h", "viewer") for name in ("asha", "bina"))
    make_key(accounts, asha, "0000000a")
    assert not accounts.api_keys.revoke(bina.id, "0000000a", 5)
    assert accounts.api_keys.standing("0000000a", 6) is not None


def test_lists_keys_without_their_digests(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    make_key(accounts, asha, "0000000a", now_ns=1, expires_ns=100)
    make_key(accounts, asha, "0000000b", now_ns=2)
    accounts.api_keys.revoke(asha.id, "0000000a", 5)
    accounts.api_keys.touch("0000000b", 7)
    read = frozenset({Scope.READ})
    assert accounts.api_keys.of_account(asha.id) == [
        ApiKeyInfo("0000000b", "nightly", read, 2, None, 7, False),
        ApiKeyInfo("0000000a", "nightly", read, 1, 100, None, True),
    ]
    assert accounts.describe_accounts()[0].last_seen_ns == 7


def test_only_so_many_good_keys_are_kept(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    assert make_key(accounts, asha, "0000000a", most=1)
    assert not make_key(accounts, asha, "0000000b", most=1)
    accounts.api_keys.revoke(asha.id, "0000000a", 5)
    assert make_key(accounts, asha, "0000000b", now_ns=6, most=1)


def test_no_key_is_made_for_one_who_is_shut_out(accounts: SqlAccounts):
    accounts.create_account("owner", "h", "owner")
    asha = accounts.create_account("asha", "h", "viewer")
    accounts.set_disabled(asha.id, True, 5)
    assert not make_key(accounts, asha, "0000000a")


def test_two_keys_never_share_an_id(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    make_key(accounts, asha, "0000000a")
    with pytest.raises(DuplicateError):
        make_key(accounts, asha, "0000000a")


def test_forgets_keys_that_are_long_over(database: Database, accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    make_key(accounts, asha, "0000000a", expires_ns=10)
    make_key(accounts, asha, "0000000b")
    make_key(accounts, asha, "0000000c")
    accounts.api_keys.revoke(asha.id, "0000000b", 20)
    accounts.api_keys.forget(15)
    with database.reading() as connection:
        assert set(connection.execute(select(api_key.c.id)).scalars()) == {"0000000b", "0000000c"}
    accounts.api_keys.forget(30)
    with database.reading() as connection:
        assert list(connection.execute(select(api_key.c.id)).scalars()) == ["0000000c"]


# -- second factors ------------------------------------------------------------------------
def test_an_offer_is_replaced_until_one_is_confirmed(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    assert accounts.factors.offer(asha.id, b"first")
    assert accounts.factors.offer(asha.id, b"second")
    assert accounts.factors.use_step(asha.id, 7, confirmed=False)
    assert not accounts.factors.offer(asha.id, b"third")
    assert accounts.factors.get(asha.id) == Factor(b"second", True, 7)


def test_a_step_is_used_once_and_in_order(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    accounts.factors.offer(asha.id, b"sealed")
    assert not accounts.factors.use_step(asha.id, 7, confirmed=True)  # it is not on yet
    assert accounts.factors.use_step(asha.id, 7, confirmed=False)
    assert not accounts.factors.use_step(asha.id, 7, confirmed=True)
    assert not accounts.factors.use_step(asha.id, 6, confirmed=True)
    assert accounts.factors.use_step(asha.id, 8, confirmed=True)


def test_of_uses_at_once_one_counts(accounts: SqlAccounts, starts: list[SqlAccounts]):
    asha = accounts.create_account("asha", "h", "viewer")
    accounts.factors.offer(asha.id, b"sealed")
    accounts.factors.use_step(asha.id, 7, confirmed=False)
    used = at_once(starts, lambda _, store: store.factors.use_step(asha.id, 8, confirmed=True))
    assert used.count(True) == 1


def test_removes_a_factor_and_says_whether_it_was_on(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "viewer")
    assert not accounts.factors.remove(asha.id)
    accounts.factors.offer(asha.id, b"sealed")
    assert not accounts.factors.remove(asha.id)
    accounts.factors.offer(asha.id, b"sealed")
    accounts.factors.use_step(asha.id, 7, confirmed=False)
    assert accounts.factors.remove(asha.id)
    assert accounts.factors.get(asha.id) is None


# -- signing keys ----------------------------------------------------------------------------
def test_keeps_pairs_newest_first_and_retires_them(accounts: SqlAccounts):
    first, second = SigningKey("a", JWK, b"sealed", 1), SigningKey("b", JWK, b"sealed", 2)
    accounts.signing_keys.add(first)
    accounts.signing_keys.add(second)
    accounts.signing_keys.add(second)
    assert accounts.signing_keys.all() == [second, first]
    accounts.signing_keys.retire_all(5)
    assert [each.retired_ns for each in accounts.signing_keys.all()] == [5, 5]
    accounts.signing_keys.forget(["a"])
    assert [each.kid for each in accounts.signing_keys.all()] == ["b"]


def test_a_pair_that_lay_open_is_taken_over_and_its_setting_is_gone(
    database: Database, accounts: SqlAccounts, tmp_path
):
    accounts.set_setting("old", "a secret that lay open")
    accounts.signing_keys.take_over("old", SigningKey("a", JWK, b"sealed", 1))
    assert accounts.get_setting("old") is None
    assert [each.kid for each in accounts.signing_keys.all()] == ["a"]
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for file in tmp_path.glob("tezi.db*"):
            assert b"lay open" not in file.read_bytes()


# -- the audit log -----------------------------------------------------------------------------
def test_tells_events_newest_first_a_page_at_a_time(accounts: SqlAccounts):
    asha = accounts.create_account("asha", "h", "owner")
    accounts.audit.write(5, asha.id, "sign_in", "", "10.0.0.1")
    accounts.audit.write(6, None, "sign_in_failed", "no such account", "10.0.0.2")
    accounts.audit.write(7, asha.id, "sign_out", "", "")
    newest = accounts.audit.events(None, 2)
    assert [each.event for each in newest] == ["sign_out", "sign_in_failed"]
    (oldest,) = accounts.audit.events(newest[-1].id, 2)
    assert oldest == AuditEvent(oldest.id, 5, "asha", "sign_in", "", "10.0.0.1")
    assert newest[-1].account is None


def test_forgets_old_events(accounts: SqlAccounts):
    for at in (5, 6, 7):
        accounts.audit.write(at, None, "sign_in_failed", "", "")
    accounts.audit.forget(7)
    assert [each.at_ns for each in accounts.audit.events(None, 10)] == [7]
