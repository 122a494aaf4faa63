"""Measure a tape: bytes a tick, how fast it is written and read, how soon a minute opens.

The frames are whatever a feed yields; `tezi bench` gives it the generated market.
"""

import random
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import median
from time import perf_counter

from dashboard.core.market import Frame, Source, Universe
from dashboard.core.ports import TapeInfo
from storage.store import SqlStore, open_store
from storage.tape_writer import MINUTE_NS

LOOKS = 20  # random minutes that are opened


@dataclass(frozen=True, slots=True)
class TapeSpeed:
    """What was measured; `write_ms` is for a minute, `open_ms` for the first of its frames."""

    minutes: int
    ticks: int
    bytes_per_tick: float
    write_ms: float
    ticks_written_per_s: float
    ticks_read_per_s: float
    open_ms: float


def measure(frames: Iterable[Frame], universe: Universe, day: date) -> TapeSpeed:
    """Store frames of a day in a new database, read them back, and say how it went.

    Parameters
    ----------
    frames : iterable of Frame
        In the order received, within `day`; a few minutes are enough.
    universe : Universe
        Their instruments.
    day : date

    Returns
    -------
    TapeSpeed
        Times are of this process's wall clock, those of making the frames left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        with closing(open_store(f"sqlite:///{file}")) as store:
            written = _write(store, frames, universe, day)
            read_s = _read(store, day)
            open_s = _open(store, day)
            stored = store.day(day, Source.MOCK)
    return TapeSpeed(
        minutes=len(written),
        ticks=stored.ticks,
        bytes_per_tick=stored.stored_bytes / stored.ticks,
        write_ms=1000 * median(written),
        ticks_written_per_s=stored.ticks / sum(written),
        ticks_read_per_s=stored.ticks / read_s,
        open_ms=1000 * median(open_s),
    )


def _write(store: SqlStore, frames: Iterable[Frame], universe: Universe, day: date) -> list[float]:
    """Return the seconds that each minute took."""
    seconds = []
    info = TapeInfo(day, Source.MOCK, "full ticks", "bench")
    with store.begin_tape(info, universe.instruments) as tape:
        for minute in _by_minute(frames):
            started = perf_counter()
            tape.append(minute)
            seconds.append(perf_counter() - started)
        started = perf_counter()
        tape.finish()
        seconds[-1] += perf_counter() - started
    return seconds


def _by_minute(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    for _, minute in groupby(frames, key=lambda frame: frame.received_ns // MINUTE_NS):
        yield list(minute)


def _read(store: SqlStore, day: date) -> float:
    started = perf_counter()
    for _ in store.frames(day, Source.MOCK):
        pass
    return perf_counter() - started


def _open(store: SqlStore, day: date) -> list[float]:
    """Return the seconds until the first frame from random moments of the day."""
    stored = store.day(day, Source.MOCK)
    assert stored.first_ns is not None
    assert stored.last_ns is not None
    chance = random.Random(7)  # noqa: S311 - moments to look at, no secret
    seconds = []
    for _ in range(LOOKS):
        started = perf_counter()
        next(store.frames(day, Source.MOCK, chance.randint(stored.first_ns, stored.last_ns)))
        seconds.append(perf_counter() - started)
    return seconds
