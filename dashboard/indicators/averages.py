"""Averages of the close [INR]."""

from collections.abc import Callable

import talib

from dashboard.core.averages import ema
from dashboard.core.bars import AnyBars, prices
from dashboard.indicators.indicator import Indicator, Outputs, Parameter, one_period, or_nothing

MOST = 400  # bars: what is there before a session


def _period(default: int) -> tuple[Parameter, ...]:
    return (Parameter("period", default, 2, MOST),)


def _of_close(function: Callable[..., object]) -> Callable[[AnyBars, int], Outputs]:
    def work(bars: AnyBars, period: int) -> Outputs:
        (close,) = prices(bars, "close")
        return {"value": or_nothing(len(close) >= period, bars, lambda: function(close, period))}

    return work


def _ema(bars: AnyBars, period: int) -> Outputs:
    return {"value": ema(bars, period)}


INDICATORS = (
    Indicator(
        "SMA",
        "Simple moving average",
        _period(20),
        ("value",),
        "INR",
        "mean of the last n closes",
        _of_close(talib.SMA),
        one_period,
    ),
    Indicator(
        "EMA",
        "Exponential moving average",
        _period(20),
        ("value",),
        "INR",
        "seeded with the mean of its first n closes, then 2 / (n + 1); as the section ema",
        _ema,
        one_period,
    ),
    Indicator(
        "WMA",
        "Weighted moving average",
        _period(20),
        ("value",),
        "INR",
        "weights n, n - 1, ..., 1 from the last close back",
        _of_close(talib.WMA),
        one_period,
    ),
)
