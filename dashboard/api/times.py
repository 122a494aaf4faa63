"""Instants as parameters say them: a date, or a time with its zone."""

from datetime import date, datetime

from dashboard.api.problems import Problem
from dashboard.core.clock import SECOND_NS, day_start_s, to_ns
from dashboard.core.table import DAY_S

HOW = "Give a date (2026-11-30) or a time with its zone (2026-11-30T09:15:00+05:30)"
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


def first_second(text: str, where: str) -> int:
    """Return the second since the epoch at which a range begins; a date is its midnight, IST.

    Raises
    ------
    Problem
        422 for what is no time, or one without a zone.
    """
    return _second(text, where, whole_day=0)


def end_second(text: str, where: str) -> int:
    """Return the first second after a range; a date is meant with all of its day."""
    return _second(text, where, whole_day=DAY_S)


def _second(text: str, where: str, whole_day: int) -> int:
    try:
        if len(text) == len("2026-11-30"):
            day = date.fromisoformat(text)
            _check(day, where)
            return day_start_s(day) + whole_day
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(422, HOW, where) from error
    if at.tzinfo is None:
        raise Problem(422, f"This time has no zone. {HOW}; a + is %2B in an address", where)
    _check(at.date(), where)
    return to_ns(at) // SECOND_NS


def _check(day: date, where: str) -> None:
    if not EARLIEST <= day <= LATEST:
        raise Problem(422, f"Years {EARLIEST.year} to {LATEST.year} are looked at", where)
