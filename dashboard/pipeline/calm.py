"""Take several ordinary messages of one minute at once.

Nearly every message of a day brings nothing that a rule of hygiene has to decide: every
instrument known, times and running totals that only grow, no jump, no bar to close. A
group of such messages is taken in a few walks instead of one a message, with the same
memory and the same counts to the bit. A group in which anything is not ordinary is not
touched: it goes through the rules of `hygiene` and `bars` one message at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import Floats, Ints, TickBatch
from dashboard.pipeline.arrivals import Arrival
from dashboard.pipeline.bars import due_ns
from dashboard.pipeline.hours import Hours
from dashboard.pipeline.hygiene import (
    CLOCK_AHEAD_S,
    CLOCK_BEHIND_S,
    FULL_PACKET,
    JUMP,
    WIDE_FRACTION,
    WIDE_TICKS,
)
from dashboard.pipeline.roster import SEGMENTS, Roster
from dashboard.pipeline.state import CROSSED, NO_BAR, WIDE, State, whole_rows

Mask = npt.NDArray[np.bool_]
NONE = -1  # no such tick


@dataclass(frozen=True)
class _Group:
    """The ticks of a group, by instrument and then by order of arrival.

    `rows` are the instruments, `first` where each begins, `each` how many ticks it has;
    `was` is what the state knows of them.
    """

    batches: Sequence[TickBatch]
    order: Ints
    row: Ints
    rows: Ints
    first: Ints
    each: Ints
    received_ns: Ints
    was: npt.NDArray[np.void]

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return one column of all ticks."""
        whole = np.concatenate([getattr(batch, name) for batch in self.batches])
        ordered: npt.NDArray[Any] = whole[self.order]
        return ordered

    def before(self, values: npt.NDArray[Any], known: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return each tick's predecessor; the first of an instrument follows the state's."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.first] = known
        return shifted

    def last_where(self, mask: Mask) -> Ints:
        """Return the last tick of each instrument for which `mask` holds, NONE without."""
        at = np.where(mask, np.arange(len(mask)), NONE)
        last: Ints = np.maximum.reduceat(at, self.first)
        return last


def take_calm(group: Sequence[Arrival], state: State, roster: Roster, hours: Hours) -> bool:
    """Take a group of messages in and return True, or leave it alone and return False."""
    if not _may_be_calm(group, state, hours):
        return False
    ticks = _grouped(group, state, roster)
    if ticks is None:
        return False
    time, price = ticks.column("exchange_time"), ticks.column("last_price")
    minute = int(time.min()) // MINUTE_S * MINUTE_S
    if not _is_one_open_minute(ticks, time, minute, state, hours):
        return False
    volume, oi = ticks.column("day_volume"), ticks.column("oi")
    tradable = roster.tradable[ticks.row]
    if not (
        _is_in_order(ticks, time)
        and _is_without_refused_jump(ticks, price, volume)
        and _is_growing(ticks, volume, oi, tradable, minute)
    ):
        return False
    _take(ticks, time, price, volume, oi, minute, group, state, roster)
    return True


def _may_be_calm(group: Sequence[Arrival], state: State, hours: Hours) -> bool:
    connection = group[0].frame.connection
    since, _ = state.connections.get(connection, (hours.start * SECOND_NS, 0))
    return (
        since < hours.start * SECOND_NS
        and group[-1].frame.received_ns < due_ns(state)
        and all(
            one.batch is not None and len(one.batch) and one.frame.connection == connection
            for one in group
        )
    )


def _grouped(group: Sequence[Arrival], state: State, roster: Roster) -> _Group | None:
    batches = [one.batch for one in group if one.batch is not None]
    row = roster.universe.rows(np.concatenate([batch.token for batch in batches]))
    if int(row.min()) < 0 or any(batch.depth is None for batch in batches):
        return None
    order = np.argsort(row.astype(np.int16), kind="stable")  # radix: small numbers are quick
    row = row[order]
    first = np.flatnonzero(np.diff(row, prepend=-1))
    rows = row[first]
    received = np.repeat(
        np.array([one.frame.received_ns for one in group]), [len(batch) for batch in batches]
    )[order]
    was = whole_rows(state.rows)[rows].view(state.rows.dtype)
    each = np.diff(first, append=len(row))
    return _Group(batches, order, row, rows, first, each, received, was)


def _is_one_open_minute(ticks: _Group, time: Ints, minute: int, state: State, hours: Hours) -> bool:
    """Say that all is stamped in one minute, not the first, that no bar stands before."""
    ahead = time - ticks.received_ns // SECOND_NS
    bars = ticks.was["bar"]["start"]
    return (
        int(time.max()) < minute + MINUTE_S
        and all(part.closed_until == minute for part in state.segments.values())
        and all(
            part.trades_through(minute, minute + MINUTE_S - 1) for part in hours.segments.values()
        )
        and all(part.start < minute for part in hours.segments.values())
        and int(ahead.max()) <= CLOCK_AHEAD_S
        and int(ahead.min()) >= -CLOCK_BEHIND_S
        and bool(((bars == minute) | (bars == NO_BAR)).all())
        and bool((ticks.was["previous_bar"]["start"] == NO_BAR).all())
        and not ticks.was["awaiting"].any()
    )


def _is_in_order(ticks: _Group, time: Ints) -> bool:
    return bool((time >= ticks.before(time, ticks.was["newest"])).all())


def _is_without_refused_jump(ticks: _Group, price: Floats, volume: Floats) -> bool:
    """Say that no price jumps but by a trade; an index has no volume to vouch for one."""
    last = ticks.before(price, ticks.was["last_price"])
    jump = np.abs(price - last) > JUMP * last
    traded = volume > ticks.before(volume, ticks.was["volume"])
    return (
        bool((price > 0).all())
        and not (jump & ~traded).any()
        and bool(np.isnan(ticks.was["suspect"]).all())
    )


def _is_growing(ticks: _Group, volume: Floats, oi: Floats, tradable: Mask, minute: int) -> bool:
    """Say that totals are known and only grow, in trades of this minute, and OI is told."""
    base = ticks.was["volume"]
    grown = volume >= ticks.before(volume, base)
    traded = ticks.column("last_trade_time")
    early = (traded > 0) & (traded < minute) & (volume > np.repeat(base, ticks.each))
    known = (ticks.was["has_base"] == 1) | np.isnan(volume[ticks.first])
    return (
        bool((grown | ~tradable).all())
        and bool((np.isnan(volume) == ~tradable).all())
        and bool((np.isnan(oi) | (oi > 0)).all())
        and bool(known.all())
        and not early.any()
    )


def _take(
    ticks: _Group,
    time: Ints,
    price: Floats,
    volume: Floats,
    oi: Floats,
    minute: int,
    group: Sequence[Arrival],
    state: State,
    roster: Roster,
) -> None:
    was = ticks.was
    good = ~_repeats(ticks, time, price, volume, oi)
    state.counters["dup"] += len(good) - int(np.count_nonzero(good))
    last_good = ticks.last_where(good)
    some = last_good != NONE
    at = last_good[some]
    ends = ticks.first + ticks.each - 1
    for name, values in (
        ("seen_time", time),
        ("seen_price", price),
        ("seen_volume", volume),
        ("seen_oi", oi),
    ):
        was[name] = values[ends]
    _take_oi(ticks, time, oi, good)
    _take_bars(ticks, price, volume, good, at, some, minute)
    for name, values in (
        ("last_price", price),
        ("newest", time),
        ("received_ns", ticks.received_ns),
    ):
        was[name][some] = values[at]
    was["connection"][some] = group[0].frame.connection
    totals = was["volume"]
    np.copyto(totals, volume[ends], where=~np.isnan(volume[ends]))
    _take_quotes(ticks, good)
    was["bar"]["average_price"][some] = was["average_price"][some]
    _take_book(ticks, good, state, roster)
    whole_rows(state.rows)[ticks.rows] = whole_rows(was)
    _take_times(ticks, time, good, group, state, roster)


def _repeats(ticks: _Group, time: Ints, price: Floats, volume: Floats, oi: Floats) -> Mask:
    def same(values: npt.NDArray[Any], known: npt.NDArray[Any]) -> Mask:
        before = ticks.before(values, known)
        equal: Mask = (values == before) | ((values != values) & (before != before))
        return equal

    was = ticks.was
    repeated: Mask = (
        same(time, was["seen_time"])
        & (price == ticks.before(price, was["seen_price"]))
        & same(volume, was["seen_volume"])
        & same(oi, was["seen_oi"])
    )
    return repeated


def _take_oi(ticks: _Group, time: Ints, oi: Floats, good: Mask) -> None:
    changed = good & ~np.isnan(oi) & (oi != ticks.before(oi, ticks.was["oi"]))
    at = ticks.last_where(changed)
    some = at != NONE
    ticks.was["oi"][some] = oi[at[some]]
    ticks.was["oi_time"][some] = time[at[some]]


def _take_bars(
    ticks: _Group, price: Floats, volume: Floats, good: Mask, at: Ints, some: Mask, minute: int
) -> None:
    """Extend the minute's bars, or begin them; `at` is the last good tick of `some`."""
    bars = ticks.was["bar"]
    fresh = some & (bars["start"] == NO_BAR)
    begun = np.where(good, np.arange(len(good)), len(good))
    opens = np.minimum.reduceat(begun, ticks.first)
    for name in ("open", "high", "low", "close"):
        bars[name][fresh] = price[opens[fresh]]
    bars["start"][fresh] = minute
    bars["n"][fresh] = bars["flags"][fresh] = 0
    bars["volume"][fresh] = 0.0
    high = np.maximum.reduceat(np.where(good, price, -np.inf), ticks.first)
    low = np.minimum.reduceat(np.where(good, price, np.inf), ticks.first)
    np.maximum(bars["high"], high, out=bars["high"], where=some)
    np.minimum(bars["low"], low, out=bars["low"], where=some)
    bars["close"][some] = price[at]
    increase = volume[ticks.first + ticks.each - 1] - ticks.was["volume"]
    bars["volume"][some] += increase[some]
    bars["oi"][some] = ticks.was["oi"][some]
    bars["n"] += np.add.reduceat(good.astype(np.int32), ticks.first)


def _take_quotes(ticks: _Group, good: Mask) -> None:
    for name, column in (
        ("average_price", "average_price"),
        ("day_open", "open"),
        ("day_high", "high"),
        ("day_low", "low"),
        ("previous_close", "close"),
    ):
        values = ticks.column(column)
        at = ticks.last_where(good & (values > 0))
        some = at != NONE
        ticks.was[name][some] = values[at[some]]


def _take_book(ticks: _Group, good: Mask, state: State, roster: Roster) -> None:
    full = good & (ticks.column("length") == FULL_PACKET)
    depth = [batch.depth["price"] for batch in ticks.batches if batch.depth is not None]
    divisor = roster.divisor[ticks.row]
    sides = [np.concatenate([price[:, side] for price in depth])[ticks.order] for side in (0, 5)]
    bid, ask = (np.where(side > 0, side / divisor, np.nan) for side in sides)
    spread = ask - bid
    crossed = full & (spread <= 0)
    loose = spread > WIDE_TICKS * roster.tick[ticks.row]
    wide = full & loose & (spread > WIDE_FRACTION * 0.5 * (ask + bid))
    for name, caught in (("crossed", crossed), ("wide", wide)):
        if caught.any():
            state.counters[name] += int(np.count_nonzero(caught))
    at = ticks.last_where(full)
    some = at != NONE
    flag = crossed * np.uint8(CROSSED) + wide * np.uint8(WIDE)
    for name, values in (("bid", bid), ("ask", ask), ("quote_flag", flag)):
        ticks.was[name][some] = values[at[some]]


def _take_times(
    ticks: _Group, time: Ints, good: Mask, group: Sequence[Arrival], state: State, roster: Roster
) -> None:
    segment = roster.segment[ticks.row]
    for position, name in enumerate(SEGMENTS):
        mine = good & (segment == position)
        if mine.any():
            part = state.segments[name]
            part.watermark = max(part.watermark, int(time[mine].max()))
    for one in group:
        state.heard(one.frame.connection, one.frame.received_ns)
    state.messages += len(group)
    state.ticks += len(time)
