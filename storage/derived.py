"""What one pass over a day's frames derives: bars, chain snapshots, checkpoints.

They are gathered in memory and written in one transaction when the pass is over, so that
a pass of seconds never keeps the recorder from writing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import blake2b
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, select, update

from dashboard.core.clock import day_start_s
from dashboard.core.errors import StoreError
from dashboard.core.market import BarFlag, Source
from dashboard.core.ports import BAR_DTYPE
from storage.bars import DAILY, Bars, daily_bars, fetch_bars, put_bars
from storage.chunk import DIGEST_SIZE
from storage.days import day_id, nothing_of, shown_tapes
from storage.engine import Database, put
from storage.tables import bar, chain, checkpoint
from storage.tables import day as days


class DerivedRows:
    """Gather what is derived from one day."""

    def __init__(self) -> None:
        self._bars: dict[str, list[Bars]] = {}
        self._chain: dict[tuple[str, date, int], bytes] = {}
        self._checkpoints: dict[int, bytes] = {}

    def bars(self, timeframe: str, rows: Bars) -> None:
        """Keep closed bars: rows of BAR_DTYPE with their token."""
        self._bars.setdefault(timeframe, []).append(np.array(rows, BAR_DTYPE))

    def chain(self, underlying: str, expiry: date, start: int, payload: bytes) -> None:
        """Keep the chain as it stood when the minute `start` closed."""
        self._chain[underlying, expiry, int(start)] = payload

    def checkpoint(self, at: int, payload: bytes) -> None:
        """Keep the pipeline's state as of all frames received before `at`."""
        self._checkpoints[int(at)] = payload

    def write(self, connection: Connection, number: int, day: date) -> None:
        """Put everything in place of what the day had, but for bars that no tape holds."""
        filled = bar.c.flags.bitwise_and(BarFlag.BACKFILLED) != 0
        kept = fetch_bars(connection, [number], None, "1m", filled)
        connection.execute(delete(bar).where(bar.c.day_id == number, ~filled))
        for table in (chain, checkpoint):
            connection.execute(delete(table).where(table.c.day_id == number))
        minutes = _latest([kept, *self._bars.get("1m", [])])
        put_bars(connection, number, DAILY, daily_bars(minutes, day_start_s(day)))
        self.add(connection, number)

    def add(self, connection: Connection, number: int) -> None:
        """Put everything beside what the day has; what has the same key gives way."""
        for timeframe, pieces in self._bars.items():
            put_bars(connection, number, timeframe, _latest(pieces))
        put(connection, chain, self._chain_rows(number))
        put(connection, checkpoint, self._checkpoint_rows(number))

    def _chain_rows(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "day_id": number,
                "underlying": underlying,
                "expiry": expiry,
                "start": start,
                "payload": payload,
            }
            for (underlying, expiry, start), payload in self._chain.items()
        ]

    def _checkpoint_rows(self, number: int) -> list[dict[str, Any]]:
        return [
            {"day_id": number, "at": at, "digest": _digest(payload), "payload": payload}
            for at, payload in self._checkpoints.items()
        ]


def _latest(pieces: list[Bars]) -> Bars:
    """Return all bars, each once: of those of one token and start the last one."""
    together = np.concatenate(pieces)
    if not len(together):
        return together
    order = np.lexsort((together["start"], together["token"]))  # stable: the last one comes last
    token, start = together["token"][order], together["start"][order]
    is_last = np.append((np.diff(token) != 0) | (np.diff(start) != 0), True)
    latest: Bars = together[order[is_last]]
    return latest


@contextmanager
def prepare(database: Database, day: date, source: Source) -> Iterator[DerivedRows]:
    """Replace the day's bars, chain and checkpoints when the context is left.

    An exception in the context leaves them as they were. If the day's tapes change
    meanwhile, what is written counts as outdated from the start (`DaySummary.prepared`).

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    with database.reading() as connection:
        number = day_id(connection, day, source)
        if number is None or not shown_tapes(connection, day, source):
            raise nothing_of(day, source)
        seen = connection.execute(select(days.c.version).where(days.c.id == number)).scalar_one()
    rows = DerivedRows()
    yield rows
    with database.writing() as connection:
        rows.write(connection, number, day)
        connection.execute(update(days).where(days.c.id == number).values(prepared=seen))


@contextmanager
def extend(database: Database, day: date, source: Source) -> Iterator[DerivedRows]:
    """Add to what a day has: a desk that records keeps what each minute of it derives.

    The day does not count as prepared by this; once the recording is over it is derived
    anew, as every other day.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    rows = DerivedRows()
    yield rows
    with database.writing() as connection:
        number = day_id(connection, day, source)
        if number is None:
            raise nothing_of(day, source)
        rows.add(connection, number)


def load_chain(
    database: Database, day: date, source: Source, underlying: str, expiry: date, until: int
) -> list[tuple[int, bytes]]:
    """Return the chain snapshots of minutes that start before `until`, in order."""
    with database.reading() as connection:
        number = day_id(connection, day, source)
        wanted = (
            select(chain.c.start, chain.c.payload)
            .where(chain.c.day_id == number, chain.c.underlying == underlying)
            .where(chain.c.expiry == expiry, chain.c.start < int(until))
            .order_by(chain.c.start)
        )
        return [(row.start, row.payload) for row in connection.execute(wanted)]


def load_checkpoint(
    database: Database, day: date, source: Source, at: int
) -> tuple[int, bytes] | None:
    """Return the last checkpoint at or before `at`: its second and its bytes.

    Raises
    ------
    StoreError
        If its digest does not match.
    """
    with database.reading() as connection:
        number = day_id(connection, day, source)
        wanted = (
            select(checkpoint)
            .where(checkpoint.c.day_id == number, checkpoint.c.at <= int(at))
            .order_by(checkpoint.c.at.desc())
            .limit(1)
        )
        row = connection.execute(wanted).first()
    if row is None:
        return None
    if _digest(row.payload) != row.digest:
        raise StoreError(f"The checkpoint of {day} at {row.at} is damaged: prepare the day again")
    return row.at, row.payload


def _digest(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=DIGEST_SIZE).digest()
