"""A desk obeys from any thread, its speed changes nothing, and failure is not the end."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.core.clock import ManualClock
from dashboard.core.errors import StoreError
from dashboard.core.market import Frame
from dashboard.core.signal import Reading
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.desk import MAX_SPEED, Desk
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.replaying import ReadingsDigest
from storage.schema import open_database
from storage.store import SqlStore, open_store
from tests.pipeline.desk_room import Room, wait, wait_at, wait_for
from tests.pipeline.frames import DAY, instant, nanoseconds
from tests.pipeline.stored import AFTERNOON, MORNING, after, damage, make_tools, picture


@pytest.fixture
def room(tools: Tools) -> Iterator[Room]:
    room = Room(tools)
    yield room
    room.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("desk-")]


def sought(tools: Tools, at, source=AFTERNOON) -> dict[str, object]:
    """Return the picture of a pipeline opened at an instant."""
    day = StoredDay(tools, DAY, source)
    day.load(lambda _share, _text: None)
    pipeline, _ = day.open(at)
    pipeline.close()
    return picture(pipeline)


def same(found: dict[str, object], expected: dict[str, object]) -> None:
    for name, value in expected.items():
        assert found[name] == value, name


# -- speed -------------------------------------------------------------------------------


def played_at(room: Room, speed: float, advance_s: float) -> tuple[str, dict[str, object]]:
    """Play the morning's last minutes on a clock that the test moves."""
    clock = ManualClock(instant("12:00:00"))
    desk = room.open(instant("09:29:00.5"), source=MORNING, clock=clock, speed=speed)
    while desk.status != "paused":
        time.sleep(0.002)
    readings: list[Reading] = []
    assert desk.pipeline is not None
    desk.pipeline.on_readings.append(readings.extend)
    desk.play()
    while desk.status != "ended":
        clock.advance(advance_s)
        time.sleep(0.004)
        assert desk.error is None
    desk.stop()
    digest = ReadingsDigest()
    digest.add(readings)
    assert len(digest) > 30
    return digest.hexdigest(), picture(desk.pipeline)


def test_the_speed_changes_no_reading(room):
    fast = played_at(room, MAX_SPEED, 1.0)
    for speed, advance_s in ((1.0, 2.3), (60.0, 0.11)):
        digest, shown = played_at(room, speed, advance_s)
        assert digest == fast[0]
        same(shown, fast[1])


# -- commands ----------------------------------------------------------------------------


def test_a_desk_opens_where_it_is_told_and_stands_still(room, tools):
    desk = room.open(instant("15:12:00"))
    snapshot = wait_at(desk, instant("15:12:00"))
    assert (snapshot.day, snapshot.source, snapshot.replay) == (DAY, AFTERNOON, True)
    same(picture(desk.pipeline), sought(tools, instant("15:12:00")))


def test_without_a_place_it_opens_at_the_first_message(room):
    assert wait_for(room.open(), "paused").at == instant("15:07:00")


def test_it_is_sought_forward_and_back(room, tools):
    desk = room.open(instant("15:12:00"))
    for at in ("15:13:20", "15:30:00", "15:09:00", "15:38:30"):
        desk.seek(instant(at))
        wait_at(desk, instant(at))
        same(picture(desk.pipeline), sought(tools, instant(at)))


def test_it_steps_to_where_bars_are_closed(room, tools):
    desk = room.open(instant("15:12:00"))
    wait_for(desk, "paused")
    for timeframe, count, at in (
        ("1m", 1, "15:12:05"),
        ("1m", 1, "15:13:05"),
        ("1m", -1, "15:12:05"),
        ("5m", 1, "15:15:05"),
        ("5m", -1, "15:10:05"),
        ("1m", 3, "15:13:05"),
        ("5m", -1, "15:10:05"),
    ):
        desk.step(timeframe, count)
        wait_at(desk, instant(at))
        same(picture(desk.pipeline), sought(tools, instant(at)))


def test_a_step_while_it_plays_stands_still(room):
    desk = room.open(instant("15:12:00"), playing=True, speed=1.0)
    wait_for(desk, "playing")
    desk.step("5m", 1)
    wait_at(desk, instant("15:15:05"))


def test_it_plays_to_the_end_and_from_the_beginning_again(room, tools):
    desk = room.open(instant("15:39:00"), playing=True)
    end = wait_for(desk, "ended")
    assert instant("15:41:50") < end.at < instant("15:41:51")  # 65 s after the last message
    same(picture(desk.pipeline), sought(tools, end.at))
    desk.set_speed(1.0)
    desk.play()
    again = wait_for(desk, "playing")
    assert again.at < instant("15:08:00")
    assert again.ticks < 10


def test_pausing_after_the_end_leaves_the_end(room):
    desk = room.open(instant("15:39:00"), playing=True)
    wait_for(desk, "ended")
    desk.pause()
    desk.set_speed(4.0)
    assert wait(desk, lambda s: s.speed == 4.0).status == "ended"
    desk.play()
    assert wait_for(desk, "playing").at < instant("15:08:00")


def test_after_the_end_it_is_sought_and_stands_still(room, tools):
    desk = room.open(instant("15:39:00"), playing=True)
    wait_for(desk, "ended")
    desk.seek(instant("15:12:00"))
    wait_at(desk, instant("15:12:00"))
    same(picture(desk.pipeline), sought(tools, instant("15:12:00")))


def test_time_never_runs_back_at_the_end(room):
    desk = room.open(instant("15:12:00"))
    wait_for(desk, "paused")
    desk.seek(instant("15:59:00"))
    edge = wait(desk, lambda s: s.status == "paused" and s.at > instant("15:13:00")).at
    desk.play()
    assert wait_for(desk, "ended").at >= edge


def test_a_change_of_speed_does_not_jump(room):
    clock = ManualClock(instant("12:00:00"))
    desk = room.open(instant("15:12:00"), playing=True, speed=1.0, clock=clock)
    while desk.status != "playing":
        time.sleep(0.002)
    clock.advance(10.0)
    wait_until(lambda: desk.pace.at_ns == nanoseconds("15:12:10"))
    desk.set_speed(60.0)
    wait_until(lambda: desk.pace.speed == 60.0)
    assert desk.pace.at_ns == nanoseconds("15:12:10")
    clock.advance(1.0)
    wait_until(lambda: desk.pace.at_ns == nanoseconds("15:13:10"))
    desk.pause()
    wait_until(lambda: desk.status == "paused")
    clock.advance(100.0)
    desk.play()
    wait_until(lambda: desk.status == "playing")
    assert desk.pace.at_ns == nanoseconds("15:13:10")


def wait_until(true) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_commands_come_from_many_threads(room, tools):
    desk = room.open(instant("15:12:00"), playing=True, speed=60.0)

    def press(number: int) -> None:
        for turn in range(8):
            desk.seek(after("15:10:00", 61_000 * ((number + 3 * turn) % 25)))
            desk.step("1m", 1 if turn % 2 else -1)
            desk.set_speed((1.0, 60.0, MAX_SPEED)[turn % 3])
            (desk.play if turn % 4 else desk.pause)()
            desk.refresh()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.pause()
    desk.seek(instant("15:31:07"))
    desk.pause()
    snapshot = wait_at(desk, instant("15:31:07"))
    assert snapshot.error is None
    same(picture(desk.pipeline), sought(tools, instant("15:31:07")))


def test_whoever_records_sees_every_frame_in_order(room, tools):
    desk = room.open(instant("15:39:30"))
    seen = []
    desk.on_frame = seen.append
    wait_for(desk, "paused")
    desk.play()
    wait_for(desk, "ended")
    later = tools.store.frames(DAY, AFTERNOON, nanoseconds("15:39:30") + 1)
    assert seen == list(later)


# -- failure -----------------------------------------------------------------------------


class UnreadableStore(SqlStore):
    """A store of which 09:24 cannot be read: the disk fails there."""

    def frames(self, *where, **more) -> Iterator[Frame]:
        """Yield frames up to the minute that the disk does not give."""
        lost = nanoseconds("09:24:00")
        for frame in super().frames(*where, **more):
            if lost <= frame.received_ns < lost + 60 * 10**9:
                raise StoreError("The disk failed to read 09:24")
            yield frame


@pytest.fixture
def unreadable(database: Path) -> Iterator[Tools]:
    """Return tools on the stored days, of which the morning's 09:24 cannot be read."""
    store = UnreadableStore(open_database(f"sqlite:///{database}"))
    yield make_tools(store)
    store.close()


@pytest.fixture
def failed(room: Room, unreadable: Tools) -> Desk:
    """Return a desk that has run into the minute that cannot be read."""
    day = StoredDay(unreadable, DAY, MORNING)
    desk = room.open(instant("09:23:00"), day=day, playing=True)
    wait_for(desk, "failed")
    return desk


def test_a_store_that_cannot_be_read_fails_the_desk_with_a_sentence(failed):
    snapshot = failed.hub.latest
    assert snapshot.error == "The disk failed to read 09:24"
    assert instant("09:23:58") < snapshot.at < instant("09:24:00")


@pytest.fixture
def damaged(database: Path, tmp_path: Path) -> Iterator[Tools]:
    """Return tools on a copy of which a chunk of the morning's 09:24 is damaged."""
    copy = Path(shutil.copy(database, tmp_path / "damaged.db"))
    damage(copy, "09:24", connection=2)
    store = open_store(f"sqlite:///{copy}")
    yield make_tools(store)
    store.close()


def test_a_desk_plays_past_a_damaged_chunk_and_shows_it_as_a_gap(room, damaged):
    told = []
    day = StoredDay(damaged, DAY, MORNING, on_damage=told.append)
    desk = room.open(instant("09:23:00"), day=day, playing=True)
    snapshot = wait_for(desk, "ended")
    assert snapshot.error is None
    start = nanoseconds("09:24:00") // 10**9
    shown = [gap for gap in snapshot.timeline.gaps if gap[0] == start]
    assert [(gap[1], gap[2].startswith("Damaged chunk at 09:24")) for gap in shown] == [
        (start + 60, True)
    ]
    desk.seek(instant("09:23:30"))
    wait_at(desk, instant("09:23:30"))
    assert len(told) == 1


def test_what_failed_is_sought_elsewhere(failed, tools):
    for at in ("09:28:00", "09:20:00"):
        failed.seek(instant(at))
        snapshot = wait_at(failed, instant(at))
        assert snapshot.error is None
        same(picture(failed.pipeline), sought(tools, instant(at), MORNING))


def test_what_failed_does_not_play_over_what_it_cannot_read(failed):
    ticks = failed.pipeline.ticks
    failed.play()
    failed.set_speed(16.0)
    failed.play()
    snapshot = wait(failed, lambda s: s.speed == 16.0 and s.status == "failed")
    assert (snapshot.status, "read 09:24" in snapshot.error) == ("failed", True)
    assert failed.pipeline.ticks <= ticks


def test_pausing_does_not_hide_a_failure(failed):
    failed.pause()
    failed.set_speed(16.0)
    assert wait(failed, lambda s: s.speed == 16.0).status == "failed"


class FlakyDay(StoredDay):
    """A day that cannot be loaded the first time."""

    tries = 0

    def load(self, progress) -> None:
        self.tries += 1
        if self.tries == 1:
            raise StoreError("The database is busy: try again")
        super().load(progress)


def test_a_day_that_did_not_load_is_loaded_by_the_next_seek(room, tools):
    desk = room.open(instant("15:12:00"), day=FlakyDay(tools, DAY, AFTERNOON))
    assert wait_for(desk, "failed").error == "The database is busy: try again"
    desk.seek(instant("15:13:00"))
    assert wait_at(desk, instant("15:13:00")).error is None


def test_a_view_that_fails_is_told(room):
    desk = room.open(instant("15:12:00"))
    wait_for(desk, "paused")
    build = desk._builder.build

    def fail(state, pipeline, interests):
        if pipeline is not None:
            raise ZeroDivisionError("no such view")
        return build(state, pipeline, interests)

    desk._builder.build = fail
    desk.refresh()
    assert wait_for(desk, "failed").error == "ZeroDivisionError: no such view"
    desk._builder.build = build
    desk.seek(instant("15:13:00"))
    assert wait_at(desk, instant("15:13:00")).error is None


# -- the end -----------------------------------------------------------------------------


class EndlessDay(StoredDay):
    """A day that takes for ever to load."""

    def load(self, progress) -> None:
        while True:
            progress(0.5, "")
            time.sleep(0.001)


def test_a_desk_is_stopped_while_it_loads(room, tools):
    desk = room.open(day=EndlessDay(tools, DAY, AFTERNOON))
    assert wait(desk, lambda s: s.progress == 0.5).status == "loading"
    desk.stop(60.0)
    assert not desk._thread.is_alive()


def test_a_stopped_desk_obeys_nobody_and_is_stopped_twice(room):
    desk = room.open(instant("15:12:00"))
    wait_for(desk, "paused")
    desk.stop(60.0)
    desk.play()
    desk.stop(60.0)
    assert (desk.status, desk._thread.is_alive()) == ("paused", False)


def test_what_a_listener_looks_at_is_in_the_snapshot(room):
    desk = room.open(instant("15:12:00"))
    assert wait_for(desk, "paused").charts == {}
    number = desk.hub.listen(lambda _snapshot: None, Interest("NIFTY", "5m"))
    desk.refresh()
    snapshot = wait(desk, lambda s: bool(s.charts))
    assert list(snapshot.charts) == [("NIFTY", "5m")]
    assert {key[2] for key in snapshot.provisional} == {"5m"}
    assert snapshot.at == instant("15:12:00")
    desk.hub.leave(number)
    desk.refresh()
    wait(desk, lambda s: not s.charts)
