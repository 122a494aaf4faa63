"""Load: so many instruments, so many ticks a second each, in real time."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dashboard.core.clock import SECOND_NS, Clock
from dashboard.core.market import DEPTH_DTYPE, Instrument, Kind, TickBatch
from feeds.wire import encode
from tests.exchange.server import Exchange
from tests.exchange.socket import part

INDEX_FULL, FULL = 32, 184


@dataclass
class Load:
    """Send every instrument `rate` ticks a second in `messages` messages a second."""

    exchange: Exchange
    clock: Clock
    instruments: Sequence[Instrument]
    rate: float = 1.5
    messages: int = 4
    sent: int = 0  # messages to all connections
    stopping: threading.Event = field(default_factory=threading.Event)
    late_s: float = 0.0  # the longest that a message was sent after its time
    _volume: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._draw = np.random.default_rng(1)
        count = len(self.instruments)
        self._volume = np.zeros(count)
        prices = self.exchange.market.prices
        self._price = np.array([prices.get(one.token, 120.0) for one in self.instruments])
        self._token = np.array([one.token for one in self.instruments], dtype=np.int64)
        index = np.array([one.kind is Kind.INDEX for one in self.instruments])
        self._length = np.where(index, INDEX_FULL, FULL).astype(np.uint8)
        self._trades = ~index

    def run(self, seconds: float) -> None:
        """Send for that long."""
        step, start = 1 / self.messages, time.monotonic()
        for number in range(round(seconds * self.messages)):
            due = start + number * step
            if self.stopping.wait(max(0.0, due - time.monotonic())):
                return
            self.late_s = max(self.late_s, time.monotonic() - due)
            self.sent += self.exchange.push(encode(self._batch()))
            if number % self.messages == 0:
                self.exchange.heartbeat()

    def _batch(self) -> TickBatch:
        count = len(self.instruments)
        chosen = self._draw.random(count) < self.rate / self.messages
        chosen[self._draw.integers(count)] = True
        self._price[chosen] += np.round(self._draw.normal(0, 0.5, chosen.sum()) * 20) / 20
        self._volume[chosen & self._trades] += 65
        now = np.full(count, self.clock.now_ns() // SECOND_NS, dtype=np.int64)
        zero, price = np.zeros(count), np.maximum(self._price, 0.05)
        depth = np.zeros((count, 10), dtype=DEPTH_DTYPE)
        depth["price"][:, 0] = np.round((price - 0.05) * 100).clip(5)
        depth["price"][:, 5] = np.round((price + 0.05) * 100)
        return part(
            TickBatch(
                token=self._token,
                length=self._length,
                last_price=price,
                last_quantity=zero + 65,
                average_price=price,
                day_volume=self._volume.copy(),
                buy_quantity=zero,
                sell_quantity=zero,
                open=price,
                high=price,
                low=price,
                close=price,
                change=zero,
                last_trade_time=now,
                oi=zero + 65_000,
                oi_day_high=zero,
                oi_day_low=zero,
                exchange_time=now,
                depth=depth,
            ),
            chosen,
        )
