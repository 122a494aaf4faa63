"""What the doctor says of a live process, from what that process last said of itself."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from dashboard.cli.checks.finding import Level
from dashboard.cli.checks.live import check_live, check_recorded
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, to_ns
from dashboard.core.health import OperationsStatus, Stage
from dashboard.core.kite import SessionState, SessionStatus
from dashboard.operations.plan import plan

TRADING = datetime(2026, 8, 18, 11, tzinfo=IST)
NIGHT = datetime(2026, 8, 18, 22, tzinfo=IST)
GOOD = OperationsStatus(
    at_ns=to_ns(TRADING),
    mode="live",
    phase="continuous",
    sentence="Market open · F&O to 15:40 IST",
    next_sentence="",
    sessions=(SessionStatus("…ab12", SessionState.VALID, 0, "Ticks came"),),
    stages=(Stage("Socket", "flowing", "442 instruments", 0.5),),
)


def found(status: OperationsStatus | None, now: datetime, later_s: int = 0):
    day = plan(load_calendar(), now)
    return [
        (one.level, one.what, one.found)
        for one in check_live(status, day, to_ns(now) + later_s * 10**9)
    ]


def test_a_process_that_flows_is_one_good_line():
    ((level, _, words),) = found(GOOD, TRADING, 2)
    assert level is Level.OK
    assert words == "live, continuous, heard 2s ago; Socket 0s"


@pytest.mark.parametrize(
    ("now", "level", "words"),
    [
        (TRADING, Level.PROBLEM, "Market open · F&O to 15:40 IST, and nothing records it"),
        (NIGHT, Level.OK, "no process has reported yet"),
    ],
)
def test_no_process_at_all(now, level, words):
    ((was, _, said),) = found(None, now)
    assert was is level
    assert said.startswith(words)


def test_a_process_that_is_silent_while_the_market_is_open_is_a_problem():
    assert found(GOOD, TRADING, 15)[0][0] is Level.OK
    ((level, _, words),) = found(GOOD, TRADING, 660)
    assert level is Level.PROBLEM
    assert words.startswith("not heard of for 11m: it stopped or hangs")


def test_after_hours_silence_is_no_problem():
    ((level, _, words),) = found(GOOD, NIGHT)
    assert level is Level.OK
    assert "nothing is to be recorded now" in words


def test_every_stage_that_is_behind_is_told_with_what_to_do():
    stages = (
        Stage("Tape", "down", "no room on the disk", todo="make room"),
        Stage("Quotes", "late", "3 of 20 are stale"),
        Stage("Chain", "off", "no options"),
    )
    status = replace(GOOD, stages=stages, problems=("The calendar ends",))
    assert found(status, TRADING, 1) == [
        (Level.PROBLEM, "Tape", "no room on the disk"),
        (Level.WARNING, "Quotes", "3 of 20 are stale"),
        (Level.WARNING, "Live", "The calendar ends"),
    ]


@pytest.mark.parametrize("state", [SessionState.REQUIRED, SessionState.EXPIRED])
def test_a_sign_in_that_is_due_is_a_problem_when_it_is_needed(state: SessionState):
    due = replace(GOOD, sessions=(SessionStatus("…ab12", state, 0, "Kite refused it"),))
    assert [one[0] for one in found(due, TRADING, 1)] == [Level.PROBLEM]
    evening = replace(due, at_ns=to_ns(NIGHT))
    assert [one[0] for one in found(evening, NIGHT, 1)] == [Level.WARNING]


def test_a_database_that_is_days_old_is_never_well():
    due = date(2026, 8, 17)
    assert check_recorded(None, due).level is Level.OK
    assert check_recorded(due, due).level is Level.OK
    old = check_recorded(date(2026, 8, 6), due)
    assert old.level is Level.WARNING
    assert "Mon 17 Aug was not recorded" in old.found
