"""Ticks and paise: the generated market counts prices in whole ticks."""

import numpy as np

from dashboard.core.market import Floats, Ints

TICK = 0.05  # INR
PAISE = 100  # of an INR; the wire's unit
TICK_PAISE = 5


def whole(values: Floats) -> Ints:
    """Return the nearest whole numbers."""
    rounded: Ints = np.rint(values).astype(np.int64)
    return rounded
