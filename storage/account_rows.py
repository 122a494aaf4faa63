"""Rows of accounts, inside a transaction that does more than that."""

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text

from dashboard.auth.records import Account
from storage.tables import account

FIELDS = [column for column in account.c if column.name not in ("name_key", "seen_ns")]


def insert_account(
    connection: Connection, name: str, password_hash: str, role: str, created_ns: int
) -> Account:
    """Add an account; a name that is taken, in any case, is a `DuplicateError`."""
    row = insert(account).values(
        name=name,
        name_key=name.casefold(),
        password_hash=password_hash,
        role=role,
        created_ns=created_ns,
        disabled=False,
    )
    return to_account(connection.execute(row.returning(*FIELDS)).one())


def count(connection: Connection) -> int:
    """Return how many accounts there are."""
    return connection.execute(select(func.count()).select_from(account)).scalar_one()


def wait_for_others(connection: Connection) -> None:
    """Let one process at a time make or change accounts; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":  # whose writers do not see each other's rows
        connection.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))


def is_open(connection: Connection, account_id: int, password_hash: str | None = None) -> bool:
    """Say whether an account is not shut out, nor will be before this transaction ends.

    With `password_hash`: nor has another password than that.
    """
    find = select(account.c.password_hash).where(
        account.c.id == account_id, account.c.disabled.is_(False)
    )
    found = connection.execute(find.with_for_update()).scalar_one_or_none()
    return found is not None and password_hash in (None, found)


def to_account(row: Row[Any]) -> Account:
    """Return a row of `FIELDS` as an account."""
    return Account(**row._mapping)
