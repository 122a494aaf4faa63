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

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dashboard.core.averages import atr
from dashboard.core.bars import AnyBars, Bars, as_table, last_row, prices, row_before
from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row
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
    slow, slow_bands = _stops(high, low, close, atr(bars, SLOW), MULTIPLE)
    fast, fast_bands = _stops(high, low, close, atr(bars, FAST), MULTIPLE)
    return as_table(
        {
            "st_10_3": slow[0],
            "st_10_3_dir": slow[1],
            "st_7_3": fast[0],
            "st_7_3_dir": fast[1],
            "st_gap": close - slow[0],
            "st_atr10": atr(bars, SLOW),
        },
        bars,
        (slow_bands, fast_bands),
    )


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row; the bands go on from where the bar before left them."""
    if table.state is None or None in table.state:
        return None
    high, low, close = (float(values[-1]) for values in prices(bars, "high", "low", "close"))
    ranges = [float(atr(bars, period)[-1]) for period in (SLOW, FAST)]
    row, bands = {}, []
    for name, span, before in zip(("st_10_3", "st_7_3"), ranges, table.state, strict=True):
        middle, width = (high + low) / 2, MULTIPLE * span
        (row[name],), _, now = _walk([(middle + width, middle - width, close)], before)
        row[f"{name}_dir"] = float(now.side)
        bands.append(now)
    row |= {"st_gap": close - row["st_10_3"], "st_atr10": ranges[0]}
    return Row(row, tuple(bands))


class Bands(NamedTuple):
    """Both bands [INR] after a bar that closed at `before`, and the side (+1 up, -1 down)."""

    side: int
    upper: float
    lower: float
    before: float


def supertrend(
    high: Floats, low: Floats, close: Floats, span: Floats, multiple: float
) -> tuple[Floats, Floats]:
    """Return the stop [INR] and the direction (+1, -1, 0 undefined), each of shape (n,).

    `span` is the ATR [INR].
    """
    return _stops(high, low, close, span, multiple)[0]


def _stops(
    high: Floats, low: Floats, close: Floats, span: Floats, multiple: float
) -> tuple[tuple[Floats, Floats], Bands | None]:
    """Return stops and directions, and the bands after the last bar where there are any."""
    stop = np.full(len(close), np.nan)
    direction = np.zeros(len(close))
    known = np.isfinite(span)
    if not known.any():
        return (stop, direction), None
    first = int(known.argmax())
    middle = (high[first:] + low[first:]) / 2
    width = multiple * span[first:]
    upper, lower, at = (middle + width).tolist(), (middle - width).tolist(), close[first:].tolist()
    begun = Bands(-1, upper[0], lower[0], at[0])  # down, wherever its close is
    stops, turns, bands = _walk(zip(upper[1:], lower[1:], at[1:], strict=True), begun)
    stop[first], stop[first + 1 :] = begun.upper, stops
    for k, turn in enumerate([-1, *turns]):
        direction[first + 1 + turn :] = 1 if k % 2 else -1
    return (stop, direction), bands


def _walk(
    bars: Iterable[tuple[float, float, float]], bands: Bands
) -> tuple[list[float], list[int], Bands]:
    """Return the stop at each bar (basic upper, basic lower, close), and where it turns.

    `bands` are those of the bar before; those of the last bar are returned too. A loop over
    plain floats, because each band depends on the one before. While it is down
    no close is above the upper band, which can therefore only fall; only the lower one may
    start anew. While it is up it is the other way round.
    """
    side, upper, lower, before = bands
    bars, stops, turns = iter(bars), list[float](), list[int]()
    append = stops.append
    while True:
        turned = False
        if side < 0:
            if before > upper:  # the first bar, or bands that a gap has crossed
                upper = np.inf
            for basic_upper, basic_lower, close in bars:
                if basic_upper < upper:
                    upper = basic_upper
                if basic_lower > lower or before < lower:
                    lower = basic_lower
                before = close
                if close > upper:
                    turned = True
                    break
                append(upper)
        else:
            if before < lower:
                lower = -np.inf
            for basic_upper, basic_lower, close in bars:
                if basic_lower > lower:
                    lower = basic_lower
                if basic_upper < upper or before > upper:
                    upper = basic_upper
                before = close
                if close < lower:
                    turned = True
                    break
                append(lower)
        if not turned:
            return stops, turns, Bands(side, upper, lower, before)
        turns.append(len(stops))
        append(lower if side < 0 else upper)
        side = -side


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the common direction; neutral while they differ or nothing moves."""
    last = last_row(table)
    gap, span = last["st_gap"], last["st_atr10"]
    close = last["st_10_3"] + gap
    if not span > FLAT * close:
        return Verdict(Stance.NEUTRAL, 0.0, f"ATR is 0: no range at {number(close)}")
    side = ">" if gap > 0 else "<" if gap < 0 else "="
    fact = f"Close {number(close)} {side} {number(last['st_10_3'])}"
    if last["st_10_3_dir"] != last["st_7_3_dir"]:
        ways = "10,3 up, 7,3 down" if last["st_10_3_dir"] > 0 else "10,3 down, 7,3 up"
        return Verdict(Stance.NEUTRAL, 0.0, f"{ways}; close {number(close)}", _flags(table))
    stance = Stance.BULLISH if last["st_10_3_dir"] > 0 else Stance.BEARISH
    strength = 100 * abs(gap) / (MULTIPLE * span)
    return Verdict(stance, strength, f"{fact}; both agree", _flags(table))


def _flags(table: AnyBars) -> tuple[str, ...]:
    """Tag the closed bar on which either stop has just turned."""
    before, now = row_before(table), last_row(table)
    turned = any(before[name] * now[name] < 0 for name in ("st_10_3_dir", "st_7_3_dir"))
    return ("fresh_flip",) if turned else ()


SIGNAL = Signal(
    title="SuperTrend",
    order=40,
    needs=("index",),
    calculate=calculate,
    resume=resume,
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
