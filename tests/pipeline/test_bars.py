"""Bars of one minute and longer: what is in them, and when they close."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.core.clock import from_seconds
from dashboard.core.market import BarFlag, Instrument, Segment
from dashboard.pipeline.bars import aggregate
from dashboard.pipeline.state import NO_BAR
from tests.pipeline.frames import (
    CALL,
    DAY,
    FUTURE,
    INDEX_QUOTE,
    NIFTY,
    OLD_DAY,
    Play,
    Tick,
    instant,
)

SATURDAY = date(2024, 1, 20)
DRILL = date(2024, 3, 2)


def closed(day: Play, segment: Segment = Segment.INDEX) -> list[str]:
    """Return the minutes of a segment that are closed."""
    return [f"{from_seconds(c.minute):%H:%M}" for c in day.closed if c.segment is segment]


def every_minute(day: Play, instrument: Instrument, first: str, last: str) -> None:
    """Send a tick in every minute from `first` to `last`; its price counts them."""
    at, end, price = instant(first, day.day), instant(last, day.day), 100.0
    while at <= end:
        clock, traded = f"{at:%H:%M}:30", round(1300 * (price - 100))
        day.send(Tick(instrument, price, clock, volume=65 + traded, day=day.day))
        at, price = at + timedelta(minutes=1), price + 0.05


def starts(day: Play, instrument: Instrument, timeframe: str) -> list[str]:
    """Return when the closed bars of a timeframe start."""
    bars = day.pipeline.series.get(instrument.token, timeframe).bars
    return [f"{from_seconds(start):%H:%M}" for start in bars["start"]]


# -- when a bar closes -------------------------------------------------------------------


def test_a_bar_is_open_until_two_seconds_past_its_end(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.send(Tick(NIFTY, 24_001.0, "09:16:01"))
    assert closed(day) == []
    day.send(Tick(NIFTY, 24_002.0, "09:16:02"))
    assert closed(day) == ["09:15"]


def test_any_instrument_of_the_segment_closes_it(play):
    day = play(FUTURE, CALL, NIFTY).connect()
    day.send(Tick(CALL, 10.0, "09:15:30", 65), Tick(NIFTY, 24_000.0, "09:15:30"))
    day.send(Tick(FUTURE, 100.0, "09:16:02", 65))
    assert closed(day, Segment.FNO) == ["09:15"]
    assert closed(day, Segment.INDEX) == []
    assert day.bars(CALL)["09:15"]["close"] == 10.0


def test_the_clock_closes_a_bar_five_seconds_past_its_end(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.until("09:16:04.999")
    assert closed(day) == []
    day.until("09:16:05")
    assert closed(day) == ["09:15"]


def test_the_clock_runs_on_arrivals_too(play):
    day = play(NIFTY, FUTURE).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.send(Tick(FUTURE, 100.0, "09:16:05", 65))
    assert closed(day) == ["09:15"]


def test_two_minutes_are_open_in_the_seconds_of_grace(play):
    day = play(FUTURE).connect()
    day.send(Tick(FUTURE, 100.0, "09:15:59", 65))
    day.send(Tick(FUTURE, 101.0, "09:16:00", 130, traded="09:16:00"))
    # a trade of the minute before, told a second later
    day.send(Tick(FUTURE, 102.0, "09:16:01", 195, traded="09:15:59"))
    row = day.row(FUTURE)
    assert (row["previous_bar"]["close"], row["bar"]["close"]) == (102.0, 101.0)
    day.until("09:17:05")
    bars = day.bars(FUTURE)
    assert [bars[at]["volume"] for at in ("09:15", "09:16")] == [130.0, 65.0]


def test_a_trade_of_a_minute_that_began_without_a_tick_makes_its_bar(play):
    day = play(FUTURE, CALL).connect()
    day.send(Tick(CALL, 10.0, "09:16:30", 65))
    day.send(Tick(CALL, 10.0, "09:18:00", 65, bid=9.0, ask=9.1))  # only the quote moved
    day.send(Tick(CALL, 11.0, "09:18:01", 130, traded="09:17:59"))
    day.until("09:19:05")
    bars = day.bars(CALL)
    assert list(bars) == ["09:16", "09:17", "09:18"]
    assert [bar["volume"] for bar in bars.values()] == [65.0, 65.0, 0.0]
    assert (bars["09:17"]["open"], bars["09:17"]["close"]) == (11.0, 11.0)


def test_a_trade_whose_bar_is_final_goes_to_the_bar_of_its_message(play):
    day = play(FUTURE).connect()
    day.send(Tick(FUTURE, 100.0, "09:15:59", 65))
    day.send(Tick(FUTURE, 100.0, "09:16:02", 65))
    day.send(Tick(FUTURE, 101.0, "09:16:03", 195, traded="09:15:58"))
    day.until("09:17:05")
    assert day.bars(FUTURE)["09:16"]["volume"] == 130.0


def test_bars_over_a_minute_old_close_to_make_room(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.send(Tick(NIFTY, 24_001.0, "09:16:30"))
    day.send(Tick(NIFTY, 24_002.0, "09:18:30"), received="09:16:31")  # a clock far ahead
    day.until("09:17:05")
    assert [bar["close"] for bar in day.bars(NIFTY).values()] == [24_000.0, 24_001.0]


def test_a_minute_without_a_tick_has_no_bar_and_is_closed_all_the_same(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.send(Tick(NIFTY, 24_001.0, "09:18:30"))
    assert closed(day) == ["09:15", "09:16", "09:17"]
    day.until("09:19:05")
    assert list(day.bars(NIFTY)) == ["09:15", "09:18"]
    assert day.row(NIFTY)["bar"]["start"] == NO_BAR


def test_the_last_minute_of_the_day_closes_by_the_clock(play):
    day = play(FUTURE, NIFTY, day=OLD_DAY).connect()
    old = {"day": OLD_DAY}
    day.send(Tick(FUTURE, 100.0, "15:29:59", 65, **old), Tick(NIFTY, 24_000.0, "15:29:59", **old))
    day.until("15:30:05")
    assert list(day.bars(FUTURE)) == list(day.bars(NIFTY)) == ["15:29"]


# -- what is in a bar ----------------------------------------------------------------------


def test_the_first_bar_opens_at_the_days_open(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:01", open=23_990.0))
    day.send(Tick(NIFTY, 24_005.0, "09:15:02", open=23_990.0))
    day.send(Tick(NIFTY, 24_006.0, "09:16:02", open=23_990.0))
    day.until("09:17:05")
    first, second = day.bars(NIFTY).values()
    assert [first[k] for k in ("open", "high", "low", "close")] == [
        *(23_990.0, 24_005.0),
        *(23_990.0, 24_005.0),
    ]
    assert second["open"] == 24_006.0


def test_an_index_has_no_volume_and_no_oi(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:01"))
    day.until("09:16:05")
    bar = day.bars(NIFTY)["09:15"]
    assert np.isnan([bar["volume"], bar["oi"]]).all()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    prices=st.lists(st.integers(9_700, 10_300), min_size=2, max_size=12),
    repeats=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 2)), max_size=6),
    strays=st.lists(st.tuples(st.integers(1, 11), st.integers(9_700, 10_300)), max_size=6),
)
def test_duplicates_change_nothing_and_old_ticks_only_the_extremes(play, prices, repeats, strays):
    ticks = [
        Tick(FUTURE, price / 100, f"09:16:{10 + 2 * at}", 65 * (at + 1), oi=1000 + at)
        for at, price in enumerate(prices)
    ]
    plain, mixed = play(FUTURE).connect(), play(FUTURE).connect()
    again, old = dict(repeats), [(at, price) for at, price in strays if at < len(ticks)]
    for at, tick in enumerate(ticks):
        plain.send(tick)
        for _ in range(1 + again.get(at, 0)):
            mixed.send(tick)
        for place, price in old:
            if place == at:
                stray = Tick(FUTURE, price / 100, "09:16:05", 9_999_999, oi=7)
                mixed.send(stray, received=f"09:16:{10 + 2 * at}.500")
                mixed.pipeline.state.rows["seen_time"] = 0  # the same stray may come again
    plain.until("09:17:05")
    mixed.until("09:17:05")
    expected, found = plain.bars(FUTURE)["09:16"], mixed.bars(FUTURE)["09:16"]
    for name in ("open", "close", "volume", "oi", "flags"):
        assert found[name] == expected[name]
    assert found["high"] == max([expected["high"], *(price / 100 for _, price in old)])
    assert found["low"] == min([expected["low"], *(price / 100 for _, price in old)])
    assert found["n"] == len(ticks) + len(old)
    assert mixed.counters.get("ooo", 0) == len(old)


# -- longer bars ---------------------------------------------------------------------------


def test_longer_bars_are_anchored_at_the_open(play):
    day = play(FUTURE).connect()
    every_minute(day, FUTURE, "09:15", "10:16")
    day.until("10:17:05")
    assert starts(day, FUTURE, "30m") == ["09:15", "09:45"]
    assert starts(day, FUTURE, "15m") == ["09:15", "09:30", "09:45", "10:00"]
    assert starts(day, FUTURE, "5m")[:3] == ["09:15", "09:20", "09:25"]
    bar = day.pipeline.series.get(FUTURE.token, "5m").bars[1]
    assert (bar["open"], bar["close"]) == pytest.approx((100.25, 100.45))
    assert (bar["volume"], bar["n"]) == (5 * 65, 5)


def test_a_longer_bar_closes_with_its_last_minute_even_if_that_has_no_bar(play):
    day = play(FUTURE).connect()
    day.send(Tick(FUTURE, 100.0, "09:16:30", 65))
    day.until("09:20:04")
    assert starts(day, FUTURE, "5m") == []
    day.until("09:20:05")
    assert starts(day, FUTURE, "5m") == ["09:15"]


def test_in_regime_a_the_last_half_hour_is_short(play):
    day = play(NIFTY, day=OLD_DAY).connect()
    every_minute(day, NIFTY, "14:40", "15:29")
    day.until("15:30:05")
    assert starts(day, NIFTY, "30m") == ["14:15", "14:45", "15:15"]
    assert day.pipeline.series.get(NIFTY.token, "30m").bars["n"].tolist() == [5, 30, 15]


def test_in_regime_b_the_auction_is_flagged_and_has_no_half_hour(play):
    day = play(NIFTY, FUTURE).connect()
    for at in ("15:14", "15:15", "15:20", "15:34"):
        day.send(Tick(NIFTY, 24_000.0, f"{at}:30"), Tick(FUTURE, 100.0, f"{at}:30", 65))
    day.until("15:40:10")
    flags = {at: bar["flags"] for at, bar in day.bars(NIFTY).items()}
    auction = BarFlag.AUCTION
    assert flags == {"15:14": 0, "15:15": auction, "15:20": auction, "15:34": auction}
    assert starts(day, NIFTY, "30m") == ["14:45"]
    assert starts(day, NIFTY, "15m") == ["15:00", "15:15", "15:30"]
    assert all(not bar["flags"] for bar in day.bars(FUTURE).values())
    assert starts(day, FUTURE, "30m") == ["14:45", "15:15"]


def test_in_regime_b_no_half_hour_is_in_progress_in_the_auction(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "15:16:30"))
    slots = day.pipeline.sections.source.open_slots(NIFTY)
    assert day.pipeline.series.open_bars(NIFTY.token, "30m", slots) == []
    assert len(day.pipeline.series.open_bars(NIFTY.token, "15m", slots)) == 1


def test_a_saturday_session_has_the_hours_of_any_day(play):
    day = play(NIFTY, day=SATURDAY).connect()
    every_minute(day, NIFTY, "09:15", "09:20")
    every_minute(day, NIFTY, "15:28", "15:30")
    day.until("15:31:00")
    assert list(day.bars(NIFTY)) == [
        *("09:15", "09:16", "09:17", "09:18", "09:19", "09:20"),
        *("15:28", "15:29"),
    ]
    assert closed(day)[-1] == "15:29"
    assert len(closed(day)) == 375


def test_a_drill_has_two_windows_and_its_bars_begin_with_each(play):
    day = play(NIFTY, day=DRILL).connect()
    every_minute(day, NIFTY, "09:40", "10:02")
    every_minute(day, NIFTY, "11:28", "12:31")
    day.until("12:31:00")
    bars = list(day.bars(NIFTY))
    assert (bars[0], bars[19], bars[20], bars[-1]) == ("09:40", "09:59", "11:30", "12:29")
    assert starts(day, NIFTY, "30m") == ["09:15", "09:45", "11:30", "12:00"]
    assert day.pipeline.series.get(NIFTY.token, "30m").bars["n"].tolist() == [5, 15, 30, 30]


def test_an_aggregate_of_bars_without_volume_has_none(play):
    day = play(NIFTY).connect()
    every_minute(day, NIFTY, "09:15", "09:20")
    minutes = day.pipeline.series.get(NIFTY.token, "1m").bars
    assert np.isnan(aggregate(minutes)["volume"][0])


def test_an_aggregate_counts_the_volume_that_is_known():
    day = Play((CALL,)).connect()
    day.send(Tick(CALL, 10.0, "09:15:30", length=INDEX_QUOTE), received="09:15:30.200")
    day.send(Tick(CALL, 10.0, "09:16:30", 650))
    day.send(Tick(CALL, 10.0, "09:17:30", 715))
    day.until("09:18:05")
    bars = day.bars(CALL)
    assert [bars[at]["volume"] for at in ("09:15", "09:16", "09:17")] == [0.0, 650.0, 65.0]
    day.pipeline.close()


# -- bars in progress ------------------------------------------------------------------------


def test_a_longer_bar_is_in_progress_between_the_ticks_of_its_minutes(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:15:30"))
    day.until("09:16:05")
    source = day.pipeline.sections.source
    slots = source.open_slots(NIFTY)
    assert len(slots) == 0
    (bar,) = day.pipeline.series.open_bars(NIFTY.token, "5m", slots)
    assert bar["close"][0] == 24_000.0
    assert day.pipeline.series.open_bars(NIFTY.token, "1m", slots) == []


def test_in_the_seconds_of_grace_two_bars_are_in_progress(play):
    day = play(NIFTY).connect()
    day.send(Tick(NIFTY, 24_000.0, "09:19:59"))
    day.send(Tick(NIFTY, 24_001.0, "09:20:01"))
    slots = day.pipeline.sections.source.open_slots(NIFTY)
    closing, forming = day.pipeline.series.open_bars(NIFTY.token, "5m", slots)
    assert (closing["close"][0], forming["close"][0]) == (24_000.0, 24_001.0)


def test_the_day_of_these_tests_is_of_regime_b(play):
    hours = play(NIFTY).pipeline.hours.segments[Segment.INDEX]
    assert (DAY, [end - start for start, end, _ in hours.windows]) == (
        date(2026, 8, 18),
        [360 * 60, 20 * 60],
    )
