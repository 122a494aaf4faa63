"""Ordinary messages taken together leave the same memory as taken one by one, to the bit."""

from datetime import date
from itertools import islice

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import SECOND_NS, day_start_s
from dashboard.core.market import Frame
from dashboard.pipeline.arrivals import Arrival, groups
from dashboard.pipeline.calm import take_calm
from dashboard.pipeline.pipeline import Pipeline, make_pipeline
from feeds.mock.feed import MockFeed
from feeds.wire import decode_lenient, decode_many, encode

DAY = date(2026, 8, 18)
FRAMES = 120 * 15 + 420  # the pre-open, and three and a half minutes of trading


@pytest.fixture(scope="module")
def feed() -> MockFeed:
    return MockFeed(DAY, 3, load_calendar())


@pytest.fixture(scope="module")
def frames(feed: MockFeed) -> list[Frame]:
    return list(islice(feed.frames(), FRAMES))


def _pipeline(feed: MockFeed) -> Pipeline:
    return make_pipeline(DAY, feed.universe, load_calendar(), decode_lenient, signals={})


def _same(one: Pipeline, other: Pipeline) -> bool:
    a, b = one.state, other.state
    return (
        a.rows.tobytes() == b.rows.tobytes()
        and a.counters == b.counters
        and a.segments == b.segments
        and a.connections == b.connections
        and (a.last_ns, a.messages, a.ticks) == (b.last_ns, b.messages, b.ticks)
    )


def _play(feed: MockFeed, frames: list[Frame]) -> int:
    """Play frames both ways side by side; return how many groups were taken in one go."""
    together, alone = _pipeline(feed), _pipeline(feed)
    taken = 0
    for group in groups(frames, decode_many):
        if take_calm(group, together.state, together.roster, together.hours):
            taken += 1
        else:
            together.process_group(group)
        for frame, batch in group:
            alone.process(frame, batch)
        assert _same(together, alone), f"differs after {group[-1].frame.received_ns}"
    for one in (together, alone):
        one.close()
    return taken


def test_a_generated_morning_leaves_the_same_memory_after_every_group(feed, frames):
    assert _play(feed, frames) > 15  # most groups of the trading minutes


def _changed(frame: Frame, column: str, row: int, value: float) -> Frame:
    """Return the message with one field of one packet changed."""
    batch = decode_lenient(frame.payload)[0]
    getattr(batch, column)[row] = value
    return frame._replace(payload=encode(batch))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("last_price", 0.0),  # a bad price
        ("last_price", 99_999.0),  # a jump
        ("day_volume", 0.0),  # a total that falls
        ("exchange_time", day_start_s(DAY) + 9 * 3600 + 16 * 60 + 20),  # out of order
        ("exchange_time", day_start_s(DAY) + 10 * 3600),  # far ahead
        ("oi", 0.0),
        ("token", 77),  # nobody asked for it
    ],
)
@pytest.mark.parametrize("row", [0, 40])
def test_what_is_not_ordinary_goes_through_the_rules(feed, frames, column, value, row):
    start = (day_start_s(DAY) + 9 * 3600 + 16 * 60 + 30) * SECOND_NS
    at = next(n for n, frame in enumerate(frames) if frame.received_ns >= start)
    changed = list(frames[: at + 60])
    batch = decode_lenient(changed[at].payload)[0]
    if np.isnan(getattr(batch, column)[row]):
        pytest.skip("an index carries no such field")
    changed[at] = _changed(changed[at], column, row, value)
    _play(feed, changed)


def test_a_reopened_connection_and_heartbeats_in_a_group_are_seen(feed, frames):
    start = (day_start_s(DAY) + 9 * 3600 + 16 * 60 + 30) * SECOND_NS
    at = next(n for n, frame in enumerate(frames) if frame.received_ns >= start)
    mark = Frame(frames[at].received_ns, frames[at].connection, b"")
    beat = Frame(frames[at].received_ns, frames[at].connection, b"\x00")
    _play(feed, [*frames[:at], mark, beat, *frames[at : at + 80]])


def test_single_messages_are_never_grouped():
    assert len(next(groups([Frame(1, 0, b"\x00")]))) == 1
    assert isinstance(next(groups([Frame(1, 0, b"\x00")]))[0], Arrival)
