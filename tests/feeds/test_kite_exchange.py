"""Pool and REST at the exchange that speaks Kite's protocols, over a day and its faults."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests

from dashboard.core.clock import IST, ManualClock, SystemClock
from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError
from dashboard.core.kite import Grant
from dashboard.core.market import INDICES, Frame
from dashboard.core.ports import BAR_DTYPE
from feeds.kite import KitePool
from feeds.kite_rest import KiteRest
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.feeds.messages import full, index, message

PATIENCE_S = 30.0
MORNING = datetime(2026, 8, 18, 9, 20, tzinfo=IST)
NIFTY = 256265
OPENING = 1_787_024_700  # 2026-08-18 09:15 IST


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that another thread does."""
    for _ in range(int(PATIENCE_S / 0.005)):
        if holds():
            return
        time.sleep(0.005)
    pytest.fail(f"it never came: {what}")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


def market() -> Market:
    bars = np.zeros(3, BAR_DTYPE)
    bars["token"], bars["start"] = NIFTY, OPENING + 60 * np.arange(3)
    for name in ("open", "high", "low", "close"):
        bars[name] = [24_500.0, 24_510.0, 24_520.0]
    return Market(tuple(INDICES.values()), candles={NIFTY: bars})


@pytest.fixture
def exchange(clock: ManualClock) -> Iterator[Exchange]:
    with Exchange(market(), clock) as running:
        running.accounts.apps[KEY].redirect = "http://127.0.0.1:9/kite/callback"
        yield running


class Desk:
    """A pool at the exchange."""

    def __init__(self, exchange: Exchange, clock: ManualClock) -> None:
        self.exchange, self.clock = exchange, clock
        self.frames: list[Frame] = []
        self.confirmed: list[str] = []
        self.refused: list[str] = []
        self.pool = KitePool(
            clock,
            self.frames.append,
            self.confirmed.append,
            lambda api_key, _reason: self.refused.append(api_key),
            exchange.endpoints,
            rng=Random(7),  # noqa: S311  no secret is drawn
        )

    def start(self, *tokens: int) -> None:
        self.pool.want("desk", tokens)
        self.sign_in()

    def sign_in(self) -> None:
        token = self.exchange.accounts.grant(KEY)
        self.pool.grant([Grant(KEY, token, "AB1234", self.clock.now_ns())])

    def until_states(self, *states: str) -> None:
        until(lambda: self.states() == list(states), f"{states}: {self.pool.connections()}")

    def states(self) -> list[str]:
        return [status.state for status in self.pool.connections()]

    def until_subscribed(self, count: int) -> None:
        """Wait until full ticks of so many instruments are asked for."""

        def full_ones() -> int:
            modes = [one.modes for one in self.exchange.open_sockets]
            return sum(mode == "full" for each in modes for mode in each.values())

        until(lambda: self.exchange.do(full_ones) == count, f"{count} subscriptions")

    def seconds(self, count: int, payload: bytes = b"", heartbeats: bool = False) -> None:
        """Let time pass: what is sent each second, a look, and time for an attempt to end."""
        for _ in range(count):
            self.clock.advance(1)
            before = len(self.frames)
            if payload:
                sent = self.exchange.push(payload)
                until(lambda: len(self.frames) >= before + sent, "ticks")  # noqa: B023
            if heartbeats:
                self.exchange.heartbeat()
                opened = len(self.exchange.open_sockets)
                until(lambda: len(self.frames) >= before + opened, "heartbeats")  # noqa: B023
            self.pool.check()
            self.settle()

    def settle(self) -> None:
        done: list[None] = []
        self.pool._run(lambda: done.append(None))
        until(lambda: bool(done), "the pool's thread")
        until(lambda: "connecting" not in self.states(), "the end of an attempt")

    def heard(self) -> list[tuple[int, bytes]]:
        return [(f.connection, f.payload) for f in self.frames if len(f.payload) > 1]


@pytest.fixture
def desk(exchange: Exchange, clock: ManualClock) -> Iterator[Desk]:
    made = Desk(exchange, clock)
    yield made
    made.pool.close()
    made.settle()
    until(lambda: not exchange.open_sockets, "hanging up")


# -- the socket -----------------------------------------------------------------------------


def test_frames_are_what_was_sent(desk: Desk, exchange: Exchange):
    desk.start(NIFTY, 11)
    desk.until_subscribed(2)
    for price in range(1, 51):
        exchange.push(message(index(NIFTY, price), full(11, price), full(12, price)))
    until(lambda: len(desk.heard()) >= 50, "all frames")
    assert desk.heard() == exchange.sent
    assert desk.states() == ["flowing"]
    assert desk.confirmed == [KEY]


def test_9000_instruments_lose_nothing(desk: Desk, exchange: Exchange):
    desk.start(*range(9000))
    desk.until_subscribed(9000)
    assert sorted(n for _, what, n in exchange.heard if what == "subscribe") == [3000, 3000, 3000]
    everything = message(*[full(token) for token in range(9000)])
    for _ in range(20):
        exchange.push(everything)
    until(lambda: len(desk.heard()) >= 60, "all frames")
    for number in (0, 1, 2):
        assert [p for n, p in desk.heard() if n == number] == [
            p for n, p in exchange.sent if n == number
        ]
    desk.until_states("flowing", "flowing", "flowing")
    assert max(desk.pool.ages_s().values()) == 0


@pytest.mark.parametrize(("fault", "value"), [("duplicate", True), ("swap", True), ("cut", 9)])
def test_disorder_is_recorded_as_it_comes(desk: Desk, exchange: Exchange, fault: str, value: int):
    desk.start(NIFTY, 11)
    desk.until_subscribed(2)
    setattr(exchange.faults, fault, value)
    for price in range(1, 11):
        exchange.push(message(index(NIFTY, price), full(11, price)))
    setattr(exchange.faults, fault, False)
    exchange.push(message(index(NIFTY, 99)))
    until(lambda: len(desk.heard()) >= len(exchange.sent) >= 11, "all frames")
    assert desk.heard() == exchange.sent
    assert desk.states() == ["flowing"]
    assert len(exchange.attempts) == 1


def test_a_refusal_at_connect_is_the_last_attempt(desk: Desk, exchange: Exchange):
    exchange.faults.refuse = True
    desk.start(*range(9000))
    desk.until_states("refused", "refused", "refused")
    desk.seconds(120)
    assert len(exchange.attempts) == 1
    assert desk.refused == [KEY]


def test_a_token_s_death_in_mid_day_asks_once_and_waits_for_a_person(
    desk: Desk, exchange: Exchange
):
    desk.start(NIFTY)
    desk.until_subscribed(1)
    desk.seconds(5, message(index(NIFTY)))
    exchange.kill_tokens()
    desk.until_states("waiting")
    desk.seconds(2)
    desk.until_states("refused")
    desk.seconds(300)
    assert len(exchange.attempts) == 2
    assert desk.refused == [KEY]
    desk.sign_in()
    desk.until_states("flowing")  # the last price is told on subscribing


@pytest.mark.parametrize("fault", ["mute", "no_ticks"])
def test_a_mute_socket_is_found_in_15_seconds_and_ticks_come_back(
    desk: Desk, exchange: Exchange, fault: str
):
    desk.pool.expect_ticks(True)
    desk.start(NIFTY)
    desk.until_subscribed(1)
    desk.seconds(20, message(index(NIFTY)))
    desk.until_states("flowing")
    setattr(exchange.faults, fault, True)
    desk.seconds(9, heartbeats=fault == "no_ticks")
    assert desk.states() == ["flowing"]
    desk.seconds(6, heartbeats=fault == "no_ticks")
    assert desk.states() != ["flowing"]
    desk.seconds(44, heartbeats=fault == "no_ticks")
    assert 2 <= len(exchange.attempts) - 1 <= 6
    setattr(exchange.faults, fault, False)
    desk.seconds(70, message(index(NIFTY)))
    desk.until_states("flowing")


def test_a_half_open_socket_is_replaced(desk: Desk, exchange: Exchange):
    desk.start(NIFTY)
    desk.until_subscribed(1)
    desk.seconds(1, message(index(NIFTY)))
    exchange.freeze(0)
    desk.until_states("waiting")  # after a ping without an answer
    desk.seconds(2)
    desk.until_states("flowing")


def test_a_slow_exchange_is_waited_for(desk: Desk, exchange: Exchange):
    desk.start(NIFTY)
    desk.until_subscribed(1)
    exchange.faults.pause_s = 0.2
    exchange.push(message(index(NIFTY)))
    until(lambda: len(desk.heard()) == 1, "the late tick")
    assert len(exchange.attempts) == 1


def test_keys_share_the_instruments(desk: Desk, exchange: Exchange):
    exchange.accounts.register("kiteapikey002", "another-secret")
    grants = [
        Grant(key, exchange.accounts.grant(key), "AB1234", 1) for key in (KEY, "kiteapikey002")
    ]
    desk.pool.want("desk", range(100))
    desk.pool.grant(grants)
    desk.until_subscribed(100)
    exchange.push(message(*[full(token) for token in range(100)]))
    desk.until_states("flowing", "flowing")
    assert sorted(desk.confirmed) == [KEY, "kiteapikey002"]
    exchange.kill_tokens("kiteapikey002")
    until(lambda: "waiting" in desk.states(), "the loss")
    desk.seconds(2)
    desk.until_subscribed(100)  # by the other key
    assert desk.states() == ["flowing", "refused"]


def test_an_exchange_that_reopens_is_found(clock: ManualClock):
    with Exchange(market(), clock) as exchange:
        desk = Desk(exchange, clock)
        desk.start(NIFTY)
        desk.until_subscribed(1)
        exchange.drop()
        desk.until_states("waiting")
        desk.seconds(2)
        desk.until_subscribed(1)
    desk.until_states("waiting")
    desk.seconds(60)
    assert desk.states() == ["waiting"]
    assert desk.pool.connections()[0].reason
    desk.pool.close()
    desk.settle()


# -- REST -----------------------------------------------------------------------------------


@pytest.fixture
def rest(exchange: Exchange, clock: ManualClock) -> KiteRest:
    return KiteRest(KEY, SECRET, clock, exchange.endpoints, timeout_s=1, sleep=clock.advance)


def signed_in(exchange: Exchange, rest: KiteRest) -> str:
    """Go the whole way of a person, and return the access token."""
    reply = requests.get(rest.login_url("a-state"), allow_redirects=False, timeout=PATIENCE_S)
    words = parse_qs(urlsplit(reply.headers["Location"]).query)
    assert words["state"] == ["a-state"]
    return rest.exchange(words["request_token"][0]).access_token


def test_a_morning(exchange: Exchange, rest: KiteRest, clock: ManualClock):
    token = signed_in(exchange, rest)
    assert rest.check(token) == "AB1234"
    assert rest.instruments(token).startswith(b"instrument_token,exchange_token,")
    exchange.push(message(index(NIFTY, 2_450_000)))
    assert rest.last_prices(token, list(INDICES.values())) == {NIFTY: 24_500.0}
    bars = rest.candles(token, NIFTY, "1m", MORNING.replace(minute=15), MORNING.replace(minute=17))
    assert bars["start"].tolist() == [OPENING, OPENING + 60]
    assert bars["close"].tolist() == [24_500.0, 24_510.0]
    assert exchange.accounts.logins == 1


def test_a_request_token_is_good_once(exchange: Exchange, rest: KiteRest):
    token = exchange.accounts.request_token(KEY)
    rest.exchange(token)
    with pytest.raises(KiteTokenError, match="Kite refused a sign-in"):
        rest.exchange(token)


def test_a_wrong_secret_is_refused(exchange: Exchange, clock: ManualClock):
    wrong = KiteRest(KEY, "another", clock, exchange.endpoints, sleep=clock.advance)
    with pytest.raises(KiteTokenError) as caught:
        wrong.exchange(exchange.accounts.request_token(KEY))
    assert "another" not in str(caught.value)


def test_tokens_die_at_six(exchange: Exchange, rest: KiteRest, clock: ManualClock):
    token = signed_in(exchange, rest)
    clock.advance(24 * 3600)
    with pytest.raises(KiteTokenError, match="Kite refused the user's profile"):
        rest.check(token)


def test_two_threads_that_ask_for_half_a_year_stay_within_kite_s_limits():
    # in real time, by the exchange's own count of each second
    start, end = datetime(2026, 2, 18, tzinfo=IST), datetime(2026, 8, 18, 10, tzinfo=IST)
    with Exchange(market(), SystemClock()) as exchange:
        rest = KiteRest(KEY, SECRET, exchange.clock, exchange.endpoints)
        token = exchange.accounts.grant(KEY)

        def ask(_: int) -> int:
            return len(rest.candles(token, NIFTY, "1m", start, end))

        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(ask, range(2))) == [3, 3]
        assert exchange.asked["historical"] == 8
        assert not exchange._pace.refused


@pytest.mark.parametrize(
    ("status", "retry_after", "is_html", "kind", "text"),
    [
        (429, "7", False, KiteLimitError, "wait 7 s"),
        (429, "", True, KiteLimitError, "wait 5 s"),
        (502, "", True, KiteError, "Kite is not well (HTTP 502): asked for the user's profile"),
        (500, "", False, KiteError, "Kite failed (HTTP 500)"),
    ],
)
def test_faults_of_the_exchange_are_sentences(
    exchange: Exchange,
    rest: KiteRest,
    status: int,
    retry_after: str,
    is_html: bool,
    kind: type[KiteError],
    text: str,
):
    token = signed_in(exchange, rest)
    faults = exchange.faults
    faults.status, faults.retry_after, faults.html = status, retry_after, is_html
    with pytest.raises(KiteError) as caught:
        rest.check(token)
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert token not in str(caught.value)


def test_an_exchange_that_does_not_answer_is_a_sentence(exchange: Exchange, rest: KiteRest):
    token = signed_in(exchange, rest)
    exchange.faults.silent = True
    with pytest.raises(KiteError, match="Kite did not answer in time: asked for the user"):
        rest.check(token)
