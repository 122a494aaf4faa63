"""Checking who somebody is: password, one-time code, and the tries that both may take.

Whether an account exists, is shut out or wants a code is told by nothing before the
password was right: the words are the same, and so is the work, one hash.
"""

from dashboard.auth.audit import Audit
from dashboard.auth.limits import SignInLimits, Try, site_of
from dashboard.auth.names import NAME
from dashboard.auth.passwords import Passwords
from dashboard.auth.records import Account, Event
from dashboard.auth.stores import AccountStore
from dashboard.auth.totp import SecondFactors
from dashboard.core.clock import Clock
from dashboard.core.errors import AuthError, CodeNeededError, InputError

WRONG = "User name or password is wrong."
WRONG_WITH_CODE = "User name, password or code is wrong."


class SignIn:
    """Check passwords and codes, and count what fails."""

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        passwords: Passwords,
        limits: SignInLimits,
        factors: SecondFactors,
        audit: Audit,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._limits = limits
        self._factors = factors
        self._audit = audit

    def check(
        self, name: str, password: str, address: str, code: str | None
    ) -> tuple[Account, Try]:
        """Return whose name, password and code these are, and the try that it took.

        Raises
        ------
        TooManyTriesError
            If that name from there, or the address, has no try left.
        CodeNeededError
            If the password is right, and a code is needed and was not given.
        AuthError
            If anything is wrong, without saying what.
        """
        name = name.strip().casefold()
        known = bool(NAME.fullmatch(name)) and self._store.is_known_address(name, site_of(address))
        tried = self._limits.count(name, address, known=known)
        self._limits.wait(tried)
        account = self._store.find_account(name) if NAME.fullmatch(name) else None
        right = self._passwords.verify(account.password_hash if account else None, password)
        if account is None:
            raise self._refused(None, "no such account", address, code, tried)
        if not right:
            raise self._refused(account, "wrong password", address, code, tried)
        if account.disabled:
            raise self._refused(account, "the account is disabled", address, code, tried)
        if self._factors.is_on(account.id):
            self._check_code(account, address, code, tried)
        return account, tried

    def welcome(self, account: Account, password: str, address: str, tried: Try) -> None:
        """Forgive the tries of one who was let in, and know where they came from."""
        self._limits.forgive(tried)
        if self._passwords.is_outdated(account.password_hash):
            new_hash = self._passwords.hash(password)
            self._store.renew_hash(account.id, account.password_hash, new_hash)
        self.note(account, address)

    def note(self, account: Account, address: str) -> None:
        """Remember that an account signed in from an address."""
        self._store.know_address(account.id, site_of(address), self._clock.now_ns())
        self._audit.note(Event.SIGN_IN, account.id, address=address)

    def recheck(self, account_id: int, password: str) -> Account:
        """Return an account whose password somebody who is signed in typed again.

        Raises
        ------
        TooManyTriesError, AuthError
            If there is no try left; if it is wrong.
        """
        account = self.account(account_id)
        tried = self.count(account)
        if not self._passwords.verify(account.password_hash, password) or account.disabled:
            raise AuthError(f"The password is wrong. {left_words(tried.left)}")
        self._limits.forgive(tried)
        return account

    def confirm(self, account_id: int, code: str) -> Account:
        """Return an account whose app shows that code of the secret that was offered.

        Raises
        ------
        TooManyTriesError, AuthError
            If there is no try left; if it is wrong.
        """
        account = self.account(account_id)
        tried = self.count(account)
        if not self._factors.use(account.id, code, confirmed=False):
            raise AuthError(f"The code is wrong. {left_words(tried.left)}")
        self._limits.forgive(tried)
        return account

    def account(self, account_id: int) -> Account:
        """Return the account of that number; an unknown one is an `InputError`."""
        account = self._store.get_account(account_id)
        if account is None:
            raise InputError("There is no such account.")
        return account

    def count(self, account: Account) -> Try:
        """Count a try of somebody who is signed in, apart from those of strangers."""
        return self._limits.count(account.name, f"account {account.id}", known=True)

    def _check_code(self, account: Account, address: str, code: str | None, tried: Try) -> None:
        if code is None or not code.strip():
            self._audit.note(Event.SIGN_IN_FAILED, account.id, "no one-time code yet", address)
            raise CodeNeededError("Type the code that your authenticator app shows.")
        if not self._factors.use(account.id, code):
            raise self._refused(account, "wrong or used code", address, code, tried)

    def _refused(
        self, account: Account | None, why: str, address: str, code: str | None, tried: Try
    ) -> AuthError:
        self._audit.note(Event.SIGN_IN_FAILED, account.id if account else None, why, address)
        words = WRONG_WITH_CODE if code is not None and code.strip() else WRONG
        return AuthError(f"{words} {left_words(tried.left)}")


def left_words(left: int) -> str:
    """Return how many tries are left in words."""
    return {0: "No tries left.", 1: "1 try left."}.get(left, f"{left} tries left.")
