"""Sections: all of them, of three underlyings, at each closed minute as a desk meets it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median, mode

import numpy as np
import numpy.typing as npt

from dashboard.bench.figure import Figure
from dashboard.bench.sizes import DAY
from dashboard.bench.stopwatch import timed
from dashboard.core.clock import MINUTE_S, from_ns
from dashboard.core.market import Segment, Source
from dashboard.options.chain import ChainSnapshot
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.contracts import followed
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.prepare import END_OF_TAPE_NS

SUBJECT = "sections"
ROUNDS = 8
LIMIT_MS = 15
SHIFT = 0.05  # INR a round
PRICES = ("open", "high", "low", "close")
Bars = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Minute:
    """What closes together: the bars of both segments, and the chains by underlying."""

    closed: list[Closed]
    chains: dict[str, ChainSnapshot]


def measure_sections(tools: Tools) -> list[Figure]:
    """Return milliseconds of processor time from closed minutes to readings.

    The recorded part of the day is closed again minute by minute, the way a desk does once
    the ticks of a minute are gathered: its bars and chains are added to those before, longer
    bars are made, every section whose bar ended is read, and its table is kept. The busiest
    minutes close a bar of every timeframe, if the part has one.

    It once was one and the same minute, again and again, with its frames put together anew: a
    section that goes on from the bar before had no bar before, and what sections remember by
    value they remembered. To a desk one bar is new and the others are not. Each round's prices
    are a tick higher than the last one's, so that nothing of the day is known from it.
    """
    stored = StoredDay(tools, DAY, Source.MOCK)
    stored.load(_silent)
    minutes = list(_minutes(tools, stored))
    laps = [lap for number in range(ROUNDS) for lap in _round(stored, minutes, SHIFT * number)]
    counts = [count for count, _ in laps]
    most, usual = max(counts), mode(counts)
    busiest_ms, usual_ms = (median(ms for count, ms in laps if count == of) for of in (most, usual))
    return [
        Figure(
            SUBJECT, f"the busiest minute, {most} readings", busiest_ms, "ms", 1, at_most=LIMIT_MS
        ),
        Figure(SUBJECT, f"a minute that closes 1m alone, {usual} readings", usual_ms, "ms", 1),
        Figure(SUBJECT, "a reading", busiest_ms / most, "ms", 3),
    ]


def _minutes(tools: Tools, stored: StoredDay) -> Iterator[Minute]:
    """Yield the minutes of the day in order, as they were recorded."""
    whole, _ = stored.open(from_ns((stored.summary().last_ns or 0) + END_OF_TAPE_NS))
    until = whole.settling.until
    tokens = followed(whole.universe, DAY)
    found = tools.store.bars(DAY, Source.MOCK, tuple(tokens), "1m", until)
    snapshots = {name: chain.snapshots for name, chain in whole.chains.chains.items()}
    for minute in range(whole.hours.start, until, MINUTE_S):
        closed = [
            Closed(segment, minute, _bars_of(found, minute, segment, tokens))
            for segment in whole.settling.closed_until
            if minute in whole.hours.segments[segment].minutes(minute, minute + MINUTE_S)
        ]
        chains = {n: s for n, of in snapshots.items() for s in of if s.start == minute}
        yield Minute(closed, chains)
    whole.close()


def _bars_of(
    found: Mapping[int, Bars], minute: int, segment: Segment, tokens: Mapping[int, Segment]
) -> Bars:
    """Return a minute's bars of a segment, ordered by token."""
    mine = [found[token] for token in sorted(found) if tokens[token] is segment]
    return np.concatenate([bars[bars["start"] == minute] for bars in mine])


def _round(stored: StoredDay, minutes: list[Minute], shift: float) -> Iterator[tuple[int, float]]:
    """Yield how many readings each minute gave, and in how many milliseconds.

    `shift` [INR] is how much higher the day's prices are.
    """
    pipeline, _ = stored.open(None)
    assert pipeline.sections.final is not None  # what came before the day is read by then
    for minute in minutes:
        for name, snapshot in minute.chains.items():
            pipeline.chains.chains[name].snapshots.append(snapshot)
        closed = [replace(one, bars=_higher(one.bars, shift)) for one in minute.closed]
        with timed() as lap:
            readings = pipeline.read(closed)
        yield len(readings), 1000 * lap.cpu_s
    pipeline.close()


def _higher(bars: Bars, shift: float) -> Bars:
    higher = bars.copy()
    for name in PRICES:
        higher[name] += shift
    return higher


def _silent(_share: float, _text: str) -> None:
    return
