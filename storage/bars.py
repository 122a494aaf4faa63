"""Bars as rows: kept by day, read by token. Times are whole seconds since the epoch.

A daily bar (timeframe ``1d``, starting at midnight IST) is kept beside the intraday ones:
it is what a session's regular 1m bars come to, none of the closing auction among them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Select, select

from dashboard.core.clock import bar_index
from dashboard.core.errors import InputError
from dashboard.core.market import TIMEFRAMES, BarFlag, Source
from dashboard.core.ports import BAR_DTYPE
from storage.days import day_id
from storage.engine import Database, put
from storage.tables import bar
from storage.tables import day as days
from storage.world import world_of

Bars = npt.NDArray[np.void]

DAILY = "1d"
SESSION_MINUTES = 375
MINUTES = {**TIMEFRAMES, DAILY: 1440}
FIELDS = [bar.c[name] for name in BAR_DTYPE.names or ()]
DAILY_COLUMNS = ["open", "high", "low", "close"]


def put_bars(connection: Connection, number: int, timeframe: str, rows: Bars) -> None:
    """Keep bars (BAR_DTYPE) of one day and timeframe; one of the same start gives way."""
    names = ["day_id", "timeframe", *(BAR_DTYPE.names or ())]
    key = (number, minutes_of(timeframe))
    values = [dict(zip(names, (*key, *row), strict=True)) for row in rows.tolist()]
    put(connection, bar, values)


def daily_bars(rows: Bars, midnight: int) -> Bars:
    """Return one bar a token of 1m bars in any order, those of the auction left out.

    Volume is unknown only if it is unknown in all of them.
    """
    regular: Bars = rows[(rows["flags"] & BarFlag.AUCTION) == 0]
    if not len(regular):
        return regular
    regular = regular[np.lexsort((regular["start"], regular["token"]))]
    first = np.flatnonzero(np.diff(regular["token"], prepend=regular["token"][0] - 1))
    last = np.append(first[1:], len(regular)) - 1
    daily: Bars = regular[first].copy()
    daily["start"] = midnight
    daily["high"] = np.maximum.reduceat(regular["high"], first)
    daily["low"] = np.minimum.reduceat(regular["low"], first)
    daily["close"] = regular["close"][last]
    unknown = np.isnan(regular["volume"])
    daily["volume"] = np.add.reduceat(np.where(unknown, 0.0, regular["volume"]), first)
    daily["volume"][np.logical_and.reduceat(unknown, first)] = np.nan
    daily["oi"] = regular["oi"][last]
    daily["n"] = np.add.reduceat(regular["n"], first)
    daily["flags"] = np.bitwise_or.reduceat(regular["flags"], first)
    return daily


def load_bars(
    database: Database,
    day: date,
    source: Source,
    tokens: Sequence[int],
    timeframe: str,
    until: int,
) -> dict[int, Bars]:
    """Return the day's bars that start before `until`, by token; none is an empty array."""
    with database.reading() as connection:
        number = day_id(connection, day, source)
        rows = fetch_bars(connection, [number], tokens, timeframe, bar.c.start < int(until))
    return _by_token(rows, tokens)


def load_bars_before(
    database: Database,
    day: date,
    source: Source,
    tokens: Sequence[int],
    timeframe: str,
    count: int,
) -> dict[int, Bars]:
    """Return the last `count` bars of earlier sessions, by token, without auction bars."""
    regular = bar.c.flags.bitwise_and(BarFlag.AUCTION) == 0
    step = count * minutes_of(timeframe) // SESSION_MINUTES + 1
    found = dict.fromkeys(tokens, np.empty(0, BAR_DTYPE))
    with database.reading() as connection:
        earlier = list(connection.execute(_prepared_before(day, source)).scalars())
        while earlier:
            short = [token for token in tokens if len(found[token]) < count]
            if not short:
                break
            sessions, earlier = earlier[:step], earlier[step:]
            older = _by_token(fetch_bars(connection, sessions, short, timeframe, regular), short)
            for token in short:
                found[token] = np.concatenate([older[token], found[token]])[-count:]
            step *= 2
    return found


def load_sessions_before(database: Database, day: date, source: Source, count: int) -> list[date]:
    """Return the last `count` earlier days whose bars are kept, latest first."""
    with database.reading() as connection:
        query = _prepared_before(day, source, days.c.day).limit(count)
        return list(connection.execute(query).scalars())


def load_daily(
    database: Database, day: date, source: Source, token: int, count: int
) -> pd.DataFrame:
    """Return earlier sessions as daily bars, latest last.

    Returns
    -------
    DataFrame, shape (<= count, 5)
        open, high, low, close [INR] and `official`, False: these are traded prices, not
        the exchange's close. Indexed by midnight of the session (Asia/Kolkata).
    """
    bars = load_bars_before(database, day, source, [token], DAILY, count)[token]
    table = pd.DataFrame({name: bars[name] for name in DAILY_COLUMNS}, bar_index(bars["start"]))
    return table.assign(official=False)


def minutes_of(timeframe: str) -> int:
    """Return the length of a timeframe.

    Raises
    ------
    InputError
        If there is no such timeframe.
    """
    if timeframe not in MINUTES:
        raise InputError(f"{timeframe!r} is no timeframe: use one of {', '.join(MINUTES)}")
    return MINUTES[timeframe]


def _prepared_before(day: date, source: Source, wanted: Column[Any] = days.c.id) -> Select[Any]:
    mine = (days.c.world == world_of(source)) & (days.c.day < day) & days.c.prepared.is_not(None)
    return select(wanted).where(mine).order_by(days.c.day.desc())


def fetch_bars(
    connection: Connection,
    sessions: Sequence[int | None],
    tokens: Sequence[int] | None,
    timeframe: str,
    wanted: ColumnElement[bool],
) -> Bars:
    """Return bars of some days by token and start, of all instruments where none are named."""
    query = (
        select(*FIELDS)
        .where(bar.c.day_id.in_(sessions), bar.c.timeframe == minutes_of(timeframe))
        .where(wanted)
    )
    if tokens is not None:
        query = query.where(bar.c.token.in_([int(token) for token in tokens]))
    with connection.execute(query) as result:
        assert result.cursor is not None
        rows = result.cursor.fetchall()  # the driver's tuples: rows of SQLAlchemy's cost more
    bars = np.array(rows, BAR_DTYPE)
    return bars[np.lexsort((bars["start"], bars["token"]))]


def _by_token(bars: Bars, tokens: Sequence[int]) -> dict[int, Bars]:
    """Split bars that are sorted by token."""
    keys = np.asarray(tokens, np.int64)
    lows = bars["token"].searchsorted(keys, "left").tolist()
    highs = bars["token"].searchsorted(keys, "right").tolist()
    return {token: bars[low:high] for token, low, high in zip(tokens, lows, highs, strict=True)}
