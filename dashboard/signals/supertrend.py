"""SuperTrend: a stop that trails the close by a multiple of ATR, for (10, 3) and (7, 3).

    middle   = (high + low) / 2                                            [INR]
    basic    = middle +- m * ATR(p)
    upper_t  = basic_t if basic_t < upper_{t-1} or close_{t-1} > upper_{t-1} else upper_{t-1}
    lower_t  = basic_t if basic_t > lower_{t-1} or close_{t-1} < lower_{t-1} else lower_{t-1}

It starts down on the first ATR bar; a close above the upper band turns it up, one below
the lower band turns it down. The stop is the lower band when up, the upper when down.
ATR is Wilder's, seeded with the mean of its first p true ranges (TA-Lib's way); the series
is continuous over session boundaries.

Source: Olivier Seban (c. 2008); the first bar and the strict comparisons are TradingView's.
"""

from collections.abc import Iterator

import numpy as np
import talib

from dashboard.core.bars import AnyBars, Bars, as_table, column, last_row, prices
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.view import Line, Number
from dashboard.core.wording import number

MULTIPLE = 3.0  # of ATR, between the middle and a band
SLOW, FAST = 10, 7  # periods of ATR
FLAT = 1e-9  # of the close; an ATR below this is no range at all


def calculate(bars: Bars) -> Bars:
    """Return both stops and their directions.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One row per bar, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 6), same index
        ``st_10_3`` and ``st_7_3`` in INR, NaN before bar p + 1; ``st_10_3_dir`` and
        ``st_7_3_dir`` +1 up, -1 down, 0 undefined; ``st_gap``, the close less ``st_10_3``,
        and ``st_atr10`` in INR.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    high, low, close = prices(bars, "high", "low", "close")
    atr = _atr(high, low, close, SLOW)
    slow, slow_direction = supertrend(high, low, close, atr, MULTIPLE)
    fast_atr = _atr(high, low, close, FAST)
    fast, fast_direction = supertrend(high, low, close, fast_atr, MULTIPLE)
    return as_table(
        {
            "st_10_3": slow,
            "st_10_3_dir": slow_direction,
            "st_7_3": fast,
            "st_7_3_dir": fast_direction,
            "st_gap": close - slow,
            "st_atr10": atr,
        },
        bars,
    )


def _atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    if len(close) <= period:
        return np.full(len(close), np.nan)
    atr: Floats = talib.ATR(high, low, close, period)
    return atr


def supertrend(
    high: Floats, low: Floats, close: Floats, atr: Floats, multiple: float
) -> tuple[Floats, Floats]:
    """Return the stop [INR] and the direction (+1, -1, 0 undefined), each of shape (n,)."""
    stop = np.full(len(close), np.nan)
    direction = np.zeros(len(close))
    known = np.isfinite(atr)
    if not known.any():
        return stop, direction
    first = int(known.argmax())
    middle = (high[first:] + low[first:]) / 2
    width = multiple * atr[first:]
    bars = zip(
        (middle + width).tolist(),
        (middle - width).tolist(),
        close[first:].tolist(),
        strict=True,
    )
    stops, turns = _walk(bars)
    stop[first:] = stops
    for k, turn in enumerate([0, *turns]):
        direction[first + turn :] = 1 if k % 2 else -1
    return stop, direction


def _walk(bars: Iterator[tuple[float, float, float]]) -> tuple[list[float], list[int]]:
    """Return the stop at each bar (basic upper, basic lower, close), and where it turns.

    A loop over plain floats, because each band depends on the one before. While it is down
    no close is above the upper band, which can therefore only fall; only the lower one may
    start anew. While it is up it is the other way round.
    """
    upper, lower, before = next(bars)  # down, wherever its close is
    stops, turns = [upper], list[int]()
    append = stops.append
    while True:
        if before > upper:  # the first bar, or bands that a gap has crossed
            upper = np.inf
        for basic_upper, basic_lower, close in bars:
            if basic_upper < upper:
                upper = basic_upper
            if basic_lower > lower or before < lower:
                lower = basic_lower
            if close > upper:
                break
            append(upper)
            before = close
        else:
            return stops, turns
        turns.append(len(stops))
        append(lower)
        before = close
        if before < lower:
            lower = -np.inf
        for basic_upper, basic_lower, close in bars:
            if basic_lower > lower:
                lower = basic_lower
            if basic_upper < upper or before > upper:
                upper = basic_upper
            if close < lower:
                break
            append(lower)
            before = close
        else:
            return stops, turns
        turns.append(len(stops))
        append(upper)
        before = close


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the common direction; neutral while they differ or nothing moves."""
    last = last_row(table)
    gap, atr = last["st_gap"], last["st_atr10"]
    close = last["st_10_3"] + gap
    if not atr > FLAT * close:
        return Verdict(Stance.NEUTRAL, 0.0, f"ATR is 0: no range at {number(close)}")
    side = ">" if gap > 0 else "<" if gap < 0 else "="
    fact = f"Close {number(close)} {side} {number(last['st_10_3'])}"
    if last["st_10_3_dir"] != last["st_7_3_dir"]:
        ways = "10,3 up, 7,3 down" if last["st_10_3_dir"] > 0 else "10,3 down, 7,3 up"
        return Verdict(Stance.NEUTRAL, 0.0, f"{ways}; close {number(close)}", _flags(table))
    stance = Stance.BULLISH if last["st_10_3_dir"] > 0 else Stance.BEARISH
    strength = 100 * abs(gap) / (MULTIPLE * atr)
    return Verdict(stance, strength, f"{fact}; both agree", _flags(table))


def _flags(table: AnyBars) -> tuple[str, ...]:
    """Tag the closed bar on which either stop has just turned."""
    for name in ("st_10_3_dir", "st_7_3_dir"):
        before, now = column(table, name)[-2:]
        if before * now < 0:
            return ("fresh_flip",)
    return ()


SIGNAL = Signal(
    title="SuperTrend",
    order=40,
    needs=("index",),
    calculate=calculate,
    judge=judge,
    view=(
        Number("st_10_3", "10,3", digits=1),
        Number("st_7_3", "7,3", digits=1),
        Number("st_gap", "gap", digits=1, signed=True),
        Line(("st_10_3",), "SuperTrend", direction="st_10_3_dir", tag="ST"),
        Line(
            ("st_7_3",),
            "SuperTrend 7,3",
            direction="st_7_3_dir",
            tag="ST7",
            group="SuperTrend 7,3",
        ),
    ),
    warmup=60,
)
