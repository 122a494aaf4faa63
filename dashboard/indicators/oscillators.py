"""Oscillators of price."""

import talib

from dashboard.core.averages import EMA, RSI, ema
from dashboard.core.bars import AnyBars, prices
from dashboard.core.errors import InputError
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


def _period(default: int, low: int = 2) -> tuple[Parameter, ...]:
    return (Parameter("period", default, low, MOST),)


def _rsi(bars: AnyBars, period: int) -> Outputs:
    (close,) = prices(bars, "close")
    return {"value": or_nothing(len(close) > period, bars, lambda: RSI(close, period))}


def _roc(bars: AnyBars, period: int) -> Outputs:
    (close,) = prices(bars, "close")
    return {"value": or_nothing(len(close) > period, bars, lambda: talib.ROC(close, period))}


def _macd(bars: AnyBars, fast: int, slow: int, signal: int) -> Outputs:
    if fast >= slow:
        raise InputError(f"MACD: fast is less than slow, and {fast} is not less than {slow}")
    line, average = ema(bars, fast) - ema(bars, slow), nothing(bars)
    known = line[slow - 1 :]
    if len(known) >= signal:
        average[slow - 1 :] = EMA(known, signal)
    return {"macd": line, "signal": average, "histogram": line - average}


def _stoch(bars: AnyBars, period: int, smooth: int, signal: int) -> Outputs:
    high, low, close = prices(bars, "high", "low", "close")
    if len(close) < period + smooth + signal - 2:
        return {"k": nothing(bars), "d": nothing(bars)}
    k, d = talib.STOCH(high, low, close, period, smooth, 0, signal, 0)
    return {"k": k, "d": d}


def _cci(bars: AnyBars, period: int) -> Outputs:
    high, low, close = prices(bars, "high", "low", "close")
    enough = len(close) >= period
    return {"value": or_nothing(enough, bars, lambda: talib.CCI(high, low, close, period))}


def _willr(bars: AnyBars, period: int) -> Outputs:
    high, low, close = prices(bars, "high", "low", "close")
    enough = len(close) >= period
    return {"value": or_nothing(enough, bars, lambda: talib.WILLR(high, low, close, period))}


INDICATORS = (
    Indicator(
        "RSI",
        "Relative strength index",
        _period(14),
        ("value",),
        "0 to 100",
        "Wilder (1978), seeded with the mean of its first n changes",
        _rsi,
        one_more,
    ),
    Indicator(
        "MACD",
        "Moving average convergence divergence",
        (
            Parameter("fast", 12, 2, 200),
            Parameter("slow", 26, 3, 300),
            Parameter("signal", 9, 2, 100),
        ),
        ("macd", "signal", "histogram"),
        "INR",
        "Appel; each average is seeded with its own first mean, as in the section momentum",
        _macd,
        lambda _fast, slow, signal: slow + signal - 1,
    ),
    Indicator(
        "STOCH",
        "Stochastic oscillator",
        (
            Parameter("period", 14, 2, MOST),
            Parameter("smooth", 3, 1, 50),
            Parameter("signal", 3, 1, 50),
        ),
        ("k", "d"),
        "0 to 100",
        "Lane; simple averages",
        _stoch,
        lambda period, smooth, signal: period + smooth + signal - 2,
    ),
    Indicator(
        "CCI",
        "Commodity channel index",
        _period(20),
        ("value",),
        "points",
        "Lambert (1980), constant 0.015",
        _cci,
        one_period,
    ),
    Indicator(
        "WILLR",
        "Williams %R",
        _period(14),
        ("value",),
        "-100 to 0",
        "Williams",
        _willr,
        one_period,
    ),
    Indicator(
        "ROC",
        "Rate of change",
        _period(10, 1),
        ("value",),
        "percent",
        "close over the close n bars before, less 1",
        _roc,
        one_more,
    ),
)
