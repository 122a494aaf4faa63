"""Replays are bounded in number, and closed when nobody looks at them."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from dashboard.core.clock import ManualClock
from dashboard.core.errors import InputError, StoreError
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import IDLE_S, MOST_REPLAYS, Desks
from dashboard.pipeline.hub import Interest
from tests.pipeline.desk_room import PATIENCE_S, wait_for
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import AFTERNOON


@pytest.fixture
def desks(tools) -> Iterator[Desks]:
    desks = Desks(tools, ManualClock(instant("12:00:00")))
    yield desks
    desks.close_all()
    for thread in list(threading.enumerate()):
        if thread.name.startswith("desk-"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def opened(desks: Desks) -> Desk:
    return desks.open_replay(DAY, AFTERNOON, instant("15:39:30"), playing=False)


def test_a_replay_opens_where_it_is_told(desks):
    desk = opened(desks)
    desks.clock.advance(1.0)
    assert wait_for(desk, "paused").at == instant("15:39:30")
    assert desks.replays == [desk]


def test_a_day_that_is_not_stored_opens_no_desk(desks):
    with pytest.raises(StoreError):
        desks.open_replay(date(2026, 8, 19), AFTERNOON)
    assert desks.replays == []


def test_there_are_no_more_replays_than_the_machine_carries(desks):
    for _ in range(MOST_REPLAYS):
        opened(desks)
    with pytest.raises(InputError, match="close one"):
        opened(desks)
    desks.close(desks.replays[0])
    opened(desks)
    assert len(desks.replays) == MOST_REPLAYS


def test_closing_twice_is_closing_once(desks):
    desk = opened(desks)
    desks.close(desk)
    desks.close(desk)
    assert desks.replays == []
    desk._thread.join(PATIENCE_S)
    assert not desk._thread.is_alive()


def test_an_idle_replay_is_closed_and_one_that_is_looked_at_is_not(desks):
    idle, watched, used = opened(desks), opened(desks), opened(desks)
    watched.hub.listen(lambda _snapshot: None, Interest("NIFTY", "1m"))
    desks.clock.advance(IDLE_S)
    desks.close_idle()
    assert desks.replays == [idle, watched, used]
    used.pause()
    desks.clock.advance(1.0)
    desks.close_idle()
    assert desks.replays == [watched, used]
