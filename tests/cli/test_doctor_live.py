"""The doctor and a live process: told by what it left, also when it left nothing."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from dashboard.cli.checks.finding import Finding, Level
from dashboard.cli.checks.live import Left, check_live, read_left
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, ManualClock, SystemClock
from dashboard.core.health import OperationsStatus, Stage
from dashboard.core.kite import SessionState, SessionStatus
from dashboard.core.market import Frame, Instrument, Kind, Source
from dashboard.core.ports import TapeInfo
from storage.contracts import SqlContracts
from storage.journal import SqlJournal
from storage.leases import SqlLease
from storage.schema import open_database
from storage.store import open_store
from tests.cli.conftest import Tezi
from tests.storage.frames import message

MONDAY, TUESDAY = date(2026, 8, 17), date(2026, 8, 18)


def clock_at(clock: str, day: date = TUESDAY) -> ManualClock:
    return ManualClock(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=IST))


def state(clock: str, **changes) -> OperationsStatus:
    good = OperationsStatus(
        at_ns=clock_at(clock).now_ns(),
        mode="live",
        phase="continuous",
        sentence="Market open · F&O to 15:40 IST",
        next_sentence="15:15 the closing auction begins",
        sessions=(SessionStatus("…0001", SessionState.VALID, 0, "Ticks came with it."),),
        stages=(Stage("Scheduler", "flowing", "Looks"), Stage("Socket", "flowing", "442 on 1")),
    )
    return replace(good, **changes)


def looked_through(
    clock: str,
    status: OperationsStatus | None,
    *,
    is_live: bool = True,
    holder: str | None = "process 7",
    has_contracts: bool = True,
    recorded: date | None = None,
    day: date = TUESDAY,
) -> list[Finding]:
    left = Left(status, holder, has_contracts, recorded)
    return list(check_live(left, load_calendar(), clock_at(clock, day), is_live=is_live))


def tick_at(clock: ManualClock) -> Frame:
    return Frame(clock.now_ns(), 0, message(1, 2_430_000))


def problems(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.level is Level.PROBLEM]


# -- nothing runs ----------------------------------------------------------------------------


def test_without_credentials_nothing_has_to_run():
    (found,) = looked_through("11:00", None, is_live=False)
    assert (found.level, found.found[:3]) == (Level.OK, "off")


@pytest.mark.parametrize("clock", ["08:50", "08:55", "11:00", "15:44"])
def test_a_process_that_never_ran_is_a_problem_when_the_day_is_to_be_recorded(clock: str):
    (found,) = looked_through(clock, None)
    assert found.level is Level.PROBLEM
    assert "never started" in found.found
    assert "panel serve app.py" in found.do


def test_in_the_night_there_is_time_to_start_it():
    (found,) = looked_through("20:00", None)
    assert found.level is Level.WARNING
    assert "before Wed 19 Aug 08:50 IST" in found.do


def test_a_scheduler_that_stopped_is_a_problem_after_fifteen_seconds():
    assert not problems(looked_through("11:00:15", state("11:00:00")))
    (found,) = looked_through("11:00:16", state("11:00:00"))
    assert found.level is Level.PROBLEM
    assert "no sign of life since Tue 18 Aug 11:00:00 IST, 16s ago" in found.found
    assert "restart" in found.do


def test_a_green_state_of_eleven_days_ago_says_nothing_good():
    (found,) = looked_through("11:00", state("11:00:00"), day=date(2026, 8, 31))
    assert found.level is Level.PROBLEM
    assert "13d ago" in found.found


def test_a_process_that_ended_after_the_close_is_no_problem():
    (found,) = looked_through("20:00", state("15:46:00"))
    assert found.level is Level.WARNING


def test_a_sign_of_life_from_the_future_is_told():
    (found,) = looked_through("11:00", state("11:10:00"))
    assert "10m in the future" in found.found
    assert "clocks" in found.do


# -- it runs ---------------------------------------------------------------------------------


def test_all_is_well():
    found = looked_through("11:00:03", state("11:00:00"))
    assert {one.level for one in found} == {Level.OK}
    words = {one.what: one.found for one in found}
    assert words == {
        "Live": "continuous · Market open · F&O to 15:40 IST · looked 3s ago",
        "Stages": "none is behind: Scheduler, Socket",
        "Kite …0001": "valid: Ticks came with it.",
        "Instruments": "those of 2026-08-18 are here",
        "Connection": "held by process 7",
    }


@pytest.mark.parametrize("behind", ["late", "down"])
def test_a_stage_that_is_behind_is_told_with_what_to_do(behind: str):
    stages = (Stage("Tape", behind, "9 wait", 9.0, todo="Look at the disk."),)
    (found,) = problems(looked_through("11:00", state("11:00:00", stages=stages)))
    assert (found.what, found.found, found.do) == ("Tape", f"{behind}: 9 wait", "Look at the disk.")


@pytest.mark.parametrize(("clock", "count"), [("11:00:00", 1), ("20:00:00", 0)])
def test_a_due_sign_in_is_a_problem_while_a_token_is_needed(clock: str, count: int):
    due = (SessionStatus("…0001", SessionState.REQUIRED, 0, "Kite refused it."),)
    found = problems(looked_through(clock, state(clock, sessions=due)))
    assert len(found) == count
    assert all("status page, or run `tezi kite login`" in one.do for one in found)


def test_a_token_that_is_being_tried_asks_nobody_to_sign_in():
    trying = (SessionStatus("…0001", SessionState.REFRESHING, 0, "Its kept token is tried."),)
    found = looked_through("11:00", state("11:00:00", sessions=trying))
    assert not problems(found)
    assert "refreshing: Its kept token is tried." in [one.found for one in found]


def test_missing_instruments_are_a_problem_once_the_day_is_recorded():
    early = looked_through("08:51", state("08:51:00"), has_contracts=False)
    assert [one.what for one in early if one.level is Level.WARNING] == ["Instruments"]
    (late,) = problems(looked_through("09:20", state("09:20:00"), has_contracts=False))
    assert late.what == "Instruments"


def test_a_connection_that_nobody_holds_is_a_problem():
    (found,) = problems(looked_through("11:00", state("11:00:00"), holder=None))
    assert found.what == "Connection"
    assert not problems(looked_through("20:00", state("20:00:00"), holder=None))


def test_what_it_says_of_itself_is_repeated_and_a_warning_stays_one():
    end = (
        "The calendar ends on 31 Dec 2026, 30 days from now: update Tezi, or nothing is recorded "
        "after it"
    )
    day = date(2026, 12, 1)
    at_ns = clock_at("11:00:00", day).now_ns()
    status = state("11:00:00", at_ns=at_ns, problems=("The dump did not come", end))
    found = looked_through("11:00", status, day=day)
    assert [one.found for one in problems(found)] == ["The dump did not come"]
    assert [one.found for one in found if one.level is Level.WARNING] == [end]


@pytest.mark.parametrize(
    ("recorded", "level"),
    [
        (date(2026, 8, 17), Level.OK),
        (date(2026, 8, 14), Level.WARNING),
        (date(2026, 8, 6), Level.WARNING),
    ],
)
def test_a_database_that_is_days_old_is_never_well(recorded: date, level: Level):
    found = looked_through("11:00", state("11:00:00"), recorded=recorded)[-1]
    assert (found.what, found.level) == ("Recorded", level)
    assert ("Mon 17 Aug was not recorded" in found.found) is (level is Level.WARNING)


def test_on_a_monday_the_friday_before_is_due():
    found = looked_through("07:00", None, recorded=date(2026, 8, 14), day=date(2026, 8, 17))
    assert found[-1].level is Level.OK


# -- from the database -----------------------------------------------------------------------


def test_everything_is_read_from_the_database(tmp_path: Path):
    clock = clock_at("11:00:00")
    store = open_store(f"sqlite:///{tmp_path / 'tezi.sqlite'}")
    database = store.database
    try:
        assert read_left(store, clock) == Left(None, None, False, None)
        future = Instrument(1, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 8, 25))
        SqlContracts(database).keep(TUESDAY, [future])
        SqlLease(database, clock, "kite", "process 7").hold()
        SqlJournal(database, clock).beat(state("11:00:00"))
        with store.begin_tape(
            TapeInfo(MONDAY, Source.LIVE, "full ticks", "Kite"), [future]
        ) as tape:
            tape.append([tick_at(clock_at("09:15:01", MONDAY))])
        with store.begin_tape(TapeInfo(TUESDAY, Source.LIVE, "full ticks", "Kite"), [future]):
            pass
        assert read_left(store, clock) == Left(state("11:00:00"), "process 7", True, MONDAY)
    finally:
        store.close()


def test_a_day_on_which_nothing_came_was_not_recorded(tmp_path: Path):
    friday = date(2026, 8, 14)
    store = open_store(f"sqlite:///{tmp_path / 'tezi.sqlite'}")
    try:
        with store.begin_tape(TapeInfo(friday, Source.LIVE, "full ticks", "Kite"), ()) as tape:
            tape.append([tick_at(clock_at("09:15:01", friday))])
        with store.begin_tape(TapeInfo(MONDAY, Source.LIVE, "full ticks", "Kite"), ()):
            pass
        assert read_left(store, clock_at("11:00:00")).recorded == friday
    finally:
        store.close()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEZI_KITE_API_KEY", "kitekey1234567ab")
    monkeypatch.setenv("TEZI_KITE_API_SECRET", "kitesecret1234567890abcdefabcdef")


@pytest.mark.usefixtures("credentials")
def test_the_command_tells_of_a_stage_that_is_behind_and_exits_with_1(tezi: Tezi, home: Path):
    home.mkdir(mode=0o700)
    database = open_database(f"sqlite:///{home / 'tezi.sqlite'}")
    stages = (Stage("Tape", "down", "no room", todo="Make room."),)
    now_ns = SystemClock().now_ns()
    SqlJournal(database, SystemClock()).beat(state("11:00:00", at_ns=now_ns, stages=stages))
    database.close()
    ran = tezi("doctor")
    assert ran.code == 1
    assert "down: no room" in ran.words
    assert "Make room." in ran.words


@pytest.mark.usefixtures("credentials")
def test_the_command_tells_of_a_process_that_never_ran(tezi: Tezi):
    assert "never started here" in tezi("doctor").words


def test_without_credentials_the_command_says_that_it_is_off(tezi: Tezi, generated: Path):
    assert "no day is recorded" in tezi("doctor").words
