"""Rows of a file of chain snapshots as numbers, one row a contract and snapshot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.market import Floats, Ints, Kind
from feeds.importers import stamps
from feeds.importers.blocks import Block, Blocks
from feeds.importers.cells import encoded, numbers
from feeds.importers.chain_layout import Layout
from feeds.importers.faults import Faults
from feeds.importers.names import find_underlying
from feeds.importers.reading import Rows, UnknownNames, read_rows
from feeds.importers.report import Progress, Tally

ABSENT = -1e18  # in columns where a true value may be anything else
NO_EXPIRY = date(1970, 1, 1)
KINDS = (Kind.CALL, Kind.PUT)
AMOUNTS = ("volume", "oi", "oi_change", "bid_quantity", "ask_quantity")
PAISE = ("price", "bid", "ask")
ROW = np.dtype(
    [
        ("line", "<i8"),
        ("time", "<i8"),  # when it was collected, seconds since the epoch
        ("stamp", "<i8"),  # the snapshot's own time; the same where there is no other
        ("who", "<i4"),  # of the contract; set when the day is put together
        ("underlying", "<i2"),  # position in `ChainReader.underlyings`
        ("expiry", "<i4"),  # days since 1970-01-01
        ("kind", "<i2"),  # position in KINDS
        ("strike", "<i8"),  # paise, as the next four
        ("price", "<i8"),  # 0 where it has not traded
        ("bid", "<i8"),  # 0 where there is none
        ("ask", "<i8"),
        ("spot", "<i8"),  # 0 where the file has none
        ("volume", "<f8"),  # as the file counts, ABSENT where it has none
        ("oi", "<f8"),
        ("oi_change", "<f8"),
        ("bid_quantity", "<f8"),
        ("ask_quantity", "<f8"),
    ]
)
_DATE_PATTERNS = ("%Y-%m-%d", "%d-%b-%Y", "%d-%m-%Y", "%d/%m/%Y", "%d%b%Y", "%Y%m%d")
_DAY_FIRST = ("%d-%m-%Y", "%d/%m/%Y")
_NAMES = {"CE": 0, "CALL": 0, "C": 0, "PE": 1, "PUT": 1, "P": 1}


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller says where the file does not."""

    underlying: str | None
    expiry: date | None
    at: datetime | None
    zone: ZoneInfo


class ChainReader:
    """Turn blocks into rows."""

    def __init__(self, blocks: Blocks, layout: Layout, given: Given, tally: Tally) -> None:
        self._blocks, self._layout, self._given, self._tally = blocks, layout, given, tally
        self._faults = Faults(blocks, tally)
        self._stamps = {
            field: stamps.StampReader(blocks.label, layout.shared[field], given.zone, tally)
            for field in ("time", "polled")
            if field in layout.shared
        }
        self.underlyings: list[str] = [given.underlying] if given.underlying else []
        self.unknown = UnknownNames(blocks, layout.shared.get("symbol"))
        self._told_order = False

    def rows(self, progress: Progress | None) -> Iterator[Rows]:
        """Return the rows block by block, calls first in each.

        Raises
        ------
        ImportFileError
            If no time can be read, or there are rows and none of them is good.
        """
        return read_rows(
            self._blocks, self._read, self.unknown, self._faults, self._tally, progress
        )

    def _read(self, block: Block) -> Rows:
        shared, good = self._shared(block)
        parts = []
        layout = self._layout
        for kind, side in list(layout.sides.items())[: 1 if layout.kind else 2]:
            rows = shared.copy()
            rows["kind"] = self._kind(block) if layout.kind else KINDS.index(kind)
            good &= rows["kind"] >= 0
            for field in PAISE:
                rows[field], fine = self._paise(block, side.get(field))
                good &= fine
            for field in AMOUNTS:
                rows[field], fine = self._amount(block, field, side.get(field))
                good &= fine
            parts.append(rows)
        self._faults.count(block, int((~good).sum()))
        keep = good & (shared["underlying"] >= 0)
        return np.concatenate([rows[keep] for rows in parts])

    # -- what both sides share -------------------------------------------------------------

    def _shared(self, block: Block) -> tuple[Rows, npt.NDArray[np.bool_]]:
        rows = np.zeros(len(block.batch), dtype=ROW)
        rows["line"] = block.lines
        rows["stamp"] = self._time(block, "time")
        rows["time"] = self._time(block, "polled") if "polled" in self._stamps else rows["stamp"]
        good = stamps.is_known(rows["time"]) & stamps.is_known(rows["stamp"])
        rows["underlying"] = self._underlying(block)
        rows["expiry"] = self._expiry(block)
        good &= rows["expiry"] > 0
        rows["strike"], fine = self._paise(block, self._layout.shared["strike"])
        absent = fine & (rows["strike"] <= 0)
        self._faults.cells(block, self._layout.shared["strike"], absent)
        good &= fine & ~absent
        rows["spot"], _ = self._paise(block, self._layout.shared.get("spot"), silent=True)
        return rows, good

    def _time(self, block: Block, field: str) -> Ints:
        if field not in self._stamps:
            assert self._given.at is not None
            return np.full(len(block.batch), to_ns(self._given.at) // SECOND_NS)
        column = self._faults.column(block, self._layout.shared[field])
        found = self._stamps[field].read(column)
        self._faults.cells(block, self._layout.shared[field], ~stamps.is_known(found))
        return found

    def _underlying(self, block: Block) -> Ints:
        if self._given.underlying is not None:
            return np.zeros(len(block.batch), dtype=np.int64)
        names, codes = encoded(self._faults.column(block, self._layout.shared["symbol"]))
        table = [self._position(name) for name in names]
        found = np.array(table, dtype=np.int64)[codes]
        self.unknown.count(names, codes, found)
        return found

    def _position(self, name: str | None) -> int:
        underlying = find_underlying(name or "")
        if underlying is None:
            return -1
        if underlying not in self.underlyings:
            self.underlyings.append(underlying)
        return self.underlyings.index(underlying)

    def _expiry(self, block: Block) -> Ints:
        if self._given.expiry is not None:
            return np.full(len(block.batch), (self._given.expiry - NO_EXPIRY).days)
        column = self._layout.shared["expiry"]
        names, codes = encoded(self._faults.column(block, column))
        read = [_read_date(name) for name in names]
        for name, (day, pattern) in zip(names, read, strict=True):
            if pattern in _DAY_FIRST and day and not self._told_order:
                said = f"{(name or '').strip()} is {day.day} {day:%B %Y}"
                self._tally.note(f"Expiries are read as day/month/year: {said}")
                self._told_order = True
        table = [(day - NO_EXPIRY).days if day else 0 for day, _ in read]
        found = np.array(table, dtype=np.int64)[codes]
        self._faults.cells(block, column, found <= 0)
        return found

    def _kind(self, block: Block) -> Ints:
        assert self._layout.kind is not None
        names, codes = encoded(self._faults.column(block, self._layout.kind))
        table = [_NAMES.get((name or "").strip().upper(), -1) for name in names]
        found = np.array(table, dtype=np.int64)[codes]
        self._faults.cells(block, self._layout.kind, found < 0)
        return found

    # -- numbers ---------------------------------------------------------------------------

    def _paise(
        self, block: Block, column: str | None, *, silent: bool = False
    ) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return prices in paise, 0 for none, and which cells are not wrong."""
        if column is None:
            return np.zeros(len(block.batch), np.int64), np.ones(len(block.batch), dtype=bool)
        cells = numbers(self._faults.column(block, column))
        paise = np.rint(np.where(np.isnan(cells.values), 0, cells.values) * 100)
        wrong = cells.bad | (paise < 0)
        if not silent:
            self._faults.cells(block, column, wrong)
        return np.where(wrong, 0, paise).astype(np.int64), np.asarray(~wrong)

    def _amount(
        self, block: Block, field: str, column: str | None
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        if column is None:
            return np.full(len(block.batch), ABSENT), np.ones(len(block.batch), dtype=bool)
        cells = numbers(self._faults.column(block, column))
        wrong = cells.bad if field == "oi_change" else cells.bad | (cells.values < 0)
        self._faults.cells(block, column, wrong)
        return np.where(np.isnan(cells.values), ABSENT, cells.values), np.asarray(~wrong)


def _read_date(text: str | None) -> tuple[date | None, str]:
    """Return a date and the pattern in which it is written."""
    for pattern in _DATE_PATTERNS:
        try:
            found = datetime.strptime((text or "").strip()[:11], pattern)  # noqa: DTZ007
        except ValueError:
            continue
        return found.date(), pattern
    return None, ""
