"""What the use cases ask of a database; `storage.accounts` and its neighbours answer.

Every method is one step: done whole or not at all, whoever else is at work.
"""

from typing import Protocol

from dashboard.auth.identity import Role
from dashboard.auth.records import (
    Account,
    AccountInfo,
    ApiKeyInfo,
    AuditEvent,
    Ended,
    Factor,
    InvitationInfo,
    NewKey,
    NewSession,
    Renewal,
    SessionInfo,
    Shown,
    SigningKey,
    Standing,
)


class SessionStore(Protocol):
    """Keep sessions and their refresh tokens."""

    def open(self, session: NewSession, password_hash: str) -> bool:
        """Keep a session; not where the account is shut out or has another password by now."""
        ...

    def standing(self, session_id: str, now_ns: int) -> Standing | None:
        """Return whose a session is; None where it is over, or its account shut out."""
        ...

    def alive(self, account_id: int, now_ns: int) -> list[SessionInfo]:
        """Return the sessions of an account that are alive, newest first."""
        ...

    def end(self, account_id: int, session_id: str, now_ns: int) -> bool:
        """End a session of that account; say whether it was alive."""
        ...

    def end_all(self, account_id: int, now_ns: int, but: str | None = None) -> list[str]:
        """End every session of an account but one; return those that were alive."""
        ...

    def use(self, old_hash: str, renewal: Renewal) -> Shown | None:
        """Use a refresh token up and keep the next one; end the session if it was used before.

        Returns
        -------
        Shown or None
            None where the token is unknown or over, or its session is.
        """
        ...

    def touch(self, session_id: str, now_ns: int) -> None:
        """Keep when a session, and so its account, was last seen."""
        ...

    def forget(self, now_ns: int) -> None:
        """Drop what is over."""
        ...


class ApiKeyStore(Protocol):
    """Keep API keys."""

    def make(self, key: NewKey, most: int) -> bool:
        """Keep a key; not where the account is shut out, or has `most` that are good."""
        ...

    def standing(self, key_id: str, now_ns: int) -> Standing | None:
        """Return whose a key is; None where it is over, or its account shut out."""
        ...

    def of_account(self, account_id: int) -> list[ApiKeyInfo]:
        """Return the keys of an account, newest first."""
        ...

    def revoke(self, account_id: int, key_id: str, now_ns: int) -> bool:
        """Revoke a key of that account; say whether it was good."""
        ...

    def touch(self, key_id: str, now_ns: int) -> None:
        """Keep when a key, and so its account, was last seen."""
        ...

    def forget(self, before_ns: int) -> None:
        """Drop keys that were over before an instant."""
        ...


class InvitationStore(Protocol):
    """Keep one-time links."""

    def replace_first(self, token_hash: str, now_ns: int, expires_ns: int) -> bool:
        """Keep the owner's first link alone; not where there is an account already."""
        ...

    def add(
        self, token_hash: str, role: Role, now_ns: int, expires_ns: int, by: int | None
    ) -> None:
        """Keep a link."""
        ...

    def is_good(self, token_hash: str, now_ns: int) -> bool:
        """Say whether a link is known, unspent and not over."""
        ...

    def spend(self, token_hash: str, name: str, password_hash: str, now_ns: int) -> Account | None:
        """Create the account of a link; None, and no change, where the link is no good.

        The first account ends every other link.

        Raises
        ------
        DuplicateError
            If the name is taken; the link stays good.
        """
        ...

    def good(self, now_ns: int) -> list[InvitationInfo]:
        """Return the links that are good, newest first."""
        ...

    def withdraw(self, number: int) -> bool:
        """Drop an unspent link; say whether there was one."""
        ...

    def forget(self, now_ns: int) -> None:
        """Drop what is over."""
        ...


class FactorStore(Protocol):
    """Keep second factors."""

    def get(self, account_id: int) -> Factor | None:
        """Return an account's, or None."""
        ...

    def offer(self, account_id: int, sealed: bytes) -> bool:
        """Keep a secret that is still to be confirmed; not where one is confirmed."""
        ...

    def use_step(self, account_id: int, step: int, *, confirmed: bool) -> bool:
        """Use a time step up, of a factor in that state, and confirm it; once and in order."""
        ...

    def remove(self, account_id: int) -> bool:
        """Drop an account's; say whether a confirmed one was there."""
        ...


class AuditStore(Protocol):
    """Keep the audit log."""

    def write(
        self, at_ns: int, account_id: int | None, event: str, detail: str, address: str
    ) -> None:
        """Keep an event."""
        ...

    def events(self, before_id: int | None, limit: int) -> list[AuditEvent]:
        """Return events, newest first, those before a number where one is given."""
        ...

    def forget(self, before_ns: int) -> None:
        """Drop events that are older."""
        ...


class SigningKeyStore(Protocol):
    """Keep key pairs."""

    def all(self) -> list[SigningKey]:
        """Return every pair, newest first."""
        ...

    def add(self, key: SigningKey) -> None:
        """Keep a pair unless it is there."""
        ...

    def take_over(self, setting_key: str, key: SigningKey) -> None:
        """Keep a pair in the place of the setting in which it lay open."""
        ...

    def retire_all(self, now_ns: int) -> None:
        """Let no pair sign any more."""
        ...

    def forget(self, kids: list[str]) -> None:
        """Drop pairs."""
        ...

    def get_setting(self, key: str) -> str | None:
        """Return a setting, or None."""
        ...


class AccountStore(Protocol):
    """Keep accounts, and what belongs to them."""

    @property
    def sessions(self) -> SessionStore:
        """Return the sessions."""
        ...

    @property
    def api_keys(self) -> ApiKeyStore:
        """Return the API keys."""
        ...

    @property
    def invitations(self) -> InvitationStore:
        """Return the one-time links."""
        ...

    @property
    def factors(self) -> FactorStore:
        """Return the second factors."""
        ...

    @property
    def audit(self) -> AuditStore:
        """Return the audit log."""
        ...

    @property
    def signing_keys(self) -> SigningKeyStore:
        """Return the key pairs."""
        ...

    def find_account(self, name: str) -> Account | None:
        """Return the account of that name, in any case."""
        ...

    def get_account(self, account_id: int) -> Account | None:
        """Return the account of that number."""
        ...

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        ...

    def describe_accounts(self) -> list[AccountInfo]:
        """Return every account as the owner sees it, oldest first."""
        ...

    def renew_hash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """Replace the hash of the same password, unless there is another by now."""
        ...

    def change_password(
        self, account_id: int, password_hash: str, now_ns: int, keep: str | None = None
    ) -> Ended:
        """Set another password and end every session but one."""
        ...

    def set_role(self, account_id: int, role: Role, now_ns: int) -> Ended | None:
        """Set the role and end the page's sessions; None where no owner would be left.

        What goes on with the new role is among what is returned.
        """
        ...

    def set_disabled(self, account_id: int, disabled: bool, now_ns: int) -> Ended | None:
        """Shut an account out, sessions and keys with it, or let it in again.

        None where no owner would be left.
        """
        ...

    def is_known_address(self, name: str, address: str) -> bool:
        """Say whether an account of that name has signed in from there."""
        ...

    def know_address(self, account_id: int, address: str, now_ns: int) -> None:
        """Keep from where an account signed in."""
        ...

    def forget_addresses(self, before_ns: int) -> None:
        """Drop addresses that were not seen since an instant."""
        ...
