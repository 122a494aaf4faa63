"""One traded minute, half-second by half-second: trades, quotes and sums of the day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Floats, Ints
from feeds.mock.day import Plan
from feeds.mock.draws import Stream, generator
from feeds.mock.grid import SLOTS
from feeds.mock.minutes import FULL, NO_LOW, Minutes, bid

SEEN = 192  # of 256: the share of slots in which a contract's tick is sent
SLOT = np.arange(SLOTS)[:, None]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MinuteTicks:
    """The state of n contracts in each slot, (SLOTS, n): ticks, lots and seconds.

    `sent` says which a message carries. `last_lots`, `average`, `open`, `high` and `low`
    are 0 before the first trade, and `last_s` is -1.
    """

    sent: _Bools
    last: Ints
    last_lots: Ints
    average: Floats
    volume: Ints
    open: Ints
    high: Ints
    low: Ints
    last_s: Ints
    oi: Ints
    bid: Ints
    ask: Ints


@dataclass(frozen=True)
class _Trades:
    """The minute's trades: price [ticks], lots in the slot, and lots since its start."""

    price: Ints
    lots: Ints
    total: Ints
    latest: Ints  # the slot of the latest trade, -1 before the first

    @property
    def begun(self) -> _Bools:
        return self.latest >= 0

    def of_latest(self, table: Ints) -> Ints:
        found: Ints = np.take_along_axis(table, np.maximum(self.latest, 0), axis=0)
        return found


def minute_ticks(plan: Plan, t: int) -> MinuteTicks:
    """Return the ticks of traded minute `t`."""
    m, seconds = plan.minutes, plan.grid.slot_s()[t]
    draw = generator(plan.seed, plan.grid.day, Stream.TICKS, t)
    values = plan.surface.values(plan.paths.driver[:, t], plan.paths.vix[t], seconds)
    best = bid(values, m.spread[t])
    ask = best + m.spread[t]
    trades = _trades(draw, plan, t, best, ask)
    begun = trades.begun
    last = np.where(begun, trades.of_latest(trades.price), m.last[t])
    high = np.maximum.accumulate(np.where(begun, last, 0), axis=0)
    high = np.maximum(high, m.day_high[t])
    low = np.minimum.accumulate(np.where(begun, last, NO_LOW), axis=0)
    low = np.minimum(low, m.day_low[t])
    low[low == NO_LOW] = 0
    lots = trades.of_latest(trades.lots)
    oi, refreshed = _open_interest(draw, plan, t)
    notable = refreshed | _decisive(m, t, high, low)
    return MinuteTicks(
        sent=_sent(draw, plan, t, notable),
        last=last,
        last_lots=np.where(begun, lots - (lots >> 1), m.volume[t] > 0),
        average=np.clip(_average(m, t, trades), low, high),
        volume=m.volume[t] + trades.total,
        open=np.where((m.day_open[t] == 0) & begun, m.open[t], m.day_open[t]),
        high=high,
        low=low,
        last_s=np.where(begun, seconds[trades.latest], m.last_s[t]),
        oi=oi,
        bid=best,
        ask=ask,
    )


def _trades(draw: np.random.Generator, plan: Plan, t: int, best: Ints, ask: Ints) -> _Trades:
    m = plan.minutes
    total = _traded_so_far(draw, plan, t)
    lots = np.diff(total, axis=0, prepend=0)
    lifted = draw.random(lots.shape, np.float32) < 0.5
    price = np.clip(np.where(lifted, ask, best), m.low[t], m.high[t])
    everyone, full = np.arange(price.shape[1]), m.lots[t] >= FULL
    highest, lowest = _extreme_slots(plan, t)
    price[0] = np.where(full, m.open[t], price[0])
    for slot, bound in ((highest, m.high[t]), (lowest, m.low[t]), (m.last_slot[t], m.close[t])):
        decided = full | (slot == m.last_slot[t])
        price[slot, everyone] = np.where(decided, bound, price[slot, everyone])
    latest = np.maximum.accumulate(np.where(lots > 0, SLOT, -1), axis=0)
    return _Trades(price, lots, total, latest)


def _traded_so_far(draw: np.random.Generator, plan: Plan, t: int) -> Ints:
    """Return lots traded in the minute up to and with each slot."""
    m = plan.minutes
    lots, last = m.lots[t], m.last_slot[t]
    weight = np.cumsum(draw.standard_exponential((SLOTS, len(lots)), np.float32), axis=0)
    share = weight / np.take_along_axis(weight, last[None], 0)
    full = lots >= FULL
    spare = np.where(full, lots - FULL, 0)
    total: Ints = np.floor(spare * np.minimum(share, 1.0)).astype(np.int64)
    highest, lowest = _extreme_slots(plan, t)
    total += full * (1 + (highest <= SLOT).astype(np.int64) + (lowest <= SLOT))
    total += (last <= SLOT) * np.where(full, 1, lots)
    return total


def _extreme_slots(plan: Plan, t: int) -> tuple[Ints, Ints]:
    """Return the slot in which each contract is at its high, and at its low."""
    u, rising = plan.contracts.underlying, plan.minutes.rising
    top, bottom = plan.extremes.highest[u, t], plan.extremes.lowest[u, t]
    return np.where(rising, top, bottom), np.where(rising, bottom, top)


def _average(m: Minutes, t: int, trades: _Trades) -> Floats:
    """Return the day's volume-weighted price in ticks, 0 before the first trade.

    A message shows one trade of the many in its half-second. The others' turnover, which
    the minute's plan knows, is spread over the minute by volume.
    """
    seen = np.cumsum(trades.price * trades.lots, axis=0)
    unseen = m.turnover[t + 1] - m.turnover[t] - seen[-1]
    turnover = m.turnover[t] + seen + unseen * (trades.total / np.maximum(m.lots[t], 1))
    average: Floats = turnover / np.maximum(m.volume[t] + trades.total, 1)
    return average


def _open_interest(draw: np.random.Generator, plan: Plan, t: int) -> tuple[Ints, _Bools]:
    """Return lots open as published, and where that is news."""
    old = plan.oi[t - 1] if t else plan.oi_before
    moment = draw.integers(0, SLOTS, len(old))
    oi = np.where(moment <= SLOT, plan.oi[t], old)
    return oi, (moment == SLOT) & (plan.oi[t] != old)


def _decisive(m: Minutes, t: int, high: Ints, low: Ints) -> _Bools:
    """Return where a tick must not be left out: a new extreme, and the minute's last trade."""
    changed: _Bools = np.diff(high, axis=0, prepend=m.day_high[t][None]) != 0
    before = np.where(m.day_low[t] == NO_LOW, 0, m.day_low[t])
    changed |= np.diff(low, axis=0, prepend=before[None]) != 0
    changed |= (m.last_slot[t] == SLOT) & m.traded[t]
    return changed


def _sent(draw: np.random.Generator, plan: Plan, t: int, notable: _Bools) -> _Bools:
    luck = draw.integers(0, 256, notable.shape, np.uint8) < SEEN
    alive = plan.grid.traded_start_s[t] < plan.contracts.expiry_s
    sent: _Bools = (luck | notable) & alive
    return sent
