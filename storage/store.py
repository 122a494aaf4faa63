"""The store: everything kept, behind the protocol that `dashboard.core.ports` owns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pandas as pd

from dashboard.core.market import Frame, Instrument, Source, Universe
from dashboard.core.ports import DaySummary, Gap, TapeInfo
from dashboard.core.signal import Reading
from storage.accounts import SqlAccounts
from storage.bars import Bars, load_bars, load_bars_before, load_daily, load_sessions_before
from storage.damage import find_damaged
from storage.days import drop_day, load_origins, load_universe
from storage.derived import DerivedRows, extend, load_chain, load_checkpoint, prepare
from storage.engine import LOCK_TIMEOUT_S, Database
from storage.filled import fill_bars
from storage.history import find_instrument, find_symbols, load_history
from storage.readings import load_readings, save_readings
from storage.schema import open_database
from storage.summaries import find_day, list_days
from storage.tape_reader import OnDamage, read_frames, read_notes
from storage.tape_writer import OpenTape
from storage.tapes import begin_tape


def open_store(url: str, lock_timeout_s: float = LOCK_TIMEOUT_S) -> "SqlStore":
    """Open the store at `url` (``sqlite:///FILE`` or PostgreSQL's), made if it is not there.

    Raises
    ------
    StoreError
        If there is no database to be had there, or a newer Tezi made it.
    """
    return SqlStore(open_database(url, lock_timeout_s))


class SqlStore:
    """A `dashboard.core.ports.Store` in a database, safe for the threads of a process.

    LIVE and RECORDED days are the same world; MOCK days never mix with them.
    """

    def __init__(self, database: Database) -> None:
        self.database = self._database = database
        self.accounts = SqlAccounts(database)

    @property
    def name(self) -> str:
        """Return the database's URL without its password."""
        return self._database.name

    def close(self) -> None:
        """Give every connection back."""
        self._database.close()

    # -- tapes -----------------------------------------------------------------
    def begin_tape(
        self, info: TapeInfo, instruments: Sequence[Instrument], *, replace: bool = False
    ) -> AbstractContextManager[OpenTape]:
        """Begin a tape; see `storage.tapes`."""
        return begin_tape(self._database, info, instruments, replace=replace)

    def origins(self, day: date, source: Source) -> frozenset[str]:
        """Return the `origin_digest` of each complete tape of a day; empty where there is none."""
        return load_origins(self._database, day, source)

    def days(self) -> list[DaySummary]:
        """Return every stored day, latest first."""
        return list_days(self._database)

    def day(self, day: date, source: Source | None = None) -> DaySummary:
        """Return one day; without `source`, a recorded one before a generated one."""
        return find_day(self._database, day, source)

    def drop_day(self, day: date, source: Source) -> None:
        """Forget a day: its tapes, what was derived from them, and its readings."""
        drop_day(self._database, day, source)

    def universe(self, day: date, source: Source) -> Universe:
        """Return the instruments of the day's tapes."""
        return load_universe(self._database, day, source)

    def frames(
        self,
        day: date,
        source: Source,
        from_ns: int | None = None,
        on_damage: OnDamage | None = None,
    ) -> Iterator[Frame]:
        """Yield the day's frames in received order; see `storage.tape_reader`."""
        return read_frames(self._database, day, source, from_ns, on_damage)

    def notes(self, day: date, source: Source, until_ns: int) -> list[Frame]:
        """Return what Tezi itself put on the day's tapes before `until_ns`, in order."""
        return read_notes(self._database, day, source, until_ns)

    def damage(self, day: date, source: Source) -> tuple[Gap, ...]:
        """Return the minutes of the day that cannot be read, having read all of them."""
        found: list[Gap] = []
        for _ in self.frames(day, source, on_damage=found.append):
            pass
        return tuple(found)

    def damaged_tapes(
        self, day: date, source: Source, origin_digest: str | None = None
    ) -> tuple[TapeInfo, ...]:
        """Return the day's tapes of which a chunk does not match its digest, and mark them."""
        return find_damaged(self._database, day, source, origin_digest)

    # -- what is derived from tapes ----------------------------------------------
    def prepare(self, day: date, source: Source) -> AbstractContextManager[DerivedRows]:
        """Replace the day's bars, chain and checkpoints in one transaction."""
        return prepare(self._database, day, source)

    def extend(self, day: date, source: Source) -> AbstractContextManager[DerivedRows]:
        """Add to the day's bars, chain and checkpoints, minute by minute."""
        return extend(self._database, day, source)

    def fill_bars(self, day: date, source: Source, bars: Mapping[str, Bars]) -> int:
        """Put bars that were not received into a day, by timeframe; see `storage.filled`."""
        return fill_bars(self._database, day, source, bars)

    def bars(
        self, day: date, source: Source, tokens: Sequence[int], timeframe: str, until: int
    ) -> dict[int, Bars]:
        """Return the day's bars that start before `until`, by token (BAR_DTYPE)."""
        return load_bars(self._database, day, source, tokens, timeframe, until)

    def bars_before(
        self, day: date, source: Source, tokens: Sequence[int], timeframe: str, count: int
    ) -> dict[int, Bars]:
        """Return the last `count` bars of earlier sessions, by token (BAR_DTYPE)."""
        return load_bars_before(self._database, day, source, tokens, timeframe, count)

    def history(
        self,
        source: Source,
        symbol: str,
        timeframe: str,
        span: tuple[int, int],
        before: date,
        limit: int,
    ) -> Bars:
        """Return the first bars of a symbol that start in a span; see `storage.history`."""
        return load_history(self._database, source, symbol, timeframe, span, before, limit)

    def find_instrument(self, name: str, source: Source, until: date) -> Instrument | None:
        """Return what was called that, or had that token, on a stored day up to `until`."""
        return find_instrument(self._database, name, source, until)

    def find_symbols(self, source: Source, until: date, days_back: int) -> list[str]:
        """Return the symbols of the latest stored days up to `until`."""
        return find_symbols(self._database, source, until, days_back)

    def sessions_before(self, day: date, source: Source, count: int) -> list[date]:
        """Return the last `count` earlier days whose bars are kept, latest first."""
        return load_sessions_before(self._database, day, source, count)

    def daily(self, day: date, source: Source, token: int, count: int) -> pd.DataFrame:
        """Return earlier sessions as daily bars (regular bars only), latest last."""
        return load_daily(self._database, day, source, token, count)

    def chain(
        self, day: date, source: Source, underlying: str, expiry: date, until: int
    ) -> list[tuple[int, bytes]]:
        """Return the chain snapshots of minutes that start before `until`."""
        return load_chain(self._database, day, source, underlying, expiry, until)

    def checkpoint(self, day: date, source: Source, at: int) -> tuple[int, bytes] | None:
        """Return the last checkpoint at or before `at`: its second and its bytes."""
        return load_checkpoint(self._database, day, source, at)

    # -- readings ------------------------------------------------------------------
    def save_readings(self, day: date, source: Source, readings: Sequence[Reading]) -> None:
        """Keep readings; one of the same section, instrument, timeframe and bar gives way."""
        save_readings(self._database, day, source, readings)

    def readings(self, day: date, source: Source, **where: Any) -> list[dict[str, Any]]:
        """Return stored envelopes, by bar, filtered by section, underlying, timeframe."""
        return load_readings(self._database, day, source, **where)
