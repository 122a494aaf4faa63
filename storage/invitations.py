"""One-time links as rows: their digests, and what each is for."""

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from dashboard.auth.identity import Role
from dashboard.auth.records import Account, InvitationInfo
from storage.account_rows import count, insert_account, wait_for_others
from storage.engine import Database
from storage.tables import account, invitation

link = invitation.c


class SqlInvitations:
    """Keep one-time links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace_first(self, token_hash: str, now_ns: int, expires_ns: int) -> bool:
        """Keep the owner's first link alone; not where there is an account already."""
        row = _row(token_hash, Role.OWNER, now_ns, expires_ns, None)
        with self._database.writing() as connection:
            wait_for_others(connection)
            if count(connection):
                return False
            connection.execute(delete(invitation))
            connection.execute(insert(invitation).values(row))
        return True

    def add(
        self, token_hash: str, role: Role, now_ns: int, expires_ns: int, by: int | None
    ) -> None:
        """Keep a link."""
        with self._database.writing() as connection:
            connection.execute(
                insert(invitation).values(_row(token_hash, role, now_ns, expires_ns, by))
            )

    def is_good(self, token_hash: str, now_ns: int) -> bool:
        """Say whether a link is known, unspent and not over."""
        find = select(link.id).where(link.hash == token_hash, _is_good(now_ns))
        with self._database.reading() as connection:
            return connection.execute(find).first() is not None

    def spend(self, token_hash: str, name: str, password_hash: str, now_ns: int) -> Account | None:
        """Create the account of a link; None, and no change, where the link is no good.

        The first account ends every other link.

        Raises
        ------
        DuplicateError
            If the name is taken; the link stays good.
        """
        use_up = update(invitation).where(link.hash == token_hash, _is_good(now_ns))
        with self._database.writing() as connection:
            wait_for_others(connection)
            spent = connection.execute(use_up.values(used_ns=now_ns).returning(link.role))
            role = spent.scalar_one_or_none()
            if role is None:
                return None
            if count(connection) == 0:
                connection.execute(delete(invitation).where(link.hash != token_hash))
            return insert_account(connection, name, password_hash, role, now_ns)

    def good(self, now_ns: int) -> list[InvitationInfo]:
        """Return the links that are good, newest first."""
        find = select(invitation, account.c.name).outerjoin(account).where(_is_good(now_ns))
        with self._database.reading() as connection:
            rows = connection.execute(find.order_by(link.id.desc())).all()
        return [
            InvitationInfo(row.id, Role(row.role), row.created_ns, row.expires_ns, row.name)
            for row in rows
        ]

    def withdraw(self, number: int) -> bool:
        """Drop an unspent link; say whether there was one."""
        drop = delete(invitation).where(link.id == number, link.used_ns.is_(None))
        with self._database.writing() as connection:
            return connection.execute(drop).rowcount == 1

    def forget(self, now_ns: int) -> None:
        """Drop what is over."""
        over = or_(link.expires_ns <= now_ns, link.used_ns.is_not(None))
        with self._database.writing() as connection:
            connection.execute(delete(invitation).where(over))


def withdraw_of(connection: Connection, account_id: int) -> None:
    """Drop the unspent links that an account made."""
    drop = delete(invitation).where(link.invited_by == account_id, link.used_ns.is_(None))
    connection.execute(drop)


def _is_good(now_ns: int) -> ColumnElement[bool]:
    return and_(link.used_ns.is_(None), link.expires_ns > now_ns)


def _row(
    token_hash: str, role: Role, now_ns: int, expires_ns: int, by: int | None
) -> dict[str, object]:
    return {
        "hash": token_hash,
        "role": role.value,
        "created_ns": now_ns,
        "expires_ns": expires_ns,
        "invited_by": by,
    }
