"""One-time links to a new account: the owner's first one, and those that owners give out.

Kept as SHA-256 digests only; a copy of the database opens nothing.
"""

import secrets

from dashboard.auth.audit import Audit
from dashboard.auth.identity import Identity, Role, Scope
from dashboard.auth.names import check_name
from dashboard.auth.passwords import Passwords, check_password
from dashboard.auth.records import Account, Event, InvitationInfo
from dashboard.auth.sessions import digest
from dashboard.auth.stores import AccountStore
from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.errors import AuthError, DuplicateError, InputError

FIRST_LINK_S = 24 * 60 * 60
LINK_S = 72 * 60 * 60


class Invitations:
    """Make one-time links, and accounts from them."""

    def __init__(
        self, store: AccountStore, clock: Clock, passwords: Passwords, audit: Audit
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._audit = audit

    def first_link(self) -> str | None:
        """Return a new token for the owner's account, or None once an account exists."""
        if self._store.count_accounts():
            return None
        token, now_ns = secrets.token_urlsafe(32), self._clock.now_ns()
        expires_ns = now_ns + FIRST_LINK_S * SECOND_NS
        is_first = self._store.invitations.replace_first(digest(token), now_ns, expires_ns)
        return token if is_first else None

    def invite(self, by: Identity | None, role: Role) -> str:
        """Return a new token for an account of that role; see `Accounts.invite`."""
        check_may_manage(by)
        if not self._store.count_accounts():
            raise InputError("The first account is the owner's: use the link that Tezi prints.")
        token, now_ns = secrets.token_urlsafe(32), self._clock.now_ns()
        number = by.account_id if by else None
        ends_ns = now_ns + LINK_S * SECOND_NS
        self._store.invitations.add(digest(token), role, now_ns, ends_ns, number)
        self._audit.note(Event.INVITED, number, f"{role.value}{of_terminal(by)}")
        return token

    def accept(self, token: str, name: str, password: str, address: str) -> Account:
        """Create the account of a link; see `Accounts.accept_invitation`."""
        name = check_name(name)
        check_password(password, name)
        hashed, now_ns = digest(token), self._clock.now_ns()
        if not self._store.invitations.is_good(hashed, now_ns):  # strangers cost no slow hash
            raise self._refused()
        password_hash = self._passwords.hash(password)
        try:
            account = self._store.invitations.spend(hashed, name, password_hash, now_ns)
        except DuplicateError as error:
            raise InputError(f"The name {name} is taken: choose another one.") from error
        if account is None:  # another was quicker
            raise self._refused()
        self._audit.note(Event.ACCOUNT_CREATED, account.id, account.role, address)
        return account

    def is_good(self, token: str) -> bool:
        """Say whether a link can still be accepted."""
        return self._store.invitations.is_good(digest(token), self._clock.now_ns())

    def good(self) -> list[InvitationInfo]:
        """Return the links that can still be accepted, newest first."""
        return self._store.invitations.good(self._clock.now_ns())

    def withdraw(self, number: int) -> bool:
        """Let a link be accepted no more; say whether it could be."""
        was_good = self._store.invitations.withdraw(number)
        if was_good:
            self._audit.note(Event.INVITATION_WITHDRAWN, None, f"number {number}")
        return was_good

    def _refused(self) -> AuthError:
        if self._store.count_accounts():
            return AuthError("This link is not valid any more: sign in, or ask for another link.")
        return AuthError(
            "This link is not valid any more: use the newest one that Tezi printed, "
            "or start it again to get another."
        )


def check_may_manage(by: Identity | None) -> None:
    """Refuse one who may not manage accounts; None is whoever has this machine's terminal."""
    if by is not None and not by.may(Scope.MANAGE):
        raise AuthError("Only an owner may do this.")


def of_terminal(by: Identity | None) -> str:
    """Return who did something, for the audit log."""
    return f", by {by.name}" if by else ", at the terminal"
