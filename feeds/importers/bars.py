"""Files of bars become tapes from which the same bars are built again."""

import os
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain
from pathlib import Path

import numpy as np

from dashboard.core.calendar import Calendar, load_calendar
from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import CalendarError, ImportFileError
from dashboard.core.market import Instrument, Ints, Kind
from dashboard.core.ports import Store
from dashboard.pipeline.hours import trading_hours
from feeds.importers import columns as wanted
from feeds.importers.bar_day import DayBars, clean_day
from feeds.importers.bar_rows import ABSENT, PRICES, BarReader
from feeds.importers.bar_ticks import bar_ticks
from feeds.importers.blocks import Blocks
from feeds.importers.days import Tape, digest, raise_if_nothing, recorded, write
from feeds.importers.framing import frames, opening
from feeds.importers.gather import by_day
from feeds.importers.missing import without_bars
from feeds.importers.names import with_own_tokens
from feeds.importers.reading import Rows
from feeds.importers.refusing import refuse_day
from feeds.importers.report import ImportReport, Progress, Tally
from feeds.importers.stamps import find_zone

CONNECTION = 0


def import_bars(
    path: str | os.PathLike[str],
    store: Store,
    *,
    columns: Mapping[str, str] | None = None,
    symbol: str | None = None,
    timezone: str | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Turn a CSV, gzipped CSV or Parquet file of bars into one tape a day.

    The bars built from a tape at the file's interval equal the file to the paisa; bars of
    1 minute do so at every interval. The file is read in blocks and may be of any size.

    Parameters
    ----------
    columns : mapping, optional
        Field (time, date, symbol, open, high, low, close, volume, oi) to column name, where
        the file's own names do not tell. "date" is the day of a time in two columns.
    symbol : str, optional
        Whose bars these are, whatever the file says: "NIFTY 50", "BANKNIFTY",
        "NIFTY26AUGFUT", ...
    timezone : str, optional
        Of times that name none: "Asia/Kolkata" if not given.
    replace : bool
        Write every day of the file anew, in place of what is stored of the same instruments
        and day, be it from another source or from this file. Without it, only a stored day
        that is damaged is written anew.
    progress : callable, optional
        Called with the fraction of the file read and a few words.

    Returns
    -------
    ImportReport
        What was written, what was there already, and what was left out, with reasons.

    Raises
    ------
    ImportFileError
        If nothing of the file can be used. A file that is bad from some row on keeps the
        days before it; the report says so.
    DuplicateError
        If every day that could be written is there from another source.
    StoreError
        If the database refuses. Days before that are kept.
    """
    return _BarImport(Path(path), store, columns, symbol, timezone, replace).run(progress)


class _BarImport:
    """One file on its way into the store."""

    def __init__(
        self,
        path: Path,
        store: Store,
        columns: Mapping[str, str] | None,
        symbol: str | None,
        timezone: str | None,
        replace: bool,
    ) -> None:
        self._blocks = Blocks(path)
        self._columns = wanted.find(self._blocks.names, wanted.BAR_FIELDS, columns)
        needs = wanted.BAR_NEEDS if symbol else (*wanted.BAR_NEEDS, "symbol")
        wanted.require(self._blocks.label, self._blocks.names, self._columns, needs)
        self._tally = Tally()
        self._reader = BarReader(
            self._blocks, self._columns, symbol, find_zone(timezone), self._tally
        )
        self._store = store
        self._replace = replace
        self._calendar: Calendar = load_calendar()
        self._seen: set[tuple[date, str]] = set()
        self._minutes: set[int] = set()

    def run(self, progress: Progress | None) -> ImportReport:
        """Write every day, and keep what was written when the file turns bad."""
        try:
            for day, rows in by_day(self._reader.rows(progress), label=self._blocks.label):
                self._day(day, rows)
        except ImportFileError as error:
            if not (self._tally.days or self._tally.already):
                raise
            self._tally.refuse("file", date.max, f"{error}; the days before it are kept")
        raise_if_nothing(self._tally, self._blocks.label, self._reader.unknown.rows)
        if progress is not None:
            progress(1.0, f"{self._blocks.label} is read")
        return self._tally.report(self._blocks.label, self._layout(), self._columns)

    def _day(self, day: date, rows: Rows) -> None:
        self._refuse_return(day, rows)
        before = self._tally.rows_left_out
        try:
            bars = clean_day(day, rows, self._reader.instruments, self._calendar, self._tally)
        except (CalendarError, ImportFileError) as error:
            left_out = self._tally.rows_left_out - before
            refuse_day(self._tally, self._blocks, day, rows, error, left_out)
        else:
            self._minutes.add(bars.minutes)
            write(self._tape(bars), self._store, self._tally, replace=self._replace)

    def _refuse_return(self, day: date, rows: Rows) -> None:
        """Refuse a file that comes back to an instrument's day that is written already."""
        for who in np.unique(rows["who"]).tolist():
            key = (day, self._reader.instruments[who].symbol)
            if key in self._seen:
                line = int(rows["line"][rows["who"] == who][0])
                raise ImportFileError(
                    f"{self._blocks.label}: {self._blocks.noun} {line:,} goes back to {day} of "
                    f"{key[1]}, which is written already: sort the file by time, import again "
                    f"and replace that day"
                )
            self._seen.add(key)

    def _tape(self, bars: DayBars) -> Tape:
        bars, instruments = _compact(bars, self._reader.instruments)
        self._note_values(bars, instruments)
        fidelity = f"{bars.minutes}m bars"
        origin = digest(fidelity, instruments, _contents(bars, len(instruments)))
        ticks = bar_ticks(bars, instruments, carries_volume=self._reader.carries_volume)
        opens = [self._calendar.session(bars.day, i.segment).open for i in instruments]
        first = [opening(to_ns(min(opens)) // SECOND_NS, CONNECTION)]
        return Tape(
            info=recorded(bars.day, fidelity, self._blocks.label, origin),
            instruments=instruments,
            frames=chain([first], frames(ticks, CONNECTION)),
            rows=len(bars.rows),
            ticks=len(ticks),
            gaps=without_bars(bars, instruments, trading_hours(self._calendar, bars.day)),
        )

    def _note_values(self, bars: DayBars, instruments: list[Instrument]) -> None:
        """Say what the tape cannot carry as the file has it."""
        index = np.array([i.kind is Kind.INDEX for i in instruments])[bars.rows["who"]]
        if (bars.rows["volume"][index] > 0).any():
            self._tally.note("An index carries no volume: the file's is not kept")
        if (bars.rows["oi"][index] > 0).any():
            self._tally.note("An index has no open interest: the file's is not kept")
        if index.all():
            return
        if not self._reader.carries_volume:
            self._tally.note("The file has no volume: its bars carry none")
        elif (bars.rows["volume"][~index] == ABSENT).any():
            self._tally.note("Some rows have no volume: their bars count none")

    def _layout(self) -> str:
        return " and ".join(f"{minutes}m bars" for minutes in sorted(self._minutes)) or "bars"


def _compact(bars: DayBars, instruments: list[Instrument]) -> tuple[DayBars, list[Instrument]]:
    """Return the day with only its own instruments, in the order of their symbols."""
    present = sorted(np.unique(bars.rows["who"]).tolist(), key=lambda who: instruments[who].symbol)
    position = np.full(len(instruments), -1, dtype=np.int32)
    position[present] = np.arange(len(present), dtype=np.int32)
    rows = bars.rows.copy()
    rows["who"] = position[rows["who"]]
    order = np.argsort(rows["who"], kind="stable")
    own = with_own_tokens([instruments[who] for who in present])
    return DayBars(bars.day, bars.minutes, rows[order], bars.ends[order]), own


def _contents(bars: DayBars, count: int) -> Iterator[Ints]:
    for who in range(count):
        rows = bars.rows[bars.rows["who"] == who]
        yield np.stack([rows[name] for name in ("time", *PRICES, "volume", "oi")])
