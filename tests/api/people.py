"""People who call the API: one of each role."""

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Role
from dashboard.auth.passwords import Passwords
from storage.store import SqlStore

PASSWORD = "correct horse battery"


class People:
    """Accounts named after their roles, and what each shows."""

    def __init__(self, accounts: Accounts, store: SqlStore) -> None:
        self._accounts, self._store = accounts, store
        self._shown: dict[Role, str] = {}
        self._hash = Passwords().hash(PASSWORD)

    def headers(self, role: Role) -> dict[str, str]:
        """Return what a signed-in account of that role sends."""
        if role not in self._shown:
            self._store.accounts.create_account(role.value, self._hash, role.value)
            self._shown[role] = self._accounts.open_session(
                role.value, PASSWORD, "127.0.0.1"
            ).access
        return {"Authorization": f"Bearer {self._shown[role]}"}
