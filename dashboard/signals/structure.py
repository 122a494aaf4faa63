"""Market structure: swing highs and lows, and the closes that break them.

A swing high is a bar j with

    high_j > high_{j-1} ... high_{j-k}   and   high_j >= high_{j+1} ... high_{j+k}

(of equal highs the first bar); lows mirrored. k is 3 on bars of 1 and 5 minutes, 2 on longer
ones. A swing is *known at the close of bar j + k* and used from then on: nothing is ever
written back to bar j, which would tell the past what only the future knew.

A new swing is named after the one of its kind before it: HH, LH or EQH; HL, LL or EQL (equal
within 1e-9). A close beyond the last swing that was known breaks it, once. A break with the
trend, or the first one, is a BOS (break of structure); one against it is a CHoCH (change of
character) and turns the trend. On one bar swings become known first, so that the
same close can break them, then an upward break counts before a downward one.

On 1 and 5 minutes everything begins anew with the session; a window of 2k + 1 bars never
reaches over the night. On 15 minutes it goes on. Bars are taken for longer ones while none
so far began less than 15 minutes after the one before it.

Our conventions: only the last known swing can be broken (an older one that was never broken
is given up); the first swing of its kind has no name; a name that equals (EQH, EQL) ends a
run of names of one side; where a bar has both a name and a break, `event` says the break.

Source: C. Dow's theory as told by W. Hamilton (1922) and R. Rhea (1932); BOS and CHoCH are
retail traders' names.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import talib

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    days_of,
    first_of_day,
    goes_on,
    last_row,
    prices,
    starts_s,
)
from dashboard.core.clock import from_seconds
from dashboard.core.market import Floats, Ints
from dashboard.core.signal import (
    Inputs,
    PriceLevel,
    Signal,
    Stance,
    Verdict,
    Warmup,
    insufficient,
)
from dashboard.core.table import Columns, Row, Values
from dashboard.core.view import Event, Level, Number
from dashboard.core.wording import RANGE, clock_time, number, short_date

REACH, LONG_REACH = 3, 2  # bars to each side: k on 1m and 5m, and on 15m
LONG_S = 900  # bars this far apart are long ones
EACH_SIDE = 2  # known swings of each kind before there is a state
BASE, A_NAME, AFTER_CHOCH = 40, 15, 30  # of strength; the last one is taken off
EQUAL = 1e-9  # relative; closer than this is the same price
FIRST, SAME, UP, DOWN = range(4)  # a swing and the one of its kind before it
HIGH_NAMES = np.array(["", "EQH", "HH", "LH"], dtype=object)
LOW_NAMES = np.array(["", "EQL", "HL", "LL"], dtype=object)
SIDES = np.array([0.0, 0.0, 1.0, -1.0])
BOS, CHOCH = 0, 1
BREAKS = np.array(["BOS", "CHoCH"], dtype=object)


def calculate(bars: Bars) -> Bars:
    """Return the swings known at each bar, the breaks, and the trend they make.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=3)
        One row per bar, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR.

    Returns
    -------
    DataFrame, shape (n, 13), same index
        ``trend`` +1, -1, or 0 before the first break; ``last_swing_high`` and
        ``last_swing_low`` in INR, the last ones known, broken or not; ``event``, text: BOS,
        CHoCH, else the name of a swing that became known on this bar, else empty.

        ``swing_high`` and ``swing_low`` in INR on the bar at which a swing became known, NaN
        elsewhere, with its name in ``high_label`` and ``low_label``; ``high_count`` and
        ``low_count``, how many are known; ``label_run``, how many names in a row are of one
        side (negative: LH and LL); ``broken`` in INR, the swing this bar broke; ``choch`` 1
        while the last break was a CHoCH, else 0.

    Raises
    ------
    InputError
        If a price is unknown.
    """
    high, low, close = prices(bars, "high", "low", "close")
    days = days_of(bars)
    near = np.flatnonzero(np.diff(starts_s(bars)) < LONG_S)
    shown = int(near[0]) + 1 if len(near) else len(bars)  # the row that shows the bars short
    columns: dict[str, Values] = {}
    unbroken = (False, False)
    if shown < len(bars):
        columns, unbroken = _structure(high, low, close, days, REACH)
    if shown == len(bars) or shown > 2 * LONG_REACH:  # fewer rows have no swing either way
        alone = np.zeros(shown, dtype=np.int64)
        long, left = _structure(high[:shown], low[:shown], close[:shown], alone, LONG_REACH)
        unbroken = unbroken if columns else left
        for name, values in long.items():
            columns.setdefault(name, values)[:shown] = values
    return as_table(columns, bars, Standing(shown < len(bars), *unbroken))


class Standing(NamedTuple):
    """What the table does not tell: that bars are short, and which last swing is unbroken."""

    short: bool
    high: bool
    low: bool


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row, None where it begins a session or shows that bars are short."""
    high, low, close = prices(bars, "high", "low", "close")
    near = bool(bars.starts[-1] - bars.starts[-2] < LONG_S)
    standing: Standing = table.state
    if (near and not standing.short) or (standing.short and not goes_on(table, bars)):
        return None
    reach, begun = (REACH, first_of_day(bars)) if standing.short else (LONG_REACH, 0)
    top = bottom = math.nan
    if len(bars) - begun > 2 * reach:
        top = _top(high[-2 * reach - 1 :].tolist(), reach)
        bottom = _bottom(low[-2 * reach - 1 :].tolist(), reach)
    return _next(table.last, standing, float(close[-1]), top, bottom)


def _top(high: list[float], reach: int) -> float:
    """Return the middle of 2 * reach + 1 highs where it is a swing, else NaN."""
    middle = high[reach]
    above = middle > max(high[:reach]) * (1 + EQUAL)
    return middle if above and middle >= max(high[reach + 1 :]) * (1 - EQUAL) else math.nan


def _bottom(low: list[float], reach: int) -> float:
    """Return the middle of 2 * reach + 1 lows where it is a swing, else NaN."""
    middle = low[reach]
    below = middle < min(low[:reach]) * (1 - EQUAL)
    return middle if below and middle <= min(low[reach + 1 :]) * (1 + EQUAL) else math.nan


def _next(
    before: Mapping[str, Any], standing: Standing, close: float, top: float, bottom: float
) -> Row:
    """Return the row after `before`, at whose close the swings `top` and `bottom` are known.

    Either is NaN where there is none.
    """
    short, high_unbroken, low_unbroken = standing
    last_high, last_low = before["last_swing_high"], before["last_swing_low"]
    high_kind, low_kind = _kind(top, last_high), _kind(bottom, last_low)
    run = before["label_run"]
    for kind in (high_kind, low_kind):
        if kind != FIRST:
            side = float(SIDES[kind])
            run = run + side if run * side > 0 else side
    if not math.isnan(top):
        last_high, high_unbroken = top, True
    if not math.isnan(bottom):
        last_low, low_unbroken = bottom, True
    high_label, low_label = HIGH_NAMES[high_kind], LOW_NAMES[low_kind]
    trend, choch, event, broken = (
        before["trend"],
        before["choch"],
        high_label or low_label,
        math.nan,
    )
    up = high_unbroken and close > last_high * (1 + EQUAL)
    down = low_unbroken and close < last_low * (1 - EQUAL)
    for breaks, side, swing in ((up, 1.0, last_high), (down, -1.0, last_low)):
        if breaks:
            kind = CHOCH if trend and side != trend else BOS
            trend, choch, event, broken = side, float(kind), BREAKS[kind], swing
    return Row(
        {
            "trend": trend,
            "last_swing_high": last_high,
            "last_swing_low": last_low,
            "event": event,
            "swing_high": top,
            "swing_low": bottom,
            "high_label": high_label,
            "low_label": low_label,
            "high_count": before["high_count"] + (not math.isnan(top)),
            "low_count": before["low_count"] + (not math.isnan(bottom)),
            "label_run": run,
            "broken": broken,
            "choch": choch,
        },
        Standing(short, high_unbroken and not up, low_unbroken and not down),
    )


def _kind(swing: float, before: float) -> int:
    """Return how a swing stands to the one before it; FIRST where one of them is not known."""
    if math.isnan(swing) or math.isnan(before):
        return FIRST
    apart, least = swing - before, EQUAL * swing
    return UP if apart > least else DOWN if apart < -least else SAME


def swings(high: Floats, low: Floats, groups: Ints, reach: int) -> tuple[Ints, Ints]:
    """Return the rows at which swing highs, and swing lows, become known.

    The extreme itself is `reach` (2 or more) rows earlier. All 2 * reach + 1 rows are of one
    group.
    """
    count = len(high) - 2 * reach
    if count <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    centre = slice(reach, reach + count)
    earlier, later = slice(reach - 1, reach - 1 + count), slice(2 * reach, 2 * reach + count)
    top, bottom = talib.MAX(high, reach), talib.MIN(low, reach)
    within = groups[2 * reach :] == groups[:count]
    peaks = within & (high[centre] > top[earlier] * (1 + EQUAL))
    peaks &= high[centre] >= top[later] * (1 - EQUAL)
    troughs = within & (low[centre] < bottom[earlier] * (1 - EQUAL))
    troughs &= low[centre] <= bottom[later] * (1 + EQUAL)
    return np.flatnonzero(peaks) + 2 * reach, np.flatnonzero(troughs) + 2 * reach


def _structure(
    high: Floats, low: Floats, close: Floats, groups: Ints, reach: int
) -> tuple[dict[str, Values], tuple[bool, bool]]:
    """Return the columns; structure begins anew with each group.

    With them comes whether the last swing high, and the last swing low, is unbroken.
    """
    count = len(close)
    began = _began(groups)
    tops, bottoms = swings(high, low, groups, reach)
    above, below = high[tops - reach], low[bottoms - reach]
    last_high, last_low = _held(tops, above, began, np.nan), _held(bottoms, below, began, np.nan)
    highs, lows = _running(tops, count), _running(bottoms, count)
    up = _first(close > last_high * (1 + EQUAL), highs)
    down = _first(close < last_low * (1 - EQUAL), lows)
    breaks, sides = _merged((up, np.ones(len(up))), (down, -np.ones(len(down))))
    kinds = _break_kinds(sides, began[breaks])
    high_names, low_names = _kinds(above, began[tops]), _kinds(below, began[bottoms])
    names, runs = _runs((tops, high_names), (bottoms, low_names), began)
    high_label, low_label = (
        _text(tops, HIGH_NAMES, high_names, count),
        _text(bottoms, LOW_NAMES, low_names, count),
    )
    event = low_label.copy()
    named = tops[high_names != FIRST]
    event[named] = high_label[named]
    event[breaks] = BREAKS[kinds]
    broken = np.full(count, np.nan)
    broken[up], broken[down] = last_high[up], last_low[down]
    turned = _held(breaks, sides * (1 + kinds), began, 0.0)  # 2 and -2 after a CHoCH
    unbroken = (
        not len(up) or bool(highs[up[-1]] != highs[-1]),
        not len(down) or bool(lows[down[-1]] != lows[-1]),
    )
    columns: dict[str, Values] = {
        "trend": np.sign(turned),
        "last_swing_high": last_high,
        "last_swing_low": last_low,
        "event": event,
        "swing_high": _at(tops, above, count),
        "swing_low": _at(bottoms, below, count),
        "high_label": high_label,
        "low_label": low_label,
        "high_count": highs - highs[began],
        "low_count": lows - lows[began],
        "label_run": _held(names, runs, began, 0.0),
        "broken": broken,
        "choch": (np.abs(turned) == 2).astype(np.float64),
    }
    return columns, unbroken


def _began(groups: Ints) -> Ints:
    """Return the first row of each row's group."""
    began = np.zeros(len(groups), dtype=np.int64)
    turns = np.flatnonzero(groups[1:] != groups[:-1]) + 1
    began[turns] = turns
    rows: Ints = np.maximum.accumulate(began)
    return rows


def _at(rows: Ints, values: Floats, count: int) -> Floats:
    """Return `values` on their rows, NaN elsewhere."""
    placed = np.full(count, np.nan)
    placed[rows] = values
    return placed


def _text(rows: Ints, names: Values, kinds: Ints, count: int) -> Values:
    text = np.full(count, "", dtype=object)
    text[rows] = names[kinds]
    return text


def _held(rows: Ints, values: Floats, began: Ints, before: float) -> Floats:
    """Return the last value so far in each row's group, `before` until there is one.

    Of two values of one row the later one counts.
    """
    placed = np.full(len(began), before)
    placed[rows] = values
    at = began.copy()
    at[rows] = rows
    return placed[np.maximum.accumulate(at)]


def _running(rows: Ints, count: int) -> Floats:
    """Return how many of `rows` have been reached."""
    reached = np.zeros(count)
    reached[rows] = 1.0
    total: Floats = np.cumsum(reached)
    return total


def _first(beyond: Values, swing: Floats) -> Ints:
    """Return, for each swing that is closed beyond, the first row that does it."""
    rows = np.flatnonzero(beyond)
    own = swing[rows]
    first: Ints = np.append(rows[:1], rows[1:][own[1:] != own[:-1]])
    return first


def _merged(first: tuple[Ints, Values], second: tuple[Ints, Values]) -> tuple[Ints, Values]:
    """Return rows and values of both in order of rows; of one row the first comes first."""
    rows = np.concatenate([first[0], second[0]])
    order = np.argsort(rows, kind="stable")
    return rows[order], np.concatenate([first[1], second[1]])[order]


def _break_kinds(sides: Floats, groups: Ints) -> Ints:
    """Return CHOCH where the side differs from the one before it in its group, else BOS."""
    kinds = np.full(len(sides), BOS, dtype=np.int64)
    kinds[1:][(sides[1:] != sides[:-1]) & (groups[1:] == groups[:-1])] = CHOCH
    return kinds


def _kinds(swing: Floats, groups: Ints) -> Ints:
    """Return how each swing stands to the one before it in its group."""
    kinds = np.full(len(swing), FIRST, dtype=np.int64)
    if len(swing) > 1:
        apart, least = swing[1:] - swing[:-1], EQUAL * swing[1:]
        kind = np.where(apart > least, UP, np.where(apart < -least, DOWN, SAME))
        kinds[1:] = np.where(groups[1:] == groups[:-1], kind, FIRST)
    return kinds


def _runs(tops: tuple[Ints, Ints], bottoms: tuple[Ints, Ints], began: Ints) -> tuple[Ints, Floats]:
    """Return the rows of named swings, and how many names in a row are of one side by then."""
    rows, kinds = _merged(tops, bottoms)
    named = kinds != FIRST
    rows, sides = rows[named], SIDES[kinds[named]]
    groups = began[rows]
    turns = np.flatnonzero((sides[1:] != sides[:-1]) | (groups[1:] != groups[:-1])) + 1
    since = np.zeros(len(rows), dtype=np.int64)
    since[turns] = turns
    return rows, sides * (np.arange(len(rows)) - np.maximum.accumulate(since) + 1)


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the trend that the breaks have made, stronger with each name on its side."""
    last = last_row(table)
    have = [min(EACH_SIDE, int(last[name])) for name in ("high_count", "low_count")]
    if sum(have) < 2 * EACH_SIDE:
        reason = f"{have[0]} of {EACH_SIDE} swing highs, {have[1]} of {EACH_SIDE} lows known"
        return insufficient(reason, warmup=Warmup(sum(have), 2 * EACH_SIDE))
    high, low = last["last_swing_high"], last["last_swing_low"]
    levels = (PriceLevel("swing high", high), PriceLevel("swing low", low))
    trend = last["trend"]
    if not trend:
        reason = f"No close beyond {number(low)}{RANGE}{number(high)}"
        return Verdict(Stance.NEUTRAL, 0.0, reason, levels=levels)
    names = max(0, int(trend * last["label_run"]))
    strength = min(100, BASE + A_NAME * names) - (AFTER_CHOCH if last["choch"] else 0)
    return Verdict(
        Stance.BULLISH if trend > 0 else Stance.BEARISH,
        strength,
        f"{_broke(table, last)}; {names} in a row",
        _flags(last),
        levels,
    )


def _broke(table: AnyBars, last: dict[str, float]) -> str:
    """Say when the last break was, and what it broke."""
    broken = column(table, "broken")
    at = int(np.flatnonzero(np.isfinite(broken))[-1])
    when, now = (from_seconds(int(starts_s(table)[k])) for k in (at, -1))
    shown = clock_time(when) if when.date() == now.date() else short_date(when)
    kind = "CHoCH" if last["choch"] else "BOS"
    return f"{kind} {shown} {'>' if last['trend'] > 0 else '<'} {number(broken[at])}"


def _flags(last: dict[str, float]) -> tuple[str, ...]:
    flags = ["choch"] if last["choch"] else []
    if math.isfinite(last["broken"]):
        flags.append("fresh_choch" if last["choch"] else "fresh_bos")
    return tuple(flags)


SIGNAL = Signal(
    title="Market structure",
    order=120,
    needs=("index",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("last_swing_high", "high", digits=1),
        Number("last_swing_low", "low", digits=1),
        Number("label_run", "run", digits=0, signed=True),
        Level("last_swing_high", "Swing high", "tx2"),
        Level("last_swing_low", "Swing low", "tx2"),
        *(Event("event", word, at="broken", side="trend") for word in BREAKS),
    ),
    timeframes=("1m", "5m", "15m"),
)
