"""Wording: grouping, signs, ages and times as people read them."""

import math
from datetime import UTC, datetime

import pytest

from dashboard.core.wording import age, clock_time, number, short_date


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (7.5, "7.50"),
        (999.0, "999.00"),
        (24300.7, "24,300.70"),
        (123456.78, "1,23,456.78"),
        (12345678.9, "1,23,45,678.90"),
        (-1234.5, "−1,234.50"),
        (-0.001, "0.00"),
        (math.nan, "—"),
        (math.inf, "—"),
    ],
)
def test_groups_as_india_does(value: float, text: str):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(46.0, "+46.0"), (-8.5, "−8.5"), (0.04, "0.0")])
def test_shows_a_sign_when_asked(value: float, text: str):
    assert number(value, 1, signed=True) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (4, "4s"),
        (110, "1m 50s"),
        (120, "2m"),
        (3_600, "1h"),
        (11_580, "3h 13m"),
        (183_600, "2d 3h"),
        (math.nan, "—"),
    ],
)
def test_an_age_has_its_two_largest_units(seconds: float, text: str):
    assert age(seconds) == text


def test_times_are_indian_wherever_they_come_from():
    at = datetime(2026, 8, 17, 20, 0, tzinfo=UTC)
    assert (clock_time(at), short_date(at)) == ("01:30", "18 Aug")
