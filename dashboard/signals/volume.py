"""Volume of the near-month future against what is usual.

    rvol20   = volume / mean volume of the 20 bars before               [ratio]
    rvol_tod = today's volume until the bar's close / mean of the same
               until that clock minute in the last 10 regular sessions  [ratio]

`rvol20` runs on over the night. `rvol_tod` (time of day) is compared with sessions of the
same contract rank that were trading at that minute; on the day the month's contracts expire
with such days only, where at least 3 are known. It needs one past session, and its state 5
(flag ``short_baseline`` below 10; on an expiry day 3 are enough): our convention where the
rule names only the ten.

The bars' own spacing, the closest seen so far, tells how long they are; the first bar of all
has none, so no `rvol_tod`. A session whose first five minutes are not there has none either.
A bar whose volume is unknown counts for nothing (flag ``volume_unknown``): the ratio is then
at least what is shown.

The state takes a ratio of 1.3 or more for the side of VWAP that the close is on. Bands:
below 0.7 dry, from 0.7 normal, from 1.3 high, above 2 extreme. A bar in progress is read as
it is, not projected to its end, and flagged ``provisional``.

Sources: volume relative to its time of day is trading-desk practice, with the U-shape of the
day in Jain and Joh (1988), Journal of Financial and Quantitative Analysis 23(3), 269-283;
VWAP is that of its own section. Thresholds are conventions.
"""

import math
from bisect import bisect_right
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from dashboard.core.bars import (
    AnyBars,
    Bars,
    as_table,
    column,
    day_of_last,
    days_of,
    goes_on,
    last_row,
    prices,
    session_spans,
    starts_s,
)
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import from_seconds
from dashboard.core.errors import CalendarError, InputError
from dashboard.core.hours import bar_end, date_of, windows
from dashboard.core.market import TIMEFRAMES, Floats, Ints, Segment
from dashboard.core.signal import Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import DAY_S, IST_OFFSET_S, Columns, Row, Values
from dashboard.core.view import Curve, Number, Pane
from dashboard.core.wording import clock_time, number
from dashboard.signals.vwap import LATE_S, is_thin, lacks_volume, running, session_of_last

BARS = 20  # of rvol20's mean
SESSIONS = 10  # of rvol_tod's mean
MIN_SESSIONS = 5  # for a state
MIN_EXPIRY_SESSIONS = 3  # for expiry days to be compared among themselves
HIGH = 1.3  # ratio, inclusive
EDGES = (0.7, HIGH, 2.0)  # of the bands; 2 itself is still high
BANDS = np.array(["dry", "normal", "high", "extreme", ""], dtype=object)
FULL = 0.5  # a ratio this far above 1 has a strength of 50
EQUAL = 1e-9  # relative; closer than this is the same
MINUTE_S = 60
Spans = dict[int, tuple[int, int]]  # where each day's bars begin and end


def calculate(
    bars: Bars, past_volume: AnyBars | None = None, underlying: str | None = None
) -> Bars:
    """Return both ratios and the session's VWAP.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        Bars of a future, 1 or 5 minutes each, indexed by start (Asia/Kolkata, increasing);
        ``high``, ``low``, ``close`` in INR; ``volume`` in units traded within the bar.
    past_volume : DataFrame, optional
        A row for each minute of earlier regular sessions, indexed by its start; ``volume``,
        the session's running total at the minute's close [units]; ``expiry``, 1.0 on the
        days on which the contract's month expired, else 0.0 (0.0 if absent). A minute that
        is missing had no trade. Rows of a bar's own date and later are not read.
    underlying : str, optional
        Its name, which tells when the month's contracts expire.

    Returns
    -------
    DataFrame, shape (n, 6), same index
        ``rvol20 rvol_tod`` as ratios, NaN where the mean is zero or not known; ``band``, a
        word for `rvol_tod`; ``day_volume`` in units; ``sessions``, how many `rvol_tod`
        compares with; ``vwap`` in INR.

    Raises
    ------
    InputError
        If volume was never quoted, as for a cash index, or a price is unknown.
    """
    volume = column(bars, "volume")
    if len(bars) and np.isnan(volume).all():
        raise InputError("Volume is not quoted for a cash index: use its future")
    high, low, close = prices(bars, "high", "low", "close")
    starts, days = starts_s(bars), days_of(bars)
    spans = {int(days[first]): (first, end) for first, end in session_spans(days)}
    total = _day_volume(volume, starts, spans)
    usual, sessions = _usual(starts, spans, past_volume, underlying or "")
    tod = _ratio(total, usual)
    vwap, _, sums = running((high + low + close) / 3, volume, days)
    lengths = _minutes(starts) if len(starts) else starts
    return as_table(
        {
            "rvol20": _ratio(volume, _mean_before(volume)),
            "rvol_tod": tod,
            "band": _bands(tod),
            "day_volume": total,
            "sessions": sessions,
            "vwap": vwap,
        },
        bars,
        (sums, int(lengths[-1])) if len(bars) else None,
    )


def resume(
    table: Columns,
    bars: Columns,
    past_volume: Columns | None = None,
    underlying: str | None = None,
) -> Row | None:
    """Return the last bar's row, which adds to the session so far."""
    if table.state is None or not goes_on(table, bars):
        return None
    (sums, length), last = table.state, table.last
    start, day = int(bars.starts[-1]), day_of_last(bars)
    if not length or (start - int(table.starts[-1])) // MINUTE_S < length:
        return None  # it is not known yet how long the bars are
    high, low, close = (float(values[-1]) for values in prices(bars, "high", "low", "close"))
    volume = column(bars, "volume")
    own = float(volume[-1])
    total = last["day_volume"] + (0.0 if math.isnan(own) else own)
    usual, sessions = math.nan, 0.0
    if past_volume is not None and len(past_volume):
        book = _book(past_volume)
        minute = (start + IST_OFFSET_S) % DAY_S // MINUTE_S + length - 1
        known = book.usual(day, expiring=_expires(underlying or "", day))
        usual, sessions = known[:, book.places(np.array([minute]))[0]].tolist()
    tod = total / usual if usual > 0 else math.nan
    mean = _mean_before_last(volume)
    sums = sums.with_value((high + low + close) / 3, own)
    return Row(
        {
            "rvol20": own / mean if mean > 0 else math.nan,
            "rvol_tod": tod,
            "band": _band(tod),
            "day_volume": total,
            "sessions": sessions,
            "vwap": sums.mean,
        },
        (sums, length),
    )


def _ratio(value: Floats, usual: Floats) -> Floats:
    ratio: Floats = np.full(len(value), np.nan)
    return np.divide(value, usual, out=ratio, where=usual > 0)


def _mean_before(volume: Floats) -> Floats:
    """Return the mean of the 20 bars before each, NaN unless all of them are known."""
    mean = np.full(len(volume), np.nan)
    if len(volume) > BARS:
        unknown = np.isnan(volume)
        sums = np.cumsum(np.where(unknown, 0.0, volume))  # whole units: no digit is lost
        sums[BARS:] -= sums[:-BARS].copy()
        mean[BARS:] = sums[BARS - 1 : -1] / BARS
        if unknown.any():
            holes = np.convolve(unknown, np.ones(BARS))[: len(volume)]
            mean[1:][holes[:-1] > 0] = np.nan
    return mean


def _mean_before_last(volume: Floats) -> float:
    """Return what `_mean_before` does of the last bar."""
    if len(volume) <= BARS:
        return math.nan
    unknown = np.isnan(volume)
    if unknown[-BARS - 1 : -1].any():
        return math.nan
    sums = np.cumsum(np.where(unknown, 0.0, volume) if unknown.any() else volume)
    earlier = float(sums[-BARS - 2]) if len(volume) > BARS + 1 else 0.0
    return (float(sums[-2]) - earlier) / BARS


def _day_volume(volume: Floats, starts: Ints, spans: Spans) -> Floats:
    """Return the running volume of each session, NaN in one whose beginning is not here.

    Within the bars a contract may have its first trade some minutes after the open; the
    oldest session may simply have been cut off.
    """
    total = np.where(np.isnan(volume), 0.0, volume)
    for day, (first, end) in spans.items():
        np.cumsum(total[first:end], out=total[first:end])
        hours = windows(day, Segment.FNO)
        late = LATE_S if first else 0
        if hours is not None and starts[first] > hours[0][0] + late:
            total[first:end] = np.nan
    return total


def _bands(ratio: Floats) -> Values:
    at = np.searchsorted(EDGES, ratio, side="right")  # NaN comes after all
    at[ratio == EDGES[-1]] = 2
    at[np.isnan(ratio)] = 4
    bands: Values = BANDS[at]
    return bands


def _band(ratio: float) -> str:
    """Return the word of one ratio."""
    if math.isnan(ratio):
        return str(BANDS[-1])
    return str(BANDS[bisect_right(EDGES, ratio) - (ratio == EDGES[-1])])


def _usual(
    starts: Ints, spans: Spans, past: AnyBars | None, underlying: str
) -> tuple[Floats, Floats]:
    """Return the mean volume until each bar's close on earlier days, and of how many."""
    mean, count = np.full(len(starts), np.nan), np.zeros(len(starts))
    if past is None or not len(past) or not len(starts):
        return mean, count
    book = _book(past)
    length = _minutes(starts)
    minute = (starts + IST_OFFSET_S) % DAY_S // MINUTE_S + length - 1
    for day, (first, end) in spans.items():
        usual = book.usual(day, expiring=_expires(underlying, day))
        mean[first:end], count[first:end] = usual[:, book.places(minute[first:end])]
    mean[length == 0], count[length == 0] = np.nan, 0.0
    return mean, count


def _minutes(starts: Ints) -> Ints:
    """Return the length of each bar in minutes, 0 while no bars so far are that close."""
    apart = np.minimum.accumulate(np.diff(starts, prepend=starts[0] - DAY_S)) // MINUTE_S
    return np.where((apart == 1) | (apart == 5), apart, 0)


class PastSessions:
    """Running volumes of earlier sessions, a row a session and a column a clock minute.

    `volume` [units] stays where it is in a minute without a trade; `open` says which
    minutes a session was trading in.
    """

    def __init__(self, past: AnyBars) -> None:
        starts, days = starts_s(past), days_of(past)
        volume = column(past, "volume")
        spans = session_spans(days)
        minute = (starts + IST_OFFSET_S) % DAY_S // MINUTE_S
        self.days = days[[first for first, _ in spans]]
        self.first = int(minute.min())
        closes = [_close_minute(int(days[a]), int(minute[b - 1]) + 1) for a, b in spans]
        width = max(int(minute.max()) + 1, *closes) - self.first
        self.open = np.arange(self.first, self.first + width) < np.array(closes)[:, None]
        grid = np.zeros((len(spans), width))
        row = np.repeat(np.arange(len(spans)), [b - a for a, b in spans])
        grid.ravel()[row * width + minute - self.first] = np.where(volume > 0, volume, 0.0)
        self.volume = np.maximum.accumulate(grid, axis=1)
        self._usual: dict[tuple[int, bool], Floats] = {}
        told = column(past, "expiry") if "expiry" in past.columns else np.zeros(len(past))
        self.expiry = told[[first for first, _ in spans]] > 0

    def usual(self, day: int, *, expiring: bool) -> Floats:
        """Return, for each clock minute, the mean volume until then and of how many sessions.

        These are the last 10 before `day`; for a day of expiry those of expiry, if there
        are 3. The last column is for minutes in which no session ever traded.
        """
        if (day, expiring) not in self._usual:
            known = np.arange(int(self.days.searchsorted(day)))
            alike = known[self.expiry[known]]
            if expiring and len(alike) >= MIN_EXPIRY_SESSIONS:
                known = alike
            chosen = known[-SESSIONS:]
            count = self.open[chosen].sum(axis=0, dtype=np.float64)
            total = np.where(self.open[chosen], self.volume[chosen], 0.0).sum(axis=0)
            columns = np.append(np.array((_ratio(total, count), count)), [[np.nan], [0]], axis=1)
            self._usual[day, expiring] = columns
        return self._usual[day, expiring]

    def places(self, minute: Ints) -> Ints:
        """Return the column of each clock minute."""
        place = minute - self.first
        outside = self.volume.shape[1]
        return np.where((place < 0) | (place > outside), outside, place)


def _book(past: AnyBars) -> PastSessions:
    """Return the sessions of `past`; those of a desk stay the same all day, and are kept."""
    if not isinstance(past, Columns):
        return PastSessions(past)
    book = _BOOKS.get(past)
    if book is None:
        book = _BOOKS[past] = PastSessions(past)
    return book


_BOOKS: WeakKeyDictionary[Columns, PastSessions] = WeakKeyDictionary()


@lru_cache(maxsize=1024)
def _close_minute(day: int, last: int) -> int:
    """Return the clock minute at which futures stop trading, `last` if it is not known."""
    hours = windows(day, Segment.FNO)
    return last if hours is None else (hours[-1][1] + IST_OFFSET_S) % DAY_S // MINUTE_S


@lru_cache(maxsize=1024)
def _expires(underlying: str, day: int) -> bool:
    """Say whether the month's contracts of the underlying expire on `day`."""
    try:
        expiry = load_calendar().expiry(underlying, date_of(day))
    except CalendarError:
        return False
    return expiry is not None and expiry.monthly


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side of VWAP the close is on, if there is more volume than usual."""
    bars = inputs.future
    assert bars is not None
    today = session_of_last(bars)
    last = last_row(table)
    start = int(starts_s(today)[-1])
    if is_thin(today, inputs.timeframe):
        return insufficient("Thin: median volume 0 in 30 minutes", "thin")
    ratio, sessions = last["rvol_tod"], int(last["sessions"])
    expiring = _expires(inputs.underlying, day_of_last(today))
    enough = MIN_EXPIRY_SESSIONS if expiring else MIN_SESSIONS
    if sessions < enough:
        return insufficient(_too_few(sessions, enough, inputs.past_volume))
    if not math.isfinite(ratio):
        return insufficient(_unknown(last, start, inputs.timeframe))
    close, vwap = float(column(today, "close")[-1]), last["vwap"]
    side = 0 if abs(close - vwap) <= EQUAL * vwap else 1 if close > vwap else -1
    much = ratio >= HIGH * (1 - EQUAL)
    digits = 2 if much or round(ratio, 2) < HIGH else 4  # never "1.30 < 1.30"
    relation = f"{number(ratio, digits)} × usual {'≥' if much else '<'} {HIGH:.2f}"
    reason = f"{relation}; close {'<=>'[side + 1]} VWAP"
    flags = _flags(last, today, sessions)
    if not much or side == 0:
        return Verdict(Stance.NEUTRAL, 0.0, reason, flags)
    stance = Stance.BULLISH if side > 0 else Stance.BEARISH
    return Verdict(stance, 50 * (ratio - 1) / FULL, reason, flags)


def _too_few(sessions: int, enough: int, past: AnyBars | None) -> str:
    if past is None or not sessions:
        return "No earlier session to compare with"
    return f"{sessions} of {enough} earlier sessions to compare with"


def _unknown(last: dict[str, float], start: int, timeframe: str) -> str:
    """Say why there is no ratio although there are past sessions."""
    if not math.isfinite(last["day_volume"]):
        return "The session's beginning is not here"
    end = clock_time(from_seconds(bar_end(start, Segment.FNO, TIMEFRAMES[timeframe])))
    return f"Earlier sessions had no volume by {end}"


def _flags(last: dict[str, Any], today: AnyBars, sessions: int) -> tuple[str, ...]:
    flags = [f"volume_{last['band']}"] if last["band"] != "normal" else []
    if sessions < SESSIONS:
        flags.append("short_baseline")
    if lacks_volume(today):
        flags.append("volume_unknown")
    return tuple(flags)


SIGNAL = Signal(
    title="Volume",
    order=70,
    needs=("future",),
    optional=("past_volume", "underlying"),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("rvol_tod", "× usual"),
        Number("rvol20", "× 20 bars"),
        Number("day_volume", "day", digits=0),
        Pane(
            "Relative volume",
            (
                Curve("rvol_tod", "× usual", colour="c2", digits=2),
                Curve("rvol20", "× 20 bars", colour="c1", digits=2),
            ),
            guides=(1.0,),
            over_volume=True,
        ),
    ),
    warmup=BARS + 1,
    timeframes=("1m", "5m"),
)
