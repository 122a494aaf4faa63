"""When the front month changes (SIGNALS 0.3).

The front contract is read until its last trading day ends. On that day the next month is
read from the open if it traded more than the front one in the session before; else the
change comes the day after. Where the store does not know both volumes nothing is switched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import day_start_s
from dashboard.core.errors import CalendarError, StoreError
from dashboard.core.market import UNDERLYINGS, Instrument, Source, Universe
from dashboard.core.ports import Store

DAILY = "1d"
RECENT = 3  # stored sessions among which the one before is looked for: a special may lie between


@dataclass(frozen=True)
class Rolls:
    """The underlyings that read their next month already, and those that changed today."""

    switched: frozenset[str]
    rolled: frozenset[str]


def find_rolls(store: Store, universe: Universe, day: date, source: Source) -> Rolls:
    """Return which underlyings of `universe` change their front month on `day`."""
    switched, rolled = set(), set()
    for name in UNDERLYINGS:
        months = universe.futures(name, day)
        if not months:
            continue
        front = front_month(store, months, day, source)
        if front is not months[0]:
            switched.add(name)
        if front is not months[0] or _changed_overnight(store, name, front, day, source):
            rolled.add(name)
    return Rolls(frozenset(switched), frozenset(rolled))


def front_month(
    store: Store, months: Sequence[Instrument], day: date, source: Source
) -> Instrument:
    """Return the contract that is read on `day`; `months` are alive, nearest expiry first."""
    if len(months) < 2 or months[0].expiry != day:
        return months[0]
    yesterday = _trading_day_before(day)
    if yesterday is None:
        return months[0]
    near, after = (_volume(store, one, day, source, yesterday) for one in months[:2])
    return months[1] if after > near else months[0]  # an unknown volume (NaN) is not more


def _volume(store: Store, contract: Instrument, day: date, source: Source, session: date) -> float:
    """Return what a contract traded in a session before `day` [units], NaN if unknown."""
    bars = store.bars_before(day, source, [contract.token], DAILY, RECENT)[contract.token]
    found = bars["volume"][bars["start"] == day_start_s(session)]
    return float(found[0]) if len(found) else float("nan")


def _changed_overnight(
    store: Store, name: str, front: Instrument, day: date, source: Source
) -> bool:
    """Say whether another contract than `front` was read in the session before `day`."""
    yesterday = _trading_day_before(day)
    if yesterday is None or not expired_yesterday(name, day):
        return False
    try:
        months = store.universe(yesterday, source).futures(name, yesterday)
    except StoreError:
        return True
    if not months:
        return True
    return front_month(store, months, yesterday, source).expiry != front.expiry


def _trading_day_before(day: date) -> date | None:
    try:
        return load_calendar().previous_trading_day(day)
    except CalendarError:
        return None


def expired_yesterday(name: str, day: date) -> bool:
    """Say whether a month of an underlying expired on the trading day before `day`."""
    yesterday = _trading_day_before(day)
    return yesterday in monthly_expiries(name)


@cache
def monthly_expiries(name: str) -> frozenset[date]:
    """Return the days on which months of an underlying expire, as far as they are known."""
    return frozenset(e.day for e in load_calendar().all_expiries(name) if e.monthly)
