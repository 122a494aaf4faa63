"""The strikes round the money."""

from functools import lru_cache

import numpy as np

from dashboard.core.market import Floats, Ints

AROUND = 5  # strikes on each side of the money
FEW = 8  # are looked up one by one
ON_GRID = 1e-6  # of a step; strikes are multiples of it but for a double's last digits


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
    return _step(strikes.tobytes(), strikes.dtype.str)


@lru_cache(maxsize=64)  # a day's strikes hardly change
def _step(strikes: bytes, kind: str) -> float:
    apart = np.sort(np.round(np.diff(np.sort(np.frombuffer(strikes, dtype=kind))), 2))
    steps, counts = np.unique(apart[apart > 0], return_counts=True)
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


def nearest_strikes(strikes: Floats, price: Floats) -> Floats:
    """Return the strike [INR] nearest each price, the lower of two; NaN without a price.

    `strikes` ascend.
    """
    if not len(strikes):
        return np.full(len(price), np.nan)
    above = np.clip(strikes.searchsorted(price), 1, max(1, len(strikes) - 1))
    low, high = strikes[above - 1], strikes[np.minimum(above, len(strikes) - 1)]
    nearest = np.where(price - low <= high - price, low, high)
    return np.where(np.isfinite(price), nearest, np.nan)


def positions_around(
    strikes: Floats, money: Floats, each_side: int = AROUND
) -> tuple[Ints, Floats]:
    """Return where the strikes round each money are, and how many lack.

    Parameters
    ----------
    strikes : ndarray, shape (k,)
        INR, ascending.
    money : ndarray, shape (n,)
        INR, one of `strikes` or NaN.
    each_side : int
        Steps to each side, m.

    Returns
    -------
    positions : ndarray of int, shape (n, 2 m + 1)
        Into `strikes`; -1 where that strike is not listed.
    missing : ndarray, shape (n,)
        NaN without money or step.
    """
    width = 2 * each_side + 1
    step = strike_step(strikes)
    if not np.isfinite(step):
        return np.full((len(money), width), -1), np.full(len(money), np.nan)
    own, row = money, np.arange(len(money))
    if len(money) > FEW:
        own, row = np.unique(money, return_inverse=True)  # few: the index moves slowly
    wanted = own[:, None] + step * np.arange(-each_side, each_side + 1)
    at = np.minimum(strikes.searchsorted(wanted - ON_GRID * step), len(strikes) - 1)
    listed = np.abs(strikes[at] - wanted) < ON_GRID * step
    missing = np.where(np.isnan(own), np.nan, width - listed.sum(axis=1))
    return np.where(listed, at, -1)[row], missing[row]
