"""Accounts, invitations, sign-in tokens and settings: rows, and no opinion about passwords."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

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
        row = insert(account).values(
            name=name,
            name_key=name.casefold(),
            password_hash=password_hash,
            role=role,
            created_ns=created_ns,
            disabled=False,
        )
        try:
            with self._database.writing() as connection:
                return _account(connection.execute(row.returning(*FIELDS)).one())
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
            return connection.execute(select(func.count()).select_from(account)).scalar_one()

    def set_password_hash(self, account_id: int, password_hash: str) -> None:
        """Give an account another password."""
        self._change(account_id, password_hash=password_hash)

    def set_disabled(self, account_id: int, disabled: bool) -> None:
        """Shut an account out, or let it in again."""
        self._change(account_id, disabled=disabled)

    def _change(self, account_id: int, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(update(account).where(account.c.id == account_id).values(values))

    # -- invitations -------------------------------------------------------------
    def create_invitation(self, token_hash: str, expires_ns: int, role: str) -> None:
        """Keep the hash of a link that may create one account of `role`."""
        row = {"hash": token_hash, "expires_ns": expires_ns, "role": role}
        with self._database.writing() as connection:
            connection.execute(insert(invitation).values(row))

    def use_invitation(self, token_hash: str, now_ns: int) -> str | None:
        """Return the role of a link and spend it; None if unknown, spent or too old."""
        spend = (
            update(invitation)
            .where(invitation.c.hash == token_hash, invitation.c.used_ns.is_(None))
            .where(invitation.c.expires_ns > now_ns)
            .values(used_ns=now_ns)
            .returning(invitation.c.role)
        )
        with self._database.writing() as connection:
            return connection.execute(spend).scalar_one_or_none()

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
        change = (
            update(sign_in_token)
            .where(sign_in_token.c.account_id == account_id, sign_in_token.c.revoked.is_(False))
            .values(revoked=True)
            .returning(sign_in_token.c.jti)
        )
        with self._database.writing() as connection:
            return list(connection.execute(change).scalars())

    def is_revoked(self, jti: str) -> bool:
        """Say whether a token is worthless: revoked, or never handed out."""
        find = select(sign_in_token.c.revoked).where(sign_in_token.c.jti == jti)
        with self._database.reading() as connection:
            return connection.execute(find).scalar_one_or_none() is not False

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


def _value(key: str) -> Select[Any]:
    return select(setting.c.value).where(setting.c.key == key)


def _account(row: Row[Any]) -> Account:
    return Account(**row._mapping)
