"""Indicators of an instrument as a desk knows it: the same value wherever it is asked for.

An exponential average depends on where it begins. Each session's values begin 400 bars before
it, as the sections' do; so the last value, one of the history and one some bars back agree to
the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from dashboard.api.documents.bars import Bars, closed_by
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.core.clock import SECOND_NS, day_start_s, from_seconds, to_ns
from dashboard.core.market import BAR_COLUMNS, TIMEFRAMES, BarFlag, Floats, Instrument, Ints
from dashboard.core.table import DAY_S, Columns
from dashboard.indicators import Named
from dashboard.pipeline.desk import Desk
from dashboard.pipeline.series import WARMUP_BARS
from dashboard.pipeline.snapshot import Snapshot

MOST_OFFSET = 1000  # bars


@dataclass(frozen=True, slots=True)
class Asked:
    """What indicators are asked of: an instrument's bars on a desk at its present moment."""

    desk: Desk
    snapshot: Snapshot
    instrument: Instrument
    timeframe: str


@dataclass(frozen=True, slots=True)
class Session:
    """One session's bars with the warm-up before them; `own` is where its own begin."""

    columns: Columns
    own: int

    @property
    def starts(self) -> Ints:
        """Return the starts [s] of the session's own bars."""
        return self.columns.starts[self.own :]

    def values(self, named: Named) -> dict[str, Floats]:
        """Return an indicator's outputs at the session's own bars.

        Raises
        ------
        InputError
            If it needs volume and there is none.
        """
        return {name: found[self.own :] for name, found in named.arrays(self.columns).items()}


def session_of(parts: ApiParts, asked: Asked, day: date) -> Session:
    """Return a session's closed bars, none after the desk's time. Reads the database."""
    bars = _today(parts, asked) if day == asked.snapshot.day else _earlier(parts, asked, day)
    bars = bars[(bars["flags"] & BarFlag.AUCTION) == 0]
    columns = Columns(
        bars["start"], {name: np.ascontiguousarray(bars[name]) for name in BAR_COLUMNS}
    )
    return Session(columns, int(np.searchsorted(bars["start"], day_start_s(day))))


def sessions_back(parts: ApiParts, asked: Asked) -> list[date]:
    """Return the desk's day and the days stored before it, latest first."""
    day, source = asked.snapshot.day, asked.snapshot.source
    return [day, *parts.store.sessions_before(day, source, MOST_OFFSET)]


def at_offset(parts: ApiParts, asked: Asked, offset: int) -> tuple[Session, int]:
    """Return the session and the place of the bar `offset` bars before the last closed one.

    Raises
    ------
    Problem
        422 where that is before the data.
    """
    left = offset
    for day in sessions_back(parts, asked):
        session = session_of(parts, asked, day)
        count = len(session.starts)
        if left < count:
            return session, count - 1 - left
        left -= count
    have = offset - left
    name = f"{asked.instrument.symbol} on {asked.timeframe}"
    raise Problem(422, f"{name} has {have} closed bars: offset {offset} is before them", "offset")


def values_at(session: Session, at: int, named: Sequence[Named]) -> dict[str, Any]:
    """Return the outputs of each indicator at a place; None is unknown."""
    found = {}
    for one in named:
        outputs = session.values(one)
        found[one.id] = {name: _known(float(column[at])) for name, column in outputs.items()}
    return found


def bar_of(session: Session, at: int) -> Any:
    """Return the start of the bar at a place, in IST."""
    return from_seconds(int(session.starts[at]))


def _today(parts: ApiParts, asked: Asked) -> Bars:
    token, at_s = asked.instrument.token, to_ns(asked.snapshot.at) // SECOND_NS
    pipeline = asked.desk.pipeline
    if pipeline is not None and token in pipeline.series.tokens:
        bars = pipeline.series.get(token, asked.timeframe).bars
    else:
        bars = _stored(parts, asked, asked.snapshot.day, at_s)
    return closed_by(bars, at_s, asked.instrument.segment, TIMEFRAMES[asked.timeframe])


def _earlier(parts: ApiParts, asked: Asked, day: date) -> Bars:
    return _stored(parts, asked, day, day_start_s(day) + DAY_S)


def _stored(parts: ApiParts, asked: Asked, day: date, until: int) -> Bars:
    token, source = asked.instrument.token, asked.snapshot.source
    before = parts.store.bars_before(day, source, [token], asked.timeframe, WARMUP_BARS)[token]
    today = parts.store.bars(day, source, [token], asked.timeframe, until)[token]
    return np.concatenate([before, today])


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
