"""Longer bars of instruments of which one-minute bars alone are kept, as options are."""

import numpy as np

from dashboard.api.documents.bars import Bars
from dashboard.core.clock import MINUTE_S
from dashboard.core.hours import windows
from dashboard.core.market import Segment
from dashboard.core.table import DAY_S, IST_OFFSET_S
from dashboard.pipeline.bars import aggregate
from dashboard.pipeline.series import regular

OUTSIDE = -1


def longer_bars(minutes: Bars, segment: Segment, length: int) -> Bars:
    """Return bars of `length` minutes made of one instrument's one-minute bars, in order.

    They begin with the session, as a desk's do. Minutes of the closing auction, and outside
    trading hours, are in none.
    """
    minutes = regular(minutes)
    buckets = _buckets(minutes, segment, length * MINUTE_S)
    inside = buckets != OUTSIDE
    minutes, buckets = minutes[inside], buckets[inside]
    if not len(minutes):
        return minutes
    begins = np.flatnonzero(np.diff(buckets)) + 1
    bars: Bars = np.concatenate([aggregate(part) for part in np.split(minutes, begins)])
    bars["start"] = buckets[np.append(0, begins)]
    return bars


def _buckets(minutes: Bars, segment: Segment, length_s: int) -> np.ndarray:
    """Return the start [s] of the bar that each minute is part of."""
    starts = minutes["start"]
    buckets = np.full(len(starts), OUTSIDE, dtype=np.int64)
    for day in np.unique((starts + IST_OFFSET_S) // DAY_S).tolist():
        for begin, close in windows(day, segment) or ():
            here = (starts >= begin) & (starts < close)
            buckets[here] = begin + (starts[here] - begin) // length_s * length_s
    return buckets
