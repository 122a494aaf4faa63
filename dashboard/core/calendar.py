"""When the market trades: the dated truth of calendar.json, and refusal outside of it.

Trading hours are not constants. Each regime of calendar.json lists the windows of a regular
day by segment, INDEX (the cash index) and FNO (its futures and options); holidays and
special sessions are listed by date. Every entry carries its source.

A *trading day* is one that counts: a weekday that is no holiday, or a full weekend session.
Muhurat trading and drills are sessions, but do not count: no expiry is moved to them and no
baseline is built on them.

NSE and BSE keep the same days and hours for these underlyings, so there is one calendar.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from dashboard.core.clock import IST
from dashboard.core.errors import CalendarError
from dashboard.core.expiries import Expiries, Expiry, ExpiryRule, LotRule
from dashboard.core.market import Segment
from dashboard.core.sessions import Phase, Session, Window

__all__ = ["Calendar", "Phase", "Session", "Window", "load_calendar"]

DAY = timedelta(days=1)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Hours = tuple[tuple[Phase, time, time, str], ...]


@dataclass(frozen=True, slots=True)
class Regime:
    """The hours of a regular day from `since` on, and when expiring contracts settle."""

    id: str
    since: date
    expiry_time: time
    hours: Mapping[Segment, Hours]


@dataclass(frozen=True, slots=True)
class Special:
    """A session outside the rules. `hours` is None for a regular day's, () if unknown."""

    kind: str
    name: str
    counts: bool
    hours: Hours | None
    source: str


class Calendar:
    """Answer for every date of the coverage, and raise `CalendarError` for any other.

    Parameters
    ----------
    document : dict
        The content of calendar.json.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        first, last = document["covers"]
        self.version: str = document["version"]
        self.covers = (date.fromisoformat(first), date.fromisoformat(last))
        self._regimes = tuple(_regime(r) for r in document["regimes"])
        self._holidays = {date.fromisoformat(h["day"]): h["name"] for h in document["holidays"]}
        self._special = {date.fromisoformat(s["day"]): _special(s) for s in document["special"]}
        self._fixed = {h["month_day"] for h in document["fixed_holidays"]}
        self._sessions: dict[tuple[date, Segment], Session] = {}
        rules = {k: tuple(_rule(r) for r in v) for k, v in document["expiry_rules"].items()}
        lots = {k: tuple(_lot(r) for r in v) for k, v in document["lots"].items()}
        self._expiries = Expiries(rules, lots, self.covers, self.is_trading_day)

    # -- sessions ------------------------------------------------------------------
    def session(self, day: date, segment: Segment) -> Session:
        """Return what a segment does on a date; no windows on a holiday or weekend.

        Raises
        ------
        CalendarError
            If the date is not covered, or is a special session whose hours are unknown.
        """
        key = (day, Segment(segment))
        if key not in self._sessions:
            self._sessions[key] = self._session(*key)
        return self._sessions[key]

    def phase(self, at: datetime, segment: Segment) -> Phase:
        """Return the phase of an aware instant, whatever its zone."""
        if at.tzinfo is None:
            raise CalendarError(f"{at} has no time zone; give it Asia/Kolkata")
        local = at.astimezone(IST)
        return self.session(local.date(), segment).phase(local)

    def has_session(self, day: date) -> bool:
        """Say whether there is any trading, special sessions of unknown hours included."""
        return self.is_trading_day(day) or day in self._special

    def is_trading_day(self, day: date) -> bool:
        """Say whether the date counts: Muhurat and drills do not, full weekend sessions do."""
        self.check(day)
        if day in self._special:
            return self._special[day].counts
        return day.weekday() < 5 and day not in self._holidays

    def holiday(self, day: date) -> str | None:
        """Return the holiday's name, or None."""
        self.check(day)
        return self._holidays.get(day)

    def previous_trading_day(self, day: date) -> date:
        """Return the last trading day before `day`."""
        return self._walk(day, -DAY)

    def next_trading_day(self, day: date) -> date:
        """Return the first trading day after `day`."""
        return self._walk(day, DAY)

    def check(self, day: date) -> None:
        """Raise `CalendarError` unless the calendar covers `day`."""
        first, last = self.covers
        if not first <= day <= last:
            raise CalendarError(
                f"calendar does not cover {day}: Tezi's covers {first:%Y-%m} to {last:%Y-%m}; "
                "a newer Tezi knows more"
            )

    # -- contracts -------------------------------------------------------------------
    def expiry_instant(self, underlying: str, expiry: date) -> datetime:
        """Return when contracts that expire on `expiry` settle, IST: the T of option maths.

        It is also when they stop trading, which in regime C is before the others do.

        Raises
        ------
        CalendarError
            If the date is not covered or not a trading day: the contract was moved.
        """
        self.check(expiry)
        self._expiries.rule(underlying, expiry)
        if not self.is_trading_day(expiry):
            moved = self.previous_trading_day(expiry)
            raise CalendarError(f"{expiry} is no trading day: what expired then moved to {moved}")
        return datetime.combine(expiry, self._regime(expiry).expiry_time, tzinfo=IST)

    def monthly_expiry(self, underlying: str, year: int, month: int) -> date:
        """Return the date on which the month's contracts expire, holidays considered."""
        return self._expiries.monthly(underlying, year, month).day

    def nominal_monthly_expiry(self, underlying: str, year: int, month: int) -> date:
        """Return a month's expiry as the exchange first lists it, also after the coverage.

        Only weekends and the holidays that have the same date every year are considered. A
        holiday declared later moves it, so inside the coverage ask `monthly_expiry`.
        """
        day = self._expiries.nominal_monthly(underlying, year, month)
        while day.weekday() >= 5 or f"{day:%m-%d}" in self._fixed:
            day -= DAY
        return day

    def expiries(self, underlying: str, from_day: date, count: int) -> tuple[date, ...]:
        """Return the first `count` option expiries on or after `from_day`."""
        self.check(from_day)
        return tuple(e.day for e in self._expiries.next(underlying, from_day, count))

    def is_expiry(self, underlying: str, day: date) -> bool:
        """Say whether options of the underlying expire on `day`."""
        return self.expiry(underlying, day) is not None

    def expiry(self, underlying: str, day: date) -> Expiry | None:
        """Return the expiry that falls on `day` (monthly or weekly, nominal date), or None."""
        self.check(day)
        return self._expiries.on(underlying, day)

    def all_expiries(self, underlying: str) -> tuple[Expiry, ...]:
        """Return every expiry of the underlying inside the coverage, in order."""
        return self._expiries.of(underlying)

    def expiry_rule(self, underlying: str, day: date) -> ExpiryRule:
        """Return the weekdays in force for contracts that nominally expire on `day`."""
        return self._expiries.rule(underlying, day)

    def lot(self, underlying: str, day: date) -> int:
        """Return the units in a lot of the contract that expires on `day`, or next after it."""
        self.check(day)
        return self._expiries.lot(underlying, day)

    # -- how -------------------------------------------------------------------------
    def _session(self, day: date, segment: Segment) -> Session:
        counts = self.is_trading_day(day)
        regime = self._regime(day)
        special = self._special.get(day)
        if special is None:
            hours = regime.hours[segment] if counts else ()
            name = self._holidays.get(day, "")
            return Session(day, segment, regime.id, _windows(day, hours), None, counts, name)
        hours = regime.hours[segment] if special.hours is None else special.hours
        if not hours:
            raise CalendarError(
                f"{day} has a special session ({special.name}) whose hours are unverified: "
                f"{special.source}; a newer Tezi may know them"
            )
        windows = _windows(day, hours)
        return Session(day, segment, regime.id, windows, special.kind, counts, special.name)

    def _regime(self, day: date) -> Regime:
        return next(r for r in reversed(self._regimes) if r.since <= day)

    def _walk(self, day: date, step: timedelta) -> date:
        self.check(day)
        day += step
        while not self.is_trading_day(day):
            day += step
        return day


@cache
def load_calendar() -> Calendar:
    """Return the calendar that Tezi ships, read once."""
    text = files("dashboard.core").joinpath("calendar.json").read_text(encoding="utf-8")
    return Calendar(json.loads(text))


def _windows(day: date, hours: Hours) -> tuple[Window, ...]:
    at = datetime.combine
    return tuple(Window(p, at(day, a, IST), at(day, b, IST), detail) for p, a, b, detail in hours)


def _regime(entry: Mapping[str, Any]) -> Regime:
    hours = {
        Segment(name): tuple(
            (Phase(phase), time.fromisoformat(start), time.fromisoformat(end), detail)
            for phase, start, end, detail in rows
        )
        for name, rows in entry["segments"].items()
    }
    expiry_time = time.fromisoformat(entry["expiry_time"])
    return Regime(entry["id"], date.fromisoformat(entry["from"]), expiry_time, hours)


def _special(entry: Mapping[str, Any]) -> Special:
    rows = entry["windows"]
    hours: Hours | None = None
    if rows is not None:
        read = time.fromisoformat
        hours = tuple((Phase.CONTINUOUS, read(start), read(end), "") for start, end in rows)
    return Special(entry["kind"], entry["name"], entry["counts"], hours, entry["source"])


def _rule(entry: Mapping[str, Any]) -> ExpiryRule:
    weekly = WEEKDAYS.index(entry["weekly"]) if entry["weekly"] else None
    return ExpiryRule(date.fromisoformat(entry["from"]), weekly, WEEKDAYS.index(entry["monthly"]))


def _lot(entry: Mapping[str, Any]) -> LotRule:
    weekly = date.fromisoformat(entry["weekly_from"]) if entry["weekly_from"] else None
    return LotRule(weekly, date.fromisoformat(entry["monthly_from"]), entry["lot"])
