"""Rows of a file of bars as numbers, block by block; rows that cannot be are left out."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Instrument, Ints
from feeds.importers import stamps
from feeds.importers.blocks import Block, Blocks
from feeds.importers.cells import numbers
from feeds.importers.faults import Faults
from feeds.importers.names import Names
from feeds.importers.reading import Rows, UnknownNames, read_rows
from feeds.importers.report import Progress, Tally

ROW = np.dtype(
    [
        ("line", "<i8"),
        ("time", "<i8"),  # seconds since the epoch
        ("who", "<i4"),  # position in `BarReader.instruments`
        ("open", "<i8"),  # paise
        ("high", "<i8"),
        ("low", "<i8"),
        ("close", "<i8"),
        ("volume", "<i8"),  # units within the bar; ABSENT where the row has none
        ("oi", "<i8"),  # units; ABSENT where the row has none
    ]
)
PRICES = ("open", "high", "low", "close")
ABSENT = -1
WHOLE_PAISE = 1e-4  # further from a whole number of paise was not written with 2 decimals
HIGHEST = 2**32 - 1  # what a packet can carry, paise or units

_Mask = npt.NDArray[np.bool_]


class BarReader:
    """Turn blocks into rows, remembering how this file writes its times and names."""

    def __init__(
        self,
        blocks: Blocks,
        columns: Mapping[str, str],
        symbol: str | None,
        zone: ZoneInfo,
        tally: Tally,
    ) -> None:
        self._blocks = blocks
        self._columns = columns
        self._tally = tally
        self.unknown = UnknownNames(blocks, columns.get("symbol"))
        self._names = Names(symbol, self.unknown)
        self._faults = Faults(blocks, tally)
        self._stamps = stamps.StampReader(blocks.label, columns["time"], zone, tally)
        self.carries_volume = "volume" in columns

    @property
    def instruments(self) -> list[Instrument]:
        """Return what was named so far; rows point into it."""
        return self._names.instruments

    def rows(self, progress: Progress | None) -> Iterator[Rows]:
        """Return the good rows, block by block.

        Raises
        ------
        ImportFileError
            If no time can be read, or there are rows and none of them is good.
        """
        return read_rows(
            self._blocks, self._read, self.unknown, self._faults, self._tally, progress
        )

    def _read(self, block: Block) -> Rows:
        rows = np.empty(len(block.batch), dtype=ROW)
        rows["line"] = block.lines
        rows["time"] = self._times(block)
        rows["who"] = self._who(block)
        good = stamps.is_known(rows["time"])
        self._faults.cells(block, self._columns["time"], ~good)
        for field in PRICES:
            good &= self._price(block, field, rows)
        for field in ("volume", "oi"):
            good &= self._units(block, field, rows)
        good &= self._ordered(block, rows, good)
        self._faults.count(block, int((~good).sum()))
        return np.asarray(rows[good & (rows["who"] >= 0)])

    def _times(self, block: Block) -> Ints:
        column = self._faults.column(block, self._columns["time"])
        if "date" in self._columns:
            day = self._faults.column(block, self._columns["date"])
            column = stamps.joined(day, column)
        return self._stamps.read(column)

    def _who(self, block: Block) -> npt.NDArray[np.int32]:
        if "symbol" in self._columns and self._names.given is None:
            return self._names.positions(self._faults.column(block, self._columns["symbol"]))
        return np.zeros(len(block.batch), dtype=np.int32)

    def _price(self, block: Block, field: str, rows: Rows) -> _Mask:
        column = self._columns[field]
        values = numbers(self._faults.column(block, column)).values
        paise = np.where(np.isnan(values), 0.0, values) * 100
        whole = np.rint(paise)
        good = (whole > 0) & (whole <= HIGHEST)
        self._tally.rounded += int((good & (np.abs(paise - whole) > WHOLE_PAISE)).sum())
        rows[field] = np.where(good, whole, 0)
        self._faults.cells(block, column, ~good)
        return np.asarray(good)

    def _units(self, block: Block, field: str, rows: Rows) -> _Mask:
        rows[field] = ABSENT
        if field not in self._columns:
            return np.ones(len(rows), dtype=bool)
        column = self._columns[field]
        cells = numbers(self._faults.column(block, column))
        known = ~np.isnan(cells.values)
        whole = np.rint(np.where(known, cells.values, 0))
        wrong = cells.bad | (whole < 0) | (whole > HIGHEST)
        self._tally.broken += int((known & ~wrong & (whole != cells.values)).sum())
        rows[field] = np.where(known & ~wrong, whole, ABSENT)
        self._faults.cells(block, column, wrong)
        return np.asarray(~wrong)

    def _ordered(self, block: Block, rows: Rows, good: _Mask) -> _Mask:
        """Say which rows have open and close between low and high."""
        top = np.maximum(rows["open"], rows["close"])
        bottom = np.minimum(rows["open"], rows["close"])
        wrong = good & ((rows["high"] < top) | (rows["low"] > bottom))
        if wrong.any():
            first = rows[int(np.argmax(wrong))]
            values = (f"{field} {first[field] / 100:.2f}" for field in PRICES)
            self._faults.rows(block, wrong, f"{' '.join(values)} is no bar", kind="is no bar")
        return np.asarray(~wrong)
