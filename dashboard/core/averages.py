"""TA-Lib's averages of bars, made once for all sections that read the same bars."""

from collections.abc import Callable
from inspect import unwrap
from typing import TypeVar

import numpy as np
import talib

from dashboard.core.bars import AnyBars, prices
from dashboard.core.market import Floats
from dashboard.core.table import Columns

Found = TypeVar("Found")

# TA-Lib's own functions, without their look for DataFrames
ATR, ADX, PLUS_DI, MINUS_DI = map(unwrap, (talib.ATR, talib.ADX, talib.PLUS_DI, talib.MINUS_DI))
EMA, RSI, SAR = map(unwrap, (talib.EMA, talib.RSI, talib.SAR))


def once(bars: AnyBars, made: tuple[object, ...], make: Callable[[], Found]) -> Found:
    """Return what `make` returns; a desk's bars remember it under the name `made`."""
    if not isinstance(bars, Columns):
        return make()
    if made not in bars.facts:
        bars.facts[made] = make()
    found: Found = bars.facts[made]
    return found


def atr(bars: AnyBars, period: int) -> Floats:
    """Return Wilder's average true range [INR] of each bar, NaN up to bar `period`."""
    return once(bars, ("atr", period), lambda: _of_range(ATR, bars, period))


def adx(bars: AnyBars, period: int) -> Floats:
    """Return Wilder's average directional index [0..100] of each bar."""
    return once(bars, ("adx", period), lambda: _of_range(ADX, bars, period))


def ema(bars: AnyBars, period: int) -> Floats:
    """Return the exponential average of the close [INR], NaN before bar `period`."""
    return once(bars, ("ema", period), lambda: _ema(bars, period))


def _of_range(function: Callable[..., Floats], bars: AnyBars, period: int) -> Floats:
    high, low, close = prices(bars, "high", "low", "close")
    if len(close) <= period:
        return np.full(len(close), np.nan)
    found = function(high, low, close, period)
    found.flags.writeable = False  # others read the same array
    return found


def _ema(bars: AnyBars, period: int) -> Floats:
    (close,) = prices(bars, "close")
    if len(close) < period:
        return np.full(len(close), np.nan)
    found: Floats = EMA(close, period)
    found.flags.writeable = False  # others read the same array
    return found
