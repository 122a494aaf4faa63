"""Opening range: the reference day, then ranges, breaks and sessions that begin elsewhere."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.signals.orb import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import vector_bars


def opening(*after: float, day: str = "2025-06-02", start: str = "09:15") -> pd.DataFrame:
    """Return 15 bars between 98 and 102 (close 100), then bars that close at `after`."""
    close = [100.0] * 15 + list(after)
    high = [102.0] * 15 + list(after)
    low = [98.0] * 15 + list(after)
    return make_bars(close=close, high=high, low=low, day=day, start=start)


def read(*after: float, **given: str) -> Reading:
    return SIGNAL.read(opening(*after, **given))


@pytest.mark.shared
def test_matches_the_reference_day(shared: Path):
    table = calculate(vector_bars(shared)).loc["2025-11-04"]
    last = table.iloc[-1]
    assert (last["or5_high"], last["or5_low"]) == (25906.65, 25882.10)
    assert (last["or15_high"], last["or15_low"]) == (25912.30, 25882.10)
    assert last["or30_high"] == 25915.15
    for column, at in (("or5_break", "09:21"), ("or15_break", "09:49"), ("or30_break", "09:49")):
        broken = table.index[table[column] != 0]
        assert f"{broken[0]:%H:%M}" == at
        assert table[column].loc[broken[0]] == 1


@pytest.mark.shared
def test_a_wick_is_only_a_test(shared: Path):
    bars = vector_bars(shared)
    reading = SIGNAL.read(bars[: pd.Timestamp("2025-11-04 09:43", tz=IST)])
    assert reading.state is Stance.NEUTRAL
    assert reading.flags == ("test",)


def test_a_range_is_known_when_its_last_bar_closes():
    table = calculate(opening(100.0))
    assert table["or5_high"].isna().sum() == 4
    assert table["or15_high"].isna().sum() == 14
    assert table["or30_high"].isna().all()


def test_says_how_far_the_building_is():
    reading = SIGNAL.read(opening().iloc[:3])
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Building, 3 of 15 bars"
    assert (reading.warmup.have, reading.warmup.need) == (3, 15)


def test_is_neutral_inside():
    reading = read(101.0)
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "Inside 98.00–102.00"


def test_a_close_above_is_bullish():
    reading = read(101.0, 103.0, 104.0, 103.0)
    # one point beyond a range of four
    assert (reading.state, reading.strength) == (Stance.BULLISH, pytest.approx(25.0))
    assert reading.reason == "Closed above high 09:31; held 2m"
    assert reading.values["or15_distance"] == pytest.approx(1.0)


def test_a_close_below_is_bearish():
    reading = read(96.0)
    assert (reading.state, reading.strength) == (Stance.BEARISH, pytest.approx(50.0))
    assert reading.reason == "Closed below low 09:30"
    assert "fresh_break" in reading.flags


def test_the_targets_are_half_and_one_width_away():
    levels = {level.label: level.price for level in read(103.0).levels}
    assert levels == {
        "15m high": 102.0,
        "15m low": 98.0,
        "+0.5 width": 104.0,
        "+1 width": 106.0,
        "−0.5 width": 96.0,
        "−1 width": 94.0,
    }


def test_a_break_that_is_back_within_three_bars_has_failed():
    reading = read(103.0, 103.0, 103.0, 101.0)
    assert reading.state is Stance.NEUTRAL
    assert reading.reason == "Back inside 98.00–102.00"
    assert "failed_break" in reading.flags
    assert reading.values["or15_break"] == 1.0


def test_a_break_that_lasted_longer_has_not():
    assert "failed_break" not in read(103.0, 103.0, 103.0, 103.0, 101.0).flags


def test_the_other_end_replaces_the_break():
    table = calculate(opening(103.0, 100.0, 97.0, 100.0))
    assert table["or15_break"].tolist()[15:] == [1, 1, -1, -1]


def test_touching_an_end_is_no_break():
    assert read(102.0).state is Stance.NEUTRAL


def test_a_fifth_of_the_bars_may_be_missing():
    bars = opening(103.0)
    assert SIGNAL.read(bars.drop(bars.index[3:6]), timeframe="1m").state is Stance.BULLISH


def test_more_missing_leave_no_range():
    bars = opening(103.0)
    reading = SIGNAL.read(bars.drop(bars.index[3:7]), timeframe="1m")
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "11 of 15 opening bars, needs 12"


def test_each_session_has_its_own_range():
    monday = opening(103.0, day="2025-06-02")
    tuesday = opening(101.0, day="2025-06-03")
    table = calculate(pd.concat([monday, tuesday + 50]))
    assert table["or15_high"].iloc[-1] == 152.0
    assert table["or15_break"].iloc[-1] == 0
    assert table["or5_high"].iloc[16:20].isna().all()


def test_muhurat_begins_in_the_evening():
    reading = read(103.0, day="2024-11-01", start="18:00")
    assert reading.state is Stance.BULLISH
    assert "late_day" not in reading.flags


def test_an_hour_is_too_short_for_a_range_of_30_minutes():
    bars = make_bars(close=[100.0] * 40, day="2024-11-01", start="18:00")
    table = calculate(bars)
    assert table["or15_high"].iloc[-1] == 100.0
    assert table["or30_high"].isna().all()


def test_bars_before_the_open_do_not_count():
    early = make_bars(close=[200.0] * 5, start="09:10")
    table = calculate(pd.concat([early, opening(101.0)]))
    assert table["or5_high"].iloc[-1] == 102.0


def test_a_late_beginning_is_not_an_opening_range():
    reading = read(103.0, start="10:30")
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "0 of 15 opening bars, needs 12"


def test_a_date_without_a_session_takes_the_first_bar_and_says_so():
    reading = read(103.0, day="2019-06-04", start="10:30")
    assert reading.state is Stance.BULLISH
    assert "session_unverified" in reading.flags


def test_grows_old_after_half_past_two():
    assert "late_day" not in read(*[103.0] * 300).flags  # 14:29
    late = read(*[103.0] * 301)
    assert "late_day" in late.flags
    assert "stale" not in late.flags


def test_says_nothing_after_the_index_has_closed():
    bars = opening(*[103.0] * 346, day="2026-08-18")
    assert SIGNAL.read(bars.iloc[:360]).state is Stance.BULLISH  # the bar of 15:14
    reading = SIGNAL.read(bars)
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No range after the close of trading"
    assert reading.flags == ("auction_phase",)


def test_keeps_its_state_at_the_close_where_no_auction_follows():
    bars = opening(*[103.0] * 360, day="2025-06-02")
    assert SIGNAL.read(bars).state is Stance.BULLISH  # closed 15:30


def test_thin_volume_of_the_future_weakens_it():
    bars = opening(*[103.0] * 10)
    future = bars.assign(volume=[100.0] * 24 + [40.0])
    reading, _ = SIGNAL.evaluate(Inputs("NIFTY", index=bars, future=future))
    # 25 for the distance, 40 of the usual 100 units
    assert reading.strength == pytest.approx(10.0)
    alone, _ = SIGNAL.evaluate(Inputs("NIFTY", index=bars))
    assert alone.strength == pytest.approx(25.0)
    assert "volume_unknown" in alone.flags


def test_tags_a_range_that_is_wide_for_these_days():
    days = pd.bdate_range("2025-05-01", "2025-05-30", tz=IST)
    quiet = pd.DataFrame({"high": 103.0, "low": 97.0, "close": 100.0}, index=days)
    bars = opening(103.0)
    # the range is 4 wide; half of a daily range of 6 is 3, half of one of 12 is 6
    assert "wide" in SIGNAL.read(bars, daily=quiet).flags
    calm = quiet.assign(high=106.0, low=94.0)
    assert "wide" not in SIGNAL.read(bars, daily=calm).flags


def test_a_range_without_width_has_no_break():
    reading = SIGNAL.read(make_bars(close=[100.0] * 15 + [101.0]))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
