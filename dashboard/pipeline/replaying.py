"""Play a whole day as fast as it goes, and say in one digest what came out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import orjson

from dashboard.core.clock import to_ns
from dashboard.core.market import Source
from dashboard.core.ports import Gap
from dashboard.core.signal import Reading
from dashboard.pipeline.arrivals import Arrival, groups
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.prepare import END_OF_TAPE_NS, Progress, share_done

BATCH = 2000  # readings a transaction
REPORT_EVERY = 32  # groups of messages

Key = tuple[str, str, str]


@dataclass
class ReplayResult:
    """What a replay came to. `final` holds the last reading of each section."""

    day: date
    source: Source
    until: datetime | None
    ticks: int
    messages: int
    readings: int
    digest: str
    final: Mapping[Key, Reading]
    counters: Mapping[str, int]
    failures: Mapping[str, str] = field(default_factory=dict)
    damaged: tuple[Gap, ...] = ()  # minutes that could not be read and were left out


class ReadingsDigest:
    """A digest over readings that does not depend on the order they came in."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def add(self, readings: list[Reading]) -> None:
        """Take in readings."""
        self._lines += [
            orjson.dumps(reading.as_dict(), option=orjson.OPT_SORT_KEYS) for reading in readings
        ]

    def hexdigest(self) -> str:
        """Return the digest of everything taken in."""
        digest = hashlib.blake2b(digest_size=16)
        for line in sorted(self._lines):
            digest.update(line)
            digest.update(b"\n")
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._lines)


def replay_day(
    tools: Tools,
    day: date,
    source: Source,
    until: datetime | None = None,
    *,
    keep: bool = True,
    progress: Progress | None = None,
    pacer: Callable[[int], None] | None = None,
) -> ReplayResult:
    """Play a day from its first message, to `until` or its end; keep its readings.

    `pacer` is called with each frame's time of arrival before it is processed; without one
    the day goes by as fast as it can. `keep` stores the readings. Damaged minutes are left out.

    Raises
    ------
    StoreError
        If the day is not stored or its tapes are replaced meanwhile.
    """
    progress = progress or _silent
    damaged: list[Gap] = []
    stored = StoredDay(tools, day, source, on_damage=damaged.append)
    stored.load(progress)
    pipeline, frames = stored.open(None)
    digest = ReadingsDigest()
    waiting: list[Reading] = []
    pipeline.on_readings += [digest.add, waiting.extend]
    until_ns = to_ns(until) if until else None
    summary = stored.summary()
    try:
        for number, group in enumerate(groups(frames, tools.decode_many)):
            first_ns, last_ns = (group[at].frame.received_ns for at in (0, -1))
            if until_ns is not None and first_ns > until_ns:
                break
            if pacer or (until_ns is not None and last_ns > until_ns):
                _one_by_one(pipeline, group, until_ns, pacer)
            else:
                pipeline.process_group(group)
            if keep and len(waiting) >= BATCH:
                tools.store.save_readings(day, source, waiting)
                waiting.clear()
            if number % REPORT_EVERY == 0:
                progress(share_done(last_ns, summary.first_ns, summary.last_ns), str(day))
        pipeline.pass_time(until_ns or pipeline.state.last_ns + END_OF_TAPE_NS)
        if keep and waiting:
            tools.store.save_readings(day, source, waiting)
        progress(1.0, str(day))
        return ReplayResult(
            day=day,
            source=source,
            until=until,
            ticks=pipeline.ticks,
            messages=pipeline.messages,
            readings=len(digest),
            digest=digest.hexdigest(),
            final=dict(pipeline.sections.final),
            counters=dict(sorted(pipeline.state.counters.items())),
            failures=dict(pipeline.sections.failures) | pipeline.graph.guard.errors,
            damaged=tuple(g for g in damaged if until_ns is None or g.started_ns <= until_ns),
        )
    finally:
        pipeline.close()


def _one_by_one(
    pipeline: Pipeline,
    group: Sequence[Arrival],
    until_ns: int | None,
    pacer: Callable[[int], None] | None,
) -> None:
    """Process the messages of a group up to `until_ns`, each when the pacer lets it."""
    for frame, batch in group:
        if until_ns is not None and frame.received_ns > until_ns:
            return
        if pacer:
            pacer(frame.received_ns)
        pipeline.process(frame, batch)


def _silent(_share: float, _text: str) -> None:
    return
