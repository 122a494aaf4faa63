"""The top bar: mode, clock, phase, health."""

from typing import Any

from dashboard.core.market import Source
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import clock_text, day_text, short_age
from dashboard.ui.selection import Selection

PHASES = {
    "PRE_OPEN": "Pre-open",
    "PRE_OPEN_BUFFER": "Pre-open buffer",
    "CONTINUOUS": "Continuous",
    "CLOSING_AUCTION": "Closing auction",
    "DERIV_ONLY": "F&O only",
    "POST_CLOSE": "Post-close",
    "CLOSED": "Closed",
}
HIDDEN_DAY = "Day hidden"


def mode_of(snapshot: Snapshot) -> str:
    """Return LIVE, REPLAY or MOCK.

    A generated day is MOCK however it is played, and a day that has ended is live no more.
    """
    if snapshot.source is Source.MOCK:
        return "MOCK"
    is_live = snapshot.source is Source.LIVE and not snapshot.replay
    return "LIVE" if is_live and snapshot.status != "ended" else "REPLAY"


def header_pane(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Return what the top bar shows. A blind day shows no date and no expiry."""
    expiries = () if selection.blind else snapshot.phase.expiries
    return {
        "mode": mode_of(snapshot),
        "clock": clock_text(snapshot.at),
        "date": HIDDEN_DAY if selection.blind else day_text(snapshot.at.date()),
        "phase": PHASES.get(snapshot.phase.name, snapshot.phase.name),
        "expiry": f"{', '.join(expiries)} expiry" if expiries else "",
        "detail": snapshot.phase.detail,
        "stages": [
            {
                "name": stage.name,
                "state": stage.state,
                "detail": stage.detail,
                "todo": stage.todo,
            }
            for stage in snapshot.stages
        ],
        "age": short_age(snapshot.feed_age_s),
    }
