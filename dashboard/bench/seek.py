"""Seek: random moments of a prepared day, from the query to a desk that stands there."""

import random
from statistics import median

from dashboard.bench.figure import Figure, percentile
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import timed
from dashboard.core.clock import from_ns
from dashboard.core.market import Source
from dashboard.pipeline.days import StoredDay, Tools

SUBJECT = "seek"
LIMIT_MS = 150


def measure_seek(tools: Tools, seeks: int) -> list[Figure]:
    """Return milliseconds of the wall to open a random moment, all sections read."""
    stored = StoredDay(tools, DAY, Source.MOCK)
    with timed() as loading:
        stored.load(_silent)
    summary = stored.summary()
    assert summary.first_ns is not None
    assert summary.last_ns is not None
    chance = random.Random(13)  # noqa: S311 - moments to look at, no secret
    moments = [chance.randint(summary.first_ns, summary.last_ns) for _ in range(seeks + 1)]
    spent = [_open(stored, at_ns) for at_ns in moments][1:]  # the first one warms the caches
    return [
        Figure(SUBJECT, "the day loaded, once", 1000 * loading.wall_s, "ms"),
        Figure(SUBJECT, "random moment, median", median(spent), "ms", 1, at_most=LIMIT_MS),
        Figure(SUBJECT, "random moment, 95 of 100", percentile(spent, 0.95), "ms", 1),
    ]


def _open(stored: StoredDay, at_ns: int) -> float:
    """Return the milliseconds that opening took, until the next frame is at hand."""
    with timed() as lap:
        pipeline, frames = stored.open(from_ns(at_ns))
        next(frames, None)
    pipeline.close()
    return 1000 * lap.wall_s


def _silent(_share: float, _text: str) -> None:
    return
