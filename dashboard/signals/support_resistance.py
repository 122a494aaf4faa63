"""Support and resistance: where the levels of the other sections lie together.

Levels and their weights:

    prior session's high, low (3) and close (2)       pivots P, R1, S1 (2), R2, S2 (1.5),
    opening range of 15 minutes (2), of 30 (1.5)      R3, S3 (1)
    POC (2.5), VAH, VAL (2), developing and prior     swings of 15m bars (2)
    strike of most call and of most put OI (2)        multiples of 500 (1), of 100 (0.5)

Swings reach 3 bars to each side and are of five sessions, this one included. The profile is
the future's, mapped to the index by subtracting their difference at its time (flag
``basis_adjusted``). From the lowest level up, levels within the tolerance of the first are
one zone:

    tolerance = max(0.08 % of price, 0.5 ATR(14) of 15m bars)                  [INR]
    price     = mean of its levels by weight                                   [INR]
    score     = sum over its levels of weight * touches * 0.5^(age / 2)

with the age of what made the level in sessions. A 15m bar touches a level if it came from
outside the tolerance, entered or crossed it, and closed outside on the side it came from.
Those of five sessions are counted, up to 3 for a level; one that was not touched counts as
touched once, by being there.

A level at or below the close is support. With the distances dS and dR to the nearest zone
on each side, room = (dR - dS) / (dR + dS), from -1 at a resistance to +1 at a support. A
zone is broken by two 5-minute closes in a row beyond it (on 15m bars by two of those).

The zones are renewed with the first bar of each quarter of an hour, from what was known when
that bar began, so that every row tells only what was known then, and the same on every timeframe
but for the profile, which is made of the future's bars of that length. What a renewal finds
depends on what was known then alone and is remembered by the values of that: a minute that
renews nothing looks the zones up, one that does makes only those of the newest renewal.

Our conventions: the weights, touches by bars of 15 minutes, swings that reach 3 bars, and an
opening range of the session's first quarters if no more than three minutes of it are missing
at its beginning.

Source: the rule is ours; the levels are those of the sections they come from.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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
    rows,
    session_spans,
    starts_s,
    upto,
)
from dashboard.core.daily import session_days
from dashboard.core.hours import windows
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.signal import Inputs, PriceLevel, Signal, Stance, Verdict, insufficient
from dashboard.core.table import DAY_S, IST_OFFSET_S, Columns, Row, Values
from dashboard.core.view import Level, Number
from dashboard.core.wording import number
from dashboard.options.chain import ChainHistory, chain_history
from dashboard.signals import pivots, volume_profile
from dashboard.signals.structure import swings

QUARTER_S = 900
FIVE_S = 300
SESSIONS = 5  # of swings and touches
REACH = 3  # bars to each side of a swing
NEAR = 0.0008  # of the price
ATR_PERIOD, ATR_SHARE = 14, 0.5
TOUCHES = 3  # more of them count no more
HALF_LIFE = 2  # sessions
ROOM = 0.2
EACH_SIDE = 3
ROOM_FOR = 16  # swings, and multiples of it
OPENING_QUARTERS = 2  # of the day, after which its opening ranges stay
MISSING_S = 180  # of the opening range: a fifth
LOOKED_AT = 30  # bars, for the last three that close five minutes
APART = 2.0**24  # INR, beyond any price
WEIGHTS = {
    "prior high": 3.0,
    "prior low": 3.0,
    "prior close": 2.0,
    "pivot P": 2.0,
    "pivot R1": 2.0,
    "pivot R2": 1.5,
    "pivot R3": 1.0,
    "pivot S1": 2.0,
    "pivot S2": 1.5,
    "pivot S3": 1.0,
    "OR15 high": 2.0,
    "OR15 low": 2.0,
    "OR30 high": 1.5,
    "OR30 low": 1.5,
    "POC": 2.5,
    "VAH": 2.0,
    "VAL": 2.0,
    "prior POC": 2.5,
    "prior VAH": 2.0,
    "prior VAL": 2.0,
    "swing high": 2.0,
    "swing low": 2.0,
    "call OI": 2.0,
    "put OI": 2.0,
    "round 500": 1.0,
    "round 100": 0.5,
}
NAMES = tuple(WEIGHTS)
CODE = {name: code for code, name in enumerate(NAMES)}
ROUND = [CODE["round 500"], CODE["round 100"]]  # levels that no trade made
WEIGHT = np.array(list(WEIGHTS.values()))
PRICES = ("open", "high", "low", "close")
SIDES = ("s", "r")
Small = npt.NDArray[np.int8]
Named = dict[str, Floats]  # levels at each renewal, INR: shape (m,), or (w, m) for w of them
PROFILE = ("POC", "VAH", "VAL")


class Renewals(NamedTuple):
    """The bars with which the zones are renewed, one a quarter of an hour: shape (m,)."""

    rows: Ints
    starts: Ints  # seconds
    days: Ints
    opens: Floats  # INR
    sessions: Ints  # counts the sessions, with those of the 15m bars


class Quarters(NamedTuple):
    """Closed 15m bars, and how many of them each renewal knows (`known`, shape (m,))."""

    high: Floats
    low: Floats
    close: Floats
    sessions: Ints
    known: Ints
    first: Ints  # the first of five sessions, shape (m,)


class Levels(NamedTuple):
    """Levels of one kind at each renewal: shape (m, w); NaN is none."""

    codes: Small  # of NAMES
    prices: Floats  # INR
    ages: Small  # sessions


class Zones(NamedTuple):
    """The zones of renewals, one after the other, each ascending: price [INR], score, sources."""

    sizes: Ints  # zones of each renewal
    price: Floats
    score: Floats
    source: Values


class Standing(NamedTuple):
    """The zones in force at the last bar, and the levels [INR] that stay all day."""

    number: int  # of the renewal, counted from the first bar on
    zones: Zones
    tolerance: float  # INR
    levels: float  # known ones that are no round numbers
    pivots: dict[str, Floats]
    opening: dict[str, Floats] | None = None  # its ranges, where they will stay


NO_ZONES = Zones(np.zeros(1, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0, dtype=object))


def calculate(
    bars: Bars,
    daily: AnyBars | None = None,
    index_15m: AnyBars | None = None,
    future: AnyBars | None = None,
    chain: AnyBars | None = None,
    underlying: str | None = None,
) -> Bars:
    """Return the three nearest zones to each side of each close.

    Parameters
    ----------
    bars : DataFrame, shape (n, >=4)
        Bars of the index, indexed by start (Asia/Kolkata, increasing); ``open``, ``high``,
        ``low``, ``close`` in INR.
    daily : DataFrame, optional
        Past sessions, as `dashboard.signals.pivots` reads them.
    index_15m : DataFrame, optional
        The index's bars of 15 minutes; they are used once they have closed. Without them
        they are made of `bars`.
    future : DataFrame, optional
        Bars of its future of the same length; ``volume`` in units.
    chain : DataFrame, optional
        The chain frame (`dashboard.options.chain`), in rows of the same length.
    underlying : str, optional
        Its name, which sets the bins of the profile.

    Returns
    -------
    DataFrame, shape (n, 22), same index
        ``s1 s2 s3 r1 r2 r3`` in INR, nearest first, NaN where there is none; ``s1_score``
        to ``r3_score``; ``s1_source`` to ``r3_source``, text; ``room``, -1 to 1;
        ``tolerance`` in INR; ``levels``, how many are known that are no round numbers;
        ``broken`` +1 on the bar that closes a break of what was the nearest resistance, -1 of
        the nearest support, else 0.

    Raises
    ------
    InputError
        If a price of the index is unknown, or a high is below its low.
    """
    *_, close = prices(bars, *PRICES)
    if not len(bars):
        columns = _table(bars, close, [], np.empty(0, dtype=np.int64), close)
        return as_table(columns | {"levels": close}, bars)
    starts = starts_s(bars)
    begins = _first_rows(starts // QUARTER_S)
    last = int(starts[begins[-1]])  # the newest zones look at nothing that began later
    known = {
        "bars": _kept(rows(bars, 0, int(begins[-1]) + 1), *PRICES),
        "daily": _kept(daily, "high", "low", "close", "official"),
        "index_15m": _kept(_upto_start(index_15m, last - QUARTER_S), *PRICES),
        "future": _kept(_upto_start(future, last), *PRICES, "volume"),
    }
    strikes = (
        None if chain is None else _open_interest(starts[begins], days_of(bars)[begins], chain)
    )
    zones, tolerance, made, pivot = _zones(_Known(known, strikes, underlying))
    which = begins.searchsorted(np.arange(len(bars)), side="right") - 1
    columns = _table(bars, close, zones, which, tolerance)
    standing = Standing(
        len(begins) - 1, _last_of(zones[-1]), float(tolerance[-1]), float(made[-1]), pivot
    )
    return as_table(columns | {"levels": made[which]}, bars, standing)


def resume(
    table: Columns,
    bars: Columns,
    daily: Columns | None = None,
    index_15m: Columns | None = None,
    future: Columns | None = None,
    chain: ChainHistory | None = None,
    underlying: str | None = None,
) -> Row | None:
    """Return the last bar's row; where it begins a quarter of an hour the zones are renewed."""
    if table.state is None or not goes_on(table, bars):
        return None
    *_, closes = prices(bars, *PRICES)
    standing: Standing | None = table.state
    if bars.starts[-1] // QUARTER_S != bars.starts[-2] // QUARTER_S:
        standing = _renewed_last(table.state, bars, index_15m, future, chain, underlying)
    if standing is None:
        return None
    close = float(closes[-1])
    row = _nearest(close, standing)
    row |= {"tolerance": standing.tolerance, "broken": 0.0, "levels": standing.levels}
    ends = _last_closing_rows(bars.starts)
    if len(ends) == 3 and ends[-1] == len(table) and ends[0] >= first_of_day(bars):
        before, one, _ = ends
        lower, upper = sorted((float(closes[one]), close))
        if lower > column(table, "r1")[before]:
            row["broken"] = 1.0
        if upper < column(table, "s1")[before]:
            row["broken"] = -1.0
    return Row(row, standing)


def _nearest(close: float, standing: Standing) -> dict[str, Any]:
    """Return the columns that tell of the zones round a close."""
    price, score, source = (values.tolist() for values in standing.zones[1:])
    shift = APART * standing.number  # as `_table` compares them
    above = bisect_right([one + shift for one in price], close + shift)
    places = {}
    for k in range(EACH_SIDE):
        places[f"s{k + 1}"], places[f"r{k + 1}"] = above - 1 - k, above + k
    names = [f"{side}{k + 1}" for side in SIDES for k in range(EACH_SIDE)]
    row: dict[str, Any] = {}
    for suffix, values, nothing in (
        ("", price, np.nan),
        ("_score", score, np.nan),
        ("_source", source, ""),
    ):
        for name in names:
            at = places[name]
            row[name + suffix] = values[at] if 0 <= at < len(values) else nothing
    down, up = max(close - row["s1"], 0.0), row["r1"] - close
    row["room"] = (up - down) / (up + down) if up + down else np.nan
    return row


def _renewed_last(
    standing: Standing,
    bars: Columns,
    index_15m: Columns | None,
    future: Columns | None,
    chain: ChainHistory | None,
    underlying: str | None,
) -> Standing | None:
    """Return the zones as of the last bar, None where more than two sessions would tell.

    What they are made of is that of `_zones`, for one renewal.
    """
    if index_15m is None:
        return None
    sessions = np.array(sorted({*index_15m.days.tolist(), *bars.days.tolist()}))
    last = _renewals(bars, np.array([len(bars) - 1]), sessions)
    opening = standing.opening or _opening_of_last(bars, sessions)
    levels = {**standing.pivots, **opening, **_round(last.opens)}
    if chain is not None:
        levels |= _interest_before(int(last.starts[0]), chain)
    if future is not None:
        profile = _profile_of_last(bars, future, underlying)
        if profile is None:
            return None
        levels |= profile
    quarters = _quarters(index_15m, sessions, last)
    (width,) = _tolerance(quarters, last.opens).tolist()
    moving = _swings(quarters, last)
    fixed, born = _constants(_names(levels))
    price = np.concatenate([*(one.ravel() for one in levels.values()), moving.prices[0]])
    there = np.isfinite(price)
    codes = np.append(fixed, moving.codes[0])[there]
    zones = _renewal(
        codes.tobytes(),
        price[there].tobytes(),
        np.append(born, moving.ages[0])[there].tobytes(),
        _touching(quarters)[:, int(quarters.first[0]) : int(quarters.known[0])].tobytes(),
        width,
    )
    count = float(sum(code not in ROUND for code in codes.tolist()))
    known = opening if _is_over(bars) else None
    return Standing(standing.number + 1, zones, width, count, standing.pivots, known)


def _opening_of_last(bars: Columns, sessions: Ints) -> Named:
    """Return the opening ranges as of the last bar."""
    today = rows(bars, first_of_day(bars))
    begins = _first_rows(today.starts // QUARTER_S)
    ends = _opening(_renewals(today, begins, sessions), _made(today, begins))
    return {name: values[-1:] for name, values in ends.items()}


def _is_over(bars: Columns) -> bool:
    """Say whether the opening ranges of the last bar's day stay as they are."""
    quarters = bars.starts[first_of_day(bars) :] // QUARTER_S
    return int(np.count_nonzero(quarters[1:] != quarters[:-1])) >= OPENING_QUARTERS


def _names(levels: Named) -> tuple[str, ...]:
    return tuple(name for name, prices in levels.items() for _ in np.atleast_2d(prices))


def _last_of(zones: Zones) -> Zones:
    """Return the zones of the last renewal."""
    size = int(zones.sizes[-1])
    first = len(zones.price) - size
    return Zones(zones.sizes[-1:], *(values[first:] for values in zones[1:]))


def _kept(bars: AnyBars | None, *names: str) -> Columns | None:
    """Return the columns that are read, of those that are there."""
    if bars is None:
        return None
    return Columns(starts_s(bars), {n: column(bars, n) for n in names if n in bars.columns})


def _upto_start(bars: AnyBars | None, start: int) -> AnyBars | None:
    return None if bars is None else upto(bars, start)


class _Known:
    """What the zones are made of; the same values are the same zones."""

    def __init__(
        self, frames: Mapping[str, Columns | None], strikes: Floats | None, underlying: str | None
    ) -> None:
        self.frames = frames
        self.strikes = strikes
        self.underlying = underlying
        parts: list[object] = [underlying, None if strikes is None else strikes.tobytes()]
        for name, bars in frames.items():
            if bars is not None:
                values = b"".join(value.tobytes() for value in bars.values.values())
                parts += [name, bars.columns, bars.starts.tobytes(), values]
        self._parts = tuple(parts)
        self._hash = hash(self._parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self._parts == other._parts


@lru_cache(maxsize=64)
def _zones(known: _Known) -> tuple[list[Zones], Floats, Floats, Named]:
    """Return the zones of each session's renewals, and two figures of each renewal.

    They are its tolerance [INR], and how many levels it knows that are no round numbers. Then
    come the pivots of the last renewal.
    """
    bars, index_15m = known.frames["bars"], known.frames["index_15m"]
    assert bars is not None
    opened, high, low, close = prices(bars, *PRICES)
    starts, days = bars.starts, bars.days
    begins = _first_rows(starts // QUARTER_S)
    made = _made(bars, begins)
    longer = made if index_15m is None else index_15m
    sessions = np.unique(np.concatenate([longer.days, days]))
    renewals = _renewals(bars, begins, sessions)
    quarters = _quarters(longer, sessions, renewals)
    pivot = _pivots(renewals, starts, days, (opened, high, low, close), known.frames["daily"])
    levels = {
        **pivot,
        **_opening(renewals, made),
        **_round(renewals.opens),
    }
    if known.strikes is not None:
        levels |= {"call OI": known.strikes[0], "put OI": known.strikes[1]}
    if known.frames["future"] is not None:
        levels |= _profile(renewals, bars, known.frames["future"], known.underlying) or {}
    tolerance = _tolerance(quarters, renewals.opens)
    joined = _joined(levels, _swings(quarters, renewals))
    traded = np.isfinite(joined.prices) & ~np.isin(joined.codes, ROUND)
    count = traded.sum(axis=1).astype(np.float64)
    zones = _renewed(joined, quarters, renewals, tolerance)
    return zones, tolerance, count, {name: prices[-1:] for name, prices in pivot.items()}


def _made(bars: Columns, begins: Ints) -> Columns:
    """Return the bars of 15 minutes that `bars` make, as far as they have come."""
    high, low, close = prices(bars, "high", "low", "close")
    return Columns(
        bars.starts[begins] // QUARTER_S * QUARTER_S,
        {
            "high": np.maximum.reduceat(high, begins),
            "low": np.minimum.reduceat(low, begins),
            "close": close[np.append(begins[1:], len(close)) - 1],
        },
    )


def _renewals(bars: Columns, begins: Ints, sessions: Ints) -> Renewals:
    days = bars.days[begins]
    return Renewals(
        begins,
        bars.starts[begins],
        days,
        column(bars, "open")[begins],
        sessions.searchsorted(days),
    )


def _quarters(longer: AnyBars, sessions: Ints, renewals: Renewals) -> Quarters:
    own = sessions.searchsorted(days_of(longer))
    high, low, close = prices(longer, "high", "low", "close")
    return Quarters(
        high,
        low,
        close,
        own,
        np.searchsorted(starts_s(longer) + QUARTER_S, renewals.starts, side="right"),
        own.searchsorted(renewals.sessions - SESSIONS + 1),
    )


def _tolerance(quarters: Quarters, opens: Floats) -> Floats:
    """Return how far from a zone's first level its others may be, shape (m,)."""
    near = NEAR * opens
    if len(quarters.close) <= ATR_PERIOD:
        return near
    atr = talib.ATR(quarters.high, quarters.low, quarters.close, ATR_PERIOD)
    share: Floats = ATR_SHARE * np.append(np.nan, atr)[quarters.known]
    return np.fmax(near, share)


def _first_rows(groups: Ints) -> Ints:
    """Return the first row of each run of equal values, of one or more."""
    turns: Ints = np.flatnonzero(groups[1:] != groups[:-1])
    return np.append(0, turns + 1)


def _pivots(
    renewals: Renewals,
    starts: Ints,
    days: Ints,
    ohlc: tuple[Floats, ...],
    daily: AnyBars | None,
) -> Named:
    """Return the pivots of each day, and the high, low and close they are made of.

    With P = (H + L + C) / 3, R1 = 2P - L and S1 = 2P - H.
    """
    opened, high, low, close = ohlc
    first = _first_rows(days)
    session = Columns(
        starts[first],
        {
            "open": opened[first],
            "high": np.maximum.reduceat(high, first),
            "low": np.minimum.reduceat(low, first),
            "close": close[np.append(first[1:], len(close)) - 1],
        },
    )
    if daily is not None and len(daily):  # what is long past has no say
        daily = rows(daily, max(0, int(np.searchsorted(session_days(daily), days[0])) - SESSIONS))
    found = pivots.calculate(session, daily)
    own = np.searchsorted(days[first], renewals.days)
    names = ("P", "R1", "R2", "R3", "S1", "S2", "S3")
    levels = {f"pivot {n}": column(found, f"classic_{n.lower()}")[own] for n in names}
    pivot = levels["pivot P"]
    top, bottom = 2 * pivot - levels["pivot S1"], 2 * pivot - levels["pivot R1"]
    levels |= {"prior high": top, "prior low": bottom, "prior close": 3 * pivot - top - bottom}
    return levels


def _opening(renewals: Renewals, made: Columns) -> Named:
    """Return the ends of the first 15 and 30 minutes, once they are over."""
    high, low = made.values["high"], made.values["low"]
    ends = np.full((4, len(renewals.rows)), np.nan)
    days = renewals.days
    for first in _first_rows(days).tolist():
        hours = windows(int(days[first]), Segment.INDEX)
        opened = int(made.starts[first]) if hours is None else hours[0][0]
        if not opened <= renewals.starts[first] <= opened + MISSING_S:
            continue
        end = int(days.searchsorted(days[first], side="right"))
        ends[0, first + 1 : end], ends[1, first + 1 : end] = high[first], low[first]
        if first + 2 < end and made.starts[first + 1] == opened + QUARTER_S:
            ends[2, first + 2 : end] = high[first : first + 2].max()
            ends[3, first + 2 : end] = low[first : first + 2].min()
    return dict(zip(("OR15 high", "OR15 low", "OR30 high", "OR30 low"), ends, strict=True))


def _swings(quarters: Quarters, renewals: Renewals) -> Levels:
    """Return the swings of five sessions that are known by then."""
    alone = np.zeros(len(quarters.close), dtype=np.int64)
    tops, bottoms = swings(quarters.high, quarters.low, alone, REACH)
    at = np.concatenate([tops, bottoms])
    order = np.argsort(at, kind="stable")
    at = at[order]
    codes = np.repeat([CODE["swing high"], CODE["swing low"]], [len(tops), len(bottoms)])
    price = np.append(quarters.high[tops - REACH], quarters.low[bottoms - REACH])[order]
    first = np.searchsorted(at - REACH, quarters.first)
    end = at.searchsorted(quarters.known)  # known at the close of bar `at`
    most = int((end - first).max(initial=0))
    width = -(-most // ROOM_FOR) * ROOM_FOR  # rarely another one: what is remembered stays valid
    column = first[:, None] + np.arange(width)
    known = column < end[:, None]
    column = np.where(known, column, 0)
    ages = renewals.sessions[:, None] - quarters.sessions[at - REACH][column]
    return Levels(
        codes[order].astype(np.int8)[column],
        np.where(known, price[column], np.nan),
        ages.astype(np.int8),
    )


def _round(opens: Floats) -> Named:
    """Return the multiples of 100 and 500 round a price; one of both is of 500."""
    hundreds = np.floor(opens / 100) * 100 + 100.0 * np.arange(-2, 4)[:, None]
    hundreds[hundreds % 500 == 0] = np.nan
    five = np.floor(opens / 500) * 500 + 500.0 * np.arange(2)[:, None]
    return {"round 100": hundreds, "round 500": five}


def _open_interest(starts: Ints, days: Ints, chain: AnyBars) -> Floats:
    """Return the strikes of most call and of most put OI of the day, the lower one of two.

    One column for each renewal: `starts` [s] and `days` are theirs.
    """
    history = chain_history(chain)
    strikes = np.full((2, len(starts)), np.nan)
    at = history.starts.searchsorted(starts) - 1  # a row that began earlier
    today = np.flatnonzero((at >= 0) & (history.days[at] == days)) if len(history) else ()
    if len(today) and len(history.strikes):
        for place, kind in enumerate(("CE", "PE")):
            oi = history.side("oi", kind)[at[today]]
            oi = np.where(oi > 0, oi, 0.0)  # unknown is not the most
            most = oi.argmax(axis=1)
            some = oi[np.arange(len(oi)), most] > 0
            strikes[place, today] = np.where(some, history.strikes[most], np.nan)
    return strikes


def _interest_before(start: int, chain: ChainHistory) -> Named:
    """Return what `_open_interest` does, for one renewal."""
    found = {"call OI": np.nan, "put OI": np.nan}
    at = int(chain.starts.searchsorted(start)) - 1
    midnight = (start + IST_OFFSET_S) // DAY_S * DAY_S - IST_OFFSET_S
    if at >= 0 and chain.starts[at] >= midnight and len(chain.strikes):
        for name, kind in zip(found, ("CE", "PE"), strict=True):
            oi = np.nan_to_num(chain.side("oi", kind)[at])
            most = int(oi.argmax())
            found[name] = float(chain.strikes[most]) if oi[most] > 0 else np.nan
    return {name: np.array([strike]) for name, strike in found.items()}


def _profile(
    renewals: Renewals, bars: AnyBars, future: AnyBars, underlying: str | None
) -> Named | None:
    """Return the developing and the prior session's profile, less the basis of its time.

    The basis is the future's close less the index's in the last bar that both have. None if
    they have none.
    """
    if not (column(future, "volume") > 0).any():
        return {}
    table = volume_profile.calculate(future, underlying)
    starts, own = starts_s(future), starts_s(bars)
    at = np.minimum(starts.searchsorted(own), len(starts) - 1)
    mine = np.flatnonzero(starts[at] == own)
    if not len(mine):
        return None
    theirs, both = at[mine], own[mine]
    days = days_of(bars)[mine]
    basis = column(future, "close")[theirs] - column(bars, "close")[mine]
    begun = both.searchsorted(renewals.starts, side="right") - 1
    closed = both.searchsorted(renewals.starts) - 1  # a bar that began earlier
    night = days.searchsorted(renewals.days) - 1  # the last bar before this day
    today = (begun >= 0) & (days[begun] == renewals.days) & (night >= 0)
    running = (closed >= 0) & (days[closed] == renewals.days)
    now = np.where(running, basis[closed], np.nan)
    before = np.where(today, basis[night], np.nan)
    levels = {}
    for name in PROFILE:
        levels[name] = column(table, name.lower())[theirs[closed]] - now
        levels[f"prior {name}"] = column(table, f"prior_{name.lower()}")[theirs[begun]] - before
    return levels


def _profile_of_last(bars: Columns, future: Columns, underlying: str | None) -> Named | None:
    """Return what `_profile` does, for one renewal with the last bar of both.

    None where the last bar, the one before it or the last one before the day is not in both.
    """
    first, begun = first_of_day(bars), first_of_day(future)
    night = int(future.starts.searchsorted(bars.starts[first - 1])) if first and begun else 0
    told = first > 0 and begun > 0 and future.starts[night] == bars.starts[first - 1]
    if not told or len(bars) - first < 2 or len(future) - begun < 2:
        return None
    if not np.array_equal(bars.starts[-2:], future.starts[-2:]):
        return None
    areas, prior = volume_profile.of_last(future, underlying)
    theirs, own = column(future, "close"), column(bars, "close")
    now, before = theirs[-2] - own[-2], theirs[night] - own[first - 1]
    levels: Named = {}
    for name, area, earlier in zip(PROFILE, areas[-2].tolist(), prior, strict=True):
        levels[name] = np.array([area - now])
        levels[f"prior {name}"] = np.array([earlier - before])
    return levels


def _joined(levels: Named, moving: Levels) -> Levels:
    """Return all levels side by side."""
    names = _names(levels)
    codes, ages = _constants(names)
    fixed = np.vstack(list(levels.values())).T
    count = len(fixed)
    return Levels(
        np.concatenate([np.broadcast_to(codes, (count, len(names))), moving.codes], axis=1),
        np.concatenate([fixed, moving.prices], axis=1),
        np.concatenate([np.broadcast_to(ages, (count, len(names))), moving.ages], axis=1),
    )


@lru_cache(maxsize=16)
def _constants(names: tuple[str, ...]) -> tuple[Small, Small]:
    """Return the codes of levels that keep their names, and their ages."""
    ages = [int(name.startswith("prior")) for name in names]
    return np.array([CODE[name] for name in names], np.int8), np.array(ages, np.int8)


def _renewed(
    levels: Levels, quarters: Quarters, renewals: Renewals, tolerance: Floats
) -> list[Zones]:
    """Return the zones of each session's renewals.

    What a session has found once is looked up by what it was found from.
    """
    codes, prices, ages = levels
    bars = _touching(quarters)
    found = []
    for first, end in session_spans(renewals.days):
        since, until = int(quarters.first[first]), int(quarters.known[end - 1])
        found.append(
            _session(
                codes[first:end].tobytes(),
                prices[first:end].tobytes(),
                ages[first:end].tobytes(),
                bars[:, since:until].tobytes(),
                (quarters.known[first:end] - since).tobytes(),
                tolerance[first:end].tobytes(),
            )
        )
    return found


def _touching(quarters: Quarters) -> Floats:
    """Return low, high and close of each bar, and the close before it: shape (4, q)."""
    before = np.full(len(quarters.close), np.nan)  # the first one came from nowhere
    before[1:] = quarters.close[:-1]
    return np.array([quarters.low, quarters.high, quarters.close, before])


@lru_cache(maxsize=256)
def _session(
    codes: bytes, prices: bytes, ages: bytes, bars: bytes, known: bytes, tolerance: bytes
) -> Zones:
    """Return the zones of a session's renewals, each of which knows that many of the bars.

    `bars` are the low, high and close of each, and the close before it.
    """
    counts = np.frombuffer(known, dtype=np.int64)
    shape = len(counts), -1
    code = np.frombuffer(codes, dtype=np.int8).reshape(shape)
    price = np.frombuffer(prices, dtype=np.float64).reshape(shape)
    age = np.frombuffer(ages, dtype=np.int8).reshape(shape)
    bar = np.frombuffer(bars, dtype=np.float64).reshape(4, -1)
    there = np.isfinite(price)
    parts = [
        _renewal(
            code[k, there[k]].tobytes(),
            price[k, there[k]].tobytes(),
            age[k, there[k]].tobytes(),
            bar[:, :count].tobytes(),
            width,
        )
        for k, (count, width) in enumerate(
            zip(counts.tolist(), np.frombuffer(tolerance).tolist(), strict=True)
        )
    ]
    return Zones(*(np.concatenate(values) for values in zip(*parts, strict=True)))


@lru_cache(maxsize=2048)
def _renewal(codes: bytes, prices: bytes, ages: bytes, bars: bytes, tolerance: float) -> Zones:
    """Return the zones of one renewal's levels."""
    price = np.frombuffer(prices, dtype=np.float64)
    order = np.argsort(price, kind="stable")
    price = price[order]
    code = np.frombuffer(codes, dtype=np.int8)[order]
    begins, limit = [], -np.inf
    for at, level in enumerate(price.tolist()):
        if level > limit:
            begins.append(at)
            limit = level + tolerance
    if not begins:
        return NO_ZONES
    weight = WEIGHT[code]
    touches = np.clip(_touches(price, bars, tolerance), 1, TOUCHES)
    recency = 0.5 ** (np.frombuffer(ages, dtype=np.int8)[order] / HALF_LIFE)
    names = [NAMES[c] for c in code.tolist()]
    spans = pairwise([*begins, len(names)])
    return Zones(
        np.array([len(begins)]),
        np.add.reduceat(weight * price, begins) / np.add.reduceat(weight, begins),
        np.add.reduceat(weight * touches * recency, begins),
        np.array([_named(names[first:end]) for first, end in spans], dtype=object),
    )


def _touches(price: Floats, bars: bytes, tolerance: float) -> Ints:
    """Return how many bars came to each price and closed back.

    From above: low <= price + tolerance < the lower of both closes, so their number is that
    of lows there less that of such closes. From below mirrored.
    """
    low, high, close, before = np.frombuffer(bars, dtype=np.float64).reshape(4, -1)
    under, over = np.minimum(close, before), np.maximum(close, before)
    top, bottom = price + tolerance, price - tolerance
    return (
        _upto(low, top)
        - _upto(np.fmax(low, under), top)
        + _upto(-high, -bottom)
        - _upto(-np.fmin(high, over), -bottom)
    )


def _upto(values: Floats, limits: Floats) -> Ints:
    """Return how many of the values are at each limit or below it."""
    counts: Ints = np.searchsorted(np.sort(values), limits, side="right")
    return counts


def _named(names: list[str]) -> str:
    """Return the sources of a zone, the heaviest first, each once."""
    return ", ".join(sorted(dict.fromkeys(names), key=lambda name: -WEIGHTS[name]))


def _table(
    bars: AnyBars, close: Floats, zones: list[Zones], which: Ints, tolerance: Floats
) -> dict[str, Values]:
    """Return the columns; `which` says whose zones each row has."""
    nothing = np.array([np.nan])
    none = Zones(np.array([0]), nothing, nothing, np.array([""], dtype=object))
    sizes, price, score, source = (
        np.concatenate(values) for values in zip(*zones, none, strict=True)
    )  # what is not there is the last one
    sizes = sizes[:-1]
    end = np.cumsum(sizes)
    # each renewal's prices are moved so far up that one sorted array holds all of them
    keys = price[:-1] + APART * np.repeat(np.arange(len(sizes)), sizes)
    above = keys.searchsorted(close + APART * which, side="right")
    columns: dict[str, Values] = {}
    places = {}
    for side, way in zip(SIDES, (-1, 1), strict=True):
        for k in range(EACH_SIDE):
            at = above - 1 - k if way < 0 else above + k
            there = at >= (end - sizes)[which] if way < 0 else at < end[which]
            places[f"{side}{k + 1}"] = np.where(there, at, len(price) - 1)
    columns |= {name: price[at] for name, at in places.items()}
    columns |= {f"{name}_score": score[at] for name, at in places.items()}
    columns |= {f"{name}_source": source[at] for name, at in places.items()}
    down, up = np.maximum(close - columns["s1"], 0.0), columns["r1"] - close
    with np.errstate(invalid="ignore"):
        columns["room"] = (up - down) / (up + down)
    columns["tolerance"] = tolerance[which]
    columns["broken"] = _broken(bars, close, columns["r1"], columns["s1"])
    return columns


def _broken(bars: AnyBars, close: Floats, resistance: Floats, support: Floats) -> Floats:
    """Return +1/-1 where the second 5-minute close in a row is beyond a zone."""
    days = days_of(bars)
    broken = np.zeros(len(close))
    at = _closing_rows(starts_s(bars))
    before, one, two = at[:-2], at[1:-1], at[2:]
    same = days[before] == days[two]
    lower, upper = np.minimum(close[one], close[two]), np.maximum(close[one], close[two])
    broken[two[same & (lower > resistance[before])]] = 1.0
    broken[two[same & (upper < support[before])]] = -1.0
    return broken


def _closing_rows(starts: Ints) -> Ints:
    """Return the bars that close five minutes.

    It is their last one; bars that begin five minutes apart or more all do.
    """
    closes = np.ones(len(starts), dtype=np.bool_)
    near = np.flatnonzero(np.diff(starts) < FIVE_S)
    if len(near):
        since = int(near[0]) + 1
        closes[since:] = starts[since:] % FIVE_S == FIVE_S - 60
    return np.flatnonzero(closes)


def _last_closing_rows(starts: Ints) -> list[int]:
    """Return the last three of them, looked for among the last bars where that is enough."""
    first = max(0, len(starts) - LOOKED_AT)
    tail = starts[first:]
    if first and tail[1] - tail[0] < FIVE_S:  # bars are short by then
        found = np.flatnonzero(tail[1:] % FIVE_S == FIVE_S - 60)[-3:] + first + 1
        if len(found) == 3:
            return [int(row) for row in found]
    return [int(row) for row in _closing_rows(starts)[-3:]]


def judge(table: AnyBars, inputs: Inputs) -> Verdict:
    """Return the side on which there is more room to the nearest zone."""
    assert inputs.index is not None
    last = last_row(table)
    close = float(column(inputs.index, "close")[-1])
    above, below, room = last["r1"] - close, close - last["s1"], last["room"]
    levels = tuple(
        PriceLevel(f"{name.upper()} {last[f'{name}_source']}", last[name])
        for name in (f"{side}{k}" for side in SIDES for k in range(1, EACH_SIDE + 1))
    )
    flags = _flags(last)
    if not last["levels"]:
        return insufficient("Only round numbers are known", *flags)
    if not np.isfinite(room):
        if not np.isfinite(above) and not np.isfinite(below):
            return insufficient("No level is known", *flags)
        return _one_sided(last, close, flags, levels)
    fact = f"R {number(above, 1, signed=True)}, S {number(-below, 1, signed=True)}"
    fact = f"{fact}; room {number(room, signed=True)}"
    if room > ROOM:
        return Verdict(Stance.BULLISH, 100 * room, f"{fact} > {number(ROOM)}", flags, levels)
    if room < -ROOM:
        return Verdict(Stance.BEARISH, -100 * room, f"{fact} < {number(-ROOM)}", flags, levels)
    return Verdict(Stance.NEUTRAL, 0.0, f"{fact}", flags, levels)


def _one_sided(
    last: dict[str, float], close: float, flags: tuple[str, ...], levels: tuple[PriceLevel, ...]
) -> Verdict:
    """Say on which side of the close there is no level."""
    side, other = ("below", "r1") if math.isfinite(last["r1"]) else ("above", "s1")
    reason = f"No level {side} {number(close)}; {other.upper()} {number(last[other])}"
    return Verdict(Stance.NEUTRAL, 0.0, reason, (*flags, f"no_level_{side}"), levels)


def _flags(last: dict[str, float]) -> tuple[str, ...]:
    sources = " ".join(str(last[f"{side}{k}_source"]) for side in SIDES for k in (1, 2, 3))
    flags = ["basis_adjusted"] if any(name in sources for name in PROFILE) else []
    if last["broken"]:
        flags.append("fresh_break_above" if last["broken"] > 0 else "fresh_break_below")
    return tuple(flags)


SIGNAL = Signal(
    title="Support / resistance",
    order=100,
    needs=("index",),
    optional=("daily", "index_15m", "future", "chain", "underlying"),
    calculate=calculate,
    resume=resume,
    judge=judge,
    view=(
        Number("r1", "R", digits=1),
        Number("s1", "S", digits=1),
        Number("room", "room", signed=True),
        *(Level(f"r{k}", f"R{k} zone", colour="c4") for k in range(1, EACH_SIDE + 1)),
        *(Level(f"s{k}", f"S{k} zone", colour="c4") for k in range(1, EACH_SIDE + 1)),
    ),
    timeframes=("1m", "5m", "15m"),
)
