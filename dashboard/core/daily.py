"""Past sessions as daily bars: which of them lie before a day, and their true range."""

import numpy as np
import pandas as pd
import talib

from dashboard.core.averages import once
from dashboard.core.bars import AnyBars, column, day_numbers, index_starts_s, rows
from dashboard.core.clock import IST
from dashboard.core.market import Ints
from dashboard.core.table import Columns

ATR_PERIOD = 14
ATR_HISTORY = 60  # sessions that are enough for Wilder's average to settle


def session_days(daily: AnyBars) -> Ints:
    """Return the day number of each row; the index is midnight in IST, or plain dates."""
    if isinstance(daily, Columns):
        return daily.days
    index = pd.DatetimeIndex(daily.index)
    if index.tz is None:
        index = index.tz_localize(IST)
    return day_numbers(index_starts_s(index))


def before(daily: AnyBars | None, day: int) -> AnyBars:
    """Return the sessions before `day`, at most the 60 latest; none without `daily`."""
    if daily is None:
        return pd.DataFrame(columns=["high", "low", "close"], dtype="float64")
    return once(daily, ("before", day), lambda: _before(daily, day))


def _before(daily: AnyBars, day: int) -> AnyBars:
    end = int(np.searchsorted(session_days(daily), day))
    return rows(daily, max(0, end - ATR_HISTORY), end)


def atr14(sessions: AnyBars) -> float:
    """Return ATR(14) [INR] after the last of `sessions`, NaN if there are too few."""
    if len(sessions) <= ATR_PERIOD:
        return float("nan")
    return once(sessions, ("atr14",), lambda: _atr14(sessions))


def _atr14(sessions: AnyBars) -> float:
    high, low, close = (column(sessions, name) for name in ("high", "low", "close"))
    return float(talib.ATR(high, low, close, ATR_PERIOD)[-1])
