"""How far back the days before a day belong to it.

An average that runs over sessions says nothing where sessions are missing between: prices
of another month are no history of today's. A few missing sessions are bridged (the gap shows
in the readings' flags), a longer hole ends what is loaded.
"""

from collections.abc import Iterable
from datetime import date

from dashboard.core.hours import EPOCH_DAY, date_of, prior_day

BRIDGED = 3  # trading sessions in a row that may be missing


def unbroken_since(sessions: Iterable[date], day: date) -> date:
    """Return the oldest of `sessions` that no long hole parts from `day`; `day` if there is none.

    `sessions` are earlier days, latest first. Sessions that are no trading days, such as a
    Muhurat evening, lie between others and count as no step.
    """
    since = day
    for session in sessions:
        if not _is_near(session, since):
            break
        since = session
    return since


def _is_near(session: date, later: date) -> bool:
    """Say whether at most a few trading sessions lie between two days."""
    day: int | None = (later - EPOCH_DAY).days
    for _ in range(BRIDGED + 1):
        day = prior_day(day) if day is not None else None
        if day is None:  # the calendar knows no further: then days of the week must do
            return (later - session).days <= 2 * BRIDGED
        if date_of(day) <= session:
            return True
    return False
