"""Parabolic SAR: a stop that closes in on the price the further the trend has come.

    SAR_{t+1} = SAR_t + AF * (EP - SAR_t)                                  [INR]

EP is the trend's extreme (its highest high when long, lowest low when short); AF begins at
0.02 and grows by 0.02 with each new extreme, up to 0.20. SAR is kept outside the range of
the last two bars. A bar that touches it (low <= SAR when long, high >= SAR when short)
reverses on that bar: SAR = EP, outside the two bars, and AF = 0.02. The first side is that of
the larger directional movement of bars 1 and 2, the first SAR bar 1's extreme. The value
at bar t is the stop in force during t; the series is continuous over session boundaries.

The strength is 100 |close - SAR| / (2 ATR(14)), and half of that while ADX(14) is below 18:
without a trend the stop is reached again and again. An ADX not yet known halves nothing.

Source: J. Welles Wilder, New Concepts in Technical Trading Systems (1978), as in TA-Lib.
"""

import math

import numpy as np

from dashboard.core.averages import SAR, adx, atr
from dashboard.core.bars import AnyBars, Bars, as_table, last_row, prices, row_before
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row
from dashboard.core.view import Line, Number
from dashboard.core.wording import number

STEP, LIMIT = 0.02, 0.20  # acceleration per new extreme, and its maximum
PERIOD = 14
FULL = 2.0  # of ATR: a close this far from the stop has full strength
NO_TREND = 18.0  # ADX below this halves the strength
FLAT = 1e-9  # of the close; an ATR below this is no range at all
LAKH = 100_000.0


def calculate(bars: Bars) -> Bars:
    """Return the stop and the side it is for.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One row per bar, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 5), same index
        ``psar`` in INR, NaN on bar 1; ``psar_dir`` +1 while the stop is below, -1 above, 0
        where it is unknown or the bar is one single price, the stop's own; ``psar_gap``,
        the close less the stop, and ``atr14`` in INR; ``adx14`` 0..100.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    high, low, close = prices(bars, "high", "low", "close")
    stop = SAR(high, low, STEP, LIMIT)
    return as_table(
        {
            "psar": stop,
            "psar_dir": _sides(high, low, stop),
            "psar_gap": close - stop,
            "atr14": atr(bars, PERIOD),
            "adx14": adx(bars, PERIOD),
        },
        bars,
    )


def resume(table: Columns, bars: Columns) -> Row:
    """Return the last bar's row."""
    high, low, close = prices(bars, "high", "low", "close")
    stop, middle = float(SAR(high, low, STEP, LIMIT)[-1]), float(low[-1]) + float(high[-1])
    return Row(
        {
            "psar": stop,
            "psar_dir": float(middle > 2 * stop) - float(middle < 2 * stop),
            "psar_gap": float(close[-1]) - stop,
            "atr14": float(atr(bars, PERIOD)[-1]),
            "adx14": float(adx(bars, PERIOD)[-1]),
        }
    )


def _sides(high: Floats, low: Floats, stop: Floats) -> Floats:
    """Return +1 where the stop is below the bar, -1 above; it is never inside one."""
    above, below = low + high > 2 * stop, low + high < 2 * stop  # both false for NaN
    sides: Floats = above.astype(np.float64) - below
    return sides


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side the stop is for; neutral while nothing moves."""
    last = last_row(table)
    gap, span, way = last["psar_gap"], last["atr14"], last["psar_dir"]
    close = last["psar"] + gap
    if not span > FLAT * close or not way:
        return Verdict(Stance.NEUTRAL, 0.0, f"No range at {number(close)}")
    strength = 100 * abs(gap) / (FULL * span)
    trendless = last["adx14"] < NO_TREND  # false for NaN
    return Verdict(
        stance=Stance.BULLISH if way > 0 else Stance.BEARISH,
        strength=0.5 * min(100.0, strength) if trendless else strength,
        reason=f"{_fact(close, last['psar'])}; {_trend(last['adx14'])}",
        flags=_flags(table),
    )


def _fact(close: float, stop: float) -> str:
    digits = 2 if close < LAKH else 1  # or the sentence grows too long for a card
    side = ">" if close > stop else "<" if close < stop else "="
    return f"Close {number(close, digits)} {side} {number(stop, digits)}"


def _trend(value: float) -> str:
    side = "<" if value < NO_TREND else ">" if value > NO_TREND else "="
    if not math.isfinite(value):
        return "ADX unknown"
    return f"ADX {number(value, 1)} {side} {NO_TREND:.0f}"


def _flags(table: AnyBars) -> tuple[str, ...]:
    """Tag the closed bar on which the stop has just been reached."""
    before, now = row_before(table)["psar_dir"], last_row(table)["psar_dir"]
    return ("fresh_flip",) if before * now < 0 else ()


SIGNAL = Signal(
    title="Parabolic SAR",
    order=50,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("psar", "SAR", digits=1),
        Number("psar_gap", "gap", digits=1, signed=True),
        Number("adx14", "ADX", digits=1),
        Line(("psar",), "Parabolic SAR", colour="c4", direction="psar_dir", tag="SAR"),
    ),
    warmup=20,
)
