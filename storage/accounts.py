"""Accounts and settings as rows, and no opinion about passwords.

What belongs to accounts has its own files: `sessions`, `api_keys`, `invitations`,
`second_factors`, `audit`, `signing_keys`.
"""

from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from dashboard.auth.identity import Role
from dashboard.auth.records import Account, AccountInfo, Ended
from dashboard.core.errors import DuplicateError
from storage.account_rows import FIELDS, count, insert_account, to_account, wait_for_others
from storage.api_keys import SqlApiKeys, good_keys, revoke_keys
from storage.audit import SqlAudit
from storage.engine import Database, put, upsert
from storage.invitations import SqlInvitations, withdraw_of
from storage.second_factors import SqlFactors
from storage.sessions import SqlSessions, alive_sessions, end_sessions
from storage.signing_keys import SqlSigningKeys
from storage.tables import account, known_address, second_factor, setting


class SqlAccounts:
    """Keep who may sign in. Names are unique whatever their case."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sessions = SqlSessions(database)
        self.api_keys = SqlApiKeys(database)
        self.invitations = SqlInvitations(database)
        self.factors = SqlFactors(database)
        self.audit = SqlAudit(database)
        self.signing_keys = SqlSigningKeys(database)

    def create_account(
        self, name: str, password_hash: str, role: str, created_ns: int = 0
    ) -> Account:
        """Add an account.

        Raises
        ------
        DuplicateError
            If the name is taken, in any case.
        """
        try:
            with self._database.writing() as connection:
                return insert_account(connection, name, password_hash, role, created_ns)
        except DuplicateError as error:
            raise DuplicateError(f"The name {name!r} is taken: choose another one") from error

    def find_account(self, name: str) -> Account | None:
        """Return the account of that name, in any case."""
        with self._database.reading() as connection:
            row = connection.execute(_named(name)).first()
        return to_account(row) if row else None

    def get_account(self, account_id: int) -> Account | None:
        """Return the account of that number."""
        with self._database.reading() as connection:
            row = connection.execute(select(*FIELDS).where(account.c.id == account_id)).first()
        return to_account(row) if row else None

    def list_accounts(self) -> list[Account]:
        """Return every account, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*FIELDS).order_by(account.c.id)).all()
        return [to_account(row) for row in rows]

    def describe_accounts(self) -> list[AccountInfo]:
        """Return every account as the owner sees it, oldest first."""
        confirmed = (second_factor.c.account_id == account.c.id) & second_factor.c.confirmed
        find = select(account, second_factor.c.account_id.label("factor_of"))
        find = find.outerjoin(second_factor, confirmed).order_by(account.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(find).all()
        return [
            AccountInfo(
                id=row.id,
                name=row.name,
                role=Role(row.role),
                created_ns=row.created_ns,
                disabled=row.disabled,
                has_totp=row.factor_of is not None,
                last_seen_ns=row.seen_ns,
            )
            for row in rows
        ]

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        with self._database.reading() as connection:
            return count(connection)

    # -- changes -----------------------------------------------------------------
    def renew_hash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """Replace the hash of the same password, unless there is another by now."""
        same = (account.c.id == account_id) & (account.c.password_hash == old_hash)
        with self._database.writing() as connection:
            connection.execute(update(account).where(same).values(password_hash=new_hash))

    def change_password(
        self, account_id: int, password_hash: str, now_ns: int, keep: str | None = None
    ) -> Ended:
        """Set another password and end every session but `keep`; return those."""
        with self._database.writing() as connection:
            _set(connection, account_id, password_hash=password_hash)
            return Ended(sessions=end_sessions(connection, account_id, now_ns, but=keep))

    def set_role(self, account_id: int, role: Role, now_ns: int) -> Ended | None:
        """Set the role and end the page's sessions; None where no owner would be left.

        What goes on with the new role is among what is returned. The unspent links of one
        who is no owner any more end.
        """
        with self._database.writing() as connection:
            wait_for_others(connection)
            if role is not Role.OWNER and _is_last_owner(connection, account_id):
                return None
            alive = alive_sessions(connection, account_id, now_ns)
            _set(connection, account_id, role=role.value)
            if role is not Role.OWNER:
                withdraw_of(connection, account_id)
            end_sessions(connection, account_id, now_ns, kind="page")
            return Ended(alive, good_keys(connection, account_id, now_ns))

    def set_disabled(self, account_id: int, disabled: bool, now_ns: int) -> Ended | None:
        """Shut an account out, sessions, keys and links with it, or let it in again.

        None where no owner would be left.
        """
        with self._database.writing() as connection:
            wait_for_others(connection)
            if disabled and _is_last_owner(connection, account_id):
                return None
            _set(connection, account_id, disabled=disabled)
            if not disabled:
                return Ended()
            withdraw_of(connection, account_id)
            return Ended(
                end_sessions(connection, account_id, now_ns),
                revoke_keys(connection, account_id, now_ns),
            )

    # -- addresses ---------------------------------------------------------------
    def is_known_address(self, name: str, address: str) -> bool:
        """Say whether an account of that name has signed in from there."""
        find = select(known_address.c.account_id).join(account)
        find = find.where(account.c.name_key == name.casefold(), known_address.c.address == address)
        with self._database.reading() as connection:
            return connection.execute(find).first() is not None

    def know_address(self, account_id: int, address: str, now_ns: int) -> None:
        """Keep from where an account signed in."""
        row = {"account_id": account_id, "address": address, "seen_ns": now_ns}
        with self._database.writing() as connection:
            put(connection, known_address, [row])

    def forget_addresses(self, before_ns: int) -> None:
        """Drop addresses that were not seen since an instant."""
        with self._database.writing() as connection:
            connection.execute(delete(known_address).where(known_address.c.seen_ns < before_ns))

    # -- settings ----------------------------------------------------------------
    def get_setting(self, key: str) -> str | None:
        """Return what was kept under `key`."""
        with self._database.reading() as connection:
            return connection.execute(_value(key)).scalar_one_or_none()

    def set_setting(self, key: str, value: str) -> str:
        """Keep `value` unless there is one already; return what is kept.

        Two processes that start together both get the value of the first.
        """
        with self._database.writing() as connection:
            row = upsert(connection, setting).values(key=key, value=value)
            connection.execute(row.on_conflict_do_nothing())
            return str(connection.execute(_value(key)).scalar_one())

    def replace_setting(self, key: str, value: str) -> None:
        """Keep `value` whatever was there."""
        with self._database.writing() as connection:
            row = upsert(connection, setting).values(key=key, value=value)
            connection.execute(
                row.on_conflict_do_update(index_elements=["key"], set_={"value": value})
            )


def _named(name: str) -> Select[Any]:
    return select(*FIELDS).where(account.c.name_key == name.casefold())


def _set(connection: Connection, account_id: int, **values: object) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def _is_last_owner(connection: Connection, account_id: int) -> bool:
    good = (account.c.role == Role.OWNER.value) & account.c.disabled.is_(False)
    return list(connection.execute(select(account.c.id).where(good)).scalars()) == [account_id]


def _value(key: str) -> Select[Any]:
    return select(setting.c.value).where(setting.c.key == key)
