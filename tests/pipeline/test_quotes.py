"""Quotes say of each row with which snapshot it changed, whatever a listener missed."""

import numpy as np
import pytest

from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.quotes import QuoteBoard
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import MORNING, play_to


@pytest.fixture
def opened(tools: Tools):
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    pipeline, frames = day.open(instant("09:20:00"))
    yield pipeline, frames
    pipeline.close()


def test_rows_that_ticked_belong_to_the_snapshot_that_first_showed_them(opened):
    pipeline, frames = opened
    board = QuoteBoard()
    first = board.see(pipeline, 5)
    assert set(first.changed[first.rows["received_ns"] > 0]) == {5}
    assert first.opened == 5
    again = board.see(pipeline, 6)
    assert np.array_equal(again.changed, first.changed)
    play_to(pipeline, frames, instant("09:20:02"))
    later = board.see(pipeline, 7)
    ticked = later.rows["received_ns"] != first.rows["received_ns"]
    assert ticked.any()
    assert set(later.changed[ticked]) == {7}
    assert np.array_equal(later.changed[~ticked], first.changed[~ticked])
    assert later.opened == 5


def test_an_earlier_picture_stays_as_it_was(opened):
    pipeline, frames = opened
    board = QuoteBoard()
    first = board.see(pipeline, 1)
    before = first.rows.tobytes()
    play_to(pipeline, frames, instant("09:20:05"))
    board.see(pipeline, 2)
    assert first.rows.tobytes() == before
    with pytest.raises(ValueError, match="read-only"):
        first.rows["last_price"][0] = 1.0


def test_a_desk_that_is_opened_anew_has_all_rows_changed(opened, tools: Tools):
    pipeline, _ = opened
    board = QuoteBoard()
    board.see(pipeline, 1)
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    other, _ = day.open(instant("09:18:00"))
    found = board.see(other, 9)
    other.close()
    assert found.opened == 9
    assert set(found.changed[found.rows["received_ns"] > 0]) == {9}
