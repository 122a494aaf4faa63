"""Times of a file as seconds since the epoch.

A time that names no zone is Indian Standard Time unless the caller names another; one that
names its zone is taken at its word. Whole numbers are seconds, milliseconds, microseconds
or nanoseconds since the epoch, told apart by their size (1973 to 2286 never overlap).
Dates written with figures only are read day first, as India writes them, unless only the
month-first reading fits.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

from dashboard.core.clock import IST, SECOND_NS
from dashboard.core.errors import ImportFileError
from dashboard.core.market import Ints
from feeds.importers.report import Tally

UNKNOWN = -1
_DATES = ("%d-%m-%Y", "%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y")
_DATES_US = ("%m/%d/%Y", "%m-%d-%Y")
_TIMES = ("%H:%M:%S", "%H:%M")
_COMPACT = ("%Y%m%d_%H%M%S", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S")
_PATTERNS = (
    *_COMPACT,
    *(f"{day} {time}" for day in _DATES for time in _TIMES),
    *(f"{day}T{time}" for day in _DATES for time in _TIMES),
    *(f"{day} {time}" for day in _DATES_US for time in _TIMES),
)
_ORDERS = {"%d%m": "day/month/year", "%m%d": "month/day/year"}
_OTHER = {"%d": "%m", "%m": "%d"}
_SWAPPED = re.compile("%d|%m")
_NAMES_ZONE = r"\d(?:[zZ]|[+-]\d{2}:?\d{2})$"
_OTHER_KIND = {"iso": "aware", "aware": "iso"}
_EPOCH_UNITS = ((10**9, 1), (10**12, 10**3), (10**15, 10**6), (10**18, 10**9))


@dataclass(frozen=True, slots=True)
class StampFormat:
    """How a file writes its times. `pattern` is "iso", "aware", "epoch" or a strptime one."""

    pattern: str
    zone: ZoneInfo = IST

    @property
    def sentence(self) -> str:
        """Say how the times were read."""
        if self.pattern == "epoch":
            return "Times are seconds or fractions since the epoch"
        if self.pattern == "aware":
            return "Times name their zone and were converted to IST"
        kept = "taken as IST" if self.zone is IST else f"taken as {self.zone.key}"
        return f"Times name no zone: {kept}"


def find_zone(name: str | None) -> ZoneInfo:
    """Return the zone of that name, IST for None."""
    if name is None:
        return IST
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportFileError(f"{name!r} is no time zone: write Asia/Kolkata or UTC") from error


def joined(day: Any, time: Any) -> Any:
    """Return a date and a time column as one text column."""
    both = [compute.utf8_trim_whitespace(compute.cast(part, pa.string())) for part in (day, time)]
    return compute.binary_join_element_wise(*both, " ")


class StampReader:
    """Read one file's times in the way in which its first block writes them."""

    def __init__(self, label: str, column: str, zone: ZoneInfo, tally: Tally) -> None:
        self._label, self._column, self._zone, self._tally = label, column, zone, tally
        self._format: StampFormat | None = None

    def read(self, column: Any) -> Ints:
        """Return whole seconds since the epoch, UNKNOWN where a cell cannot be read.

        Raises
        ------
        ImportFileError
            If the first block that holds anything holds no times that can be read.
        """
        if self._format is None and column.null_count == len(column):
            return _nothing(column)  # a later block may tell
        if self._format is None:
            self._format = detect(column, self._zone)
            if self._format is None:
                found = next(str(cell) for cell in column.to_pylist() if cell is not None)
                raise ImportFileError(
                    f"{self._label}: column {self._column!r} holds no times that can be read "
                    f"({found!r}): write them as 2024-01-31 09:15:00"
                )
            self._tally.note(self._format.sentence)
            order = date_order(column, self._format)
            if order:
                self._tally.note(order)
        stamps = seconds(column, self._format)
        return stamps if is_known(stamps).all() else self._with_other_kind(column, stamps)

    def _with_other_kind(self, column: Any, found: Ints) -> Ints:
        """Read times with a zone among ones without, and the reverse, each as it is written."""
        assert self._format is not None
        other = _OTHER_KIND.get(self._format.pattern)
        if other is None:
            return found
        rest = seconds(column, StampFormat(other, self._zone))
        mixed = (found == UNKNOWN) & (rest != UNKNOWN)
        if mixed.any():
            kept = self._zone.key
            self._tally.note(
                f"Some times name their zone and some do not; those without are in {kept}"
            )
        return np.where(mixed, rest, found)


def detect(column: Any, zone: ZoneInfo) -> StampFormat | None:
    """Return how most of a column's times are written, None if no way fits any of them."""
    best, most = None, 0
    for pattern in ("iso", "aware", "epoch", *_PATTERNS):
        found = int((seconds(column, StampFormat(pattern, zone)) != UNKNOWN).sum())
        if found > most:
            best, most = StampFormat(pattern, zone), found
        if most == len(column) - column.null_count:
            break
    return best


def date_order(column: Any, format_: StampFormat) -> str | None:
    """Say in which order day and month were read, None where the file leaves no choice.

    10/08/2026 is 10 August or 8 October: what was taken for granted is said, and whether the
    other reading would have fitted as well.
    """
    order = _ORDERS.get(format_.pattern[:2] + format_.pattern[3:5])
    if order is None:
        return None
    stamps = seconds(column, format_)
    known = is_known(stamps)
    first = int(np.argmax(known))
    day = datetime.fromtimestamp(int(stamps[first]), format_.zone)
    written = re.split("[ T]", str(column[first].as_py()).strip())[0]
    said = f"Dates are read as {order}: {written} is {day.day} {day:%B %Y}"
    swapped = _SWAPPED.sub(lambda found: _OTHER[found[0]], format_.pattern)
    other = is_known(seconds(column, StampFormat(swapped, format_.zone)))
    if not other[known].all():
        return said
    return f"{said} (the first rows would fit {_ORDERS[swapped[:2] + swapped[3:5]]} too)"


def seconds(column: Any, format_: StampFormat) -> Ints:
    """Return whole seconds since the epoch, UNKNOWN where a cell cannot be read so."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _typed(column, kind, format_)
    if pa.types.is_floating(kind) and format_.pattern != "epoch":
        return _nothing(column)
    if format_.pattern == "epoch":
        return _epoch(column)
    text = compute.utf8_trim_whitespace(compute.cast(column, pa.string()))
    if format_.pattern == "aware":
        return _iso(text, pa.timestamp("ns", "UTC"))
    naive = _iso(text, pa.timestamp("ns")) if format_.pattern == "iso" else _strptime(text, format_)
    return _to_utc(naive, format_.zone)


def _typed(column: Any, kind: Any, format_: StampFormat) -> Ints:
    wanted = "iso" if kind.tz is None else "aware"
    if format_.pattern != wanted:
        return _nothing(column)
    values = compute.cast(column, pa.timestamp("ns", kind.tz), safe=False)
    result = _whole(values)
    return _to_utc(result, format_.zone) if kind.tz is None else result


def _iso(text: Any, kind: Any) -> Ints:
    try:
        return _whole(compute.cast(text, kind))
    except pa.ArrowInvalid:
        return _iso_carefully(text, kind)


def _iso_carefully(text: Any, kind: Any) -> Ints:
    """Return the same where single cells are no times, or are of the other kind."""
    cells = pd.Series(text.to_pylist(), dtype="str")
    found = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    aware = cells.str.contains(_NAMES_ZONE, regex=True, na=False)
    found = found.where(aware == (kind.tz is not None))
    return _whole(pa.array(found, from_pandas=True))


def _strptime(text: Any, format_: StampFormat) -> Ints:
    found = compute.strptime(text, format=format_.pattern, unit="s", error_is_null=True)
    return _whole(found)


def _whole(column: Any) -> Ints:
    column = compute.cast(column, pa.timestamp("ns", column.type.tz), safe=False)
    ns = compute.fill_null(column.cast(pa.int64()), UNKNOWN * SECOND_NS)
    return np.asarray(ns.to_numpy(zero_copy_only=False), dtype=np.int64) // SECOND_NS


def _to_utc(naive: Ints, zone: ZoneInfo) -> Ints:
    """Return naive wall-clock seconds as instants; a time that a zone skips is unknown."""
    known = naive != UNKNOWN
    if zone is IST:
        return np.where(known, naive - 19_800, UNKNOWN)  # UTC+05:30 all year since 1945
    wall = pd.DatetimeIndex(pd.to_datetime(naive, unit="s"))
    local = wall.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    instants = _whole(pa.array(local, from_pandas=True))
    return np.where(known, instants, UNKNOWN)


def _epoch(column: Any) -> Ints:
    try:
        values = compute.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        cells = pd.Series(column.to_pylist(), dtype=object)
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    result = np.full(len(values), UNKNOWN, dtype=np.int64)
    for smallest, divisor in _EPOCH_UNITS:
        # from 1973 (1e8 s) to 2286 (1e10 s) in each unit
        here = (values >= smallest / 10) & (values < smallest * 10)
        result[here] = (values[here] // divisor).astype(np.int64)
    return result


def _nothing(column: Any) -> Ints:
    return np.full(len(column), UNKNOWN, dtype=np.int64)


def is_known(stamps: Ints) -> npt.NDArray[np.bool_]:
    """Say which stamps could be read."""
    return np.asarray(stamps != UNKNOWN)
