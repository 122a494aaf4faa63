"""Ticks of a whole day as Kite's messages: one message a second, with all that it brought.

All ticks of a stretch are encoded at once and the packets cut into messages, which is some
forty times faster than a batch for every second.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import SECOND_NS
from dashboard.core.market import DEPTH_DTYPE, Floats, Frame, Ints, TickBatch
from feeds.wire import HEARTBEAT, encode

INDEX_PACKET, FULL_PACKET = 32, 184
MOST_TICKS = 20_000  # encoded at once: about 10 MB
_COUNT_BYTES, _LENGTH_BYTES = 2, 2


@dataclass(frozen=True, slots=True)
class Ticks:
    """Columns of equal length n, ordered by time, at most one tick a token and second.

    Prices are INR; quantities are units; times are seconds since the epoch. What a packet
    must carry and the file does not know is 0, as Kite itself writes it.
    """

    time: Ints
    token: Ints
    length: npt.NDArray[np.uint8]
    price: Floats
    day_volume: Floats
    oi: Floats
    open: Floats
    high: Floats
    low: Floats
    last_trade_time: Ints
    depth: npt.NDArray[np.void] | None = None  # (n, 10) of DEPTH_DTYPE

    def __len__(self) -> int:
        return len(self.time)


def opening(before_s: int, connection: int) -> Frame:
    """Return a heartbeat in the second before the open: volume is then counted from 0."""
    return Frame((before_s - 1) * SECOND_NS, connection, HEARTBEAT)


def reopening(before_s: int, connection: int) -> Frame:
    """Return the mark of a connection opened in mid-session: volume has no known base."""
    return Frame((before_s - 1) * SECOND_NS, connection, b"")


def frames(ticks: Ticks, connection: int) -> Iterator[list[Frame]]:
    """Yield the day's messages in parts, received at their exchange time."""
    starts = np.flatnonzero(np.diff(ticks.time, prepend=-1))
    ends = np.append(starts[1:], len(ticks))
    first = 0
    while first < len(starts):
        last = int(np.searchsorted(ends, starts[first] + MOST_TICKS, side="right"))
        last = max(last, first + 1)  # a second that is larger than that goes alone
        yield _messages(ticks, starts[first:last], ends[first:last], connection)
        first = last


def _messages(ticks: Ticks, starts: Ints, ends: Ints, connection: int) -> list[Frame]:
    begin, end = int(starts[0]), int(ends[-1])
    packets = encode(_batch(ticks, slice(begin, end)))
    size = ticks.length[begin:end].astype(np.int64) + _LENGTH_BYTES
    edges = np.concatenate([[_COUNT_BYTES], _COUNT_BYTES + np.cumsum(size)])
    result = []
    for start, stop in zip(starts.tolist(), ends.tolist(), strict=True):
        body = packets[edges[start - begin] : edges[stop - begin]]
        payload = (stop - start).to_bytes(_COUNT_BYTES, "big") + body
        result.append(Frame(int(ticks.time[start]) * SECOND_NS, connection, bytes(payload)))
    return result


def _batch(ticks: Ticks, part: slice) -> TickBatch:
    zero = np.zeros(part.stop - part.start)
    depth = ticks.depth[part] if ticks.depth is not None else None
    if depth is None and (ticks.length[part] == FULL_PACKET).any():
        depth = np.zeros((len(zero), 10), dtype=DEPTH_DTYPE)
    return TickBatch(
        token=ticks.token[part],
        length=ticks.length[part],
        last_price=ticks.price[part],
        last_quantity=zero,
        average_price=zero,
        day_volume=ticks.day_volume[part],
        buy_quantity=zero,
        sell_quantity=zero,
        open=ticks.open[part],
        high=ticks.high[part],
        low=ticks.low[part],
        close=zero,
        change=zero,
        last_trade_time=ticks.last_trade_time[part],
        oi=ticks.oi[part],
        oi_day_high=zero,
        oi_day_low=zero,
        exchange_time=ticks.time[part],
        depth=depth,
    )
