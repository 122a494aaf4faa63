"""From the state of a minute to Kite's messages, many packets at a time.

The packets of a minute are written into one table in the layout of the wire and cut into
messages, because a batch for each message would cost ten times as much. Indices come
first in a message.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dashboard.core.market import DEPTH_DTYPE, INDICES, Ints
from feeds.mock.book import SIDE, Book, gaps
from feeds.mock.day import QUOTED, Plan
from feeds.mock.grid import SLOTS
from feeds.mock.ticks import MinuteTicks
from feeds.mock.units import TICK_PAISE
from feeds.packets import FIELDS, FULL

INDEX_FULL = 32
LEVEL = np.arange(SIDE)
TOKENS = np.array([INDICES[name].token for name in QUOTED])
_Records = npt.NDArray[np.void]
_Bools = npt.NDArray[np.bool_]
_AT = {name: at for at, name in enumerate(FIELDS[FULL])}


def _record(kind: int, *depth: tuple[str, np.dtype[np.void], tuple[int]]) -> np.dtype[np.void]:
    """Return a packet with its length before it."""
    return np.dtype([("length", ">u2"), ("words", ">u4", (len(FIELDS[kind]),)), *depth])


_FULL = _record(FULL, ("depth", DEPTH_DTYPE, (2 * SIDE,)))
_INDEX = _record(INDEX_FULL)


class Printer:
    """Write packets of one day; it keeps one table and fills it again for each minute."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self._plan = plan
        self._book = book
        contracts = plan.contracts
        self._table = np.zeros((SLOTS, len(contracts)), _FULL)
        self._table["length"] = FULL
        words = self._table["words"]
        words[..., _AT["token"]] = contracts.token
        words[..., _AT["close"]] = plan.previous * TICK_PAISE

    def traded(self, ticks: MinuteTicks, t: int, slot: Ints, second: Ints) -> _Records:
        """Return the packets of traded minute `t` that are sent, in order of slots."""
        lot = self._plan.contracts.lot
        words = self._table["words"]
        for name, value in (
            ("last_price", ticks.last * TICK_PAISE),
            ("last_quantity", ticks.last_lots * lot),
            ("average_price", np.rint(ticks.average * TICK_PAISE)),
            ("day_volume", ticks.volume * lot),
            ("open", ticks.open * TICK_PAISE),
            ("high", ticks.high * TICK_PAISE),
            ("low", ticks.low * TICK_PAISE),
            ("last_trade_time", self._trade_time(ticks.last_s)),
            ("oi", ticks.oi * lot),
            ("exchange_time", second[:, None]),
        ):
            words[..., _AT[name]] = value
        self._oi_range(t, ticks.oi)
        bids, asks = self._book.waiting(slot)
        words[..., _AT["buy_quantity"]] = bids
        words[..., _AT["sell_quantity"]] = asks
        self._depth(ticks, t, slot)
        return self._table[ticks.sent]

    def quiet(self, sent: _Bools, second: Ints, auction: bool) -> _Records:
        """Return packets of slots without trading: yesterday's close, and an empty book.

        With `auction`, what futures traded in their opening auction is in them.
        """
        plan, lot = self._plan, self._plan.contracts.lot
        m = plan.minutes
        begun = (m.volume[0] > 0) & auction
        rows, column = np.nonzero(sent)
        table = np.zeros(len(rows), _FULL)
        table["length"] = FULL
        price = np.where(begun, m.last[0], plan.previous) * TICK_PAISE
        traded_s = np.where(begun, plan.grid.traded_start_s[0] - 180, plan.before.close_s - 1)
        words = {
            "token": plan.contracts.token,
            "last_price": price,
            "last_quantity": np.where(begun, lot, 0),
            "average_price": np.where(begun, price, 0),
            "day_volume": np.where(begun, m.volume[0] * lot, 0),
            **{name: np.where(begun, price, 0) for name in ("open", "high", "low")},
            "close": plan.previous * TICK_PAISE,
            "last_trade_time": traded_s,
            **dict.fromkeys(("oi", "oi_day_high", "oi_day_low"), plan.oi_before * lot),
        }
        for name, value in words.items():
            table["words"][:, _AT[name]] = value[column]
        table["words"][:, _AT["exchange_time"]] = second[rows]
        return table

    def _trade_time(self, last_s: Ints) -> Ints:
        return np.where(last_s < 0, self._plan.before.close_s - 1, last_s)

    def _oi_range(self, t: int, oi: Ints) -> None:
        seen = np.vstack([self._plan.oi_before, self._plan.oi[:t]])
        lot, words = self._plan.contracts.lot, self._table["words"]
        words[..., _AT["oi_day_high"]] = np.maximum(oi, seen.max(axis=0)) * lot
        words[..., _AT["oi_day_low"]] = np.minimum(oi, seen.min(axis=0)) * lot

    def _depth(self, ticks: MinuteTicks, t: int, slot: Ints) -> None:
        depth = self._table["depth"]
        gap = gaps(self._plan.minutes.spread[t])[:, None] * LEVEL
        quantity, orders = self._book.levels(slot)
        price = np.concatenate([ticks.bid[..., None] - gap, ticks.ask[..., None] + gap], axis=2)
        there = price > 0
        depth["quantity"] = quantity * there
        depth["price"] = price * there * TICK_PAISE
        depth["orders"] = orders * there


def index_packets(
    price: Ints, high: Ints, low: Ints, opened: Ints, close: Ints, second: Ints
) -> _Records:
    """Return the packets of the four indices, (s, 4); prices in paise, (4, s) or (4, 1)."""
    table = np.zeros((price.shape[1], len(TOKENS)), _INDEX)
    table["length"] = INDEX_FULL
    change = (price - close) & 0xFFFFFFFF  # negative as two's complement
    columns: tuple[Ints, ...] = (price, high, low, opened, close, change)
    table["words"][..., 0] = TOKENS
    for at, column in enumerate(columns, start=1):
        table["words"][..., at] = column.T
    table["words"][..., 7] = second[:, None]
    return table


def messages(
    index: _Records, index_sent: _Bools, packets: _Records, sent: _Bools
) -> Iterator[tuple[int, bytes]]:
    """Yield each slot's number and message, where there is one.

    `packets` are those of `sent` in order; `index`, (s, 4), is all of them.
    """
    quotes, contracts = index[index_sent].tobytes(), packets.tobytes()
    many = np.count_nonzero(sent, axis=1)
    few = np.count_nonzero(index_sent, axis=1)
    to = np.cumsum(many) * packets.itemsize
    end = np.cumsum(few) * index.itemsize
    a = b = 0
    for slot, count in enumerate((many + few).tolist()):
        if count:
            body = quotes[a : end[slot]], contracts[b : to[slot]]
            yield slot, b"".join((count.to_bytes(2, "big"), *body))
        a, b = end[slot], to[slot]
