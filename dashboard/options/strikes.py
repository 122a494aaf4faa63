"""The strikes round the money."""

import numpy as np

from dashboard.core.market import Floats

AROUND = 5  # strikes on each side of the money


def atm_strike(strikes: Floats, price: float) -> float:
    """Return the strike nearest a price [INR], the lower of two; NaN if there is none."""
    listed = np.sort(strikes)
    if not len(listed) or not np.isfinite(price):
        return np.nan
    return float(listed[np.argmin(np.abs(listed - price))])


def strike_step(strikes: Floats) -> float:
    """Return the commonest distance between neighbours [INR], the smaller of two.

    It differs by underlying and grows far from the money, so it is never assumed.
    """
    steps, counts = np.unique(np.diff(np.unique(strikes)), return_counts=True)
    return float(steps[np.argmax(counts)]) if len(steps) else np.nan


def around_the_money(strikes: Floats, price: float, each_side: int = AROUND) -> tuple[Floats, int]:
    """Return the listed strikes among the 2 n + 1 round the money, and how many lack.

    The strikes are counted by `strike_step` from `atm_strike`, so that a missing one
    leaves a hole and does not pull in a farther one.
    """
    wanted = atm_strike(strikes, price) + strike_step(strikes) * np.arange(
        -each_side, each_side + 1
    )
    listed = np.sort(strikes[np.isin(strikes, wanted)])
    return listed, len(wanted) - len(listed)
