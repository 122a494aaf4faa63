"""One section in full: what it was given, and what it said of each bar of the day."""

import pytest

from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.snapshot import Explained
from dashboard.pipeline.views.explain import ExplainRoom
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import MORNING, play_to

LOOK = Interest("NIFTY", "1m", explain="ema")
KEY = ("NIFTY", "ema", "1m")


@pytest.fixture
def day(tools: Tools) -> StoredDay:
    opened = StoredDay(tools, DAY, MORNING)
    opened.load(lambda _share, _text: None)
    return opened


@pytest.fixture
def pipeline(day: StoredDay) -> Pipeline:
    opened, _ = day.open(instant("09:22:06"))
    opened.close()
    assert opened.sections.final
    return opened


def starts(explained: Explained) -> list[str]:
    return [f"{r.bar_ts:%H:%M}" for r in explained.history if r.bar_ts]


def test_nothing_is_worked_out_while_nobody_reads(pipeline: Pipeline):
    assert ExplainRoom().views(pipeline, [Interest("NIFTY", "1m")]) == {}


def test_history_is_of_todays_closed_bars_and_ends_with_the_reading(pipeline: Pipeline):
    explained = ExplainRoom().views(pipeline, [LOOK])[KEY]
    assert starts(explained) == [f"09:{minute}" for minute in range(15, 22)]
    assert explained.history[-1] == pipeline.sections.known[KEY]


def test_inputs_say_what_they_are_of_and_where_they_end(pipeline: Pipeline):
    look = Interest("NIFTY", "1m", explain="oi_buildup")
    explained = ExplainRoom().views(pipeline, [look])["NIFTY", "oi_buildup", "1m"]
    front = explained.inputs[0]
    assert (front.name, front.instrument) == ("future", "NIFTY26AUGFUT")
    assert front.rows is not None
    assert f"{front.last:%H:%M}" == "09:21"


def test_a_missing_input_says_why(pipeline: Pipeline):
    look = Interest("NIFTY", "1m", explain="vix")
    explained = ExplainRoom().views(pipeline, [look])["NIFTY", "vix", "1m"]
    known = {one.name: one for one in explained.inputs}
    if known["vix"].rows is None:
        assert known["vix"].missing == "No India VIX in this recording"
    assert known["index"].instrument == "NIFTY"


def test_a_section_of_another_timeframe_is_explained_on_its_own(pipeline: Pipeline):
    found = ExplainRoom().views(pipeline, [Interest("NIFTY", "5m", explain="orb")])
    assert list(found) == [("NIFTY", "orb", "1m")]


def test_a_new_bar_adds_one_reading_and_a_message_none(day: StoredDay):
    pipeline, frames = day.open(instant("09:20:06"))
    assert pipeline.sections.final
    room = ExplainRoom()
    first = room.views(pipeline, [LOOK])[KEY]
    frames = play_to(pipeline, frames, instant("09:20:30"))
    assert room.views(pipeline, [LOOK])[KEY] is first
    play_to(pipeline, frames, instant("09:21:06"))
    later = room.views(pipeline, [LOOK])[KEY]
    pipeline.close()
    assert later.history[: len(first.history)] == first.history
    assert starts(later) == [*starts(first), "09:20"]


def test_a_seek_forgets_what_was_said_after_it(day: StoredDay):
    room = ExplainRoom()
    for at, last in (("09:22:06", "09:21"), ("09:18:06", "09:17")):
        pipeline, _ = day.open(instant(at))
        assert pipeline.sections.final
        pipeline.close()
        assert starts(room.views(pipeline, [LOOK])[KEY])[-1] == last


def test_a_section_that_is_not_there_is_not_explained(pipeline: Pipeline):
    assert ExplainRoom().views(pipeline, [Interest("NIFTY", "1m", explain="tides")]) == {}
