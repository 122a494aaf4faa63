"""The exchange itself, as Kite's own clients see it."""

import threading
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests
from kiteconnect import KiteConnect
from kiteconnect import exceptions as kite

from dashboard.core.clock import ManualClock, to_ns
from dashboard.core.instruments import read_instruments
from dashboard.core.kite import Grant
from dashboard.core.market import INDICES, Frame, Instrument, Kind
from dashboard.core.ports import BAR_DTYPE
from feeds.kite import KitePool
from feeds.wire import HEARTBEAT, decode
from tests.exchange.market import Market
from tests.exchange.server import KEY, SECRET, Exchange
from tests.pipeline.frames import CALL, DAY, FUTURE, NIFTY, Tick, instant, message, seconds

PATIENCE_S = 30.0
SENSEX_FUTURE = Instrument(1093, "SENSEX26AUGFUT", "BFO", "SENSEX", Kind.FUTURE, DAY, lot=20)


def market() -> Market:
    bars = np.zeros(6, dtype=BAR_DTYPE)
    bars["token"], bars["start"] = NIFTY.token, seconds("09:15:00") + 60 * np.arange(6)
    for name in ("open", "high", "low", "close"):
        bars[name] = [100.0, 101.5, 102.0, 90.0, 95.0, 96.0]
    return Market((*INDICES.values(), FUTURE, CALL, SENSEX_FUTURE), candles={NIFTY.token: bars})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(instant("08:50:00"))


@pytest.fixture
def exchange(clock: ManualClock) -> Iterator[Exchange]:
    with Exchange(market(), clock) as running:
        running.accounts.apps[KEY].redirect = "http://127.0.0.1:9/kite/callback"
        yield running


def client(exchange: Exchange) -> KiteConnect:
    return KiteConnect(KEY, root=exchange.endpoints.rest, timeout=2)


def signed_in(exchange: Exchange) -> KiteConnect:
    made = client(exchange)
    made.set_access_token(exchange.accounts.grant(KEY))
    return made


def eventually(holds: Callable[[], bool], what: str) -> None:
    waited = threading.Event()
    for _ in range(round(PATIENCE_S / 0.01)):
        if holds():
            return
        waited.wait(0.01)
    raise AssertionError(what)


# -- REST -------------------------------------------------------------------------------------


def came_back(exchange: Exchange) -> dict[str, list[str]]:
    url = f"{exchange.endpoints.login}?v=3&api_key={KEY}&redirect_params=state%3Dabc"
    reply = requests.get(url, allow_redirects=False, timeout=PATIENCE_S)
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("http://127.0.0.1:9/kite/callback?")
    return parse_qs(urlsplit(reply.headers["Location"]).query)


def test_a_person_signs_in_and_the_token_is_exchanged_once(exchange: Exchange):
    words = came_back(exchange)
    assert (words["status"], words["state"]) == (["success"], ["abc"])
    (token,) = words["request_token"]
    made = client(exchange)
    session = made.generate_session(token, SECRET)
    assert session["user_id"] == "AB1234"
    assert made.profile()["user_name"] == "A Trader"
    with pytest.raises(kite.TokenException):
        client(exchange).generate_session(token, SECRET)
    assert exchange.accounts.logins == 1


def test_a_person_who_refuses_brings_no_token(exchange: Exchange):
    exchange.denies = True
    assert came_back(exchange) == {"action": ["login"], "status": ["cancelled"], "state": ["abc"]}


def test_a_wrong_secret_is_refused_by_its_checksum(exchange: Exchange):
    with pytest.raises(kite.TokenException):
        client(exchange).generate_session(exchange.accounts.request_token(KEY), SECRET + "x")


def test_a_request_token_grows_old(exchange: Exchange, clock: ManualClock):
    token = exchange.accounts.request_token(KEY)
    clock.advance(301)
    with pytest.raises(kite.TokenException):
        client(exchange).generate_session(token, SECRET)


def test_tokens_die_at_six(exchange: Exchange, clock: ManualClock):
    made = signed_in(exchange)
    made.profile()
    clock.advance(21 * 3600 + 9 * 60)  # 05:59
    made.profile()
    clock.advance(60)
    with pytest.raises(kite.TokenException):
        made.profile()


def test_the_dump_is_kite_s(exchange: Exchange):
    exchange.market.padding = 3
    rows = signed_in(exchange).instruments()
    assert {row["tradingsymbol"] for row in rows} >= {"NIFTY 50", "INDIA VIX", "NIFTY26AUGFUT"}
    assert len(rows) == 4 + 3 + 3
    assert read_instruments(exchange.market.dump())[0].symbol == "NIFTY 50"


def test_candles_are_kite_s(exchange: Exchange):
    made = signed_in(exchange)
    minutes = made.historical_data(NIFTY.token, f"{DAY} 09:16:00", f"{DAY} 09:17:00", "minute")
    assert [candle["close"] for candle in minutes] == [101.5, 102.0]
    assert minutes[0]["date"].isoformat() == "2026-08-18T09:16:00+05:30"
    five = made.historical_data(NIFTY.token, f"{DAY} 09:15:00", f"{DAY} 15:30:00", "5minute")
    assert [(c["open"], c["high"], c["low"], c["close"]) for c in five] == [
        (100.0, 102.0, 90.0, 95.0),
        (96.0, 96.0, 96.0, 96.0),
    ]


def test_candles_are_limited_in_range_and_number(exchange: Exchange):
    made = signed_in(exchange)
    with pytest.raises(kite.InputException, match="60 days"):
        made.historical_data(NIFTY.token, "2026-05-01 09:15:00", f"{DAY} 15:30:00", "minute")
    exchange._pace = type(exchange._pace)()
    for _ in range(3):
        made.historical_data(NIFTY.token, f"{DAY} 09:15:00", f"{DAY} 09:15:00", "minute")
    with pytest.raises(kite.NetworkException):
        made.historical_data(NIFTY.token, f"{DAY} 09:15:00", f"{DAY} 09:15:00", "minute")


def test_last_prices_are_those_of_the_last_ticks(exchange: Exchange):
    exchange.push(message(Tick(NIFTY, 24_500.0, "09:15:01")))
    assert signed_in(exchange).ltp("NSE:NIFTY 50", "NSE:NIFTY BANK") == {
        "NSE:NIFTY 50": {"instrument_token": NIFTY.token, "last_price": 24_500.0}
    }


@pytest.mark.parametrize(("status", "html"), [(502, True), (429, False)])
def test_it_fails_on_demand(exchange: Exchange, status: int, html: bool):
    made = signed_in(exchange)
    exchange.faults.status, exchange.faults.html = status, html
    with pytest.raises(kite.KiteException):
        made.profile()
    exchange.faults.status = 0
    made.profile()


def test_it_keeps_silent_on_demand(exchange: Exchange):
    made = signed_in(exchange)
    exchange.faults.silent = True
    with pytest.raises(requests.ReadTimeout):
        made.profile()


# -- the socket --------------------------------------------------------------------------------


class Client:
    """A pool of Kite's own clients, and the frames it was told."""

    def __init__(self, exchange: Exchange, clock: ManualClock, *tokens: int) -> None:
        self.clock = clock
        self.frames: list[Frame] = []
        self.refused: list[str] = []
        self.pool = KitePool(
            clock,
            self.frames.append,
            lambda _key: None,
            lambda key, _reason: self.refused.append(key),
            exchange.endpoints,
        )
        self.grant = Grant(KEY, exchange.accounts.grant(KEY), "AB1234", to_ns(instant("08:51:00")))
        self.pool.want("test", tokens)
        self.pool.grant([self.grant])

    def payloads(self) -> list[bytes]:
        return [f.payload for f in self.frames if f.payload]


@pytest.fixture
def make(exchange: Exchange, clock: ManualClock) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def one(*tokens: int) -> Client:
        made.append(Client(exchange, clock, *tokens))
        eventually(lambda: exchange.subscribed() >= set(tokens), "it subscribes")
        eventually(
            lambda: len([h for h in exchange.heard if h[1] == "mode"]) > 0, "it asks for full"
        )
        return made[-1]

    yield one
    for client in made:
        client.pool.close()
    eventually(lambda: exchange.do(lambda: not exchange.open_sockets), "they hang up")


def test_subscribers_get_their_own_ticks_in_full(exchange: Exchange, make):
    heard = make(NIFTY.token, FUTURE.token)
    whole = message(
        Tick(NIFTY, 24_500.0, "09:15:01"),
        Tick(FUTURE, 24_540.0, "09:15:01", 65.0, 6_500.0, bid=24_539.0, ask=24_541.0),
        Tick(CALL, 100.0, "09:15:01"),
    )
    assert exchange.push(whole) == 1
    eventually(lambda: len(heard.payloads()) == 1, "the message comes")
    ticks = decode(heard.payloads()[0])
    assert ticks.token.tolist() == [NIFTY.token, FUTURE.token]
    assert ticks.length.tolist() == [32, 184]
    assert [payload for _, payload in exchange.sent] == heard.payloads()


def test_heartbeats_and_postbacks_come_as_they_are(exchange: Exchange, make):
    heard = make(NIFTY.token)
    exchange.heartbeat()
    exchange.postback({"order_id": "1"})
    eventually(lambda: len(heard.payloads()) == 2, "both come")
    assert heard.payloads() == [HEARTBEAT, b'{"type": "order", "data": {"order_id": "1"}}']


def test_whoever_subscribes_late_is_told_the_last_price(exchange: Exchange, make):
    exchange.push(message(Tick(NIFTY, 24_500.0, "09:15:01")))
    heard = make(NIFTY.token)
    eventually(lambda: bool(heard.payloads()), "the last tick comes")
    assert decode(heard.payloads()[0]).last_price.tolist() == [24_500.0]


@pytest.mark.parametrize(
    ("fault", "value", "count"), [("mute", True, 0), ("no_ticks", True, 0), ("duplicate", True, 2)]
)
def test_messages_are_kept_back_or_doubled(exchange: Exchange, make, fault, value, count):
    heard = make(NIFTY.token)
    setattr(exchange.faults, fault, value)
    exchange.push(message(Tick(NIFTY, 24_500.0, "09:15:01")))
    setattr(exchange.faults, fault, False)
    exchange.heartbeat()
    eventually(lambda: HEARTBEAT in heard.payloads(), "what comes after it")
    assert len([p for p in heard.payloads() if p != HEARTBEAT]) == count


def test_messages_change_places_lack_their_end_or_tell_another_time(exchange: Exchange, make):
    heard = make(NIFTY.token)
    exchange.faults.swap = True
    for price in (100.0, 200.0):
        exchange.push(message(Tick(NIFTY, price, "09:15:01")))
    exchange.faults.swap, exchange.faults.cut = False, 3
    exchange.push(message(Tick(NIFTY, 300.0, "09:15:01")))
    exchange.faults.cut, exchange.faults.skew_s = 0, 60
    exchange.push(message(Tick(NIFTY, 400.0, "09:15:01")))
    eventually(lambda: len(heard.payloads()) == 4, "all come")
    first, second, third, fourth = heard.payloads()
    assert [decode(p).last_price.tolist() for p in (first, second)] == [[200.0], [100.0]]
    assert len(third) == len(first) - 3
    assert decode(fourth).exchange_time.tolist() == [seconds("09:16:01")]


def test_a_dead_token_is_refused_at_the_handshake(exchange: Exchange, make):
    heard = make(NIFTY.token)
    exchange.kill_tokens()

    def refused() -> bool:
        heard.clock.advance(1)
        heard.pool.check()
        return heard.refused == [KEY]

    eventually(refused, "the pool hears of the refusal")
    attempts = len(exchange.attempts)
    for _ in range(120):
        heard.clock.advance(1)
        heard.pool.check()
    assert len(exchange.attempts) == attempts


def test_a_half_open_peer_says_nothing_more(exchange: Exchange, make):
    heard = make(NIFTY.token)
    exchange.freeze(0)
    exchange.push(message(Tick(NIFTY, 24_500.0, "09:15:01")))
    eventually(
        lambda: "waiting" in {c.state for c in heard.pool.connections()},
        "the client notices by its pings",
    )
    assert [p for p in heard.payloads() if p != HEARTBEAT] == []
