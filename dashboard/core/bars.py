"""Bars as arrays: checked columns, bar starts as seconds, sessions as day numbers.

A section takes DataFrames in a notebook and `Columns` on a desk, and answers in kind; in
between it works on plain arrays. What it needs of its bars it asks for here.
"""

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dashboard.core.clock import from_seconds
from dashboard.core.errors import InputError
from dashboard.core.market import TIMEFRAMES, Floats, Ints
from dashboard.core.table import DAY_S, IST_OFFSET_S, Columns, Values

AnyBars = pd.DataFrame | Columns
Bars = TypeVar("Bars", pd.DataFrame, Columns, pd.DataFrame | Columns)
RANGE = "high >= low"  # what is checked of two columns together
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def starts_s(bars: AnyBars) -> Ints:
    """Return the bar starts as whole seconds since the epoch, shape (n,).

    Raises
    ------
    InputError
        If the index is not of increasing instants with a time zone.
    """
    return bars.starts if isinstance(bars, Columns) else index_starts_s(bars.index)


def days_of(bars: AnyBars) -> Ints:
    """Return the IST date of each bar, as days since 1970-01-01, shape (n,)."""
    return bars.days if isinstance(bars, Columns) else day_numbers(starts_s(bars))


def index_starts_s(index: pd.Index) -> Ints:
    """Return the instants of an index as whole seconds since the epoch, shape (n,).

    Raises
    ------
    InputError
        If they are not increasing instants with a time zone.
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError(f"Bars need a DatetimeIndex of bar starts, not {type(index).__name__}")
    if index.tz is None:
        raise InputError("Bars need a time zone: index.tz_localize('Asia/Kolkata')")
    if not (index.is_monotonic_increasing and index.is_unique):  # pandas remembers both
        raise InputError("Bars must be in order, one for each start: sort_index, drop duplicates")
    starts: Ints = index.asi8 // PER_SECOND[index.unit]
    return starts


def day_numbers(starts: Ints) -> Ints:
    """Return the IST date of each start, as days since 1970-01-01."""
    return (starts + IST_OFFSET_S) // DAY_S


def day_of_last(bars: AnyBars) -> int:
    """Return the IST date of the last bar, as days since 1970-01-01."""
    if isinstance(bars, Columns):
        return bars.last_day
    return (int(starts_s(bars)[-1]) + IST_OFFSET_S) // DAY_S


def first_of_day(bars: AnyBars) -> int:
    """Return the row of the first bar of the last one's date."""
    if isinstance(bars, Columns):
        return bars.first_of_day
    midnight = day_of_last(bars) * DAY_S - IST_OFFSET_S
    return int(np.searchsorted(starts_s(bars), midnight))


def goes_on(table: AnyBars, bars: AnyBars) -> bool:
    """Say whether the last bar is of the same date as the last row of the table before it."""
    return day_of_last(table) == day_of_last(bars)


def session_spans(days: Ints) -> list[tuple[int, int]]:
    """Return where each day begins and ends (exclusive) among its bars."""
    return list(pairwise(np.flatnonzero(np.diff(days, prepend=-1, append=-1)).tolist()))


def column(bars: AnyBars, name: str) -> Floats:
    """Return one column as float64, unknown values as NaN.

    Raises
    ------
    InputError
        If there is no such column, or it is not numbers.
    """
    if isinstance(bars, Columns):
        try:
            return bars.values[name]
        except KeyError:
            raise InputError(f"Bars lack the column {name!r}") from None
    if name not in bars.columns:
        raise InputError(f"Bars lack the column {name!r}")
    try:
        return bars[name].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"The column {name!r} is not numbers") from error


def prices(bars: AnyBars, *names: str) -> tuple[Floats, ...]:
    """Return columns that must be known in every bar, in INR.

    Raises
    ------
    InputError
        If a price is unknown, or not above zero: a minute without a trade has no bar
        (SIGNALS 0.5). If a bar's high is below its low.
    """
    if not isinstance(bars, Columns):
        return _prices(bars, names)
    if names not in bars.facts:
        _check_last(bars)
        bars.facts[names] = _prices(bars, names)
    found: tuple[Floats, ...] = bars.facts[names]
    return found


def _check_last(bars: Columns) -> None:
    """Note that the prices of a bar that has just followed are in order, if they are."""
    before, last = len(bars) - 1, bars.last if len(bars) else {}
    for name, seen in bars.checked.items():
        if seen == before and name in last and 0 < last[name] < math.inf:
            bars.checked[name] = before + 1
    if bars.checked.get(RANGE) == before and last["high"] >= last["low"]:
        bars.checked[RANGE] = before + 1


def _prices(bars: AnyBars, names: tuple[str, ...]) -> tuple[Floats, ...]:
    found = tuple([_price(bars, name) for name in names])
    if "high" in names and "low" in names:
        _check_range(bars, found[names.index("high")], found[names.index("low")])
    return found


def _price(bars: AnyBars, name: str) -> Floats:
    values = column(bars, name)
    seen = bars.checked.get(name, 0) if isinstance(bars, Columns) else 0
    if seen == len(values):
        return values
    fresh = values[seen:]
    known = np.isfinite(fresh) & (fresh > 0)
    if not known.all():
        at = int(known.argmin())
        what = "not above 0" if np.isfinite(fresh[at]) else "unknown"
        raise InputError(f"{name} is {what} at {_moment(bars, seen + at)}: drop that bar")
    if isinstance(bars, Columns):
        bars.checked[name] = len(values)
    return values


def _check_range(bars: AnyBars, high: Floats, low: Floats) -> None:
    seen = bars.checked.get(RANGE, 0) if isinstance(bars, Columns) else 0
    if seen == len(high):
        return
    crossed = high[seen:] < low[seen:]
    if crossed.any():
        at = seen + int(crossed.argmax())
        raise InputError(f"high is below low at {_moment(bars, at)}")
    if isinstance(bars, Columns):
        bars.checked[RANGE] = len(high)


def _moment(bars: AnyBars, row: int) -> str:
    return f"{from_seconds(int(starts_s(bars)[row])):%Y-%m-%d %H:%M}"


def infer_timeframe(bars: AnyBars) -> str:
    """Return the timeframe that the closest two bars are apart; 1m if that says nothing.

    Rows of the same start, as in a plain table of a chain, are one bar.
    """
    if isinstance(bars, Columns):
        apart = np.diff(bars.starts)
    elif isinstance(bars.index, pd.DatetimeIndex):
        apart = np.diff(bars.index.asi8) // PER_SECOND[bars.index.unit]
    else:
        return "1m"
    closest = apart[apart > 0].min(initial=DAY_S)
    return next((name for name, size in TIMEFRAMES.items() if size * 60 == closest), "1m")


def as_table(columns: dict[str, Values], bars: Bars, state: Any = None) -> Bars:
    """Return columns of one row a bar of `bars`, in the kind that `bars` is.

    `state` is what the section's `resume` goes on from.
    """
    if isinstance(bars, Columns):
        table = Columns(bars.times, columns)
        table.state = state
        return table
    return as_frame(columns, bars.index)


def as_frame(columns: dict[str, Values], index: pd.Index) -> pd.DataFrame:
    """Return columns as a DataFrame, in one block where all of them are numbers."""
    if any(values.dtype == object for values in columns.values()):
        return pd.DataFrame(columns, index)
    return pd.DataFrame(np.column_stack(list(columns.values())), index, names_index(tuple(columns)))


def rows(bars: Bars, first: int, stop: int | None = None) -> Bars:
    """Return the rows from `first` up to `stop` (exclusive)."""
    return bars.rows(first, stop) if isinstance(bars, Columns) else bars.iloc[first:stop]


def upto(bars: Bars, start: int) -> Bars:
    """Return the bars that start at `start` [s] or before."""
    return rows(bars, 0, int(np.searchsorted(starts_s(bars), start, side="right")))


@lru_cache(maxsize=256)
def names_index(names: tuple[str, ...]) -> pd.Index:
    """Return column names as pandas keeps them; making them costs more than a column.

    They stay plain objects: pandas' own strings are converted each time one is looked at.
    """
    return pd.Index(names, dtype=object)


def last_row(table: AnyBars) -> dict[str, Any]:
    """Return the last row as plain floats (or text) by column name."""
    if isinstance(table, Columns):
        return table.last
    return _frame_row(table, -1)


def row_before(table: AnyBars) -> dict[str, Any]:
    """Return the row before the last one, likewise."""
    return table.last_but_one if isinstance(table, Columns) else _frame_row(table, -2)


def _frame_row(table: pd.DataFrame, at: int) -> dict[str, Any]:
    values = table.to_numpy()  # no copy where all columns are one block
    row = values[at] if values.dtype != object else table.iloc[[at]].to_numpy()[0]
    return dict(zip(table.columns.tolist(), row.tolist(), strict=True))
