"""The scheduler makes what runs what should run, whenever it looks."""

import threading
from datetime import date

import pytest
from structlog.testing import capture_logs

from dashboard.core.calendar import load_calendar
from dashboard.core.errors import KiteError, StoreError, StoreFullError, StoreLockedError
from dashboard.core.health import DOWN, FLOWING, LATE, OFF, worst
from dashboard.core.kite import Grant, SessionState
from dashboard.core.market import INDICES
from dashboard.operations.jobs import threads
from dashboard.operations.parts import Parts
from dashboard.operations.scheduler import Scheduler
from tests.logs import plain_logs
from tests.operations.fakes import DEAD, KEY, TUESDAY, House

FRIDAY, MONDAY = date(2026, 8, 14), date(2026, 8, 17)


def stage(house: House, name: str):
    return next(one for one in house.scheduler.status().stages if one.name == name)


def diary(house: House) -> list[str]:
    return [one.what for one in house.scheduler.status().transitions]


# -- a day -----------------------------------------------------------------------------------


def test_a_whole_day_runs_by_itself():
    house = House("08:45:00")
    house.until("15:50:00")
    assert house.world.happened == [
        ("08:50:00", "dump asked for"),
        ("08:50:00", "history asked for"),
        ("08:55:00", "begin"),
        ("08:55:00", "connect"),
        ("09:15:00", "ticks expected: True"),
        ("15:40:00", "ticks expected: False"),
        ("15:45:00", "disconnect"),
        ("15:45:00", "finish"),
        ("15:45:00", "reconcile"),
    ]
    assert [report.day for report in house.journal.kept] == ["2026-08-18"]
    assert house.notifier.told == []


def test_every_change_of_the_day_is_in_the_diary_at_its_second():
    house = House("08:45:00")
    house.until("15:50:00")
    phases = [
        (f"{one.at_ns // 10**9 % 86_400 // 60 + 330:04d}", one.what.split(":")[0])
        for one in house.scheduler.status().transitions
        if one.what.split(":")[0]
        in ("closed", "token check", "preparing", "pre-open", "continuous", "closing auction",
            "derivatives", "settling", "finished")
    ]  # fmt: skip
    assert [(int(m) // 60, int(m) % 60, what) for m, what in phases] == [
        (8, 45, "closed"),
        (8, 50, "token check"),
        (8, 55, "preparing"),
        (9, 0, "pre-open"),
        (9, 15, "continuous"),
        (15, 15, "closing auction"),
        (15, 35, "derivatives"),
        (15, 40, "settling"),
        (15, 45, "finished"),
    ]


def test_started_at_11_20_it_starts_at_11_20():
    house = House("11:20:00")
    house.until("11:20:01")
    assert house.when("begin") == ["11:20:00"]
    assert house.when("connect") == ["11:20:00"]
    assert house.pool.expected


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 8, 16), "a Sunday"),
        (date(2026, 11, 24), "a holiday"),
        (date(2026, 11, 8), "a session of unknown hours"),
        (date(2027, 1, 4), "not in the calendar"),
    ],
)
def test_nothing_runs_on_a_day_without_a_known_session(day: date, why: str):
    house = House("08:45:00", day)
    house.until("16:00:00")
    assert house.world.happened == [], why


@pytest.mark.parametrize("day", [date(2026, 11, 8), date(2027, 1, 4)])
def test_a_day_that_the_calendar_does_not_know_turns_the_whole_red(day: date):
    house = House("11:00:00", day)
    house.until("11:00:01")
    calendar = stage(house, "Calendar")
    assert (calendar.state, calendar.todo[:11]) == (DOWN, "Update Tezi")
    assert calendar.detail.startswith("Nothing is recorded today")


def test_a_session_in_the_afternoon_is_recorded_in_the_afternoon():
    house = House("09:00:00", date(2025, 10, 21))
    house.until("15:00:00")
    assert (house.when("begin"), house.when("finish")) == (["13:40:00"], ["14:50:00"])


def test_a_drill_is_one_recording():
    house = House("08:45:00", date(2024, 3, 2))
    house.until("12:40:00")
    assert (house.when("begin"), house.when("finish")) == (["09:10:00"], ["12:35:00"])
    assert (house.when("connect"), house.when("disconnect")) == (["09:10:00"], ["12:35:00"])
    assert house.when("ticks expected: False") == ["10:00:00", "12:30:00"]


# -- the sign-in -----------------------------------------------------------------------------


def test_a_person_is_called_in_time_and_nothing_is_tried_without_a_token():
    house = House("08:45:00")
    house.sessions.state = SessionState.REQUIRED
    house.until("09:39:59")
    assert house.when("called") == ["08:50:00", "09:10:00", "09:30:00"]
    assert house.when("dump asked for") == house.when("begin") == house.when("connect") == []
    assert stage(house, "Kite").state == DOWN
    assert "tezi kite login" in stage(house, "Kite").todo
    house.sessions.state = SessionState.VALID
    house.until("09:40:02")
    assert house.when("begin") == ["09:40:00"]
    assert house.when("connect") == ["09:40:00"]
    house.until("15:46:00")
    assert len(house.when("called")) == 3


def test_a_token_that_dies_in_mid_day_stops_everything_until_the_next_sign_in():
    house = House("10:00:00")
    house.until("10:00:05")
    house.sessions.refused("", "")
    house.until("10:10:00")
    assert house.pool.granted == [("token-1",), ()]
    assert house.recording.day is not None  # the tape stays open
    house.sessions.state = SessionState.VALID
    house.until("10:10:01")
    assert house.pool.granted[-1] == ("token-1",)


def test_a_dead_token_is_asked_with_once():
    house = House("10:00:00")
    house.contracts.fails = [DEAD] * 50
    house.until("10:30:00")
    assert len(house.when("dump asked for")) == 1
    assert house.sessions.state is SessionState.REQUIRED


def test_a_kept_token_that_is_still_to_be_tried_calls_nobody():
    house = House("09:20:00")
    house.sessions.state = SessionState.EXPIRED
    house.until("09:20:30")
    assert house.when("called") == []
    assert stage(house, "Kite").state == LATE
    house.sessions.state = SessionState.REQUIRED
    house.until("09:20:31")
    assert house.when("called") == ["09:20:31"]


def test_a_new_token_is_used_at_once_whatever_was_waited_for():
    house = House("08:50:00")
    house.contracts.fails = [KiteError("The dump did not come")] * 5
    house.until("08:51:00")
    assert house.when("dump asked for")[-1] == "08:50:47"  # the next one would be at 08:51:47
    house.sessions.grant = Grant(KEY, "token-2", "AB1234", 2)
    house.until("08:51:01")
    assert house.when("dump asked for")[-1] == "08:51:01"
    assert house.when("history asked for") == ["08:51:01"]


def test_an_old_question_does_not_refuse_a_new_token():
    house = House("09:20:00")

    def signs_in_and_fails(*_: object) -> None:
        house.sessions.grant = Grant(KEY, "token-2", "AB1234", 2)
        raise DEAD

    house.contracts.fetch = signs_in_and_fails
    house.until("09:20:00")
    assert house.sessions.state is SessionState.VALID


# -- what fails is told, and tried again -----------------------------------------------------


def test_a_dump_that_cannot_be_had_is_asked_for_again_with_patience():
    house = House("08:50:00")
    house.contracts.fails = [KiteError("The dump did not come")] * 3
    house.until("09:10:00")
    assert house.when("dump asked for") == ["08:50:00", "08:50:02", "08:50:07", "08:50:17"]
    assert house.when("begin") == ["08:55:00"]


def test_in_trading_hours_the_dump_of_another_day_must_do():
    house = House("09:20:00")
    house.contracts.fails = [KiteError("The dump did not come")] * 100
    house.until("09:21:00")
    assert house.when("begin") == ["09:20:07"]
    assert "The dump did not come" in " ".join(house.scheduler.status().problems)


def test_a_tape_that_cannot_be_opened_is_tried_again():
    house = House("09:20:00")
    house.recording.fails = [StoreFullError("no room: make room")]
    house.until("09:20:01")
    assert house.recording.day is None
    assert "no room" in " ".join(house.scheduler.status().problems)
    house.until("09:20:05")
    assert house.when("begin") == ["09:20:02"]


def test_a_part_that_raises_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch):
    house = House("09:20:00")
    monkeypatch.setattr(house.pool, "want", lambda *_: 1 / 0)
    with plain_logs(), capture_logs() as logs:
        for second in range(20):
            house.until(f"09:20:{second:02d}")
            (problem,) = house.scheduler.status().problems
            assert f"({second + 1} times in a row): ZeroDivisionError" in problem
            assert "restart Tezi" in problem
    assert house.when("connect") == ["09:20:00"]
    assert house.pool.checks == 20
    assert sum("failed" in one["event"] for one in logs) == 1
    monkeypatch.undo()
    house.until("09:20:20")
    assert house.scheduler.status().problems == ()
    assert house.pool.tokens == house.contracts.tokens


def test_no_part_can_end_the_loop(monkeypatch: pytest.MonkeyPatch):
    """Every part fails in everything it is asked; the loop tells it and goes on."""
    house = House("09:20:00")

    class Broken:
        def __getattr__(self, name: str):
            raise RuntimeError(f"{name} is broken")

    for name in Parts.__dataclass_fields__:
        if name != "apis":
            monkeypatch.setattr(house, name, Broken())
    scheduler = Scheduler(
        house.clock,
        load_calendar(),
        Parts(house.scheduler.parts.apis, *(Broken() for _ in range(10))),
        run=lambda work: work(),
    )
    for _ in range(30):
        scheduler.tick()
        house.clock.advance(1)
    assert scheduler.status().stages[0].name == "Scheduler"


def test_a_connection_that_could_not_be_asked_for_is_asked_for_again():
    house = House("09:20:00")
    grant, refusals = house.pool.grant, [1, 1]

    def stumbles(grants: object) -> None:
        if refusals:
            refusals.pop()
            raise RuntimeError("no reactor")
        grant(grants)

    house.pool.grant = stumbles
    house.until("09:20:05")
    assert house.when("connect") == ["09:20:02"]


def test_a_step_that_does_not_end_is_told():
    kept = []
    house = House("09:20:00", run=kept.append)
    house.until("09:25:02")
    problems = " ".join(house.scheduler.status().problems)
    assert "The step 'lease' of the scheduler is under way for 5m 2s" in problems


def test_without_last_prices_it_begins_all_the_same():
    house = House("09:20:00")
    house.api.failure = KiteError("Kite answered 502")
    house.until("09:20:01")
    assert house.when("begin") == ["09:20:00"]


def test_the_end_of_a_day_is_tried_until_it_is_done():
    house = House("15:44:00")
    house.until("15:44:59")
    house.recording.fails = [StoreFullError("no room: make room")]
    house.until("15:46:00")
    assert house.when("finish") == ["15:45:02"]
    assert len(house.journal.kept) == 1


def test_a_day_that_cannot_be_reconciled_is_reported_without():
    house = House("15:44:00")
    house.reconciler.failure = KiteError("Kite answered 502")
    house.until("16:20:00")
    assert house.when("report without Kite") == ["16:10:48"]
    assert house.journal.kept[0].remarks == ("Kite answered 502",)


def test_an_exchange_that_is_away_after_the_close_is_waited_for():
    house = House("15:44:00")
    house.reconciler.failure = KiteError("Kite answered 502")
    house.until("15:55:00")
    house.reconciler.failure = None
    house.until("15:57:00")
    assert len(house.when("reconcile")) == 1
    assert house.when("report without Kite") == []


def test_a_day_without_a_token_at_its_end_is_reported_without():
    house = House("15:44:00")
    house.until("15:44:50")
    house.sessions.state = SessionState.REQUIRED
    house.until("15:46:00")
    assert house.when("report without Kite") == ["15:45:00"]


# -- restarts --------------------------------------------------------------------------------


def test_after_the_close_what_an_earlier_process_left_is_finished_and_reported():
    house = House("16:30:00")
    house.recording.left = {date(2026, 8, 18)}
    house.until("16:31:00")
    assert house.world.happened == [
        ("16:30:00", "finish 2026-08-18"),
        ("16:30:00", "reconcile"),
    ]
    again = House("16:40:00")
    again.recording.left, again.journal.kept = house.recording.left, house.journal.kept
    again.until("16:41:00")
    assert again.world.happened == []


def test_yesterday_is_finished_before_today_begins():
    house = House("09:30:00")
    house.recording.left = {MONDAY}
    house.until("09:30:01")
    names = [what for _, what in house.world.happened]
    assert names.index("finish 2026-08-17") < names.index("begin")


def test_a_tape_that_cannot_be_finished_does_not_hold_up_today(monkeypatch: pytest.MonkeyPatch):
    house = House("09:30:00")
    house.recording.left = {FRIDAY, MONDAY}
    finish_left = house.recording.finish_left

    def finish(day: date) -> None:
        if day == FRIDAY:
            raise StoreError("a chunk is damaged")
        finish_left(day)

    monkeypatch.setattr(house.recording, "finish_left", finish)
    house.until("09:30:05")
    assert house.when("finish 2026-08-17") == ["09:30:00"]
    assert house.when("begin") == ["09:30:00"]
    assert any("a chunk is damaged" in one for one in house.scheduler.status().problems)


def test_a_day_that_was_left_is_reported_after_the_sign_in_of_the_next():
    house = House("08:30:00")
    house.sessions.state = SessionState.REQUIRED
    house.recording.left = {MONDAY}
    house.until("08:52:00")
    assert house.when("finish 2026-08-17") == ["08:30:00"]
    house.sessions.state = SessionState.VALID
    house.until("08:53:00")
    assert house.when("reconcile") == ["08:52:01"]
    assert house.when("report without Kite") == []


def test_on_a_weekend_nobody_signs_in_and_it_is_reported_without():
    house = House("10:00:00", date(2026, 8, 16))
    house.sessions.state = SessionState.REQUIRED
    house.recording.left = {FRIDAY}
    house.until("10:00:02")
    assert house.when("report without Kite") == ["10:00:00"]


def test_a_muhurat_session_that_was_left_is_finished_though_it_does_not_count():
    house = House("08:30:00", date(2025, 10, 23))
    house.recording.left = {date(2025, 10, 21)}
    house.until("08:30:01")
    assert house.when("finish 2025-10-21") == ["08:30:00"]


def test_a_machine_that_slept_over_night_ends_yesterday_and_begins_today():
    house = House("15:00:00", MONDAY)
    house.until("15:00:10")
    house.clock.advance(19 * 3600)
    house.until("10:00:20")
    assert house.world.happened[-8:] == [
        ("10:00:11", "dump asked for"),
        ("10:00:11", "disconnect"),
        ("10:00:11", "ticks expected: False"),
        ("10:00:11", "finish"),
        ("10:00:12", "begin"),
        ("10:00:12", "history asked for"),
        ("10:00:12", "connect"),
        ("10:00:12", "ticks expected: True"),
    ]
    assert "The scheduler had not looked for 19h" in diary(house)


# -- one pool in the system ------------------------------------------------------------------


def test_a_process_without_the_right_does_nothing_and_says_who_has_it():
    house = House("08:45:00")
    house.lease.free = False
    house.recording.left = {MONDAY}
    house.sessions.state = SessionState.REQUIRED
    house.until("09:31:00")
    assert house.world.happened == []  # it calls nobody either: the other one does
    assert house.journal.beats == []  # and does not write over what the other one says
    (problem,) = house.scheduler.status().problems
    assert problem.startswith("This process records nothing: process 7 holds the connection")
    house.sessions.state, house.lease.free = SessionState.VALID, True
    house.until("09:31:10")
    assert len(house.when("begin")) == 1
    assert house.scheduler.status().problems == ()


def test_until_it_is_known_who_has_the_right_nobody_is_called_and_nothing_written_over():
    kept = []
    house = House("08:55:00", run=kept.append)
    house.lease.free = False
    house.sessions.state = SessionState.REQUIRED
    house.scheduler.tick()
    while kept:
        kept.pop(0)()
    assert house.journal.beats == []
    assert house.notifier.told == []


def test_what_another_process_took_over_is_left_to_it():
    house = House("09:30:00")
    house.until("09:30:10")
    house.lease.free = False
    house.until("15:50:00")
    assert house.world.happened[-3:] == [
        ("09:30:15", "left to another"),
        ("09:30:15", "disconnect"),
        ("09:30:15", "ticks expected: False"),
    ]
    assert house.when("finish") == house.when("reconcile") == []
    assert "The connection to Kite: process 7 holds it" in diary(house)


def test_a_right_that_cannot_be_renewed_runs_out_and_comes_back():
    house = House("09:30:00")
    house.until("09:30:05")
    house.lease.failure = StoreLockedError("another process holds the database")
    house.until("09:30:16")
    assert house.pool.granted == [("token-1",)]
    house.until("09:30:17")
    assert house.pool.granted[-1] == ()
    assert house.recording.day is not None  # nobody else has it, as far as is known
    assert any("could not be renewed" in one for one in house.scheduler.status().problems)
    house.lease.failure = None
    house.until("09:30:20")
    assert house.pool.granted[-1] == ("token-1",)
    assert house.when("finish") == []


def test_a_file_that_cannot_be_written_for_minutes_costs_no_frame():
    """Nobody else can take the right meanwhile, and what is received waits in memory."""
    house = House("09:30:00")
    house.lease.is_local = True
    house.until("09:30:05")
    house.lease.failure = StoreLockedError("another process holds the database")
    house.until("09:34:00")
    assert house.pool.granted == [("token-1",)]
    assert any("could not be asked for" in one for one in house.scheduler.status().problems)
    house.lease.failure, house.lease.free = None, False  # another process was quicker
    house.until("09:34:05")
    assert house.pool.granted[-1] == ()
    assert len(house.when("left to another")) == 1


def test_a_right_lasts_from_when_it_was_asked_for():
    """An answer that took thirteen seconds is of a lease that is nearly over."""
    house = House("09:30:00")
    house.lease.takes_s = 13.0
    house.until("09:31:00")
    assert house.when("begin") == []


def test_a_tape_that_another_process_took_is_begun_again_when_that_one_is_gone():
    """It was suspended while another one recorded, and never saw who held the right."""
    house = House("09:30:00")
    house.until("09:30:10")
    house.recording.is_lost = True
    house.until("09:30:11")
    assert house.when("left to another") == ["09:30:11"]
    house.recording.is_lost = False
    house.until("09:30:12")
    assert len(house.when("begin")) == 2


def test_what_is_not_done_of_a_complete_tape_is_done_on_the_same_day():
    house = House("15:44:00")
    house.until("15:44:59")
    finish = house.recording.finish

    def fail() -> None:
        finish()
        house.recording.left = {TUESDAY}
        raise StoreError("a chunk is damaged")

    house.recording.finish = fail
    house.until("15:46:00")
    assert house.when("finish 2026-08-18") == ["15:45:01"]
    assert len(house.journal.kept) == 1


# -- subscriptions ---------------------------------------------------------------------------


def test_what_is_wanted_and_what_is_shown_is_subscribed():
    house = House("09:30:00")
    house.recording.looked_at = frozenset({77})
    house.until("09:30:01")
    assert house.pool.tokens == house.contracts.tokens | {77}


def test_the_day_grows_when_the_market_leaves_its_strikes():
    house = House("09:30:00")
    house.until("09:30:05")
    house.contracts.tokens |= {INDICES["SENSEX"].token}
    house.contracts.instruments = (*house.contracts.instruments, INDICES["SENSEX"])
    house.until("09:30:30")
    assert house.recording.grown == 1
    assert INDICES["SENSEX"] in house.recording.known


def test_holes_are_looked_for_once_a_minute():
    house = House("09:30:00")
    house.until("09:32:30")
    assert house.filler.times == ["09:30:00", "09:31:00", "09:32:00"]


def test_sessions_that_were_fetched_are_taken_into_the_running_day():
    house = House("09:30:00")
    house.history.count = 60
    house.until("09:30:02")
    assert house.when("refresh") == ["09:30:00"]


# -- what it says ----------------------------------------------------------------------------


def test_health_is_whole_when_all_is_well():
    house = House("09:30:00")
    house.pool.ages = {256265: 1.0, 1002: 2.0}
    house.until("09:30:20")
    found = {one.name: one.state for one in house.scheduler.status().stages}
    assert found == {
        "Scheduler": FLOWING,
        "Kite": FLOWING,
        "Socket": FLOWING,
        "Quotes": FLOWING,
        "Tape": FLOWING,
        "Database": FLOWING,
    }


@pytest.mark.parametrize("state", ["waiting", "refused", "closed"])
def test_a_connection_that_is_down_turns_the_whole_red(state: str):
    house = House("09:30:00")
    house.until("09:30:10")
    house.pool.state = state
    house.until("09:30:12")
    assert worst(house.scheduler.status().stages) == DOWN
    assert stage(house, "Socket").todo


def test_a_liquid_instrument_that_is_ten_seconds_old_is_late():
    house = House("09:30:00")
    house.pool.ages = {256265: 1.0, 1002: 10.5}
    house.until("09:30:15")
    quotes = stage(house, "Quotes")
    assert (quotes.state, quotes.age_s) == (LATE, 10.5)
    assert "NIFTY26AUGFUT" in quotes.detail


def test_after_hours_nothing_is_expected():
    house = House("18:00:00")
    house.until("18:00:02")
    assert (stage(house, "Socket").state, stage(house, "Quotes").state) == (OFF, OFF)


def test_a_scheduler_that_stands_still_is_noticed_by_whoever_asks():
    house = House("09:30:00")
    house.until("09:30:05")
    house.clock.advance(60)
    scheduler = stage(house, "Scheduler")
    assert (scheduler.state, scheduler.age_s) == (DOWN, 61.0)
    assert worst(house.scheduler.status().stages) == DOWN


def test_the_state_is_kept_for_other_processes_every_few_seconds():
    house = House("09:30:00")
    house.until("09:30:20")
    assert len(house.journal.beats) == 5
    house.journal.failure = StoreFullError("no room: make room")
    house.until("09:30:30")
    assert stage(house, "Database").state == DOWN


def test_the_phase_is_read_off_the_calendar_at_every_look():
    house = House("09:14:58")
    house.until("09:14:59")
    before = house.scheduler.status()
    house.until("09:15:00")
    after = house.scheduler.status()
    assert (before.phase, after.phase) == ("pre-open", "continuous")
    assert after.sentence == "Market open · F&O to 15:40 IST"


# -- in real threads -------------------------------------------------------------------------


def test_a_look_never_waits_for_a_job_and_no_job_runs_twice_at_once():
    house = House("09:30:00", run=threads())
    going, let_go = threading.Event(), threading.Event()
    count = []

    def slow() -> None:
        count.append(1)
        going.set()
        assert let_go.wait(30)

    house.sessions.look = slow
    house.scheduler.tick()
    assert going.wait(30)
    for _ in range(5):
        house.clock.advance(10)
        house.scheduler.tick()  # would hang if it waited
    assert count == [1]
    let_go.set()
    assert house.scheduler.jobs.close(30)


def test_whoever_is_told_by_a_job_may_ask_the_scheduler():
    """A lock that its own thread waits for would hang here."""
    house = House("09:30:00", run=threads())
    asked = []

    def look() -> None:
        asked.append(house.scheduler.status().phase)
        house.scheduler.stages()
        house.scheduler.tick()

    house.sessions.look = look
    house.scheduler.tick()
    assert house.scheduler.jobs.close(30)
    assert asked == ["continuous"]


def test_a_process_that_ends_lets_go_of_the_connection_and_of_the_right():
    house = House("09:30:00")
    house.until("09:30:10")
    house.scheduler.stop()
    assert house.world.happened[-3:] == [
        ("09:30:11", "pool closed"),
        ("09:30:11", "left to another"),  # the tape, before anybody else may begin it
        ("09:30:11", "released"),
    ]
    house.lease.free = False  # another one took it
    house.until("09:31:00")
    assert house.world.happened[-2:] == [
        ("09:30:11", "released"),
        ("09:30:11", "ticks expected: False"),
    ]
