"""The hub holds the latest snapshot and tells its listeners, whatever one of them does."""

import threading
from dataclasses import dataclass

from dashboard.pipeline.hub import Hub, Interest


@dataclass(frozen=True)
class Picture:
    """What stands in for a snapshot: the hub never looks into it."""

    seq: int


FIVE, ONE = Interest("NIFTY", "5m"), Interest("BANKNIFTY", "1m")


def test_before_the_first_there_is_none():
    assert Hub().latest is None


def test_every_listener_hears_of_each_snapshot_in_order():
    hub, first, second = Hub(), [], []
    hub.listen(first.append, FIVE)
    hub.publish(Picture(1))
    hub.listen(second.append, FIVE)
    hub.publish(Picture(2))
    assert first == [Picture(1), Picture(2)]
    assert second == [Picture(2)]
    assert hub.latest == Picture(2)


def test_who_left_hears_nothing_more():
    hub, heard = Hub(), []
    number = hub.listen(heard.append, FIVE)
    hub.leave(number)
    hub.leave(number)
    hub.publish(Picture(1))
    assert heard == []


def test_a_listener_that_fails_does_not_stop_the_others():
    hub, heard = Hub(), []

    def fail(_snapshot: object) -> None:
        raise RuntimeError("its window is closed")

    hub.listen(fail, FIVE)
    hub.listen(heard.append, FIVE)
    hub.publish(Picture(1))
    hub.publish(Picture(2))
    assert heard == [Picture(1), Picture(2)]


def test_it_knows_what_somebody_looks_at():
    hub = Hub()
    first, second = hub.listen(print, FIVE), hub.listen(print, FIVE)
    assert hub.interests() == {FIVE}
    hub.look_at(second, ONE)
    assert hub.interests() == {FIVE, ONE}
    hub.leave(first)
    assert hub.interests() == {ONE}
    hub.look_at(first, FIVE)
    assert hub.interests() == {ONE}


def test_a_listener_may_leave_while_it_is_told():
    hub, heard = Hub(), []

    def once(snapshot: object) -> None:
        heard.append(snapshot)
        hub.leave(number)

    number = hub.listen(once, FIVE)
    hub.publish(Picture(1))
    hub.publish(Picture(2))
    assert heard == [Picture(1)]


def test_listeners_come_and_go_from_many_threads():
    hub = Hub()

    def come_and_go() -> None:
        for _ in range(200):
            hub.leave(hub.listen(lambda _snapshot: None, ONE))

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for seq in range(200):
        hub.publish(Picture(seq))
    for thread in threads:
        thread.join()
    assert hub.interests() == set()
