"""A hole in what is stored ends the history of a day; a few missing sessions do not."""

from datetime import date

from dashboard.pipeline.unbroken import unbroken_since

DAY = date(2026, 8, 18)  # a Tuesday


def days(*august: int) -> list[date]:
    return [date(2026, 8, number) for number in august]


def test_sessions_in_a_row_reach_back_to_the_first():
    assert unbroken_since(days(17, 14, 13, 12), DAY) == date(2026, 8, 12)


def test_three_missing_sessions_are_bridged_and_four_are_not():
    assert unbroken_since(days(17, 11), DAY) == date(2026, 8, 11)  # 12, 13 and 14 are missing
    assert unbroken_since(days(17, 10), DAY) == date(2026, 8, 17)


def test_a_day_long_after_the_last_one_has_no_history():
    assert unbroken_since([date(2024, 2, 29), date(2024, 2, 28)], DAY) == DAY
    assert unbroken_since([], DAY) == DAY


def test_a_muhurat_evening_is_no_step_of_its_own():
    sessions = [date(2025, 10, 23), date(2025, 10, 21), date(2025, 10, 20)]
    assert unbroken_since(sessions, date(2025, 10, 24)) == date(2025, 10, 20)


def test_where_the_calendar_ends_a_week_does_it():
    assert unbroken_since([date(2019, 6, 4)], date(2019, 6, 7)) == date(2019, 6, 4)
    assert unbroken_since([date(2019, 6, 4)], date(2019, 6, 24)) == date(2019, 6, 24)
