"""A section whose input fell silent says so; one that had no bar today says nothing."""

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace

import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, SECOND_NS, to_ns
from dashboard.core.market import Segment
from dashboard.core.signal import Reading, Stance, Warmup
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.standing import as_they_stand, last_end
from dashboard.signals import load_signals

DAY = date(2026, 8, 18)
HOURS = trading_hours(load_calendar(), DAY)


def at(text: str, day: date = DAY) -> datetime:
    return datetime.combine(day, datetime.strptime(text, "%H:%M").time(), IST)  # noqa: DTZ007


def second(text: str) -> int:
    return to_ns(at(text)) // SECOND_NS


def a_reading(section: str, timeframe: str, asof: datetime) -> Reading:
    return Reading(
        id=section,
        underlying="NIFTY",
        instrument="NIFTY26AUGFUT",
        timeframe=timeframe,
        bar_ts=asof,
        asof=asof,
        final=True,
        state=Stance.BULLISH,
        strength=40.0,
        values={"x": 1.0},
        levels=(),
        reason="A fact 1 > 0",
        flags=("stretched",),
        warmup=Warmup(1, 1),
    )


def standing(reading: Reading, now: str) -> Reading:
    key = (reading.underlying, reading.id, reading.timeframe)
    source = SimpleNamespace(
        settling=SimpleNamespace(until=second(now)), halts=SimpleNamespace(flagged=dict)
    )
    sections = SimpleNamespace(signals=load_signals(), source=source)
    pipeline = SimpleNamespace(sections=sections, hours=HOURS)
    return as_they_stand(pipeline, {key: reading})[key]


@pytest.mark.parametrize(
    ("segment", "until", "minutes", "end"),
    [
        (Segment.INDEX, "09:15", 1, None),
        (Segment.INDEX, "09:16", 1, "09:16"),
        (Segment.INDEX, "09:19", 5, None),
        (Segment.INDEX, "09:20", 5, "09:20"),
        (Segment.INDEX, "09:23", 5, "09:20"),
        (Segment.INDEX, "15:31", 1, "15:15"),  # the auction's bars are not read
        (Segment.FNO, "15:31", 5, "15:30"),
        (Segment.FNO, "16:00", 30, "15:40"),  # the last one is short
    ],
)
def test_the_newest_bar_that_is_over(segment: Segment, until: str, minutes: int, end: str | None):
    found = last_end(HOURS.segments[segment], second(until), minutes)
    assert found == (second(end) if end else 0)


def test_a_reading_of_the_newest_bar_stands_as_it_is():
    reading = a_reading("vwap", "5m", at("10:15"))
    assert standing(reading, "10:17") == reading


@pytest.mark.parametrize(
    ("section", "now", "is_stale"),
    [("vwap", "10:19", False), ("vwap", "10:20", True), ("vix", "10:16", True)],
)
def test_an_input_that_fell_silent_makes_it_stale(section: str, now: str, is_stale: bool):
    reading = a_reading(section, "1m", at("10:15"))
    found = standing(reading, now)
    assert ("stale" in found.flags) is is_stale
    assert (found.state, found.reason) == (reading.state, reading.reason)


def test_a_future_without_a_bar_today_says_nothing_of_yesterday():
    yesterday = a_reading("vwap", "1m", at("15:40", date(2026, 8, 17)))
    before = standing(yesterday, "09:15")
    assert before == yesterday  # nothing has closed yet
    found = standing(yesterday, "10:15")
    assert (found.state, found.strength) == (Stance.INSUFFICIENT, 0.0)
    assert found.reason == "No bar of NIFTY26AUGFUT today"
    assert found.values == {"x": None}
    assert found.flags == ("stale",)


def test_vix_and_chain_are_named_as_what_they_are():
    for section, words in (("vix", "India VIX"), ("pcr", "NIFTY options")):
        old = a_reading(section, "1m", at("15:30", date(2026, 8, 17)))
        assert standing(old, "11:00").reason == f"No bar of {words} today"


def test_what_weighs_the_others_is_left_to_them():
    old = replace(a_reading("confluence", "5m", at("09:20")), flags=())
    assert standing(old, "11:00") == old
