"""One-time codes: offered, confirmed, asked for after the password, good once."""

from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Identity
from dashboard.auth.totp import STEP_S
from dashboard.core.clock import ManualClock
from dashboard.core.errors import AuthError, CodeNeededError, InputError, TooManyTriesError
from storage.accounts import SqlAccounts
from storage.sealing import Seal
from tests.auth.conftest import HERE, PASSWORD


def test_the_offer_is_what_authenticator_apps_read(accounts: Accounts, owner: Identity):
    offer = accounts.enrol_totp(owner.account_id)
    uri = urlsplit(offer.uri)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Tezi:aruna")
    query = parse_qs(uri.query)
    assert (query["secret"], query["issuer"]) == ([offer.secret], ["Tezi"])


def test_an_offer_changes_nothing_until_it_is_confirmed(
    accounts: Accounts, owner: Identity, code_of
):
    offer = accounts.enrol_totp(owner.account_id)
    accounts.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(AuthError, match=r"The code is wrong\. 4 tries left\."):
        accounts.confirm_totp(owner.account_id, code_of(offer.secret, 9))
    accounts.confirm_totp(owner.account_id, code_of(offer.secret))
    assert accounts.accounts()[0].has_totp
    with pytest.raises(CodeNeededError):
        accounts.sign_in("aruna", PASSWORD, HERE)


def test_nothing_is_confirmed_that_was_not_offered(accounts: Accounts, owner: Identity):
    with pytest.raises(AuthError, match="The code is wrong"):
        accounts.confirm_totp(owner.account_id, "123456")


def test_codes_that_are_on_are_not_offered_anew(accounts: Accounts, owner: Identity, secret: str):
    with pytest.raises(InputError, match="on already"):
        accounts.enrol_totp(owner.account_id)


def test_password_and_code_let_in(accounts: Accounts, secret: str, code_of):
    with pytest.raises(CodeNeededError, match="authenticator app"):
        accounts.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(CodeNeededError):
        accounts.sign_in("aruna", PASSWORD, HERE, code="  ")
    accounts.verify(accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(secret)))


def test_a_program_needs_the_code_too(accounts: Accounts, secret: str, code_of):
    with pytest.raises(CodeNeededError):
        accounts.open_session("aruna", PASSWORD, HERE)
    code = code_of(secret)
    accounts.open_session("aruna", PASSWORD, HERE, code=f"{code[:3]} {code[3:]}")


@pytest.mark.parametrize(
    ("away", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_good_one_step_before_and_after(
    accounts: Accounts, secret: str, code_of, away: int, is_good: bool
):
    code = code_of(secret, away)
    if is_good:
        accounts.sign_in("aruna", PASSWORD, HERE, code=code)
    else:
        with pytest.raises(AuthError, match="code is wrong"):
            accounts.sign_in("aruna", PASSWORD, HERE, code=code)


def test_a_code_works_once_and_none_before_it_after_it(
    accounts: Accounts, secret: str, code_of, clock: ManualClock
):
    code, before = code_of(secret), code_of(secret, -1)
    accounts.sign_in("aruna", PASSWORD, HERE, code=code)
    for used in (code, before):
        with pytest.raises(AuthError, match="code is wrong"):
            accounts.sign_in("aruna", PASSWORD, HERE, code=used)
    clock.advance(STEP_S)
    accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(secret))


def test_the_code_that_confirmed_does_not_sign_in(accounts: Accounts, owner: Identity, code_of):
    offer = accounts.enrol_totp(owner.account_id)
    accounts.confirm_totp(owner.account_id, code_of(offer.secret))
    with pytest.raises(AuthError, match="code is wrong"):
        accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(offer.secret))


def test_codes_are_guessed_no_more_often_than_passwords(accounts: Accounts, secret: str, code_of):
    for left in ("4 tries", "3 tries", "2 tries", "1 try", "No tries"):
        with pytest.raises(AuthError, match=f"{left} left"):
            accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(secret, 5))
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("aruna", PASSWORD, HERE, code=code_of(secret))


def test_a_right_password_without_a_code_is_not_forgiven(accounts: Accounts, secret: str):
    for _ in range(5):
        with pytest.raises(CodeNeededError):
            accounts.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("aruna", PASSWORD, HERE)


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\u0660"])
def test_what_is_no_code_is_wrong(accounts: Accounts, secret: str, code: str):
    with pytest.raises(AuthError, match="code is wrong"):
        accounts.sign_in("aruna", PASSWORD, HERE, code=code)


def test_turning_codes_off_wants_the_password(accounts: Accounts, owner: Identity, secret: str):
    with pytest.raises(AuthError, match="The password is wrong"):
        accounts.remove_totp(owner.account_id, "guess")
    accounts.remove_totp(owner.account_id, PASSWORD)
    accounts.sign_in("aruna", PASSWORD, HERE)
    assert not accounts.accounts()[0].has_totp


def test_a_lost_app_is_forgotten_at_the_terminal(accounts: Accounts, secret: str):
    assert accounts.remove_totp_of("Aruna")
    assert not accounts.remove_totp_of("aruna")
    accounts.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(InputError, match="no account"):
        accounts.remove_totp_of("nobody")


def test_with_another_key_file_nobody_gets_in_without_a_code(
    secret: str, store: SqlAccounts, make_accounts, code_of
):
    other = make_accounts(store, Seal(Fernet.generate_key()))
    with pytest.raises(CodeNeededError):
        other.sign_in("aruna", PASSWORD, HERE)
    with pytest.raises(AuthError, match="code is wrong"):
        other.sign_in("aruna", PASSWORD, HERE, code=code_of(secret))
