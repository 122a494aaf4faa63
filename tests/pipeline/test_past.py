"""What stored days say of the past: volume by the clock, and the month that is read."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.composition import generated_past
from dashboard.core.bars import day_numbers
from dashboard.core.clock import day_start_s
from dashboard.core.hours import expected_starts
from dashboard.core.market import INDICES, VIX, Frame, Instrument, Kind, Segment, Source, Universe
from dashboard.core.ports import BAR_DTYPE, TapeInfo
from dashboard.core.signal import Inputs
from dashboard.pipeline.opening import stored_past
from dashboard.pipeline.past_volume import is_regular, running
from dashboard.signals import load_signals
from storage.store import SqlStore, open_store
from tests.pipeline.frames import FUTURE, NIFTY

SEP = Instrument(1258, "NIFTY26SEPFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 9, 29), lot=65)
JUL = Instrument(746, "NIFTY26JULFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 7, 28), lot=65)
OCT = Instrument(1514, "NIFTY26OCTFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 10, 27), lot=65)
EXPIRY_DAY = date(2026, 8, 25)  # of FUTURE, a Tuesday
RECORDED = Source.RECORDED


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield opened
    opened.close()


def starts_of(day: date) -> np.ndarray:
    found = expected_starts((day - date(1970, 1, 1)).days, Segment.FNO, 1)
    assert found is not None
    return found


def bars(day: date, instrument: Instrument, volume: float, starts=None) -> np.ndarray:
    """Return a session's 1m bars, each of which traded `volume`."""
    starts = starts_of(day) if starts is None else starts
    rows = np.zeros(len(starts), BAR_DTYPE)
    rows["token"], rows["start"], rows["volume"] = instrument.token, starts, volume
    for name in ("open", "high", "low", "close"):
        rows[name] = 24_000.0
    return rows


def keep(store: SqlStore, day: date, **volumes: float) -> None:
    """Store a session in which each of the named months traded so much a minute."""
    months = {"jul": JUL, "aug": FUTURE, "sep": SEP, "oct": OCT}
    listed = [NIFTY, INDICES[VIX], *(months[name] for name in volumes)]
    info = TapeInfo(day, RECORDED, "1m bars", str(day), str(day))
    with store.begin_tape(info, listed) as tape:
        tape.append([Frame(int(starts_of(day)[0]) * 10**9, 1, b"\0\0")])
    with store.prepare(day, RECORDED) as derived:
        derived.bars("1m", bars(day, INDICES[VIX], np.nan))
        for name, volume in volumes.items():
            derived.bars("1m", bars(day, months[name], volume))


def past(store: SqlStore, day: date, *months: Instrument):
    universe = Universe((NIFTY, INDICES[VIX], *months))
    return stored_past(store, universe, day, RECORDED)


def test_volume_runs_to_the_close_of_each_minute_of_a_session():
    day = date(2026, 8, 17)
    starts = starts_of(day)
    found = running(starts[[0, 2, 384]], np.array([100.0, 50.0, 25.0]), expired=False)
    assert found.starts.tolist() == starts.tolist()  # 09:15 to 15:39
    assert found.values["volume"][[0, 1, 2, 383, 384]].tolist() == [100, 100, 150, 150, 175]
    assert set(found.values["expiry"]) == {0.0}


def test_a_total_is_unknown_from_the_first_minute_of_unknown_volume_on():
    starts = starts_of(date(2026, 8, 17))
    volume = np.full(385, 10.0)
    volume[3] = np.nan
    found = running(starts, volume, expired=True).values["volume"]
    assert found[2] == 30.0
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize("part", [slice(6, None), slice(None, -6), slice(0, 0)])
def test_a_session_that_was_recorded_in_part_is_no_baseline(part):
    starts = starts_of(date(2026, 8, 17))[part]
    assert running(starts, np.ones(len(starts)), expired=False) is None


def test_special_sessions_are_no_baseline():
    assert is_regular(date(2026, 8, 17))
    assert not is_regular(date(2026, 2, 1))  # a Sunday: the Budget
    assert not is_regular(date(2025, 10, 21))  # Muhurat
    assert not is_regular(date(2024, 3, 2))  # a drill
    assert not is_regular(date(2026, 8, 15))  # a holiday
    assert not is_regular(date(1999, 1, 4))  # not in the calendar


def test_the_baseline_is_the_front_month_of_each_day(store):
    keep(store, date(2026, 8, 24), aug=20.0, sep=1.0)
    keep(store, date(2026, 8, 25), aug=30.0, sep=2.0)
    keep(store, date(2026, 8, 26), sep=40.0, oct=3.0)
    found = past(store, date(2026, 8, 27), SEP, OCT).past_volume["NIFTY"]
    days = day_numbers(found.starts)
    first = np.flatnonzero(np.diff(days, prepend=0))
    assert found.values["volume"][first].tolist() == [20.0, 30.0, 40.0]
    assert found.values["expiry"][first].tolist() == [0.0, 1.0, 0.0]
    assert len(found) == 3 * 385


def test_ten_sessions_are_enough(store):
    day = date(2026, 8, 3)
    for number in range(12):  # two weeks and two days; the 15th is a Saturday
        keep(store, day, aug=float(number))
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    found = past(store, date(2026, 8, 19), FUTURE).past_volume["NIFTY"]
    first = np.flatnonzero(np.diff(day_numbers(found.starts), prepend=0))
    assert found.values["volume"][first].tolist() == [float(n) for n in range(2, 12)]


def test_without_a_future_there_is_no_past_volume(store):
    keep(store, date(2026, 8, 24))
    found = past(store, date(2026, 8, 25))
    assert found.past_volume == {}
    assert len(found.daily[VIX]) == 1


def test_the_next_month_is_read_on_expiry_day_if_it_traded_more_the_day_before(store):
    keep(store, date(2026, 8, 24), aug=10.0, sep=11.0)
    found = past(store, EXPIRY_DAY, FUTURE, SEP)
    assert (found.switched, found.rolled) == ({"NIFTY"}, {"NIFTY"})
    keep(store, EXPIRY_DAY, aug=1.0, sep=50.0)
    after = past(store, date(2026, 8, 26), SEP, OCT)
    assert (after.switched, after.rolled) == (frozenset(), frozenset())  # it changed the day before


def test_an_expiry_day_is_compared_as_one_whichever_month_was_read_on_it(store):
    keep(store, date(2026, 8, 24), aug=10.0, sep=11.0)
    keep(store, EXPIRY_DAY, aug=1.0, sep=50.0)
    volume = past(store, date(2026, 8, 26), SEP, OCT).past_volume["NIFTY"].values
    assert (volume["volume"][-385], volume["expiry"][-385]) == (50.0, 1.0)


def test_expiry_days_are_looked_for_further_back_on_an_expiry_day(store):
    keep(store, date(2026, 7, 27), aug=1.0)
    keep(store, date(2026, 7, 28), jul=2.0)  # July's expiry day
    day = date(2026, 8, 4)
    while day < EXPIRY_DAY:
        if day.weekday() < 5:
            keep(store, day, aug=3.0)
        day += timedelta(days=1)
    volume = past(store, EXPIRY_DAY, FUTURE).past_volume["NIFTY"]
    first = np.flatnonzero(np.diff(day_numbers(volume.starts), prepend=0))
    assert volume.values["volume"][first].tolist() == [2.0, *[3.0] * 10]
    assert volume.values["expiry"][first].tolist() == [1.0, *[0.0] * 10]
    day_before = past(store, date(2026, 8, 24), FUTURE).past_volume["NIFTY"].values
    assert set(day_before["expiry"]) == {0.0}


def test_else_it_is_read_from_the_day_after_on(store):
    keep(store, date(2026, 8, 24), aug=10.0, sep=10.0)
    found = past(store, EXPIRY_DAY, FUTURE, SEP)
    assert (found.switched, found.rolled) == (frozenset(), frozenset())
    keep(store, EXPIRY_DAY, aug=1.0, sep=50.0)
    after = past(store, date(2026, 8, 26), SEP, OCT)
    assert (after.switched, after.rolled) == (frozenset(), {"NIFTY"})
    assert past(store, date(2026, 8, 27), SEP, OCT).rolled == frozenset()


def test_an_older_session_does_not_decide_the_switch(store):
    keep(store, date(2026, 8, 21), aug=10.0, sep=11.0)
    assert past(store, EXPIRY_DAY, FUTURE, SEP).switched == frozenset()


def test_a_day_in_the_middle_of_the_month_changes_nothing(store):
    keep(store, date(2026, 8, 17), aug=10.0, sep=99.0)
    found = past(store, date(2026, 8, 18), FUTURE, SEP)
    assert (found.switched, found.rolled) == (frozenset(), frozenset())


def test_readings_of_the_future_say_that_its_contract_is_a_new_one():
    columns = dict.fromkeys(("open", "high", "low", "close", "volume", "oi"), 100.0)
    index = pd.DatetimeIndex(
        pd.date_range("2026-08-26 09:15", periods=9, freq="1min", tz="Asia/Kolkata")
    )
    frame = pd.DataFrame(columns, index)
    signals = load_signals()
    given = Inputs(underlying="NIFTY", index=frame, future=frame, rolled=True)
    assert "rolled_contract" in signals["vwap"].evaluate(given)[0].flags
    assert "rolled_contract" not in signals["ema"].evaluate(given)[0].flags


def test_a_generated_day_has_the_volume_of_the_sessions_since_its_month_became_the_front():
    found = generated_past(date(2026, 8, 18), 7)
    days = np.unique(day_numbers(found.past_volume["NIFTY"].starts))
    assert len(days) == 10
    assert (found.past_volume["NIFTY"].values["volume"] > 0).all()
    assert found.past_volume["NIFTY"].starts[-1] < day_start_s(date(2026, 8, 18))
    assert len(found.daily[VIX]) == 35
    assert found.rolled == frozenset()
    after = generated_past(date(2026, 8, 26), 7)  # NIFTY's month expired the day before
    assert after.rolled == {"NIFTY", "BANKNIFTY"}
    assert "NIFTY" not in after.past_volume
