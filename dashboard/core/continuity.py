"""What breaks a series of bars: minutes that are missing, and the night's gap."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dashboard.core.bars import AnyBars, column, day_numbers, day_of_last, first_of_day, starts_s
from dashboard.core.clock import MINUTE_S
from dashboard.core.daily import atr14, before, session_days
from dashboard.core.hours import Window, expected_starts, prior_day
from dashboard.core.market import Ints, Segment
from dashboard.core.table import Columns

GAP_WINDOW = 60  # expected bars looked back on
HALT_S = 300  # seconds without a tick, while there should be some
GAP_OPEN_ATR = 0.4  # of the daily ATR(14): a larger step over night is an opening gap


def missing_bars(bars: AnyBars, segment: Segment, minutes: int) -> int:
    """Return how many of the last 60 expected bars are not there (SIGNALS 0.5).

    Today's bars are expected from the open on, those of earlier sessions from the first
    bar of `bars` on: history that was never loaded is short, not broken. Days that the
    calendar does not know are taken as they are.
    """
    if not len(bars):
        return 0
    if not isinstance(bars, Columns):
        return _missing(starts_s(bars), segment, minutes)
    asked = ("missing", segment, minutes)  # by every section that reads these bars
    if asked not in bars.facts:
        bars.facts[asked] = _missing(bars.starts, segment, minutes)
    return int(bars.facts[asked])


def _missing(starts: Ints, segment: Segment, minutes: int) -> int:
    expected = _expected(int(starts[-1]), int(starts[0]), segment, minutes)
    recent = starts[-GAP_WINDOW:]
    if not len(expected):
        return 0
    if len(recent) >= len(expected) and (recent[-len(expected) :] == expected).all():
        return 0  # the usual case, and a tenth of the cost
    return int(np.isin(expected, recent, assume_unique=True, invert=True).sum())


@lru_cache(maxsize=256)  # most instruments have their bars at the same starts
def _expected(last: int, first: int, segment: Segment, minutes: int) -> Ints:
    today, oldest = (int(d) for d in day_numbers(np.array([last, first], dtype=np.int64)))
    parts: list[Ints] = []
    day: int | None = today
    while day is not None and day >= oldest and sum(map(len, parts)) < GAP_WINDOW:
        own = expected_starts(day, segment, minutes)
        if own is None:
            break
        since = first if day < today else 0
        parts.insert(0, own[own.searchsorted(since) : own.searchsorted(last, side="right")])
        day = prior_day(day)
    found = np.concatenate(parts)[-GAP_WINDOW:] if parts else np.empty(0, dtype=np.int64)
    found.setflags(write=False)
    return found


def reopenings(seen: Ints, spans: Sequence[Window]) -> tuple[int, ...]:
    """Return the minutes [s] with which trading went on after a suspected halt (SIGNALS 1).

    `seen` are the starts [s] of the minutes in which anything ticked, in order; `spans` are
    those in which something should. Five whole minutes without a tick are a suspected halt,
    of which the opening is none: nobody knows since when there should have been ticks.
    """
    after = np.flatnonzero(np.diff(seen) >= HALT_S + MINUTE_S) + 1
    return tuple(
        int(seen[at])
        for at in after
        if any(start <= seen[at - 1] and seen[at] < end for start, end in spans)
    )


def is_silent(seen: Ints, spans: Sequence[Window], now: int) -> bool:
    """Say whether a halt is suspected at `now` [s]: nothing ticked for five minutes."""
    if not len(seen):
        return False
    last = int(seen[-1])
    within = any(start <= last and now <= end for start, end in spans)
    return within and now - (last + MINUTE_S) >= HALT_S


def opens_with_gap(bars: AnyBars, daily: AnyBars | None) -> bool:
    """Say whether the last bar is its day's first, and far from the day before's close.

    Far is more than 0.4 of the daily ATR(14); False where that is unknown.
    """
    if daily is None or not len(bars):
        return False
    last, day = len(bars) - 1, day_of_last(bars)
    if first_of_day(bars) < last:
        return False
    earlier = before(daily, day)
    if not len(earlier) or prior_day(day) not in (None, int(session_days(earlier)[-1])):
        return False
    step = abs(float(column(bars, "open")[-1]) - float(column(earlier, "close")[-1]))
    return step > GAP_OPEN_ATR * atr14(earlier)
