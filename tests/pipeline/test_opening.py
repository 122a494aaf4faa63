"""To seek is to have played: the same readings, bars, chain, memory and counters."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from dashboard.core.market import Source
from dashboard.core.signal import Reading
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.replaying import ReadingsDigest
from dashboard.pipeline.state import state_from_bytes
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import (
    AFTERNOON,
    MORNING,
    after,
    picture,
    play_to,
    random_instants,
)

EDGES = {
    MORNING: [
        instant("09:00:00"),  # before the first message
        instant("09:14:30"),
        instant("09:15:00"),
        instant("09:16:00"),
        after("09:19:59", 999),
        instant("09:20:00"),
        after("09:20:01", 500),  # in the seconds of grace
        after("09:20:02", 300),
        after("09:20:04", 999),
        instant("09:20:05"),
        instant("09:24:50"),  # a connection is lost
        after("09:25:00", 1),
        instant("09:45:00"),  # after the last message
        instant("16:30:00"),
    ],
    AFTERNOON: [
        instant("15:14:59"),
        instant("15:15:00"),
        after("15:15:03", 0),  # the index has closed its last regular minute by ticks alone
        instant("15:15:05"),
        instant("15:21:30"),  # in the gap
        instant("15:23:00"),
        instant("15:35:04"),
        instant("15:39:00"),
        instant("15:40:03"),
        instant("15:41:30"),
    ],
}
SPANS = {MORNING: ("09:14:00", "09:32:00"), AFTERNOON: ("15:08:00", "15:41:00")}
INSTANTS = {
    source: sorted([*EDGES[source], *random_instants(*SPANS[source], 10)]) for source in EDGES
}


def opened(tools: Tools, source: Source) -> StoredDay:
    day = StoredDay(tools, DAY, source)
    day.load(lambda _share, _text: None)
    return day


@pytest.fixture(scope="module")
def played(tools: Tools) -> dict[tuple[Source, datetime], tuple[dict[str, object], int]]:
    """Return what was there at each instant of one uninterrupted play, and how much was read."""
    found = {}
    for source, instants in INSTANTS.items():
        pipeline, frames = opened(tools, source).open(None)
        readings: list[Reading] = []
        pipeline.on_readings.append(readings.extend)
        for at in instants:
            frames = play_to(pipeline, frames, at)
            found[source, at] = picture(pipeline), len(readings)
        found[source, None] = {"readings": readings}, len(readings)
        pipeline.close()
        assert pipeline.graph.guard.errors == {}
        assert pipeline.sections.failures == {}
    return found


@pytest.fixture
def seek(tools: Tools) -> Iterator[object]:
    made: list[Pipeline] = []

    def go(source: Source, at: datetime):
        pipeline, frames = opened(tools, source).open(at)
        made.append(pipeline)
        return pipeline, frames

    yield go
    for pipeline in made:
        pipeline.close()


@pytest.mark.parametrize("source", [MORNING, AFTERNOON])
def test_a_seek_gives_what_playing_gives(played, seek, source):
    for at in INSTANTS[source]:
        expected, _ = played[source, at]
        found = picture(seek(source, at)[0])
        for name, value in expected.items():
            assert found[name] == value, (name, at.isoformat())


def test_the_days_say_something_to_compare(played):
    morning, count = played[MORNING, instant("09:45:00")]
    assert count > 100
    assert set(morning["final"]) >= {("NIFTY", "pcr", "5m"), ("BANKNIFTY", "ema", "1m")}
    assert {"reopened", "reconnected", "outside"} <= set(morning["counters"])
    afternoon, _ = played[AFTERNOON, instant("15:41:30")]
    assert {"dup", "ooo", "outside"} <= set(afternoon["counters"])
    assert {r["state"] for r in morning["final"].values()} >= {"bullish", "insufficient_data"}


@pytest.mark.parametrize(
    ("source", "at"),
    [
        (MORNING, after("09:25:00", 1)),
        (MORNING, after("09:20:02", 300)),
        (AFTERNOON, instant("15:14:59")),
        (AFTERNOON, after("15:15:03", 0)),
        (AFTERNOON, instant("15:21:30")),
    ],
)
def test_playing_on_after_a_seek_reads_what_an_uninterrupted_play_reads(played, seek, source, at):
    everything = played[source, None][0]["readings"]
    _, before = played[source, at]
    pipeline, frames = seek(source, at)
    found: list[Reading] = []
    pipeline.on_readings.append(found.extend)
    play_to(pipeline, frames, INSTANTS[source][-1])
    assert digest(found) == digest(everything[before:])
    assert picture(pipeline) == played[source, INSTANTS[source][-1]][0]


def digest(readings: list[Reading]) -> str:
    made = ReadingsDigest()
    made.add(readings)
    return made.hexdigest()


def test_a_checkpoint_gives_back_the_state_it_was_made_of(played, seek):
    pipeline, _ = seek(MORNING, instant("09:20:00"))
    again = state_from_bytes(pipeline.state.to_bytes(), len(pipeline.universe))
    assert again.rows.tobytes() == pipeline.state.rows.tobytes()
    assert (again.segments, again.connections) == (
        pipeline.state.segments,
        pipeline.state.connections,
    )
    assert (again.counters, again.last_ns) == (pipeline.state.counters, pipeline.state.last_ns)
    assert (again.ticks, again.messages) == (pipeline.ticks, pipeline.messages)
