"""The day as the time machine draws it, and where the market is in it."""

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from dashboard.core.bars import column, starts_s
from dashboard.core.calendar import Calendar
from dashboard.core.calendar import Phase as MarketPhase
from dashboard.core.clock import MINUTE_S, SECOND_NS, to_ns
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS, Segment
from dashboard.core.ports import DaySummary
from dashboard.pipeline.hours import Hours
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.snapshot import Flips, Phase, Silhouette, TimelineView
from dashboard.pipeline.votes import TIMEFRAME as VOTED_ON

CONFLUENCE = "confluence"
LEAD_S = 15 * MINUTE_S  # shown before the open
_DRAWN = (
    MarketPhase.PRE_OPEN,
    MarketPhase.PRE_OPEN_BUFFER,
    MarketPhase.CONTINUOUS,
    MarketPhase.CLOSING_AUCTION,
    MarketPhase.DERIV_ONLY,
)


def phase_view(calendar: Calendar, at: datetime) -> Phase:
    """Return the index's phase at `at`, with the closing times of the day in words."""
    day = at.date()
    index, fno = (calendar.session(day, segment) for segment in Segment)
    words = []
    if index.is_open:
        words.append(f"Index to {index.close:%H:%M}")
    if fno.is_open:
        words.append(f"F&O to {fno.close:%H:%M}")
    expiring = tuple(name for name in UNDERLYINGS if calendar.is_expiry(name, day))
    return Phase(calendar.phase(at, Segment.INDEX).value, " · ".join(words), expiring)


def bands(calendar: Calendar, day: date) -> tuple[tuple[str, int, int], ...]:
    """Return the phases of the day as (name, start, end) in seconds since the epoch.

    Parts of one phase that follow each other are one band.
    """
    found: list[tuple[str, int, int]] = []
    for window in calendar.session(day, Segment.INDEX).windows:
        if window.phase not in _DRAWN:
            continue
        name, start = window.phase.value, to_ns(window.start) // SECOND_NS
        end = to_ns(window.end) // SECOND_NS
        if found and found[-1][0] == name and found[-1][2] == start:
            start = found.pop()[1]
        found.append((name, start, end))
    return tuple(found)


def timeline_view(
    hours: Hours,
    day_bands: tuple[tuple[str, int, int], ...],
    summary: DaySummary,
    edge_ns: int,
    silhouettes: Mapping[str, Silhouette],
    flips: Mapping[str, Flips],
) -> TimelineView:
    """Return the timeline; `edge_ns` is how far the day is known."""
    start = min([hours.start - LEAD_S, *(s for _, s, _ in day_bands)])
    gaps = tuple(
        (gap.started_ns // SECOND_NS, gap.ended_ns // SECOND_NS, gap.reason) for gap in summary.gaps
    )
    edge = edge_ns // SECOND_NS
    return TimelineView(start, hours.end, day_bands, gaps, edge, silhouettes, flips)


def confluence_flips(pipeline: Pipeline, underlying: str) -> Flips:
    """Return the closes at which all sections together entered a side, oldest first."""
    table = pipeline.sections.tables.get((underlying, CONFLUENCE, VOTED_ON))
    if table is None:
        return ()
    starts, side = starts_s(table), column(table, "stance")
    entered = np.flatnonzero(np.isfinite(side) & (side != 0) & (side != np.append(0, side[:-1])))
    bucket = pipeline.hours.segments[Segment.INDEX].bucket
    minutes = TIMEFRAMES[VOTED_ON]
    return tuple((bucket(int(starts[at]), minutes)[1], int(side[at])) for at in entered)
