"""The tape's thread: what it was given is written, however long the database refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from dashboard.core.clock import ManualClock
from dashboard.core.errors import StoreError, StoreFullError, TapeError
from dashboard.core.market import Frame, Instrument
from dashboard.core.ports import Gap
from feeds.tape_thread import TapeThread
from tests.pipeline.frames import instant, nanoseconds

FRAMES = [
    Frame(nanoseconds("09:20:00") + number, 1, b"\x00\x01\x02\x03\x04") for number in range(3)
]


@dataclass
class Tape:
    """A tape on a disk that may be full."""

    is_full: bool = False
    is_anothers: bool = False
    frames: list[Frame] = field(default_factory=list)

    def append(self, frames: Sequence[Frame]) -> None:
        if self.is_full:
            raise StoreFullError("no room on the disk")
        if self.is_anothers:
            raise TapeError("another process writes it now")
        self.frames += frames

    def mark_gap(self, gap: Gap) -> None: ...

    def add_instruments(self, instruments: Sequence[Instrument]) -> None: ...

    def finish(self) -> None: ...


def test_what_could_not_be_written_at_the_end_is_written_when_it_can_be():
    """A disk that is full for the patience of the day's end costs no frame."""
    tape = Tape(is_full=True)
    thread = TapeThread(tape, ManualClock(instant("15:45:00")), group_s=0.0)
    for frame in FRAMES:
        thread.put(frame)
    with pytest.raises(StoreError, match="no room"):
        thread.stop(timeout_s=0.2)
    tape.is_full = False
    thread.stop()  # as the end of a day is tried again
    assert tape.frames == FRAMES
    assert thread.waiting == 0


def test_a_tape_that_another_process_writes_keeps_nobody_waiting():
    thread = TapeThread(Tape(is_anothers=True), ManualClock(instant("15:45:00")), group_s=0.0)
    thread.put(FRAMES[0])
    with pytest.raises(TapeError, match="another process"):
        thread.stop(timeout_s=60.0)
    assert thread.is_lost
