"""The option chains of each underlying, minute by minute.

When a minute of the derivatives segment closes, the last OI, running volume and price of
every strike become one snapshot. Sections see the snapshots of the nearest expiry, the
option desk those of the expiry it shows, pages see the state.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS, Ints, Kind, Segment, Universe
from dashboard.core.table import DAY_S
from dashboard.options.chain import CHAIN_DTYPE, ChainHistory, ChainSnapshot
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.chain_stack import Stack, joined, picked
from dashboard.pipeline.hours import CLOSED, Hours
from dashboard.pipeline.state import State

NO_ROW = -1


@dataclass
class Chain:
    """One expiry of an underlying. Rows are positions in the state, NO_ROW if absent.

    `earlier` gives the snapshots taken before a seek, where nobody has asked for them yet.
    """

    underlying: str
    expiry: date
    strikes: npt.NDArray[np.float64]
    calls: Ints
    puts: Ints
    previous_oi: Mapping[int, float]  # by row, units
    spot_row: int
    snapshots: list[ChainSnapshot] = field(default_factory=list)
    earlier: Callable[[], Sequence[ChainSnapshot]] | None = None
    _stack: Stack = field(init=False)

    def __post_init__(self) -> None:
        self._stack = Stack(self.strikes)

    def stacked(self) -> ChainHistory:
        """Return all snapshots as arrays; they grow with the day."""
        if self.earlier is not None:
            self.snapshots[:0] = self.earlier()
            self.earlier = None
        return self._stack.upto(self.snapshots)

    def with_yesterday(self, history: ChainHistory) -> ChainHistory:
        """Return the same with each contract's OI of the previous close, if any was given."""
        if not self.previous_oi:
            return history
        call, put = (side[: len(history)] for side in self._yesterday)
        return history.carrying("previous_oi", call, put)

    @cached_property
    def _yesterday(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Return the OI of the previous close by strike, of calls and of puts, as many rows."""
        sides = (
            np.array([self.previous_oi.get(row, np.nan) for row in rows.tolist()])
            for rows in (self.calls, self.puts)
        )
        return tuple(np.broadcast_to(side, (DAY_S // MINUTE_S, len(side))) for side in sides)

    @property
    def rows(self) -> Ints:
        """Return the rows of all options of the chain."""
        both = np.concatenate([self.calls, self.puts])
        there: Ints = both[both != NO_ROW]
        return there

    def is_seen(self, state: State) -> bool:
        """Say whether any option of the chain has ticked."""
        return bool((state.rows["received_ns"][self.rows] > 0).any())

    def spot(self, state: State) -> float:
        """Return the last price of the index [INR], NaN without one."""
        return float(state.rows["last_price"][self.spot_row]) if self.spot_row >= 0 else np.nan

    def oi_age_s(self, state: State, at: int) -> float:
        """Return seconds since any OI of the chain changed, NaN before the first."""
        newest = int(state.rows["oi_time"][self.rows].max())
        return float(max(0, at - newest)) if newest else np.nan

    def take(self, state: State, start: int, at: int) -> ChainSnapshot:
        """Return the chain as it stands; `at` is the instant ages are measured from."""
        rows = np.full(len(self.strikes), np.nan, dtype=CHAIN_DTYPE)
        rows["strike"] = self.strikes
        for side, at_rows in (("call", self.calls), ("put", self.puts)):
            there = at_rows != NO_ROW
            of = state.rows[at_rows[there]]
            for name, field_name in (("oi", "oi"), ("volume", "volume"), ("ltp", "last_price")):
                rows[f"{side}_{name}"][there] = of[field_name]
        return ChainSnapshot(start, self.spot(state), self.oi_age_s(state, at), rows)


@dataclass
class Grown:
    """A chain's closed bars of one timeframe: of `taken` minutes, the last one being `last`."""

    stack: Stack
    snapshots: list[ChainSnapshot] = field(default_factory=list)
    taken: int = 0
    last: ChainSnapshot | None = None

    def is_of(self, minutes: Sequence[ChainSnapshot], count: int) -> bool:
        """Say whether the first `count` minutes go on from those that were taken."""
        return not self.taken or (self.taken <= count and minutes[self.taken - 1] is self.last)

    def add(self, start: int, minute: ChainSnapshot, number: int) -> None:
        """Add the bar that starts at `start` [s], for which a minute stands."""
        self.snapshots.append(replace(minute, start=start))
        self.taken, self.last = number + 1, minute


class ChainBook:
    """The chains of one day: `chains` holds each underlying's nearest expiry, `later` the rest."""

    def __init__(self, universe: Universe, day: date, hours: Hours, state: State) -> None:
        self._hours = hours
        self._state = state
        self._told: dict[tuple[str, str], tuple[ChainSnapshot | None, ChainHistory | None]] = {}
        self._grown: dict[tuple[str, str], Grown] = {}
        self._found: dict[str, tuple[ChainSnapshot, dict[Hashable, Any]]] = {}
        self.chains: dict[str, Chain] = {}
        self.later: dict[tuple[str, date], Chain] = {}
        for name in UNDERLYINGS:
            for place, expiry in enumerate(universe.expiries(name, day)):
                chain = make_chain(universe, name, expiry)
                if place == 0:
                    self.chains[name] = chain
                else:
                    self.later[name, expiry] = chain

    def __iter__(self) -> Iterator[Chain]:
        yield from self.chains.values()
        yield from self.later.values()

    def chain(self, underlying: str, expiry: date | None = None) -> Chain | None:
        """Return the chain of an expiry, the nearest if none is named; None if it is not here."""
        nearest = self.chains.get(underlying)
        if nearest is None or expiry is None or expiry == nearest.expiry:
            return nearest
        return self.later.get((underlying, expiry))

    def expiries(self, underlying: str) -> tuple[date, ...]:
        """Return the expiries of an underlying, nearest first."""
        return tuple(chain.expiry for chain in self if chain.underlying == underlying)

    def expiry(self, underlying: str) -> date | None:
        """Return the expiry shown for an underlying, None without options."""
        chain = self.chains.get(underlying)
        return chain.expiry if chain else None

    def add(self, closed: Closed) -> None:
        """Keep the chains as they stand when a minute of derivatives closes."""
        if closed.segment is not Segment.FNO:
            return
        for chain in self:
            if chain.is_seen(self._state):
                end = closed.minute + MINUTE_S
                chain.snapshots.append(chain.take(self._state, closed.minute, end))

    def is_seen(self, underlying: str) -> bool:
        """Say whether an underlying has a snapshot."""
        chain = self.chains.get(underlying)
        return chain is not None and bool(chain.snapshots)

    def has_ticked(self, underlying: str) -> bool:
        """Say whether any option of an underlying's chain has ticked."""
        chain = self.chains.get(underlying)
        return chain is not None and chain.is_seen(self._state)

    def missing(self, underlying: str) -> str:
        """Say why there is no chain."""
        if underlying not in self.chains:
            return f"No {underlying} options in this recording"
        return f"No {underlying} option has ticked yet"

    def snapshots(self) -> list[tuple[str, date, list[ChainSnapshot]]]:
        """Return every chain's snapshots, in order of time."""
        return [(chain.underlying, chain.expiry, chain.snapshots) for chain in self]

    def restore(self, underlying: str, snapshots: Sequence[ChainSnapshot]) -> None:
        """Load the snapshots taken before a seek."""
        self.chains[underlying].snapshots = list(snapshots)

    def frame(
        self, underlying: str, timeframe: str, until: int, *, forming: bool = False
    ) -> ChainHistory | None:
        """Return the chain on a timeframe: the last minute of each bar stands for it.

        Only minutes that start before `until` (seconds) are told, unless `forming`.
        """
        chain = self.chains.get(underlying)
        if chain is None or not (chain.snapshots or forming):
            return None
        minutes = chain.stacked()
        if forming:
            if chain.is_seen(self._state):
                now = self._state.last_ns // SECOND_NS
                minutes = joined(minutes, chain.take(self._state, now - now % MINUTE_S, now))
            starts, at = self._bars(minutes.starts, timeframe)
            return chain.with_yesterday(picked(minutes, starts, at)) if len(at) else None
        count = int(minutes.starts.searchsorted(until))
        key, last = (underlying, timeframe), chain.snapshots[count - 1] if count else None
        told = self._told.get(key)
        if told is None or told[0] is not last:
            closed = self._closed(chain, minutes, count, timeframe)
            told = self._told[key] = last, closed
        return told[1]

    def _closed(
        self, chain: Chain, minutes: ChainHistory, count: int, timeframe: str
    ) -> ChainHistory | None:
        """Return the closed bars of the first `count` minutes; they grow with the day."""
        key = chain.underlying, timeframe
        bars = self._grown.get(key)
        if bars is None or not bars.is_of(chain.snapshots, count):
            bars = self._grown[key] = Grown(Stack(chain.strikes))
        for start, minute in self._fresh(minutes.starts[:count], bars.taken, timeframe):
            bars.add(start, chain.snapshots[minute], minute)
        if bars.last is None:
            return None
        history = chain.with_yesterday(bars.stack.upto(bars.snapshots))
        history.found = self._found_of(chain, bars.taken - 1)
        return history

    def _found_of(self, chain: Chain, minute: int) -> dict[Hashable, Any]:
        """Return what readers find out of a minute, one for all timeframes that end with it."""
        snapshot, known = chain.snapshots[minute], self._found.get(chain.underlying)
        if known is None or known[0] is not snapshot:
            known = self._found[chain.underlying] = snapshot, {}
        return known[1]

    def _fresh(self, minutes: Ints, taken: int, timeframe: str) -> Iterator[tuple[int, int]]:
        """Yield closed bars of the minutes from `taken` on: start [s], and who stands for it."""
        hours, size = self._hours.segments[Segment.FNO], TIMEFRAMES[timeframe]
        start = end = stands = -1
        for number, minute in enumerate(minutes[taken:].tolist(), taken):
            if not hours.is_open(minute):  # before the open, or between
                continue
            if minute >= end and stands >= 0:
                yield start, stands
            (start, end), stands = hours.bucket(minute, size), number
        if stands >= 0 and minutes[-1] + MINUTE_S >= end:  # the bar in progress is not closed
            yield start, stands

    def _bars(self, minutes: Ints, timeframe: str) -> tuple[Ints, Ints]:
        """Return all bars of a timeframe: their starts [s], and which minute stands for each."""
        hours = self._hours.segments[Segment.FNO]
        at = np.flatnonzero(hours.state(minutes) != CLOSED)
        if timeframe == "1m" or not len(at):
            return minutes[at], at
        starts, _ = hours.buckets(minutes[at], TIMEFRAMES[timeframe])
        last = np.flatnonzero(np.diff(starts, append=-1))
        return starts[last], at[last]


def make_chain(universe: Universe, underlying: str, expiry: date) -> Chain:
    """Return the chain of one expiry, empty."""
    options = universe.options(underlying, expiry)
    strikes = sorted({o.strike for o in options if o.strike is not None})
    at = {strike: position for position, strike in enumerate(strikes)}
    calls = np.full(len(strikes), NO_ROW, dtype=np.int64)
    puts = calls.copy()
    previous: dict[int, float] = {}
    for option in options:
        row = universe.row(option)
        side = calls if option.kind is Kind.CALL else puts
        side[at[option.strike or 0.0]] = row
        if option.previous_oi is not None:
            previous[row] = option.previous_oi
    index = universe.index(underlying)
    return Chain(
        underlying,
        expiry,
        np.array(strikes, dtype=np.float64),
        calls,
        puts,
        previous,
        universe.row(index) if index else NO_ROW,
    )
