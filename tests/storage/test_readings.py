"""Readings: the latest of each bar stays, and is found by what it is about."""

from dataclasses import replace
from datetime import datetime

import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError, StoreError
from dashboard.core.market import Source
from dashboard.core.signal import PriceLevel, Reading, Stance, Warmup
from storage.store import SqlStore
from tests.storage.frames import DAY, NIFTY, frame, info

RECORDED = Source.RECORDED
BAR = datetime(2026, 8, 18, 9, 20, tzinfo=IST)
READING = Reading(
    id="vwap",
    underlying="NIFTY",
    instrument="NIFTY26AUGFUT",
    timeframe="5m",
    bar_ts=BAR,
    asof=BAR.replace(minute=25),
    final=True,
    state=Stance.BULLISH,
    strength=41.5,
    values={"vwap": 24_301.25, "distance": None},
    levels=(PriceLevel("VWAP", 24_301.25),),
    reason="Close 24,350.00 > 24,301.25",
    flags=("stale",),
    warmup=Warmup(1, 1),
)


@pytest.fixture
def day(store: SqlStore) -> SqlStore:
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append([frame(0)])
    return store


def test_gives_back_the_whole_envelope(day: SqlStore):
    day.save_readings(DAY, RECORDED, [READING])
    assert day.readings(DAY, RECORDED) == [
        {
            "id": "vwap",
            "underlying": "NIFTY",
            "instrument": "NIFTY26AUGFUT",
            "timeframe": "5m",
            "bar_ts": "2026-08-18T09:20:00+05:30",
            "asof": "2026-08-18T09:25:00+05:30",
            "final": True,
            "state": "bullish",
            "strength": 41.5,
            "values": {"vwap": 24301.25, "distance": None},
            "levels": [{"label": "VWAP", "price": 24301.25}],
            "reason": "Close 24,350.00 > 24,301.25",
            "flags": ["stale"],
            "warmup": {"have": 1, "need": 1},
        }
    ]


def test_the_latest_reading_of_a_bar_stays(day: SqlStore):
    day.save_readings(DAY, RECORDED, [READING])
    newer = replace(READING, state=Stance.NEUTRAL, strength=0.0)
    day.save_readings(DAY, RECORDED, [READING, newer])
    assert [one["state"] for one in day.readings(DAY, RECORDED)] == ["neutral"]
    assert day.readings(DAY, RECORDED, state="bullish") == []


def test_finds_readings_by_what_they_are_about(day: SqlStore):
    others = [
        replace(READING, id="ema"),
        replace(READING, underlying="SENSEX"),
        replace(READING, timeframe="1m"),
        replace(READING, bar_ts=BAR.replace(minute=15)),
    ]
    day.save_readings(DAY, RECORDED, [READING, *others])
    assert len(day.readings(DAY, RECORDED)) == 5
    found = day.readings(DAY, RECORDED, section="vwap", underlying="NIFTY", timeframe="5m")
    assert [one["bar_ts"][11:16] for one in found] == ["09:15", "09:20"]
    assert len(day.readings(DAY, RECORDED, section=["ema", "vwap"])) == 5


def test_a_reading_of_no_bar_is_not_kept(day: SqlStore):
    day.save_readings(DAY, RECORDED, [replace(READING, bar_ts=None, asof=None)])
    assert day.readings(DAY, RECORDED) == []


def test_worlds_do_not_mix(day: SqlStore):
    day.save_readings(DAY, RECORDED, [READING])
    assert day.readings(DAY, Source.MOCK) == []
    with pytest.raises(StoreError, match="no generated day of 2026-08-18"):
        day.save_readings(DAY, Source.MOCK, [READING])


def test_refuses_to_find_by_something_else(day: SqlStore):
    with pytest.raises(InputError, match="by section, underlying, timeframe, state, not by colour"):
        day.readings(DAY, RECORDED, colour="red")
