"""What operations leave behind comes back as it was."""

from datetime import datetime

import pytest
from sqlalchemy import text

from dashboard.core.clock import IST, ManualClock
from dashboard.core.health import DayReport, OperationsStatus, Stage, Transition
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from storage.engine import Database
from storage.journal import SqlJournal

REPORT = DayReport(
    "2026-08-18", 5, {"bars": 375, "largest difference": 0.05, "first": None}, ("A",)
)
STATUS = OperationsStatus(
    at_ns=1_786_000_000_000_000_000,
    mode="live",
    phase="continuous",
    sentence="Market open · F&O to 15:40 IST",
    next_sentence="15:15 the closing auction begins",
    sessions=(SessionStatus("…ab12", SessionState.VALID, 7, "Ticks came", "AB1234"),),
    connections=(ConnectionStatus(0, "…ab12", "flowing", 442, 7, None, 12, 0),),
    stages=(Stage("Socket", "flowing", "442 instruments", 0.5, None, ""),),
    subscribed={"NIFTY": 147},
    transitions=(Transition(9, "Recording begins"),),
    problems=("The calendar ends",),
    reports=(REPORT,),
)


@pytest.fixture
def journal(database: Database) -> SqlJournal:
    return SqlJournal(database, ManualClock(datetime(2026, 8, 18, 9, tzinfo=IST)))


def test_a_state_comes_back_as_it_was(journal: SqlJournal):
    assert journal.last() is None
    journal.beat(STATUS)
    assert journal.last() == STATUS
    assert journal.last().sessions[0].state is SessionState.VALID


def test_only_the_last_state_is_kept(journal: SqlJournal, database: Database):
    for _ in range(3):
        journal.beat(STATUS)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM heartbeat")).scalar() == 1


def test_a_state_of_another_version_is_nothing(journal: SqlJournal, database: Database):
    journal.beat(STATUS)
    with database.writing() as connection:
        connection.execute(text("UPDATE heartbeat SET document = '{\"mode\": 1}'"))
    assert journal.last() is None


def test_reports_come_newest_first_and_a_day_has_one(journal: SqlJournal):
    for day in ("2026-08-14", "2026-08-18", "2026-08-17"):
        journal.report(DayReport(day, 1, {}))
    journal.report(REPORT)
    assert journal.reports(2) == (REPORT, DayReport("2026-08-17", 1, {}))
