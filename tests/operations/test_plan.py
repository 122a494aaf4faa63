"""What should be running when: typed from the exchanges' hours, regime by regime."""

from datetime import date, datetime, time

import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST
from dashboard.operations.plan import DayPhase, plan

CALENDAR = load_calendar()
P = DayPhase


def at(day: str, clock: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), IST)


DAYS = {
    # regime B
    "2026-08-18": [
        ("00:00", P.CLOSED),
        ("08:49:59", P.CLOSED),
        ("08:50", P.TOKEN_CHECK),
        ("08:55", P.PREPARING),
        ("09:00", P.PRE_OPEN),
        ("09:14:59", P.PRE_OPEN),
        ("09:15", P.CONTINUOUS),
        ("15:14:59", P.CONTINUOUS),
        ("15:15", P.CLOSING_AUCTION),
        ("15:35", P.DERIVATIVES),
        ("15:39:59", P.DERIVATIVES),
        ("15:40", P.SETTLING),
        ("15:44:59", P.SETTLING),
        ("15:45", P.FINISHED),
        ("15:55", P.FINISHED),  # the index's post-close session makes no price
        ("23:59", P.FINISHED),
    ],
    # regime A
    "2025-06-03": [("08:55", P.PREPARING), ("15:29:59", P.CONTINUOUS), ("15:30", P.SETTLING),
                   ("15:35", P.FINISHED)],
    # regime A2: futures have a pre-open session until 09:15
    "2025-12-09": [("09:13", P.PRE_OPEN), ("15:30", P.SETTLING)],
    # regime B2: the pre-open session has other steps
    "2026-09-07": [("08:50", P.TOKEN_CHECK), ("09:10", P.PRE_OPEN), ("09:15", P.CONTINUOUS),
                   ("15:15", P.CLOSING_AUCTION), ("15:35", P.DERIVATIVES), ("15:45", P.FINISHED)],
    # regime C
    "2026-12-07": [("15:29:59", P.CONTINUOUS), ("15:30", P.CLOSING_AUCTION),
                   ("15:40", P.DERIVATIVES), ("15:45", P.SETTLING), ("15:50", P.FINISHED)],
    # Muhurat of 2025, in the afternoon
    "2025-10-21": [("09:20", P.CLOSED), ("13:35", P.TOKEN_CHECK), ("13:40", P.PREPARING),
                   ("13:45", P.CONTINUOUS), ("14:45", P.SETTLING), ("14:50", P.FINISHED)],
    # a drill with two windows
    "2024-03-02": [("09:05", P.TOKEN_CHECK), ("09:15", P.CONTINUOUS), ("10:00", P.BREAK),
                   ("11:29:59", P.BREAK), ("11:30", P.CONTINUOUS), ("12:30", P.SETTLING)],
    # a Sunday on which the budget is read
    "2026-02-01": [("08:50", P.TOKEN_CHECK), ("11:00", P.CONTINUOUS), ("15:35", P.FINISHED)],
    # holidays and weekends
    "2026-08-16": [("11:00", P.CLOSED)],
    "2026-11-24": [("08:50", P.CLOSED), ("11:00", P.CLOSED)],
    # a session of unknown hours, and a day that the calendar does not cover
    "2026-11-08": [("18:00", P.UNCOVERED)],
    "2027-01-04": [("11:00", P.UNCOVERED)],
}  # fmt: skip
CASES = [(day, clock, phase) for day, cases in DAYS.items() for clock, phase in cases]


@pytest.mark.parametrize(("day", "clock", "phase"), CASES)
def test_every_phase_begins_at_its_second(day: str, clock: str, phase: DayPhase):
    assert plan(CALENDAR, at(day, clock)).phase is phase


@pytest.mark.parametrize(
    ("clock", "token", "feed", "ticks"),
    [
        ("08:49", False, False, False),
        ("08:50", True, False, False),
        ("08:55", True, True, False),
        ("09:05", True, True, False),
        ("09:15", True, True, True),
        ("15:20", True, True, True),
        ("15:42", True, True, False),
        ("15:45", False, False, False),
    ],
)
def test_says_what_is_needed(clock: str, token: bool, feed: bool, ticks: bool):
    now = plan(CALENDAR, at("2026-08-18", clock))
    assert (now.needs_token, now.needs_feed, now.expects_ticks) == (token, feed, ticks)


@pytest.mark.parametrize(
    ("day", "clock", "sentence", "following"),
    [
        ("2026-08-18", "11:00", "Market open · F&O to 15:40 IST",
         "15:15 the closing auction begins"),
        ("2026-08-18", "15:20", "Market open · F&O to 15:40 IST",
         "15:35 futures and options trade on alone"),
        ("2026-08-18", "15:41", "Market closed · opens Wed 19 Aug 09:15 IST",
         "15:45 recording ends"),
        ("2026-08-18", "08:00", "Market closed · opens 09:15 IST", "08:50 Kite's token is tried"),
        ("2026-08-18", "20:00", "Market closed · opens Wed 19 Aug 09:15 IST",
         "Wed 19 Aug 08:50 Kite's token is tried"),
        ("2026-08-16", "11:00", "Market closed (Sunday) · opens Mon 17 Aug 09:15 IST",
         "Mon 17 Aug 08:50 Kite's token is tried"),
    ],
)  # fmt: skip
def test_says_what_is_and_what_comes_next(day, clock, sentence, following):
    now = plan(CALENDAR, at(day, clock))
    assert (now.sentence, now.next_sentence) == (sentence, following)


def test_a_holiday_is_named():
    now = plan(CALENDAR, at("2026-11-24", "11:00"))
    assert now.sentence == "Market closed (Guru Nanak Jayanti) · opens Wed 25 Nov 09:15 IST"


@pytest.mark.parametrize(
    ("day", "clock", "since"),
    [
        ("2026-08-18", "09:14:59", None),
        ("2026-08-18", "09:15", "09:15"),
        ("2026-08-18", "15:39", "09:15"),  # through the closing auction
        ("2026-08-18", "15:40", None),
        ("2024-03-02", "10:30", None),
        ("2024-03-02", "11:40", "11:30"),
    ],
)
def test_says_since_when_trading_goes_on(day: str, clock: str, since: str | None):
    assert plan(CALENDAR, at(day, clock)).trading_since == (since and at(day, since))


@pytest.mark.parametrize(
    ("day", "clock", "ahead"),
    [
        ("2026-08-18", "08:00", True),
        ("2026-08-18", "08:52", True),
        ("2026-08-18", "08:55", False),  # it is being recorded
        ("2026-08-18", "20:00", False),
        ("2026-08-16", "08:00", False),  # the next session is tomorrow's
        ("2025-10-21", "13:00", True),
    ],
)
def test_says_whether_today_is_still_to_be_recorded(day: str, clock: str, ahead: bool):
    assert plan(CALENDAR, at(day, clock)).has_session_ahead is ahead


def test_what_the_calendar_does_not_know_is_said_weeks_ahead():
    assert plan(CALENDAR, at("2026-11-15", "11:00")).warnings == ()
    (warning,) = plan(CALENDAR, at("2026-11-16", "11:00")).warnings
    assert warning.startswith("The calendar ends on 31 Dec 2026, 45 days from now: update Tezi")


def test_a_session_of_unknown_hours_is_said_two_weeks_ahead():
    assert plan(CALENDAR, at("2026-10-24", "11:00")).warnings == ()
    (warning,) = plan(CALENDAR, at("2026-10-25", "11:00")).warnings
    assert warning.startswith("Sun 08 Nov 2026 will not be recorded")


def test_an_uncovered_day_says_why_nothing_runs():
    now = plan(CALENDAR, at("2027-01-04", "11:00"))
    assert "does not cover 2027-01-04" in now.sentence
    assert not now.needs_token
    assert (now.next_at, now.next_sentence) == (None, "")


def test_a_session_of_unknown_hours_names_the_next_one():
    now = plan(CALENDAR, at("2026-11-08", "18:30"))
    assert "hours are unverified" in now.sentence
    assert now.next_sentence == "Mon 09 Nov 08:50 Kite's token is tried"
