"""Sections: all of them, of three underlyings in every timeframe, at a closed minute."""

from statistics import median

from dashboard.bench.figure import Figure
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import timed
from dashboard.core.clock import from_ns
from dashboard.core.market import Source
from dashboard.pipeline.days import StoredDay, Tools

SUBJECT = "sections"
TIMES = 15


def measure_sections(tools: Tools) -> list[Figure]:
    """Return milliseconds of processor time to read everything anew, as at the busiest minute."""
    stored = StoredDay(tools, DAY, Source.MOCK)
    stored.load(_silent)
    pipeline, _ = stored.open(from_ns(stored.summary().last_ns or 0))
    count = len(pipeline.sections.final)
    spent = []
    for _ in range(TIMES):
        with timed() as lap:
            count = pipeline.sections.read_anew()
        spent.append(1000 * lap.cpu_s)
    pipeline.close()
    return [
        Figure(SUBJECT, f"all {count} readings, anew", median(spent), "ms", 1),
        Figure(SUBJECT, "a reading", median(spent) / count, "ms", 3),
    ]


def _silent(_share: float, _text: str) -> None:
    return
