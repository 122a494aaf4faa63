"""The options of a day: their minutes and their open interest."""

import numpy as np

from dashboard.core.market import Floats, Ints
from feeds.mock import activity
from feeds.mock.draws import Stream, generator
from feeds.mock.grid import DayGrid
from feeds.mock.minutes import (
    Extremes,
    Minutes,
    Values,
    extremes,
    last_slots,
    spreads,
    trade_minutes,
)
from feeds.mock.options_surface import Surface
from feeds.mock.prices import Paths
from feeds.mock.units import whole
from feeds.mock.universe import OPTIONS, PAIRS, Contracts

PUT = np.arange(2 * PAIRS) >= PAIRS
THINNESS = np.array([1.0, 1.3, 1.6])  # of spreads, by underlying
DAY_MOVE = 0.008  # a typical day's change of an index


def option_minutes(
    seed: int, grid: DayGrid, paths: Paths, contracts: Contracts, surface: Surface, previous: Ints
) -> Minutes:
    """Return the options' minutes; `previous` closes in ticks."""
    u, rank = contracts.underlying[OPTIONS], contracts.rank[OPTIONS]
    draw = generator(seed, grid.day, Stream.OPTIONS)
    shape = (len(grid.traded), len(u))
    chance = np.stack([draw.standard_normal(shape), draw.random(shape)])
    out = moneyness(surface, grid, paths)
    usual = activity.OPTION_LOTS[u, rank] * activity.option_shape(np.where(PUT, -out, out))
    alive = grid.traded_start_s[:, None] < contracts.expiry_s[OPTIONS]
    lots = np.where(alive, activity.lots_traded(usual, paths.spot, u, chance), 0)
    found = extremes(paths.driver)
    last = last_slots(found, u, lots, draw.random(shape))
    lifted = draw.random((2, *shape)) < 0.5
    values = _values(grid, paths, contracts, surface, found, last)
    thinness: Floats = THINNESS[u] * (1 + rank)
    spread = spreads(values.first, out, thinness)
    none = np.zeros(len(u), np.int64)
    return trade_minutes(
        values, lots, spread, last, ~PUT, lifted, previous, grid.slot_s(), none
    )  # fmt: skip


def moneyness(surface: Surface, grid: DayGrid, paths: Paths) -> Floats:
    """Return ln(K/F) in standard deviations at each minute's start, (t, 2 pairs)."""
    return surface.moneyness(paths.driver[:, :, 0], paths.vix[:, 0], grid.traded_start_s)


def _values(
    grid: DayGrid, paths: Paths, contracts: Contracts, surface: Surface, found: Extremes, last: Ints
) -> Values:
    t, seconds = np.arange(len(grid.traded))[:, None], grid.slot_s()
    u = contracts.underlying
    padded = np.hstack([np.zeros((len(last), OPTIONS.start), np.int64), last])

    def worth(slot: Ints) -> Floats:
        values = surface.values_at(paths.driver[u, t, slot], paths.vix[t, slot], seconds[t, slot])
        return values[:, OPTIONS]

    first = surface.values(paths.driver[:, :, 0], paths.vix[:, 0], grid.traded_start_s)[:, OPTIONS]
    return Values(first, worth(found.highest[u].T), worth(found.lowest[u].T), worth(padded))


def oi_before(seed: int, grid: DayGrid, contracts: Contracts, out: Floats) -> Ints:
    """Return the lots open before the day, given moneyness at the previous close."""
    u, rank = contracts.underlying[OPTIONS], contracts.rank[OPTIONS]
    draw = generator(seed, grid.day, Stream.CONTRACTS)
    side = np.where(PUT, -out, out)
    round_strike = np.where(contracts.strike[OPTIONS] % 500 == 0, 1.6, 1.0)
    spread = np.exp(-0.5 * ((side - 0.8) / 1.3) ** 2) + 0.02
    habit = np.exp(draw.normal(-0.05, 0.3, len(u)))
    lots = activity.OPTION_LOTS[u, rank] * activity.OPTION_OI * spread * round_strike * habit
    return whole(lots) + 1


def option_oi(
    seed: int, grid: DayGrid, paths: Paths, contracts: Contracts, minutes: Minutes,
    before: Ints, close: Floats,
) -> Ints:  # fmt: skip
    """Return lots open at each minute's start and at the end; `close` is log, of the indices."""
    draw = generator(seed, grid.day, Stream.CONTRACTS, 1)
    leaning = draw.normal(0.004, 0.03, len(before))
    rise = (np.log(paths.spot[:, :, -1]) - close[:, None]) / DAY_MOVE
    u = contracts.underlying[OPTIONS]
    expiring = contracts.settling(grid.day)[OPTIONS]
    return activity.option_oi(before, minutes.lots, PUT, rise[u].T, leaning, expiring)
