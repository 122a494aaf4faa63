"""Accounts: the first one by its link, signing in and out, and what ends a token."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from argon2 import PasswordHasher

from dashboard.auth.accounts import Accounts, check_name
from dashboard.auth.passwords import Passwords
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, InputError, TooManyTriesError
from storage.accounts import SqlAccounts

PASSWORD = "correct horse battery"
HERE = "10.0.0.1"


@pytest.fixture
def owner(accounts: Accounts) -> str:
    """Create the owner and return the token that doing so gave."""
    return accounts.create_owner(accounts.first_start_link() or "", "Aruna", PASSWORD)


def test_the_link_creates_the_owner_and_signs_in(accounts: Accounts, owner: str):
    claims = accounts.verify(owner)
    assert (claims.name, claims.role) == ("aruna", "owner")


def test_the_link_works_once(accounts: Accounts):
    link = accounts.first_start_link() or ""
    accounts.create_owner(link, "aruna", PASSWORD)
    with pytest.raises(AuthError, match="exists already"):
        accounts.create_owner(link, "second", PASSWORD)


def test_no_link_is_made_once_the_owner_exists(accounts: Accounts, owner: str):
    assert accounts.first_start_link() is None
    assert not accounts.needs_owner()


def test_a_new_start_replaces_the_link_of_an_earlier_one(accounts: Accounts):
    early, late = accounts.first_start_link() or "", accounts.first_start_link() or ""
    with pytest.raises(AuthError, match="use the newest one"):
        accounts.create_owner(early, "second", PASSWORD)
    assert accounts.verify(accounts.create_owner(late, "aruna", PASSWORD)).name == "aruna"


def test_two_people_with_the_link_make_one_owner(accounts: Accounts, store: SqlAccounts):
    link = accounts.first_start_link() or ""
    together = Barrier(4)

    def create(name: str) -> str:
        together.wait()
        try:
            return accounts.verify(accounts.create_owner(link, name, PASSWORD)).name
        except AuthError as error:
            return str(error)

    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(create, ["aruna", "bina", "chitra", "divya"]))
    (owner,) = store.list_accounts()
    assert sorted(replies) == sorted(
        [owner.name, *3 * ["The owner's account exists already: sign in."]]
    )


def test_a_guessed_link_costs_no_slow_hash(
    store: SqlAccounts, clock: ManualClock, quick: PasswordHasher
):
    hashed: list[str] = []

    class Counting(Passwords):
        def hash(self, password: str) -> str:
            hashed.append(password)
            return super().hash(password)

    accounts = Accounts(store, clock, passwords=Counting(quick))
    link = accounts.first_start_link() or ""
    with pytest.raises(AuthError):
        accounts.create_owner("guess", "aruna", PASSWORD)
    assert hashed == []
    accounts.create_owner(link, "aruna", PASSWORD)
    assert hashed == [PASSWORD]


def test_the_link_is_over_after_a_day(accounts: Accounts, clock: ManualClock):
    link = accounts.first_start_link() or ""
    clock.advance(24 * 3600)
    with pytest.raises(AuthError, match="not valid any more"):
        accounts.create_owner(link, "aruna", PASSWORD)


def test_a_guessed_link_creates_nothing(accounts: Accounts):
    accounts.first_start_link()
    with pytest.raises(AuthError, match="not valid any more"):
        accounts.create_owner("guess", "aruna", PASSWORD)
    assert accounts.needs_owner()


def test_a_refused_password_does_not_spend_the_link(accounts: Accounts):
    link = accounts.first_start_link() or ""
    with pytest.raises(InputError, match="at least 12"):
        accounts.create_owner(link, "aruna", "short")
    accounts.create_owner(link, "aruna", PASSWORD)


def test_signs_in_whatever_the_case_of_the_name(accounts: Accounts, owner: str):
    assert accounts.verify(accounts.sign_in(" ARUNA ", PASSWORD, HERE)).name == "aruna"


def test_a_wrong_name_and_a_wrong_password_are_refused_in_the_same_words(
    accounts: Accounts, owner: str
):
    with pytest.raises(AuthError) as wrong_name:
        accounts.sign_in("nobody", PASSWORD, "10.0.0.2")
    with pytest.raises(AuthError) as wrong_password:
        accounts.sign_in("aruna", "wrong horse battery", "10.0.0.3")
    assert str(wrong_name.value) == "User name or password is wrong. 4 tries left."
    assert str(wrong_password.value) == str(wrong_name.value)


def test_the_sixth_try_is_refused_even_with_the_right_password(accounts: Accounts, owner: str):
    for _ in range(5):
        with pytest.raises(AuthError, match="is wrong"):
            accounts.sign_in("aruna", "wrong horse battery", HERE)
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("aruna", PASSWORD, HERE)


def test_a_disabled_account_is_refused_like_a_wrong_password(
    accounts: Accounts, owner: str, store: SqlAccounts
):
    store.set_disabled(accounts.verify(owner).account_id, True)
    with pytest.raises(AuthError, match="User name or password is wrong"):
        accounts.sign_in("aruna", PASSWORD, HERE)


def test_disabling_an_account_ends_its_sign_ins_at_once(
    accounts: Accounts, owner: str, store: SqlAccounts
):
    claims = accounts.verify(owner)
    assert not accounts.is_over(claims.jti, claims.expires_s)
    store.set_disabled(claims.account_id, True)
    assert accounts.is_over(claims.jti, claims.expires_s)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(owner)


def test_an_account_that_is_let_in_again_signs_in_anew(
    accounts: Accounts, owner: str, store: SqlAccounts
):
    number = accounts.verify(owner).account_id
    store.set_disabled(number, True)
    store.set_disabled(number, False)
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(owner)
    assert accounts.verify(accounts.sign_in("aruna", PASSWORD, HERE)).account_id == number


def test_signing_out_ends_that_token_only(accounts: Accounts, owner: str):
    other = accounts.sign_in("aruna", PASSWORD, HERE)
    assert accounts.sign_out(owner) is not None
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(owner)
    accounts.verify(other)


def test_signing_out_with_no_valid_token_is_no_error(accounts: Accounts):
    assert accounts.sign_out("nothing") is None


def test_a_token_signed_but_never_handed_out_counts_for_nothing(accounts: Accounts, owner: str):
    token, _ = accounts.tokens.issue(1, "aruna", "owner")
    with pytest.raises(AuthError):
        accounts.verify(token)


def test_a_new_password_ends_every_sign_in(accounts: Accounts, owner: str):
    accounts.change_password("aruna", "another horse battery")
    with pytest.raises(AuthError, match="ended"):
        accounts.verify(owner)
    accounts.sign_in("aruna", "another horse battery", HERE)


def test_is_over_when_expired_or_ended(accounts: Accounts, owner: str, clock: ManualClock):
    claims = accounts.verify(owner)
    assert not accounts.is_over(claims.jti, claims.expires_s)
    clock.advance(12 * 3600)
    assert accounts.is_over(claims.jti, claims.expires_s)


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(
    store: SqlAccounts, clock: ManualClock, quick: PasswordHasher
):
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    before = Accounts(store, clock, passwords=Passwords(older))
    before.create_owner(before.first_start_link() or "", "aruna", PASSWORD)
    after = Accounts(store, clock, passwords=Passwords(quick))
    after.sign_in("aruna", PASSWORD, HERE)
    kept = store.find_account("aruna")
    assert kept is not None
    assert "t=1,p=1" in kept.password_hash
    after.sign_in("aruna", PASSWORD, HERE)


def test_keeps_neither_link_nor_password_in_the_open(
    accounts: Accounts, store: SqlAccounts, tmp_path
):
    link = accounts.first_start_link() or ""
    token = accounts.create_owner(link, "aruna", PASSWORD)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert b"aruna" in kept
    for secret in (link, PASSWORD, token):
        assert secret.encode() not in kept


@pytest.mark.parametrize("name", ["ab", "a b c", ".aruna", "aruna.", "a" * 33, "aruna\n2", "अरुणा"])
def test_refuses_a_name_that_is_hard_to_type_or_read(name: str):
    with pytest.raises(InputError, match="3 to 32"):
        check_name(name)
