"""Bars, or what a section calculated from them, as plain arrays.

The desk's counterpart of a DataFrame: sections are read again for every closed minute, and
most of a small DataFrame's cost is making it. The functions of `dashboard.core.bars` take
both; a section that is written with them answers in the kind it was given.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.clock import bar_index
from dashboard.core.market import Ints

IST_OFFSET_S = 19_800  # +05:30 without daylight saving, since 1945
DAY_S = 86_400

SPARE = 128  # rows made room for at once: a third of a session's minutes

Values = npt.NDArray[Any]  # float64, or objects where a column is text


class Row(NamedTuple):
    """One more row of a table, as plain values, and what the next one goes on from."""

    values: Mapping[str, Any]
    state: Any = None


@dataclass
class Room:
    """Longer arrays of which tables that follow each other show the first rows."""

    starts: Ints
    values: dict[str, Values]
    used: int


class Shown(Mapping[str, Values]):
    """Some rows of longer arrays, each looked at when it is asked for."""

    def __init__(self, arrays: Mapping[str, Values], part: slice) -> None:
        self._arrays, self._part = arrays, part

    def __getitem__(self, name: str) -> Values:
        return self._arrays[name][self._part]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class Columns:
    """Arrays of one length by name, a row for each bar.

    Parameters
    ----------
    starts : array of int64, shape (n,)
        Bar starts in seconds since the epoch, increasing.
    values : mapping of str to array, shape (n,)
        Float64 (NaN is unknown) or objects. They are not copied: nobody may change them.
    """

    def __init__(self, starts: Ints, values: Mapping[str, Values]) -> None:
        self.starts = starts
        self.values = values
        self.facts: dict[Hashable, Any] = {}  # what readers found out, once for all of them
        self.checked: dict[str, int] = {}  # how many rows of a column are known to be prices
        self.state: Any = None  # what a section goes on from at the next bar
        self._room: Room | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(self.values)

    @cached_property
    def days(self) -> Ints:
        """Return the IST date of each bar, as days since 1970-01-01."""
        days: Ints = (self.starts + IST_OFFSET_S) // DAY_S
        return days

    @cached_property
    def last_day(self) -> int:
        """Return the IST date of the last bar, as days since 1970-01-01."""
        return (int(self.starts[-1]) + IST_OFFSET_S) // DAY_S

    @cached_property
    def first_of_day(self) -> int:
        """Return the row of the first bar of the last one's date."""
        return int(self.starts.searchsorted(self.last_day * DAY_S - IST_OFFSET_S))

    def rows(self, first: int, stop: int | None = None) -> "Columns":
        """Return the rows from `first` up to `stop`, as views."""
        part = slice(first, stop)
        return Columns(self.starts[part], Shown(self.values, part))

    def followed_by(self, start: int, row: Row) -> "Columns":
        """Return the same with one more row; this table stays as it is.

        Both show the same arrays. Where another row has followed already they are copied.
        """
        size, room, last = len(self.starts), self._room, row.values
        if room is None or room.used != size or size == len(room.starts):
            room = _with_room(self.starts, self.values)
        room.starts[size] = start
        for name, values in room.values.items():
            values[size] = last[name]
        room.used = size + 1
        longer = Columns(room.starts[: size + 1], Shown(room.values, slice(size + 1)))
        longer.checked, longer.state, longer._room = self.checked.copy(), row.state, room
        longer.__dict__["last"] = last  # as if it had been asked for
        return longer

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return the same as a DataFrame, indexed by bar start in Asia/Kolkata."""
        return pd.DataFrame(dict(self.values), bar_index(self.starts))

    @cached_property
    def last(self) -> dict[str, Any]:
        """Return the last row as plain floats (or text) by column."""
        return {name: values.item(-1) for name, values in self.values.items()}


def _with_room(starts: Ints, values: Mapping[str, Values]) -> Room:
    """Return copies of these arrays that have room for more rows."""
    size = len(starts)

    def longer(known: Values) -> Values:
        copy: Values = np.empty(size + SPARE, dtype=known.dtype)
        copy[:size] = known
        return copy

    return Room(longer(starts), {name: longer(known) for name, known in values.items()}, size)
