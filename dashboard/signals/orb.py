"""Opening range: highest and lowest price of a session's first 5, 15 and 30 minutes.

The range of N minutes is known at the close of its last bar, N minutes after the session's
open, and stays. A break is a *closed* one-minute bar after it whose close is beyond an end;
a wick beyond it is only a test. ``orN_break`` keeps the side of the latest break while the
price is back inside, because a failed break is worth knowing; a close beyond the other end
replaces it. The state comes from the 15-minute range and asks for a close that is still
outside.

The open is the calendar's (09:15, or 18:00 on a Muhurat evening). Where the calendar knows
no session of that date, the first bar given is taken for the open, and the reading is
flagged ``session_unverified``. A range lacks its state when more than a fifth of its bars
are missing, or when the session's first window is shorter than three times the range.
Where a closing auction follows, there is no state from the close of continuous trading on.

A range grows old: from 14:30 on a reading is flagged ``late_day``. The rule's own word for it
is "stale", which is kept here for data that has stopped coming.

Source: Toby Crabel, Day Trading with Short Term Price Patterns and Opening Range Breakout
(1990). He trades stretches from the open; the fixed minutes and the rule of closed bars are
ours.
"""

import math
from dataclasses import replace

import numpy as np

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    day_of_last,
    days_of,
    first_of_day,
    goes_on,
    last_row,
    prices,
    session_spans,
    starts_s,
)
from dashboard.core.clock import from_seconds
from dashboard.core.daily import atr14, before
from dashboard.core.hours import windows
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import (
    Inputs,
    PriceLevel,
    Signal,
    Stance,
    Verdict,
    Warmup,
    insufficient,
)
from dashboard.core.table import DAY_S, IST_OFFSET_S, Columns, Row
from dashboard.core.view import Level, Number
from dashboard.core.wording import RANGE, age, clock_time, number

LENGTHS = (5, 15, 30)  # minutes
ENDS = ("high", "low")
LEADING = 15  # the range that gives the state
MISSING_SHARE = 0.2  # of its bars; more than this and there is no range
ROOM = 3  # the first window must be this many times the range
FAILED_BARS = 3  # a break that is back inside within these has failed
LATE_S = (14 * 60 + 30) * 60  # seconds after midnight: 14:30
WIDE_ATR = 0.5  # of the daily ATR(14)
RVOL_BARS = 20  # the future's bars that its last volume is compared with
EQUAL = 1e-9  # relative; closer than this is the same price


def calculate(bars: Bars) -> Bars:
    """Return the opening ranges and their breaks.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One-minute bars, indexed by start (Asia/Kolkata, increasing); ``high``, ``low``,
        ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 10), same index
        For N in 5, 15, 30: ``orN_high`` and ``orN_low`` in INR, NaN until the range is
        known; ``orN_break`` +1 above, -1 below, 0 none yet. ``or15_distance`` in INR: how
        far the close is above the high (positive) or below the low (negative), 0 inside.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    high, low, close = prices(bars, "high", "low", "close")
    starts = starts_s(bars)
    columns = {f"or{n}_{name}": np.full(len(bars), np.nan) for n in LENGTHS for name in ENDS}
    columns |= {f"or{n}_break": np.zeros(len(bars)) for n in LENGTHS}
    days = days_of(bars)
    for first, end in session_spans(days):
        opened, room = _session(int(days[first]), int(starts[first]))
        for n in LENGTHS:
            begin, known, over = first + np.searchsorted(
                starts[first:end], [opened, opened + (n - 1) * 60, opened + n * 60]
            )
            if n * ROOM > room or over - begin < (1 - MISSING_SHARE) * n or known == end:
                continue
            top, bottom = high[begin:over].max(), low[begin:over].min()
            columns[f"or{n}_high"][known:end] = top
            columns[f"or{n}_low"][known:end] = bottom
            columns[f"or{n}_break"][over:end] = _latest(_sides(close[over:end], top, bottom))
    columns["or15_distance"] = _distance(close, columns["or15_high"], columns["or15_low"])
    return as_table(columns, bars)


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row once all three ranges of its day are known."""
    if not goes_on(table, bars):
        return None
    before = table.last
    *_, close = (float(values[-1]) for values in prices(bars, "high", "low", "close"))
    row: dict[str, float] = {}
    for n in LENGTHS:
        top, bottom = before[f"or{n}_high"], before[f"or{n}_low"]
        if math.isnan(top):
            return None
        row |= {f"or{n}_high": top, f"or{n}_low": bottom}
    for n in LENGTHS:
        top, bottom = before[f"or{n}_high"], before[f"or{n}_low"]
        side = int(close > top * (1 + EQUAL)) - int(close < bottom * (1 - EQUAL))
        row[f"or{n}_break"] = float(side) or before[f"or{n}_break"]
    top, bottom = before["or15_high"], before["or15_low"]
    row["or15_distance"] = max(close - top, 0.0) - max(bottom - close, 0.0)
    return Row(row)


def _session(day: int, first: int) -> tuple[int, float]:
    """Return the open [s] and the minutes of the first window."""
    hours = windows(day, Segment.INDEX)
    if hours is None:
        return first, np.inf
    return hours[0][0], (hours[0][1] - hours[0][0]) / 60


def _sides(close: Floats, top: float, bottom: float) -> Ints:
    """Return +1 above the range, -1 below it, 0 inside."""
    above, below = close > top * (1 + EQUAL), close < bottom * (1 - EQUAL)
    return above.astype(np.int64) - below.astype(np.int64)


def _latest(sides: Ints) -> Ints:
    """Return, for each bar, the last side so far that was not 0."""
    at = np.maximum.accumulate(np.where(sides != 0, np.arange(len(sides)), 0))
    return sides[at]


def _distance(close: Floats, top: Floats, bottom: Floats) -> Floats:
    beyond: Floats = np.maximum(close - top, 0) - np.maximum(bottom - close, 0)
    return beyond


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side on which the close is beyond the 15-minute range."""
    assert inputs.index is not None
    starts = starts_s(inputs.index)
    day, first = day_of_last(inputs.index), first_of_day(inputs.index)
    hours = windows(day, Segment.INDEX)
    if hours is not None and starts[-1] >= hours[-1][1]:
        return insufficient("No range after the close of trading", "auction_phase")
    opened = _session(day, int(starts[first]))[0]
    last = last_row(table)
    verdict = (
        _stand(last, inputs, opened, starts[first:])
        if math.isfinite(last["or15_high"])
        else _unknown(starts[first:] - opened)
    )
    if hours is not None:
        return verdict
    return replace(verdict, flags=(*verdict.flags, "session_unverified"))


def _unknown(elapsed: Ints) -> Verdict:
    """Say why there is no 15-minute range."""
    have = int(((elapsed >= 0) & (elapsed < LEADING * 60)).sum())
    warmup = Warmup(have, LEADING)
    if elapsed[-1] < (LEADING - 1) * 60:
        return insufficient(f"Building, {have} of {LEADING} bars", warmup=warmup)
    need = math.ceil((1 - MISSING_SHARE) * LEADING)
    if have >= need:
        return insufficient(f"Session shorter than {ROOM} x {LEADING} minutes", warmup=warmup)
    return insufficient(f"{have} of {LEADING} opening bars, needs {need}", warmup=warmup)


def _stand(last: dict[str, float], inputs: Inputs, opened: int, starts: Ints) -> Verdict:
    """Judge the bars of today that follow a known range."""
    assert inputs.index is not None
    top, bottom = last["or15_high"], last["or15_low"]
    after = starts[starts.searchsorted(opened + LEADING * 60) :]
    sides = _sides(column(inputs.index, "close")[len(inputs.index) - len(after) :], top, bottom)
    turns = np.flatnonzero(sides != np.append(0, sides[:-1]))  # where a run of one side begins
    side = int(sides[-1]) if len(sides) else 0
    flags = _range_flags(last, inputs, int(starts[-1]), opened)
    levels = _levels(top, bottom)
    if side == 0 or top <= bottom * (1 + EQUAL):
        failed = len(turns) > 1 and turns[-1] - turns[-2] <= FAILED_BARS
        where = "Back inside" if len(turns) else "Inside"
        reason = f"{where} {number(bottom)}{RANGE}{number(top)}"
        flags = (*flags, *(["failed_break"] if failed else []), *_test(inputs.index, last))
        return Verdict(Stance.NEUTRAL, 0.0, reason, flags, levels)
    begun = int(after[turns[-1]])
    if begun == starts[-1]:
        flags = (*flags, "fresh_break")
    share = _volume_share(inputs, int(starts[-1]))
    if math.isnan(share):
        flags, share = (*flags, "volume_unknown"), 1.0
    return Verdict(
        Stance.BULLISH if side > 0 else Stance.BEARISH,
        100 * abs(last["or15_distance"]) / (top - bottom) * share,
        _held("above high" if side > 0 else "below low", begun, int(starts[-1])),
        flags,
        levels,
    )


def _held(end: str, begun: int, now: int) -> str:
    text = f"Closed {end} {clock_time(from_seconds(begun))}"
    return f"{text}; held {age(now - begun)}" if now > begun else text


def _levels(top: float, bottom: float) -> tuple[PriceLevel, ...]:
    """Return the ends and the targets of half and one width beyond them."""
    width = top - bottom
    return (
        PriceLevel("15m high", top),
        PriceLevel("15m low", bottom),
        PriceLevel("+0.5 width", top + width / 2),
        PriceLevel("+1 width", top + width),
        PriceLevel("−0.5 width", bottom - width / 2),
        PriceLevel("−1 width", bottom - width),
    )


def _test(bars: AnyBars, last: dict[str, float]) -> list[str]:
    """Tag a wick beyond an end."""
    high, low = float(column(bars, "high")[-1]), float(column(bars, "low")[-1])
    return ["test"] if high > last["or15_high"] or low < last["or15_low"] else []


def _range_flags(last: dict[str, float], inputs: Inputs, now: int, opened: int) -> tuple[str, ...]:
    """Tag a range that is wide for these days, and one that has grown old."""
    flags = []
    day = (now + IST_OFFSET_S) // DAY_S
    daily = atr14(before(inputs.daily, day))
    if last["or15_high"] - last["or15_low"] > WIDE_ATR * daily:  # false for NaN
        flags.append("wide")
    late = day * DAY_S - IST_OFFSET_S + LATE_S
    if opened < late <= now:
        flags.append("late_day")
    return tuple(flags)


def _volume_share(inputs: Inputs, now: int) -> float:
    """Return the future's last volume over its mean of 20 bars, at most 1; NaN if unknown."""
    bars = inputs.future
    if bars is None or len(bars) <= RVOL_BARS or starts_s(bars)[-1] != now:
        return math.nan
    volume = column(bars, "volume")
    usual = float(volume[-RVOL_BARS - 1 : -1].mean())
    return min(1.0, float(volume[-1]) / usual) if usual > 0 else math.nan


SIGNAL = Signal(
    title="Opening range",
    order=110,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("or15_high", "15m high", digits=1),
        Number("or15_low", "low", digits=1),
        Number("or15_distance", "dist", digits=1, signed=True),
        Level("or15_high", "OR15 high"),
        Level("or15_low", "OR15 low"),
        *(
            Level(f"or{n}_{end}", f"OR{n} {end}", group=f"Opening range {n}m")
            for n in (5, 30)
            for end in ("high", "low")
        ),
    ),
    timeframes=("1m",),
    context=("future", "daily"),
)
