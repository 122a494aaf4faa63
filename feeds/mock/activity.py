"""How much trades in each minute, and how many contracts stay open.

Volume is busy at the open and the close, near the money, and when the index moves. Open
interest is lots times a leaning of each contract: puts are written into a rise and calls
into a fall, and what expires today is closed through the afternoon. The public sees it in
batches of `OI_EVERY` minutes.
"""

from datetime import date

import numpy as np

from dashboard.core.market import Floats, Ints
from feeds.mock.draws import Stream, generator, remembering
from feeds.mock.prices import DATES, EPOCH_DAY, u_shape
from feeds.mock.units import whole

OI_EVERY = 3  # minutes
OPTION_LOTS = np.array([[1500.0, 250.0], [350.0, 60.0], [450.0, 70.0]])  # a minute at the money
FUTURE_LOTS = np.array([[260.0, 40.0], [90.0, 12.0], [14.0, 1.5]])  # by underlying, near and next
OPTION_OI = 70.0  # open lots for a lot a minute
FUTURE_OI = np.array([170_000.0, 60_000.0, 5_000.0])  # lots of a month in its prime
AUCTION_MINUTES = 0.5  # volume of a future's opening auction, in minutes of usual volume
LEAST = 0.1  # of the open interest before the day stays
UNWIND = 0.65  # share of an expiring contract's open interest closed by the end


def option_shape(out: Floats) -> Floats:
    """Return activity relative to the busiest strike; `out` of the money is positive [sd]."""
    width = np.where(out > 0.3, 1.15, 0.6)
    shape: Floats = np.exp(-0.5 * ((out - 0.3) / width) ** 2) + 0.002
    return shape


def lots_traded(usual: Floats, spot: Floats, underlying: Ints, chance: Floats) -> Ints:
    """Return lots traded by minute and contract, (t, n).

    `usual` (t, n) is what a minute of average business sees; `spot` (3, t, slots);
    `chance` (2, t, n): standard normal, and uniform for rounding.
    """
    moved = np.abs(np.log(spot[:, :, -1] / spot[:, :, 0])) + 1e-9
    excited = 0.5 + 0.5 * np.minimum(moved / moved.mean(axis=1, keepdims=True), 5.0)
    busy = u_shape(len(usual))[:, None] * excited[underlying].T
    wild = np.exp(0.5 * chance[0] - 0.125)
    lots: Ints = np.floor(usual * busy * wild + chance[1]).astype(np.int64)
    return lots


def option_oi(
    before: Ints, lots: Ints, put: np.ndarray, rise: Floats, leaning: Floats, expiring: np.ndarray
) -> Ints:
    """Return the lots open at each minute's start and at the end, (t + 1, n).

    `rise`, (t, n): the underlying's change since the previous close, in typical days.
    """
    minutes = len(lots)
    side = np.where(put, 1.0, -1.0)
    flow = lots * (leaning + 0.05 * side * np.clip(rise, -1.5, 1.5))
    late = np.clip((np.arange(minutes) / minutes - 0.35) / 0.65, 0, 1)[:, None]
    closed = np.where(expiring, UNWIND * before * late**1.5, 0.0)
    opened = before + np.cumsum(flow, axis=0) - closed
    return whole(np.vstack([before, np.maximum(opened, LEAST * before + 1)]))


def future_oi_levels(seed: int, day: date, expiry: list[date]) -> Ints:
    """Return the lots open at the end of `day`, by underlying and one expiry of each, (3,)."""
    e = generator(seed, EPOCH_DAY, Stream.CONTRACTS).normal(0, 0.02, (DATES, 3))
    walk = remembering(e, 0.97, axis=0)[(day - EPOCH_DAY).days]
    left = np.array([(x - day).days for x in expiry])
    life = np.interp(left, [0, 2, 6, 28, 36, 70], [0.3, 0.6, 1.0, 0.9, 0.25, 0.1])
    return whole(FUTURE_OI * life * np.exp(walk))


def future_oi(before: Ints, after: Ints, lots: Ints, leaning: Floats) -> Ints:
    """Return the lots open at each minute's start and at the end, (t + 1, n)."""
    flow = np.cumsum(lots * leaning, axis=0)
    done = np.linspace(0, 1, len(lots) + 1)[:, None]
    swing = np.vstack([np.zeros(lots.shape[1]), flow])
    path = before + (after - before) * done + swing - swing[-1] * done
    return whole(np.maximum(path, 1))


def published(oi: Ints) -> Ints:
    """Return what the public sees at the end of each minute, (t, n)."""
    minutes = len(oi) - 1
    at = np.arange(minutes)
    shown: Ints = oi[at - at % OI_EVERY]
    return shown
