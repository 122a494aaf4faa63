"""What the front month traded by each clock minute of earlier sessions (SIGNALS 7).

Regular sessions alone count: no Muhurat trading, no drill, no weekend. A session of which
the first or the last minutes were not recorded has no total to compare with, and is left
out. On a day that the month expires earlier expiry days are looked up further back.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from dashboard.core.bars import day_numbers
from dashboard.core.calendar import load_calendar
from dashboard.core.clock import MINUTE_S, day_start_s
from dashboard.core.errors import CalendarError
from dashboard.core.hours import expected_starts
from dashboard.core.market import UNDERLYINGS, Floats, Ints, Segment, Source, Universe
from dashboard.core.ports import Store
from dashboard.core.table import DAY_S, Columns
from dashboard.pipeline.rolling import front_month, monthly_expiries

SESSIONS = 10
LOOKED_AT = 30  # stored sessions, at most, to find them in
EXPIRIES_LOOKED_AT = 260  # stored sessions: a year's
UNSEEN_MINUTES = 5  # at either end of a session that still counts as recorded


def stored_volume(
    store: Store, universe: Universe, day: date, source: Source, since: date
) -> dict[str, Columns]:
    """Return, by underlying, `Inputs.past_volume` of a day.

    Sessions before `since` do not count, but for earlier expiry days.
    """
    fronts = {n: months[0] for n in UNDERLYINGS if (months := universe.futures(n, day))}
    wanted = {
        name: [
            session
            for session in _candidates(store, name, day, source, front.expiry == day)
            if session >= since or session in monthly_expiries(name)
        ]
        for name, front in fronts.items()
    }
    found: dict[str, list[Columns]] = {name: [] for name in fronts}
    for session in sorted({d for days in wanted.values() for d in days}, reverse=True):
        names = [n for n in fronts if session in wanted[n] and _wants(found[n], session, n, day)]
        if names:
            for name, columns in _session(store, session, source, names).items():
                found[name].append(columns)
    return {name: joined(parts[::-1]) for name, parts in found.items() if parts}


def _candidates(
    store: Store, name: str, day: date, source: Source, expires: bool
) -> Iterator[date]:
    """Yield regular sessions before `day`; further back only those that a month expired on."""
    looked_at = EXPIRIES_LOOKED_AT if expires else LOOKED_AT
    expiries = monthly_expiries(name)
    for number, session in enumerate(store.sessions_before(day, source, looked_at)):
        if is_regular(session) and (number < LOOKED_AT or session in expiries):
            yield session


def _wants(found: list[Columns], session: date, name: str, day: date) -> bool:
    """Say whether a session is still needed: ten of any kind, and on expiry days ten of them."""
    expiries = monthly_expiries(name)
    alike = day in expiries and session in expiries
    known = sum(columns.values["expiry"][0] == 1.0 for columns in found) if alike else len(found)
    return known < SESSIONS


def is_regular(session: date) -> bool:
    """Say whether a date has an ordinary session; not where the calendar does not know it."""
    try:
        known = load_calendar().session(session, Segment.FNO)
    except CalendarError:
        return False
    return known.is_open and known.special is None


def _session(store: Store, session: date, source: Source, names: list[str]) -> dict[str, Columns]:
    """Return what the front months of one session traded, those that were recorded whole."""
    universe = store.universe(session, source)
    months = {name: found for name in names if (found := universe.futures(name, session))}
    fronts = {name: front_month(store, of, session, source) for name, of in months.items()}
    tokens = [one.token for one in fronts.values()]
    bars = store.bars(session, source, tokens, "1m", day_start_s(session) + DAY_S)
    parts = {
        name: running(
            bars[front.token]["start"],
            bars[front.token]["volume"],
            expired=months[name][0].expiry == session,
        )
        for name, front in fronts.items()
    }
    return {name: part for name, part in parts.items() if part is not None}


def running(starts: Ints, volume: Floats, expired: bool) -> Columns | None:
    """Return a session's running total at the close of each of its minutes [units].

    `starts` [s] and `volume` [units] are those of its 1m bars. A minute without a bar adds
    nothing; the total is NaN from the first bar on whose volume is not known. None if the
    bars do not reach from the session's beginning to its end.
    """
    if not len(starts):
        return None
    day = int(day_numbers(starts[:1])[0])
    minutes = expected_starts(day, Segment.FNO, 1)
    unseen = UNSEEN_MINUTES * MINUTE_S
    if minutes is None or starts[0] > minutes[0] + unseen or starts[-1] < minutes[-1] - unseen:
        return None
    traded = np.zeros(len(minutes))
    inside = np.isin(starts, minutes)
    traded[minutes.searchsorted(starts[inside])] = volume[inside]
    return Columns(
        minutes, {"volume": np.cumsum(traded), "expiry": np.full(len(minutes), float(expired))}
    )


def joined(sessions: list[Columns]) -> Columns:
    """Return sessions one after the other."""
    return Columns(
        np.concatenate([one.starts for one in sessions]),
        {
            name: np.concatenate([one.values[name] for one in sessions])
            for name in ("volume", "expiry")
        },
    )
