"""Bars, or what a section calculated from them, as plain arrays.

The desk's counterpart of a DataFrame: sections are read again for every closed minute, and
most of a small DataFrame's cost is making it. The functions of `dashboard.core.bars` take
both; a section that is written with them answers in the kind it was given.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.clock import bar_index
from dashboard.core.market import Ints

IST_OFFSET_S = 19_800  # +05:30 without daylight saving, since 1945
DAY_S = 86_400

SPARE = 128  # rows made room for at once: a third of a session's minutes
WAITING = 32  # rows that may wait to be written: most columns are never looked at

Values = npt.NDArray[Any]  # float64, or objects where a column is text
LOCK = Lock()  # a page may look at a table while the desk goes on from it


class Row(NamedTuple):
    """One more row of a table, as plain values, and what the next one goes on from."""

    values: Mapping[str, Any]
    state: Any = None


class Starts:
    """When the bars of a table start, and what follows from it; tables of these bars share it.

    `array` are seconds since the epoch, increasing, shape (n,).
    """

    def __init__(self, array: Ints) -> None:
        self.array = array

    @cached_property
    def first(self) -> int:
        """Return the start of the first bar [s]."""
        return int(self.array[0])

    @cached_property
    def last(self) -> int:
        """Return the start of the last bar [s]."""
        return int(self.array[-1])

    @cached_property
    def before_last(self) -> int:
        """Return the start of the last bar but one [s]."""
        return int(self.array[-2])

    @cached_property
    def days(self) -> Ints:
        """Return the IST date of each bar, as days since 1970-01-01."""
        days: Ints = (self.array + IST_OFFSET_S) // DAY_S
        return days

    @cached_property
    def last_day(self) -> int:
        """Return the IST date of the last bar, as days since 1970-01-01."""
        return (self.last + IST_OFFSET_S) // DAY_S

    @cached_property
    def first_of_day(self) -> int:
        """Return the row of the first bar of the last one's date."""
        return int(self.array.searchsorted(self.last_day * DAY_S - IST_OFFSET_S))


@dataclass
class Room:
    """Longer arrays of which bars that follow each other show the first rows."""

    starts: Ints
    values: dict[str, Values]
    used: int


class Waiting:
    """Rows of a section's table, which wait to be written until somebody looks at a column.

    Most columns are read by their last row alone. Tables that follow each other show the
    first of these rows.
    """

    def __init__(self, values: Mapping[str, Values], size: int) -> None:
        self.used = size
        self.arrays = dict(values)
        self._written = dict.fromkeys(self.arrays, size)
        self._rows: list[Mapping[str, Any]] = []  # the last ones
        self._before = size  # how many there are before those

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one more row."""
        self._rows.append(row)
        self.used += 1
        if len(self._rows) >= WAITING:
            with LOCK:
                for name in self.arrays:
                    self._write(name)
                self._before, self._rows = self.used, []

    def column(self, name: str, size: int) -> Values:
        """Return the first `size` values of a column."""
        if self._written[name] < size:
            with LOCK:
                self._write(name)
        return self.arrays[name][:size]

    def _write(self, name: str) -> None:
        array, done = self.arrays[name], self._written[name]
        for row in self._rows[done - self._before :]:
            if done == len(array):
                array = self.arrays[name] = _with_room(array)
            array[done] = row[name]
            done += 1
        self._written[name] = done


class Grown(Mapping[str, Values]):
    """The first rows of a table whose last ones may still wait."""

    def __init__(self, rows: Waiting, size: int) -> None:
        self._rows, self._size = rows, size

    def __getitem__(self, name: str) -> Values:
        return self._rows.column(name, self._size)

    def __contains__(self, name: object) -> bool:
        return name in self._rows.arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.arrays)

    def __len__(self) -> int:
        return len(self._rows.arrays)


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
    starts : array of int64, shape (n,), or Starts
        Bar starts in seconds since the epoch, increasing; or those of another table of the
        same bars.
    values : mapping of str to array, shape (n,)
        Float64 (NaN is unknown) or objects. They are not copied: nobody may change them.
    """

    def __init__(self, starts: Ints | Starts, values: Mapping[str, Values]) -> None:
        self.times = starts if isinstance(starts, Starts) else Starts(starts)
        self.starts = self.times.array
        self.values = values
        self.facts: dict[Hashable, Any] = {}  # what readers found out, once for all of them
        self.checked: dict[str, int] = {}  # how many rows of a column are known to be prices
        self.state: Any = None  # what a section goes on from at the next bar
        self._room: Room | None = None
        self._waiting: Waiting | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(self.values)

    @property
    def days(self) -> Ints:
        """Return the IST date of each bar, as days since 1970-01-01."""
        return self.times.days

    @property
    def last_day(self) -> int:
        """Return the IST date of the last bar, as days since 1970-01-01."""
        return self.times.last_day

    @property
    def first_of_day(self) -> int:
        """Return the row of the first bar of the last one's date."""
        return self.times.first_of_day

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
            longer = {name: _with_room(known) for name, known in self.values.items()}
            room = Room(_with_room(self.starts), longer, size)
        room.starts[size] = start
        for name, values in room.values.items():
            values[size] = last[name]
        room.used = size + 1
        part = slice(size + 1)
        return self._with_row(Starts(room.starts[part]), Shown(room.values, part), row, room=room)

    def extended(self, times: Starts, row: Row) -> "Columns":
        """Return what `followed_by` does, of bars that start at `times`, the last one too."""
        size, rows = len(self.starts), self._waiting
        if rows is None or rows.used != size:
            rows = Waiting(self.values, size)
        rows.add(row.values)
        return self._with_row(times, Grown(rows, size + 1), row, waiting=rows)

    def _with_row(
        self,
        times: Starts,
        values: Mapping[str, Values],
        row: Row,
        room: Room | None = None,
        waiting: Waiting | None = None,
    ) -> "Columns":
        longer = Columns(times, values)
        longer.checked, longer.state = self.checked.copy(), row.state
        longer._room, longer._waiting = room, waiting
        longer.__dict__["last"] = row.values  # as if it had been asked for
        if len(self.starts):
            longer.__dict__["last_but_one"] = self.last
        return longer

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return the same as a DataFrame, indexed by bar start in Asia/Kolkata."""
        return pd.DataFrame(dict(self.values), bar_index(self.starts))

    @cached_property
    def last(self) -> dict[str, Any]:
        """Return the last row as plain floats (or text) by column."""
        return {name: values.item(-1) for name, values in self.values.items()}

    @cached_property
    def last_but_one(self) -> dict[str, Any]:
        """Return the row before the last one, likewise."""
        return {name: values.item(-2) for name, values in self.values.items()}


def _with_room(known: Values) -> Values:
    """Return a copy of an array that has room for more rows."""
    size = len(known)
    copy: Values = np.empty(size + SPARE, dtype=known.dtype)
    copy[:size] = known
    return copy
