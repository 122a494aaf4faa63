"""Ask no faster than allowed."""

import threading
from datetime import datetime

import pytest

from dashboard.core.clock import IST, ManualClock
from dashboard.core.errors import KiteLimitError
from feeds.kite_pace import Pacer

NOON = datetime(2026, 8, 18, 12, tzinfo=IST)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def take(pacer: Pacer) -> None:
    with pacer.turn():
        pass


def test_never_more_than_three_in_a_second(clock: ManualClock):
    pacer, start = Pacer(clock, 3, clock.advance), clock.monotonic()
    turns = []
    for _ in range(7):
        take(pacer)
        turns.append(round(clock.monotonic() - start, 2))
    assert turns == [0, 0, 0, 1, 1, 1, 2]


def test_a_second_counts_from_a_request_s_end(clock: ManualClock):
    pacer, start = Pacer(clock, 1, clock.advance), clock.monotonic()
    with pacer.turn():
        clock.advance(4)  # it may arrive as late as this
    take(pacer)
    assert clock.monotonic() - start == pytest.approx(5)


def test_a_failed_request_counts_too(clock: ManualClock):
    pacer, start = Pacer(clock, 1, clock.advance), clock.monotonic()
    with pytest.raises(RuntimeError), pacer.turn():
        raise RuntimeError
    take(pacer)
    assert clock.monotonic() - start == pytest.approx(1)


def test_after_a_rest_nothing_was_saved_up(clock: ManualClock):
    pacer = Pacer(clock, 2, clock.advance)
    take(pacer)
    clock.advance(100)
    start = clock.monotonic()
    for _ in range(3):
        take(pacer)
    assert clock.monotonic() - start == pytest.approx(1)


def test_requests_under_way_hold_the_others_back(clock: ManualClock):
    waits = threading.Semaphore(0)

    def sleep(_seconds: float) -> None:
        waits.release()
        go_on.wait(30)

    go_on = threading.Event()
    pacer = Pacer(clock, 1, sleep)
    with pacer.turn():
        other = threading.Thread(target=take, args=(pacer,))
        other.start()
        assert waits.acquire(timeout=30)
        assert other.is_alive()
        clock.advance(100)  # however long it takes
    clock.advance(1)
    go_on.set()
    other.join(30)
    assert not other.is_alive()


def test_a_clock_that_stands_still_stops_nobody(clock: ManualClock):
    waits: list[float] = []
    pacer = Pacer(clock, 1, waits.append)
    take(pacer)
    take(pacer)
    assert sum(waits) == pytest.approx(1, abs=0.03)


def test_who_is_barred_hears_for_how_long(clock: ManualClock):
    pacer = Pacer(clock, 3, clock.advance)
    pacer.bar(20)
    clock.advance(5)
    with pytest.raises(KiteLimitError) as caught:
        take(pacer)
    assert caught.value.wait_s == pytest.approx(15)
    clock.advance(15)
    take(pacer)


def test_who_waits_long_forgets_nothing_that_others_asked_meanwhile():
    class Still:
        def monotonic(self) -> float:
            return 100.0

        def now_ns(self) -> int:
            return 0

    pacer = Pacer(Still(), 1, lambda _seconds: None)
    with pacer.turn():
        pass
    known = pacer._known()
    pacer._forget(known)
    with pacer.turn():
        pass
    pacer._forget(())  # another one slept a second that began before this request
    assert len(pacer._known()) == 1
