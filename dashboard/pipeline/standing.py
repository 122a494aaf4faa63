"""What the last readings are worth at this moment: stale ones say so.

A reading stays until its section has a new bar. Where none has come for long, or none at all
today, what was said then is not what holds now. This is told of settled bars alone, beside the
readings themselves, which stay what they were.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dashboard.core.clock import MINUTE_S, SECOND_NS, to_ns
from dashboard.core.market import TIMEFRAMES
from dashboard.core.signal import Reading, Signal, Stance
from dashboard.pipeline.hours import CONTINUOUS, SegmentHours
from dashboard.pipeline.pipeline import Pipeline
from dashboard.pipeline.sections import Key

STALE = "stale"
PATIENCE_S = {"index": 120, "vix": 60, "future": 300, "chain": 300}  # by leading input
OPTIONS = "options"


def as_they_stand(pipeline: Pipeline, readings: Mapping[Key, Reading]) -> dict[Key, Reading]:
    """Return readings as they stand now: those of a halt or of a silent input are flagged.

    One whose input has no bar today, though the session has closed some, says nothing.
    """
    sections = pipeline.sections
    until = sections.source.settling.until
    due: dict[tuple[str, str], int] = {}
    found = {}
    for key, reading in sections.source.halts.flagged(readings).items():
        signal, (_, _, timeframe) = sections.signals.get(key[1]), key
        lead = signal.needs[0] if signal else ""
        if signal is None or reading.asof is None or lead not in PATIENCE_S:
            found[key] = reading
            continue
        hours = pipeline.hours.segments[signal.segment]
        place = (signal.segment.value, timeframe)
        if place not in due:
            due[place] = last_end(hours, until, TIMEFRAMES[timeframe])
        found[key] = _standing(reading, signal, hours, due[place])
    return found


def last_end(hours: SegmentHours, until: int, minutes: int) -> int:
    """Return when the newest bar of continuous trading ended that is over by `until`, else 0."""
    ends = [0]
    for start, end, state in hours.windows:
        if state != CONTINUOUS or until <= start:
            continue
        newest = min(until, end) - MINUTE_S
        first, over = hours.bucket(max(start, newest - newest % MINUTE_S), minutes)
        ends.append(over if over <= until else first if first > start else 0)
    return int(np.max(ends))


def _standing(reading: Reading, signal: Signal, hours: SegmentHours, due: int) -> Reading:
    assert reading.asof is not None
    asof = to_ns(reading.asof) // SECOND_NS
    lead = signal.needs[0]
    if not due or due - asof < PATIENCE_S[lead]:
        return reading
    if asof > hours.start:
        return replace(reading, flags=tuple(dict.fromkeys((*reading.flags, STALE))))
    what = f"{reading.underlying} {OPTIONS}" if lead == "chain" else reading.instrument
    what = "India VIX" if lead == "vix" else what
    return replace(
        reading,
        state=Stance.INSUFFICIENT,
        strength=0.0,
        values=dict.fromkeys(reading.values),
        levels=(),
        reason=f"No bar of {what} today",
        flags=(STALE,),
    )
