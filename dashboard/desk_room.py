"""The desks of a served process: what plays when somebody opens the page.

Real recorded days come first. Where there is none, a generated day is already playing,
recorded as it goes and marked MOCK for good.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog

from dashboard.composition import generated_past, make_tools
from dashboard.core.calendar import Calendar
from dashboard.core.clock import Clock, from_ns
from dashboard.core.errors import CalendarError, InputError, StoreError
from dashboard.core.health import Stage
from dashboard.core.market import Segment, Source
from dashboard.core.ports import DaySummary
from dashboard.live_recording import LiveRecording
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.settings import Mode
from feeds.generated_day import GeneratedDay, forget_playing, playing_tape
from feeds.mock.feed import MockFeed
from feeds.waiting_day import WaitingDay
from storage.store import SqlStore

log = structlog.get_logger(__name__)

SEED = 1
MADE_BEFORE = timedelta(minutes=15)  # of the generated day when it is first seen
BARS_SPEED = 16.0  # a tape of bars has a tick in fifteen seconds: at 1x it looks asleep
WITHOUT_KEY = (
    "TEZI_MODE=live needs Kite's API key and secret: set TEZI_KITE_API_KEY and "
    "TEZI_KITE_API_SECRET, or use auto, mock or replay."
)


@dataclass
class DeskRoom:
    """The desks, and the tape of the generated day while it plays.

    `recording` is there where Kite's credentials are; `mode` never changes over by itself.
    """

    desks: Desks
    store: SqlStore
    mode: Mode
    recording: LiveRecording | None = None
    outer: Callable[[], tuple[Stage, ...]] = tuple  # the health of what stands before the desk
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def is_live(self) -> bool:
        """Say whether the shared desk is Kite's: asked for, or credentials are there."""
        return self.mode is Mode.LIVE or (self.mode is Mode.AUTO and self.recording is not None)

    def start(self) -> None:
        """Start what runs before the first visit.

        Raises
        ------
        InputError
            If the mode asks for a live desk without credentials.
        """
        if self.mode is Mode.LIVE and self.recording is None:
            raise InputError(WITHOUT_KEY)
        forget_playing(self.desks.tools)
        if self.is_live:
            self.wait_for_a_day()
        elif self.mode in (Mode.MOCK, Mode.AUTO):
            self._start_generated()

    def wait_for_a_day(self) -> None:
        """Share the desk of the next live day, unless today's is there already."""
        if self.recording is None or self.recording.day is not None:
            return
        now = from_ns(self.desks.clock.now_ns())
        today = now.date()
        shared = self.desks.shared
        if shared is not None and shared.day.day >= today:
            return  # today's own desk stays until midnight, ended or not
        tools, clock = self.desks.tools, self.desks.clock
        try:
            day = _day_to_wait_for(tools.calendar, now)
        except CalendarError:
            return  # the scheduler says that the calendar has ended: no desk can wait for a day
        waiting = WaitingDay(tools, day)
        desk = Desk(
            waiting,
            tools.calendar,
            clock,
            shared=True,
            edge=clock.now_ns,
            outer=lambda: self.outer(),
        )
        self.desks.share(desk)
        desk.start()

    def stop(self) -> None:
        """Close every desk; finish a generated tape, leave a live one to be gone on with."""
        if self.recording is not None:
            self.recording.close()
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


def _day_to_wait_for(calendar: Calendar, now: datetime) -> date:
    """Return today while it is not over, else the next trading day."""
    today = now.date()
    if calendar.has_session(today):
        windows = calendar.session(today, Segment.FNO).windows
        if windows and now < windows[-1].end:
            return today
    return calendar.next_trading_day(today)


def make_desk_room(store: SqlStore, clock: Clock, mode: Mode, *, kite: bool = False) -> DeskRoom:
    """Return the desks of a process; nothing runs yet. `kite` says that credentials are there."""
    desks = Desks(make_tools(store), clock)
    wanted = kite and mode in (Mode.AUTO, Mode.LIVE)
    return DeskRoom(desks, store, mode, LiveRecording(desks, clock) if wanted else None)


def status_words(room: DeskRoom) -> tuple[str, ...]:
    """Return what the sign-in page says of the desk and the market, without any number."""
    playing = "A generated day is playing" if room.desks.shared else "Recorded days are ready"
    if room.is_live and room.recording is not None:
        playing = "Recording from Kite" if room.recording.day else "Waiting for the market"
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
