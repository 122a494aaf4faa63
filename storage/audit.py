"""The audit log as rows: added, read, and dropped when old; never changed."""

from sqlalchemy import delete, insert, select

from dashboard.auth.records import AuditEvent
from storage.engine import Database
from storage.tables import account, audit_event

entry = audit_event.c


class SqlAudit:
    """Keep the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self, at_ns: int, account_id: int | None, event: str, detail: str, address: str
    ) -> None:
        """Keep an event."""
        row = {
            "at_ns": at_ns,
            "account_id": account_id,
            "event": event,
            "detail": detail,
            "address": address,
        }
        with self._database.writing() as connection:
            connection.execute(insert(audit_event).values(row))

    def events(self, before_id: int | None, limit: int) -> list[AuditEvent]:
        """Return events, newest first, those before a number where one is given."""
        find = select(audit_event, account.c.name).outerjoin(account)
        if before_id is not None:
            find = find.where(entry.id < before_id)
        with self._database.reading() as connection:
            rows = connection.execute(find.order_by(entry.id.desc()).limit(limit)).all()
        return [
            AuditEvent(row.id, row.at_ns, row.name, row.event, row.detail, row.address)
            for row in rows
        ]

    def forget(self, before_ns: int) -> None:
        """Drop events that are older."""
        with self._database.writing() as connection:
            connection.execute(delete(audit_event).where(entry.at_ns < before_ns))
