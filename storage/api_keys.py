"""API keys as rows; of a key itself only the digest."""

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from dashboard.auth.identity import Role, Scope
from dashboard.auth.records import ApiKeyInfo, NewKey, Standing
from storage.account_rows import is_open
from storage.engine import Database
from storage.tables import account, api_key

key = api_key.c


class SqlApiKeys:
    """Keep API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, new: NewKey, most: int) -> bool:
        """Keep a key; not where the account is shut out, or has `most` that are good."""
        row = {
            "id": new.id,
            "account_id": new.account_id,
            "name": new.name,
            "hash": new.hash,
            "scopes": " ".join(sorted(new.scopes)),
            "created_ns": new.created_ns,
            "expires_ns": new.expires_ns,
        }
        mine = and_(key.account_id == new.account_id, _is_good(new.created_ns))
        counted = select(func.count()).select_from(api_key).where(mine)
        with self._database.writing() as connection:
            if not is_open(connection, new.account_id):
                return False
            if connection.execute(counted).scalar_one() >= most:
                return False
            connection.execute(insert(api_key).values(row))
        return True

    def standing(self, key_id: str, now_ns: int) -> Standing | None:
        """Return whose a key is; None where it is over, or its account shut out."""
        columns = (key.expires_ns, key.last_used_ns, key.scopes, key.hash)
        find = select(account.c.id, account.c.name, account.c.role, *columns)
        find = find.join_from(api_key, account)
        find = find.where(key.id == key_id, _is_good(now_ns), account.c.disabled.is_(False))
        with self._database.reading() as connection:
            row = connection.execute(find).first()
        if row is None:
            return None
        return Standing(
            account_id=row.id,
            name=row.name,
            role=Role(row.role),
            expires_ns=row.expires_ns,
            seen_ns=row.last_used_ns,
            scopes=_scopes(row.scopes),
            hash=row.hash,
        )

    def of_account(self, account_id: int) -> list[ApiKeyInfo]:
        """Return the keys of an account, newest first."""
        find = select(api_key).where(key.account_id == account_id)
        with self._database.reading() as connection:
            rows = connection.execute(find.order_by(key.created_ns.desc(), key.id)).all()
        return [
            ApiKeyInfo(
                id=row.id,
                name=row.name,
                scopes=_scopes(row.scopes),
                created_ns=row.created_ns,
                expires_ns=row.expires_ns,
                last_used_ns=row.last_used_ns,
                revoked=row.revoked_ns is not None,
            )
            for row in rows
        ]

    def revoke(self, account_id: int, key_id: str, now_ns: int) -> bool:
        """Revoke a key of that account; say whether it was good."""
        with self._database.writing() as connection:
            return bool(revoke_keys(connection, account_id, now_ns, only=key_id))

    def touch(self, key_id: str, now_ns: int) -> None:
        """Keep when a key, and so its account, was last seen."""
        change = update(api_key).where(key.id == key_id).values(last_used_ns=now_ns)
        with self._database.writing() as connection:
            owner = connection.execute(change.returning(key.account_id)).scalar_one_or_none()
            seen = update(account).where(account.c.id == owner).values(seen_ns=now_ns)
            connection.execute(seen)

    def forget(self, before_ns: int) -> None:
        """Drop keys that were over before an instant."""
        over = or_(key.expires_ns < before_ns, key.revoked_ns < before_ns)
        with self._database.writing() as connection:
            connection.execute(delete(api_key).where(over))


def good_keys(connection: Connection, account_id: int, now_ns: int) -> tuple[str, ...]:
    """Return the keys of an account that are good."""
    find = select(key.id).where(key.account_id == account_id, _is_good(now_ns))
    return tuple(connection.execute(find).scalars())


def revoke_keys(
    connection: Connection, account_id: int, now_ns: int, *, only: str | None = None
) -> tuple[str, ...]:
    """Revoke an account's keys, or one of them; return those that were good."""
    change = update(api_key).where(key.account_id == account_id, _is_good(now_ns))
    if only is not None:
        change = change.where(key.id == only)
    revoked = connection.execute(change.values(revoked_ns=now_ns).returning(key.id))
    return tuple(revoked.scalars())


def _is_good(now_ns: int) -> ColumnElement[bool]:
    return and_(key.revoked_ns.is_(None), or_(key.expires_ns.is_(None), key.expires_ns > now_ns))


def _scopes(text: str) -> frozenset[Scope]:
    return frozenset(map(Scope, text.split()))
