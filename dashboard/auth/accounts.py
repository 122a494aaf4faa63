"""Accounts: the owner's first one, signing in and out, and whether a token still counts.

The use cases know no database and no web server: a store is passed in. One-time links
and their expiry are kept as SHA-256 digests only; a copy of the database opens nothing.
"""

import hashlib
import re
import secrets
from typing import Protocol

from dashboard.auth.identity import SCOPES, Identity, Role, Via
from dashboard.auth.limits import SignInLimits
from dashboard.auth.passwords import Passwords, check_password
from dashboard.auth.tokens import Claims, KeyStore, Tokens
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError, InputError

OWNER = "owner"
LINK_LIFETIME_S = 24 * 60 * 60
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,30})[a-z0-9]")


class Account(Protocol):
    """One person who may sign in."""

    @property
    def id(self) -> int:
        """Return the number that tokens carry as ``sub``."""
        ...

    @property
    def name(self) -> str:
        """Return the user name, in lower case."""
        ...

    @property
    def password_hash(self) -> str:
        """Return the Argon2id hash."""
        ...

    @property
    def role(self) -> str:
        """Return what the account may do."""
        ...

    @property
    def disabled(self) -> bool:
        """Say whether the account is shut out."""
        ...


class AccountStore(KeyStore, Protocol):
    """Keep accounts, one-time links, tokens and settings; `storage.accounts` does."""

    def find_account(self, name: str) -> Account | None:
        """Return the account of that name, or None."""
        ...

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        ...

    def set_password_hash(self, account_id: int, password_hash: str) -> None:
        """Replace the hash."""
        ...

    def replace_invitation(self, token_hash: str, expires_ns: int, role: str) -> None:
        """Keep the digest of a one-time link; older unspent ones for that role end."""
        ...

    def is_invited(self, token_hash: str, now_ns: int) -> bool:
        """Say whether a link is known, unspent and not over."""
        ...

    def create_first_account(
        self, token_hash: str, name: str, password_hash: str, now_ns: int
    ) -> Account | None:
        """Spend a link on the first account in one step; None, and no change, if refused."""
        ...

    def remember_token(self, jti: str, account_id: int, expires_ns: int) -> None:
        """Keep the id of an issued token until it is over."""
        ...

    def revoke_token(self, jti: str) -> None:
        """End one token."""
        ...

    def is_revoked(self, jti: str) -> bool:
        """Say whether the token was ended, never handed out, or its account is shut out."""
        ...

    def revoke_all(self, account_id: int) -> list[str]:
        """End every token of an account; return their ids."""
        ...


class Accounts:
    """The use cases of signing in, for any store and any front."""

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        *,
        passwords: Passwords | None = None,
        limits: SignInLimits | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._limits = limits or SignInLimits(clock)
        self.tokens = Tokens(store, clock)

    def first_start_link(self) -> str | None:
        """Return a new one-time token for the owner's account, or None once it exists.

        It replaces those of earlier starts: one link at a time is good.
        """
        if self._store.count_accounts():
            return None
        token = secrets.token_urlsafe(32)
        expires_ns = self._clock.now_ns() + LINK_LIFETIME_S * SECOND_NS
        self._store.replace_invitation(_digest(token), expires_ns, OWNER)
        return token

    def needs_owner(self) -> bool:
        """Say whether no account exists yet."""
        return self._store.count_accounts() == 0

    def create_owner(self, link_token: str, name: str, password: str) -> str:
        """Create the first account with its one-time token, and sign it in.

        Returns
        -------
        str
            A signed token, as `sign_in` returns it.

        Raises
        ------
        InputError
            If name or password cannot be accepted; the link stays good.
        AuthError
            If the link is unknown, spent, replaced or over, or the owner exists already.
        """
        name = check_name(name)
        check_password(password, name)
        digest, now_ns = _digest(link_token), self._clock.now_ns()
        if not self._store.is_invited(digest, now_ns):  # strangers cost no slow hash
            raise self._refused_link()
        password_hash = self._passwords.hash(password)
        account = self._store.create_first_account(digest, name, password_hash, now_ns)
        if account is None:  # another was quicker
            raise self._refused_link()
        return self._issue(account)

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Return a signed token for the right name and password.

        Parameters
        ----------
        address : str
            Where the request came from; tries are counted by it and by name.

        Raises
        ------
        TooManyTriesError
            If name or address has no try left; carries the seconds to wait.
        AuthError
            If either is wrong, without saying which, with the number of tries left.
        """
        name = name.strip().casefold()
        tried = self._limits.count(name, address)
        account = self._store.find_account(name)
        right = self._passwords.verify(account.password_hash if account else None, password)
        if not right or account is None or account.disabled:
            raise AuthError(f"User name or password is wrong. {_left_words(tried.left)}")
        self._limits.forgive(tried)
        self._refresh_hash(account, password)
        return self._issue(account)

    def sign_out(self, token: str) -> str | None:
        """End a token and return its id; None where it was not a valid one."""
        try:
            claims = self.verify(token)
        except AuthError:
            return None
        self._store.revoke_token(claims.jti)
        return claims.jti

    def verify(self, token: str) -> Claims:
        """Return what a token says if it still counts; raise `AuthError` if it does not."""
        claims = self.tokens.verify(token)
        if self._store.is_revoked(claims.jti):
            raise AuthError("This sign-in was ended: sign in again.")
        return claims

    def identify(
        self, *, bearer: str | None = None, api_key: str | None = None, cookie: str | None = None
    ) -> Identity:
        """Return who shows a token; raise `AuthError` if it does not count (any more)."""
        if api_key is not None:
            raise AuthError("This API key is not known.")
        claims = self.verify(bearer or cookie or "")
        role = Role(claims.role)
        via = Via.TOKEN if bearer else Via.PAGE
        return Identity(
            claims.account_id,
            claims.name,
            role,
            SCOPES[role],
            via,
            f"s:{claims.jti}",
            claims.expires_s,
        )

    def is_over(self, jti: str, expires_s: int) -> bool:
        """Say whether a token that was valid once has expired, was ended or is shut out."""
        return self._clock.now_ns() >= expires_s * SECOND_NS or self._store.is_revoked(jti)

    def change_password(self, name: str, password: str) -> None:
        """Set a new password and end every sign-in of the account.

        Raises
        ------
        InputError
            If there is no such account or the password cannot be accepted.
        """
        account = self._store.find_account(check_name(name))
        if account is None:
            raise InputError(f"There is no account {name!r}.")
        check_password(password, account.name)
        self._store.set_password_hash(account.id, self._passwords.hash(password))
        self._store.revoke_all(account.id)

    def _issue(self, account: Account) -> str:
        token, claims = self.tokens.issue(account.id, account.name, account.role)
        self._store.remember_token(claims.jti, account.id, claims.expires_s * SECOND_NS)
        return token

    def _refused_link(self) -> AuthError:
        if not self.needs_owner():
            return AuthError("The owner's account exists already: sign in.")
        return AuthError(
            "This link is not valid any more: use the newest one that Tezi printed, "
            "or start it again to get another."
        )

    def _refresh_hash(self, account: Account, password: str) -> None:
        if self._passwords.is_outdated(account.password_hash):
            self._store.set_password_hash(account.id, self._passwords.hash(password))


def check_name(name: str) -> str:
    """Return the user name in lower case.

    Raises
    ------
    InputError
        If it is not 3 to 32 letters, digits, dots, dashes or underscores.
    """
    name = name.strip().casefold()
    if not NAME.fullmatch(name):
        raise InputError(
            "The user name needs 3 to 32 letters a-z, digits, dots, dashes or underscores, "
            "and starts and ends with a letter or digit."
        )
    return name


def _left_words(left: int) -> str:
    return {0: "No tries left.", 1: "1 try left."}.get(left, f"{left} tries left.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
