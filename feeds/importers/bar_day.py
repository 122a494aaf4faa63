"""One day's bars of a file, made fit to rebuild: in hours, in order, each one once."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, from_seconds
from dashboard.core.errors import ImportFileError
from dashboard.core.market import TIMEFRAMES, VIX, Instrument, Ints, Kind, Segment
from dashboard.pipeline.hours import CLOSED, Hours, trading_hours
from feeds.importers.bar_rows import PRICES
from feeds.importers.once import leave_out, once
from feeds.importers.reading import Rows
from feeds.importers.report import Tally

CIRCUIT = 0.20  # an index stops for the day at 20 %: a price further off is an error
MANY_ODD = 0.10  # of the steps between bars
_VALUES = (*PRICES, "volume", "oi")
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DayBars:
    """Bars of one day by instrument and time, each label aligned to `minutes`.

    `ends` is the second after each bar: its interval, cut off where its window closes.
    """

    day: date
    minutes: int
    rows: Rows
    ends: Ints


def clean_day(
    day: date, rows: Rows, instruments: list[Instrument], calendar: Calendar, tally: Tally
) -> DayBars:
    """Return what of a day's rows is kept, and count what is not.

    Raises
    ------
    CalendarError
        If the calendar does not cover the day.
    ImportFileError
        If the market was closed, no row lies in trading hours, or the bars are of an
        interval that cannot be rebuilt.
    """
    hours = trading_hours(calendar, day)
    if hours.end == 0:
        raise ImportFileError(f"{day} had no trading ({_why_closed(calendar, day)})")
    segments = np.array([i.segment is Segment.FNO for i in instruments], dtype=bool)[rows["who"]]
    rows = _on_the_minute(rows, tally)
    inside = _inside(rows, segments, hours)
    if not inside.any():
        first = from_seconds(int(rows["time"].min()))
        raise ImportFileError(f"{day} has no bar in trading hours (the first is {first:%H:%M} IST)")
    leave_out(tally, "outside trading hours", rows[~inside])
    rows = _in_order(rows[inside], day, tally)
    rows = once(rows, _VALUES, tally)
    rows = _credible(rows, instruments, tally)
    if not len(rows):
        raise ImportFileError(f"{day} has no bar left that can be believed")
    minutes = _interval(rows, day)
    starts, ends = _grid(rows, instruments, hours, minutes)
    aligned = rows["time"] == starts
    leave_out(tally, f"off the grid of {minutes} minutes", rows[~aligned])
    return DayBars(day, minutes, rows[aligned], ends[aligned])


def _why_closed(calendar: Calendar, day: date) -> str:
    return calendar.holiday(day) or f"{day:%A}"


def _on_the_minute(rows: Rows, tally: Tally) -> Rows:
    odd = rows["time"] % MINUTE_S
    if not odd.any():
        return rows
    tally.note("Times with seconds were taken as the minute in which they lie")
    rows = rows.copy()
    rows["time"] -= odd
    return rows


def _inside(rows: Rows, derivative: _Mask, hours: Hours) -> _Mask:
    inside = np.zeros(len(rows), dtype=bool)
    for segment, here in ((Segment.INDEX, ~derivative), (Segment.FNO, derivative)):
        state = hours.segments[segment].state(rows["time"][here])
        inside[here] = state != CLOSED
    return inside


def _in_order(rows: Rows, day: date, tally: Tally) -> Rows:
    """Return rows by instrument and time, saying so where an instrument's were not."""
    order = np.argsort(rows["who"], kind="stable")
    mixed = np.diff(rows["time"][order])[np.diff(rows["who"][order]) == 0]
    if (mixed < 0).any():
        tally.unsorted.append(day)
    result: Rows = rows[np.lexsort((rows["time"], rows["who"]))]
    return result


def _credible(rows: Rows, instruments: list[Instrument], tally: Tally) -> Rows:
    """Drop bars of an index that are further from the day's middle than it can move."""
    keep = np.ones(len(rows), dtype=bool)
    for who in np.unique(rows["who"]).tolist():
        instrument = instruments[who]
        if instrument.kind is not Kind.INDEX or instrument.underlying == VIX:
            continue
        here = np.flatnonzero(rows["who"] == who)
        middle = float(np.median(rows["close"][here]))
        far = (rows["high"][here] > (1 + CIRCUIT) * middle) | (
            rows["low"][here] < (1 - CIRCUIT) * middle
        )
        keep[here[far]] = False
    leave_out(tally, "over 20 % from the middle of the index's day", rows[~keep])
    kept: Rows = rows[keep]
    return kept


def _interval(rows: Rows, day: date) -> int:
    """Return the minutes between bars: the most frequent step of an instrument.

    Where it does not divide most of the others, bars are missing between those that are left:
    the longest step that all of them are multiples of is then theirs.
    """
    steps = np.diff(rows["time"])[np.diff(rows["who"]) == 0] // MINUTE_S
    steps = steps[steps > 0]
    if not len(steps):
        return 1
    found, counts = np.unique(steps, return_counts=True)
    minutes = int(found[np.argmax(counts)])
    if (steps % minutes != 0).mean() > MANY_ODD:
        common = int(np.gcd.reduce(steps))
        minutes = max((known for known in TIMEFRAMES.values() if common % known == 0), default=1)
    if minutes not in TIMEFRAMES.values():
        known = ", ".join(map(str, TIMEFRAMES.values()))
        raise ImportFileError(
            f"{day} has bars of {minutes} minutes, and only those of {known} can be rebuilt"
        )
    return minutes


def _grid(
    rows: Rows, instruments: list[Instrument], hours: Hours, minutes: int
) -> tuple[Ints, Ints]:
    """Return the start and end of the bar that each row's minute belongs to."""
    starts, ends = rows["time"].copy(), rows["time"].copy()
    segment = np.array([i.segment.value for i in instruments])[rows["who"]]
    step = minutes * MINUTE_S
    for name, segment_hours in hours.segments.items():
        for first, last, _ in segment_hours.windows:
            here = (segment == name.value) & (rows["time"] >= first) & (rows["time"] < last)
            starts[here] = first + (rows["time"][here] - first) // step * step
            ends[here] = np.minimum(starts[here] + step, last)
    return starts, ends
