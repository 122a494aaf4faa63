"""Accounts, invitations, sign-in tokens and settings: rows, and no opinion about passwords."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    and_,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from dashboard.core.errors import DuplicateError
from storage.engine import Database, upsert
from storage.tables import account, invitation, setting, sign_in_token

FIELDS = [column for column in account.c if column.name != "name_key"]


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may sign in. `created_ns` is nanoseconds since the epoch."""

    id: int
    name: str
    password_hash: str
    role: str
    created_ns: int
    disabled: bool


class SqlAccounts:
    """Keep who may sign in. Names are unique whatever their case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_account(
        self, name: str, password_hash: str, role: str, created_ns: int = 0
    ) -> Account:
        """Add an account.

        Raises
        ------
        DuplicateError
            If the name is taken, in any case.
        """
        row = _new_account(name, password_hash, role, created_ns)
        try:
            with self._database.writing() as connection:
                return _account(connection.execute(row).one())
        except DuplicateError as error:
            raise DuplicateError(f"The name {name!r} is taken: choose another one") from error

    def find_account(self, name: str) -> Account | None:
        """Return the account of that name, in any case."""
        with self._database.reading() as connection:
            row = connection.execute(_named(name)).first()
        return _account(row) if row else None

    def get_account(self, account_id: int) -> Account | None:
        """Return the account of that number."""
        with self._database.reading() as connection:
            row = connection.execute(select(*FIELDS).where(account.c.id == account_id)).first()
        return _account(row) if row else None

    def list_accounts(self) -> list[Account]:
        """Return every account, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*FIELDS).order_by(account.c.id)).all()
        return [_account(row) for row in rows]

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        with self._database.reading() as connection:
            return _count_accounts(connection)

    def set_password_hash(self, account_id: int, password_hash: str) -> None:
        """Give an account another password."""
        change = update(account).where(account.c.id == account_id)
        with self._database.writing() as connection:
            connection.execute(change.values(password_hash=password_hash))

    def set_disabled(self, account_id: int, disabled: bool) -> None:
        """Shut an account out, its tokens with it, or let it in again with new ones."""
        change = update(account).where(account.c.id == account_id).values(disabled=disabled)
        with self._database.writing() as connection:
            connection.execute(change)
            if disabled:
                connection.execute(_revoke_all(account_id))

    # -- invitations -------------------------------------------------------------
    def replace_invitation(self, token_hash: str, expires_ns: int, role: str) -> None:
        """Keep the hash of a link for an account of `role`; older unspent ones end."""
        older = delete(invitation).where(invitation.c.role == role, invitation.c.used_ns.is_(None))
        row = {"hash": token_hash, "expires_ns": expires_ns, "role": role}
        with self._database.writing() as connection:
            _wait_for_others(connection)
            connection.execute(older)
            connection.execute(insert(invitation).values(row))

    def is_invited(self, token_hash: str, now_ns: int) -> bool:
        """Say whether a link is known, unspent and not too old."""
        find = select(invitation.c.hash).where(_is_good(token_hash, now_ns))
        with self._database.reading() as connection:
            return connection.execute(find).first() is not None

    def create_first_account(
        self, token_hash: str, name: str, password_hash: str, now_ns: int
    ) -> Account | None:
        """Spend a link on the first account, both or neither.

        Returns
        -------
        Account or None
            None if there is an account already, or the link is unknown, spent or too old;
            then nothing was changed.
        """
        spend = update(invitation).where(_is_good(token_hash, now_ns)).values(used_ns=now_ns)
        with self._database.writing() as connection:
            _wait_for_others(connection)
            if _count_accounts(connection):
                return None
            role = connection.execute(spend.returning(invitation.c.role)).scalar_one_or_none()
            if role is None:
                return None
            row = _new_account(name, password_hash, role, now_ns)
            return _account(connection.execute(row).one())

    # -- sign-in tokens ------------------------------------------------------------
    def remember_token(self, jti: str, account_id: int, expires_ns: int) -> None:
        """Keep the number of a token that was handed out."""
        row = {"jti": jti, "account_id": account_id, "expires_ns": expires_ns, "revoked": False}
        with self._database.writing() as connection:
            connection.execute(insert(sign_in_token).values(row))

    def revoke_token(self, jti: str) -> None:
        """Make one token worthless."""
        change = update(sign_in_token).where(sign_in_token.c.jti == jti).values(revoked=True)
        with self._database.writing() as connection:
            connection.execute(change)

    def revoke_all(self, account_id: int) -> list[str]:
        """Make every token of an account worthless; return those that were not yet."""
        change = _revoke_all(account_id).returning(sign_in_token.c.jti)
        with self._database.writing() as connection:
            return list(connection.execute(change).scalars())

    def is_revoked(self, jti: str) -> bool:
        """Say whether a token is worthless: revoked, never handed out, or of one shut out."""
        good = (
            select(sign_in_token.c.jti)
            .join(account)
            .where(sign_in_token.c.jti == jti)
            .where(sign_in_token.c.revoked.is_(False), account.c.disabled.is_(False))
        )
        with self._database.reading() as connection:
            return connection.execute(good).first() is None

    def forget_tokens(self, now_ns: int) -> int:
        """Drop tokens that ended before `now_ns`; return how many."""
        drop = sign_in_token.delete().where(sign_in_token.c.expires_ns <= now_ns)
        with self._database.writing() as connection:
            return connection.execute(drop).rowcount

    # -- settings ------------------------------------------------------------------
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


def _new_account(name: str, password_hash: str, role: str, created_ns: int) -> Any:
    row = insert(account).values(
        name=name,
        name_key=name.casefold(),
        password_hash=password_hash,
        role=role,
        created_ns=created_ns,
        disabled=False,
    )
    return row.returning(*FIELDS)


def _count_accounts(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(account)).scalar_one()


def _is_good(token_hash: str, now_ns: int) -> ColumnElement[bool]:
    return and_(
        invitation.c.hash == token_hash,
        invitation.c.used_ns.is_(None),
        invitation.c.expires_ns > now_ns,
    )


def _revoke_all(account_id: int) -> Update:
    return (
        update(sign_in_token)
        .where(sign_in_token.c.account_id == account_id, sign_in_token.c.revoked.is_(False))
        .values(revoked=True)
    )


def _wait_for_others(connection: Connection) -> None:
    """Let one process at a time make links or accounts; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":  # whose writers do not see each other's rows
        connection.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))


def _value(key: str) -> Select[Any]:
    return select(setting.c.value).where(setting.c.key == key)


def _account(row: Row[Any]) -> Account:
    return Account(**row._mapping)
