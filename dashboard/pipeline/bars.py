"""Gather believed ticks into one-minute bars, and close them (SIGNALS.md section 3).

A bar is labelled by its start. It is final once an exchange time two seconds past its end
was seen in its segment, or the clock is five seconds past its end. Until then ticks of the
minute before and of the minute in progress are both welcome, so each instrument has two
open slots. A minute without a tick has no bar.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import Ints, Segment
from dashboard.core.ports import BAR_DTYPE
from dashboard.pipeline.hours import Hours
from dashboard.pipeline.hygiene import CLOCK_AHEAD_S, Ticks
from dashboard.pipeline.roster import SEGMENTS, Roster
from dashboard.pipeline.state import NO_BAR, SLOT_DTYPE, State, whole_rows

GRACE_S = 2  # of exchange time past the end
PATIENCE_S = 5  # of clock time past the end
_FIELDS = (
    *("start", "open", "high", "low", "close", "volume", "oi", "average_price", "n", "flags"),
)


@dataclass(frozen=True, slots=True)
class Closed:
    """One minute of one segment became final, with or without bars.

    `minute` is its start in seconds since the epoch; `bars` holds rows of BAR_DTYPE
    ordered by token.
    """

    segment: Segment
    minute: int
    bars: npt.NDArray[np.void]


def gather(
    ticks: Ticks, received_ns: int, state: State, roster: Roster, hours: Hours
) -> list[Closed]:
    """Add one message's ticks to the open bars; return what they close."""
    if not len(ticks.row):
        return []
    rows = state.rows
    newest = _newest(ticks, roster)
    closed = _make_room(newest, state, roster, hours)
    _add_in_order(ticks, rows, hours, roster)
    _extend_with_late_prints(ticks, rows)
    received_s = received_ns // SECOND_NS
    for name, (time, _) in newest.items():
        part = state.segments[name]
        part.watermark = max(part.watermark, min(time, received_s + CLOCK_AHEAD_S))
        closed += _close(name, part.watermark - GRACE_S, state, roster, hours)
    return closed


def _newest(ticks: Ticks, roster: Roster) -> dict[Segment, tuple[int, int]]:
    """Return the newest exchange time and minute of each segment's ticks, in order only."""
    found = {}
    segment = roster.segment[ticks.row]
    for position, name in enumerate(SEGMENTS):
        here = ticks.in_order & (segment == position)
        if np.count_nonzero(here):
            latest = (np.maximum.reduce(column[here]) for column in (ticks.time, ticks.bucket))
            time, bucket = map(int, latest)
            found[name] = time, bucket
    return found


def advance(now_ns: int, state: State, roster: Roster, hours: Hours) -> list[Closed]:
    """Let the clock pass to `now_ns`; return what its passing closes."""
    until = now_ns // SECOND_NS - PATIENCE_S
    return [c for name in SEGMENTS for c in _close(name, until, state, roster, hours)]


def due_ns(state: State) -> int:
    """Return the first instant at which the clock alone could close a minute."""
    first = min(part.closed_until for part in state.segments.values())
    return (first + MINUTE_S + PATIENCE_S) * SECOND_NS


def _make_room(
    newest: Mapping[Segment, tuple[int, int]], state: State, roster: Roster, hours: Hours
) -> list[Closed]:
    """Close bars over a minute older than the newest tick: both slots could be taken."""
    closed = []
    for name, (_, bucket) in newest.items():
        closed += _close(name, bucket - MINUTE_S, state, roster, hours)
    return closed


def _close(name: Segment, until: int, state: State, roster: Roster, hours: Hours) -> list[Closed]:
    """Make final every minute of a segment that ends at or before `until`."""
    part = state.segments[name]
    trading = hours.segments[name]
    if not trading.windows or until < part.closed_until + MINUTE_S:
        return []
    minutes = tuple(trading.minutes(part.closed_until, until))
    if not minutes:
        return []
    part.closed_until = minutes[-1] + MINUTE_S
    bars = _take_closed(SEGMENTS.index(name), part.closed_until, state, roster)
    return [Closed(name, minute, bars[bars["start"] == minute]) for minute in minutes]


def _take_closed(
    position: int, closed_until: int, state: State, roster: Roster
) -> npt.NDArray[np.void]:
    found = []
    for slot in ("previous_bar", "bar"):
        bars = state.rows[slot]
        start = bars["start"]
        done = np.flatnonzero(
            (start != NO_BAR) & (start < closed_until) & (roster.segment == position)
        )
        if len(done):
            found.append(_as_bars(bars[done], roster.universe.tokens[done]))
            bars["start"][done] = NO_BAR
    if not found:
        return np.empty(0, dtype=BAR_DTYPE)
    bars = np.concatenate(found)
    return bars[np.lexsort((bars["token"], bars["start"]))]


def _as_bars(slots: npt.NDArray[np.void], tokens: Ints) -> npt.NDArray[np.void]:
    bars = np.empty(len(slots), dtype=BAR_DTYPE)
    bars["token"] = tokens
    for field in _FIELDS:
        bars[field] = slots[field]
    return bars


def _add_in_order(ticks: Ticks, rows: npt.NDArray[np.void], hours: Hours, roster: Roster) -> None:
    at = np.flatnonzero(ticks.in_order)
    whole = len(at) == len(ticks.row)
    row, bucket = (ticks.row, ticks.bucket) if whole else (ticks.row[at], ticks.bucket[at])
    current = rows["bar"]["start"][row]
    fresh = bucket > current
    # A trade of the minute before, in which this instrument had no tick so far.
    earlier = (bucket < current) & (rows["previous_bar"]["start"][row] == NO_BAR)
    _open_bars(ticks, at[fresh], rows, hours, roster)
    same = bucket == current
    if whole and np.count_nonzero(same) == len(at):  # as in most messages of a minute
        _extend(ticks, slice(None), rows["bar"])
        return
    if np.count_nonzero(earlier):
        old = at[earlier]
        rows["previous_bar"][ticks.row[old]] = _new_bars(ticks, old, rows, hours, roster)
    if np.count_nonzero(same):
        _extend(ticks, at[same], rows["bar"])
    same = ~(fresh | earlier) & (rows["previous_bar"]["start"][row] == bucket)
    if np.count_nonzero(same):
        _extend(ticks, at[same], rows["previous_bar"])


def _open_bars(
    ticks: Ticks, at: Ints, rows: npt.NDArray[np.void], hours: Hours, roster: Roster
) -> None:
    """Start new bars; what was in progress moves into the slot of grace."""
    if not len(at):
        return
    row = ticks.row[at]
    moving = row[rows["bar"]["start"][row] != NO_BAR]
    bars = whole_rows(rows["bar"])
    whole_rows(rows["previous_bar"])[moving] = bars[moving]
    rows["bar"][row] = _new_bars(ticks, at, rows, hours, roster)


def _new_bars(
    ticks: Ticks, at: Ints, rows: npt.NDArray[np.void], hours: Hours, roster: Roster
) -> npt.NDArray[np.void]:
    """Return bars made of one tick each."""
    price = ticks.price[at]
    bars = np.empty(len(at), dtype=SLOT_DTYPE)
    bars["start"] = ticks.bucket[at]
    for field in ("open", "high", "low", "close"):
        bars[field] = price
    bars["volume"], bars["oi"] = ticks.delta[at], ticks.oi[at]
    bars["average_price"] = ticks.average_price[at]
    bars["n"], bars["flags"] = 1, ticks.flags[at]
    _use_day_open(bars, ticks.row[at], rows, hours, roster)
    return bars


def _use_day_open(
    bars: npt.NDArray[np.void],
    row: Ints,
    rows: npt.NDArray[np.void],
    hours: Hours,
    roster: Roster,
) -> None:
    """Let the session's first bar open at the day's open, the auction's price."""
    for position, name in enumerate(SEGMENTS):
        if not (bars["start"] == hours.segments[name].start).any():
            continue
        first = (roster.segment[row] == position) & (bars["start"] == hours.segments[name].start)
        day_open = rows["day_open"][row]
        first &= day_open > 0
        bars["open"][first] = day_open[first]
        bars["high"][first] = np.maximum(bars["high"], day_open)[first]
        bars["low"][first] = np.minimum(bars["low"], day_open)[first]


def _extend(ticks: Ticks, at: Ints | slice, slot: npt.NDArray[np.void]) -> None:
    row, price = ticks.row[at], ticks.price[at]
    bars = whole_rows(slot)[row].view(SLOT_DTYPE)
    np.maximum(bars["high"], price, out=bars["high"])
    np.minimum(bars["low"], price, out=bars["low"])
    bars["close"] = price
    bars["volume"] += ticks.delta[at]
    bars["oi"] = ticks.oi[at]
    bars["average_price"] = ticks.average_price[at]
    bars["n"] += 1
    bars["flags"] |= ticks.flags[at]
    whole_rows(slot)[row] = whole_rows(bars)


def _extend_with_late_prints(ticks: Ticks, rows: npt.NDArray[np.void]) -> None:
    """Let out-of-order prints extend the high and low of their bar while it is open."""
    if ticks.in_order.all():
        return
    at = np.flatnonzero(~ticks.in_order)
    for name in ("bar", "previous_bar"):
        slot = rows[name]
        mine = at[slot["start"][ticks.row[at]] == ticks.bucket[at]]
        row, price = ticks.row[mine], ticks.price[mine]
        slot["high"][row] = np.maximum(slot["high"][row], price)
        slot["low"][row] = np.minimum(slot["low"][row], price)
        slot["n"][row] += 1


def aggregate(minutes: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return one bar made of the one-minute bars of one instrument, in order.

    Volume is unknown only if it is unknown in all of them.
    """
    bar = minutes[:1].copy()
    bar["high"] = np.maximum.reduce(minutes["high"])
    bar["low"] = np.minimum.reduce(minutes["low"])
    bar["close"] = minutes["close"][-1]
    volume = minutes["volume"]
    total = np.add.reduce(volume)
    if np.isnan(total) and not np.isnan(volume).all():
        total = np.nansum(volume)
    bar["volume"] = total
    bar["oi"] = minutes["oi"][-1]
    bar["average_price"] = minutes["average_price"][-1]
    bar["n"] = minutes["n"].sum()
    bar["flags"] = np.bitwise_or.reduce(minutes["flags"])
    return bar
