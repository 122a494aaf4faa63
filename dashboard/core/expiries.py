"""When contracts expire, and their lots: dated rules applied to the trading days.

A rule names a weekday for weekly and monthly contracts. The nominal date is that weekday
(the month's last one for monthly contracts); if it is no trading day, the contract expires
on the trading day before. The calendar week that holds a monthly expiry has no weekly one.

Source: contract specifications of NSE and BSE; each rule in calendar.json names its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard.core.errors import CalendarError

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """The weekdays (Monday is 0) in force from a date on; weekly is None if not listed."""

    since: date
    weekly: int | None
    monthly: int


@dataclass(frozen=True, slots=True)
class LotRule:
    """Units in a lot, for contracts that expire on or after these dates."""

    weekly_from: date | None
    monthly_from: date
    lot: int


@dataclass(frozen=True, slots=True)
class Expiry:
    """One expiry date: `nominal` is the rule's weekday, `day` the trading day it fell on."""

    day: date
    nominal: date
    monthly: bool


class Expiries:
    """All expiries and lots of the calendar's coverage, by underlying."""

    def __init__(
        self,
        rules: Mapping[str, Sequence[ExpiryRule]],
        lots: Mapping[str, Sequence[LotRule]],
        covers: tuple[date, date],
        trades: Callable[[date], bool],
    ) -> None:
        self._rules = rules
        self._lots = lots
        self._covers = covers
        self._trades = trades
        self._table = {name: tuple(self._walk(name)) for name in rules}

    def underlyings(self) -> tuple[str, ...]:
        """Return every name that has expiry rules."""
        return tuple(self._rules)

    def rule(self, underlying: str, day: date) -> ExpiryRule:
        """Return the rule in force for contracts that nominally expire on `day`.

        Raises
        ------
        CalendarError
            If the underlying is unknown or had no rule then.
        """
        if underlying not in self._rules:
            known = ", ".join(self._rules)
            raise CalendarError(f"no expiry rules for {underlying}; there are some for {known}")
        found = [r for r in self._rules[underlying] if r.since <= day]
        if not found:
            raise CalendarError(f"no expiry rule of {underlying} reaches back to {day}")
        return found[-1]

    def monthly(self, underlying: str, year: int, month: int) -> Expiry:
        """Return the monthly expiry of a month inside the coverage."""
        self.rule(underlying, last_day(year, month))
        for expiry in self._table[underlying]:
            if expiry.monthly and (expiry.nominal.year, expiry.nominal.month) == (year, month):
                return expiry
        raise CalendarError(
            f"calendar does not cover the {underlying} expiry of {year}-{month:02}; "
            f"it covers {self._covers[0]} to {self._covers[1]}"
        )

    def nominal_monthly(self, underlying: str, year: int, month: int) -> date:
        """Return the month's nominal expiry date, whatever holidays say, also beyond coverage."""
        end = last_day(year, month)
        return end - DAY * ((end.weekday() - self.rule(underlying, end).monthly) % 7)

    def on(self, underlying: str, day: date) -> Expiry | None:
        """Return the expiry that falls on `day`, or None."""
        return next((e for e in self.of(underlying) if e.day == day), None)

    def of(self, underlying: str) -> tuple[Expiry, ...]:
        """Return all expiries of an underlying inside the coverage, in order."""
        self.rule(underlying, self._covers[1])
        return self._table[underlying]

    def next(self, underlying: str, day: date, count: int) -> tuple[Expiry, ...]:
        """Return the first `count` expiries on or after `day`.

        Raises
        ------
        CalendarError
            If the coverage ends before there are that many.
        """
        table = self.of(underlying)
        at = bisect_left(table, day, key=lambda e: e.day)
        if at + count > len(table):
            raise CalendarError(
                f"calendar does not cover {count} {underlying} expiries from {day}; "
                f"Tezi's ends at {self._covers[1]}; a newer Tezi knows more"
            )
        return table[at : at + count]

    def lot(self, underlying: str, day: date) -> int:
        """Return the units in a lot of the contract that expires on `day`, or next after it."""
        expiry = self.next(underlying, day, 1)[0]
        for rule in reversed(self._lots.get(underlying, ())):
            since = rule.monthly_from if expiry.monthly else rule.weekly_from
            if since is not None and since <= expiry.day:
                return rule.lot
        raise CalendarError(
            f"no lot of {underlying} is known for {expiry.day}: take it from the instruments dump"
        )

    def _walk(self, underlying: str) -> Iterator[Expiry]:
        first, last = self._covers
        day = max(first, self._rules[underlying][0].since)
        while day <= last:
            kind = self._nominal_kind(underlying, day)
            if kind is not None:
                yield Expiry(self._shifted(day), day, monthly=kind == "monthly")
            day += DAY

    def _nominal_kind(self, underlying: str, day: date) -> str | None:
        if day == self.nominal_monthly(underlying, day.year, day.month):
            return "monthly"
        if day.weekday() != self.rule(underlying, day).weekly:
            return None
        monday, first = day - DAY * day.weekday(), self._rules[underlying][0].since
        week = [d for d in (monday + DAY * n for n in range(5)) if d >= first]
        taken = any(d == self.nominal_monthly(underlying, d.year, d.month) for d in week)
        return None if taken else "weekly"

    def _shifted(self, nominal: date) -> date:
        day = nominal
        while not self._trades(day):
            day -= DAY
        return day


def last_day(year: int, month: int) -> date:
    """Return the last date of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - DAY
