"""The calendar: how far it reaches, and what it says of now."""

from datetime import timedelta

from dashboard.cli.checks.finding import Finding, ok, problem, warning
from dashboard.core.calendar import Calendar
from dashboard.core.clock import Clock, from_ns
from dashboard.core.errors import CalendarError
from dashboard.core.market import Segment

WHAT = "Calendar"
SOON = timedelta(weeks=6)
UPDATE = "update Tezi: a newer one knows the exchange's next list of holidays"


def check_calendar(calendar: Calendar, clock: Clock) -> Finding:
    """See that the calendar covers today and the weeks to come, and say the phase."""
    now = from_ns(clock.now_ns())
    first, last = calendar.covers
    covers = f"version {calendar.version}, {first} to {last}"
    try:
        phases = {segment: calendar.phase(now, segment) for segment in Segment}
    except CalendarError as error:
        return problem(WHAT, f"{covers}: {error}", UPDATE)
    today = " · ".join(f"{segment} {phase}" for segment, phase in phases.items())
    found = f"{covers}; {now:%a %d %b %H:%M} IST: {today}"
    if last - now.date() < SOON:
        return warning(WHAT, found, UPDATE)
    return ok(WHAT, found)
