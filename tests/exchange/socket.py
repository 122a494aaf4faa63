"""Kite's WebSocket: subscriptions, modes, binary ticks, heartbeats."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.core.market import TickBatch
from feeds.wire import HEARTBEAT, encode

if TYPE_CHECKING:
    from tests.exchange.server import Exchange

MOST_TOKENS, MOST_CONNECTIONS = 3000, 3
LENGTHS = {"full": (184, 32), "quote": (44, 28), "ltp": (8, 8)}  # of contracts, of indices
INDEX_LENGTHS = (28, 32)


class Ticker(WebSocketHandler):
    """One connection of a client. `number` counts all connections there ever were."""

    def initialize(self, exchange: "Exchange") -> None:
        self.exchange = exchange
        self.number = -1
        self.modes: dict[int, str] = {}
        self.is_frozen = False
        self._tokens = np.empty(0, dtype=np.int64)

    def check_origin(self, origin: str) -> bool:
        return True

    async def prepare(self) -> None:
        exchange = self.exchange
        self.api_key = self.get_query_argument("api_key", "")
        exchange.attempts.append(exchange.clock.now_ns())
        known = exchange.accounts.knows(self.api_key, self.get_query_argument("access_token", ""))
        others = [one for one in exchange.open_sockets if one.api_key == self.api_key]
        if exchange.faults.refuse or not known:
            self.set_status(403)
            self.finish("Forbidden")
        elif len(others) >= MOST_CONNECTIONS:
            self.set_status(429)
            self.finish("Too many connections")

    def open(self, *_: str) -> None:
        self.number = self.exchange.opened
        self.exchange.opened += 1
        self.exchange.open_sockets.append(self)
        self.set_nodelay(True)
        self._freeze_when_told()

    def _freeze_when_told(self) -> None:
        """Let nothing out while frozen, answers to pings included."""
        connection: Any = self.ws_connection
        write = connection._write_frame

        def guarded(*words: Any, **more: Any) -> Any:
            if self.is_frozen or self.exchange.faults.half_open:
                done = self.exchange.loop.create_future()
                done.set_result(None)
                return done
            return write(*words, **more)

        connection._write_frame = guarded

    def on_close(self) -> None:
        if self in self.exchange.open_sockets:
            self.exchange.open_sockets.remove(self)

    def on_message(self, message: str | bytes) -> None:
        word = json.loads(message)
        action, value = word["a"], word["v"]
        self.exchange.heard.append((self.number, action, len(value)))
        if action == "subscribe":
            self._subscribe([int(token) for token in value])
        elif action == "unsubscribe":
            for token in value:
                self.modes.pop(int(token), None)
        elif action == "mode":
            mode, tokens = value
            for token in tokens:
                if int(token) in self.modes:
                    self.modes[int(token)] = mode
        self._tokens = np.array(sorted(self.modes), dtype=np.int64)
        if action in ("subscribe", "mode"):
            self.exchange.send_last(self, value if action == "subscribe" else value[1])

    def _subscribe(self, tokens: list[int]) -> None:
        if len(self.modes | dict.fromkeys(tokens, "quote")) > MOST_TOKENS:
            self.say(json.dumps({"type": "error", "data": f"over {MOST_TOKENS} instruments"}))
            return
        for token in tokens:
            self.modes.setdefault(token, "quote")

    def ticks(self, batch: TickBatch) -> bytes | None:
        """Return the message with those ticks that this connection subscribed, None if none."""
        mine = np.isin(batch.token, self._tokens)
        if not mine.any():
            return None
        batch = part(batch, mine)
        index = np.isin(batch.length, INDEX_LENGTHS)
        wanted = [
            LENGTHS[self.modes[int(t)]][int(i)] for t, i in zip(batch.token, index, strict=True)
        ]
        length = np.minimum(np.array(wanted, dtype=np.uint8), batch.length)
        return encode(replace(batch, length=length))

    def say(self, message: bytes | str) -> None:
        try:
            self.write_message(message, binary=isinstance(message, bytes))
        except WebSocketClosedError:
            return
        if isinstance(message, bytes) and message != HEARTBEAT:
            self.exchange.note(self.number, message)


def part(batch: TickBatch, kept: np.ndarray) -> TickBatch:
    """Return some of a batch's ticks."""
    columns = {n: v[kept] for n in batch.__slots__ if (v := getattr(batch, n)) is not None}
    return replace(batch, **columns)
