"""Days opened from a notebook: the example, its moments, and how they are given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.core.errors import InputError, StoreError
from dashboard.core.market import Source
from dashboard.core.signal import Stance
from dashboard.research.client import Moment, RecordedDay, my_store, open_day
from dashboard.research.examples import example_day
from dashboard.signals import load_signals

SECTIONS = ["ema", "supertrend", "vwap", "pivots", "orb", "pcr"]


@pytest.fixture(scope="module")
def day() -> Iterator[RecordedDay]:
    opened = example_day(until="09:19")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def moment(day: RecordedDay) -> Moment:
    return day.at("09:18:05")


def test_an_example_says_what_it_is(day: RecordedDay):
    assert str(day) == (
        "Tuesday 18 August 2026, MOCK: full ticks of 442 instruments, 09:00–09:18 IST"
    )
    assert day.source is Source.MOCK


def test_a_moment_ends_with_the_last_bar_that_was_closed(moment: Moment):
    for bars in (moment.bars("NIFTY"), moment.future("NIFTY"), moment.chain("NIFTY")):
        assert str(bars.index[-1]) == "2026-08-18 09:17:00+05:30"
    assert str(moment.bars("NIFTY").index[-4]) == "2026-08-17 15:14:00+05:30"


def test_a_moment_shows_everything_that_sections_are_given(moment: Moment):
    given = moment.inputs("NIFTY")
    assert str(given.next_future.index[-1]) == "2026-08-18 09:17:00+05:30"
    assert str(given.index_15m.index[-1]) == "2026-08-17 15:00:00+05:30"
    assert list(given.past_volume.columns) == ["volume", "expiry"]
    assert str(given.past_volume.index[-1]) == "2026-08-17 15:39:00+05:30"
    assert str(given.vix_daily.index[-1]) == "2026-08-17 00:00:00+05:30"
    assert given.average_price == given.future["average_price"].iloc[-1] > 0


def test_readings_of_an_index_come_in_display_order(moment: Moment):
    table = moment.readings("NIFTY")
    assert set(SECTIONS) <= set(table.index)
    assert list(table.index) == [name for name in load_signals() if name in table.index]
    assert set(table.loc[SECTIONS, "bar"]) == {"09:17"}
    assert table.loc["orb", "state"] == "insufficient_data"  # 3 of 15 minutes


def test_a_reading_says_which_contract_it_is_of(moment: Moment):
    assert moment.reading("vwap", "NIFTY").instrument == "NIFTY26AUGFUT"


def test_an_unknown_reading_is_refused(moment: Moment):
    with pytest.raises(InputError, match="No vwap of FINNIFTY on 1m at 09:18"):
        moment.reading("vwap", "FINNIFTY")


def test_a_section_calculated_by_hand_gives_the_desks_numbers(moment: Moment):
    signals = load_signals()
    ema = signals["ema"].calculate(moment.bars("BANKNIFTY"))
    assert ema["ema9"].iloc[-1] == moment.reading("ema", "BANKNIFTY").values["ema9"]
    vwap = signals["vwap"].calculate(moment.future("SENSEX"))
    assert vwap["vwap"].iloc[-1] == moment.reading("vwap", "SENSEX").values["vwap"]
    pcr = signals["pcr"].calculate(moment.chain("NIFTY"))
    assert pcr["pcr_oi"].iloc[-1] == moment.reading("pcr", "NIFTY").values["pcr_oi"]


def test_seeking_equals_playing(day: RecordedDay, moment: Moment):
    assert day.replay(until="09:18:05").final == dict(moment.final)


def test_opening_a_moment_leaves_no_graph_behind(moment: Moment):
    assert not moment.pipeline.graph.frames.downstreams


def test_an_example_touches_no_store_of_yours(day: RecordedDay, home: Path):
    assert day.at("09:16:05").reading("pcr", "NIFTY").state is not Stance.INSUFFICIENT
    assert not home.exists()


def test_an_example_goes_away_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened = example_day(until="09:16")
    assert len(list(tmp_path.glob("tezi-*/example.sqlite"))) == 1
    opened.close()
    assert not list(tmp_path.glob("tezi-*"))


def test_a_day_that_is_not_stored_is_refused(home: Path):
    with pytest.raises(StoreError, match="2026-08-18"):
        open_day("2026-08-18")


def test_the_store_is_the_pages_own(home: Path):
    store = my_store()
    assert str(home) in store.name
    store.close()


def test_a_section_is_given_what_its_reading_was_made_of(moment: Moment):
    signals = load_signals()
    for (underlying, section, timeframe), reading in moment.final.items():
        given = moment.given(section, underlying, timeframe)
        assert signals[section].evaluate(given)[0] == reading


def test_a_section_s_table_ends_with_the_desks_numbers(moment: Moment):
    row = moment.table("supertrend", "NIFTY").iloc[-1]
    assert row.to_dict() == moment.reading("supertrend", "NIFTY").values
    assert moment.table("confluence", "NIFTY", "5m").empty  # no five minutes have closed yet
