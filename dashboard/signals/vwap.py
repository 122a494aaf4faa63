"""Session VWAP of the near-month future, with bands of its own standard deviation.

For bars 1..t of one date, anchored at the date's first regular bar:

    typical = (high + low + close) / 3                                       [INR]
    vwap    = sum(typical * volume) / sum(volume)                            [INR]
    sd      = sqrt(sum(volume * (typical - vwap)^2) / sum(volume))           [INR]

`sd` is about the current VWAP (population, weighted by volume); the bands are 1 and 2 of
it away. Both come from West's weighted update, because the difference of the mean square and
the squared mean loses digits at 25,000.

Bars that begin more than five minutes after the open are the average of a part of the
session: the reading is then flagged ``gap_in_window`` and its strength at most 50.

Source: Berkowitz, Logue and Noser (1988), Journal of Finance 43(1), 97-112, who use the
whole day; here bar t sees bars 1..t only, so that live and replay agree. The update is
West (1979), Communications of the ACM 22(9), 532-535.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dashboard.core.averages import once
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
    rows,
    starts_s,
)
from dashboard.core.errors import InputError
from dashboard.core.hours import windows
from dashboard.core.market import TIMEFRAMES, Floats, Ints, Segment
from dashboard.core.signal import GAP_CAP, Inputs, Signal, Stance, Verdict, insufficient
from dashboard.core.table import Columns, Row
from dashboard.core.view import Line, Number
from dashboard.core.wording import MINUS, number

MIN_BARS = 3  # of the session, before there is a state
SLOPE_BARS = 10  # the slope is vwap now less vwap this many bars ago
STRETCHED = 2.0  # standard deviations
LATE_S = 5 * 60  # after the open; without its beginning a session's average is another one
THIN_MINUTES = 30  # a median volume of 0 over these says nothing
EQUAL = 1e-9  # relative; closer than this is the same price
EXCHANGE_PERCENT = 0.05  # further than this from the exchange's own average is flagged


def calculate(bars: Bars) -> Bars:
    """Return the running VWAP, its standard deviation and its bands.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        One row per bar of a future, indexed by its start (Asia/Kolkata, increasing).
        ``high``, ``low``, ``close`` in INR; ``volume`` in units traded within the bar. A
        bar without volume, or whose volume is unknown, changes nothing.

    Returns
    -------
    DataFrame, shape (n, 8), same index
        ``vwap vwap_sd vwap_u1 vwap_l1 vwap_u2 vwap_l2`` in INR; ``vwap_z``, the close's
        distance in standard deviations; ``vwap_slope``, the change over 10 bars (fewer
        while the session is young) in INR. NaN until the session's first trade.

    Raises
    ------
    InputError
        If volume was never quoted, as for a cash index, or a price is unknown.
    """
    volume = column(bars, "volume")
    if len(bars) and np.isnan(volume).all():
        raise InputError("VWAP needs volume, and a cash index has none: use its future")
    high, low, close = prices(bars, "high", "low", "close")
    days = days_of(bars)
    vwap, sd, sums = running((high + low + close) / 3, volume, days)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > EQUAL * vwap, (close - vwap) / sd, np.nan)
    return as_table(
        {
            "vwap": vwap,
            "vwap_sd": sd,
            "vwap_u1": vwap + sd,
            "vwap_l1": vwap - sd,
            "vwap_u2": vwap + 2 * sd,
            "vwap_l2": vwap - 2 * sd,
            "vwap_z": z,
            "vwap_slope": _slope(vwap, days),
        },
        bars,
        sums,
    )


def resume(table: Columns, bars: Columns) -> Row | None:
    """Return the last bar's row, which adds to the sums of its session so far."""
    high, low, close = (float(values[-1]) for values in prices(bars, "high", "low", "close"))
    typical = (high + low + close) / 3
    sums: Sums = table.state if goes_on(table, bars) else Sums(typical, 0.0, 0.0, 0.0)
    sums = sums.with_value(typical, float(column(bars, "volume")[-1]))
    vwap, sd = sums.mean, sums.deviation
    recent = column(table, "vwap")[max(first_of_day(bars), len(table) - SLOPE_BARS) :].tolist()
    before = next((value for value in recent if not math.isnan(value)), vwap)
    return Row(
        {
            "vwap": vwap,
            "vwap_sd": sd,
            "vwap_u1": vwap + sd,
            "vwap_l1": vwap - sd,
            "vwap_u2": vwap + 2 * sd,
            "vwap_l2": vwap - 2 * sd,
            "vwap_z": (close - vwap) / sd if sd > EQUAL * vwap else math.nan,
            "vwap_slope": vwap - before,
        },
        sums,
    )


class Sums(NamedTuple):
    """What a running weighted mean goes on from: its sums about the group's first value."""

    base: float
    weight: float
    moment: float
    spread: float

    def with_value(self, value: float, weight: float) -> "Sums":
        """Return the sums with one more value; an unknown weight counts for nothing."""
        weight = weight if weight > 0 else 0.0
        apart, before = value - self.base, self._apart
        total, moment = self.weight + weight, self.moment + weight * apart
        mean = moment / total if total else math.nan
        square = weight * (apart - before) * (apart - mean)
        if math.isnan(square):
            square = 0.0  # the first weight of a group
        return Sums(self.base, total, moment, self.spread + square)

    @property
    def mean(self) -> float:
        """Return the weighted mean, NaN until there is a weight."""
        return self.base + self._apart

    @property
    def deviation(self) -> float:
        """Return the weighted population deviation, NaN until there is a weight."""
        return math.sqrt(self.spread / self.weight) if self.weight else math.nan

    @property
    def _apart(self) -> float:
        return self.moment / self.weight if self.weight else math.nan


def weighted(values: Floats, weights: Floats, groups: Ints) -> tuple[Floats, Floats]:
    """Return the running weighted mean and population deviation, begun again in each group.

    Both have the shape (n,) and are NaN until the group's first positive weight; an unknown
    weight counts for nothing. `groups` does not decrease. West's update is two running sums:
    the mean is taken about the group's first value, which keeps the digits, and a square of
    the update is weight * (value - mean before) * (value - mean now), never negative.
    """
    return running(values, weights, groups)[:2]


def running(values: Floats, weights: Floats, groups: Ints) -> tuple[Floats, Floats, Sums | None]:
    """Return what `weighted` does, and the sums that the last group goes on from."""
    if not len(values):
        return values.copy(), values.copy(), None
    ends = [*(np.flatnonzero(groups[1:] != groups[:-1]) + 1).tolist(), len(values)]
    fresh = [0, *ends[:-1]]
    base = np.repeat(values[fresh], np.subtract(ends, fresh))
    apart = values - base
    weight = np.where(weights > 0, weights, 0.0)  # also 0 for NaN
    total, moment = running_sums(np.array((weight, weight * apart)), fresh, ends)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = moment / total
        before = np.empty_like(mean)
        before[1:] = mean[:-1]
        before[fresh] = np.nan
        squares = weight * (apart - before) * (apart - mean)
        squares[np.isnan(squares)] = 0.0  # the first weight of a group
        (spread,) = running_sums(squares[None], fresh, ends)
        sums = Sums(*(float(part[-1]) for part in (base, total, moment, spread)))
        return base + mean, np.sqrt(spread / total), sums


def running_sums(values: Floats, fresh: Sequence[int], ends: Sequence[int]) -> Floats:
    """Return the running sums of each row of `values`, begun again in each group of columns.

    A group is summed from its own first value on, so that no other one, and no value after
    it, changes a digit.
    """
    sums = np.empty_like(values)
    for first, end in zip(fresh, ends, strict=True):
        np.cumsum(values[:, first:end], axis=1, out=sums[:, first:end])
    return sums


def _slope(vwap: Floats, days: Ints) -> Floats:
    """Return vwap less vwap 10 bars ago, or less the session's first while it is young."""
    if not len(vwap):
        return vwap.copy()
    begun = np.isfinite(vwap)
    fresh = begun.copy()
    fresh[1:] &= ~(begun[:-1] & (days[1:] == days[:-1]))
    first = np.maximum.accumulate(np.where(fresh, np.arange(len(vwap)), 0))
    return vwap - vwap[np.maximum(first, np.arange(len(vwap)) - SLOPE_BARS)]


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side of VWAP the close is on, if VWAP moves that way too."""
    bars = inputs.future
    assert bars is not None
    today = session_of_last(bars)
    last = last_row(table)
    if not math.isfinite(last["vwap"]):
        return insufficient("No volume yet in this session")
    if len(today) < MIN_BARS:
        return insufficient(f"{len(today)} of {MIN_BARS} bars of the session")
    if is_thin(today, inputs.timeframe):
        return insufficient(f"Thin: median volume 0 in {THIN_MINUTES} minutes", "thin")
    close, vwap, z = float(column(today, "close")[-1]), last["vwap"], last["vwap_z"]
    side, way = _sign(close - vwap, vwap), _sign(last["vwap_slope"], vwap)
    fact = f"Close {number(close)} {'<=>'[side + 1]} {number(vwap)}"
    reason = f"{fact}; slope {('down', 'flat', 'up')[way + 1]}"
    agree = math.isfinite(z) and side != 0 and side * way >= 0
    stance = (Stance.BULLISH if side > 0 else Stance.BEARISH) if agree else Stance.NEUTRAL
    strength = min(50 * abs(z), GAP_CAP if begins_late(today) else 100.0) if agree else 0.0
    return Verdict(stance, strength, reason, _flags(last, today, inputs))


def session_of_last(bars: Bars) -> Bars:
    """Return the bars of the last bar's date."""
    return once(bars, ("session of last",), lambda: rows(bars, first_of_day(bars)))


def begins_late(today: AnyBars) -> bool:
    """Say whether the bars of a session begin more than five minutes after its open."""
    hours = windows(day_of_last(today), Segment.FNO)
    return hours is not None and int(starts_s(today)[0]) > hours[0][0] + LATE_S


def bar_length(starts: Ints) -> int:
    """Return the seconds that the closest two bars of a session are apart, else a minute."""
    return int(np.diff(starts).min()) if len(starts) > 1 else 60


def ends_early(day: int, starts: Ints, segment: Segment) -> bool:
    """Say whether the bars of a session end more than five minutes before its close."""
    hours = windows(day, segment)
    return hours is not None and int(starts[-1]) + bar_length(starts) < hours[-1][1] - LATE_S


def is_thin(today: AnyBars, timeframe: str) -> bool:
    """Say whether half of the last 30 minutes (of this session) or more had no trade."""
    return once(today, ("is thin", timeframe), lambda: _is_thin(today, timeframe))


def _is_thin(today: AnyBars, timeframe: str) -> bool:
    size = TIMEFRAMES[timeframe]
    starts = starts_s(today)
    since = max(int(starts[0]), int(starts[-1]) - (THIN_MINUTES - size) * 60)
    slots = (int(starts[-1]) - since) // (size * 60) + 1
    recent = column(today, "volume")[int(starts.searchsorted(since)) :]
    idle = int(np.count_nonzero(recent <= 0))  # an unknown volume may have been one
    return 2 * (len(recent) - idle) < slots


def lacks_volume(today: AnyBars) -> bool:
    """Say whether a bar of the session has a volume that is not known."""
    return once(today, ("lacks volume",), lambda: bool(np.isnan(column(today, "volume")).any()))


def _sign(value: float, scale: float) -> int:
    return 0 if abs(value) <= EQUAL * abs(scale) else 1 if value > 0 else -1


def _flags(last: dict[str, float], today: AnyBars, inputs: Inputs) -> tuple[str, ...]:
    flags = ["gap_in_window"] if begins_late(today) else []
    if abs(last["vwap_z"]) > STRETCHED:
        flags.append("stretched")
    if lacks_volume(today):
        flags.append("volume_unknown")
    if inputs.average_price is not None:
        apart = 100 * abs(last["vwap"] / inputs.average_price - 1)
        if not apart < EXCHANGE_PERCENT:
            flags.append("differs_from_exchange")
    return tuple(flags)


SIGNAL = Signal(
    title="VWAP",
    order=60,
    needs=("future",),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("vwap", "VWAP", digits=1),
        Number("vwap_z", "z", signed=True),
        Number("vwap_sd", "1σ", digits=1),
        Line(
            ("vwap", "vwap_u1", "vwap_l1"),
            "VWAP ±1σ",
            colour="c1",
            fill=True,
            tag="VW",
            anchored=True,
        ),
        *(
            Line((name,), f"VWAP {tag}", tag=tag, anchored=True, group="VWAP ±2σ")
            for name, tag in (("vwap_u2", "+2σ"), ("vwap_l2", f"{MINUS}2σ"))
        ),
    ),
    warmup=1,
)
