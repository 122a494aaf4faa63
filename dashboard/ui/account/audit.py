"""The audit log, for an owner: newest first, page by page, of one event or all."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.auth.records import AuditEvent, Event
from dashboard.ui.account.frame import OwnerHandler
from dashboard.ui.account.words import EVENTS, event_words

SHOWN = 50  # events on a page
READ_AT_ONCE = 1000  # while looking for those of one kind
LOOKED_THROUGH = 20_000  # of any kind, before a page is shown with what was found

Read = Callable[[int | None, int], list[AuditEvent]]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some events, and before which number the next page goes on (None: nothing is left)."""

    events: tuple[AuditEvent, ...]
    next_before: int | None


class AuditHandler(OwnerHandler):
    """Show the log."""

    room = "audit"

    async def get(self) -> None:
        """Show a page of it."""
        kind = self.get_query_argument("event", "")
        kind = kind if kind in set(Event) else ""
        before = _number(self.get_query_argument("before", ""))
        page = await self._beside(read_page, self._accounts.audit, before, kind)
        self.render(
            "audit.html",
            page=page,
            kind=kind,
            before=before,
            kinds=EVENTS,
            event_words=event_words,
        )


def read_page(read: Read, before: int | None, kind: str) -> AuditPage:
    """Return the newest events before a number; all of them, or those of one kind."""
    found: list[AuditEvent] = []
    size = READ_AT_ONCE if kind else SHOWN + 1
    for _ in range(LOOKED_THROUGH // size):
        events = read(before, size)
        found += [one for one in events if kind in ("", one.event)]
        if len(found) > SHOWN:
            return AuditPage(tuple(found[:SHOWN]), found[SHOWN - 1].id)
        if len(events) < size:
            return AuditPage(tuple(found), None)
        before = events[-1].id
    return AuditPage(tuple(found), before)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
