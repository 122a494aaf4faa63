"""The audit log: what happened to accounts, sessions and keys, and never a secret."""

from dashboard.auth.records import AuditEvent, Event
from dashboard.auth.stores import AuditStore
from dashboard.core.clock import Clock

LONGEST = 200  # characters of what a client says of itself
MOST = 1000  # events at once


class Audit:
    """Write and read the audit log."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def note(
        self, event: Event, account_id: int | None, detail: str = "", address: str = ""
    ) -> None:
        """Write down what happened to an account just now."""
        at_ns = self._clock.now_ns()
        self._store.write(at_ns, account_id, event.value, printable(detail), printable(address))

    def events(self, before_id: int | None = None, limit: int = 100) -> list[AuditEvent]:
        """Return at most `limit` events, newest first, those before a number where given."""
        return self._store.events(before_id, min(max(limit, 1), MOST))


def printable(text: str) -> str:
    """Return what can be shown of a text from outside: one line, and not too long."""
    return "".join(each for each in text if each.isprintable())[:LONGEST]
