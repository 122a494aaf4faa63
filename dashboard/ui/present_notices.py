"""Page banners: the few things that concern the whole page."""

from dataclasses import dataclass
from typing import Any

from dashboard.core.clock import IST
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import minute_text, spaced_age
from dashboard.ui.selection import Selection

SILENT_S = 60.0
SETTLEMENT_HOUR = 15  # SIGNALS 1: caution after 15:00 on expiry day
LIVE_PHASES = ("CONTINUOUS",)  # the index freezes by rule in the others


@dataclass(frozen=True, slots=True)
class Notice:
    """A banner: what, where, since when, what happens next, and one action.

    `kind` is "warning" or "error". `action` is the button's words; pressing it sends
    `{"do": do}`, or opens `href` where there is one.
    """

    id: str
    title: str
    text: str = ""
    kind: str = "warning"
    more: str = ""
    action: str = ""
    do: str = ""
    href: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        plain = {"id": self.id, "title": self.title, "text": self.text, "kind": self.kind}
        action = {"label": self.action, "do": self.do, "href": self.href}
        return plain | {"more": self.more} | ({"action": action} if self.action else {})


def banner_pane(
    snapshot: Snapshot, selection: Selection, notices: tuple[Notice, ...]
) -> list[dict[str, Any]]:
    """Return the banners, the gravest first."""
    found = [*notices, *_failure(snapshot), *_silence(snapshot), *_settlement(snapshot, selection)]
    return [n.as_dict() for n in sorted(found, key=lambda n: n.kind != "error")]


def _failure(snapshot: Snapshot) -> list[Notice]:
    if snapshot.status != "failed":
        return []
    text = snapshot.error or "No reason was given."
    return [Notice("failed", "This desk stopped.", text, kind="error")]


def _silence(snapshot: Snapshot) -> list[Notice]:
    if snapshot.status != "playing" or snapshot.phase.name not in LIVE_PHASES:
        return []
    return [
        Notice(
            id=f"silent-{name}",
            title=f"{name} has not ticked for {spaced_age(quote.age_s)}.",
            text=f"States are held at {minute_text(snapshot.at)}.",
        )
        for name, quote in snapshot.indices.items()
        if quote.age_s is not None and quote.age_s > SILENT_S
    ]


def _settlement(snapshot: Snapshot, selection: Selection) -> list[Notice]:
    late = snapshot.at.astimezone(IST).hour >= SETTLEMENT_HOUR
    if not late or selection.underlying not in snapshot.phase.expiries:
        return []
    title = f"{selection.underlying} settles today."
    return [Notice("settlement", title, "After 15:00 prices may serve the settlement.")]
