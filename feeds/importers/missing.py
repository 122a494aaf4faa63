"""The stretches of a session of which a file says nothing."""

from collections.abc import Iterable, Sequence

import numpy as np

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import Instrument, Ints
from dashboard.core.ports import Gap
from dashboard.pipeline.hours import CONTINUOUS, Hours
from feeds.importers.bar_day import DayBars

NO_BARS, NO_SNAPSHOT = "no bars in the file", "no snapshot in the file"
_PATIENCE = 2  # cadences that may pass without a snapshot


def without_bars(bars: DayBars, instruments: Iterable[Instrument], hours: Hours) -> list[Gap]:
    """Return each run of minutes of continuous trading in which no instrument has a bar.

    The closing auction does not count: not every source gives its bars.
    """
    expected = _session_minutes(instruments, hours)
    absent = expected[~np.isin(expected, _covered(bars))]
    runs = np.split(absent, np.flatnonzero(np.diff(absent) != MINUTE_S) + 1)
    return [_gap(run[0], run[-1] + MINUTE_S, NO_BARS) for run in runs if len(run)]


def without_snapshots(times: Ints, opened_s: int, closed_s: int) -> list[Gap]:
    """Return each stretch of the session over twice as long as the usual step of snapshots.

    `times` are those of the snapshots, each once and in order [seconds since the epoch]; one
    that stands alone is taken as one of every minute.
    """
    cadence = float(np.median(np.diff(times))) if len(times) > 1 else MINUTE_S
    edges = np.concatenate([[opened_s], times, [closed_s]])
    long = np.flatnonzero(np.diff(edges) > _PATIENCE * cadence).tolist()
    return [_gap(edges[at], edges[at + 1], NO_SNAPSHOT) for at in long]


def _session_minutes(instruments: Iterable[Instrument], hours: Hours) -> Ints:
    """Return the minutes in which at least one of the instruments trades continuously."""
    windows: Sequence[Ints] = [
        np.arange(start, end, MINUTE_S, dtype=np.int64)
        for segment in {instrument.segment for instrument in instruments}
        for start, end, state in hours.segments[segment].windows
        if state == CONTINUOUS
    ]
    return np.unique(np.concatenate(windows)) if windows else np.empty(0, dtype=np.int64)


def _covered(bars: DayBars) -> Ints:
    """Return the minutes that lie in a bar."""
    minutes = bars.rows["time"][:, None] + MINUTE_S * np.arange(bars.minutes)
    return np.unique(minutes[minutes < bars.ends[:, None]])


def _gap(started_s: int, ended_s: int, reason: str) -> Gap:
    return Gap(int(started_s) * SECOND_NS, int(ended_s) * SECOND_NS, reason)
