"""A visit: it moves over when another desk is shared, and is drawn ten times a second at most."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from bokeh.document import Document

from dashboard.core.clock import ManualClock
from dashboard.core.health import OperationsStatus
from dashboard.core.market import Source
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.pipeline.hub import Hub
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.visit import Visit
from tests.ui.sample import AT, DAY, make_snapshot
from tests.ui.sample_operations import make_broken, make_good


@dataclass
class Page:
    """A document that keeps what it was asked to do, until it is told to do it."""

    soon: list[Callable[[], None]] = field(default_factory=list)
    later: list[tuple[Callable[[], None], int]] = field(default_factory=list)
    often: list[tuple[Callable[[], None], int]] = field(default_factory=list)

    def add_next_tick_callback(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def add_timeout_callback(self, callback: Callable[[], None], wait_ms: int) -> None:
        self.later.append((callback, wait_ms))

    def add_periodic_callback(self, callback: Callable[[], None], every_ms: int) -> None:
        self.often.append((callback, every_ms))

    def on_session_destroyed(self, callback: object) -> None:
        pass

    def tick(self) -> None:
        """Do what is due at once."""
        while self.soon:
            self.soon.pop(0)()


@dataclass
class FakeDesk:
    """A desk without a thread."""

    hub: Hub = field(default_factory=Hub)
    day: Any = field(default_factory=lambda: SimpleNamespace(day=DAY, source=Source.LIVE))
    stopped: bool = False

    def refresh(self) -> None:
        pass

    def stop(self, timeout_s: float = 0) -> None:
        self.stopped = True

    @property
    def listeners(self) -> int:
        return len(self.hub.interests())


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def desks(clock: ManualClock) -> Desks:
    tools = SimpleNamespace(store=SimpleNamespace(days=list), signals={})
    return Desks(cast(Any, tools), clock)


Opened = Callable[..., Visit]


@pytest.fixture
def open_visit(page: Page, desks: Desks) -> Iterator[Opened]:
    visits: list[Visit] = []

    def opened(desk: FakeDesk, *, own: bool = False, **options: Any) -> Visit:
        visit = Visit(cast(Document, page), desks, "", cast(Desk, desk), own=own, **options)
        visits.append(visit)
        return visit

    yield opened
    for visit in visits:
        visit.end()


def at(second: int) -> Snapshot:
    """Return the drawn moment, seconds later."""
    return make_snapshot(at=AT + timedelta(seconds=second), source=Source.LIVE, replay=False)


def clock_of(visit: Visit) -> str:
    """Return the time that the page shows."""
    text = visit.view._texts.get("header")
    return orjson.loads(text)["clock"] if text else ""


def share(desks: Desks, desk: FakeDesk) -> None:
    desks.share(cast(Desk, desk))


# -- another desk is shared ---------------------------------------------------------------------


def test_a_visit_moves_over_when_another_desk_is_shared(desks, page, open_visit):
    night, day = FakeDesk(), FakeDesk()
    share(desks, night)
    night.hub.publish(at(0))
    visit = open_visit(night)
    day.hub.publish(at(30))
    by_the_scheduler = threading.Thread(target=share, args=(desks, day))
    by_the_scheduler.start()
    by_the_scheduler.join()
    assert clock_of(visit) == "13:42:18"  # nothing is touched outside the page's loop
    page.tick()
    assert clock_of(visit) == "13:42:48"
    assert (night.listeners, day.listeners, night.stopped) == (0, 1, True)
    day.hub.publish(at(31))
    page.tick()
    page.later.pop()[0]()
    assert clock_of(visit) == "13:42:49"


def test_a_replay_of_ones_own_stays_and_may_go_live_from_then_on(desks, page, open_visit):
    own, live = FakeDesk(), FakeDesk()
    own.hub.publish(replace(at(0), replay=True))
    visit = open_visit(own, own=True)
    assert orjson.loads(visit.view._texts["machine"])["can_live"] is False
    share(desks, live)
    page.tick()
    assert (own.listeners, live.listeners, own.stopped) == (1, 0, False)
    assert orjson.loads(visit.view._texts["machine"])["can_live"] is True


def test_a_share_while_the_page_was_being_made_is_not_missed(desks, page, open_visit, monkeypatch):
    begin: list[Callable[[], None]] = []
    monkeypatch.setattr("panel.state.onload", begin.append)
    night, day = FakeDesk(), FakeDesk()
    share(desks, night)
    night.hub.publish(at(0))
    visit = open_visit(night)
    day.hub.publish(at(30))
    share(desks, day)
    begin[0]()
    assert (clock_of(visit), day.listeners, night.listeners) == ("13:42:48", 1, 0)


def test_a_visit_that_ended_is_told_of_no_desk(desks, page, open_visit):
    night, day = FakeDesk(), FakeDesk()
    share(desks, night)
    night.hub.publish(at(0))
    visit = open_visit(night)
    visit.end()
    share(desks, day)
    assert page.soon == []
    assert day.listeners == 0


def test_a_listener_that_fails_keeps_no_other_from_the_desk(desks):
    told: list[str] = []
    desks.listen(lambda: 1 / 0)
    number = desks.listen(lambda: told.append("second"))
    share(desks, FakeDesk())
    assert told == ["second"]
    desks.leave(number)
    share(desks, FakeDesk())
    assert told == ["second"]


# -- at most ten times a second ---------------------------------------------------------------


def test_a_page_is_drawn_ten_times_a_second_at_most_and_ends_with_the_last(
    desks, page, clock, open_visit
):
    desk = FakeDesk()
    desk.hub.publish(at(0))
    visit = open_visit(desk, own=True)
    clock.advance(0.03)
    for second in (1, 2, 3):
        desk.hub.publish(at(second))
        page.tick()
    assert clock_of(visit) == "13:42:18"
    assert [wait for _, wait in page.later] == [70]  # the rest of a tenth, in milliseconds
    clock.advance(0.07)
    page.later.pop()[0]()
    assert clock_of(visit) == "13:42:21"
    clock.advance(0.2)
    desk.hub.publish(at(4))
    page.tick()
    assert (clock_of(visit), page.later) == ("13:42:22", [])  # long enough ago: at once


def test_what_a_person_does_is_answered_at_once(desks, page, clock, open_visit):
    desk = FakeDesk()
    desk.hub.publish(at(0))
    visit = open_visit(desk, own=True)
    desk.hub.publish(at(1))
    page.tick()
    assert len(page.later) == 1
    visit._on_message(SimpleNamespace(data={"do": "blind", "on": True}))
    page.tick()
    assert orjson.loads(visit.view._texts["header"])["date"] == "Day hidden"
    assert clock_of(visit) == "13:42:19"


# -- operations -------------------------------------------------------------------------------


def test_operations_are_shown_while_the_desk_says_nothing(desks, page, open_visit):
    desk, told = FakeDesk(), [make_good()]
    desk.hub.publish(at(0))

    def operations() -> OperationsStatus:
        return told[-1]

    visit = open_visit(desk, own=True, operations=operations, role="owner")
    visit._on_message(SimpleNamespace(data={"do": "room", "room": "status"}))
    page.tick()
    assert orjson.loads(visit.view._texts["banner"]) == []
    ((look, every_ms),) = page.often
    assert every_ms == 1000
    told.append(replace(make_broken(), at_ns=make_good().at_ns + 10**9))
    look()
    room, banners = (orjson.loads(visit.view._texts[name]) for name in ("status", "banner"))
    assert room["keys"][0]["word"] == "Sign-in due"
    assert banners[0]["action"]["post"]["to"] == "/kite/login"


def test_a_visit_without_operations_looks_for_none(desks, page, open_visit):
    desk = FakeDesk()
    desk.hub.publish(at(0))
    open_visit(desk, own=True)
    assert page.often == []
