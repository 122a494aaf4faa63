"""Everything real but the exchange and the clock: what a process starts, in one thread.

The exchange sends a message every five seconds of a clock that the test pushes; the client,
the pool, the sessions, the recording and the scheduler are the real ones.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import requests

from dashboard.composition import make_tools
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, ManualClock, from_ns, to_ns
from dashboard.core.ports import BAR_DTYPE
from dashboard.desk_room import DeskRoom
from dashboard.kite_history import KiteHistory
from dashboard.live_recording import LiveRecording
from dashboard.operations.filling import CandleFiller
from dashboard.operations.kite_session import KiteSessions
from dashboard.operations.reconcile import CandleReconciler
from dashboard.operations.scheduler import Parts, Scheduler
from dashboard.pipeline.desks import Desks
from dashboard.settings import Mode
from feeds.contracts import Contracts
from feeds.kite import KitePool
from feeds.kite_rest import KiteRest
from feeds.mock.feed import MockFeed
from feeds.wire import HEARTBEAT, decode
from storage.contracts import SqlContracts
from storage.journal import SqlJournal
from storage.kite_grants import SqlGrants
from storage.leases import SqlLease
from storage.schema import open_database
from storage.sealing import load_key
from storage.store import SqlStore
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.pipeline.frames import DAY, instant, seconds

COLUMNS = ("open", "high", "low", "close", "volume", "oi")
STEP_S = 5
LATE_S = 5  # after a minute's end its bar is final: a trade of it told later is late
STRIKES, EXPIRIES = 4, 1  # of each underlying: a day in a minute and a half
PATIENCE_S = 60.0


class Told:
    """A notifier that remembers."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, title: str, text: str) -> None:
        self.told.append(title)


@dataclass
class OwnBars:
    """The exchange's own one-minute bars, made of what it sends and of nothing else."""

    bars: dict[int, dict[int, list[float]]] = field(default_factory=dict)
    volume: dict[int, float] = field(default_factory=dict)
    opens: frozenset[int] = frozenset(seconds(at) for at in ("09:15:00",))

    def see(self, payload: bytes, now_s: int) -> None:
        """Take in a message that is sent at `now_s`."""
        ticks = decode(payload)
        names = (
            *("token", "exchange_time", "last_trade_time", "last_price"),
            *("day_volume", "open", "oi"),
        )
        for token, exchange_s, traded_s, price, volume, day_open, oi in zip(
            *(getattr(ticks, name).tolist() for name in names), strict=True
        ):
            grew = volume - self.volume.get(token, 0.0) if volume == volume else 0.0
            # a trade that is told after its bar is final goes to the bar of the message
            is_final = now_s - (traded_s // 60 * 60 + 60) >= LATE_S
            at = traded_s if grew > 0 and traded_s > 0 and not is_final else exchange_s
            minute = at // 60 * 60
            if seconds("09:15:00") <= minute < seconds("15:40:00"):
                self._add(token, minute, price, grew, day_open, oi)
            if volume == volume:
                self.volume[token] = max(volume, self.volume.get(token, 0.0))

    def _add(
        self, token: int, minute: int, price: float, grew: float, day_open: float, oi: float
    ) -> None:
        own = self.bars.setdefault(token, {})
        if minute not in own:
            first = day_open if minute in self.opens and day_open > 0 else price
            own[minute] = [first, max(first, price), min(first, price), price, grew, oi]
            return
        bar = own[minute]
        bar[1:] = max(bar[1], price), min(bar[2], price), price, bar[4] + grew, oi

    def candles(self, token: int) -> np.ndarray:
        own = self.bars.get(token, {})
        found = np.zeros(len(own), dtype=BAR_DTYPE)
        for at, (minute, bar) in enumerate(sorted(own.items())):
            found["token"][at], found["start"][at] = token, minute
            for name, value in zip(COLUMNS, bar, strict=True):
                found[name][at] = value
        return found


class House:
    """Everything real but the exchange and the clock; jobs run within the look that asks."""

    def __init__(self, home: Path, at: str = "08:45:00") -> None:
        self.clock = ManualClock(instant(at))
        self.feed = MockFeed(DAY, 1, load_calendar())
        self.market = Market(self.feed.universe.instruments)
        self.market.prices = {
            one.token: 24_500.0 if one.underlying == "NIFTY" else 55_000.0
            for one in self.feed.universe.instruments
            if one.expiry is None
        }
        self.exchange = Exchange(self.market, self.clock)
        self.own = OwnBars()
        self.database = open_database(f"sqlite:///{home / 'tezi.sqlite'}")
        self.tools = make_tools(SqlStore(self.database))
        self.key = load_key(home)
        self.notifier = Told()

    def open(self) -> None:
        """Start what a process starts."""
        endpoints = self.exchange.endpoints
        self.api = KiteRest(KEY, SECRET, self.clock, endpoints, sleep=self.clock.advance)
        self.sessions = KiteSessions(
            {KEY: self.api}, SqlGrants(self.database, self.key), self.clock
        )
        self.desks = Desks(self.tools, self.clock)
        self.recording = LiveRecording(self.desks, self.clock)
        self.room = DeskRoom(self.desks, self.tools.store, Mode.LIVE, self.recording)
        contracts = Contracts(SqlContracts(self.database), self.tools.calendar, STRIKES, EXPIRIES)
        self.taken = 0
        self.pool = KitePool(
            self.clock,
            self._take,
            self.sessions.confirmed,
            self.sessions.refused,
            endpoints,
        )
        parts = Parts(
            {KEY: self.api},
            self.sessions,
            contracts,
            KiteHistory(self.tools, contracts),
            self.pool,
            self.recording,
            CandleFiller(),
            CandleReconciler(self.tools.store, self.clock),
            self.notifier,
            SqlLease(self.database, self.clock, "kite", f"house {id(self)}"),
            SqlJournal(self.database, self.clock),
        )
        self.scheduler = Scheduler(self.clock, self.tools.calendar, parts, run=lambda work: work())
        self.frames = self.feed.frames(self.clock.now_ns())
        self.next = next(self.frames)

    def _take(self, frame) -> None:
        self.recording.take(frame)
        self.taken += 1

    def close(self) -> None:
        self.scheduler.stop()
        self.recording.close()
        self.desks.close_all()
        eventually(
            lambda: self.exchange.do(lambda: not self.exchange.open_sockets), lambda: "it hangs up"
        )
        self.database.close()

    def __str__(self) -> str:
        now = from_ns(self.clock.now_ns())
        desk = self.desks.shared
        return (
            f"{now:%H:%M:%S} {self.pool.connections()} heard {self.exchange.heard[-6:]} "
            f"attempts {len(self.exchange.attempts)} desk {desk and (desk.status, desk.error)}"
        )

    # -- time -------------------------------------------------------------------------------

    def until(self, clock: str, *, sends: bool = True) -> None:
        """Let time pass second by second; the exchange sends, and the scheduler looks."""
        end_ns = to_ns(instant(clock))
        while self.clock.now_ns() < end_ns:
            self.clock.advance(1)
            if sends and self.clock.now_ns() // SECOND_NS % STEP_S == 0:
                self.send()
            self.scheduler.tick()
            self.room.wait_for_a_day()
            self.settle()
            self.catch_up()

    def send(self) -> None:
        """Send the market's latest message and a heartbeat, and wait until they have come."""
        came = [HEARTBEAT, HEARTBEAT]
        while self.next is not None and self.next.received_ns <= self.clock.now_ns():
            came += [self.next.payload] if len(self.next.payload) > 1 else []
            self.next = next(self.frames, None)
        # India VIX is in every second message: the last one and the one before take turns
        payload = came[-1 - self.clock.now_ns() // SECOND_NS // STEP_S % 2]
        sockets = len(self.exchange.open_sockets)
        before, expected = self.taken, 0
        if payload != HEARTBEAT:
            self.own.see(payload, self.clock.now_ns() // SECOND_NS)
            expected += self.exchange.push(payload)
        if sockets:
            self.exchange.heartbeat()
            expected += len(self.exchange.open_sockets)
        eventually(
            lambda: self.taken >= before + expected,
            lambda: f"{expected} messages come, {self.taken - before} came: {self}",
        )

    def settle(self) -> None:
        """Wait until the client's thread has done what it was asked for: time is pushed here."""
        done = threading.Event()
        self.pool._run(done.set)
        assert done.wait(PATIENCE_S)

    def catch_up(self) -> None:
        """Let the desk come near the clock, as it does by itself in real time."""
        desk = self.desks.shared
        if self.recording.day is None or desk is None or desk.status != "playing":
            return
        near = self.clock.now_ns() - 30 * SECOND_NS
        eventually(
            lambda: desk.pace.at_ns >= near or desk.status != "playing",
            lambda: f"the desk follows: {self}",
        )

    # -- a person ---------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Do the one click of the day, at Kite's own page."""
        self.exchange.accounts.apps[KEY].redirect = "http://127.0.0.1:9/kite/callback"
        url = self.sessions.begin_sign_in("", "owner")
        reply = requests.get(url, allow_redirects=False, timeout=PATIENCE_S)
        came = parse_qs(urlsplit(reply.headers["Location"]).query)
        self.sessions.complete(came["request_token"][0], came["state"][0], "owner")


def eventually(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    waited = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, what()
        waited.wait(0.0005)
