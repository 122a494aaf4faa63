"""People who call the API: one of each role."""

from fastapi.testclient import TestClient

from dashboard.auth.accounts import Accounts
from dashboard.auth.identity import Role
from dashboard.auth.passwords import Passwords
from storage.store import SqlStore
from tests.auth.conftest import PASSWORD, QuickHasher

HERE = "127.0.0.1"


class People:
    """Accounts named after their roles, and what each shows."""

    def __init__(self, accounts: Accounts, store: SqlStore) -> None:
        self.accounts, self._store = accounts, store
        self._shown: dict[Role, str] = {}
        self._hash = Passwords(QuickHasher()).hash(PASSWORD)

    def join(self, role: Role, name: str | None = None) -> int:
        """Make an account, named after its role unless told otherwise; return its number."""
        name = name or role.value
        return self._store.accounts.create_account(name, self._hash, role.value).id

    def headers(self, role: Role) -> dict[str, str]:
        """Return what a signed-in account of that role sends."""
        if role not in self._shown:
            self.join(role)
            self._shown[role] = self.accounts.open_session(role.value, PASSWORD, HERE).access
        return {"Authorization": f"Bearer {self._shown[role]}"}

    def cookie(self, role: Role) -> str:
        """Return the page's cookie of an account that has called before."""
        self.headers(role)
        return self.accounts.sign_in(role.value, PASSWORD, HERE)


def visit(client: TestClient, token: str) -> None:
    """Let a client send the page's cookie."""
    client.cookies.set("tezi_token", token)
