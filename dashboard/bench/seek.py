"""Seek: random moments of a prepared day, from the query to a desk that stands there."""

import random
from statistics import median

from dashboard.bench.figure import Figure, percentile
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import Lap, timed
from dashboard.core.clock import from_ns
from dashboard.core.market import Source
from dashboard.pipeline.days import StoredDay, Tools

SUBJECT = "seek"
LIMIT_MS = 150
LOOK = ("NIFTY", "5m")


def measure_seek(tools: Tools, seeks: int) -> list[Figure]:
    """Return milliseconds of the wall to open a random moment.

    It stands when everything that a page shows of it is read; what nobody looks at yet is
    read after that, which is a figure of its own.
    """
    stored = StoredDay(tools, DAY, Source.MOCK)
    with timed() as loading:
        stored.load(_silent)
    summary = stored.summary()
    assert summary.first_ns is not None
    assert summary.last_ns is not None
    chance = random.Random(13)  # noqa: S311 - moments to look at, no secret
    moments = [chance.randint(summary.first_ns, summary.last_ns) for _ in range(seeks + 1)]
    laps = [_open(stored, at_ns) for at_ns in moments][1:]  # the first one warms the caches
    spent, whole = ([lap[at] for lap in laps] for at in (0, 1))
    return [
        Figure(SUBJECT, "the day loaded, once", 1000 * loading.wall_s, "ms"),
        Figure(SUBJECT, "random moment, median", median(spent), "ms", 1, at_most=LIMIT_MS),
        Figure(SUBJECT, "random moment, 95 of 100", percentile(spent, 0.95), "ms", 1),
        Figure(SUBJECT, "all that nobody looks at read too, median", median(whole), "ms", 1),
    ]


def _open(stored: StoredDay, at_ns: int) -> tuple[float, float]:
    """Return the milliseconds until a page's part is read, and until everything is."""
    rest = Lap()
    with timed() as lap:
        pipeline, frames = stored.open(from_ns(at_ns))
        next(frames, None)
        pipeline.sections.look_at([LOOK])
    with timed(rest):
        assert pipeline.sections.final is not None
    pipeline.close()
    return 1000 * lap.wall_s, 1000 * (lap.wall_s + rest.wall_s)


def _silent(_share: float, _text: str) -> None:
    return
