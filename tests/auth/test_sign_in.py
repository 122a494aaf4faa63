"""Signing in: the right one gets in, whatever is wrong is refused in the same words."""

import pytest
from argon2 import PasswordHasher

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity
from dashboard.auth.names import check_name
from dashboard.auth.passwords import Passwords
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, InputError, TooManyTriesError
from storage.accounts import SqlAccounts
from storage.sealing import Seal
from tests.auth.conftest import HERE, PASSWORD

WRONG = "wrong horse battery"


def test_signs_in_whatever_the_case_of_the_name(accounts: Accounts, owner: Identity):
    claims = accounts.verify(accounts.sign_in(" ARUNA ", PASSWORD, HERE))
    assert (claims.name, claims.role, claims.account_id) == ("aruna", "owner", owner.account_id)


def test_a_program_signs_in_too(accounts: Accounts, owner: Identity, clock: ManualClock):
    clock.advance(1)
    grant = accounts.open_session("aruna", PASSWORD, HERE, agent="tezi sdk")
    assert grant.access_expires_s * 10**9 == clock.now_ns() + 15 * 60 * 10**9
    assert grant.refresh_expires_s * 10**9 == clock.now_ns() + 14 * 24 * 3600 * 10**9
    assert accounts.identify(bearer=grant.access) == grant.identity
    assert [each.agent for each in accounts.sessions(owner.account_id)] == ["tezi sdk", ""]


def test_a_wrong_name_and_a_wrong_password_are_refused_in_the_same_words(
    accounts: Accounts, owner: Identity
):
    with pytest.raises(AuthError) as wrong_name:
        accounts.sign_in("nobody", PASSWORD, "10.0.0.2")
    with pytest.raises(AuthError) as wrong_password:
        accounts.sign_in("aruna", WRONG, "10.0.0.3")
    assert str(wrong_name.value) == "User name or password is wrong. 4 tries left."
    assert str(wrong_password.value) == str(wrong_name.value)


def test_the_sixth_try_is_refused_even_with_the_right_password(accounts: Accounts, owner: Identity):
    for _ in range(5):
        with pytest.raises(AuthError, match="is wrong"):
            accounts.sign_in("aruna", WRONG, HERE)
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("aruna", PASSWORD, HERE)


def test_strangers_lock_nobody_out(accounts: Accounts, owner: Identity, slept: list[float]):
    for number in range(30):
        with pytest.raises(AuthError):
            accounts.sign_in("aruna", WRONG, f"10.7.{number}.1")
    assert slept[-1] == 5.0
    slept.clear()
    accounts.sign_in("aruna", PASSWORD, HERE)  # from where the owner signed up
    assert slept == []
    accounts.sign_in("aruna", PASSWORD, "10.8.0.1")  # from a new place it only takes longer
    assert slept == [5.0]
    accounts.sign_in("aruna", PASSWORD, "10.8.0.1")  # which is known from then on
    assert slept == [5.0]


def test_a_right_password_is_not_held_against_its_address(accounts: Accounts, owner: Identity):
    for _ in range(30):
        accounts.sign_in("aruna", PASSWORD, HERE)


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(
    store: SqlAccounts, clock: ManualClock, seal: Seal, accounts: Accounts
):
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    before = Accounts(store, clock, seal=seal, passwords=Passwords(older))
    before.accept_invitation(before.first_start_link() or "", "aruna", PASSWORD, HERE)
    accounts.sign_in("aruna", PASSWORD, HERE)
    kept = store.find_account("aruna")
    assert kept is not None
    assert "t=1,p=1" in kept.password_hash
    accounts.sign_in("aruna", PASSWORD, HERE)


def test_keeps_no_secret_in_the_open(
    accounts: Accounts, cookie: str, owner: Identity, code_of, tmp_path
):
    grant = accounts.open_session("aruna", PASSWORD, HERE)
    key = accounts.make_api_key(owner.account_id, "nightly", owner.scopes)
    link = accounts.invite(owner, owner.role)
    offer = accounts.enrol_totp(owner.account_id)
    accounts.confirm_totp(owner.account_id, code_of(offer.secret))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert b"aruna" in kept
    secrets = (PASSWORD, cookie, grant.access, grant.refresh, key.key, link, offer.secret)
    for secret in (*secrets, "PRIVATE KEY"):
        assert secret.encode() not in kept


@pytest.mark.parametrize("name", ["ab", "a b c", ".aruna", "aruna.", "a" * 33, "aruna\n2", "अरुणा"])
def test_refuses_a_name_that_is_hard_to_type_or_read(name: str):
    with pytest.raises(InputError, match="3 to 32"):
        check_name(name)
