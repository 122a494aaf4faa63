"""Bars as documents: what was closed at the desk's own time, and nothing after it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import from_seconds
from dashboard.core.hours import bar_end
from dashboard.core.market import BarFlag, Segment
from dashboard.core.table import DAY_S

Bars = npt.NDArray[np.void]

NUMBERS = ("open", "high", "low", "close", "volume", "oi")
FLAGS = {
    BarFlag.PARTIAL: "partial",
    BarFlag.AUCTION: "auction",
    BarFlag.RECONNECTED: "reconnected",
    BarFlag.BACKFILLED: "backfilled",
}


def bars_document(bars: Bars) -> list[dict[str, Any]]:
    """Return bars (BAR_DTYPE), oldest first; NaN is unknown."""
    columns = [bars[name].tolist() for name in ("start", *NUMBERS, "flags")]
    return [
        {
            "start": from_seconds(start),
            **dict(zip(NUMBERS, numbers, strict=True)),
            "flags": flag_words(flags),
        }
        for start, *numbers, flags in zip(*columns, strict=True)
    ]


def flag_words(flags: int) -> list[str]:
    """Return what the bits of a bar say."""
    return [word for bit, word in FLAGS.items() if flags & bit]


def closed_by(bars: Bars, at_s: int, segment: Segment, minutes: int) -> Bars:
    """Return those of one day's bars, in order, that had closed at `at_s`."""
    starts: Sequence[int] = bars["start"].tolist()
    count = len(starts)
    while count and bar_end(starts[count - 1], segment, minutes) > at_s:
        count -= 1
    return bars[:count]


def in_span(bars: Bars, span: tuple[int, int]) -> Bars:
    """Return the bars, in order, that start in a span [s]."""
    low, high = bars["start"].searchsorted(span).tolist()
    return bars[low:high]


def days_between(span: tuple[int, int]) -> float:
    """Return how many days a span of seconds is long."""
    return (span[1] - span[0]) / DAY_S
