"""Gather a file's rows into days without holding the file.

Rows are collected until there are enough of them, put in order of their days, and handed
on day by day; the day of the last row read waits for more. So a file may be sorted by time,
newest first, or instrument by instrument, and a small one may be in any order at all.
"""

from collections.abc import Generator, Iterator
from datetime import date, timedelta

import numpy as np

from dashboard.core.errors import DamagedFileError, ImportFileError
from dashboard.core.market import Ints
from feeds.importers.reading import Rows

WINDOW_ROWS = 500_000
MOST_ROWS = 1_500_000  # of one day: 4,000 contracts at a bar a minute
_DAY_S = 86_400
_IST_S = 19_800  # UTC+05:30
_EPOCH = date(1970, 1, 1)


def day_of(numbers: int) -> date:
    """Return the date of a day number."""
    return _EPOCH + timedelta(days=numbers)


def day_numbers(seconds: Ints) -> Ints:
    """Return the IST date of each instant as days since 1970-01-01."""
    return (seconds + _IST_S) // _DAY_S


def by_day(
    blocks: Iterator[Rows], window: int = WINDOW_ROWS, *, label: str = "a file"
) -> Iterator[tuple[date, Rows]]:
    """Yield (day, rows in the file's order); a day may come again with further rows.

    `label` names the file in errors.

    Raises
    ------
    DamagedFileError
        If the file breaks off, after the days that were complete by then.
    ImportFileError
        If one day has more rows than a market has bars.
    """
    held: list[Rows] = []
    count, enough = 0, window
    try:
        for rows in blocks:
            held.append(rows)
            count += len(rows)
            if count >= enough:
                rest = yield from _complete_days(_joined(held))
                held, count = [rest], len(rest)
                _refuse_endless(rest, label)
                # a large day in hand is not copied again for every block that comes
                enough = max(window, count + count // 4)
    except DamagedFileError:
        if count:
            yield from _complete_days(_joined(held))
        raise
    if count:
        yield from _days(_joined(held))


def _joined(parts: list[Rows]) -> Rows:
    """Return the parts as one, and let go of them."""
    rows = np.concatenate(parts)
    parts.clear()
    return rows


def _refuse_endless(rows: Rows, label: str) -> None:
    if len(rows) > MOST_ROWS:
        day, line = day_of(int(day_numbers(rows["time"])[0])), int(rows["line"][0])
        raise ImportFileError(
            f"{label}: from line {line:,} on {day} has over {MOST_ROWS:,} rows: "
            "these are no bars of a day"
        )


def _complete_days(rows: Rows) -> Generator[tuple[date, Rows], None, Rows]:
    """Yield all days but that of the last row; return the rows of that one."""
    days = day_numbers(rows["time"])
    waiting = days == days[-1]
    if waiting.all():
        return rows
    yield from _days(rows[~waiting])
    return np.array(rows[waiting])


def _days(rows: Rows) -> Iterator[tuple[date, Rows]]:
    days = day_numbers(rows["time"])
    order = np.argsort(days, kind="stable")
    edges = np.flatnonzero(np.diff(days[order])) + 1
    for part in np.split(order, edges):
        if len(part):
            yield day_of(int(days[part[0]])), rows[part]
