"""Bars as arrays: checked columns, bar starts as seconds, sessions as day numbers.

A signal takes a DataFrame and answers with one; in between it works on plain arrays,
because it is computed again for every closed minute.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from dashboard.core.errors import InputError
from dashboard.core.market import TIMEFRAMES, Floats, Ints

DAY_S = 86_400
IST_OFFSET_S = 19_800  # +05:30 without daylight saving, since 1945
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def starts_s(bars: pd.DataFrame) -> Ints:
    """Return the bar starts as whole seconds since the epoch, shape (n,).

    Raises
    ------
    InputError
        If the index is not of increasing instants with a time zone.
    """
    return index_starts_s(bars.index)


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


def session_spans(days: Ints) -> list[tuple[int, int]]:
    """Return where each day begins and ends (exclusive) among its bars."""
    return list(pairwise(np.flatnonzero(np.diff(days, prepend=-1, append=-1)).tolist()))


def column(bars: pd.DataFrame, name: str) -> Floats:
    """Return one column as float64, unknown values as NaN.

    Raises
    ------
    InputError
        If there is no such column, or it is not numbers.
    """
    if name not in bars.columns:
        raise InputError(f"Bars lack the column {name!r}")
    try:
        return bars[name].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"The column {name!r} is not numbers") from error


def prices(bars: pd.DataFrame, *names: str) -> tuple[Floats, ...]:
    """Return columns that must be known in every bar, in INR.

    Raises
    ------
    InputError
        If a price is unknown: a minute without a trade has no bar (SIGNALS 0.5).
    """
    found = tuple(column(bars, name) for name in names)
    for name, values in zip(names, found, strict=True):
        unknown = np.flatnonzero(~np.isfinite(values))
        if len(unknown):
            raise InputError(f"{name} is unknown at {bars.index[unknown[0]]}: drop that bar")
    return found


def infer_timeframe(bars: pd.DataFrame) -> str:
    """Return the timeframe that the closest two bars are apart; 1m if that says nothing.

    Rows of the same start, as in a plain table of a chain, are one bar.
    """
    if not isinstance(bars.index, pd.DatetimeIndex):
        return "1m"
    apart = np.diff(bars.index.asi8) // PER_SECOND[bars.index.unit]
    closest = apart[apart > 0].min(initial=DAY_S)
    return next((name for name, size in TIMEFRAMES.items() if size * 60 == closest), "1m")


def as_table(columns: dict[str, Floats], index: pd.Index) -> pd.DataFrame:
    """Return the columns as one DataFrame, in one block: its last row is cheap to read."""
    return pd.DataFrame(np.column_stack(list(columns.values())), index, names_index(tuple(columns)))


@lru_cache(maxsize=256)
def names_index(names: tuple[str, ...]) -> pd.Index:
    """Return column names as pandas keeps them; making them costs more than a column.

    They stay plain objects: pandas' own strings are converted each time one is looked at.
    """
    return pd.Index(names, dtype=object)


def last_row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the last row as plain floats (or text) by column name."""
    values = table.to_numpy()  # no copy where all columns are one block
    row = values[-1] if values.dtype != object else table.iloc[-1:].to_numpy()[0]
    return dict(zip(table.columns.tolist(), row.tolist(), strict=True))
