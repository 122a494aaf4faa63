"""One desk's snapshots, handed from its thread to the clients on the server's loop.

The desk knows one listener, however many clients there are. Snapshots that come while a
round waits are not kept: each holds all that the ones before it told.
"""

import asyncio
import threading
from collections import Counter
from typing import Protocol

import numpy as np

from dashboard.api.stream.governor import Governor
from dashboard.api.stream.limits import SPACING_S
from dashboard.api.stream.papers import PaperBoard
from dashboard.api.stream.ticks import TickBoard
from dashboard.api.stream.view import View
from dashboard.core.clock import Clock
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot


class Member(Protocol):
    """Somebody who follows a desk."""

    def wake(self, *, ticked: bool) -> None:
        """Look at the desk's view: it is another one. `ticked` says that prices came."""
        ...


class Fanout:
    """Follow a desk and wake its members. Used on the loop that made it, but for `_take`."""

    def __init__(
        self, desk: Desk, desk_id: str, name: str, governor: Governor, clock: Clock
    ) -> None:
        self.desk, self.id = desk, desk_id
        self.board, self.papers = TickBoard(), PaperBoard()
        self.members: set[Member] = set()
        self.view: View | None = None
        self._name = name  # of the desk, in all streams that it begins
        self._governor, self._clock = governor, clock
        self._loop = asyncio.get_running_loop()
        self._first = asyncio.Event()
        self._waits = False  # a round is asked for
        self._begun_s = -SPACING_S
        self._told_news = -1
        self._looks: dict[Interest, int] = {}
        self._looking: Counter[Interest] = Counter()
        self._news = 0
        self._is_told = False
        self._lock = threading.Lock()
        self._latest: View | None = None
        self._number = desk.hub.listen(self._take)
        if desk.hub.latest is not None:
            self._take(desk.hub.latest)

    async def first_view(self, within_s: float) -> View | None:
        """Return the desk's latest view; None where none comes in time."""
        try:
            await asyncio.wait_for(self._first.wait(), within_s)
        except TimeoutError:
            return None
        return self.view

    def look(self, interest: Interest) -> None:
        """Have the desk make what is made only while somebody looks."""
        self._looking[interest] += 1
        if interest not in self._looks:
            self._looks[interest] = self.desk.hub.listen(_nothing, interest)
            self.desk.refresh()

    def look_away(self, interest: Interest) -> None:
        """Take one look back."""
        self._looking[interest] -= 1
        if self._looking[interest] <= 0:
            del self._looking[interest]
            self.desk.hub.leave(self._looks.pop(interest))

    def close(self) -> None:
        """Leave the desk."""
        self.desk.hub.leave(self._number)
        for number in self._looks.values():
            self.desk.hub.leave(number)
        self._looks.clear()

    def _take(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the desk's thread; the loop hears of it once until it looks."""
        with self._lock:  # the first one is taken from the loop
            if self._latest is not None and snapshot.seq <= self._latest.seq:
                return
            if _has_ticked(snapshot):
                self._news += 1
            opened = snapshot.quotes.opened if snapshot.quotes is not None else 0
            self._latest = View(snapshot, self.id, f"{self._name}.{opened}", self._news)
        if not self._is_told and not self._loop.is_closed():
            self._is_told = True
            self._loop.call_soon_threadsafe(self._told)

    def _told(self) -> None:
        if self._waits:
            return
        self._waits = True
        since_s = self._clock.monotonic() - self._begun_s
        wait_s = max(SPACING_S - since_s, self._governor.wait_s())
        if wait_s > 0:
            self._loop.call_later(wait_s, self._round)
        else:
            self._round()

    def _round(self) -> None:
        """Wake everybody; what they do until the loop comes round again is the round."""
        self._waits = self._is_told = False  # before the look: what comes now asks for the next
        self._begun_s = self._clock.monotonic()
        self.view = view = self._latest
        assert view is not None
        self._first.set()
        ticked = view.news != self._told_news
        self._told_news = view.news
        for member in self.members:
            member.wake(ticked=ticked)
        self._loop.call_soon(self._governor.end, self._begun_s)


def _has_ticked(snapshot: Snapshot) -> bool:
    quotes = snapshot.quotes
    if quotes is None or not len(quotes.changed):
        return False
    return quotes.opened == snapshot.seq or int(np.max(quotes.changed)) == snapshot.seq


def _nothing(_snapshot: Snapshot) -> None:
    return
