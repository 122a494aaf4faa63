"""Bars that were not received, put where a day has none: they come after it is over.

A tape says what was received; these do not stand on it, and no pass over the tape derives
them. So they stay when the day is derived anew.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, true

from dashboard.core.clock import day_start_s
from dashboard.core.market import BarFlag, Source
from dashboard.core.ports import BAR_DTYPE
from storage.bars import DAILY, Bars, daily_bars, fetch_bars, put_bars
from storage.days import day_id, nothing_of
from storage.engine import Database

MINUTE = "1m"


def fill_bars(database: Database, day: date, source: Source, bars: Mapping[str, Bars]) -> int:
    """Put bars (BAR_DTYPE) into a day, by timeframe; return how many minutes are new.

    A minute that is there is never overwritten. Longer bars replace those of the same start,
    for they are made of minutes, and the daily bar is made anew. What is new is flagged
    BACKFILLED, whoever gives it.

    Raises
    ------
    StoreError
        If nothing of that day is stored.
    """
    with database.writing() as connection:
        number = day_id(connection, day, source)
        if number is None:
            raise nothing_of(day, source)
        fresh = _flagged(bars.get(MINUTE))
        tokens = np.unique(fresh["token"]).tolist()
        fresh = absent(fresh, _minutes(connection, number, tokens))
        put_bars(connection, number, MINUTE, fresh)
        for timeframe, longer in bars.items():
            if timeframe != MINUTE:
                put_bars(connection, number, timeframe, _flagged(longer))
        minutes = _minutes(connection, number, np.unique(fresh["token"]).tolist())
        put_bars(connection, number, DAILY, daily_bars(minutes, day_start_s(day)))
    return len(fresh)


def absent(bars: Bars, there: Bars) -> Bars:
    """Return those of `bars` whose token and start none of `there` has, each once."""
    keys = bars[["token", "start"]]
    known: npt.NDArray[np.bool_] = np.isin(keys, there[["token", "start"]])
    _, first = np.unique(keys, return_index=True)
    found: Bars = bars[np.setdiff1d(first, np.flatnonzero(known))]
    return found


def _flagged(bars: Bars | None) -> Bars:
    flagged = np.empty(0, BAR_DTYPE) if bars is None else bars.copy()
    flagged["flags"] |= BarFlag.BACKFILLED
    return flagged


def _minutes(connection: Connection, number: int, tokens: list[int]) -> Bars:
    return fetch_bars(connection, [number], tokens, MINUTE, true())
