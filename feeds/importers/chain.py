"""Files of option-chain snapshots become tapes of Kite's packets."""

import os
import re
from datetime import date, datetime
from itertools import chain as joined
from itertools import pairwise
from pathlib import Path

import numpy as np

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import CalendarError, ImportFileError
from dashboard.core.market import Ints, Segment
from dashboard.core.ports import Gap, Store
from feeds.importers.blocks import Blocks
from feeds.importers.chain_day import DayChain, chain_ticks, clean_day, spot_indices
from feeds.importers.chain_layout import Layout, open_chain
from feeds.importers.chain_rows import ROW, ChainReader, Given
from feeds.importers.days import Tape, digest, raise_if_nothing, recorded, write
from feeds.importers.framing import frames, opening, reopening
from feeds.importers.gather import by_day
from feeds.importers.missing import without_snapshots
from feeds.importers.names import find_underlying
from feeds.importers.reading import Rows
from feeds.importers.refusing import refuse_day
from feeds.importers.report import ImportReport, Progress, Tally
from feeds.importers.stamps import find_zone

CONNECTION = 1  # another than that of bars, whose volume has another base
LOTS = (None, "contracts", "units")
_PAGE_NAME = re.compile(r"option-chain-ED-(?P<symbol>[A-Z0-9]+)-(?P<expiry>\d\d-[A-Za-z]{3}-\d{4})")
_CONTENT = [name for name in ROW.names or () if name not in ("line", "who", "stamp")]


def import_chain(
    path: str | os.PathLike[str],
    store: Store,
    *,
    lots: str | None = None,
    expiry: date | None = None,
    symbol: str | None = None,
    at: datetime | None = None,
    timezone: str | None = None,
    with_spot: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Turn a file of option-chain snapshots into one tape a day.

    Each snapshot becomes one message with a full packet for every contract that has traded.
    The layouts are those of `feeds.importers.chain_layout`; CSV, gzipped CSV and Parquet.

    Parameters
    ----------
    lots : {"contracts", "units"}, optional
        How the file counts volume and open interest; its numbers tell if not given.
    expiry, symbol : optional
        Of all rows, where the file does not say.
    at : datetime, optional
        When the snapshot was taken (aware), where the file holds no time.
    timezone : str, optional
        Of times that name none: "Asia/Kolkata" if not given.
    with_spot : bool
        Make ticks of the index from the spot column too.
    replace : bool
        Write every day of the file anew, in place of what is stored of the same contracts
        and day, be it from another source or from this file. Without it, only a stored day
        that is damaged is written anew.
    progress : callable, optional
        Called with the fraction of the file read and a few words.

    Raises
    ------
    ImportFileError
        If nothing of the file can be used.
    DuplicateError
        If every day that could be written is there from another source.
    StoreError
        If the database refuses. Days before that are kept.
    """
    if lots not in LOTS:
        raise ImportFileError(f"lots is {lots!r}: write 'contracts' or 'units'")
    blocks, layout = open_chain(Path(path))
    tally = Tally()
    given = _given(blocks, layout, expiry, symbol, at, timezone)
    reader = ChainReader(blocks, layout, given, tally)
    task = _ChainImport(store, blocks, reader, lots, with_spot, replace, tally)
    task.run(progress)
    raise_if_nothing(tally, blocks.label, reader.unknown.rows)
    return tally.report(blocks.label, f"{layout.name} chain", layout.columns())


def _given(
    blocks: Blocks,
    layout: Layout,
    expiry: date | None,
    symbol: str | None,
    at: datetime | None,
    timezone: str | None,
) -> Given:
    """Return what the caller or the file's name says; refuse if something is unsaid."""
    page = _PAGE_NAME.search(blocks.label)
    if page is not None and layout.name == "NSE page":
        symbol = symbol or page["symbol"]
        expiry = expiry or datetime.strptime(page["expiry"], "%d-%b-%Y").date()  # noqa: DTZ007
    underlying = find_underlying(symbol) if symbol else None
    if symbol and underlying is None:
        raise ImportFileError(f"{symbol!r} is no underlying: write NIFTY, BANKNIFTY or SENSEX")
    unsaid = [
        hint
        for field, value, hint in (
            ("symbol", underlying, "symbol='NIFTY'"),
            ("expiry", expiry, "expiry=2026-05-26"),
            ("time", at, "at=2026-05-26 10:33"),
        )
        if field not in layout.shared and value is None
    ]
    if unsaid:
        raise ImportFileError(
            f"{blocks.label} ({layout.name}) does not say everything: pass {', '.join(unsaid)}"
        )
    if at is not None and at.tzinfo is None:
        raise ImportFileError(f"{at} has no time zone: give it Asia/Kolkata")
    return Given(underlying, expiry, at, find_zone(timezone))


class _ChainImport:
    """One file on its way into the store."""

    def __init__(
        self,
        store: Store,
        blocks: Blocks,
        reader: ChainReader,
        lots: str | None,
        with_spot: bool,
        replace: bool,
        tally: Tally,
    ) -> None:
        self._store, self._blocks, self._reader = store, blocks, reader
        self._lots, self._with_spot, self._replace = lots, with_spot, replace
        self._tally = tally
        self._calendar = load_calendar()
        self._seen: set[date] = set()

    def run(self, progress: Progress | None) -> None:
        """Write every day, and keep what was written when the file turns bad."""
        try:
            for day, rows in by_day(self._reader.rows(progress), label=self._blocks.label):
                self._refuse_return(day, rows)
                self._day(day, rows)
        except ImportFileError as error:
            if not (self._tally.days or self._tally.already):
                raise
            self._tally.refuse("file", date.max, f"{error}; the days before it are kept")
        if progress is not None:
            progress(1.0, f"{self._blocks.label} is read")

    def _refuse_return(self, day: date, rows: Rows) -> None:
        if day in self._seen:
            raise ImportFileError(
                f"{self._blocks.label}: {self._blocks.noun} {int(rows['line'][0]):,} goes back to "
                f"{day}, which is written already: sort the file by time, import again and "
                f"replace that day"
            )
        self._seen.add(day)

    def _day(self, day: date, rows: Rows) -> None:
        before = self._tally.rows_left_out
        try:
            chain = clean_day(
                day, rows, self._reader.underlyings, self._lots, self._calendar, self._tally
            )
        except (CalendarError, ImportFileError) as error:
            left_out = self._tally.rows_left_out - before
            refuse_day(self._tally, self._blocks, day, rows, error, left_out)
        else:
            write(self._tape(chain), self._store, self._tally, replace=self._replace)

    def _tape(self, chain: DayChain) -> Tape:
        spots = spot_indices(chain, self._reader.underlyings) if self._with_spot else []
        if self._with_spot and not spots:
            self._tally.note("The file has no spot prices: no index was made from it")
        ticks = chain_ticks(chain, spots)
        first = (reopening if chain.starts_late else opening)(chain.first_s, CONNECTION)
        kind = f"{chain.cadence}, spot" if spots else chain.cadence
        origin = digest(kind, [*chain.instruments], _contents(chain))
        return Tape(
            info=recorded(chain.day, chain.cadence, self._blocks.label, origin),
            instruments=[*chain.instruments, *spots],
            frames=joined([[first]], frames(ticks, CONNECTION)),
            rows=len(chain.rows),
            ticks=len(ticks),
            gaps=self._gaps(chain),
        )

    def _gaps(self, chain: DayChain) -> list[Gap]:
        session = self._calendar.session(chain.day, Segment.FNO)
        opened, closed = (to_ns(at) // SECOND_NS for at in (session.open, session.close))
        return without_snapshots(np.unique(chain.rows["time"]), opened, closed)


def _contents(chain: DayChain) -> list[Ints]:
    """Return each contract's rows as numbers, for the digest."""
    edges = np.searchsorted(chain.rows["who"], np.arange(len(chain.instruments) + 1)).tolist()
    return [
        np.stack([chain.rows[name][start:stop].astype(np.int64) for name in _CONTENT])
        for start, stop in pairwise(edges)
    ]
