"""When the market trades, and what is traded on a desk."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from dashboard.api.envelope import envelope
from dashboard.core.calendar import Calendar
from dashboard.core.errors import CalendarError
from dashboard.core.market import UNDERLYINGS, Instrument, Segment
from dashboard.core.sessions import Session
from dashboard.pipeline.snapshot import Snapshot

AHEAD = 30  # days that the next session is looked for


def status_document(desk_id: str, snapshot: Snapshot, calendar: Calendar) -> dict[str, Any]:
    """Return where the market is in its day, at the desk's own time."""
    now, phase = snapshot.at, snapshot.phase
    sessions = [calendar.session(now.date(), segment) for segment in Segment]
    return {
        "desk": envelope(desk_id, snapshot),
        "now": now,
        "phase": phase.name,
        "detail": phase.detail,
        "is_open": any(now in window for each in sessions for window in each.continuous),
        "next_open": next_open(calendar, now),
        "expiries": {name: _next_expiry(calendar, name, now.date()) for name in UNDERLYINGS},
    }


def next_open(calendar: Calendar, now: datetime) -> datetime | None:
    """Return when continuous trading of derivatives begins next; None past the coverage."""
    for ahead in range(AHEAD):
        try:
            session = calendar.session(now.date() + timedelta(days=ahead), Segment.FNO)
        except CalendarError:
            continue  # not covered, or a special session of unknown hours
        if session.is_open and session.open > now:
            return session.open
    return None


def _next_expiry(calendar: Calendar, underlying: str, day: date) -> date | None:
    try:
        return calendar.expiries(underlying, day, 1)[0]
    except CalendarError:
        return None


def calendar_document(calendar: Calendar, first: date, last: date) -> list[dict[str, Any]]:
    """Return what the calendar says of each day from `first` to `last`."""
    expiring: dict[date, list[str]] = {}
    for name in UNDERLYINGS:
        for expiry in calendar.all_expiries(name):
            expiring.setdefault(expiry.day, []).append(name)
    return [_day(calendar, day, expiring.get(day, [])) for day in _days(first, last)]


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _day(calendar: Calendar, day: date, expiring: list[str]) -> dict[str, Any]:
    sessions: dict[Segment, Session] = {}
    note = calendar.holiday(day) or ""
    try:
        sessions = {segment: calendar.session(day, segment) for segment in Segment}
    except CalendarError as error:  # a special session of unknown hours
        note = str(error)
    names = [each.name for each in sessions.values() if each.name]
    return {
        "day": day,
        "open": any(each.is_open for each in sessions.values()),
        "kind": _kind(calendar, day, sessions),
        "sessions": {
            segment.value: {"open": each.open, "close": each.close}
            for segment, each in sessions.items()
            if each.is_open
        },
        "expiries": expiring,
        "note": note or next(iter(names), ""),
    }


def _kind(calendar: Calendar, day: date, sessions: dict[Segment, Session]) -> str:
    special = next((each.special for each in sessions.values() if each.special), None)
    if special is not None or not sessions:
        return special or "special"
    if calendar.is_trading_day(day):
        return "regular"
    return "holiday" if calendar.holiday(day) else "weekend"


def instruments_document(instruments: Iterable[Instrument]) -> list[dict[str, Any]]:
    """Return what is known of instruments before the day begins."""
    return [
        {
            "symbol": one.symbol,
            "token": int(one.token),
            "exchange": one.exchange,
            "underlying": one.underlying,
            "kind": one.kind.value,
            "expiry": one.expiry,
            "strike": one.strike,
            "lot": int(one.lot),
            "tick": one.tick,
        }
        for one in instruments
    ]
