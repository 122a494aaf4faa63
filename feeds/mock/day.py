"""A generated day as decided before its first tick: instruments, paths, minutes, OI."""

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from dashboard.core.calendar import Calendar
from dashboard.core.market import INDICES, UNDERLYINGS, VIX, Floats, Instrument, Ints, Universe
from feeds.mock import activity, futures, options
from feeds.mock.grid import DayGrid, day_grid
from feeds.mock.minutes import Extremes, Minutes, extremes
from feeds.mock.options_surface import Surface
from feeds.mock.prices import Paths, closing_levels, day_paths, log_close
from feeds.mock.units import PAISE, TICK, TICK_PAISE, whole
from feeds.mock.universe import N_FUTURES, OPTIONS, Contracts, contracts

QUOTED = (*UNDERLYINGS, VIX)  # the four index packets, in this order
VIX_EVERY = 2  # slots: the VIX has a new value once a second
Paise = Ints


@dataclass(frozen=True)
class IndexDay:
    """What the four indices publish, paise, (4, t, SLOTS); frozen once their trading ends."""

    price: Paise
    high: Paise
    low: Paise
    open: Paise  # (4,)
    close: Paise  # (4,) of the previous session


@dataclass(frozen=True)
class Plan:
    """Everything decided of a day. t traded minutes, n futures and options.

    `oi` is what the public sees at the end of each minute, in lots, (t, n), and
    `oi_before` before the first.
    """

    seed: int
    grid: DayGrid
    contracts: Contracts
    universe: Universe
    surface: Surface
    paths: Paths
    index: IndexDay
    minutes: Minutes
    extremes: Extremes
    oi: Ints
    oi_before: Ints
    previous: Ints  # closes of futures and options in ticks
    before: DayGrid  # the previous session


def plan_day(day: date, seed: int, calendar: Calendar) -> Plan:
    """Return the plan of a day, which depends on the day and the seed alone."""
    grid = day_grid(day, calendar)
    before = day_grid(calendar.previous_trading_day(day), calendar)
    levels = closing_levels(seed)
    close = log_close(levels, before.day)
    listed = contracts(day, np.exp(close[:3]), calendar)
    surface, months = Surface(listed), months_of(listed)
    old = session_paths(seed, before, levels, calendar)
    paths = session_paths(seed, grid, levels, calendar)
    end = (old.driver[:, -1, -1:], old.vix[-1, -1:], np.array([before.close_s]))
    known = months.on(before.day, calendar)
    previous = np.concatenate([
        futures.future_minutes(seed, before, old, known, None).last[-1],
        np.maximum(whole(surface.values(*end)[0, OPTIONS] / TICK), 1),
    ])  # fmt: skip
    of_futures = futures.future_minutes(seed, grid, paths, months, previous[:N_FUTURES])
    of_options = options.option_minutes(seed, grid, paths, listed, surface, previous[OPTIONS])
    written = options.oi_before(seed, grid, listed, surface.moneyness(*end)[0])
    oi = np.hstack([
        futures.future_oi(seed, day, before.day, months, of_futures),
        options.option_oi(seed, grid, paths, listed, of_options, written, close[:3]),
    ])  # fmt: skip
    index = index_day(grid, paths, close)
    return Plan(
        seed, grid, listed, _universe(listed, previous, oi[0], index), surface, paths, index,
        _joined(of_futures, of_options), extremes(paths.driver), activity.published(oi), oi[0],
        previous, before,
    )  # fmt: skip


def session_paths(seed: int, grid: DayGrid, levels: Floats, calendar: Calendar) -> Paths:
    """Return the paths of any session, tied to its own and the previous close."""
    before = log_close(levels, calendar.previous_trading_day(grid.day))
    return day_paths(seed, grid, before, log_close(levels, grid.day))


def index_day(grid: DayGrid, paths: Paths, close: Floats) -> IndexDay:
    """Return what the indices publish; `close` is the previous row of `log_close`."""
    ticks = whole(paths.spot / TICK) * TICK_PAISE
    fear = whole(np.repeat(paths.vix[:, ::VIX_EVERY], VIX_EVERY, axis=1) * PAISE)
    price = np.concatenate([ticks, fear[None]])
    price[:, grid.index_minutes :] = price[:, grid.index_minutes - 1, -1][:, None, None]
    flat = price.reshape(4, -1)
    high = np.maximum.accumulate(flat, axis=1).reshape(price.shape)
    low = np.minimum.accumulate(flat, axis=1).reshape(price.shape)
    before = whole(np.exp(close) * PAISE)
    return IndexDay(price, high, low, flat[:, 0], before)


def months_of(listed: Contracts) -> futures.Months:
    """Return the day's six futures as columns."""
    rows = slice(0, N_FUTURES)
    expiry = tuple(i.expiry for i in listed.instruments[rows] if i.expiry)
    return futures.Months(
        listed.underlying[rows], listed.rank[rows], expiry, listed.expiry_s[rows]
    )  # fmt: skip


def _universe(listed: Contracts, previous: Ints, oi: Ints, index: IndexDay) -> Universe:
    rows: list[Instrument] = [
        replace(INDICES[name], previous_close=float(close) / PAISE)
        for name, close in zip(QUOTED, index.close, strict=True)
    ]
    for i, instrument in enumerate(listed.instruments):
        close = float(previous[i] * TICK_PAISE) / PAISE
        units = float(oi[i] * instrument.lot)
        rows.append(replace(instrument, previous_close=close, previous_oi=units))
    return Universe(tuple(rows))


def _joined(a: Minutes, b: Minutes) -> Minutes:
    parts = {f.name: (getattr(a, f.name), getattr(b, f.name)) for f in fields(Minutes)}
    return Minutes(**{name: np.concatenate(p, axis=-1) for name, p in parts.items()})
