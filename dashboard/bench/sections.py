"""Sections: all of them, of three underlyings in every timeframe, at a closed minute."""

from statistics import median

from dashboard.bench.figure import Figure
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import timed
from dashboard.core.clock import from_ns
from dashboard.core.market import TIMEFRAMES, Source
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.pipeline import Pipeline

SUBJECT = "sections"
TIMES = 15
LIMIT_MS = 15


def measure_sections(tools: Tools) -> list[Figure]:
    """Return milliseconds of processor time at a closed minute, its frames put together anew.

    The busiest minute closes a bar of every timeframe.
    """
    stored = StoredDay(tools, DAY, Source.MOCK)
    stored.load(_silent)
    pipeline, _ = stored.open(from_ns(stored.summary().last_ns or 0))
    assert pipeline.sections.final  # everything is read once before it is timed
    busiest, count = _minutes(pipeline, tuple(TIMEFRAMES))
    usual, fewer = _minutes(pipeline, ("1m",))
    pipeline.close()
    return [
        Figure(
            SUBJECT, f"the busiest minute, {count} readings", busiest, "ms", 1, at_most=LIMIT_MS
        ),
        Figure(SUBJECT, f"a minute that closes 1m alone, {fewer} readings", usual, "ms", 1),
        Figure(SUBJECT, "a reading", busiest / count, "ms", 3),
    ]


def _minutes(pipeline: Pipeline, timeframes: tuple[str, ...]) -> tuple[float, int]:
    """Return the median milliseconds of a minute that closes these timeframes, and readings."""
    spent, count = [], 0
    for _ in range(TIMES):
        with timed() as lap:
            count = pipeline.sections.read_anew(timeframes)
        spent.append(1000 * lap.cpu_s)
    return median(spent), count


def _silent(_share: float, _text: str) -> None:
    return
