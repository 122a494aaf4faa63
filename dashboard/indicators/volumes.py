"""Price and volume. A cash index has no volume: these are to be asked of its future.

The API takes an index's from the bars of the future that the sections read, as theirs are.
"""

import numpy as np

from dashboard.core.bars import AnyBars, column, prices
from dashboard.core.errors import InputError
from dashboard.core.market import Floats
from dashboard.indicators.averages import MOST
from dashboard.indicators.indicator import Indicator, Outputs, Parameter, nothing, one_more
from dashboard.signals import vwap

OF_AN_INDEX = "; of an index: of the bars of its front future"


def _volume(bars: AnyBars, name: str) -> Floats:
    volume = column(bars, "volume")
    if len(volume) and np.isnan(volume).all():
        raise InputError(f"{name} needs volume, and a cash index has none: ask for its future")
    return volume


def _vwap(bars: AnyBars) -> Outputs:
    _volume(bars, "VWAP")
    table = vwap.calculate(bars)
    return {
        "value": column(table, "vwap"),
        "upper": column(table, "vwap_u1"),
        "lower": column(table, "vwap_l1"),
    }


def _obv(bars: AnyBars) -> Outputs:
    volume = np.nan_to_num(_volume(bars, "OBV"))
    (close,) = prices(bars, "close")
    if not len(close):
        return {"value": nothing(bars)}
    return {"value": np.cumsum(volume * np.sign(np.diff(close, prepend=close[0])))}


def _mfi(bars: AnyBars, period: int) -> Outputs:
    volume = np.nan_to_num(_volume(bars, "MFI"))
    high, low, close = prices(bars, "high", "low", "close")
    value = nothing(bars)
    if len(close) <= period:
        return {"value": value}
    typical = (high + low + close) / 3
    flow = typical[1:] * volume[1:]
    change = np.diff(typical)
    windows = np.lib.stride_tricks.sliding_window_view
    up = windows(np.where(change > 0, flow, 0.0), period).sum(axis=1)
    down = windows(np.where(change < 0, flow, 0.0), period).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value[period:] = 100 * up / (up + down)
    return {"value": value}


INDICATORS = (
    Indicator(
        "VWAP",
        "Volume-weighted average price",
        (),
        ("value", "upper", "lower"),
        "INR",
        "of the session, with one deviation to each side; as the section vwap" + OF_AN_INDEX,
        _vwap,
        lambda: 1,
        needs_volume=True,
    ),
    Indicator(
        "OBV",
        "On-balance volume",
        (),
        ("value",),
        "units since the first bar that is given",
        "Granville (1963)" + OF_AN_INDEX,
        _obv,
        lambda: 1,
        needs_volume=True,
    ),
    Indicator(
        "MFI",
        "Money flow index",
        (Parameter("period", 14, 2, MOST),),
        ("value",),
        "0 to 100",
        "Quong and Soudack (1989); unknown where nothing flowed" + OF_AN_INDEX,
        _mfi,
        one_more,
        needs_volume=True,
    ),
)
