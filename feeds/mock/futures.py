"""The futures of a day: their minutes and their open interest."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from dashboard.core.calendar import Calendar, Phase
from dashboard.core.market import UNDERLYINGS, Floats, Ints
from feeds.mock import activity
from feeds.mock.draws import Stream, generator
from feeds.mock.grid import DayGrid
from feeds.mock.minutes import (
    Extremes,
    Minutes,
    Values,
    bid,
    extremes,
    last_slots,
    trade_minutes,
)
from feeds.mock.options_surface import CARRY, YEAR_S
from feeds.mock.prices import Paths
from feeds.mock.units import TICK, whole
from feeds.mock.universe import N_FUTURES, monthly_expiries

SPREAD = 2.0e-5  # of the price, near month; the next month's is three times as wide


@dataclass(frozen=True)
class Months:
    """Futures as columns: underlying, rank (0 near, 1 next), expiry and its instant."""

    underlying: Ints
    rank: Ints
    expiry: tuple[date, ...]
    expiry_s: Ints

    @property
    def row(self) -> Ints:
        """Return each one's place among the six of a day, where its random numbers are."""
        return 2 * self.underlying + self.rank

    def near(self) -> "Months":
        """Return the near month of each underlying."""
        rows = np.flatnonzero(self.rank == 0)
        expiry = tuple(self.expiry[i] for i in rows)
        return Months(self.underlying[rows], self.rank[rows], expiry, self.expiry_s[rows])

    def on(self, day: date, calendar: Calendar) -> "Months":
        """Return the same contracts with the ranks they had on an earlier day."""
        rank = [
            expiry != monthly_expiries(UNDERLYINGS[u], day, 1, calendar)[0]
            for u, expiry in zip(self.underlying, self.expiry, strict=True)
        ]
        return replace(self, rank=np.array(rank, dtype=np.int64))


def future_minutes(
    seed: int, grid: DayGrid, paths: Paths, months: Months, previous: Ints | None
) -> Minutes:
    """Return the futures' minutes; `previous` closes in ticks, the first value if None."""
    draw = generator(seed, grid.day, Stream.FUTURES)
    minutes, n = len(grid.traded), N_FUTURES
    chance = np.stack([draw.standard_normal((minutes, n)), draw.random((minutes, n))])
    slot, lifted = draw.random((minutes, n)), draw.random((2, minutes, n)) < 0.5
    chance, slot, lifted = chance[..., months.row], slot[:, months.row], lifted[..., months.row]
    usual = activity.FUTURE_LOTS[months.underlying, months.rank]
    alive = grid.traded_start_s[:, None] < months.expiry_s
    lots = activity.lots_traded(
        np.broadcast_to(usual, slot.shape), paths.spot, months.underlying, chance
    )
    lots = np.where(alive, lots, 0)
    found = extremes(paths.driver)
    last = last_slots(found, months.underlying, lots, slot)
    values = _values(grid, paths, months, found, last)
    wide = values.first / TICK * SPREAD * (1 + 2 * months.rank)
    spread = whole(np.maximum(wide, 1))
    if previous is None:
        previous = bid(values.first, spread)[0]
    has_auction = Phase.PRE_OPEN in grid.fno
    auction = np.where(months.rank == 0, np.floor(usual * activity.AUCTION_MINUTES), 0)
    return trade_minutes(
        values, lots, spread, last, np.ones(len(usual), bool), lifted, previous, grid.slot_s(),
        whole(auction * has_auction),
    )  # fmt: skip


def _values(grid: DayGrid, paths: Paths, months: Months, found: Extremes, last: Ints) -> Values:
    t, u = np.arange(len(grid.traded))[:, None], months.underlying
    slots = (np.zeros_like(last), found.highest[u].T, found.lowest[u].T, last)
    seconds = grid.slot_s()

    def worth(slot: Ints) -> Floats:
        years = np.maximum(months.expiry_s - seconds[t, slot], 1) / YEAR_S
        value: Floats = paths.driver[u, t, slot] * np.exp(CARRY * years)
        return value

    return Values(*(worth(s) for s in slots))


def future_oi(seed: int, day: date, before: date, months: Months, minutes: Minutes) -> Ints:
    """Return lots open at each minute's start and at the end, (t + 1, n).

    It begins where the session of the date `before` ended.
    """
    count = len(months.underlying)
    levels = [
        np.array([
            activity.future_oi_levels(seed, at, [months.expiry[i]] * 3)[months.underlying[i]]
            for i in range(count)
        ])
        for at in (before, day)
    ]  # fmt: skip
    draw = generator(seed, day, Stream.FUTURES, 1)
    leaning = draw.normal(0, 0.05, N_FUTURES)[months.row]
    return activity.future_oi(levels[0], levels[1], minutes.lots, leaning)
