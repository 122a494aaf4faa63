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


def test_three_a_second(clock: ManualClock):
    pacer, start = Pacer(clock, 3, clock.advance), clock.monotonic()
    turns = []
    for _ in range(7):
        pacer.turn()
        turns.append(round(clock.monotonic() - start, 2))
    assert turns == [0, 0.33, 0.67, 1, 1.33, 1.67, 2]


def test_after_a_rest_nobody_waits_and_nothing_was_saved_up(clock: ManualClock):
    pacer = Pacer(clock, 1, clock.advance)
    pacer.turn()
    clock.advance(100)
    start = clock.monotonic()
    pacer.turn()
    pacer.turn()
    assert clock.monotonic() - start == pytest.approx(1)


def test_all_threads_share_the_turns(clock: ManualClock):
    guard = threading.Lock()

    def sleep(seconds: float) -> None:
        with guard:
            waits.append(seconds)

    waits: list[float] = []
    pacer = Pacer(clock, 10, sleep)  # a clock that stands still: each turn waits for all before
    threads = [threading.Thread(target=pacer.turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(waits) == pytest.approx(0.1 + 0.2 + 0.3)


def test_who_is_barred_hears_for_how_long(clock: ManualClock):
    pacer = Pacer(clock, 3, clock.advance)
    pacer.bar(20)
    clock.advance(5)
    with pytest.raises(KiteLimitError) as caught:
        pacer.turn()
    assert caught.value.wait_s == pytest.approx(15)
    clock.advance(15)
    pacer.turn()
