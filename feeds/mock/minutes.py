"""Each contract's minutes: what will have traded, before any tick is made.

A minute's ticks fill in what is decided here, so any minute can be made without the ones
before it. A contract that trades `FULL` lots or more in a minute trades first at its open,
then once at its high and once at its low, when the underlying is at its own extremes, and
last at its close; with fewer lots there is one trade. Prices are whole ticks.
"""

from dataclasses import dataclass

import numpy as np

from dashboard.core.market import Floats, Ints
from feeds.mock.grid import SLOTS
from feeds.mock.units import TICK, whole

FULL = 4  # lots: one each at the open, the high, the low and the close
NO_LOW = np.iinfo(np.int64).max
REL_SPREAD = 0.0011  # of the price, at the money
MOST_SPREAD = 40  # ticks


@dataclass(frozen=True)
class Extremes:
    """The slots in which each underlying is highest and lowest, (3, t); never the first."""

    highest: Ints
    lowest: Ints


@dataclass(frozen=True)
class Minutes:
    """Bars of n contracts in ticks and lots, (t, n), and the day so far, (t + 1, n).

    `last_slot` is when the minute's last trade happens. `rising` says which contracts gain
    when the underlying does. Sums and extremes of the day so far stand at each minute's
    start; `turnover` is in ticks times lots; `day_open` and `day_high` are 0 and `day_low`
    is `NO_LOW` before the first trade; `last_s` is the last trade's second.
    """

    lots: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    spread: Ints
    last_slot: Ints
    rising: np.ndarray
    volume: Ints
    turnover: Ints
    day_open: Ints
    day_high: Ints
    day_low: Ints
    last: Ints
    last_s: Ints

    @property
    def traded(self) -> np.ndarray:
        """Return where there was a trade, (t, n)."""
        return self.lots > 0


@dataclass(frozen=True)
class Values:
    """What contracts are worth [INR] in the slots that make their bars, each (t, n)."""

    first: Floats
    highest: Floats  # when the underlying is
    lowest: Floats
    last: Floats


def extremes(driver: Floats) -> Extremes:
    """Return when each underlying is at its extremes, distinct even if it stands still."""
    inner = driver[:, :, 1 : SLOTS - 1]
    highest = inner.argmax(axis=2) + 1
    lowest = inner.argmin(axis=2) + 1
    lowest = np.where(lowest == highest, highest % (SLOTS - 2) + 1, lowest)
    return Extremes(highest, lowest)


def last_slots(found: Extremes, underlying: Ints, lots: Ints, chance: Floats) -> Ints:
    """Return the slot of each minute's last trade, after both extremes where it is busy."""
    after = np.maximum(found.highest, found.lowest)[underlying].T + 1
    first = np.where(lots >= FULL, after, 0)
    return whole(first + np.floor(chance * (SLOTS - first)))


def spreads(value: Floats, out: Floats, thinness: Floats) -> Ints:
    """Return the distance from bid to ask in ticks, wider away from the money [sd]."""
    wide = value / TICK * REL_SPREAD * (1 + 0.8 * out**2) * thinness
    return whole(np.clip(wide, 1, MOST_SPREAD))


def bid(value: Floats, spread: Ints) -> Ints:
    """Return the best bid in ticks: the mid is never below the value, by a tick at most above."""
    return whole(np.maximum(np.ceil(value / TICK - spread / 2 - 1e-9), 1))


def trade_minutes(
    values: Values,
    lots: Ints,
    spread: Ints,
    last_slot: Ints,
    rising: np.ndarray,
    lifted: np.ndarray,
    previous: Ints,
    slot_s: Ints,
    auction: Ints,
) -> Minutes:
    """Return the minutes of n contracts.

    Parameters
    ----------
    lifted : array of bool, shape (2, t, n)
        Whether the first and the last trade were at the ask.
    previous : array, shape (n,)
        The previous close in ticks: the last price until there is a trade.
    slot_s : array, shape (t, SLOTS)
        Each slot's second.
    auction : array, shape (n,)
        Lots of an opening auction before the first minute, at its open.
    """
    first, last = (
        bid(v, spread) + spread * up
        for v, up in zip((values.first, values.last), lifted, strict=True)
    )
    top = np.where(rising, values.highest, values.lowest)
    bottom = np.where(rising, values.lowest, values.highest)
    high = np.maximum(bid(top, spread) + spread, np.maximum(first, last))
    low = np.minimum(bid(bottom, spread), np.minimum(first, last))
    few = lots < FULL
    opened, high, low = (np.where(few, last, x) for x in (first, high, low))
    mean = (opened + high + low + last) / 4
    when = np.take_along_axis(slot_s[:, :, None], last_slot[:, None, :], axis=1)[:, 0, :]
    traded = lots > 0
    begun = auction > 0
    start = np.where(begun, opened[0], 0)
    return Minutes(
        lots, opened, high, low, last, spread, last_slot, rising,
        volume=_running(np.add, auction, lots),
        turnover=_running(np.add, auction * opened[0], whole(lots * mean)),
        day_open=_first_known(start, np.where(traded, opened, 0)),
        day_high=_running(np.maximum, start, np.where(traded, high, 0)),
        day_low=_running(np.minimum, np.where(begun, start, NO_LOW), np.where(traded, low, NO_LOW)),
        last=_carried(np.where(begun, start, previous), last, traded),
        last_s=_carried(np.full(len(previous), -1), when, traded),
    )  # fmt: skip


def _running(how: np.ufunc, start: Ints, rows: Ints) -> Ints:
    table: Ints = how.accumulate(np.vstack([start, rows]), axis=0)
    return table


def _carried(start: Ints, rows: Ints, known: np.ndarray) -> Ints:
    """Return the last known row before each minute and at the end."""
    table = np.vstack([start, rows])
    at = np.where(known, np.arange(1, len(table))[:, None], 0)
    at = np.maximum.accumulate(np.vstack([np.zeros_like(at[:1]), at]), axis=0)
    carried: Ints = np.take_along_axis(table, at, axis=0)
    return carried


def _first_known(start: Ints, rows: Ints) -> Ints:
    """Return the first row that is not 0 before each minute and at the end."""
    table = np.vstack([start, rows])
    at = np.argmax(table > 0, axis=0)
    first = table[at, np.arange(table.shape[1])]
    seen = np.maximum.accumulate(table > 0, axis=0)
    return np.where(seen, first, 0)
