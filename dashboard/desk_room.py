"""The desks of a served process: what plays when somebody opens the page.

Real recorded days come first. Where there is none, a generated day is already playing,
recorded as it goes and marked MOCK for good.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog

from dashboard.composition import generated_past, make_tools
from dashboard.core.calendar import Calendar
from dashboard.core.clock import Clock, from_ns
from dashboard.core.errors import CalendarError, InputError, StoreError
from dashboard.core.market import Segment, Source
from dashboard.core.ports import DaySummary
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.settings import Mode
from feeds.generated_day import GeneratedDay, forget_playing, playing_tape
from feeds.mock.feed import MockFeed
from storage.store import SqlStore

log = structlog.get_logger(__name__)

SEED = 1
MADE_BEFORE = timedelta(minutes=15)  # of the generated day when it is first seen
BARS_SPEED = 16.0  # a tape of bars has a tick in fifteen seconds: at 1x it looks asleep
NO_LIVE_FEED = "TEZI_MODE=live: this version cannot connect to Kite yet. Use auto, mock or replay."


@dataclass
class DeskRoom:
    """The desks, and the tape of the generated day while it plays."""

    desks: Desks
    store: SqlStore
    mode: Mode
    _open: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start what runs before the first visit.

        Raises
        ------
        InputError
            If the mode asks for what this version has not.
        """
        if self.mode is Mode.LIVE:
            raise InputError(NO_LIVE_FEED)
        forget_playing(self.desks.tools)
        if self.mode is Mode.MOCK or (self.mode is Mode.AUTO and not self._recorded()):
            self._start_generated()

    def stop(self) -> None:
        """Close every desk and finish the tape."""
        self.desks.close_all()
        self._open.close()

    def first_desk(self) -> tuple[Desk, bool]:
        """Return the desk a visit opens on, and whether it is the visitor's own.

        Raises
        ------
        StoreError
            If there is nothing to show.
        """
        if self.desks.shared is not None:
            return self.desks.shared, False
        recorded = self._recorded()
        if not recorded:
            raise StoreError("No day is stored: import one with `tezi import bars FILE`")
        return self.open_replay(recorded[0].day, recorded[0].source), True

    def open_replay(self, day: date, source: Source, at: datetime | None = None) -> Desk:
        """Return a replay that plays, at a speed at which one sees it move."""
        desk = self.desks.open_replay(day, source, at)
        if "full ticks" not in self.store.day(day, source).fidelity:
            desk.set_speed(BARS_SPEED)
        return desk

    def _recorded(self) -> list[DaySummary]:
        return [one for one in self.store.days() if one.source is not Source.MOCK]

    def _start_generated(self) -> None:
        tools, clock = self.desks.tools, self.desks.clock
        day = self._free_day(tools.calendar, clock)
        universe = MockFeed(day, SEED, tools.calendar).universe
        info = playing_tape(day, SEED)
        begun = self.store.begin_tape(info, universe.instruments, replace=True)
        tape = self._open.enter_context(begun)
        with self.store.prepare(day, Source.MOCK):
            pass  # nothing is derived yet
        opens = tools.calendar.session(day, Segment.INDEX).open
        generated = GeneratedDay(tools, day, SEED, clock, tape, generated_past, opens + MADE_BEFORE)
        self.desks.shared = Desk(
            generated,
            tools.calendar,
            clock,
            shared=True,
            begin=opens + MADE_BEFORE,
            on_tick=generated.flush,
        )
        self.desks.shared.start()
        log.info("generated day is playing", day=str(day), seed=SEED)

    def _free_day(self, calendar: Calendar, clock: Clock) -> date:
        """Return the latest trading day, up to today, that nobody generated to keep."""
        taken = {one.day for one in self.store.days() if one.source is Source.MOCK}
        day = from_ns(clock.now_ns()).date()
        first, last = calendar.covers
        day = min(day, last)
        while day > first:
            if calendar.is_trading_day(day) and day not in taken:
                return day
            day -= timedelta(days=1)
        raise CalendarError(f"The calendar has no free day for a generated market before {last}")


def make_desk_room(store: SqlStore, clock: Clock, mode: Mode) -> DeskRoom:
    """Return the desks of a process; nothing runs yet."""
    return DeskRoom(Desks(make_tools(store), clock), store, mode)


def status_words(room: DeskRoom) -> tuple[str, ...]:
    """Return what the sign-in page says of the desk and the market, without any number."""
    playing = "A generated day is playing" if room.desks.shared else "Recorded days are ready"
    return playing, market_words(room.desks.tools.calendar, room.desks.clock)


def market_words(calendar: Calendar, clock: Clock) -> str:
    """Return whether the market is open now, and when it opens next."""
    now = from_ns(clock.now_ns())
    try:
        session = calendar.session(now.date(), Segment.FNO)
        if session.is_open and session.open <= now < session.close:
            return f"Market open · F&O to {session.close:%H:%M} IST"
        if session.is_open and now < session.open:
            return f"Market closed · opens {session.open:%a %d %b %H:%M} IST"
        day = calendar.next_trading_day(now.date())
        return f"Market closed · opens {calendar.session(day, Segment.FNO).open:%a %d %b %H:%M} IST"
    except CalendarError as error:
        return str(error)
