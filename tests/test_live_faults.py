"""What goes wrong in a live day: noticed in time, mended or told, and never a storm.

Real client, real pool, real scheduler; the clock is pushed. Every test ends with the day flowing
again, and with nothing made up in between.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.core.clock import SECOND_NS, from_ns
from dashboard.core.health import DOWN, FLOWING, LATE, worst
from dashboard.core.kite import SessionState
from dashboard.core.market import BarFlag, Source
from tests.live_house import House, eventually
from tests.pipeline.frames import DAY, NIFTY, instant, seconds

BEGUN, BROKEN = "09:20:00", "09:22:00"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a day that flows since 09:14, at 09:22."""
    made = House(tmp_path, "09:14:00")
    with made.exchange:
        made.open()
        made.sign_in()
        made.until(BROKEN)
        assert stage(made, "Socket") == FLOWING
        yield made
        made.close()


def stage(house: House, name: str) -> str:
    return next(one.state for one in house.scheduler.status().stages if one.name == name)


def states(house: House) -> list[str]:
    return [one.state for one in house.pool.connections()]


def pass_until(house: House, holds, most_s: int, *, sends: bool = True) -> int:
    """Let time pass until something holds; return the seconds that took."""
    start = house.clock.now_ns()
    for second in range(1, most_s + 1):
        house.until(f"{from_ns(start + second * SECOND_NS):%H:%M:%S}", sends=sends)
        if holds():
            return second
    raise AssertionError(f"not within {most_s} s: {house}")


def gaps(house: House) -> list[tuple[str, str]]:
    house.recording._now.tape.flush()
    found = house.tools.store.day(DAY, Source.LIVE).gaps
    return [(f"{from_ns(g.started_ns):%H:%M}", f"{from_ns(g.ended_ns):%H:%M}") for g in found]


def flows_again(house: House, most_s: int = 90) -> int:
    return pass_until(house, lambda: stage(house, "Socket") == FLOWING, most_s)


def test_a_mute_socket_is_noticed_within_15_seconds_and_comes_back(house: House):
    house.exchange.faults.mute = True
    noticed = pass_until(house, lambda: stage(house, "Socket") != FLOWING, 20, sends=False)
    assert noticed <= 15
    assert worst(house.scheduler.status().stages) in (LATE, DOWN)
    rebuilt = pass_until(house, lambda: house.exchange.opened > 1, 15, sends=False)
    assert noticed + rebuilt <= 20
    house.exchange.faults.mute = False
    flows_again(house)
    ((start, _),) = gaps(house)
    assert start == "09:22"  # its last tick


def test_heartbeats_without_ticks_are_mute_too(house: House):
    house.exchange.faults.no_ticks = True
    assert pass_until(house, lambda: house.exchange.opened > 1, 20) <= 17
    assert stage(house, "Socket") != FLOWING
    house.exchange.faults.no_ticks = False
    flows_again(house)


def test_a_dropped_connection_comes_back_at_once_and_leaves_a_mark(house: House):
    house.exchange.drop()
    eventually(lambda: states(house) != ["flowing"], lambda: f"it is noticed: {house}")
    assert flows_again(house) <= 15
    house.until("09:24:30")
    assert house.exchange.accounts.logins == 1
    assert house.exchange.opened == 2


def test_an_exchange_that_refuses_is_asked_at_most_six_times_in_the_first_minute(house: House):
    before = len(house.exchange.attempts)
    house.exchange.accounts.kill = lambda *_: None  # the token stays good: it is the network
    house.exchange.faults.refuse = False
    house.exchange.drop()
    start = house.clock.now_ns()
    house.exchange.faults.half_open = True  # nobody answers the handshake
    for second in range(1, 61):
        house.clock.advance(1)
        house.scheduler.tick()
        if second % 10 == 0:
            eventually(lambda: "connecting" not in states(house), lambda: f"hangs: {house}")
    assert (house.clock.now_ns() - start) // SECOND_NS == 60
    assert 1 <= len(house.exchange.attempts) - before <= 6
    house.exchange.faults.half_open = False
    flows_again(house, 120)


def test_a_token_that_dies_in_mid_day_is_one_attempt_and_one_call(house: House):
    before = len(house.exchange.attempts)
    house.exchange.kill_tokens()
    eventually(lambda: states(house) != ["flowing"], lambda: f"it is noticed: {house}")
    took = pass_until(
        house, lambda: house.sessions.statuses()[0].state is SessionState.REQUIRED, 15
    )
    assert took <= 10
    house.until("09:40:00")
    assert len(house.exchange.attempts) - before == 1
    assert house.notifier.told[0] == "Tezi needs your sign-in to Kite"
    assert stage(house, "Kite") == DOWN
    house.sign_in()
    took = flows_again(house, 20)
    assert took <= 6  # the next message of the exchange
    house.until("09:43:00")
    ((start, end),) = gaps(house)
    assert (start, end) == ("09:22", "09:40")


def test_what_was_lost_is_filled_from_candles_and_says_so(house: House):
    house.exchange.kill_tokens()
    eventually(lambda: states(house) != ["flowing"], lambda: f"it is noticed: {house}")
    house.until("09:26:00")  # the exchange goes on without us
    house.sign_in()
    house.until("09:27:30")
    missing = house.recording.missing(house.clock.now_ns() // SECOND_NS)
    assert missing[NIFTY.token]
    for one in house.feed.universe.instruments:
        house.market.candles[one.token] = house.own.candles(one.token)
    house.until("09:33:30")
    house.catch_up()
    assert NIFTY.token not in house.recording.missing(house.clock.now_ns() // SECOND_NS)
    house.recording.finish()
    bars = house.tools.store.bars(DAY, Source.LIVE, [NIFTY.token], "1m", seconds("09:33:00"))
    flagged = {
        f"{from_ns(int(bar['start']) * SECOND_NS):%H:%M}"
        for bar in bars[NIFTY.token]
        if bar["flags"] & BarFlag.BACKFILLED
    }
    assert flagged == {"09:23", "09:24", "09:25"}  # 09:22 has a tick of its own
    theirs = {int(b["start"]): b["close"] for b in house.own.candles(NIFTY.token)}
    for bar in bars[NIFTY.token]:
        if bar["flags"] & BarFlag.BACKFILLED:
            assert bar["close"] == theirs[int(bar["start"])]


@pytest.mark.parametrize("fault", ["duplicate", "swap"])
def test_doubled_and_swapped_messages_make_no_other_bars(house: House, fault: str):
    setattr(house.exchange.faults, fault, True)
    for _ in range(12):
        house.clock.advance(5)
        house.own.see(house.next.payload, house.clock.now_ns() // SECOND_NS)
        house.exchange.push(house.next.payload)
        house.exchange.push(house.next.payload)
        house.next = next(house.frames)
        house.scheduler.tick()
    setattr(house.exchange.faults, fault, False)
    house.until("09:26:00")
    house.recording.finish()
    bars = house.tools.store.bars(DAY, Source.LIVE, [NIFTY.token], "1m", seconds("09:26:00"))
    theirs = {int(b["start"]): b for b in house.own.candles(NIFTY.token)}
    for bar in bars[NIFTY.token]:
        own = theirs[int(bar["start"])]
        assert (bar["high"], bar["low"]) == (own["high"], own["low"])


def test_cut_messages_are_counted_and_the_rest_goes_on(house: House):
    house.exchange.faults.cut = 5
    house.until("09:22:30")
    house.exchange.faults.cut = 0
    house.until("09:24:00")
    found = {one.name: one for one in house.recording.stages()}
    assert found["Decode"].state == "late"
    assert "could not be read" in found["Decode"].detail
    assert stage(house, "Socket") == FLOWING


def test_times_from_the_future_make_no_bar_of_the_future(house: House):
    house.exchange.faults.skew_s = 600
    house.until("09:23:00")
    house.exchange.faults.skew_s = 0
    house.until("09:25:00")
    house.catch_up()
    pipeline = house.desks.shared.pipeline
    assert pipeline.state.counters["clock"] > 0
    starts = pipeline.series.get(NIFTY.token, "1m").bars["start"]
    assert int(starts[-1]) < seconds("09:25:00")


def test_ticks_that_nobody_asked_for_are_counted_and_left_out(house: House):
    ours = house.exchange.subscribed()
    stranger = next(
        one for one in house.feed.universe.instruments if one.token not in ours and one.is_option
    )

    def force() -> None:
        for one in house.exchange.open_sockets:
            one.modes[stranger.token] = "full"
            import numpy as np

            one._tokens = np.array(sorted(one.modes), dtype=np.int64)

    known = {i.token for i in house.recording.instruments(DAY)}
    if stranger.token in known:
        stranger = next(one for one in house.feed.universe.instruments if one.token not in known)
    house.exchange.do(force)
    house.until("09:23:00")
    house.catch_up()
    assert house.desks.shared.pipeline.state.counters["unknown_token"] > 0


def test_tokens_die_at_six_and_the_morning_asks_again(house: House):
    house.until("09:23:00")
    house.close = lambda: None
    house.scheduler.stop()
    house.recording.close()
    house.desks.close_all()
    house.clock.advance(
        (
            instant("09:23:00").replace(day=19, hour=8, minute=50) - instant("09:23:00")
        ).total_seconds()
    )
    house.sessions.look()
    assert house.sessions.statuses()[0].state is SessionState.REQUIRED
    eventually(lambda: house.exchange.do(lambda: not house.exchange.open_sockets), lambda: "up")
    house.database.close()
