"""Where the three indices and the VIX go: from day to day, and within a day.

Each date has a closing level, a random walk round a slow trend::

    log L_d = trend_d + x_d,   x_d = a * x_(d-1) + e_d

over all dates, so that a weekend moves the market three times as much as a night. A day
opens with a gap and ends at its level: in between runs a walk on half-seconds, common and
own parts, with a U-shaped variance and two regimes that take turns, *trend* (a drift) and
*range* (a pull back to where the regime began), tied to the closing level as a bridge. The
VIX falls as NIFTY rises and returns to its mean.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from dashboard.core.market import Floats
from feeds.mock.draws import Stream, generator, remembering
from feeds.mock.grid import SLOTS, DayGrid
from feeds.mock.units import TICK

EPOCH_DAY = date(2022, 1, 1)
DATES = 5_000
START = np.log([21_000.0, 44_000.0, 70_000.0])  # INR; NIFTY, BANKNIFTY, SENSEX
GROWTH = np.array([0.05, 0.06, 0.04]) / 365  # a date
COMMON = np.array([0.95, 1.05, 0.94])  # shares of the common and the own part in a move
OWN = np.array([0.18, 0.55, 0.16])
DATE_SD = 0.0042  # of the common part, per date
PULL = 0.5 ** (1 / 60)  # per date
CALM = np.log(14.0)  # the VIX's mean, percent a year
LEVERAGE = -4.0  # relative change of the VIX for a relative change of NIFTY
YEAR_SESSIONS = 252


@dataclass(frozen=True)
class Paths:
    """The day on half-seconds. t traded minutes.

    `spot`, shape (3, t, SLOTS), INR: the indices, also after their own trading ended.
    `driver`, the same shape: what futures and options price, a little off the index.
    `vix`, shape (t, SLOTS), percent a year.
    """

    spot: Floats
    driver: Floats
    vix: Floats


def closing_levels(seed: int) -> Floats:
    """Return log levels of the three indices and the VIX by date, shape (DATES, 4)."""
    e = generator(seed, EPOCH_DAY, Stream.LEVELS).standard_normal((DATES, 5)) * DATE_SD
    common, own = np.clip(e[:, :1], -3 * DATE_SD, 3 * DATE_SD), e[:, 1:4]
    moves = COMMON * common + OWN * own
    x = remembering(moves, PULL, axis=0)
    indices = START + GROWTH * np.arange(DATES)[:, None] + x
    fear = LEVERAGE * moves[:, 0] + 3.0 * e[:, 4]
    vix = CALM + remembering(fear, 0.5 ** (1 / 12))
    return np.column_stack([indices, vix])


def log_close(levels: Floats, day: date) -> Floats:
    """Return a date's row of `closing_levels`, the indices rounded to the tick."""
    row: Floats = levels[(day - EPOCH_DAY).days].copy()
    row[:3] = np.log(np.round(np.exp(row[:3]) / TICK) * TICK)
    return row


def day_paths(seed: int, grid: DayGrid, before: Floats, target: Floats) -> Paths:
    """Return the day's paths from the previous close to this one (rows of `log_close`)."""
    draw = generator(seed, grid.day, Stream.PATHS)
    minutes = len(grid.traded)
    n, end = minutes * SLOTS, grid.index_minutes * SLOTS
    share = draw.uniform(0.1, 0.6)
    gap = share * (target[:3] - before[:3]) + COMMON * draw.normal(0, 0.0018)
    clock = _variance_clock(draw, minutes, end)
    day_sd = np.exp(before[3]) / 100 / np.sqrt(YEAR_SESSIONS) * 0.75
    walk = _walk(draw, n, clock, day_sd)
    opening = before[:3] + gap
    walk += opening[:, None]
    missing = target[:3] - walk[:, end - 1]
    walk += missing[:, None] * np.minimum(np.cumsum(clock) - clock[0], 1.0)
    lead = remembering(draw.normal(0, 4e-6, (3, n)), 0.99, axis=1)
    vix = _vix(draw, walk[0], before, target, end)
    shape = (3, minutes, SLOTS)
    spot = np.exp(walk)
    driver = spot * (1 + lead)
    return Paths(spot.reshape(shape), driver.reshape(shape), vix.reshape(minutes, SLOTS))


def u_shape(minutes: int) -> Floats:
    """Return how busy each traded minute is, mean 1: most at the open, again at the close."""
    at = np.arange(minutes)
    shape: Floats = 0.65 + 1.7 * np.exp(-at / 22) + 0.9 * np.exp(-(minutes - 1 - at) / 18)
    shape /= shape.mean()
    return shape


def _variance_clock(draw: np.random.Generator, minutes: int, end: int) -> Floats:
    """Return each slot's share of the day's variance; they sum to 1 at the index's close."""
    mood = remembering(draw.normal(0, 0.2, minutes), 0.9)
    clock: Floats = np.repeat(u_shape(minutes) * np.exp(mood), SLOTS)
    clock[0] = 0.0  # the first slot is the open itself
    clock /= clock[:end].sum()
    return clock


def _walk(draw: np.random.Generator, n: int, clock: Floats, day_sd: float) -> Floats:
    """Return the three log walks from 0, shape (3, n)."""
    step = np.sqrt(clock) * day_sd
    own = np.cumsum(draw.standard_normal((3, n)) * step, axis=1)
    common = _regimes(draw, draw.standard_normal(n) * step, clock, day_sd)
    walk: Floats = COMMON[:, None] * common + OWN[:, None] * own
    return walk


def _regimes(draw: np.random.Generator, e: Floats, clock: Floats, day_sd: float) -> Floats:
    """Return the common walk: trend and range by turns, each half an hour or so."""
    walk = np.empty(len(e))
    at, base, trending = 0, 0.0, bool(draw.random() < 0.5)
    while at < len(e):
        stop = min(len(e), at + int(draw.uniform(12, 60)) * SLOTS)
        part = slice(at, stop)
        if trending:
            drift = draw.choice([-1.0, 1.0]) * draw.uniform(0.6, 1.6) * day_sd
            length = np.sqrt(clock[part].sum())
            walk[part] = base + np.cumsum(e[part] + drift * clock[part] / max(length, 1e-9))
        else:
            walk[part] = base + remembering(e[part], 0.5 ** (1 / (5 * SLOTS)))
        at, base, trending = stop, walk[stop - 1], not trending
    return walk


def _vix(
    draw: np.random.Generator, nifty: Floats, before: Floats, target: Floats, end: int
) -> Floats:
    """Return the VIX: NIFTY's mirror, plus its own way from one close to the next."""
    n = len(nifty)
    done = np.minimum(np.arange(n) / (end - 1), 1.0)
    own = target[3] - before[3] - LEVERAGE * (target[0] - before[0])
    noise = remembering(draw.normal(0, 3e-4, n), 0.995)
    noise *= np.minimum(1.0, 20 * (1 - done))  # gone by the close
    mirror = LEVERAGE * (nifty - before[0])
    vix: Floats = np.exp(before[3] + mirror + own * (0.3 + 0.7 * done) + noise)
    return vix
