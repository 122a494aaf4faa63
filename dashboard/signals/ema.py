"""EMA stack: whether the 9, 20, 50 and 200-bar averages of the close are in order.

    ema_t = ema_{t-1} + 2 / (p + 1) * (close_t - ema_{t-1})      [INR]

seeded with the simple mean of the first p closes at bar p (TA-Lib's way), continuous over
session boundaries. The score is (adjacent pairs ordered up - ordered down) / 3.

A pair that is equal within 1e-9 counts for neither side, and a cross keeps the previous
side until the other one is reached. The state needs the 50-bar average settled (3p = 150
bars); without the 200-bar one two pairs vote and the strength is cut to 0.6 of it.
"""

import math
from itertools import pairwise

import numpy as np

from dashboard.core.averages import ema
from dashboard.core.bars import AnyBars, Bars, as_table, column, last_row, starts_s
from dashboard.core.clock import from_seconds
from dashboard.core.market import Floats, Ints
from dashboard.core.signal import Inputs, Signal, Stance, Verdict
from dashboard.core.table import Columns, Row
from dashboard.core.view import Line, Number
from dashboard.core.wording import clock_time, short_date

PERIODS = (9, 20, 50, 200)
CROSSED = ((9, 20), (50, 200))
EQUAL = 1e-9  # relative; closer than this is the same value
WITHOUT_200 = 0.6  # share of the strength that is left
RELATION = {1: "9 > 20", -1: "9 < 20", 0: "9 = 20"}


def calculate(bars: Bars) -> Bars:
    """Return the four averages and their crosses.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=1)
        One row per bar, indexed by its start (Asia/Kolkata, increasing); ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 6), same index
        ``ema9 ema20 ema50 ema200`` in INR, NaN before bar p; ``cross_9_20`` and
        ``cross_50_200``: +1 on the bar that closes with the faster one newly above, -1
        newly below, else 0.

    Raises
    ------
    InputError
        If a close is unknown.
    """
    columns = {f"ema{p}": ema(bars, p) for p in PERIODS}
    for fast, slow in CROSSED:
        columns[f"cross_{fast}_{slow}"] = _crosses(columns[f"ema{fast}"], columns[f"ema{slow}"])
    return as_table(columns, bars)


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row, None where the bar before does not tell the side."""
    row = {f"ema{p}": float(ema(bars, p)[-1]) for p in PERIODS}
    for fast, slow in CROSSED:
        before, now = (_side(at[f"ema{fast}"], at[f"ema{slow}"]) for at in (table.last, row))
        if not before and not math.isnan(row[f"ema{slow}"]):
            return None
        row[f"cross_{fast}_{slow}"] = float(now) if now and now != before else 0.0
    return Row(row)


def _crosses(fast: Floats, slow: Floats) -> Floats:
    """Return +1/-1 where the side changes, 0 elsewhere and while a value is unknown."""
    sides = _sides(fast, slow)
    decided = np.flatnonzero(sides)
    side = sides[decided]
    crosses = np.zeros(len(fast))
    crosses[decided[1:]] = np.where(side[1:] != side[:-1], side[1:], 0)
    return crosses


def _sides(fast: Floats, slow: Floats) -> Ints:
    """Return +1 where fast is above slow, -1 below, 0 where equal or unknown."""
    apart = fast - slow
    above, below = apart > EQUAL * slow, apart < -EQUAL * slow  # both false for NaN
    return above.astype(np.int64) - below.astype(np.int64)


def _side(fast: float, slow: float) -> int:
    """Return what `_sides` says of one bar."""
    apart = fast - slow
    return int(apart > EQUAL * slow) - int(apart < -EQUAL * slow)


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side on which most adjacent pairs are ordered."""
    assert inputs.index is not None
    last = last_row(table)
    averages = [last[f"ema{p}"] for p in PERIODS]
    sides = [_side(fast, slow) for fast, slow in pairwise(averages)]
    score = sum(sides)
    settled = math.isfinite(averages[-1])
    stance = (Stance.BEARISH, Stance.NEUTRAL, Stance.BULLISH)[_sign(score) + 1]
    close = float(column(inputs.index, "close")[-1])
    return Verdict(
        stance=stance,
        strength=100 * abs(score) / 3 * (1 if settled else WITHOUT_200),
        reason=f"{_order(sides, settled)}; {_since(table, sides[0])}",
        flags=_flags(last, score, _side(close, averages[1])),
    )


def _sign(score: int) -> int:
    return (score > 0) - (score < 0)


def _order(sides: list[int], settled: bool) -> str:
    pairs = len(sides) if settled else len(sides) - 1
    up, down = sides.count(1), sides.count(-1)
    if up == down:
        return f"{up} of {pairs} pairs up, {down} down"
    return f"{up} of {pairs} pairs ordered up" if up > down else f"{down} of {pairs} ordered down"


def _since(table: AnyBars, side: int) -> str:
    """Say on which side the fast pair is, and since which closed bar."""
    crosses = column(table, "cross_9_20")
    crossed = np.flatnonzero(crosses)
    if not len(crossed):
        return RELATION[side]
    at, last = (from_seconds(int(starts_s(table)[k])) for k in (crossed[-1], -1))
    text = RELATION[int(crosses[crossed[-1]])]
    if at.date() == last.date():
        return f"{text} since {clock_time(at)}"
    return f"{text} from {short_date(at)}"


def _flags(last: dict[str, float], score: int, above_20: int) -> tuple[str, ...]:
    flags = []
    if abs(score) < 3 or above_20 != _sign(score):
        flags.append("mixed")
    if last["cross_9_20"]:
        flags.append("fresh_cross_9_20")
    if last["cross_50_200"]:
        flags.append("fresh_golden_cross" if last["cross_50_200"] > 0 else "fresh_death_cross")
    return tuple(flags)


SIGNAL = Signal(
    title="EMA stack",
    order=20,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("ema9", "9", digits=1),
        Number("ema20", "20", digits=1),
        Number("ema50", "50", digits=1),
        Line(("ema9",), "EMA 9", colour="c3", tag="E9"),
        Line(("ema20",), "EMA 20", colour="c1", tag="E20"),
        Line(("ema50",), "EMA 50", colour="c2", tag="E50"),
        Line(("ema200",), "EMA 200", colour="c4", tag="E200"),
    ),
    warmup=150,
)
