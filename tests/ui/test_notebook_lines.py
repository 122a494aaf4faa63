"""The lines that the page offers for a notebook give the very reading that it shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from dashboard.composition import make_tools
from dashboard.core.clock import IST, to_ns
from dashboard.core.market import Source
from dashboard.core.signal import Reading
from dashboard.generating import generate_day
from dashboard.pipeline.days import StoredDay
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot
from dashboard.pipeline.views.snapshot import DeskState, SnapshotBuilder
from dashboard.signals import load_signals
from dashboard.ui.present_explain import explain_pane
from dashboard.ui.selection import Selection
from storage.store import open_store

DAY = date(2026, 8, 18)
AT = datetime(2026, 8, 18, 9, 21, 40, tzinfo=IST)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Snapshot]]:
    """Return the folder of a store with a generated morning, and its desk at 09:21:40."""
    home = tmp_path_factory.mktemp("home")
    store = open_store(f"sqlite:///{home / 'tezi.sqlite'}")
    tools = make_tools(store)
    generate_day(tools, DAY, 7, AT)
    day = StoredDay(tools, DAY, Source.MOCK)
    day.load(lambda _share, _words: None)
    pipeline, _ = day.open(AT)
    assert pipeline.sections.final
    state = DeskState(1, "paused", None, None, to_ns(AT), 1.0, shared=False)
    looks = [Interest("NIFTY", "5m", explain=name) for name in load_signals()]
    yield home, SnapshotBuilder(day, tools.calendar).build(state, pipeline, looks)
    pipeline.close()
    store.close()


def lines(snapshot: Snapshot, selection: Selection) -> str:
    return explain_pane(snapshot, selection)["notebook"]["lines"]


def run(text: str) -> Reading:
    """Return what the last line of `text` says, and give back the store it opened."""
    *before, last = text.splitlines()
    opened = "\n".join(before).replace("moment = open_day(", "day = open_day(")
    opened = opened.replace(").at(", ")\nmoment = day.at(")
    names: dict[str, object] = {}
    exec(opened, names)  # noqa: S102
    reading = eval(last, names)  # noqa: S307
    names["day"].close()  # type: ignore[attr-defined]
    assert isinstance(reading, Reading)
    return reading


@pytest.mark.parametrize("name", ["ema", "pcr", "orb", "vix", "confluence", "vwap"])
def test_the_lines_give_the_reading_of_the_page(desk, name: str, monkeypatch: pytest.MonkeyPatch):
    home, snapshot = desk
    monkeypatch.setenv("TEZI_HOME", str(home))
    frame = load_signals()[name].nearest("5m")
    text = lines(snapshot, Selection(explain=name))
    assert run(text) == snapshot.final["NIFTY", name, frame]


def test_the_lines_name_the_day_the_bar_s_close_and_the_section(desk):
    assert lines(desk[1], Selection(explain="orb")).splitlines() == [
        "from dashboard.research.client import open_day",
        "",
        'moment = open_day("2026-08-18", mock=True).at("09:21:05")',
        'moment.reading("orb", "NIFTY", "1m")  # insufficient_data',
    ]


def test_a_recorded_day_needs_no_mark(desk):
    recorded = replace(desk[1], source=Source.RECORDED)
    assert 'open_day("2026-08-18").at(' in lines(recorded, Selection(explain="orb"))


def test_a_blind_day_is_not_named_and_its_lines_are_not_copied(desk):
    pane = explain_pane(desk[1], Selection(explain="orb", blind=True))
    assert pane["notebook"]["copy"] is False
    assert "2026" not in str(pane)
    assert "Aug" not in str(pane)


def test_every_section_is_explained_with_its_inputs_and_states(desk):
    for name in load_signals():
        pane = explain_pane(desk[1], Selection(explain=name))
        assert pane["inputs"]["rows"], name
        assert pane["states"]["head"][:3] == ["closed", "state", "strength"]


def test_inputs_tell_the_contract_and_the_last_bar(desk):
    rows = explain_pane(desk[1], Selection(explain="vwap"))["inputs"]["rows"]
    assert rows[0]["cells"][:2] == ["Front future", "NIFTY26AUGFUT"]
    assert rows[0]["cells"][3] == "09:15"  # the bar from 09:15 to 09:20


def test_states_are_the_first_bars_of_each_state_newest_first(desk):
    rows = explain_pane(desk[1], Selection(explain="orb"))["states"]["rows"]
    assert [row["cells"][:3] for row in rows] == [["09:16", "Insufficient", "—"]]
