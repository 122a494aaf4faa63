"""A lease has one holder at a time, and runs out by itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from dashboard.core.clock import IST, ManualClock
from storage.engine import Database
from storage.leases import SqlLease
from storage.schema import open_database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 8, 18, 9, tzinfo=IST))


def lease(database: Database, clock: ManualClock, holder: str) -> SqlLease:
    return SqlLease(database, clock, "kite", holder, seconds=15)


def test_one_holds_it_and_the_other_does_not(database: Database, clock: ManualClock):
    one, other = lease(database, clock, "one"), lease(database, clock, "other")
    assert one.holder_now() is None
    assert one.hold()
    assert not other.hold()
    assert other.holder_now() == "one"


def test_it_is_kept_by_renewing_it(database: Database, clock: ManualClock):
    one, other = lease(database, clock, "one"), lease(database, clock, "other")
    for _ in range(5):
        assert one.hold()
        clock.advance(10)
        assert not other.hold()


def test_it_runs_out_by_silence(database: Database, clock: ManualClock):
    one, other = lease(database, clock, "one"), lease(database, clock, "other")
    one.hold()
    clock.advance(15)
    assert other.hold()
    assert not one.hold()


def test_who_holds_it_is_told_as_long_as_it_lasts(database: Database, clock: ManualClock):
    one, other = lease(database, clock, "one"), lease(database, clock, "other")
    one.hold()
    clock.advance(14.9)
    assert other.holder_now() == "one"
    clock.advance(0.1)
    assert other.holder_now() is None


def test_one_that_was_taken_by_a_clock_that_was_ahead_keeps_nobody_waiting(database: Database):
    """The host's clock was hours ahead at its start, was set right, and the process is gone."""
    ahead = ManualClock(datetime(2026, 8, 18, 14, 30, tzinfo=IST))
    right = ManualClock(datetime(2026, 8, 18, 9, tzinfo=IST))
    assert lease(database, ahead, "one").hold()
    other = lease(database, right, "other")
    assert other.holder_now() is None
    assert other.hold()
    assert other.holder_now() == "other"


def test_leases_of_other_names_do_not_touch_each_other(database: Database, clock: ManualClock):
    assert lease(database, clock, "one").hold()
    assert SqlLease(database, clock, "another", "other").hold()


def test_it_can_be_given_back_by_its_holder_alone(database: Database, clock: ManualClock):
    one, other = lease(database, clock, "one"), lease(database, clock, "other")
    one.hold()
    other.release()
    assert not other.hold()
    one.release()
    assert other.hold()


def test_of_many_that_ask_at_once_one_gets_it(url: str, clock: ManualClock):
    databases = [open_database(url) for _ in range(4)]
    asked = [lease(database, clock, f"process {at}") for at, database in enumerate(databases)]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(20):
            held = list(threads.map(lambda one: one.hold(), asked))
            assert held.count(True) == 1
            asked[held.index(True)].release()
    for database in databases:
        database.close()
