"""Expiries and lots: weekday rules by date, shifts by holidays, refusals."""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from dashboard.core.calendar import Calendar, load_calendar
from dashboard.core.clock import IST
from dashboard.core.errors import CalendarError


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return load_calendar()


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(t) for t in texts)


@pytest.mark.parametrize(
    ("underlying", "year", "month", "expected"),
    [
        ("NIFTY", 2022, 11, "2022-11-24"),
        ("NIFTY", 2025, 8, "2025-08-28"),  # the last Thursday expiry
        ("NIFTY", 2025, 9, "2025-09-30"),
        ("NIFTY", 2026, 3, "2026-03-30"),  # Tue 31 March is Mahavir Jayanti
        ("NIFTY", 2026, 11, "2026-11-23"),  # Tue 24 November is Guru Nanak Jayanti
        ("BANKNIFTY", 2024, 2, "2024-02-29"),
        ("BANKNIFTY", 2024, 3, "2024-03-27"),
        ("BANKNIFTY", 2024, 12, "2024-12-24"),  # Wed 25 December is Christmas
        ("BANKNIFTY", 2025, 1, "2025-01-30"),
        ("SENSEX", 2024, 1, "2024-01-25"),  # Fri 26 January is Republic Day
        ("SENSEX", 2025, 1, "2025-01-28"),
        ("SENSEX", 2025, 12, "2025-12-24"),
        ("SENSEX", 2026, 12, "2026-12-31"),
        ("NIFTYNXT50", 2026, 9, "2026-09-29"),
    ],
)
def test_a_month_expires_on_its_last_weekday_or_the_trading_day_before(
    calendar: Calendar, underlying: str, year: int, month: int, expected: str
):
    assert calendar.monthly_expiry(underlying, year, month) == date.fromisoformat(expected)


@pytest.mark.shared
def test_agrees_with_the_reference_expiries(calendar: Calendar, shared: Path):
    with (shared / "vectors" / "expected_monthly_expiries.csv").open() as rows:
        for row in csv.DictReader(rows):
            found = calendar.monthly_expiry(row["underlying"], int(row["year"]), int(row["month"]))
            assert found == date.fromisoformat(row["monthly_expiry"]), row


@pytest.mark.parametrize(
    ("underlying", "first", "expected"),
    [
        # Thursday becomes Tuesday in September 2025
        ("NIFTY", "2025-08-20", days("2025-08-21", "2025-08-28", "2025-09-02", "2025-09-09")),
        # Tue 21 October 2025 is Diwali; Muhurat trading does not count
        ("NIFTY", "2025-10-15", days("2025-10-20", "2025-10-28", "2025-11-04")),
        ("NIFTY", "2026-11-04", days("2026-11-09", "2026-11-17", "2026-11-23", "2026-12-01")),
        # Wednesday weeklies beside Thursday monthlies, none in the monthly's own week
        ("BANKNIFTY", "2023-08-30", days("2023-08-31", "2023-09-06", "2023-09-13")),
        ("BANKNIFTY", "2023-09-18", days("2023-09-20", "2023-09-28", "2023-10-04")),
        ("BANKNIFTY", "2024-01-25", days("2024-01-25", "2024-01-31", "2024-02-07")),
        # the last weekly was 13 November 2024
        ("BANKNIFTY", "2024-11-08", days("2024-11-13", "2024-11-27", "2024-12-24")),
        ("SENSEX", "2024-12-27", days("2024-12-27", "2025-01-03", "2025-01-07")),
        ("SENSEX", "2025-08-20", days("2025-08-26", "2025-09-04", "2025-09-11")),
        # Thu 15 January 2026 became a holiday six days before
        ("SENSEX", "2026-01-09", days("2026-01-14", "2026-01-22", "2026-01-29")),
    ],
)
def test_expiries_follow_the_rules_of_their_dates(
    calendar: Calendar, underlying: str, first: str, expected: tuple[date, ...]
):
    assert calendar.expiries(underlying, date.fromisoformat(first), len(expected)) == expected


def test_says_whether_a_day_is_an_expiry(calendar: Calendar):
    assert calendar.is_expiry("NIFTY", date(2026, 11, 9))
    assert not calendar.is_expiry("NIFTY", date(2026, 11, 10))
    assert not calendar.is_expiry("BANKNIFTY", date(2026, 11, 9))


def test_a_contract_moved_off_a_holiday_has_no_instant_there(calendar: Calendar):
    with pytest.raises(CalendarError, match="moved to 2026-01-14"):
        calendar.expiry_instant("SENSEX", date(2026, 1, 15))
    instant = calendar.expiry_instant("SENSEX", date(2026, 1, 14))
    assert instant == datetime(2026, 1, 14, 15, 30, tzinfo=IST)


def test_refuses_more_expiries_than_the_coverage_holds(calendar: Calendar):
    with pytest.raises(CalendarError, match="does not cover 5 NIFTY expiries from 2026-12-20"):
        calendar.expiries("NIFTY", date(2026, 12, 20), 5)
    with pytest.raises(CalendarError, match="does not cover the NIFTY expiry of 2027-01"):
        calendar.monthly_expiry("NIFTY", 2027, 1)


def test_refuses_what_it_has_no_rules_for(calendar: Calendar):
    with pytest.raises(CalendarError, match="no expiry rules for GOLD; there are some for NIFTY"):
        calendar.expiries("GOLD", date(2026, 1, 1), 1)
    with pytest.raises(CalendarError, match="no expiry rule of SENSEX reaches back to"):
        calendar.monthly_expiry("SENSEX", 2023, 1)


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [(2029, 12, "2029-12-24"), (2027, 3, "2027-03-30"), (2030, 12, "2030-12-31")],
)
def test_a_long_dated_month_is_known_by_weekday_and_fixed_holidays(
    calendar: Calendar, year: int, month: int, expected: str
):
    found = calendar.nominal_monthly_expiry("NIFTY", year, month)
    assert found == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("underlying", "expiry", "lot"),
    [
        ("NIFTY", "2024-04-25", 50),
        ("NIFTY", "2024-05-02", 25),
        ("NIFTY", "2024-12-19", 25),
        ("NIFTY", "2025-01-02", 75),
        ("NIFTY", "2025-01-30", 25),  # a monthly listed before the change keeps its lot
        ("NIFTY", "2025-02-27", 75),
        ("NIFTY", "2025-12-30", 75),
        ("NIFTY", "2026-01-06", 65),
        ("BANKNIFTY", "2024-11-13", 15),
        ("BANKNIFTY", "2025-02-27", 30),
        ("BANKNIFTY", "2025-06-26", 30),
        ("BANKNIFTY", "2025-07-31", 35),
        ("BANKNIFTY", "2026-01-27", 30),
        ("SENSEX", "2025-01-03", 10),
        ("SENSEX", "2025-01-07", 20),
        ("SENSEX", "2026-08-20", 20),
    ],
)
def test_a_lot_belongs_to_the_contract(calendar: Calendar, underlying: str, expiry: str, lot: int):
    assert calendar.lot(underlying, date.fromisoformat(expiry)) == lot


def test_a_day_without_expiry_has_the_lot_of_the_next_contract(calendar: Calendar):
    assert calendar.lot("NIFTY", date(2025, 12, 31)) == 65  # expires 6 January 2026


def test_refuses_a_lot_that_nobody_wrote_down(calendar: Calendar):
    with pytest.raises(CalendarError, match="take it from the instruments dump"):
        calendar.lot("FINNIFTY", date(2026, 8, 25))
