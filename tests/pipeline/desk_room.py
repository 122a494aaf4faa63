"""Desks under test: started, waited for, and always stopped."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from dashboard.core.clock import Clock, SystemClock
from dashboard.core.market import Source
from dashboard.pipeline.days import Day, StoredDay, Tools
from dashboard.pipeline.desk import MAX_SPEED, Desk
from dashboard.pipeline.snapshot import Snapshot
from tests.pipeline.frames import DAY
from tests.pipeline.stored import AFTERNOON

PATIENCE_S = 60.0  # of a machine that does other things too; nobody waits that long


class Room:
    """Make desks, and see that none is left behind."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._desks: list[Desk] = []

    def open(
        self,
        at: datetime | None = None,
        *,
        source: Source = AFTERNOON,
        day: Day | None = None,
        clock: Clock | None = None,
        playing: bool = False,
        speed: float = MAX_SPEED,
    ) -> Desk:
        """Return a desk that has begun to load."""
        day = day or StoredDay(self._tools, DAY, source)
        desk = Desk(day, self._tools.calendar, clock or SystemClock(), begin=at)
        desk.pace.speed = speed
        self._desks.append(desk)
        desk.start(playing=playing)
        return desk

    def close(self) -> None:
        for desk in self._desks:
            desk.stop(PATIENCE_S)


def wait(desk: Desk, until: Callable[[Snapshot], bool]) -> Snapshot:
    """Return the first published snapshot of which `until` is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        snapshot = desk.hub.latest
        if snapshot is not None and until(snapshot):
            return snapshot
        time.sleep(0.005)
    raise AssertionError(f"it never came; the last was {desk.hub.latest}")


def wait_for(desk: Desk, status: str) -> Snapshot:
    return wait(desk, lambda s: s.status == status)


def wait_at(desk: Desk, at: datetime, status: str = "paused") -> Snapshot:
    return wait(desk, lambda s: s.at == at and s.status == status)


def rest(desk: Desk) -> None:
    """Wait until a desk that stands has read and told everything: its number stays."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told = threading.Event()
        desk.call(told.set)
        told.wait(PATIENCE_S)
        seq = desk.hub.latest.seq if desk.hub.latest else 0
        wait(desk, lambda s, seq=seq: s.seq > seq)  # what was asked makes it tell once more
        if desk.pipeline is not None and not desk.pipeline.sections._unread and not desk._dirty:
            return
    raise AssertionError("it never rested")
