"""Indicators of an instrument as a desk knows it: the same value wherever it is asked for.

Each session's values begin with the bars before it that its sections begin with; so the last
value, one of the history and one some bars back agree to the bit. What needs volume is made,
for an index, of the bars of its front future, as the sections do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np

from dashboard.api.documents.bars import Bars
from dashboard.api.history_bars import (
    Asked,
    bars_before,
    bars_in_progress,
    front_future,
    session_bars,
)
from dashboard.api.parts import ApiParts
from dashboard.api.problems import Problem
from dashboard.core.clock import day_start_s, from_seconds
from dashboard.core.market import UNDERLYINGS, Floats, Instrument, Ints, Kind
from dashboard.core.table import Columns
from dashboard.indicators import Named
from dashboard.pipeline.series import bars_columns

MOST_OFFSET = 1000  # bars


@dataclass(frozen=True, slots=True)
class Session:
    """One session's bars with the warm-up before them; `own` is where its own begin.

    `future` is the contract whose bars, `traded`, tell the volume of an index; both None
    where the bars' own volume counts, or was not wanted. Bars from `open_from` [s] on are in
    progress, None where all are closed.
    """

    columns: Columns
    own: int
    open_from: int | None = None
    future: Instrument | None = None
    traded: Columns | None = None

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
        if named.indicator.needs_volume and self.traded is not None:
            return self._of_future(named, self.traded)
        return {name: found[self.own :] for name, found in named.arrays(self.columns).items()}

    def _of_future(self, named: Named, traded: Columns) -> dict[str, Floats]:
        """Return what the future's bars of the same starts say; where it has none, nothing."""
        starts = self.starts
        if not len(traded):
            return {name: np.full(len(starts), np.nan) for name in named.indicator.outputs}
        at = np.minimum(traded.starts.searchsorted(starts), len(traded) - 1)
        has = traded.starts[at] == starts
        found = named.arrays(traded)
        return {name: np.where(has, column[at], np.nan) for name, column in found.items()}


def session_of(parts: ApiParts, asked: Asked, day: date, named: Sequence[Named]) -> Session:
    """Return a session with the bars that some indicators need. May read the database."""
    session = _session(*_bars(parts, asked, day), day)
    if not _takes_future(asked, named):
        return session
    future = front_future(parts, asked, day)
    if future is None:
        return replace(session, traded=_none_traded())
    bars = np.concatenate(_bars(parts, replace(asked, instrument=future), day))
    return replace(session, future=future, traded=bars_columns(bars))


def sessions_back(parts: ApiParts, asked: Asked) -> list[date]:
    """Return the desk's day and the days stored before it, latest first."""
    day, source = asked.snapshot.day, asked.snapshot.source
    return [day, *parts.store.sessions_before(day, source, MOST_OFFSET)]


def at_offset(
    parts: ApiParts, asked: Asked, offset: int, named: Sequence[Named]
) -> tuple[Session, int]:
    """Return the session and the place of the bar `offset` bars before the last one.

    Raises
    ------
    Problem
        422 where that is before the data.
    """
    today = session_of(parts, asked, asked.snapshot.day, named)
    count = len(today.starts)
    if offset < count:
        return today, count - 1 - offset
    wanted = offset - count + 1
    earlier = bars_before(parts, asked, wanted)
    if len(earlier) < wanted:
        name = f"{asked.instrument.symbol} on {asked.timeframe}"
        have = count + len(earlier)
        raise Problem(
            422, f"{name} has {have} closed bars: offset {offset} is before them", "offset"
        )
    start = int(earlier["start"][0])
    session = session_of(parts, asked, from_seconds(start).date(), named)
    return session, int(session.starts.searchsorted(start))


def values_document(
    asked: Asked, session: Session, at: int, offset: int, named: Sequence[Named]
) -> dict[str, Any]:
    """Return the values at a place in a session; None is unknown."""
    start = int(session.starts[at])
    return {
        "instrument": asked.instrument.symbol,
        "timeframe": asked.timeframe,
        "offset": offset,
        "bar_ts": bar_of(start),
        "final": session.open_from is None or start < session.open_from,
        "contract": session.future.symbol if session.future else None,
        "values": _values_at(session, at, named),
    }


def bar_of(start: int) -> datetime:
    """Return the start of a bar in IST."""
    return from_seconds(start)


def _bars(parts: ApiParts, asked: Asked, day: date) -> tuple[Bars, Bars]:
    """Return a session's closed bars, and those in progress where they are asked for."""
    closed = session_bars(parts, asked, day)
    if day != asked.snapshot.day:
        return closed, closed[:0]
    return closed, bars_in_progress(parts, asked, closed)


def _session(closed: Bars, opened: Bars, day: date) -> Session:
    bars = np.concatenate([closed, opened]) if len(opened) else closed
    return Session(
        bars_columns(bars),
        int(bars["start"].searchsorted(day_start_s(day))),
        int(opened["start"][0]) if len(opened) else None,
    )


def _takes_future(asked: Asked, named: Sequence[Named]) -> bool:
    """Say whether volume is wanted of an index that has futures."""
    index = asked.instrument.kind is Kind.INDEX and asked.instrument.underlying in UNDERLYINGS
    return index and any(one.indicator.needs_volume for one in named)


def _none_traded() -> Columns:
    return Columns(np.empty(0, np.int64), {})


def _values_at(session: Session, at: int, named: Sequence[Named]) -> dict[str, Any]:
    found = {}
    for one in named:
        outputs = session.values(one)
        found[one.id] = {name: _known(float(column[at])) for name, column in outputs.items()}
    return found


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
