"""A live day: what comes in is on the tape, the desk shows it, and a replay finds the same."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.core.clock import SECOND_NS, ManualClock, from_ns
from dashboard.core.errors import StoreError, StoreFullError, TapeError
from dashboard.core.market import BarFlag, Frame, Source
from dashboard.core.ports import BAR_DTYPE, TapeInfo
from dashboard.live_recording import FIDELITY, LABEL, LiveRecording
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.desks import Desks
from dashboard.pipeline.pipeline import Pipeline
from feeds.wire import HEARTBEAT, decode_many
from storage.store import open_store
from tests.pipeline.frames import CALL, DAY, NIFTY, instant, nanoseconds, seconds
from tests.pipeline.stored import make_tools, morning_frames, morning_instruments, picture, play_to

PATIENCE_S = 60.0


def eventually(holds: Callable[[], bool], what: str) -> None:
    waited = threading.Event()
    for _ in range(round(PATIENCE_S / 0.02)):
        if holds():
            return
        waited.wait(0.02)
    raise AssertionError(what)


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield replace(make_tools(store), decode_many=decode_many)
    store.close()


class Room:
    """A live recording under a clock that follows the frames."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.clock = ManualClock(instant("08:55:00"))
        self.desks = Desks(tools, self.clock)
        self.recording = LiveRecording(self.desks, self.clock)

    def begin(self, count: int | None = None) -> None:
        self.recording.begin(DAY, morning_instruments()[:count])
        eventually(lambda: self.desk.status == "playing", "the desk opens")

    @property
    def desk(self) -> Desk:
        assert self.desks.shared is not None
        return self.desks.shared

    @property
    def pipeline(self) -> Pipeline:
        assert self.desk.pipeline is not None
        return self.desk.pipeline

    def pass_to(self, ns: int) -> None:
        self.clock.advance(max(0, ns - self.clock.now_ns()) / SECOND_NS)

    def send(self, frames: list[Frame]) -> None:
        """Let frames come in at their times, and wait until the desk has them all."""
        before = self.pipeline.messages
        for frame in frames:
            self.recording.take(frame)  # first: a desk that has seen the instant has it restamped
            self.pass_to(frame.received_ns)
        count = before + sum(bool(f.payload) for f in frames)
        eventually(lambda: self.pipeline.messages == count, f"{count} messages arrive")

    def settle(self) -> int:
        """Let time pass to a whole second, and return it when the desk is there [ns]."""
        edge = (self.clock.now_ns() // SECOND_NS + 1) * SECOND_NS
        self.pass_to(edge)
        eventually(lambda: self.desk.pace.at_ns >= edge, "time passes to the edge")
        return edge

    def close(self) -> None:
        self.recording.close()
        self.desks.close_all()


@pytest.fixture
def make_room(tools: Tools) -> Iterator[Callable[[], Room]]:
    made: list[Room] = []

    def make() -> Room:
        made.append(Room(tools))
        return made[-1]

    yield make
    for room in made:
        room.close()


def frames(first: str, last: str) -> list[Frame]:
    start, end = nanoseconds(first), nanoseconds(last)
    return [f for f in morning_frames() if start <= f.received_ns < end]


def stored_frames(tools: Tools) -> list[Frame]:
    return list(tools.store.frames(DAY, Source.LIVE))


def replayed(tools: Tools, at_ns: int) -> dict[str, object]:
    day = StoredDay(tools, DAY, Source.RECORDED)
    day.load(lambda _share, _text: None)
    pipeline, rest = day.open(None)
    play_to(pipeline, (frame for frame in rest if frame is not None), from_ns(at_ns))
    found = picture(pipeline)
    pipeline.close()
    return found


def test_every_frame_is_on_the_tape_as_it_came(make_room, tools: Tools):
    room = make_room()
    room.begin()
    sent = frames("09:14:00", "09:21:00")
    room.send(sent)
    room.recording.finish()
    assert stored_frames(tools) == sent
    assert tools.store.day(DAY, Source.LIVE).gaps == ()
    assert room.recording.day is None


def test_a_replay_of_the_day_equals_the_live_desk(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:30:30"))
    edge = room.settle()
    live = picture(room.pipeline)
    room.recording.finish()
    found = replayed(tools, edge)
    assert {key: live[key] == found[key] for key in live} == dict.fromkeys(live, True)
    assert live["final"]


def test_a_desk_is_live_and_its_day_a_recording_afterwards(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:17:00"))
    eventually(lambda: room.desk.hub.latest.ticks > 0, "a snapshot")
    assert room.desk.hub.latest.source is Source.LIVE
    assert not room.desk.hub.latest.replay
    assert room.recording.spots()["NIFTY"] > 20_000
    room.recording.finish()
    summary = tools.store.day(DAY)
    assert (summary.source, summary.prepared) == (Source.RECORDED, True)
    room.clock.advance(1)
    eventually(lambda: room.desk.hub.latest.status == "ended", "the desk has ended")


def test_a_restart_in_mid_session_goes_on_with_the_same_tape(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:20:30"))
    room.close()
    again = make_room()
    again.pass_to(nanoseconds("09:21:10"))
    again.begin()
    assert again.pipeline.messages == len([f for f in frames("09:14:00", "09:20:30") if f.payload])
    again.send([Frame(nanoseconds("09:21:10"), 1, b""), *frames("09:21:11", "09:30:30")])
    edge = again.settle()
    live = picture(again.pipeline)
    again.recording.finish()
    (summary,) = tools.store.days()
    assert [gap.reason for gap in summary.gaps] == [
        "Tezi was not recording",
        "Connection 2 was lost",  # as the frames have it
    ]
    found = replayed(tools, edge)
    assert {key: live[key] == found[key] for key in live} == dict.fromkeys(live, True)


def test_a_kill_loses_nothing_that_the_tape_took(make_room, tools: Tools):
    room = make_room()
    room.begin()
    sent = frames("09:14:00", "09:16:20")
    room.send(sent)
    room.recording._now.tape.flush()
    assert stored_frames(tools) == sent  # read beside the writer, as after a kill


def test_a_lost_connection_is_a_mark_on_the_tape(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:23:00", "09:26:00"))  # its options are lost from 09:24:40 to 09:25:00
    room.recording.finish()
    gap, late = sorted(tools.store.day(DAY, Source.LIVE).gaps, key=lambda one: one.reason)
    assert gap.reason == "Connection 2 was lost"
    assert late.reason == "Tezi was not recording"  # before it was started
    assert from_ns(late.started_ns) == instant("09:15:00")
    assert late.ended_ns == frames("09:23:00", "09:26:00")[0].received_ns
    lost = from_ns(gap.started_ns), from_ns(gap.ended_ns)
    assert lost[0] <= instant("09:24:40")
    assert lost[1] >= instant("09:25:00")
    assert (lost[1] - lost[0]).total_seconds() < 23


def test_what_is_missing_is_filled_and_says_so(make_room, tools: Tools):
    room = make_room()
    room.pass_to(nanoseconds("09:20:00"))
    room.begin()
    room.send(frames("09:20:00", "09:23:30"))
    span = (seconds("09:15:00"), seconds("09:20:00"))
    assert room.recording.missing(seconds("09:23:30"))[NIFTY.token][0] == span
    bars = np.zeros(5, dtype=BAR_DTYPE)
    bars["token"], bars["start"] = NIFTY.token, np.arange(*span, 60)
    for name in ("open", "high", "low", "close"):
        bars[name] = 24_500.0
    room.recording.backfill(bars)
    eventually(
        lambda: NIFTY.token not in room.recording.missing(seconds("09:23:30")), "the hole is filled"
    )
    room.recording.finish()
    kept = tools.store.bars(DAY, Source.LIVE, [NIFTY.token], "1m", seconds("09:20:00"))
    assert kept[NIFTY.token]["flags"].tolist() == [BarFlag.BACKFILLED] * 5


def test_the_day_grows_by_instruments_while_it_is_recorded(make_room, tools: Tools):
    room = make_room()
    room.begin(count=6)
    room.send(frames("09:14:00", "09:18:00"))
    room.recording.grow(morning_instruments())
    eventually(lambda: len(room.pipeline.universe) == len(morning_instruments()), "it grows")
    eventually(lambda: room.desk.status == "playing", "it goes on")
    room.send(frames("09:18:00", "09:22:00"))
    edge = room.settle()
    live = picture(room.pipeline)
    room.recording.finish()
    assert tools.store.day(DAY, Source.LIVE).gaps == ()
    found = replayed(tools, edge)
    assert {key: live[key] == found[key] for key in live} == dict.fromkeys(live, True)


def test_stamps_never_go_back(make_room, tools: Tools):
    room = make_room()
    room.begin()
    at = nanoseconds("09:10:00")
    room.send([Frame(at, 1, HEARTBEAT), Frame(at - SECOND_NS, 1, HEARTBEAT)])
    room.recording.finish()
    stamps = [frame.received_ns for frame in stored_frames(tools)]
    assert stamps == sorted(stamps)
    assert len(stamps) == 2


def test_a_tape_that_cannot_be_written_is_told_and_loses_nothing(
    make_room, tools: Tools, monkeypatch: pytest.MonkeyPatch
):
    room = make_room()
    room.begin()
    now = room.recording._now
    append, full = now.writer.append, threading.Event()
    full.set()

    def refuse(batch: list[Frame]) -> None:
        if full.is_set():
            raise StoreFullError("no room on the disk: make room")
        append(batch)

    monkeypatch.setattr(now.writer, "append", refuse)
    sent = frames("09:14:00", "09:16:00")
    room.send(sent)
    eventually(lambda: bool(now.tape.error), "it is noticed")
    (tape,) = [stage for stage in room.recording.stages() if stage.name == "Tape"]
    assert tape.state == "down"
    assert "no room on the disk" in tape.detail
    assert tape.todo
    full.clear()
    room.recording.finish()
    assert stored_frames(tools) == sent


def test_frames_outside_a_recording_are_nobody_s(make_room):
    room = make_room()
    room.recording.take(Frame(nanoseconds("09:10:00"), 1, HEARTBEAT))
    assert room.recording.stages() == ()
    assert room.recording.missing(seconds("10:00:00")) == {}
    assert room.recording.spots() == {}


def test_what_somebody_looks_at_stays_subscribed(make_room):
    from dashboard.pipeline.hub import Interest

    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:30"))
    assert room.recording.shown() == frozenset()
    room.desk.hub.listen(lambda _: None, Interest("NIFTY", "1m", options=True))
    options = {i.token for i in morning_instruments() if i.is_option}
    assert room.recording.shown() == options
    assert CALL.token not in options


def test_a_recording_that_is_left_is_no_live_desk_any_more(make_room):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:30"))
    room.recording.close()
    eventually(lambda: room.desk.hub.latest.status == "ended", "whoever looks is told")
    assert room.recording.day is None


def test_a_day_that_cannot_be_prepared_does_not_keep_the_next_from_beginning(
    make_room, tools: Tools, monkeypatch: pytest.MonkeyPatch
):
    room = make_room()
    room.begin()
    sent = frames("09:14:00", "09:16:00")
    room.send(sent)

    def fail(*_args: object, **_options: object) -> None:
        raise StoreError("a chunk is damaged")

    with monkeypatch.context() as patch:
        patch.setattr("dashboard.live_recording.prepare_day", fail)
        with pytest.raises(StoreError, match="damaged"):
            room.recording.finish()
    assert room.recording.day is None
    assert stored_frames(tools) == sent
    room.recording.finish_left(DAY)
    assert tools.store.day(DAY).prepared


def test_a_connection_that_never_came_back_is_a_mark_on_the_tape(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:00"))
    room.pass_to(nanoseconds("15:45:00"))
    room.recording.finish()
    (gap,) = tools.store.day(DAY).gaps
    assert gap.reason == "No connection came back before the close"
    assert instant("09:15:50") < from_ns(gap.started_ns) < instant("09:16:00")
    assert from_ns(gap.ended_ns) == instant("15:40:00")


def test_a_process_that_never_came_back_is_a_mark_on_the_tape(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:00"))
    room.close()
    again = make_room()
    again.pass_to(nanoseconds("16:30:00"))
    again.recording.finish_left(DAY)
    again.recording.finish_left(DAY)  # as when its report was not written
    (gap,) = tools.store.day(DAY).gaps
    assert gap.reason == "Tezi was not recording"
    assert from_ns(gap.ended_ns) == instant("15:40:00")


def test_a_tape_that_another_process_writes_is_let_go(make_room, tools: Tools):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:00"))
    room.recording._now.tape.flush()
    info = TapeInfo(DAY, Source.LIVE, FIDELITY, LABEL)
    with tools.store.begin_tape(info, ()):
        room.send(frames("09:16:00", "09:16:30"))
        eventually(lambda: room.recording.is_lost, "it is noticed")
        with pytest.raises(TapeError):
            room.recording.finish()
    assert room.recording.day is None


def test_what_is_filled_after_the_end_is_not_waited_for(make_room, monkeypatch):
    """A request for candles may be answered while the day is being finished."""
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:00"))
    writer = room.recording._now.writer
    finish = writer.finish

    def refuse() -> None:
        raise StoreFullError("no room on the disk")

    monkeypatch.setattr(writer, "finish", refuse)
    with pytest.raises(StoreFullError):
        room.recording.finish()
    bars = np.zeros(1, dtype=BAR_DTYPE)
    bars["token"], bars["start"] = NIFTY.token, seconds("09:15:00")
    room.recording.backfill(bars)
    assert room.recording._now.tape.waiting == 0
    monkeypatch.setattr(writer, "finish", finish)
    room.recording.finish()
    assert room.recording.day is None


def test_a_desk_that_stands_still_is_told_though_its_last_words_were_good(
    make_room, monkeypatch: pytest.MonkeyPatch
):
    room = make_room()
    room.begin()
    room.send(frames("09:14:00", "09:16:00"))
    room.settle()
    stands, goes_on = threading.Event(), threading.Event()

    def stand_still(_frame: Frame) -> None:
        stands.set()
        goes_on.wait(PATIENCE_S)

    monkeypatch.setattr(room.desk, "on_frame", stand_still)
    try:
        room.pass_to(nanoseconds("09:16:10"))
        room.recording.take(Frame(nanoseconds("09:16:10"), 1, HEARTBEAT))
        assert stands.wait(PATIENCE_S)
        room.pass_to(nanoseconds("09:17:00"))
        found = {one.name: one for one in room.recording.stages()}
        assert found["Desk"].state == "late"
        assert "ago" in found["Desk"].detail
        assert found["Bars"].state == "flowing"  # as it was said in time
    finally:
        goes_on.set()
    eventually(lambda: "Desk" not in {one.name for one in room.recording.stages()}, "it catches up")
