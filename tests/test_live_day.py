"""A whole trading day, 08:45 to 15:50, through the real client and the real scheduler.

The exchange sends a message every five seconds of a clock that the test pushes; the client,
the pool, the sessions, the recording and the scheduler are the real ones.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests

from dashboard.composition import make_tools
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, ManualClock, from_ns, to_ns
from dashboard.core.kite import SessionState
from dashboard.core.market import TIMEFRAMES, Source
from dashboard.core.ports import BAR_DTYPE
from dashboard.desk_room import DeskRoom
from dashboard.kite_history import KiteHistory
from dashboard.live_recording import LiveRecording
from dashboard.operations.filling import CandleFiller
from dashboard.operations.kite_session import KiteSessions
from dashboard.operations.reconcile import CandleReconciler
from dashboard.operations.scheduler import Parts, Scheduler
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.desks import Desks
from dashboard.pipeline.replaying import replay_day
from dashboard.settings import Mode
from feeds.contracts import Contracts
from feeds.kite import KitePool
from feeds.kite_rest import KiteRest
from feeds.mock.feed import MockFeed
from feeds.wire import HEARTBEAT, decode
from storage.contracts import SqlContracts
from storage.journal import SqlJournal
from storage.kite_grants import SqlGrants, load_key
from storage.leases import SqlLease
from storage.schema import open_database
from storage.store import SqlStore
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.pipeline.frames import DAY, instant, seconds

STEP_S = 5
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

    def see(self, payload: bytes) -> None:
        ticks = decode(payload)
        names = ("token", "exchange_time", "last_trade_time", "last_price", "day_volume", "open")
        for token, exchange_s, traded_s, price, volume, day_open in zip(
            *(getattr(ticks, name).tolist() for name in names), strict=True
        ):
            grew = volume - self.volume.get(token, 0.0) if volume == volume else 0.0
            at = traded_s if grew > 0 and traded_s > 0 else exchange_s
            minute = at // 60 * 60
            if seconds("09:15:00") <= minute < seconds("15:40:00"):
                self._add(token, minute, price, grew, day_open)
            if volume == volume:
                self.volume[token] = max(volume, self.volume.get(token, 0.0))

    def _add(self, token: int, minute: int, price: float, grew: float, day_open: float) -> None:
        own = self.bars.setdefault(token, {})
        if minute not in own:
            first = day_open if minute in self.opens and day_open > 0 else price
            own[minute] = [first, max(first, price), min(first, price), price, grew]
            return
        bar = own[minute]
        bar[1:] = max(bar[1], price), min(bar[2], price), price, bar[4] + grew

    def candles(self, token: int) -> np.ndarray:
        own = self.bars.get(token, {})
        found = np.zeros(len(own), dtype=BAR_DTYPE)
        for at, (minute, bar) in enumerate(sorted(own.items())):
            found["token"][at], found["start"][at] = token, minute
            for name, value in zip(("open", "high", "low", "close", "volume"), bar, strict=True):
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
            self.catch_up()

    def send(self) -> None:
        """Send the market's latest message and a heartbeat, and wait until they have come."""
        payload = HEARTBEAT
        while self.next is not None and self.next.received_ns <= self.clock.now_ns():
            payload = self.next.payload if len(self.next.payload) > 1 else payload
            self.next = next(self.frames, None)
        sockets = len(self.exchange.open_sockets)
        before, expected = self.taken, 0
        if payload != HEARTBEAT:
            self.own.see(payload)
            expected += self.exchange.push(payload)
        if sockets:
            self.exchange.heartbeat()
            expected += len(self.exchange.open_sockets)
        eventually(
            lambda: self.taken >= before + expected,
            lambda: f"{expected} messages come, {self.taken - before} came: {self}",
        )

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


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    with made.exchange:
        made.open()
        yield made
        made.close()


def test_a_whole_day_through_the_real_client_and_the_real_scheduler(house: House):
    house.until("08:50:30", sends=False)
    assert house.notifier.told == ["Tezi needs your sign-in to Kite"]
    house.sign_in()
    assert house.sessions.statuses()[0].state is SessionState.VALID
    house.until("15:44:55")
    for one in house.feed.universe.instruments:
        house.market.candles[one.token] = house.own.candles(one.token)
    house.until("15:50:00")

    said = {one.what: f"{from_ns(one.at_ns):%H:%M:%S}" for one in house.scheduler.diary.entries}
    phases = {what.split(":")[0]: at for what, at in said.items() if ": Market" in what}
    assert phases == {
        "closed": "08:45:01",
        "token check": "08:50:00",
        "preparing": "08:55:00",
        "pre-open": "09:00:00",
        "continuous": "09:15:00",
        "closing auction": "15:15:00",
        "derivatives": "15:35:00",
        "settling": "15:40:00",
        "finished": "15:45:00",
    }
    assert house.scheduler.status().problems == ()

    tape = list(house.tools.store.frames(DAY, Source.LIVE))
    ticks = [frame.payload for frame in tape if len(frame.payload) > 1]
    assert ticks == [payload for _, payload in house.exchange.sent]
    assert len(ticks) > 4_000
    summary = house.tools.store.day(DAY)
    assert (summary.gaps, summary.prepared, summary.source) == ((), True, Source.RECORDED)

    universe = house.tools.store.universe(DAY, Source.LIVE)
    tokens = [t for t in followed(universe, DAY) if universe.rows(np.array([t]))[0] >= 0]
    stored = house.tools.store.bars(DAY, Source.LIVE, tokens, "1m", seconds("16:00:00"))
    assert len(tokens) == 10
    for token in tokens:
        names = ["start", "open", "high", "low", "close"]
        regular = stored[token]
        theirs = house.own.candles(token)
        theirs = theirs[np.isin(theirs["start"], regular["start"])]
        assert len(regular) >= 360
        assert regular[names].tolist() == theirs[names].tolist(), token
    (report,) = house.scheduler.status().reports
    assert report.figures["Different"] == 0
    assert report.figures["Equal"] > 3_000

    assert house.exchange.accounts.logins == 1
    assert house.exchange.opened == 1
    said_live = house.tools.store.readings(DAY, Source.LIVE)
    assert len(said_live) > 20_000
    assert {row["timeframe"] for row in said_live} == set(TIMEFRAMES)
    replay_day(house.tools, DAY, Source.RECORDED)  # writes the same rows anew
    assert house.tools.store.readings(DAY, Source.RECORDED) == said_live


def test_started_in_mid_session_after_a_kill_it_goes_on_with_the_same_tape(tmp_path: Path):
    first = House(tmp_path, "09:14:00")
    with first.exchange:
        first.open()
        first.sign_in()
        first.until("09:20:00")
        first.close()
        count = len(first.exchange.sent)
        assert count > 60
        second = House(tmp_path, "09:24:00")
        second.exchange, second.market = first.exchange, first.market
        second.exchange.clock = second.exchange.accounts.clock = second.clock
        for one in first.feed.universe.instruments:
            second.market.candles[one.token] = first.own.candles(one.token)
        second.open()
        second.own = first.own
        second.until("09:30:00")
        second.recording.finish()
        tape = list(second.tools.store.frames(DAY, Source.LIVE))
        ticks = [frame.payload for frame in tape if len(frame.payload) > 1 and frame.connection < 9]
        assert ticks == [payload for _, payload in first.exchange.sent]
        (gap,) = second.tools.store.day(DAY).gaps
        assert gap.reason == "Tezi was not recording"
        second.close()
