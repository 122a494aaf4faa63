"""The 442 instruments of a generated day, and what pricing them needs, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

import numpy as np

from dashboard.core.calendar import Calendar
from dashboard.core.clock import IST, SECOND_NS, to_ns
from dashboard.core.market import UNDERLYINGS, Floats, Instrument, Ints, Kind
from dashboard.core.roots import ROOTS
from dashboard.core.symbols import format_symbol, make_token

STEPS = np.array([50.0, 100.0, 100.0])  # INR between strikes, by underlying
STRIKES = 36  # of each expiry
EXPIRIES = 2  # the nearest ones of each underlying
FUTURES = 2  # near and next month
PAIRS = len(UNDERLYINGS) * EXPIRIES * STRIKES  # a pair: call and put of one strike
N_FUTURES = len(UNDERLYINGS) * FUTURES
CALLS = slice(N_FUTURES, N_FUTURES + PAIRS)
PUTS = slice(N_FUTURES + PAIRS, N_FUTURES + 2 * PAIRS)
OPTIONS = slice(N_FUTURES, N_FUTURES + 2 * PAIRS)
LATE = time(15, 30)  # when contracts settle that expire after the calendar's coverage


@dataclass(frozen=True)
class Contracts:
    """What trades besides the indices, n rows: six futures, then calls, then puts.

    Futures go by underlying, near before next; calls and puts by underlying, expiry and
    strike. `rank` is 0 for the near contract and 1 for the next. `expiry_s` is the expiry
    instant in seconds since the epoch. `strike` is NaN for futures.
    """

    instruments: tuple[Instrument, ...]
    underlying: Ints
    rank: Ints
    expiry_s: Ints
    strike: Floats
    lot: Ints
    token: Ints

    def __len__(self) -> int:
        return len(self.instruments)

    def settling(self, day: date) -> np.ndarray:
        """Return which contracts expire on `day`."""
        return np.array([i.expiry == day for i in self.instruments])


def contracts(day: date, close: Floats, calendar: Calendar) -> Contracts:
    """Return the day's futures and options, strikes centred on the previous `close`, (3,)."""
    rows = [
        _contract(name, expiry, None, Kind.FUTURE, calendar)
        for name in UNDERLYINGS
        for expiry in monthly_expiries(name, day, FUTURES, calendar)
    ]
    for kind in (Kind.CALL, Kind.PUT):
        for u, name in enumerate(UNDERLYINGS):
            strikes = strike_ladder(close[u], STEPS[u])
            for expiry in option_expiries(name, day, calendar):
                rows += [_contract(name, expiry, k, kind, calendar) for k in strikes]
    return _columns(_distinct(rows), calendar)


def strike_ladder(close: float, step: float) -> list[float]:
    """Return the strikes, half of them at or below the close."""
    middle = np.floor(close / step)
    return [float(step * (middle + k)) for k in range(1 - STRIKES // 2, STRIKES // 2 + 1)]


def monthly_expiries(name: str, day: date, count: int, calendar: Calendar) -> list[date]:
    """Return the first monthly expiries on or after `day`, beyond the coverage nominal ones."""
    found = [e.day for e in calendar.all_expiries(name) if e.monthly and e.day >= day][:count]
    year, month = calendar.covers[1].year, calendar.covers[1].month
    while len(found) < count:
        year, month = year + month // 12, month % 12 + 1
        found.append(calendar.nominal_monthly_expiry(name, year, month))
    return found


def option_expiries(name: str, day: date, calendar: Calendar) -> list[date]:
    """Return the nearest expiries of any kind; `CalendarError` before there were any."""
    calendar.expiry_rule(name, day)
    inside = [e.day for e in calendar.all_expiries(name) if e.day >= day][:EXPIRIES]
    later = [e for e in monthly_expiries(name, day, FUTURES + 1, calendar) if e not in inside]
    return (inside + later)[:EXPIRIES]


def settles_s(name: str, expiry: date, calendar: Calendar) -> int:
    """Return the expiry instant in seconds since the epoch."""
    if expiry > calendar.covers[1]:
        at = datetime.combine(expiry, LATE, tzinfo=IST)
    else:
        at = calendar.expiry_instant(name, expiry)
    return to_ns(at) // SECOND_NS


def _contract(
    name: str, expiry: date, strike: float | None, kind: Kind, calendar: Calendar
) -> Instrument:
    symbol = format_symbol(name, expiry, strike, kind, calendar)
    exchange = ROOTS[name].exchange
    lot = calendar.lot(name, min(expiry, calendar.all_expiries(name)[-1].day))
    token = make_token(symbol, exchange)
    return Instrument(token, symbol, exchange, name, kind, expiry, strike, lot)


def _distinct(rows: Sequence[Instrument]) -> tuple[Instrument, ...]:
    """Return the rows with a free token for the second of two that share one."""
    taken: set[int] = set()
    free = []
    for row in rows:
        token = row.token
        while token in taken:
            token = (token + 256) & 0x7FFFFFFF
        taken.add(token)
        free.append(row if token == row.token else replace(row, token=token))
    return tuple(free)


def _columns(rows: tuple[Instrument, ...], calendar: Calendar) -> Contracts:
    futures = np.tile(np.arange(FUTURES), len(UNDERLYINGS))
    options = np.repeat(np.tile(np.arange(EXPIRIES), 2 * len(UNDERLYINGS)), STRIKES)
    dates = {(i.underlying, i.expiry) for i in rows if i.expiry}
    instant = {(name, day): settles_s(name, day, calendar) for name, day in dates}
    return Contracts(
        instruments=rows,
        underlying=np.array([UNDERLYINGS.index(i.underlying) for i in rows]),
        rank=np.concatenate([futures, options]),
        expiry_s=np.array([instant[i.underlying, i.expiry] for i in rows if i.expiry]),
        strike=np.array([np.nan if i.strike is None else i.strike for i in rows]),
        lot=np.array([i.lot for i in rows]),
        token=np.array([i.token for i in rows]),
    )
