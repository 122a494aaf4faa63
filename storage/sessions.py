"""Sessions and their refresh tokens as rows.

A refresh token is kept as a digest until it would have been over, used or not: that one was
used before is how a copy of it is noticed.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from dashboard.auth.identity import Role
from dashboard.auth.records import Kind, NewSession, Renewal, SessionInfo, Shown, Standing
from storage.account_rows import is_open
from storage.engine import Database
from storage.tables import account, account_session, refresh_token

session = account_session.c


class SqlSessions:
    """Keep sessions and their refresh tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, new: NewSession, password_hash: str) -> bool:
        """Keep a session; not where the account is shut out or has another password by now."""
        row = {
            "id": new.id,
            "account_id": new.account_id,
            "kind": new.kind.value,
            "created_ns": new.created_ns,
            "seen_ns": new.created_ns,
            "expires_ns": new.expires_ns,
            "address": new.address,
            "agent": new.agent,
        }
        with self._database.writing() as connection:
            if not is_open(connection, new.account_id, password_hash):
                return False
            connection.execute(insert(account_session).values(row))
            if new.refresh_hash is not None:
                _keep_refresh(connection, new.refresh_hash, new.id, new.expires_ns)
            _see(connection, new.account_id, new.created_ns)
        return True

    def standing(self, session_id: str, now_ns: int) -> Standing | None:
        """Return whose a session is; None where it is over, or its account shut out."""
        find = select(
            account.c.id, account.c.name, account.c.role, session.expires_ns, session.seen_ns
        ).join_from(account_session, account)
        find = find.where(
            session.id == session_id, _is_alive(now_ns), account.c.disabled.is_(False)
        )
        with self._database.reading() as connection:
            row = connection.execute(find).first()
        if row is None:
            return None
        return Standing(row.id, row.name, Role(row.role), row.expires_ns, row.seen_ns)

    def alive(self, account_id: int, now_ns: int) -> list[SessionInfo]:
        """Return the sessions of an account that are alive, newest first."""
        find = select(account_session).where(session.account_id == account_id, _is_alive(now_ns))
        with self._database.reading() as connection:
            rows = connection.execute(find.order_by(session.created_ns.desc(), session.id)).all()
        return [
            SessionInfo(
                id=row.id,
                kind=Kind(row.kind),
                created_ns=row.created_ns,
                seen_ns=row.seen_ns,
                expires_ns=row.expires_ns,
                address=row.address,
                agent=row.agent,
            )
            for row in rows
        ]

    def end(self, account_id: int, session_id: str, now_ns: int) -> bool:
        """End a session of that account; say whether it was alive."""
        with self._database.writing() as connection:
            return bool(end_sessions(connection, account_id, now_ns, only=session_id))

    def end_all(self, account_id: int, now_ns: int, but: str | None = None) -> list[str]:
        """End every session of an account but one; return those that were alive."""
        with self._database.writing() as connection:
            return list(end_sessions(connection, account_id, now_ns, but=but))

    def use(self, old_hash: str, renewal: Renewal) -> Shown | None:
        """Use a refresh token up and keep the next one; end the session if it was used before.

        Returns
        -------
        Shown or None
            None where the token is unknown or over, or its session is.
        """
        now_ns, token = renewal.now_ns, refresh_token.c
        mine = and_(token.hash == old_hash, token.expires_ns > now_ns)
        use_up = update(refresh_token).where(mine, token.used_ns.is_(None)).values(used_ns=now_ns)
        whose = select(account_session, account.c.name, account.c.role)
        whose = whose.join_from(refresh_token, account_session).join(account)
        whose = whose.where(mine, _is_alive(now_ns), account.c.disabled.is_(False))
        with self._database.writing() as connection:
            is_first = connection.execute(use_up).rowcount == 1
            row = connection.execute(whose).first()
            if row is None:
                return None
            until_ns = min(renewal.until_ns, row.created_ns + renewal.longest_ns)
            shown = Shown(row.id, row.account_id, row.name, Role(row.role), not is_first, until_ns)
            if shown.reused:
                end_sessions(connection, row.account_id, now_ns, only=row.id)
                return shown
            _keep_refresh(connection, renewal.new_hash, row.id, until_ns)
            going_on = {
                "expires_ns": until_ns,
                "seen_ns": now_ns,
                "address": renewal.address,
                "agent": renewal.agent or row.agent,
            }
            change = update(account_session).where(session.id == row.id)
            connection.execute(change.values(going_on))
            _see(connection, row.account_id, now_ns)
            return shown

    def touch(self, session_id: str, now_ns: int) -> None:
        """Keep when a session, and so its account, was last seen."""
        change = update(account_session).where(session.id == session_id).values(seen_ns=now_ns)
        with self._database.writing() as connection:
            owner = connection.execute(change.returning(session.account_id)).scalar_one_or_none()
            if owner is not None:
                _see(connection, owner, now_ns)

    def forget(self, now_ns: int) -> None:
        """Drop what is over."""
        with self._database.writing() as connection:
            connection.execute(delete(refresh_token).where(refresh_token.c.expires_ns <= now_ns))
            connection.execute(delete(account_session).where(session.expires_ns <= now_ns))


def alive_sessions(connection: Connection, account_id: int, now_ns: int) -> tuple[str, ...]:
    """Return the sessions of an account that are alive."""
    find = select(session.id).where(session.account_id == account_id, _is_alive(now_ns))
    return tuple(connection.execute(find).scalars())


def end_sessions(
    connection: Connection,
    account_id: int,
    now_ns: int,
    *,
    only: str | None = None,
    but: str | None = None,
    kind: str | None = None,
) -> tuple[str, ...]:
    """End an account's sessions, or some of them; return those that were alive."""
    change = update(account_session).where(session.account_id == account_id, _is_alive(now_ns))
    if only is not None:
        change = change.where(session.id == only)
    if but is not None:
        change = change.where(session.id != but)
    if kind is not None:
        change = change.where(session.kind == kind)
    ended = connection.execute(change.values(ended_ns=now_ns).returning(session.id))
    return tuple(ended.scalars())


def _is_alive(now_ns: int) -> ColumnElement[bool]:
    return and_(session.ended_ns.is_(None), session.expires_ns > now_ns)


def _keep_refresh(connection: Connection, digest: str, session_id: str, until_ns: int) -> None:
    row: dict[str, Any] = {"hash": digest, "session_id": session_id, "expires_ns": until_ns}
    connection.execute(insert(refresh_token).values(row))


def _see(connection: Connection, account_id: int, now_ns: int) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(seen_ns=now_ns))
