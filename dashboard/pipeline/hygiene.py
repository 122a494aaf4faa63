"""Which ticks are believed, and how much volume each one adds (SIGNALS.md section 3).

Every rule is one small function over the ticks of a message and counts what it catches;
the counters are part of the desk's state and are shown. The rules run in this order:

=================  ==========================================================================
counter            what happens
=================  ==========================================================================
unknown_token      nobody asked for it: dropped
bad_price          not positive, or a jump of over 5 % that nothing confirms: dropped
other_day          stamped on another date, as what Kite sends before the open: dropped
dup                same exchange time, price, volume and OI as the previous tick: dropped
clock              exchange time over 2 s ahead of arrival or 120 s behind: counted; dropped
                   when over 60 s ahead, because it would close bars that still trade
outside            not in trading hours: quotes are kept, no bar
late               its bar is final: dropped
ooo                older than the newest: only extends high and low of its open bar
vol_regress        the running total fell: price used, no volume, the higher total stays
oi_zero            OI fell to 0 on a contract that had some: the old figure stays
crossed, wide      bid >= ask, or a spread over 5 ticks and 2 %: the mid is not used
unknown_base       first total after a (re)connect in mid-session: its increase is unknown
reconnected        volume of a disconnection under 60 s, given to the bar in progress
=================  ==========================================================================

A connection that was open before the session needs no base: running totals begin at 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import BarFlag, Floats, Ints, TickBatch
from dashboard.pipeline.hours import AUCTION, CLOSED, CONTINUOUS, Hours
from dashboard.pipeline.roster import SEGMENTS, Roster
from dashboard.pipeline.state import (
    CROSSED,
    LONG,
    NO_CONNECTION,
    NOT_AWAITING,
    SHORT,
    WIDE,
    State,
    whole_rows,
)

Mask = npt.NDArray[np.bool_]
NOBODY = np.zeros(1, dtype=bool)  # the answer of a rule that caught nothing, for any length
EVERYBODY = np.ones(1, dtype=bool)  # all ticks of a message, for any length

JUMP = 0.05  # of the last accepted price
CLOCK_AHEAD_S, CLOCK_BEHIND_S, CLOCK_ABSURD_S = 2, 120, 60
DAY_S = 86_400
FULL_PACKET = 184  # bytes; the only one with depth
WIDE_TICKS, WIDE_FRACTION = 5, 0.02


@dataclass(frozen=True, slots=True)
class Ticks:
    """Believed ticks, at most one an instrument, ready for the bars.

    `bucket` is the minute (seconds since the epoch), NO minute is outside trading hours.
    `delta` is the volume traded since the tick before [units], NaN for an index.
    `average_price` is the exchange's VWAP of the session as last told [INR].
    `in_order` is False for ticks that may only extend high and low.
    """

    row: Ints
    bucket: Ints
    time: Ints
    price: Floats
    delta: Floats
    oi: Floats
    average_price: Floats
    flags: npt.NDArray[np.int32]
    in_order: Mask


NOTHING = Ticks(
    row=np.empty(0, dtype=np.int64),
    bucket=np.empty(0, dtype=np.int64),
    time=np.empty(0, dtype=np.int64),
    price=np.empty(0),
    delta=np.empty(0),
    oi=np.empty(0),
    average_price=np.empty(0),
    flags=np.empty(0, dtype=np.int32),
    in_order=np.empty(0, dtype=bool),
)


def clean(
    batch: TickBatch,
    received_ns: int,
    state: State,
    roster: Roster,
    hours: Hours,
    connection: int = 0,
) -> list[Ticks]:
    """Return the believed ticks of one message, and remember what they say.

    A message that carries an instrument twice is taken as two messages.
    """
    row = roster.universe.rows(batch.token)
    known = row >= 0
    _count(state, "unknown_token", ~known)
    return [
        _clean(_Message(batch, row, at, received_ns, connection, state.rows), state, roster, hours)
        for at in _rounds(row, np.flatnonzero(known), len(roster.universe))
    ]


def _rounds(row: Ints, at: Ints, size: int) -> list[Ints]:
    """Split positions so that no row comes twice within a part."""
    parts = []
    last = np.empty(size, dtype=np.int64)
    while len(at):
        last[row[at[::-1]]] = at[::-1]  # the first of each row wins
        first = last[row[at]] == at
        if _every(first):
            parts.append(at)
            break
        parts.append(at[first])
        at = at[~first]
    return parts


class _Message:
    """The columns of one message that the rules use, one tick an instrument.

    `was` is what the state knows of these instruments. The rules read and change this
    copy, which goes back in one piece: one walk through the state instead of forty.
    """

    def __init__(
        self,
        batch: TickBatch,
        row: Ints,
        at: Ints,
        received_ns: int,
        connection: int,
        rows: npt.NDArray[np.void],
    ) -> None:
        whole = len(at) == len(batch)
        take = slice(None) if whole else at
        self.row = row[take]
        self.connection = connection
        self.received_ns = received_ns
        self.received_s = received_ns // SECOND_NS
        self.price = batch.last_price[take]
        self.volume = batch.day_volume[take]
        self.average_price = batch.average_price[take]
        self.oi = batch.oi[take]
        self.open = batch.open[take]
        self.high = batch.high[take]
        self.low = batch.low[take]
        self.close = batch.close[take]
        self.traded = batch.last_trade_time[take]
        stamped = batch.exchange_time[take]
        self.has_stamp = stamped > 0
        # Packets without a time of the exchange can only be placed by their arrival.
        self.time = np.where(self.has_stamp, stamped, self.received_s)
        self.oldest, self.newest = _span(self.time)
        self.depth = None if batch.depth is None else batch.depth[take]
        self.length = batch.length[take]
        self.was = whole_rows(rows)[self.row].view(rows.dtype)


def _clean(m: _Message, state: State, roster: Roster, hours: Hours) -> Ticks:
    tradable = roster.tradable[m.row]
    good = m.price > 0
    _count(state, "bad_price", ~good)
    good &= ~_other_day(m, state, hours, good)
    good &= ~_duplicates(m, state, good)
    good &= ~_absurd_clock(m, state, good)
    good &= ~_jumps(m, state, tradable, good)
    _remember_seen(m)
    if not _some(good):  # before the open a message often repeats the one before
        whole_rows(state.rows)[m.row] = whole_rows(m.was)
        return NOTHING

    in_order = good & (m.time >= m.was["newest"])
    final_until = _final_until(m, state, roster)
    bucket, where = _buckets(m, final_until, roster, hours)
    inside = where != CLOSED
    late = good & inside & (bucket < final_until)
    usable = in_order & ~late
    if all_usable := _every(usable & inside):  # as nearly always
        usable = inside = EVERYBODY
    else:
        _count(state, "late", late)
        _count(state, "ooo", good & ~in_order & ~late)
        _count(state, "outside", good & ~inside)

    delta, flags = _volume(m, state, tradable, hours, usable, inside)
    flags[where == AUCTION] |= BarFlag.AUCTION
    _remember_oi(m, state, usable)
    _remember_quotes(m, state, roster, usable)
    whole_rows(state.rows)[m.row] = whole_rows(m.was)
    if all_usable:
        told = m.was["average_price"]
        return Ticks(m.row, bucket, m.time, m.price, delta, m.was["oi"], told, flags, in_order)
    kept = np.flatnonzero(good & inside & ~late)
    return Ticks(
        row=m.row[kept],
        bucket=bucket[kept],
        time=m.time[kept],
        price=m.price[kept],
        delta=delta[kept],
        oi=m.was["oi"][kept],
        average_price=m.was["average_price"][kept],
        flags=flags[kept],
        in_order=in_order[kept],
    )


# numpy's own any, all, min and max take a detour through Python that costs more than the
# answer itself for the few hundred ticks of a message.


def _some(mask: Mask) -> bool:
    return bool(np.count_nonzero(mask))


def _every(mask: Mask) -> bool:
    return int(np.count_nonzero(mask)) == len(mask)


def _span(values: Ints) -> tuple[int, int]:
    """Return the least and the greatest value."""
    return int(np.minimum.reduce(values)), int(np.maximum.reduce(values))


def _count(state: State, name: str, caught: Mask) -> None:
    number = int(np.count_nonzero(caught))
    if number:
        state.counters[name] += number


def _same(a: Floats, b: Floats) -> Mask:
    same: Mask = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _other_day(m: _Message, state: State, hours: Hours, good: Mask) -> Mask:
    """Find what Kite still knows of an earlier session: no base, no price of today."""
    if m.oldest >= hours.midnight and m.newest < hours.midnight + DAY_S:
        return NOBODY
    other: Mask = good & ((m.time < hours.midnight) | (m.time >= hours.midnight + DAY_S))
    _count(state, "other_day", other)
    return other


def _duplicates(m: _Message, state: State, good: Mask) -> Mask:
    same: Mask = good & m.has_stamp & (m.was["seen_time"] == m.time)
    if _some(same):
        same &= m.was["seen_price"] == m.price  # known in all that are good
        if not _some(same):
            return NOBODY
        same &= _same(m.was["seen_volume"], m.volume)
        same &= _same(m.was["seen_oi"], m.oi)
        _count(state, "dup", same)
    return same


def _remember_seen(m: _Message) -> None:
    m.was["seen_time"] = m.time
    m.was["seen_price"] = m.price
    m.was["seen_volume"] = m.volume
    m.was["seen_oi"] = m.oi


def _absurd_clock(m: _Message, state: State, good: Mask) -> Mask:
    if m.newest - m.received_s <= CLOCK_AHEAD_S and m.received_s - m.oldest <= CLOCK_BEHIND_S:
        return NOBODY
    ahead = m.time - m.received_s
    odd = good & ((ahead > CLOCK_AHEAD_S) | (ahead < -CLOCK_BEHIND_S))
    _count(state, "clock", odd)
    absurd: Mask = odd & (ahead > CLOCK_ABSURD_S)
    return absurd


def _jumps(m: _Message, state: State, tradable: Mask, good: Mask) -> Mask:
    """Find jumps that nothing confirms: no trade, or no second print where none is told.

    One tick is over 5 % for an option below a rupee; a trade made it, so its total grew. A
    total that fell is no trade: such a print repeats what was said before.
    """
    last, suspect = m.was["last_price"], m.was["suspect"]
    jump: Mask = good & (np.abs(m.price - last) > JUMP * last)
    if not _some(jump) and _every(np.isnan(suspect)):
        return jump
    confirmed = np.abs(m.price - suspect) <= JUMP * suspect
    traded = m.volume > m.was["volume"]
    vouched = tradable & ~np.isnan(m.volume)
    refused: Mask = jump & np.where(vouched, ~traded, ~confirmed)
    _count(state, "bad_price", refused)
    waiting = refused & ~vouched
    m.was["suspect"] = np.where(waiting, m.price, np.where(good, np.nan, suspect))
    return refused


def _buckets(
    m: _Message, final_until: Ints, roster: Roster, hours: Hours
) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Return each tick's minute and whether that minute trades.

    A trade belongs to the minute of its own time, unless that bar is final already: then
    its volume goes to the bar of the message's time rather than nowhere.
    """
    moved = (m.traded > 0) & (m.traded <= m.time) & (m.volume > m.was["volume"])
    own = moved & (m.traded >= final_until) & (m.time - m.traded < 2 * MINUTE_S)
    when = np.where(own, m.traded, m.time)
    bucket = when - when % MINUTE_S
    first, last = _span(when)
    if all(part.trades_through(first, last) for part in hours.segments.values()):
        return bucket, np.full(len(when), CONTINUOUS, dtype=np.int8)
    where = np.zeros(len(when), dtype=np.int8)
    segment = roster.segment[m.row]
    for position, name in enumerate(SEGMENTS):
        here = segment == position
        if _some(here):
            where[here] = hours.segments[name].state(when[here])
    return bucket, where


def _final_until(m: _Message, state: State, roster: Roster) -> Ints:
    """Return the second before which the bars of each tick are final, one for all if it can."""
    closed = np.array([state.segments[name].closed_until for name in SEGMENTS], dtype=np.int64)
    if _every(closed == closed[0]):
        return closed[:1]
    until: Ints = closed[roster.segment[m.row]]
    return until


def _volume(
    m: _Message, state: State, tradable: Mask, hours: Hours, usable: Mask, inside: Mask
) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return the volume each tick adds and the flags of its bar; move the bases up."""
    was = m.was
    delta = np.where(tradable, 0.0, np.nan)
    told = usable & tradable & ~np.isnan(m.volume)
    has_base = was["has_base"] == 1
    flags, unknown = _uncovered(m, state, hours, told, usable & inside)
    base = np.where(has_base, was["volume"], 0.0)
    fell = told & (m.volume < base)
    _count(state, "vol_regress", fell)
    np.copyto(delta, m.volume - base, where=told & inside & ~unknown & ~fell)
    np.copyto(was["volume"], np.maximum(m.volume, base), where=told)
    np.copyto(was["has_base"], 1, where=told)
    np.copyto(was["awaiting"], NOT_AWAITING, where=usable)
    return delta, flags


def _uncovered(
    m: _Message, state: State, hours: Hours, told: Mask, trading: Mask
) -> tuple[npt.NDArray[np.int32], Mask]:
    """Return the flags of what a disconnection did, and whose increase is unknown."""
    flags = np.zeros(len(m.row), dtype=np.int32)
    awaiting = m.was["awaiting"]
    was_open = _was_open(m, state, hours)
    if was_open and not np.count_nonzero(awaiting):
        return flags, NOBODY
    has_base = m.was["has_base"] == 1
    seen = m.was["connection"] != NO_CONNECTION
    covered = np.where(told, has_base, seen) | was_open
    unknown = trading & ~(covered & (awaiting != LONG))
    _count(state, "unknown_base", unknown & told)
    flags[unknown] |= BarFlag.PARTIAL
    caught_up = told & trading & ~unknown & (awaiting == SHORT)
    _count(state, "reconnected", caught_up)
    flags[caught_up] |= BarFlag.RECONNECTED
    return flags, unknown


def _was_open(m: _Message, state: State, hours: Hours) -> bool:
    """Say whether the message's connection has been open since before the session."""
    since, _ = state.connections.get(m.connection, (m.received_ns, 0))
    return since < hours.start * SECOND_NS


def _remember_oi(m: _Message, state: State, usable: Mask) -> None:
    before = m.was["oi"]
    changed = usable & (m.oi != before) & ~np.isnan(m.oi)
    if not _some(changed):  # the exchange tells OI every few minutes
        return
    zero = changed & (m.oi == 0) & (before > 0)
    _count(state, "oi_zero", zero)
    changed &= m.oi > 0  # Kite also sends 0 before the first OI: it is not known then
    np.copyto(m.was["oi_time"], m.time, where=changed)
    np.copyto(m.was["oi"], m.oi, where=changed)


def _remember_quotes(m: _Message, state: State, roster: Roster, usable: Mask) -> None:
    was = m.was
    _put(was["last_price"], m.price, usable)
    _put(was["newest"], m.time, usable)
    _put(was["received_ns"], m.received_ns, usable)
    _put(was["connection"], m.connection, usable)
    for field, column in (
        ("average_price", m.average_price),
        ("day_open", m.open),
        ("day_high", m.high),
        ("day_low", m.low),
        ("previous_close", m.close),
    ):
        _put(was[field], column, usable & (column > 0))
    if m.depth is not None:
        _remember_book(m, state, roster, usable)


def _put(column: npt.NDArray[Any], values: npt.ArrayLike, where: Mask) -> None:
    """Set some values of a column; setting all of them is three times as fast."""
    if where is EVERYBODY or _every(where):
        column[:] = values
    else:
        np.copyto(column, values, where=where)


def _remember_book(m: _Message, state: State, roster: Roster, usable: Mask) -> None:
    assert m.depth is not None
    price = m.depth["price"]
    divisor = roster.divisor[m.row]
    bid, ask = price[:, 0] / divisor, price[:, 5] / divisor
    usable = usable & (m.length == FULL_PACKET)
    bids, asks = bid > 0, ask > 0
    if not _every(bids & asks):
        bid, ask = np.where(bids, bid, np.nan), np.where(asks, ask, np.nan)
    spread = ask - bid  # a side that nobody quotes is not a bad quote: NaN is never one
    crossed = usable & (spread <= 0)
    flag = crossed * np.uint8(CROSSED)
    loose = spread > WIDE_TICKS * roster.tick[m.row]
    if _some(loose):
        wide = usable & loose & (spread > WIDE_FRACTION * 0.5 * (ask + bid))
        _count(state, "wide", wide)
        flag += wide * np.uint8(WIDE)
    _count(state, "crossed", crossed)
    _put(m.was["bid"], bid, usable)
    _put(m.was["ask"], ask, usable)
    _put(m.was["quote_flag"], flag, usable)
