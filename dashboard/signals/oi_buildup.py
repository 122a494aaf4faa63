"""OI build-up of the future: who adds or closes positions while the price moves.

    price_change_pct = 100 * (close / reference close - 1)           [percent]
    oi_change_pct    = 100 * (oi / reference oi - 1)                 [percent]

    price up,   OI up     long build-up      bullish
    price down, OI up     short build-up     bearish
    price up,   OI down   short covering     bullish, strength times 0.6
    price down, OI down   long unwinding     bearish, strength times 0.6

`oi` is that of the near-month and the next future together, so that rolling from one to the
other is no change; where the next one's is unknown at either time, the near-month alone
(flag ``front_only``). The reference is the last bar of the previous trading day, unknown if that
is more than five minutes before its close, and for the
intraday label the bar that closed 15 minutes ago (at most 5 minutes earlier where that
minute had no bar, so bars of 30 minutes have no such label). A move counts from 0.05 percent
of price and 0.10 percent of OI a day, 0.03 and 0.05 over 15 minutes, all inclusive; below
either the label is "neutral".

    strength = 40 * |price change| / 0.5 + 60 * |OI change| / 3      [at most 100]
    roll     = 100 * next future's OI / OI of both                   [percent]

The state is the day's; a 15-minute label of the other direction is flagged. In the week in
which the month's contracts expire the reason prints the roll. An unknown OI, and an OI of 0,
is carried from the last bar that told it: positions stand until the exchange counts again.
A future that hardly trades has no price to compare (flag ``thin``). Strength and thresholds
are conventions. Source: exchange folklore of price, volume and open interest, as
in John Murphy, Technical Analysis of the Futures Markets (1986), chapter 7.
"""

import math
from functools import lru_cache

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
from dashboard.core.calendar import load_calendar
from dashboard.core.errors import CalendarError, InputError
from dashboard.core.hours import date_of, prior_day
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import Columns, Row, Values
from dashboard.core.view import Number
from dashboard.core.wording import number
from dashboard.signals.vwap import THIN_MINUTES, ends_early, is_thin, session_of_last

DAY_PRICE, DAY_OI = 0.05, 0.10  # percent, inclusive
SHORT_PRICE, SHORT_OI = 0.03, 0.05  # percent over 15 minutes, inclusive
SHORT_S = 15 * 60
LATE_S = 5 * 60  # the bar of 15 minutes ago may be older by this
FULL_PRICE, FULL_OI = 0.5, 3.0  # percent that earn the whole share of the strength
WEAK = 0.6  # positions are closed, not opened
EQUAL = 1e-9  # relative; closer than this is the same percentage
NEUTRAL = "neutral"
LABELS = {  # signs of price and OI
    (1, 1): "long build-up",
    (-1, 1): "short build-up",
    (1, -1): "short covering",
    (-1, -1): "long unwinding",
}
SIGNS = (-1, 0, 1)
WORDS = np.array([LABELS.get((p, q), NEUTRAL) for p in SIGNS for q in SIGNS], dtype=object)
DIRECTIONS = {label: signs[0] for signs, label in LABELS.items()}


def calculate(bars: Bars, other: AnyBars | None = None) -> Bars:
    """Return the changes of price and OI since yesterday and over 15 minutes.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=2)
        Bars of the near-month future, indexed by start (Asia/Kolkata, increasing); ``close``
        in INR, ``oi`` in units at the bar's close.
    other : DataFrame, optional
        Bars of the next month's future; ``oi``. A bar sees those that start with it or
        before.

    Returns
    -------
    DataFrame, shape (n, 8), same index
        ``price_change_pct oi_change_pct`` in percent since the previous trading day, NaN
        where that is not known; ``label``, empty where a change is unknown;
        ``price_change_15m_pct oi_change_15m_pct label_15m`` over 15 minutes of the session;
        ``oi`` in units, of both futures where both are known; ``roll_pct`` in percent.

    Raises
    ------
    InputError
        If OI was never quoted, as for a cash index, or a close is unknown.
    """
    front = column(bars, "oi")
    if len(bars) and np.isnan(front).all():
        raise InputError("Build-up needs open interest, which a cash index has not: use its future")
    (close,) = prices(bars, "close")
    starts, days = starts_s(bars), days_of(bars)
    front = _carried(_counted(front))
    following = _aligned(starts, other)
    both = front + following
    day, recent = _references(starts, days)
    columns: dict[str, Values] = {}
    for reference, suffix, limits in (
        (day, "", (DAY_PRICE, DAY_OI)),
        (recent, "_15m", (SHORT_PRICE, SHORT_OI)),
    ):
        moved = _change(close, reference)
        piled = _change(both, reference)
        if np.isnan(following).any():
            piled = np.where(np.isnan(piled), _change(front, reference), piled)
        columns[f"price_change{suffix}_pct"] = moved
        columns[f"oi_change{suffix}_pct"] = piled
        columns[f"label{suffix}"] = _labels(moved, piled, *limits)
    columns["oi"] = np.where(np.isnan(both), front, both)
    columns["roll_pct"] = np.full(len(both), np.nan)
    np.divide(100 * following, both, out=columns["roll_pct"], where=both > 0)
    return as_table(columns, bars)


def resume(table: Columns, bars: Columns, other: Columns | None = None) -> Row | None:
    """Return the last bar's row.

    Within a day the bar before tells whether the last one of the day before counts.
    """
    (close,) = prices(bars, "close")
    start, last = int(bars.starts[-1]), len(bars) - 1
    if goes_on(table, bars):
        told = math.isfinite(table.last["price_change_pct"])
    else:
        night = first_of_day(bars.rows(0, last))
        told = bool(_references(bars.starts[night:], bars.days[night:])[0][-1] >= 0)
    day = first_of_day(bars) - 1 if told else last
    recent = int(bars.starts.searchsorted(start - SHORT_S, side="right")) - 1
    if recent < 0 or start - int(bars.starts[recent]) > SHORT_S + LATE_S:
        recent = last
    rows = [last, day, recent]
    price, front = close[rows].tolist(), column(bars, "oi")[rows].tolist()
    if not min(front) > 0:
        front = _carried(_counted(column(bars, "oi")))[rows].tolist()
    following = _aligned(bars.starts[rows], other).tolist()
    both = [one + next_one for one, next_one in zip(front, following, strict=True)]
    row: dict[str, float | str] = {}
    for at, suffix, limits in (
        (1, "", (DAY_PRICE, DAY_OI)),
        (2, "_15m", (SHORT_PRICE, SHORT_OI)),
    ):
        moved = piled = math.nan
        if rows[at] != last:
            moved, piled = _moved(price[0], price[at]), _moved(both[0], both[at])
            piled = _moved(front[0], front[at]) if math.isnan(piled) else piled
        row[f"price_change{suffix}_pct"] = moved
        row[f"oi_change{suffix}_pct"] = piled
        row[f"label{suffix}"] = _label(moved, piled, *limits)
    row["oi"] = front[0] if math.isnan(both[0]) else both[0]
    row["roll_pct"] = 100 * following[0] / both[0] if both[0] > 0 else math.nan
    return Row(row)


def _moved(value: float, base: float) -> float:
    """Return what `_change` says of one value."""
    return 100 * (value / base - 1) if base > 0 else math.nan


def _label(price: float, oi: float, price_limit: float, oi_limit: float) -> str:
    """Return what `_labels` says of one bar."""
    if math.isnan(price) or math.isnan(oi):
        return ""
    return LABELS.get((_side(price, price_limit), _side(oi, oi_limit)), NEUTRAL)


def _side(change: float, limit: float) -> int:
    least = limit * (1 - EQUAL)
    return int(change >= least) - int(change <= -least)


def _counted(oi: Floats) -> Floats:
    """Return OI with 0 as unknown: it is what is sent before the exchange has counted."""
    return oi if (oi > 0).all() else np.where(oi > 0, oi, np.nan)


def _carried(values: Floats) -> Floats:
    """Return each value, or the last known one before it."""
    known = np.isfinite(values)
    if known.all():
        return values
    at = np.maximum.accumulate(np.where(known, np.arange(len(values)), 0))
    return values[at]


def _aligned(starts: Ints, other: AnyBars | None) -> Floats:
    """Return the next future's last known OI at each start, NaN before there is one."""
    if other is None or not len(other):
        return np.full(len(starts), np.nan)
    own, oi = starts_s(other), column(other, "oi")
    at = own.searchsorted(starts, side="right") - 1
    if not (oi[at] > 0).all():
        oi = _carried(_counted(oi))
    return np.where(at >= 0, oi[at], np.nan)


def _references(starts: Ints, days: Ints) -> tuple[Ints, Ints]:
    """Return the row of yesterday's last bar and of 15 minutes ago, -1 where there is none."""
    day = np.full(len(starts), -1, dtype=np.int64)
    spans = session_spans(days)
    for (first, end), (before, _) in zip(spans[1:], spans, strict=False):
        wanted = prior_day(int(days[first]))
        told = wanted is None or wanted == days[before]
        if told and not ends_early(int(days[before]), starts[before:first], Segment.FNO):
            day[first:end] = first - 1
    recent = starts.searchsorted(starts - SHORT_S, side="right") - 1
    late = starts - starts[recent] > SHORT_S + LATE_S  # the night is always later
    recent[late] = -1
    return day, recent


def _change(values: Floats, reference: Ints) -> Floats:
    """Return the change from the reference rows in percent, NaN where that is unknown."""
    base = np.where(reference >= 0, values[reference], np.nan)
    change = np.full(len(values), np.nan)
    np.divide(values, base, out=change, where=base > 0)
    return 100 * (change - 1)


def _labels(price: Floats, oi: Floats, price_limit: float, oi_limit: float) -> Values:
    """Return the words for the changes in percent."""
    labels: Values = WORDS[4 + 3 * _sides(price, price_limit) + _sides(oi, oi_limit)]
    labels[np.isnan(price) | np.isnan(oi)] = ""
    return labels


def _sides(change: Floats, limit: float) -> Ints:
    least = limit * (1 - EQUAL)
    sides: Ints = np.subtract(change >= least, change <= -least, dtype=np.int64)
    return sides


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the direction of the day's build-up."""
    last = last_row(table)
    price, oi, label = last["price_change_pct"], last["oi_change_pct"], last["label"]
    day = day_of_last(table)
    bars = inputs.future
    assert bars is not None
    if "volume" in bars.columns and is_thin(session_of_last(bars), inputs.timeframe):
        return insufficient(f"Thin: median volume 0 in {THIN_MINUTES} minutes", "thin")
    if not label:
        return insufficient(_missing(day, price))
    flags = ["front_only"] if _is_front_only(table) else []
    week = _is_expiry_week(inputs.underlying, day)
    if week:
        flags.append("expiry_week")
    reason = _reason(price, oi, last["roll_pct"] if week else np.nan)
    if label == NEUTRAL:
        return Verdict(Stance.NEUTRAL, 0.0, reason, tuple(flags))
    direction = DIRECTIONS[label]
    if DIRECTIONS.get(last["label_15m"], direction) != direction:
        flags.append("differs_over_15m")
    strength = min(100.0, 40 * abs(price) / FULL_PRICE + 60 * abs(oi) / FULL_OI)
    stance = Stance.BULLISH if direction > 0 else Stance.BEARISH
    return Verdict(stance, strength * (1 if oi > 0 else WEAK), reason, tuple(flags))


def _is_front_only(table: AnyBars) -> bool:
    """Say whether the next month's OI is unknown now, or was at the day's reference."""
    roll, reference = column(table, "roll_pct"), first_of_day(table) - 1
    return bool(np.isnan(roll[-1]) or np.isnan(roll[reference]))


def _missing(day: int, price: float) -> str:
    if math.isfinite(price):
        return "Open interest is not known since yesterday"
    wanted = prior_day(day)
    if wanted is None:
        return "No earlier session is known"
    return f"No bars of {date_of(wanted):%a %-d %b %Y}"


def _reason(price: float, oi: float, roll: float) -> str:
    """Return the changes beside their thresholds, or beside the roll where that is known."""
    if math.isfinite(roll):
        changes = f"{number(price, signed=True)}%, OI {number(oi, signed=True)}%"
        return f"Price {changes}; {number(roll, 0)}% rolled"
    return f"Price {_against(price, DAY_PRICE)}; OI {_against(oi, DAY_OI)}"


def _against(change: float, limit: float) -> str:
    if abs(change) >= limit * (1 - EQUAL):
        return f"{number(change, signed=True)}% ≥ {number(limit)}"
    digits = 2 if round(abs(change), 2) < limit else 4  # never "0.05 < 0.05"
    return f"{number(change, digits, signed=True)}% < {number(limit)}"


@lru_cache(maxsize=256)
def _is_expiry_week(underlying: str, day: int) -> bool:
    """Say whether the month's contracts expire later in the week of `day`, or on it."""
    today = date_of(day)
    try:
        expiries = load_calendar().all_expiries(underlying)
    except CalendarError:
        return False
    week = today.isocalendar()[:2]
    return any(e.monthly and e.day >= today and e.day.isocalendar()[:2] == week for e in expiries)


SIGNAL = Signal(
    title="OI build-up",
    order=150,
    needs=("future",),
    optional=("next_future",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("price_change_pct", "price", unit="%", signed=True),
        Number("oi_change_pct", "OI", unit="%", signed=True),
        Number("roll_pct", "roll", unit="%", digits=0),
    ),
)
