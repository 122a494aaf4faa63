"""Which ticks are believed: one case for each rule of the table."""

import math

import numpy as np
import pytest

from dashboard.core.market import BarFlag, Frame, Instrument, Kind
from dashboard.pipeline.hygiene import clean
from dashboard.pipeline.state import CROSSED, GOOD, WIDE
from tests.pipeline.frames import (
    CALL,
    FUTURE,
    INDEX_QUOTE,
    LAST,
    NIFTY,
    Tick,
    batch,
    nanoseconds,
)


def nifty(price: float, at: str, **rest) -> Tick:
    return Tick(NIFTY, price, at, **rest)


def future(price: float, at: str, volume: float = 0.0, **rest) -> Tick:
    return Tick(FUTURE, price, at, volume, **rest)


def test_a_price_of_zero_is_refused(play):
    day = play(NIFTY).connect()
    day.send(nifty(0.0, "09:16:01"))
    day.send(nifty(24_500.0, "09:16:02"))
    day.until("09:17:05")
    assert day.counters == {"bad_price": 1}
    assert day.bars(NIFTY)["09:16"]["n"] == 1


def test_a_price_that_is_not_a_number_is_refused(play):
    day = play(NIFTY).connect()
    ticks = batch(nifty(24_500.0, "09:16:01"))
    ticks.last_price[0] = math.nan
    pipeline = day.pipeline
    (found,) = clean(
        ticks, nanoseconds("09:16:01.2"), pipeline.state, pipeline.roster, pipeline.hours, 1
    )
    assert len(found.row) == 0
    assert day.counters == {"bad_price": 1}


def test_a_jump_without_volume_is_refused(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65))
    day.send(future(105.5, "09:16:02", volume=65))
    day.until("09:17:05")
    assert day.counters["bad_price"] == 1
    assert day.bars(FUTURE)["09:16"]["high"] == 100.0


def test_a_jump_with_volume_is_a_trade(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65))
    day.send(future(105.5, "09:16:02", volume=130))
    day.until("09:17:05")
    assert "bad_price" not in day.counters
    assert day.bars(FUTURE)["09:16"]["close"] == 105.5


def test_a_move_of_five_percent_is_no_jump(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65))
    day.send(future(105.0, "09:16:02", volume=65))
    assert "bad_price" not in day.counters


def test_an_index_that_jumps_is_believed_at_the_second_print(play):
    day = play(NIFTY).connect()
    day.send(nifty(24_000.0, "09:16:01"))
    day.send(nifty(26_000.0, "09:16:02"))
    assert day.row(NIFTY)["last_price"] == 24_000.0
    day.send(nifty(26_010.0, "09:16:03"))
    assert day.row(NIFTY)["last_price"] == 26_010.0
    assert day.counters == {"bad_price": 1}


def test_a_print_that_nothing_confirms_is_forgotten(play):
    day = play(NIFTY).connect()
    for price, at in ((24_000.0, "01"), (26_000.0, "02"), (24_001.0, "03"), (26_001.0, "04")):
        day.send(nifty(price, f"09:16:{at}"))
    day.until("09:17:05")
    assert day.counters == {"bad_price": 2}
    assert day.bars(NIFTY)["09:16"]["high"] == 24_001.0


def test_a_contract_that_tells_no_volume_jumps_at_the_second_print(play):
    day = play(CALL).connect()
    for price, at in ((10.0, "01"), (12.0, "02"), (12.1, "03")):
        day.send(Tick(CALL, price, f"09:16:{at}", length=INDEX_QUOTE))
    day.until("09:17:05")
    assert day.counters == {"bad_price": 1}
    assert day.bars(CALL)["09:16"]["close"] == 12.1


def test_the_same_tick_again_is_dropped(play):
    day = play(FUTURE).connect()
    tick = future(100.0, "09:16:01", volume=65, oi=10)
    day.send(tick)
    day.send(tick)
    day.until("09:17:05")
    assert day.counters == {"dup": 1}
    assert day.bars(FUTURE)["09:16"]["n"] == 1


@pytest.mark.parametrize(
    "other",
    [
        future(100.05, "09:16:01", volume=65, oi=10),
        future(100.0, "09:16:02", volume=65, oi=10),
        future(100.0, "09:16:01", volume=130, oi=10),
        future(100.0, "09:16:01", volume=65, oi=20),
    ],
)
def test_a_tick_that_differs_in_one_thing_is_another(play, other):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65, oi=10))
    day.send(other)
    day.until("09:17:05")
    assert "dup" not in day.counters
    assert day.bars(FUTURE)["09:16"]["n"] == 2


def test_a_packet_without_time_is_never_the_same_tick(play):
    day = play(NIFTY).connect()
    for received in ("09:16:01", "09:16:02"):
        day.send(nifty(24_000.0, "09:16:01", length=LAST), received=received)
    day.until("09:17:05")
    assert day.bars(NIFTY)["09:16"]["n"] == 2


def test_an_old_tick_extends_only_high_and_low(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:10", volume=65, oi=10))
    day.send(future(103.0, "09:16:05", volume=990, oi=99), received="09:16:10.500")
    day.send(future(99.0, "09:16:06", volume=990, oi=99), received="09:16:10.600")
    day.send(future(101.0, "09:16:11", volume=130, oi=20))
    day.until("09:17:05")
    bar = day.bars(FUTURE)["09:16"]
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (100.0, 103.0, 99.0, 101.0)
    assert (bar["volume"], bar["oi"]) == (130.0, 20.0)
    assert day.counters == {"ooo": 2}


def test_an_old_tick_of_a_minute_without_a_bar_makes_none(play):
    day = play(NIFTY).connect()
    day.send(nifty(24_000.0, "09:17:00"))
    day.send(nifty(24_001.0, "09:16:59"), received="09:17:00.500")
    day.until("09:18:05")
    assert list(day.bars(NIFTY)) == ["09:17"]


def test_what_comes_after_its_bar_is_final_is_late(play):
    day = play(NIFTY).connect()
    day.send(nifty(24_000.0, "09:16:30"))
    day.send(nifty(24_001.0, "09:17:02"))
    day.send(nifty(25_000.0, "09:16:59"), received="09:17:02.500")
    day.until("09:18:05")
    assert day.counters == {"late": 1}
    assert day.bars(NIFTY)["09:16"]["high"] == 24_000.0


def test_a_total_that_falls_adds_nothing_and_the_higher_one_stays(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=1000))
    day.send(future(101.0, "09:16:02", volume=900))
    day.send(future(102.0, "09:16:03", volume=1100))
    day.until("09:17:05")
    bar = day.bars(FUTURE)["09:16"]
    assert (bar["volume"], bar["close"]) == (1100.0, 102.0)
    assert day.counters == {"vol_regress": 1}


def test_volume_before_the_open_is_the_base(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:08:00", volume=650))
    day.send(future(101.0, "09:15:03", volume=715))
    day.until("09:16:05")
    assert day.bars(FUTURE)["09:15"]["volume"] == 65.0
    assert day.counters == {"outside": 1}


def test_a_connection_that_saw_the_open_counts_from_zero(play):
    day = play(FUTURE).connect()
    day.send(future(101.0, "09:18:03", volume=715))
    day.until("09:19:05")
    bar = day.bars(FUTURE)["09:18"]
    assert (bar["volume"], bar["flags"]) == (715.0, 0)


def test_the_first_tick_in_mid_session_has_no_base_and_its_bar_is_partial(play):
    day = play(FUTURE, NIFTY).connect("11:00:20")
    day.send(future(100.0, "11:00:21", volume=50_000), nifty(24_000.0, "11:00:21"))
    day.send(future(100.0, "11:00:22", volume=50_065), nifty(24_001.0, "11:00:22"))
    day.send(future(100.0, "11:01:22", volume=50_130), nifty(24_001.0, "11:01:22"))
    day.until("11:02:05")
    bars = day.bars(FUTURE)
    assert [bars[at]["volume"] for at in ("11:00", "11:01")] == [65.0, 65.0]
    assert [bars[at]["flags"] for at in ("11:00", "11:01")] == [BarFlag.PARTIAL, 0]
    assert [bar["flags"] for bar in day.bars(NIFTY).values()] == [BarFlag.PARTIAL, 0]
    assert day.counters == {"unknown_base": 1}


def test_a_second_connection_opened_in_mid_session_does_not_borrow_the_first_ones_base(play):
    day = play(FUTURE, CALL).connect(connection=1).connect("11:00:00", connection=2)
    day.send(Tick(CALL, 10.0, "11:00:01", 50_000), connection=2)
    day.send(future(100.0, "11:00:01", 650), connection=1)
    day.until("11:01:05")
    assert day.bars(CALL)["11:00"]["volume"] == 0.0
    assert day.bars(FUTURE)["11:00"]["volume"] == 650.0


def test_volume_of_a_short_disconnection_goes_to_the_bar_in_progress(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65))
    day.reopen("09:16:50")
    day.send(future(100.0, "09:16:51", volume=195))
    day.until("09:17:05")
    bar = day.bars(FUTURE)["09:16"]
    assert (bar["volume"], bar["flags"]) == (195.0, BarFlag.RECONNECTED)
    assert day.counters == {"reopened": 1, "reconnected": 1}


def test_volume_of_a_long_disconnection_belongs_to_no_bar(play):
    day = play(FUTURE, NIFTY).connect()
    day.send(future(100.0, "09:16:01", volume=65), nifty(24_000.0, "09:16:01"))
    day.reopen("09:17:02")
    day.send(future(100.0, "09:17:03", volume=195), nifty(24_000.0, "09:17:03"))
    day.send(future(100.0, "09:17:04", volume=260), nifty(24_000.0, "09:17:04"))
    day.until("09:18:05")
    bar = day.bars(FUTURE)["09:17"]
    assert (bar["volume"], bar["flags"]) == (65.0, BarFlag.PARTIAL)
    assert day.bars(NIFTY)["09:17"]["flags"] == BarFlag.PARTIAL
    assert day.counters == {"reopened": 1, "unknown_base": 1}


def test_a_quiet_contract_does_not_make_a_short_disconnection_long(play):
    day = play(FUTURE, CALL).connect()
    day.send(Tick(CALL, 10.0, "09:16:01", 65), future(100.0, "09:16:01", 65))
    day.send(future(100.0, "09:40:00", 130))
    day.reopen("09:40:03")
    day.send(Tick(CALL, 10.0, "09:40:04", 195))
    day.until("09:41:05")
    bar = day.bars(CALL)["09:40"]
    assert (bar["volume"], bar["flags"]) == (130.0, BarFlag.RECONNECTED)


def test_a_connection_that_reopens_leaves_the_others_alone(play):
    day = play(FUTURE, CALL).connect(connection=1).connect(connection=2)
    day.send(future(100.0, "09:16:01", 65), connection=1)
    day.send(Tick(CALL, 10.0, "09:16:01", 65), connection=2)
    day.reopen("09:20:00", connection=2)
    day.send(future(100.0, "09:20:01", 130), connection=1)
    day.until("09:21:05")
    bar = day.bars(FUTURE)["09:20"]
    assert (bar["volume"], bar["flags"]) == (65.0, 0)


def test_a_connection_opened_before_the_session_needs_no_base(play):
    day = play(CALL)
    day.reopen("08:50:00")
    day.reopen("09:10:00")
    day.send(Tick(CALL, 10.0, "09:15:01", 65))
    day.until("09:16:05")
    bar = day.bars(CALL)["09:15"]
    assert (bar["volume"], bar["flags"]) == (65.0, 0)


def test_what_kite_repeats_of_yesterday_is_dropped(play):
    day = play(FUTURE).connect("08:50:00")
    yesterday = future(90.0, "15:39:59", volume=9_000_000, open=80.0, day=day.day.replace(day=17))
    day.send(yesterday, received="08:50:01")
    day.send(future(100.0, "09:15:01", volume=65, open=99.0))
    day.until("09:16:05")
    bar = day.bars(FUTURE)["09:15"]
    assert (bar["volume"], bar["open"], bar["low"]) == (65.0, 99.0, 99.0)
    assert day.counters == {"other_day": 1}


@pytest.mark.parametrize("at", ["09:14:59", "15:40:00"])
def test_outside_trading_hours_there_is_no_bar(play, at):
    day = play(FUTURE).connect()
    day.send(future(100.0, at, volume=65))
    day.until("15:59:00")
    assert day.bars(FUTURE) == {}
    assert day.counters == {"outside": 1}
    assert day.row(FUTURE)["last_price"] == 100.0


def test_the_index_stops_before_its_future(play):
    day = play(FUTURE, NIFTY).connect()
    day.send(future(100.0, "15:36:00", volume=65), nifty(24_000.0, "15:36:00"))
    day.until("15:40:10")
    assert (list(day.bars(FUTURE)), list(day.bars(NIFTY))) == (["15:36"], [])


@pytest.mark.parametrize(
    ("bid", "ask", "flag", "counted"),
    [
        (100.0, 100.05, GOOD, {}),
        (100.0, 102.0, GOOD, {}),  # 2 of 101 is under 2 %
        (100.0, 102.1, WIDE, {"wide": 1}),
        (100.05, 100.05, CROSSED, {"crossed": 1}),
        (100.1, 100.0, CROSSED, {"crossed": 1}),
        (0.0, 100.0, GOOD, {}),  # nobody bids: no quote, and not a bad one
        (0.0, 0.0, GOOD, {}),
    ],
)
def test_a_bad_quote_is_flagged_and_its_trade_kept(play, bid, ask, flag, counted):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", volume=65, bid=bid, ask=ask))
    day.until("09:17:05")
    assert day.row(FUTURE)["quote_flag"] == flag
    assert day.counters == counted
    assert day.bars(FUTURE)["09:16"]["volume"] == 65.0


def test_a_spread_of_five_ticks_is_never_wide(play):
    day = play(CALL).connect()
    day.send(Tick(CALL, 1.0, "09:16:01", 65, bid=1.0, ask=1.25))
    assert day.row(CALL)["quote_flag"] == GOOD


def test_a_packet_without_depth_says_nothing_of_the_quote(play):
    day = play(FUTURE, CALL).connect()
    day.send(future(100.0, "09:16:01", 65, bid=99.9, ask=100.1), Tick(CALL, 10.0, "09:16:01"))
    day.send(future(100.0, "09:16:02", 65, length=44), Tick(CALL, 10.0, "09:16:02"))
    row = day.row(FUTURE)
    assert (row["bid"], row["ask"], row["quote_flag"]) == (99.9, 100.1, GOOD)
    assert "crossed" not in day.counters


@pytest.mark.parametrize(
    ("received", "counted", "bars"),
    [
        ("09:16:28", {}, 1),  # two seconds ahead
        ("09:16:27", {"clock": 1}, 1),
        ("09:15:29", {"clock": 1}, 0),  # over a minute ahead: it would close bars
        ("09:18:30", {"late": 1}, 0),  # two minutes behind
        ("09:18:31", {"clock": 1, "late": 1}, 0),
    ],
)
def test_the_exchange_clock_is_compared_with_arrival(play, received, counted, bars):
    day = play(NIFTY).connect()
    day.send(nifty(24_000.0, "09:16:30"), received=received)
    day.until("09:19:00")
    assert day.counters == counted
    assert len(day.bars(NIFTY)) == bars


def test_a_clock_far_ahead_closes_nothing(play):
    day = play(NIFTY, Instrument(265, "SENSEX", "BSE", "SENSEX", Kind.INDEX)).connect()
    day.send(nifty(24_000.0, "09:16:30"))
    day.send(nifty(24_000.0, "10:16:30"), received="09:16:31")
    day.send(nifty(24_005.0, "09:16:32"))
    day.until("09:17:05")
    assert day.bars(NIFTY)["09:16"]["close"] == 24_005.0


def test_an_oi_of_zero_before_any_other_is_unknown(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", 65, oi=0))
    day.until("09:17:05")
    assert np.isnan(day.row(FUTURE)["oi"])
    assert np.isnan(day.bars(FUTURE)["09:16"]["oi"])
    assert day.counters == {}


def test_an_oi_of_zero_on_a_contract_that_had_some_is_missing(play):
    day = play(FUTURE).connect()
    day.send(future(100.0, "09:16:01", 65, oi=0))
    day.send(future(100.0, "09:16:02", 65, oi=1300))
    day.send(future(100.0, "09:16:03", 65, oi=0))
    day.until("09:17:05")
    assert day.bars(FUTURE)["09:16"]["oi"] == 1300.0
    assert day.counters == {"oi_zero": 1}


def test_a_token_nobody_asked_for_is_dropped(play):
    day = play(NIFTY).connect()
    day.send(future(100.0, "09:16:01"), nifty(24_000.0, "09:16:01"))
    day.until("09:17:05")
    assert day.counters == {"unknown_token": 1}
    assert day.bars(NIFTY)["09:16"]["n"] == 1


def test_a_token_twice_in_a_message_is_two_ticks_in_order(play):
    day = play(FUTURE, NIFTY).connect()
    day.send(
        future(100.0, "09:16:01", 65),
        nifty(24_000.0, "09:16:01"),
        future(101.0, "09:16:01", 130),
        future(99.0, "09:16:02", 195),
    )
    day.until("09:17:05")
    bar = day.bars(FUTURE)["09:16"]
    assert [bar[k] for k in ("open", "high", "low", "close", "volume", "n")] == [
        *(100.0, 101.0, 99.0, 99.0),
        *(195.0, 3),
    ]
    assert day.bars(NIFTY)["09:16"]["n"] == 1


def test_a_message_that_is_no_message_is_counted(play):
    day = play(NIFTY).connect()
    day.pipeline.process(Frame(nanoseconds("09:16:01"), 1, b"\x00\x01\x00\x08abc"))
    assert day.counters == {"bad_packet": 1}
    assert np.isnan(day.row(NIFTY)["last_price"])
