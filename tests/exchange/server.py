"""The exchange: a server in a thread of its own, driven by a test."""

import asyncio
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from dashboard.core.clock import Clock, SystemClock
from dashboard.core.kite import Endpoints
from dashboard.core.market import TickBatch
from feeds.wire import HEARTBEAT, decode
from tests.exchange.accounts import Accounts
from tests.exchange.faults import Faults
from tests.exchange.market import Market
from tests.exchange.rest import ROUTES, Pace
from tests.exchange.socket import Ticker, part

KEY, SECRET = "kiteapikey001", "exchange-secret-of-a-test-0001"
PATIENCE_S = 30.0


@dataclass
class Exchange:
    """Use it as a context. Everything but `faults` and counts is asked through its methods.

    `sent` holds (connection, message) of every binary message that was really sent, in order,
    heartbeats left out; `attempts` the instants of all handshakes [ns of `clock`].
    """

    market: Market
    clock: Clock = field(default_factory=SystemClock)
    tls: ssl.SSLContext | None = None
    keeps_log: bool = True
    denies: bool = False  # a person who refuses at the sign-in
    faults: Faults = field(default_factory=Faults)
    attempts: list[int] = field(default_factory=list)
    heard: list[tuple[int, str, int]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    open_sockets: list[Ticker] = field(default_factory=list)
    opened: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.clock)
        self.accounts.register(KEY, SECRET)
        self._pace = Pace()
        self._last: dict[int, tuple[TickBatch, int]] = {}
        self._held: list[tuple[Ticker, bytes]] = []
        self._ready, self._stop = threading.Event(), None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.do(lambda: self._stop.set())
        self._thread.join(PATIENCE_S)

    @property
    def endpoints(self) -> Endpoints:
        """Return where it is, as Tezi's settings say it."""
        at = f"{'s' if self.tls else ''}://127.0.0.1:{self.port}"
        return Endpoints(rest=f"http{at}", login=f"http{at}/connect/login", socket=f"ws{at}")

    async def _serve(self) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        routes: list[Any] = [(path, kind, {"exchange": self}) for path, kind in ROUTES]
        app = Application([*routes, (r"/", Ticker, {"exchange": self})], log_function=_quiet)
        server = HTTPServer(app, ssl_options=self.tls)
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        self._ready.set()
        await self._stop.wait()
        server.stop()
        for one in list(self.open_sockets):
            one.close()
        await server.close_all_connections()

    def do(self, action: Callable[[], Any]) -> Any:
        """Run something in the exchange's thread and return what it returns."""

        async def run() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(PATIENCE_S)

    # -- what the handlers ask ----------------------------------------------------------------

    def paced(self, route: str) -> bool:
        return self._pace.allows(route, self.clock.monotonic())

    def note(self, number: int, message: bytes) -> None:
        if self.keeps_log:
            self.sent.append((number, message))

    def send_last(self, socket: Ticker, tokens: Iterable[int]) -> None:
        """Send what is known of instruments that were just subscribed, as Kite does."""
        if self.faults.mute or self.faults.no_ticks:
            return
        known = [self._last[int(t)] for t in tokens if int(t) in self._last]
        for batch in {id(b): b for b, _ in known}.values():
            rows = [at for b, at in known if b is batch]
            message = socket.ticks(part(batch, np.array(rows)))
            if message is not None:
                socket.say(message)

    # -- what a test does -----------------------------------------------------------------------

    def push(self, payload: bytes) -> int:
        """Send a whole market's message to whoever subscribed; return to how many it went."""
        return int(self.do(lambda: self._push(decode(payload))))

    def heartbeat(self) -> None:
        """Send one to everybody."""
        self.do(lambda: [one.say(HEARTBEAT) for one in self.open_sockets if not self.faults.mute])

    def postback(self, data: dict[str, Any], kind: str = "order") -> None:
        """Send a text message to everybody."""
        text = json.dumps({"type": kind, "data": data})
        self.do(lambda: [one.say(text) for one in self.open_sockets])

    def drop(self, number: int | None = None) -> None:
        """Close a connection without a word, or all of them."""
        self.do(
            lambda: [
                one.ws_connection.stream.close()
                for one in list(self.open_sockets)
                if number in (None, one.number)
            ]
        )

    def freeze(self, number: int) -> None:
        """Let a connection be half-open from now on."""
        self.do(
            lambda: [setattr(o, "is_frozen", True) for o in self.open_sockets if o.number == number]
        )

    def kill_tokens(self, api_key: str = "") -> None:
        """Let access tokens die, as at 06:00: sockets close, the next handshake is refused."""

        def kill() -> None:
            self.accounts.kill(api_key)
            for one in list(self.open_sockets):
                if api_key in ("", one.api_key):
                    one.ws_connection.stream.close()

        self.do(kill)

    def subscribed(self) -> set[int]:
        """Return all instruments that somebody subscribed."""
        return set(self.do(lambda: {token for one in self.open_sockets for token in one.modes}))

    # -- inside -----------------------------------------------------------------------------------

    def _push(self, batch: TickBatch) -> int:
        if self.faults.skew_s:
            batch = replace(batch, exchange_time=batch.exchange_time + self.faults.skew_s)
        for at, token in enumerate(batch.token.tolist()):
            self._last[token] = batch, at
        for token, price in zip(batch.token.tolist(), batch.last_price.tolist(), strict=True):
            self.market.prices[token] = price
        count = 0
        if self.faults.mute or self.faults.no_ticks:
            return 0
        for one in list(self.open_sockets):
            message = one.ticks(batch)
            if message is not None:
                count += 1
                self._send(one, message)
        return count

    def _send(self, socket: Ticker, message: bytes) -> None:
        faults = self.faults
        if faults.cut:
            message = message[: -faults.cut]
        if faults.swap:
            self._held.append((socket, message))
            if len(self._held) == 2:
                for one, held in reversed(self._held):
                    one.say(held)
                self._held.clear()
            return
        if faults.pause_s:
            self.loop.call_later(faults.pause_s, socket.say, message)
            return
        socket.say(message)
        if faults.duplicate:
            socket.say(message)


def _quiet(_handler: object) -> None:
    """Log no request."""
