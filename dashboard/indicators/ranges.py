"""Ranges and channels [INR]."""

import talib

from dashboard.core.averages import atr, ema
from dashboard.core.bars import AnyBars, prices
from dashboard.indicators.averages import MOST
from dashboard.indicators.indicator import (
    Indicator,
    Outputs,
    Parameter,
    nothing,
    one_more,
    one_period,
    or_nothing,
)

CHANNEL = ("upper", "middle", "lower")


def _atr(bars: AnyBars, period: int) -> Outputs:
    return {"value": atr(bars, period)}


def _bbands(bars: AnyBars, period: int, width: float) -> Outputs:
    (close,) = prices(bars, "close")
    if len(close) < period:
        return {name: nothing(bars) for name in CHANNEL}
    found = talib.BBANDS(close, period, width, width, 0)
    return dict(zip(CHANNEL, found, strict=True))


def _donchian(bars: AnyBars, period: int) -> Outputs:
    high, low = prices(bars, "high", "low")
    enough = len(high) >= period
    top = or_nothing(enough, bars, lambda: talib.MAX(high, period))
    bottom = or_nothing(enough, bars, lambda: talib.MIN(low, period))
    return {"upper": top, "middle": (top + bottom) / 2, "lower": bottom}


def _keltner(bars: AnyBars, period: int, multiple: float) -> Outputs:
    middle, width = ema(bars, period), multiple * atr(bars, period)
    return {"upper": middle + width, "middle": middle, "lower": middle - width}


INDICATORS = (
    Indicator(
        "ATR",
        "Average true range",
        (Parameter("period", 14, 1, 100),),
        ("value",),
        "INR",
        "Wilder (1978); continuous over nights, as the sections'",
        _atr,
        one_more,
    ),
    Indicator(
        "BBANDS",
        "Bollinger bands",
        (Parameter("period", 20, 2, MOST), Parameter("width", 2, 0.1, 10, whole=False)),
        CHANNEL,
        "INR",
        "Bollinger; population deviation of the last n closes",
        _bbands,
        lambda period, _width: period,
    ),
    Indicator(
        "DONCHIAN",
        "Donchian channel",
        (Parameter("period", 20, 2, MOST),),
        CHANNEL,
        "INR",
        "highest high and lowest low of the last n bars",
        _donchian,
        one_period,
    ),
    Indicator(
        "KELTNER",
        "Keltner channel",
        (Parameter("period", 20, 2, 100), Parameter("multiple", 2, 0.1, 20, whole=False)),
        CHANNEL,
        "INR",
        "exponential average and multiples of ATR, both over n bars",
        _keltner,
        lambda period, _multiple: period + 1,
    ),
)
