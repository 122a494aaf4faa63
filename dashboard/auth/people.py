"""Who has an account and what it is for: roles given and taken, accounts shut out."""

from dashboard.auth.audit import Audit
from dashboard.auth.credentials import Credentials
from dashboard.auth.identity import Identity, Role
from dashboard.auth.invitations import check_may_manage, of_terminal
from dashboard.auth.records import Account, AccountInfo, Event
from dashboard.auth.stores import AccountStore
from dashboard.core.clock import Clock
from dashboard.core.errors import InputError

LAST_OWNER = "This is the only owner who can sign in: make somebody else an owner first."


class People:
    """List accounts, and change what they are for."""

    def __init__(
        self, store: AccountStore, clock: Clock, credentials: Credentials, audit: Audit
    ) -> None:
        self._store = store
        self._clock = clock
        self._credentials = credentials
        self._audit = audit

    def all(self) -> list[AccountInfo]:
        """Return every account, oldest first."""
        return self._store.describe_accounts()

    def set_role(self, by: Identity | None, account_id: int, role: Role) -> None:
        """Give an account another role; see `Accounts.set_role`."""
        check_may_manage(by)
        account = self._account(account_id)
        if account.role == role:
            return
        stale = self._store.set_role(account_id, role, self._clock.now_ns())
        if stale is None:
            raise InputError(LAST_OWNER)
        self._credentials.end(stale.credentials)
        change = f"{account.role} to {role.value}{of_terminal(by)}"
        self._audit.note(Event.ROLE_CHANGED, account_id, change)

    def set_disabled(self, by: Identity | None, account_id: int, disabled: bool) -> None:
        """Shut an account out, or let it in again; see `Accounts.set_disabled`."""
        check_may_manage(by)
        account = self._account(account_id)
        if account.disabled is disabled:
            return
        ended = self._store.set_disabled(account_id, disabled, self._clock.now_ns())
        if ended is None:
            raise InputError(LAST_OWNER)
        self._credentials.end(ended.credentials)
        event = Event.DISABLED if disabled else Event.ENABLED
        self._audit.note(event, account_id, of_terminal(by).lstrip(", "))

    def _account(self, account_id: int) -> Account:
        account = self._store.get_account(account_id)
        if account is None:
            raise InputError("There is no such account.")
        return account
