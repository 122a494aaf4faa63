"""What a desk would publish along a replay, for one who looks at NIFTY's five minutes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import islice

from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import timed
from dashboard.core.clock import IST, SECOND_NS
from dashboard.core.market import Frame, Source
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.snapshot import Snapshot
from dashboard.pipeline.views.snapshot import DeskState, SnapshotBuilder

FROM = time(9, 16)
LOOK = Interest("NIFTY", "5m")
AFTER_NS = SECOND_NS // 20  # the desk publishes a moment after the message came


@dataclass(slots=True)
class Published:
    """Snapshots in order, and the milliseconds of processor time that each took."""

    snapshots: list[Snapshot] = field(default_factory=list)
    built_ms: list[float] = field(default_factory=list)


def publish(tools: Tools, count: int, frames_each: int) -> Published:
    """Return `count` snapshots, `frames_each` messages of Kite's apart."""
    stored = StoredDay(tools, DAY, Source.MOCK)
    stored.load(lambda _share, _words: None)
    pipeline, frames = stored.open(datetime.combine(DAY, FROM, IST))
    builder, found = SnapshotBuilder(stored, tools.calendar), Published()
    for number in range(count):
        now_ns = _play(pipeline, islice(frames, frames_each))
        if not now_ns:
            break
        desk = DeskState(number, "playing", None, None, now_ns, 1.0, shared=False)
        with timed() as lap:
            found.snapshots.append(builder.build(desk, pipeline, [LOOK]))
        found.built_ms.append(1000 * lap.cpu_s)
    pipeline.close()
    return found


def _play(pipeline: Pipeline, frames: Iterator[Frame]) -> int:
    """Process frames; return the moment after the last one, 0 if there was none."""
    now_ns = 0
    for frame in frames:
        pipeline.process(frame)
        now_ns = frame.received_ns + AFTER_NS
    return now_ns
