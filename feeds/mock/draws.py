"""Random numbers that depend on nothing but the seed, the day, and what they are for."""

from datetime import date
from enum import IntEnum

import numpy as np
import pandas as pd

from dashboard.core.errors import InputError
from dashboard.core.market import Floats


class Stream(IntEnum):
    """What random numbers are for. A number once given stays: days must not change."""

    LEVELS = 1  # where each date closes
    PATHS = 2  # the indices within a day
    FUTURES = 3  # minutes of futures
    OPTIONS = 4  # minutes of options
    CONTRACTS = 5  # open interest before the day, habits of each contract
    TICKS = 6  # one minute, message by message
    ARRIVALS = 7  # when messages arrive
    PRE_OPEN = 8  # indicative prices


def generator(seed: int, day: date, stream: Stream, part: int = 0) -> np.random.Generator:
    """Return the stream's generator; `part` numbers blocks that start independently.

    Raises
    ------
    InputError
        If the seed is negative.
    """
    if seed < 0:
        raise InputError(f"The seed of a generated day is {seed}: give a whole number from 0 on")
    sequence = np.random.SeedSequence([seed, day.toordinal(), int(stream), part])
    return np.random.Generator(np.random.SFC64(sequence))


def remembering(shocks: Floats, memory: float, axis: int = -1) -> Floats:
    """Return y_t = memory * y_{t-1} + shock_t along an axis, y_0 = shock_0.

    It is an exponential mean of scaled shocks, which pandas has compiled; what it returns
    may not be written to, so the caller gets a copy.
    """
    rows = np.moveaxis(np.asarray(shocks, np.float64), axis, 0)
    flat = rows.reshape(len(rows), -1) / (1.0 - memory)
    flat[0] *= 1.0 - memory
    mean = pd.DataFrame(flat).ewm(alpha=1.0 - memory, adjust=False).mean().to_numpy()
    return np.moveaxis(mean.reshape(rows.shape), 0, axis).copy()
