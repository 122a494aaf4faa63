"""Trend and its stops."""

import numpy as np

from dashboard.core.averages import ADX, MINUS_DI, PLUS_DI, SAR, atr
from dashboard.core.bars import AnyBars, prices
from dashboard.core.errors import InputError
from dashboard.indicators.indicator import Indicator, Outputs, Parameter, nothing, or_nothing
from dashboard.signals.supertrend import supertrend


def _adx(bars: AnyBars, period: int) -> Outputs:
    high, low, close = prices(bars, "high", "low", "close")
    enough = len(close) > period
    return {
        "adx": or_nothing(len(close) >= 2 * period, bars, lambda: ADX(high, low, close, period)),
        "plus_di": or_nothing(enough, bars, lambda: PLUS_DI(high, low, close, period)),
        "minus_di": or_nothing(enough, bars, lambda: MINUS_DI(high, low, close, period)),
    }


def _supertrend(bars: AnyBars, period: int, multiple: float) -> Outputs:
    high, low, close = prices(bars, "high", "low", "close")
    stop, direction = supertrend(high, low, close, atr(bars, period), multiple)
    return {"value": stop, "direction": np.where(np.isnan(stop), np.nan, direction)}


def _psar(bars: AnyBars, step: float, limit: float) -> Outputs:
    if step > limit:
        raise InputError(f"PSAR: the step is at most the limit, and {step:g} is over {limit:g}")
    high, low = prices(bars, "high", "low")
    if len(high) < 2:
        return {"value": nothing(bars)}
    return {"value": SAR(high, low, step, limit)}


INDICATORS = (
    Indicator(
        "ADX",
        "Average directional index",
        (Parameter("period", 14, 2, 100),),
        ("adx", "plus_di", "minus_di"),
        "0 to 100",
        "Wilder (1978); as the section adx",
        _adx,
        lambda period: 2 * period,
    ),
    Indicator(
        "SUPERTREND",
        "SuperTrend",
        (Parameter("period", 10, 1, 100), Parameter("multiple", 3, 0.1, 20, whole=False)),
        ("value", "direction"),
        "INR; direction +1 up, -1 down",
        "Seban; the very function of the section supertrend",
        _supertrend,
        lambda period, _multiple: period + 1,
    ),
    Indicator(
        "PSAR",
        "Parabolic stop and reverse",
        (
            Parameter("step", 0.02, 0.001, 0.5, whole=False),
            Parameter("limit", 0.2, 0.01, 1, whole=False),
        ),
        ("value",),
        "INR",
        "Wilder (1978); as the section psar",
        _psar,
        lambda _step, _limit: 2,
    ),
)
