"""Missing bars are counted by the calendar's sessions; the opening gap by the daily range."""

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.continuity import is_silent, missing_bars, opens_with_gap, reopenings
from dashboard.core.hours import bar_end, date_of, expected_starts, prior_day, skipped_session
from dashboard.core.market import Segment
from tests.builders import make_bars


def bars(count: int, day: str = "2025-06-03", start: str = "09:15") -> pd.DataFrame:
    return make_bars(close=[100.0] * count, day=day, start=start)


def missing(frame: pd.DataFrame, minutes: int = 1, segment: Segment = Segment.INDEX) -> int:
    return missing_bars(frame, segment, minutes)


def day_number(text: str) -> int:
    return (pd.Timestamp(text) - pd.Timestamp("1970-01-01")).days


def test_a_whole_session_lacks_nothing():
    assert missing(bars(375)) == 0


def test_minutes_without_a_bar_are_counted():
    whole = bars(100)
    assert missing(whole.drop(whole.index[[50, 60, 70]])) == 3


def test_only_the_last_sixty_expected_bars_count():
    whole = bars(100)
    assert missing(whole.drop(whole.index[30:42])) == 2  # 40 and 41 are among the last 60


def test_a_late_beginning_today_is_missing():
    assert missing(bars(20, start="09:25")) == 10


def test_the_night_is_not_missing():
    assert missing(pd.concat([bars(375, "2025-06-02"), bars(10)])) == 0


def test_yesterday_s_last_minutes_are_expected_too():
    assert missing(pd.concat([bars(365, "2025-06-02"), bars(10)])) == 10


def test_history_that_was_never_loaded_is_not_missing():
    assert missing(pd.concat([bars(20, "2025-06-02", "15:10"), bars(10)])) == 0


def test_a_session_that_is_not_there_at_all_is_missing():
    monday, wednesday = bars(375, "2025-06-02"), bars(10, "2025-06-04")
    assert missing(pd.concat([monday, wednesday])) == 50


def test_the_index_ends_before_its_futures_do():
    # regime B: to 15:15 and 15:40
    friday, monday = bars(360, "2026-08-14"), bars(10, "2026-08-17")
    assert missing(pd.concat([friday, monday])) == 0
    assert missing(pd.concat([friday, monday]), segment=Segment.FNO) == 25


def test_longer_bars_are_expected_at_their_own_pace():
    frame = make_bars(close=[1.0] * 13, day="2025-06-03", timeframe="30m")
    assert missing(frame, minutes=30) == 0
    assert missing(frame.drop(frame.index[4:6]), minutes=30) == 2


def test_a_date_without_a_session_is_taken_as_it_is():
    assert missing(bars(5, "2019-06-04", "11:00")) == 0


def test_the_last_bar_of_a_session_may_be_short():
    at = int(pd.Timestamp("2025-06-03 15:15", tz=IST).timestamp())
    assert bar_end(at, Segment.INDEX, 30) - at == 15 * 60
    assert bar_end(at - 1800, Segment.INDEX, 30) - at == 0


def test_a_drill_has_two_windows():
    starts = expected_starts(day_number("2024-03-02"), Segment.INDEX, 15)
    times = pd.to_datetime(starts, unit="s", utc=True).tz_convert(IST).strftime("%H:%M").tolist()
    assert times == ["09:15", "09:30", "09:45", "11:30", "11:45", "12:00", "12:15"]


def test_a_holiday_and_an_unpublished_evening_have_no_bars():
    assert expected_starts(day_number("2026-01-26"), Segment.INDEX, 1) is None
    assert expected_starts(day_number("2026-11-08"), Segment.INDEX, 1) is None


def test_the_prior_day_passes_over_muhurat_and_says_so():
    thursday = day_number("2025-10-23")
    assert str(date_of(prior_day(thursday))) == "2025-10-20"
    assert skipped_session(thursday)
    assert not skipped_session(day_number("2025-06-03"))
    assert prior_day(day_number("2019-06-03")) is None


def sessions(close: float) -> pd.DataFrame:
    """Return 20 sessions with a range of 10 each, the last one before 3 June 2025."""
    dates = pd.bdate_range(end="2025-06-02", periods=20, tz=IST)
    return pd.DataFrame({"high": 105.0, "low": 95.0, "close": close}, index=dates)


@pytest.mark.parametrize(("close", "gap"), [(95.9, True), (96.1, False)])
def test_an_opening_gap_is_beyond_two_fifths_of_the_daily_range(close: float, gap: bool):
    # 0.4 of 10 is 4; the session opens at 100
    assert opens_with_gap(bars(1), sessions(close)) is gap


def test_only_the_first_bar_opens():
    assert opens_with_gap(bars(2), sessions(95.0)) is False


def test_without_past_sessions_there_is_no_gap_to_tell():
    assert opens_with_gap(bars(1), None) is False
    assert opens_with_gap(bars(1), sessions(95.0).iloc[:5]) is False


SPANS = [(36_000, 39_600)]  # an hour


def test_five_minutes_without_a_tick_are_a_suspected_halt():
    def found(*minutes: int) -> tuple[int, ...]:
        return reopenings(np.array([36_000 + 60 * m for m in minutes]), SPANS)

    assert found(0, 1, 7, 8) == (36_420,)  # nothing from 2 to 6
    assert found(0, 1, 6, 7) == ()
    assert found(9, 10) == ()  # the opening is none
    assert found() == ()
    assert found(0, 6, 12) == (36_360, 36_720)
    assert found(59, 70) == ()  # the hour is over


def test_a_halt_is_suspected_once_five_minutes_have_gone_by():
    seen = np.array([36_000, 36_060])
    assert not is_silent(seen, SPANS, 36_060 + 60 + 299)
    assert is_silent(seen, SPANS, 36_060 + 60 + 300)
    assert not is_silent(seen, SPANS, 39_601)  # nobody expects a tick
    assert not is_silent(seen[:0], SPANS, 38_000)
