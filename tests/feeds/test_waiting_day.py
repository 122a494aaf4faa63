"""Before a live day begins its desk shows what came before, and is never a recording."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.core.clock import ManualClock
from dashboard.core.market import Source
from dashboard.pipeline.days import Tools
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Interest
from feeds.waiting_day import WaitingDay
from storage.store import open_store
from tests.pipeline.frames import DAY, instant
from tests.pipeline.stored import make_tools


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield make_tools(store)
    store.close()


def test_shows_the_past_and_waits(tools: Tools):
    clock = ManualClock(instant("08:30:00"))
    desk = Desk(WaitingDay(tools, DAY), tools.calendar, clock, shared=True, edge=clock.now_ns)
    came = threading.Event()

    def hear(snapshot) -> None:
        if snapshot.charts:
            came.set()

    desk.hub.listen(hear, Interest("NIFTY", "5m"))
    desk.start()
    try:
        for _ in range(600):
            clock.advance(1)
            if came.wait(0.1):
                break
        snapshot = desk.hub.latest
        assert (snapshot.source, snapshot.replay, snapshot.status) == (
            Source.LIVE,
            False,
            "playing",
        )
        assert len(snapshot.charts["NIFTY", "5m"].bars) == 400  # of the sessions before
        assert snapshot.ticks == 0
        assert snapshot.indices["NIFTY"].price is None
        assert tools.store.days() == []
    finally:
        desk.stop()
