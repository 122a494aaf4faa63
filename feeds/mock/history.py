"""One-minute bars of the sessions before a generated day, to warm signals up."""

from datetime import date, timedelta
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.market import Floats, Ints
from dashboard.core.ports import BAR_DTYPE
from feeds.mock import futures
from feeds.mock.activity import published
from feeds.mock.day import (
    VIX_EVERY,
    IndexDay,
    Plan,
    index_day,
    months_of,
    session_paths,
)
from feeds.mock.grid import SLOTS, DayGrid, day_grid
from feeds.mock.messages import TOKENS
from feeds.mock.prices import closing_levels, log_close
from feeds.mock.ticks import SEEN
from feeds.mock.units import PAISE, TICK_PAISE

Bars = npt.NDArray[np.void]
VIX_ROW = 3


def bars_before(plan: Plan, calendar: Calendar, sessions: int) -> dict[int, Bars]:
    """Return bars of the last `sessions` sessions before the plan's day, by token."""
    levels = closing_levels(plan.seed)
    days = trading_days_before(plan.grid.day, sessions + 1, calendar)
    parts = [_session(plan, day, before, levels, calendar) for day, before in pairwise(days)]
    tokens = parts[0] if parts else ()
    return {token: np.concatenate([p[token] for p in reversed(parts)]) for token in tokens}


def trading_days_before(day: date, count: int, calendar: Calendar) -> list[date]:
    """Return up to `count` trading days, latest first; fewer where the coverage begins."""
    earlier = (day - timedelta(days=n + 1) for n in range((day - calendar.covers[0]).days))
    return list(islice((d for d in earlier if calendar.is_trading_day(d)), count))


def _session(
    plan: Plan, day: date, before: date, levels: Floats, calendar: Calendar
) -> dict[int, Bars]:
    grid = day_grid(day, calendar)
    paths = session_paths(plan.seed, grid, levels, calendar)
    index = index_day(grid, paths, log_close(levels, before))
    months = months_of(plan.contracts).near().on(day, calendar)
    minutes = futures.future_minutes(plan.seed, grid, paths, months, None)
    oi = published(futures.future_oi(plan.seed, day, before, months, minutes))
    near = plan.contracts
    columns = 2 * months.underlying
    found = {int(token): _index_bars(grid, index, row) for row, token in enumerate(TOKENS)}
    for at, row in enumerate(columns):
        lot = int(near.lot[row])
        prices = np.stack(
            [x[:, at] for x in (minutes.open, minutes.high, minutes.low, minutes.close)]
        )
        bars = _bars(
            int(near.token[row]), grid.traded_start_s, prices * TICK_PAISE / PAISE,
            minutes.lots[:, at] * lot, oi[:, at] * lot, SLOTS * SEEN // 256,
        )  # fmt: skip
        found[int(near.token[row])] = bars[minutes.lots[:, at] > 0]
    return found


def _index_bars(grid: DayGrid, index: IndexDay, row: int) -> Bars:
    step = VIX_EVERY if row == VIX_ROW else 1
    price = index.price[row, : grid.index_minutes, ::step] / PAISE
    prices = np.stack([price[:, 0], price.max(axis=1), price.min(axis=1), price[:, -1]])
    starts = grid.traded_start_s[: grid.index_minutes]
    return _bars(int(TOKENS[row]), starts, prices, np.nan, np.nan, SLOTS // step)


def _bars(
    token: int, starts: Ints, prices: Floats, volume: Ints | float, oi: Ints | float, n: int
) -> Bars:
    bars = np.zeros(len(starts), BAR_DTYPE)
    bars["token"], bars["start"], bars["n"] = token, starts, n
    for name, column in zip(("open", "high", "low", "close"), prices, strict=True):
        bars[name] = column
    bars["volume"], bars["oi"], bars["average_price"] = volume, oi, np.nan
    return bars
