"""Page banners: the few things that concern the whole page."""

from typing import Any

from dashboard.core.clock import IST
from dashboard.core.health import OperationsStatus
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.notice import Notice
from dashboard.ui.phrases import minute_text, spaced_age
from dashboard.ui.present_alarms import alarms
from dashboard.ui.selection import Selection

SILENT_S = 60.0
SETTLEMENT_HOUR = 15  # SIGNALS 1: caution after 15:00 on expiry day
CLOSED = "CLOSED"  # the phase in which nothing is traded any more
LIVE_PHASES = ("CONTINUOUS",)  # the index freezes by rule in the others


def banner_pane(
    snapshot: Snapshot,
    selection: Selection,
    notices: tuple[Notice, ...],
    operations: OperationsStatus | None = None,
    role: str = "",
) -> list[dict[str, Any]]:
    """Return the banners, the gravest first."""
    found = [
        *notices,
        *_failure(snapshot),
        *alarms(snapshot, operations, role),
        *_silence(snapshot),
        *_settlement(snapshot, selection),
    ]
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
    is_over = snapshot.phase.name == CLOSED or snapshot.at.date() != snapshot.day
    if is_over or not late or selection.underlying not in snapshot.phase.expiries:
        return []
    title = f"{selection.underlying} settles today."
    return [Notice("settlement", title, "After 15:00 prices may serve the settlement.")]
