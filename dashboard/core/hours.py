"""The calendar's sessions as whole seconds, for the sections that are anchored to them.

Days are numbers since 1970-01-01 (`dashboard.core.bars.day_numbers`). Where the calendar
knows no session (a date outside its coverage, a holiday on which bars exist all the same,
special hours that were never published) the answer is None, and each section says what it
does then: nothing here guesses.
"""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import CalendarError
from dashboard.core.market import Ints, Segment
from dashboard.core.table import DAY_S, IST_OFFSET_S

EPOCH_DAY = date(1970, 1, 1)
UNSEEN_S = 5 * 60  # that a session which counts as whole may lack at either end
Window = tuple[int, int]  # first second, and the first second after


def date_of(day: int) -> date:
    """Return the date of a day number."""
    return EPOCH_DAY + timedelta(days=day)


@lru_cache(maxsize=4096)
def windows(day: int, segment: Segment) -> tuple[Window, ...] | None:
    """Return the windows of continuous trading, or None where the calendar knows none."""
    try:
        found = load_calendar().session(date_of(day), segment).continuous
    except CalendarError:
        return None
    spans = tuple((to_ns(w.start) // SECOND_NS, to_ns(w.end) // SECOND_NS) for w in found)
    return spans or None


@lru_cache(maxsize=4096)
def prior_day(day: int) -> int | None:
    """Return the previous trading day, or None outside the calendar's coverage.

    Muhurat trading and drills do not count.
    """
    try:
        found = load_calendar().previous_trading_day(date_of(day))
    except CalendarError:
        return None
    return (found - EPOCH_DAY).days


@lru_cache(maxsize=4096)
def skipped_session(day: int) -> bool:
    """Say whether a session that does not count lies between `day` and its prior day."""
    prior = prior_day(day)
    if prior is None:
        return False
    between = [date_of(d) for d in range(prior + 1, day)]
    return any(load_calendar().has_session(d) for d in between)


@lru_cache(maxsize=1024)
def expected_starts(day: int, segment: Segment, minutes: int) -> Ints | None:
    """Return the starts of a day's bars, or None where the calendar knows no session.

    Bars are anchored at the start of their window, as the bars of 5, 15 and 30 minutes
    are; the last one may be short.
    """
    spans = windows(day, segment)
    if spans is None:
        return None
    step = minutes * 60
    joined = np.concatenate([np.arange(*span, step, dtype=np.int64) for span in spans])
    joined.setflags(write=False)
    return joined


def is_whole(day: int, begun: int, ended: int, segment: Segment) -> bool:
    """Say whether bars from `begun` to `ended` [s] hold a session, but for five minutes.

    As many may be missing at either end. Where the calendar knows no session it is whole.
    """
    spans = windows(day, segment)
    if spans is None:
        return True
    return begun <= spans[0][0] + UNSEEN_S and ended >= spans[-1][1] - UNSEEN_S


@lru_cache(maxsize=4096)
def bar_end(start: int, segment: Segment, minutes: int) -> int:
    """Return when the bar that starts at `start` closes: the last one may be short."""
    end = start + minutes * 60
    spans = windows((start + IST_OFFSET_S) // DAY_S, segment) or ()
    return min((close for begun, close in spans if start < close < end), default=end)
