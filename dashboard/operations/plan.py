"""What should be running at an instant: read off the calendar each time, never remembered.

A day is prepared ten minutes before its first window, records from five minutes before it
until five minutes after the last trade of any segment, and is finished then. Where the
calendar does not know, nothing runs, and that is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dashboard.core.calendar import Calendar
from dashboard.core.errors import CalendarError
from dashboard.core.market import Segment
from dashboard.core.sessions import Phase, Window

TOKEN_BEFORE = timedelta(minutes=10)
FEED_BEFORE = timedelta(minutes=5)
SETTLES_AFTER = timedelta(minutes=5)
CALENDAR_WARNING = timedelta(days=45)
SESSION_WARNING = timedelta(days=14)
DAY = timedelta(days=1)


class DayPhase(StrEnum):
    """Where operations are in a day."""

    CLOSED = "closed"
    TOKEN_CHECK = "token check"  # noqa: S105 - a phase's name
    PREPARING = "preparing"
    PRE_OPEN = "pre-open"
    CONTINUOUS = "continuous"
    BREAK = "break"  # between the two windows of a drill
    CLOSING_AUCTION = "closing auction"
    DERIVATIVES = "derivatives"  # the index is done
    SETTLING = "settling"
    FINISHED = "finished"
    UNCOVERED = "uncovered"  # the calendar does not know: nothing runs


RECORDS = frozenset(
    {
        DayPhase.PREPARING,
        DayPhase.PRE_OPEN,
        DayPhase.CONTINUOUS,
        DayPhase.BREAK,
        DayPhase.CLOSING_AUCTION,
        DayPhase.DERIVATIVES,
        DayPhase.SETTLING,
    }
)
TRADES = frozenset({DayPhase.CONTINUOUS, DayPhase.CLOSING_AUCTION, DayPhase.DERIVATIVES})
_BEGINS = {
    DayPhase.TOKEN_CHECK: "Kite's token is tried",
    DayPhase.PREPARING: "recording begins",
    DayPhase.PRE_OPEN: "the pre-open session begins",
    DayPhase.CONTINUOUS: "continuous trading begins",
    DayPhase.BREAK: "trading pauses",
    DayPhase.CLOSING_AUCTION: "the closing auction begins",
    DayPhase.DERIVATIVES: "futures and options trade on alone",
    DayPhase.SETTLING: "trading ends",
    DayPhase.FINISHED: "recording ends",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What should be running now.

    `next_at` is when that changes, `next_sentence` how: "15:45 recording ends".
    `trading_since` is when trading began that goes on now. `warnings` tell weeks ahead of
    days that the calendar does not know.
    """

    day: date
    phase: DayPhase
    sentence: str
    next_at: datetime | None = None
    next_sentence: str = ""
    warnings: tuple[str, ...] = ()
    trading_since: datetime | None = None

    @property
    def needs_token(self) -> bool:
        """Say whether a token of Kite's must be good now."""
        return self.phase is DayPhase.TOKEN_CHECK or self.needs_feed

    @property
    def needs_contracts(self) -> bool:
        """Say whether the day's instruments must be known now."""
        return self.needs_token

    @property
    def needs_feed(self) -> bool:
        """Say whether the day is recorded now."""
        return self.phase in RECORDS

    @property
    def expects_ticks(self) -> bool:
        """Say whether something trades: silence is a fault then."""
        return self.phase in TRADES

    @property
    def has_session_ahead(self) -> bool:
        """Say whether today is still to be recorded: a person will sign in for it."""
        is_today = self.next_at is not None and self.next_at.date() == self.day
        return is_today and self.phase in (DayPhase.CLOSED, DayPhase.TOKEN_CHECK)


def plan(calendar: Calendar, now: datetime) -> Plan:
    """Return what should be running at `now` (aware, IST)."""
    day = now.date()
    warnings = tuple(_warnings(calendar, day))
    try:
        windows = _windows(calendar, day)
    except CalendarError as error:
        words = f"Nothing is recorded today: {error}"
        return Plan(day, DayPhase.UNCOVERED, words, *_next_day(calendar, day), warnings)
    changes = _changes(calendar, day, windows)
    phase = next((p for at, p in reversed(changes) if at <= now), DayPhase.CLOSED)
    ahead = next(((at, p) for at, p in changes if at > now), None)
    sentence = _sentence(calendar, day, phase, windows)
    if ahead is None:
        return Plan(day, phase, sentence, *_next_day(calendar, day), warnings)
    at, begins = ahead
    words = f"{at:%H:%M} {_BEGINS[begins]}"
    return Plan(day, phase, sentence, at, words, warnings, _trading_since(changes, now))


def _windows(calendar: Calendar, day: date) -> list[Window]:
    """Return the windows of both segments in which prices are made."""
    sessions = (calendar.session(day, segment) for segment in Segment)
    return [w for s in sessions for w in s.windows if w.phase is not Phase.POST_CLOSE]


def _changes(
    calendar: Calendar, day: date, windows: list[Window]
) -> list[tuple[datetime, DayPhase]]:
    """Return when each phase of the day begins, in order."""
    if not windows:
        return []
    first, last = min(w.start for w in windows), max(w.end for w in windows)
    edges = sorted({edge for w in windows for edge in (w.start, w.end) if edge < last})
    found = [
        (first - TOKEN_BEFORE, DayPhase.TOKEN_CHECK),
        (first - FEED_BEFORE, DayPhase.PREPARING),
    ]
    for edge in edges:
        phase = _phase_at(calendar, edge)
        if phase is not found[-1][1]:
            found.append((edge, phase))
    return [*found, (last, DayPhase.SETTLING), (last + SETTLES_AFTER, DayPhase.FINISHED)]


def _trading_since(changes: list[tuple[datetime, DayPhase]], now: datetime) -> datetime | None:
    """Return when trading began that goes on at `now`, whatever its phases since."""
    since = None
    for at, phase in changes:
        if at <= now:
            since = (since or at) if phase in TRADES else None
    return since


def _phase_at(calendar: Calendar, at: datetime) -> DayPhase:
    """Return the phase of an instant within the day; the index decides where it trades."""
    index, derivatives = (calendar.phase(at, segment) for segment in (Segment.INDEX, Segment.FNO))
    if index is Phase.CLOSING_AUCTION:
        return DayPhase.CLOSING_AUCTION
    if index is Phase.CONTINUOUS:
        return DayPhase.CONTINUOUS
    if derivatives is Phase.CONTINUOUS:
        return DayPhase.DERIVATIVES
    if {index, derivatives} & {Phase.PRE_OPEN, Phase.PRE_OPEN_BUFFER}:
        return DayPhase.PRE_OPEN
    return DayPhase.BREAK


def _sentence(calendar: Calendar, day: date, phase: DayPhase, windows: list[Window]) -> str:
    if phase in TRADES:
        close = calendar.session(day, Segment.FNO).close
        return f"Market open · F&O to {close:%H:%M} IST"
    if phase is DayPhase.BREAK:
        return "Market closed between two sessions"
    if windows and phase not in (DayPhase.SETTLING, DayPhase.FINISHED):
        return f"Market closed · opens {calendar.session(day, Segment.FNO).open:%H:%M} IST"
    why = "" if windows else f" ({calendar.holiday(day) or f'{day:%A}'})"
    try:
        following = calendar.session(calendar.next_trading_day(day), Segment.FNO).open
    except CalendarError:
        return f"Market closed{why}"
    return f"Market closed{why} · opens {following:%a %d %b %H:%M} IST"


def _next_day(calendar: Calendar, day: date) -> tuple[datetime | None, str]:
    """Return when the next session that the calendar knows is prepared."""
    while day < calendar.covers[1]:
        day += DAY
        try:
            windows = _windows(calendar, day)
        except CalendarError:
            continue  # a session of unknown hours: it is told as a warning
        if windows:
            at = min(w.start for w in windows) - TOKEN_BEFORE
            return at, f"{at:%a %d %b %H:%M} {_BEGINS[DayPhase.TOKEN_CHECK]}"
    return None, ""


def _warnings(calendar: Calendar, day: date) -> Iterator[str]:
    """Yield what will not be recorded unless Tezi is updated."""
    end = calendar.covers[1]
    if day <= end <= day + CALENDAR_WARNING:
        left = (end - day).days
        yield (
            f"The calendar ends on {end:%d %b %Y}, {left} days from now: update Tezi, or nothing "
            "is recorded after it"
        )
    ahead = day
    while ahead <= min(day + SESSION_WARNING, end):
        try:
            calendar.session(ahead, Segment.FNO)
        except CalendarError as error:
            if ahead >= calendar.covers[0]:
                yield f"{ahead:%a %d %b %Y} will not be recorded: {error}"
        ahead += DAY
