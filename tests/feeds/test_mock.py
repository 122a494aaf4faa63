"""The generated market: Kite's bytes, coherent prices, and the same day every time."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime
from itertools import islice, pairwise, takewhile

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, SECOND_NS, to_ns
from dashboard.core.errors import CalendarError, InputError
from dashboard.core.market import Frame, Instrument, Kind, Source, TickBatch
from dashboard.core.ports import Feed
from dashboard.options import implied_volatility
from feeds.mock.feed import MockFeed
from feeds.wire import HEARTBEAT, decode, encode

DAY = date(2026, 8, 18)  # Tuesday, an expiry of NIFTY, closing hours of August 2026
SEED = 7
RATE = 0.065
YEAR_S = 365 * 86_400


@pytest.fixture(scope="module")
def feed() -> MockFeed:
    return MockFeed(DAY, SEED, load_calendar())


def ns(clock: str, day: date = DAY) -> int:
    return to_ns(datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=IST))


def between(feed: MockFeed, start: str, end: str, day: date = DAY) -> list[Frame]:
    last = ns(end, day)
    return list(takewhile(lambda f: f.received_ns < last, feed.frames(ns(start, day))))


def batches(feed: MockFeed, start: str, end: str, day: date = DAY) -> list[TickBatch]:
    return [decode(f.payload) for f in between(feed, start, end, day) if f.payload != HEARTBEAT]


class Ticks:
    """The ticks of one token in order, by the names of `TickBatch`."""

    def __init__(self, found: list[TickBatch], token: int) -> None:
        self._parts = [(b, np.flatnonzero(b.token == token)) for b in found]

    def __getattr__(self, name: str) -> np.ndarray:
        return np.concatenate([getattr(b, name)[rows] for b, rows in self._parts])


def future(feed: MockFeed, underlying: str = "NIFTY") -> Instrument:
    found = feed.universe.future(underlying, DAY)
    assert found is not None
    return found


def quotes(found: list[TickBatch]) -> dict[int, tuple[float, float]]:
    """Return the latest best bid and offer [INR] of each token."""
    latest = {}
    for batch in found:
        for token, length, depth in zip(batch.token, batch.length, batch.depth, strict=True):
            if length == 184:
                latest[int(token)] = (depth["price"][0] / 100, depth["price"][5] / 100)
    return latest


def options(feed: MockFeed, underlying: str, which: int) -> list[Instrument]:
    expiry = feed.universe.expiries(underlying, DAY)[which]
    return feed.universe.options(underlying, expiry)


def pairs(chain: list[Instrument]) -> list[tuple[Instrument, Instrument]]:
    return list(zip(chain[::2], chain[1::2], strict=True))


# -- what there is ---------------------------------------------------------------------


def test_is_a_feed_of_442_instruments(feed: MockFeed):
    conforming: Feed = feed
    assert conforming.source is Source.MOCK
    kinds = Counter((i.underlying, i.kind) for i in feed.universe.instruments)
    assert len(feed.universe) == 442
    assert kinds["INDIA VIX", Kind.INDEX] == 1
    for name in ("NIFTY", "BANKNIFTY", "SENSEX"):
        assert [kinds[name, k] for k in Kind] == [1, 0, 2, 72, 72]


def test_strikes_lie_round_the_previous_close_in_the_exchange_s_steps(feed: MockFeed):
    for name, step in (("NIFTY", 50), ("BANKNIFTY", 100), ("SENSEX", 100)):
        index = feed.universe.index(name)
        strikes = np.array([i.strike for i in options(feed, name, 0) if i.kind is Kind.CALL])
        assert len(strikes) == 36
        assert set(np.diff(strikes)) == {step}
        assert abs(strikes.mean() - index.previous_close) <= step


def test_contracts_are_those_of_the_day(feed: MockFeed):
    symbols = {i.symbol: i for i in feed.universe.instruments}
    assert symbols["NIFTY26AUGFUT"].lot == 65
    assert symbols["BANKNIFTY26SEPFUT"].lot == 30
    assert symbols["SENSEX26AUGFUT"].exchange == "BFO"
    expiries = {n: feed.universe.expiries(n, DAY) for n in ("NIFTY", "BANKNIFTY", "SENSEX")}
    assert expiries == {
        "NIFTY": [date(2026, 8, 18), date(2026, 8, 25)],
        "BANKNIFTY": [date(2026, 8, 25), date(2026, 9, 29)],
        "SENSEX": [date(2026, 8, 20), date(2026, 8, 27)],
    }
    for instrument in feed.universe.instruments:
        assert instrument.previous_close
        if instrument.kind is not Kind.INDEX:
            assert instrument.previous_oi % instrument.lot == 0


def test_two_contracts_never_share_a_token():
    from feeds.mock.universe import _distinct

    twin = Instrument(256 * 9 + 2, "A", "NFO", "NIFTY", Kind.FUTURE)
    assert [i.token for i in _distinct([twin, twin, twin])] == [2306, 2562, 2818]


# -- the wire --------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["09:00:00", "09:14:50", "11:00:00", "15:20:00", "15:39:50"])
def test_speaks_kite_s_format_to_the_byte(feed: MockFeed, start: str):
    for frame in islice(feed.frames(ns(start)), 12):
        batch = decode(frame.payload)
        assert encode(batch) == frame.payload
        assert set(batch.length[batch.token & 0xFF == 9]) <= {32}
        assert set(batch.length[batch.token & 0xFF != 9]) <= {184}


def test_sends_each_instrument_once_or_twice_a_second(feed: MockFeed):
    found = batches(feed, "11:00:00", "11:01:00")
    assert len(found) == 120
    counts = Counter(np.concatenate([b.token for b in found]).tolist())
    assert len(counts) == 442
    assert min(counts.values()) >= 60
    assert max(counts.values()) <= 120
    assert 1.4 < sum(counts.values()) / 442 / 60 < 1.6


def test_messages_arrive_in_order_and_a_moment_after_the_exchange(feed: MockFeed):
    frames = between(feed, "09:15:00", "09:16:00")
    assert all(a.received_ns < b.received_ns for a, b in pairwise(frames))
    halves = [f.received_ns // (SECOND_NS // 2) for f in frames]
    delays = [f.received_ns - h * (SECOND_NS // 2) for f, h in zip(frames, halves, strict=True)]
    assert min(delays) >= 50_000_000
    assert max(delays) <= 400_000_000
    for frame in frames:
        assert set(decode(frame.payload).exchange_time) == {frame.received_ns // SECOND_NS}


# -- the same day every time -------------------------------------------------------------

DIGEST = """
import hashlib
from datetime import date
from itertools import islice
from dashboard.core.calendar import load_calendar
from feeds.mock.feed import MockFeed
feed = MockFeed(date(2026, 8, 18), 7, load_calendar())
digest = hashlib.sha256(repr(feed.universe.instruments).encode())
for frame in islice(feed.frames(1787024700_000_000_000), 240):
    digest.update(repr(frame.received_ns).encode() + frame.payload)
print(digest.hexdigest())
"""


def test_is_the_same_in_every_process_and_time_zone(feed: MockFeed):
    here = hashlib.sha256(repr(feed.universe.instruments).encode())
    for frame in islice(feed.frames(ns("09:15:00")), 240):
        here.update(repr(frame.received_ns).encode() + frame.payload)
    for seed, zone in (("1", "America/New_York"), ("77", "UTC")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        there = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, check=True
        )
        assert there.stdout.decode().strip() == here.hexdigest()


def test_another_seed_or_day_is_another_market(feed: MockFeed):
    for other in (
        MockFeed(DAY, 8, load_calendar()),
        MockFeed(date(2026, 8, 19), 7, load_calendar()),
    ):
        assert other.universe.index("NIFTY") != feed.universe.index("NIFTY")


@pytest.mark.parametrize("start", ["09:13:30", "09:14:00", "09:15:20.3"])
def test_begins_anywhere_with_the_same_bytes(feed: MockFeed, start: str):
    whole = between(feed, "09:12:00", "09:17:00")
    tail = [f for f in whole if f.received_ns >= ns(start)]
    assert between(feed, start, "09:17:00") == tail
    assert 0 < len(tail) < len(whole)


def test_the_beginning_is_no_exception(feed: MockFeed):
    first = list(islice(feed.frames(), 40))
    assert list(islice(feed.frames(ns("00:00:00")), 40)) == first
    assert first[0].received_ns >= ns("09:00:00")


# -- hours -------------------------------------------------------------------------------


def test_the_connection_is_known_before_the_open(feed: MockFeed):
    assert HEARTBEAT in [f.payload for f in between(feed, "09:00:00", "09:00:10")]


def test_before_the_open_there_is_yesterday_s_close_and_oi_and_no_volume(feed: MockFeed):
    found = batches(feed, "09:00:00", "09:01:00")
    assert {t for b in found for t in b.token} == set(feed.universe.tokens)
    for batch in found:
        for token, price, oi, volume in zip(
            batch.token, batch.last_price, batch.oi, batch.day_volume, strict=True
        ):
            instrument = feed.universe.instruments[int(feed.universe.rows(np.array([token]))[0])]
            if instrument.kind is not Kind.INDEX:
                assert price == pytest.approx(instrument.previous_close)
                assert (oi, volume) == (instrument.previous_oi, 0)


def test_near_futures_have_an_opening_auction(feed: MockFeed):
    ticks = Ticks(batches(feed, "09:12:00", "09:16:00"), future(feed).token)
    assert ticks.day_volume[0] > 0
    assert ticks.day_volume[0] % 65 == 0
    assert ticks.open[0] == ticks.open[-1]


def test_the_indicative_price_becomes_the_open(feed: MockFeed):
    before = Ticks(batches(feed, "09:02:00", "09:15:00"), 256265)
    after = Ticks(batches(feed, "09:15:00", "09:15:02"), 256265)
    assert len(set(before.last_price)) > 100
    assert before.last_price[-1] == after.open[0] == after.last_price[0]


def test_the_index_stands_still_from_15_15_and_futures_trade_on(feed: MockFeed):
    last = Ticks(batches(feed, "15:14:59", "15:15:00"), 256265).last_price[-1]
    auction = batches(feed, "15:20:00", "15:20:30") + batches(feed, "15:39:30", "15:40:00")
    assert set(Ticks(auction, 256265).last_price) == {last}
    assert len(set(Ticks(auction, future(feed).token).last_price)) > 5


def test_ends_with_heartbeats_soon_after_the_close(feed: MockFeed):
    rest = list(feed.frames(ns("15:40:00")))
    assert {f.payload for f in rest} == {HEARTBEAT}
    assert ns("15:40:05") < rest[-1].received_ns < ns("15:40:15")


def test_older_days_close_at_15_30():
    day = date(2025, 6, 3)
    feed = MockFeed(day, SEED, load_calendar())
    index = Ticks(batches(feed, "15:29:00", "15:30:00", day), 256265)
    assert len(set(index.last_price)) > 20
    assert {f.payload for f in feed.frames(ns("15:30:00", day))} == {HEARTBEAT}


def test_expiring_contracts_stop_first_from_december_2026():
    day = date(2026, 12, 8)
    feed = MockFeed(day, SEED, load_calendar())
    found = batches(feed, "15:30:00", "15:30:05", day)
    sent = {int(t) for b in found for t in b.token}
    today, later = (feed.universe.options("NIFTY", e) for e in feed.universe.expiries("NIFTY", day))
    assert not sent & {i.token for i in today}
    assert {i.token for i in later} <= sent


def test_a_drill_rests_between_its_windows():
    day = date(2024, 3, 2)
    feed = MockFeed(day, SEED, load_calendar())
    assert {f.payload for f in between(feed, "10:00:00", "11:30:00", day)} == {HEARTBEAT}
    first = Ticks(batches(feed, "11:30:00", "11:30:02", day), 256265)
    last = Ticks(batches(feed, "09:59:58", "10:00:00", day), 256265)
    assert first.last_price[0] == pytest.approx(last.last_price[-1], rel=0.001)
    assert first.open[0] == last.open[-1]


@pytest.mark.parametrize(
    ("day", "error", "said"),
    [
        (date(2026, 9, 14), InputError, "2026-09-14 has no trading"),
        (date(2026, 8, 16), InputError, "a Sunday"),
        (date(2031, 1, 1), CalendarError, "does not cover 2031-01-01"),
        (date(2022, 12, 1), CalendarError, "SENSEX reaches back to 2022-12-01"),
    ],
)
def test_refuses_a_day_without_trading(day: date, error: type[Exception], said: str):
    with pytest.raises(error, match=said):
        MockFeed(day, SEED, load_calendar())


def test_refuses_a_seed_below_zero():
    with pytest.raises(InputError, match="seed"):
        MockFeed(DAY, -1, load_calendar())


def test_the_last_covered_days_have_contracts_beyond_the_coverage():
    feed = MockFeed(date(2026, 12, 30), SEED, load_calendar())
    assert len(feed.universe) == 442
    assert len(feed.universe.expiries("BANKNIFTY", date(2026, 12, 30))) == 2


# -- trades --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opening(feed: MockFeed) -> list[TickBatch]:
    return batches(feed, "09:15:00", "09:20:00")


def test_volume_only_grows_in_lots_and_prices_move_only_by_trades(
    feed: MockFeed, opening: list[TickBatch]
):
    for instrument in feed.universe.instruments:
        if instrument.kind is Kind.INDEX:
            continue
        ticks = Ticks(opening, instrument.token)
        volume, price = ticks.day_volume, ticks.last_price
        traded = np.diff(volume)
        assert (traded >= 0).all()
        assert (volume % instrument.lot == 0).all()
        assert (np.diff(price)[traded == 0] == 0).all()
        assert (np.diff(ticks.last_trade_time)[traded == 0] == 0).all()
        assert (ticks.last_trade_time <= ticks.exchange_time).all()
        assert (ticks.last_quantity % instrument.lot == 0).all()


def test_the_day_s_extremes_are_those_of_the_prices_sent(feed: MockFeed, opening: list[TickBatch]):
    for instrument in feed.universe.instruments:
        ticks = Ticks(opening, instrument.token)
        if instrument.kind is not Kind.INDEX:
            assert (ticks.high >= ticks.low).all()
            if not (ticks.day_volume[0] == 0).all():
                continue
        price = ticks.last_price
        begun = ticks.open > 0
        if begun.all():
            assert ticks.high == pytest.approx(np.maximum.accumulate(price))
            assert ticks.low == pytest.approx(np.minimum.accumulate(price))
        assert ticks.close == pytest.approx(np.full(len(price), instrument.previous_close))


def test_the_average_price_is_that_of_the_trades(feed: MockFeed, opening: list[TickBatch]):
    ticks = Ticks(opening, future(feed).token)
    assert (ticks.average_price >= ticks.low - 0.01).all()
    assert (ticks.average_price <= ticks.high + 0.01).all()
    first = ticks.day_volume[0]
    turnover = first * ticks.average_price[0] + np.cumsum(
        np.diff(ticks.day_volume) * ticks.last_price[1:]
    )
    assert ticks.average_price[1:] == pytest.approx(turnover / ticks.day_volume[1:], rel=2e-4)


def test_it_is_busy_at_the_open_and_at_the_close(feed: MockFeed):
    def traded(start: str, end: str) -> float:
        a, b = (
            Ticks(batches(feed, f"{t}:58", f"{t}:59.9"), future(feed).token) for t in (start, end)
        )
        return b.day_volume[-1] - a.day_volume[-1]

    first, noon, last = (
        traded(*window) for window in (("09:15", "09:45"), ("12:15", "12:45"), ("15:09", "15:39"))
    )
    assert first > 1.5 * noon
    assert last > 1.2 * noon


def test_near_the_money_trades_most(feed: MockFeed):
    found = batches(feed, "12:00:00", "12:00:10")
    volumes = {i.strike: Ticks(found, i.token).day_volume[-1]
               for i in options(feed, "NIFTY", 0) if i.kind is Kind.CALL}  # fmt: skip
    spot = Ticks(found, 256265).last_price[-1]
    busiest = max(volumes, key=lambda k: volumes[k])
    assert abs(busiest - spot) < 400
    assert volumes[max(volumes)] < volumes[busiest] / 20


def test_oi_moves_in_lots_every_few_minutes(feed: MockFeed):
    found = batches(feed, "10:00:00", "10:07:00")
    changes = 0
    for instrument in options(feed, "NIFTY", 0):
        ticks = Ticks(found, instrument.token)
        assert (ticks.oi % 65 == 0).all()
        assert (ticks.oi <= ticks.oi_day_high).all()
        assert (ticks.oi >= ticks.oi_day_low).all()
        news = np.count_nonzero(np.diff(ticks.oi))
        assert news <= 3
        changes += news
    assert changes > 72


# -- quotes ----------------------------------------------------------------------------------


def test_the_book_is_ordered_in_ticks_and_in_lots(feed: MockFeed):
    lots = {i.token: i.lot for i in feed.universe.instruments}
    for batch in batches(feed, "13:00:00", "13:00:05"):
        rows = batch.length == 184
        depth, lot = batch.depth[rows], np.array([lots[int(t)] for t in batch.token[rows]])
        price, quantity = depth["price"].astype(int), depth["quantity"].astype(int)
        assert (price % 5 == 0).all()
        assert (price[:, 5] > price[:, 0]).all()
        assert (np.diff(price[:, 5:], axis=1) > 0).all()
        assert (np.diff(price[:, :5], axis=1)[price[:, 1:5] > 0] < 0).all()
        assert (quantity % lot[:, None] == 0).all()
        assert ((quantity > 0) == (price > 0)).all()
        assert (depth["orders"] * lot[:, None] <= quantity).all()
        assert (batch.buy_quantity[rows] >= quantity[:, :5].max(axis=1)).all()


def test_levels_mostly_stay_from_one_message_to_the_next(feed: MockFeed):
    token = options(feed, "NIFTY", 1)[36].token
    depth = Ticks(batches(feed, "13:00:00", "13:01:00"), token).depth
    stayed = depth["quantity"][1:] == depth["quantity"][:-1]
    assert 0.7 < stayed.mean() < 0.98


@pytest.mark.parametrize("underlying", ["NIFTY", "BANKNIFTY", "SENSEX"])
@pytest.mark.parametrize("which", [0, 1])
def test_puts_and_calls_agree_on_the_forward(feed: MockFeed, underlying: str, which: int):
    frame = batches(feed, "11:00:00", "11:00:02")[-1]
    best = quotes([frame])
    chain = pairs(options(feed, underlying, which))
    expiry = feed.universe.expiries(underlying, DAY)[which]
    left = load_calendar().expiry_instant(underlying, expiry).timestamp() - frame.exchange_time[0]
    discount = np.exp(-RATE * left / YEAR_S)
    low, high = [], []
    for call, put in chain:
        if call.token in best and put.token in best:
            (cb, ca), (pb, pa) = best[call.token], best[put.token]
            low.append(call.strike + (cb - pa) / discount)
            high.append(call.strike + (ca - pb) / discount)
    assert len(low) > 10
    assert max(low) <= min(high) + 0.11  # a tick on each side


def test_spreads_widen_away_from_the_money(feed: MockFeed):
    best = quotes(batches(feed, "11:00:00", "11:00:03"))
    calls = [i for i in options(feed, "NIFTY", 1) if i.kind is Kind.CALL]
    relative = [(best[c.token][1] - best[c.token][0]) / best[c.token][1] for c in calls]
    assert np.mean(relative[-4:]) > 1.4 * np.mean(relative[16:20])


def test_the_surface_comes_back_from_the_quotes(feed: MockFeed):
    found = batches(feed, "11:00:00", "11:00:03")
    best, now = quotes(found), found[-1].exchange_time[0]
    vix = Ticks(found, 264969).last_price[-1]
    chain = options(feed, "NIFTY", 1)
    left = load_calendar().expiry_instant("NIFTY", chain[0].expiry).timestamp() - now
    mid = {(i.strike, i.kind): sum(best[i.token]) / 2 for i in chain}
    strikes = sorted({i.strike for i in chain})
    atm = min(strikes, key=lambda k: abs(mid[k, Kind.CALL] - mid[k, Kind.PUT]))
    forward = atm + mid[atm, Kind.CALL] - mid[atm, Kind.PUT]

    def iv(strike: float) -> float:
        kind = Kind.PUT if strike < forward else Kind.CALL
        sigma, why = implied_volatility(
            mid[strike, kind], forward, strike, left / YEAR_S, RATE, kind
        )
        assert why == ""
        return float(100 * sigma)

    at = strikes.index(atm)
    # 0.94 of the VIX at the money, and 2 % more for a week's term
    assert iv(atm) == pytest.approx(0.94 * 1.02 * vix, abs=0.15)
    assert iv(strikes[at - 8]) > iv(atm) + 0.5
    assert iv(strikes[at - 8]) > iv(strikes[at + 8])


def test_what_expires_today_decays_to_its_intrinsic_value(feed: MockFeed):
    chain = options(feed, "NIFTY", 0)
    morning, evening = (
        quotes(batches(feed, *window))
        for window in (("09:20:00", "09:20:03"), ("15:39:57", "15:40:00"))
    )

    def straddles(best: dict[int, tuple[float, float]]) -> float:
        return min(sum(best[c.token]) / 2 + sum(best[p.token]) / 2 for c, p in pairs(chain))

    assert straddles(morning) > 80
    assert straddles(evening) < 27  # the forward is within half a step of a strike
    mid = {token: sum(best) / 2 for token, best in evening.items()}
    forward = np.median([c.strike + mid[c.token] - mid[p.token] for c, p in pairs(chain)])
    for call, put in pairs(chain):
        if abs(call.strike - forward) > 50:
            dead, alive = (call, put) if call.strike > forward else (put, call)
            assert evening[dead.token][1] <= 0.15
            assert mid[alive.token] == pytest.approx(abs(call.strike - forward), abs=2.5)


# -- history ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history(feed: MockFeed) -> dict[int, np.ndarray]:
    return feed.history(3)


def test_history_ends_at_the_previous_close(feed: MockFeed, history: dict[int, np.ndarray]):
    names = ["NIFTY 50", "NIFTY BANK", "SENSEX", "INDIA VIX", "NIFTY26AUGFUT", "BANKNIFTY26AUGFUT",
             "SENSEX26AUGFUT"]  # fmt: skip
    wanted = {i.token: i for i in feed.universe.instruments if i.symbol in names}
    assert set(history) == set(wanted)
    for token, bars in history.items():
        assert bars["close"][-1] == pytest.approx(wanted[token].previous_close)
        assert (np.diff(bars["start"]) > 0).all()
        assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
        assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()


def test_history_has_each_segment_s_minutes(history: dict[int, np.ndarray], feed: MockFeed):
    assert len(history[256265]) == 3 * 360  # 09:15 to 15:14
    assert len(history[future(feed).token]) == 3 * 385  # 09:15 to 15:39
    assert np.isnan(history[256265]["volume"]).all()
    assert (history[future(feed).token]["volume"] % 65 == 0).all()


def test_history_is_what_those_days_sent(feed: MockFeed, history: dict[int, np.ndarray]):
    day = date(2026, 8, 17)
    found = batches(MockFeed(day, SEED, load_calendar()), "10:30:00", "10:32:00", day)
    start = ns("10:31:00", day) // SECOND_NS
    for token in (256265, 264969, future(feed).token):
        ticks = Ticks(found, token)
        price = ticks.last_price[ticks.exchange_time >= start]
        bar = history[token][history[token]["start"] == start][0]
        assert (price.max(), price.min(), price[-1]) == pytest.approx(
            (bar["high"], bar["low"], bar["close"])
        )
        if token == future(feed).token:
            before = ticks.day_volume[ticks.exchange_time < start][-1]
            assert ticks.day_volume[-1] - before == bar["volume"]


def test_history_is_shorter_where_the_calendar_begins():
    feed = MockFeed(date(2023, 5, 22), SEED, load_calendar())
    bars = feed.history(400)
    assert 130 * 375 < len(bars[256265]) < 140 * 375
