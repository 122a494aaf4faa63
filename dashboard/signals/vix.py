"""India VIX: which regime it is in, and the move of one session that it expects.

    expected_move = spot * vix / 100 / sqrt(252)                        [INR]
    change_pct    = 100 * (vix / previous close - 1)                    [percent]
    percentile    = share of the last 252 closes at or below vix        [percent]

with India VIX in percent a year. The convention is 252 sessions a year: spot 25,000 and
VIX 14 give 220.48 (365 days would give 183.20). The previous close is the official one of the
calendar's previous trading day where `vix_daily` has it, else that day's last bar if it is
of the last five minutes before the close.

Regimes (a convention): below 12 calm, from 12 normal, from 16 elevated, from 22 high, above
30 stress. Each has a factor that other sections' confidence is multiplied with: 1, 1, 0.9,
0.75, 0.6. A VIX that is older than the index by more than a minute is no regime: the factor
is then 0.9, and the reading is flagged ``stale``.

VIX has no direction, so the state is neutral. Only a rise of 8 percent or more while the
index falls makes it bearish; its strength grows with the rise, 50 at 8 percent (a
convention). The index is NIFTY's: elsewhere the reading is flagged ``nifty_vix``.

Source: NSE, India VIX computation methodology (after CBOE, 2003): 30 days, NIFTY options.
"""

import math
from bisect import bisect_right
from typing import NamedTuple

import numpy as np

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
    session_spans,
    starts_s,
)
from dashboard.core.daily import session_days
from dashboard.core.hours import prior_day
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import DAY_S, IST_OFFSET_S, Columns, Row
from dashboard.core.view import Number
from dashboard.core.wording import RANGE, age, number
from dashboard.signals.vwap import ends_early

REGIMES = ("calm", "normal", "elevated", "high", "stress")
FACTORS = (1.0, 1.0, 0.9, 0.75, 0.6)
EDGES = (12.0, 16.0, 22.0, 30.0)  # of the regimes; 30 itself is still high
UNKNOWN_FACTOR = 0.9
SESSIONS = 252  # in a year, and of the percentile
MOVED = 5.0  # percent of change a day, inclusive: rising risk, or easing
ALARM = 8.0  # percent, inclusive; with a falling index it is bearish
ALARM_STRENGTH = 50  # at that rise, growing in proportion
STALE_S = 60  # older than the index by more than this is no regime
EQUAL = 1e-9  # relative; closer than this is the same percentage
UNCOMPARED = "day change unknown"  # the previous close is not here
UNDERLYING = "NIFTY"  # whose options India VIX is computed from


class Compared(NamedTuple):
    """What a day is compared with: the previous close, and the sorted closes of a year."""

    close: float
    year: Floats | None


def calculate(bars: Bars, index: AnyBars | None = None, daily: AnyBars | None = None) -> Bars:
    """Return the regime, the expected move and the day's change.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=1)
        Bars of India VIX, indexed by start (Asia/Kolkata, increasing); ``close`` in percent
        a year.
    index : DataFrame, optional
        Bars of the index; ``close`` in INR. A bar sees those that start with it or before.
    daily : DataFrame, optional
        One row per past session of India VIX (``close``), indexed by its date. Rows of a
        bar's own date and later are not read.

    Returns
    -------
    DataFrame, shape (n, 6), same index
        ``vix`` in percent a year; ``regime``, a word; ``expected_move`` in INR, NaN without
        the index; ``change_pct`` in percent, NaN where the previous close is not known;
        ``percentile`` in percent, NaN with fewer than 252 past sessions; ``factor``.

    Raises
    ------
    InputError
        If a close is unknown.
    """
    (vix,) = prices(bars, "close")
    at = np.searchsorted(EDGES, vix, side="right")
    at[vix == EDGES[-1]] -= 1
    change, percentile, today = _compared(starts_s(bars), days_of(bars), vix, daily)
    return as_table(
        {
            "vix": vix,
            "regime": np.array(REGIMES, dtype=object)[at],
            "expected_move": _spot(starts_s(bars), index) * vix / 100 / math.sqrt(SESSIONS),
            "change_pct": change,
            "percentile": percentile,
            "factor": np.array(FACTORS)[at],
        },
        bars,
        today,
    )


def resume(
    table: Columns, bars: Columns, index: Columns | None = None, daily: Columns | None = None
) -> Row | None:
    """Return the last bar's row; what a day is compared with stays the same."""
    closes, today = prices(bars, "close")[0], table.state
    if not goes_on(table, bars):  # the day before is all that its first bar looks at
        night = first_of_day(bars.rows(0, len(table)))
        *_, today = _compared(bars.starts[night:], bars.days[night:], closes[night:], daily)
    vix = float(closes[-1])
    at = bisect_right(EDGES, vix) - (vix == EDGES[-1])
    change, percentile = _against(np.array([vix]), today)
    spot = _spot(bars.starts[-1:], index)
    return Row(
        {
            "vix": vix,
            "regime": REGIMES[at],
            "expected_move": float((spot * vix / 100 / math.sqrt(SESSIONS))[0]),
            "change_pct": float(change[0]),
            "percentile": float(percentile[0]),
            "factor": FACTORS[at],
        },
        today,
    )


def _spot(starts: Ints, index: AnyBars | None) -> Floats:
    """Return the index at the bar's start's own bar, or its last one of that day; else NaN."""
    if index is None or not len(index):
        return np.full(len(starts), np.nan)
    close, own = column(index, "close"), starts_s(index)
    if len(starts) == 1 and own[-1] == starts[0]:  # the next bar
        return close[-1:]
    if np.array_equal(own, starts):  # the usual case, and a quarter of the cost
        return close
    at = own.searchsorted(starts, side="right") - 1
    found = np.maximum(at, 0)
    known = (at >= 0) & (days_of(index)[found] == (starts + IST_OFFSET_S) // DAY_S)
    spot: Floats = np.where(known, close[found], np.nan)
    return spot


def _compared(
    starts: Ints, days: Ints, vix: Floats, daily: AnyBars | None
) -> tuple[Floats, Floats, Compared | None]:
    """Return the day's change and the percentile among past closes, both in percent.

    What the last day is compared with comes along.
    """
    change, percentile = np.full(len(vix), np.nan), np.full(len(vix), np.nan)
    past, closes = _official(daily)
    previous: tuple[int, float] | None = None
    today: Compared | None = None
    for first, end in session_spans(days):
        day, own = int(days[first]), vix[first:end]
        before = int(past.searchsorted(day))
        close = _previous_close(day, previous, past[:before], closes[:before])
        year = np.sort(closes[before - SESSIONS : before]) if before >= SESSIONS else None
        today = Compared(close, year)
        change[first:end], percentile[first:end] = _against(own, today)
        early = ends_early(day, starts[first:end], Segment.INDEX)
        previous = None if early else (day, float(own[-1]))
    return change, percentile, today


def _against(vix: Floats, day: Compared) -> tuple[Floats, Floats]:
    """Return the change since the previous close and the percentile, both in percent."""
    change: Floats = 100 * (vix / day.close - 1)
    if day.year is None:
        return change, np.full(len(vix), np.nan)
    return change, 100 * day.year.searchsorted(vix, side="right") / SESSIONS


def _official(daily: AnyBars | None) -> tuple[Ints, Floats]:
    """Return the days and closes of past sessions whose close is known and positive."""
    if daily is None or not len(daily):
        return np.empty(0, dtype=np.int64), np.empty(0)
    days, closes = session_days(daily), column(daily, "close")
    known = closes > 0
    return days[known], closes[known]


def _previous_close(day: int, seen: tuple[int, float] | None, past: Ints, closes: Floats) -> float:
    """Return the close of the session before `day`, NaN if it is not known.

    It is looked for among the `past` days with their official `closes`, then in the session
    last `seen` among the bars. Where the calendar knows no previous day the latest is taken.
    """
    wanted = prior_day(day)
    if len(past) and wanted in (None, int(past[-1])):
        return float(closes[-1])
    if seen is not None and seen[1] > 0 and wanted in (None, seen[0]):
        return seen[1]
    return math.nan


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return neutral, or bearish where VIX jumps while the index falls."""
    assert inputs.vix is not None
    last = last_row(table)
    if not last["vix"] > 0:
        return insufficient("India VIX is zero")
    flags = [] if inputs.underlying in (UNDERLYING, "") else ["nifty_vix"]
    behind = _behind(inputs)
    if behind > STALE_S:
        reason = f"VIX {age(behind)} behind the index > {age(STALE_S)}"
        return Verdict(Stance.NEUTRAL, 0.0, reason, ("stale", "regime_unknown", *flags))
    change = last["change_pct"]
    if change >= MOVED * (1 - EQUAL):  # false for NaN, as the next one
        flags.append("rising_risk")
    if change <= -MOVED * (1 - EQUAL):
        flags.append("easing")
    if change >= ALARM * (1 - EQUAL) and _index_falls(inputs):
        reason = f"VIX {number(change, 1, signed=True)}% ≥ {ALARM:.0f}% while the index falls"
        strength = ALARM_STRENGTH * change / ALARM
        return Verdict(Stance.BEARISH, strength, reason, ("rising_while_falling", *flags))
    today = f"{number(change, 1, signed=True)}% today" if math.isfinite(change) else UNCOMPARED
    reason = f"{_place(last['vix'], last['regime'])}; {today}"
    return Verdict(Stance.NEUTRAL, 0.0, reason, tuple(flags))


def _place(vix: float, regime: str) -> str:
    """Say between which edges VIX is."""
    at = REGIMES.index(regime)
    low, high = (0.0, *EDGES)[at], (*EDGES, math.inf)[at]
    if at == 0:
        return f"{number(vix)} < {high:.0f}, {regime}"
    if math.isinf(high):
        return f"{number(vix)} > {low:.0f}, {regime}"
    return f"{number(vix)} in {low:.0f}{RANGE}{high:.0f}, {regime}"


def _behind(inputs: Inputs) -> int:
    """Return by how many seconds the last bar of VIX is older than the index's."""
    if inputs.index is None or not len(inputs.index) or inputs.vix is None:
        return 0
    return int(starts_s(inputs.index)[-1] - starts_s(inputs.vix)[-1])


def _index_falls(inputs: Inputs) -> bool:
    """Say whether the index is below its previous close; False where that is unknown."""
    bars = inputs.index
    if bars is None or not len(bars):
        return False
    days, close = days_of(bars), column(bars, "close")
    day, first = int(days[-1]), int(days.searchsorted(days[-1]))
    past, closes = _official(inputs.daily)
    before = int(past.searchsorted(day))
    seen = None
    if first:
        night, begun = int(days[first - 1]), int(days.searchsorted(days[first - 1]))
        if not ends_early(night, starts_s(bars)[begun:first], Segment.INDEX):
            seen = night, float(close[first - 1])
    return float(close[-1]) < _previous_close(day, seen, past[:before], closes[:before])


SIGNAL = Signal(
    title="India VIX regime",
    order=170,
    needs=("vix",),
    optional=("index", "vix_daily"),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("vix", "VIX"),
        Number("change_pct", "day", unit="%", signed=True),
        Number("expected_move", "1σ day", digits=1),
    ),
    context=("daily",),
)
