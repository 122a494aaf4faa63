"""Trading symbols of derivatives: read, written, and a token where no dump gives one.

    ROOT YY MMM  FUT | STRIKE CE|PE      monthly: expires on the month's monthly expiry
    ROOT YY M DD STRIKE CE|PE            weekly: M is 1..9, O, N or D; no weekly futures

The instruments dump of the day is the authority; this is for replayed files and for what
people type. A text with no valid reading, or with two, is refused, never guessed.

Source: the exchanges' spelling as Kite prints it. A moved expiry carries its actual date.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from dashboard.core.calendar import Calendar, load_calendar
from dashboard.core.errors import CalendarError, SymbolError
from dashboard.core.market import Kind
from dashboard.core.roots import ROOTS, Root

HIGHEST_STRIKE = 250_000  # INR; above it the text is another vendor's spelling
REFERENCE_BAND = 0.60  # a strike is at most this share away from a known price
LONG_DATED_YEARS = 5  # contracts are listed at most this far ahead
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_CODES = "123456789OND"
SEGMENT_CODES = {"NFO": 2, "BFO": 5}  # the low byte of Kite's tokens

_EXPIRY = re.compile(
    rf"(?P<year>\d\d)(?:(?P<month>{'|'.join(MONTHS)})|(?P<week>[1-9OND]\d\d))", re.ASCII
)
_TAIL = re.compile(r"FUT|(?P<strike>[1-9]\d*(?:\.\d{1,2})?)(?P<kind>CE|PE)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a trading symbol says.

    `strike` is INR, None for a future. `tentative` marks an expiry after the calendar's
    coverage: a holiday declared later would move it.
    """

    text: str
    exchange: str
    underlying: str
    expiry: date
    strike: float | None
    kind: Kind
    tentative: bool = False


def parse_symbol(
    text: str,
    exchange: str | None = None,
    *,
    calendar: Calendar | None = None,
    roots: Mapping[str, Root] = ROOTS,
    reference: float | None = None,
) -> Symbol:
    """Return what a symbol such as ``NIFTY26N0918150CE`` says.

    Parameters
    ----------
    text : str
        As Kite writes it: upper case, no blanks.
    exchange : str, optional
        NFO or BFO, checked against the root's own.
    calendar : Calendar, optional
        The one that Tezi ships if not given.
    roots : mapping, optional
        Known names; all of `dashboard.core.roots` if not given.
    reference : float, optional
        A price of the underlying [INR]: strikes more than 60 % away are refused.

    Raises
    ------
    SymbolError
        If there is no valid reading, or more than one.
    """
    tidy = text.strip().upper()
    known = sorted((r for r in roots if tidy.startswith(r)), key=len, reverse=True)
    if not known:
        raise SymbolError(f"{text!r}: it begins with no known underlying")
    if tidy != text:
        raise SymbolError(f"{text!r}: symbols are upper case without blanks; write {tidy}")
    dates = calendar or load_calendar()
    readings, reasons = [], []
    for name in known:
        try:
            readings.append(_read(text, name, roots[name], dates))
        except (SymbolError, CalendarError) as error:
            reasons.append(str(error))
    if not readings:
        raise SymbolError(f"{text}: {reasons[0]}")
    if len(readings) > 1:
        both = " or ".join(f"{r.underlying} expiring {r.expiry}" for r in readings)
        raise SymbolError(f"{text}: ambiguous, it can be {both}")
    _check_exchange(readings[0], exchange)
    _check_reference(readings[0], reference)
    return readings[0]


def format_symbol(
    underlying: str, expiry: date, strike: float | None, kind: Kind | str, calendar: Calendar
) -> str:
    """Return the symbol of a contract, in monthly or weekly spelling as its expiry demands.

    Raises
    ------
    SymbolError
        If nothing of the underlying expires on that date, or there is no such future.
    """
    root = ROOTS.get(underlying)
    if root is None:
        raise SymbolError(f"unknown underlying {underlying!r}")
    kind = Kind(kind)
    tail = _tail(kind, strike)
    month = _monthly_of(root, expiry, calendar)
    if month is not None:
        return f"{underlying}{month:%y}{MONTHS[month.month - 1]}{tail}"
    if kind is Kind.FUTURE:
        raise SymbolError(
            f"no {underlying} future expires on {expiry}: weekly futures do not exist"
        )
    try:
        _check_weekly(root, expiry, calendar)
    except CalendarError as error:
        raise SymbolError(f"{underlying} {expiry}: {error}") from error
    return f"{underlying}{expiry:%y}{MONTH_CODES[expiry.month - 1]}{expiry:%d}{tail}"


def make_token(symbol: str, exchange: str) -> int:
    """Return a token for a contract whose dump is not at hand, the same on every machine.

    It has the shape of Kite's own, ``exchange_token << 8 | segment``, with the CRC-32 of the
    symbol, cut to 23 bits so that it fits the wire's signed integers, in place of the
    exchange's number. Two of 450 contracts collide with a probability of about 1 %; a
    `Universe` refuses such a pair.
    """
    if exchange not in SEGMENT_CODES:
        raise SymbolError(f"{symbol}: no derivatives on {exchange!r}; use NFO or BFO")
    return (crc32(symbol.encode()) & 0x7FFFFF) << 8 | SEGMENT_CODES[exchange]


def _read(text: str, name: str, root: Root, calendar: Calendar) -> Symbol:
    rest = text[len(name) :]
    when = _EXPIRY.match(rest)
    if when is None:
        raise SymbolError(
            f"after {name} comes YY and then a month (NOV) or a week (N04, with O N D for "
            f"October to December), not {rest[:5]!r}"
        )
    tail = _TAIL.fullmatch(rest[when.end() :])
    if tail is None:
        raise SymbolError(
            f"it must end in FUT, or a strike and CE or PE, not {rest[when.end() :]!r}"
        )
    kind = Kind(tail["kind"] or Kind.FUTURE)
    strike = float(tail["strike"]) if tail["strike"] else None
    _check_strike(strike, root)
    year = 2000 + int(when["year"])
    if when["month"]:
        expiry = _month_expiry(root, year, MONTHS.index(when["month"]) + 1, calendar)
    else:
        expiry = _week_expiry(root, year, when["week"], kind, calendar)
    tentative = expiry > calendar.covers[1]
    return Symbol(text, root.exchange, name, expiry, strike, kind, tentative)


def _month_expiry(root: Root, year: int, month: int, calendar: Calendar) -> date:
    last = calendar.covers[1]
    if year <= last.year:
        return calendar.monthly_expiry(root.rules, year, month)
    if year > last.year + LONG_DATED_YEARS:
        raise SymbolError(f"no contract is listed as far ahead as {year}")
    return calendar.nominal_monthly_expiry(root.rules, year, month)


def _week_expiry(root: Root, year: int, week: str, kind: Kind, calendar: Calendar) -> date:
    month, day = MONTH_CODES.index(week[0]) + 1, int(week[1:])
    try:
        expiry = date(year, month, day)
    except ValueError:
        raise SymbolError(f"{year}-{month:02}-{day:02} is no date") from None
    if kind is Kind.FUTURE:
        raise SymbolError("weekly futures do not exist")
    _check_weekly(root, expiry, calendar)
    return expiry


def _check_weekly(root: Root, expiry: date, calendar: Calendar) -> None:
    """Refuse a date on which no weekly contract expires.

    The nominal date passes even where a holiday, declared after the contract was listed,
    moved the expiry: recordings from before the declaration carry it (SENSEX26115).
    """
    rule = calendar.expiry_rule(root.rules, expiry)
    if rule.weekly is None:
        raise SymbolError(f"it has no weekly contracts in {expiry:%B %Y}")
    if expiry > calendar.covers[1]:
        if expiry.year > calendar.covers[1].year + 1 or expiry.weekday() > rule.weekly:
            raise SymbolError(f"no weekly contract expires on {expiry:%A} {expiry}")
        return
    calendar.check(expiry)
    near = [e for e in calendar.all_expiries(root.rules) if expiry in (e.day, e.nominal)]
    if not near:
        raise SymbolError(f"no weekly contract expires on {expiry:%A} {expiry}")
    if all(e.monthly for e in near):
        spelled = f"{near[0].nominal:%y}{MONTHS[near[0].nominal.month - 1]}"
        raise SymbolError(f"{expiry} is a monthly expiry, spelled {spelled}")


def _monthly_of(root: Root, expiry: date, calendar: Calendar) -> date | None:
    """Return a date in the month whose monthly contracts expire on `expiry`, or None."""
    try:
        if expiry > calendar.covers[1]:
            nominal = calendar.nominal_monthly_expiry(root.rules, expiry.year, expiry.month)
            return expiry if expiry == nominal else None
        found = calendar.expiry(root.rules, expiry)
    except CalendarError as error:
        raise SymbolError(str(error)) from error
    return found.nominal if found and found.monthly else None


def _tail(kind: Kind, strike: float | None) -> str:
    if kind is Kind.FUTURE:
        if strike is not None:
            raise SymbolError(f"a future has no strike, and {strike} was given")
        return "FUT"
    if kind not in (Kind.CALL, Kind.PUT) or strike is None or strike <= 0:
        raise SymbolError(f"an option needs CE or PE and a strike, not {kind} and {strike}")
    return f"{strike:.2f}".rstrip("0").rstrip(".") + kind


def _check_strike(strike: float | None, root: Root) -> None:
    if strike is None:
        return
    if strike > HIGHEST_STRIKE:
        raise SymbolError(
            f"strike {strike:.0f} is above {HIGHEST_STRIKE}; is it another vendor's "
            f"day-month-year spelling? Kite writes the year first"
        )
    if root.step and strike % root.step:
        raise SymbolError(f"strike {strike:g} is not a multiple of {root.step:g}")


def _check_exchange(symbol: Symbol, exchange: str | None) -> None:
    if exchange is not None and exchange != symbol.exchange:
        raise SymbolError(
            f"{symbol.text}: {symbol.underlying} trades on {symbol.exchange}, not {exchange}"
        )


def _check_reference(symbol: Symbol, reference: float | None) -> None:
    if reference is None or symbol.strike is None:
        return
    if abs(symbol.strike / reference - 1) > REFERENCE_BAND:
        raise SymbolError(
            f"{symbol.text}: strike {symbol.strike:g} is more than "
            f"{REFERENCE_BAND:.0%} away from {reference:g}"
        )
