"""Rows that say the same thing twice, or two things of one time."""

from collections.abc import Sequence

import numpy as np

from dashboard.core.clock import from_seconds
from feeds.importers.reading import Rows
from feeds.importers.report import Tally


def once(rows: Rows, values: Sequence[str], tally: Tally) -> Rows:
    """Drop repetitions, and all rows of one time that contradict each other.

    `rows` are ordered by ``who`` and ``time``; `values` name what must agree.
    """
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (np.diff(rows["time"]) != 0) | (np.diff(rows["who"]) != 0)
    if fresh.all():
        return rows
    first = np.flatnonzero(fresh)
    differs = np.zeros(len(first), dtype=bool)
    for name in values:
        low = np.minimum.reduceat(rows[name], first)
        differs |= np.maximum.reduceat(rows[name], first) != low
    contradicted = differs[np.cumsum(fresh) - 1]
    leave_out(tally, "the same again", rows[~fresh & ~contradicted])
    leave_out(tally, "twice with different numbers, so neither is believed", rows[contradicted])
    return np.asarray(rows[fresh & ~contradicted])


def leave_out(tally: Tally, reason: str, rows: Rows) -> None:
    """Count rows that are not kept, and the time of the first and last of them."""
    if len(rows):
        first, last = from_seconds(int(rows["time"].min())), from_seconds(int(rows["time"].max()))
        tally.leave_out(reason, len(rows), f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}")
