"""Jobs: each once at a time, none waiting for another, failures told and waited out."""

import threading
from datetime import datetime

import pytest

from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import KiteError, KiteLimitError
from dashboard.operations.jobs import Jobs, threads

PATIENCE_S = 30.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 18, 9, tzinfo=IST))


@pytest.fixture
def jobs(clock: ManualClock) -> Jobs:
    return Jobs(clock, lambda work: work())


def failing(error: BaseException):
    def work() -> None:
        raise error

    return work


def attempts(jobs: Jobs, clock: ManualClock, seconds: int, work, **options) -> list[int]:
    """Ask once a second; return the seconds at which it was begun."""
    found = []
    for second in range(seconds):
        if jobs.begin("step", work, **options):
            found.append(second)
        clock.advance(1)
    return found


def test_a_success_is_due_again_after_its_time(jobs: Jobs, clock: ManualClock):
    assert attempts(jobs, clock, 12, lambda: None, every_s=5) == [0, 5, 10]


def test_failures_are_waited_out_longer_each_time(jobs: Jobs, clock: ManualClock):
    found = attempts(jobs, clock, 240, failing(KiteError("no answer")))
    assert found == [0, 2, 7, 17, 47, 107, 167, 227]
    assert sum(at < 60 for at in found) == 5  # of the six that are allowed in a minute
    assert jobs.failures("step") == 8
    assert jobs.errors() == {"step": "no answer"}


def test_a_step_may_be_tried_more_eagerly(jobs: Jobs, clock: ManualClock):
    found = attempts(jobs, clock, 8, failing(KiteError("no answer")), retry_s=(1.0, 2.0))
    assert found == [0, 1, 3, 5, 7]


def test_kite_s_own_limit_is_kept(jobs: Jobs, clock: ManualClock):
    assert attempts(jobs, clock, 60, failing(KiteLimitError("too many", 45.0))) == [0, 45]


def test_a_success_forgets_the_failures(jobs: Jobs, clock: ManualClock):
    jobs.begin("step", failing(ValueError("odd")))
    assert jobs.errors() == {"step": "ValueError: odd"}
    clock.advance(2)
    jobs.begin("step", lambda: None)
    assert (jobs.errors(), jobs.failures("step"), jobs.failure("step")) == ({}, 0, None)


def test_what_is_forgotten_is_tried_at_once(jobs: Jobs):
    jobs.begin("step", failing(KiteError("no answer")))
    assert not jobs.begin("step", lambda: None)
    jobs.forget("step")
    assert jobs.begin("step", lambda: None)


def test_work_that_ends_its_thread_does_not_lock_the_next_one_out(jobs: Jobs, clock: ManualClock):
    with pytest.raises(SystemExit):
        jobs.begin("step", failing(SystemExit()))
    assert not jobs.is_running("step")
    clock.advance(2)
    assert jobs.begin("step", lambda: None)


def test_where_no_thread_can_be_had_it_is_tried_again(clock: ManualClock):
    jobs = Jobs(clock, lambda work: failing(RuntimeError("can't start new thread"))())
    with pytest.raises(RuntimeError):
        jobs.begin("step", lambda: None)
    assert not jobs.is_running("step")
    clock.advance(2)
    jobs.run = lambda work: work()
    assert jobs.begin("step", lambda: None)


def test_a_step_under_way_for_long_is_told(clock: ManualClock):
    kept = []
    jobs = Jobs(clock, kept.append)
    jobs.begin("step", lambda: None)
    clock.advance(300)
    assert jobs.long() == {}
    clock.advance(1)
    assert jobs.long() == {"step": 301.0}
    kept[0]()
    assert jobs.long() == {}


def test_no_step_waits_for_another(clock: ManualClock):
    jobs = Jobs(clock, threads())
    let_go, going = threading.Event(), [threading.Event() for _ in range(12)]

    def slow(at: int):
        def work() -> None:
            going[at].set()
            assert let_go.wait(PATIENCE_S)

        return work

    try:
        for at in range(12):
            assert jobs.begin(f"step {at}", slow(at))
        assert all(one.wait(PATIENCE_S) for one in going)
        assert not jobs.begin("step 3", lambda: None)
    finally:
        let_go.set()
    assert jobs.close(PATIENCE_S)


def test_closing_waits_for_what_runs_and_begins_nothing_more(clock: ManualClock):
    jobs = Jobs(clock, threads())
    let_go = threading.Event()
    jobs.begin("step", lambda: let_go.wait(PATIENCE_S))
    assert not jobs.close(0.0)
    let_go.set()
    assert jobs.close(PATIENCE_S)
    assert not jobs.begin("other", lambda: None)


def test_a_job_may_ask_about_jobs(clock: ManualClock):
    """A lock that its own thread waits for would hang here."""
    jobs = Jobs(clock, threads())
    asked = []

    def work() -> None:
        jobs.forget("other")
        asked.append((jobs.errors(), jobs.long(), jobs.begin("step", lambda: None)))

    assert jobs.begin("step", work)
    assert jobs.close(PATIENCE_S)
    assert asked == [({}, {}, False)]
