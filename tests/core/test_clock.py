"""Time: exact conversions, no naive instants, no host time zone."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.core.clock import (
    IST,
    ManualClock,
    SystemClock,
    bar_index,
    day_start,
    day_start_s,
    from_ns,
    from_seconds,
    to_ns,
)

# 2026-08-11 09:15:00 IST is 03:45:00 UTC
OPEN = datetime(2026, 8, 11, 9, 15, tzinfo=IST)
OPEN_S = 1_786_419_900


def test_an_instant_is_nanoseconds_of_utc():
    assert to_ns(OPEN) == OPEN_S * 10**9
    assert to_ns(datetime(2026, 8, 11, 3, 45, tzinfo=UTC)) == OPEN_S * 10**9


def test_comes_back_exactly_to_the_microsecond():
    # a float of seconds could not hold this
    moment = OPEN + timedelta(microseconds=123_457)
    assert to_ns(moment) == OPEN_S * 10**9 + 123_457_000
    assert from_ns(to_ns(moment)) == moment


def test_before_the_epoch_too():
    assert to_ns(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1000
    assert from_ns(-1000) == datetime(1970, 1, 1, 5, 29, 59, 999_999, tzinfo=IST)


def test_instants_are_shown_in_india():
    assert from_ns(OPEN_S * 10**9).isoformat() == "2026-08-11T09:15:00+05:30"
    assert from_seconds(OPEN_S + 0.5).isoformat() == "2026-08-11T09:15:00.500000+05:30"


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="has no time zone; give it Asia/Kolkata"):
        to_ns(datetime(2026, 8, 11, 9, 15))  # noqa: DTZ001


def test_a_day_starts_at_midnight_in_india():
    assert day_start(date(2026, 8, 11)).isoformat() == "2026-08-11T00:00:00+05:30"
    assert day_start_s(date(2026, 8, 11)) == OPEN_S - 33_300  # 9 h 15 min earlier


def test_bar_starts_become_an_index_in_india():
    index = bar_index([OPEN_S, OPEN_S + 60])
    assert [t.isoformat() for t in index] == [
        "2026-08-11T09:15:00+05:30",
        "2026-08-11T09:16:00+05:30",
    ]
    assert index.name == "start"


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock(OPEN)
    assert clock.now_ns() == clock.now_ns() == OPEN_S * 10**9
    clock.advance(0.25)
    assert clock.now_ns() == OPEN_S * 10**9 + 250_000_000
    assert clock.monotonic() == OPEN_S + 0.25


def test_the_system_clock_knows_the_century_and_never_goes_back():
    clock = SystemClock()
    assert from_ns(clock.now_ns()).year >= 2026
    earlier = clock.monotonic()
    assert clock.monotonic() >= earlier


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_the_host_s_time_zone_does_not_matter(zone: str):
    script = (
        "from datetime import date, datetime\n"
        "from dashboard.core.calendar import load_calendar\n"
        "from dashboard.core.clock import IST, bar_index, day_start_s, from_ns, to_ns\n"
        "at = datetime(2026, 8, 11, 15, 20, tzinfo=IST)\n"
        "print(to_ns(at), from_ns(to_ns(at)).isoformat(), day_start_s(date(2026, 8, 11)),\n"
        "      bar_index([to_ns(at) // 10**9])[0], load_calendar().phase(at, 'INDEX'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [
        "1786441800000000000",
        "2026-08-11T15:20:00+05:30",
        "1786386600",
        "2026-08-11",
        "15:20:00+05:30",
        "CLOSING_AUCTION",
    ]
