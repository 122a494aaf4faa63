"""Find the volatility at which Black-76 gives an option's price.

Newton's method from the point where the price curve bends (Manaster and Koehler 1982,
Journal of Finance 37(1), 227-230), inside a bracket that every step narrows; where a step
would leave the bracket, the middle is taken instead. A price that no volatility explains
has none, and a reason: never 0.
"""

from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from dashboard.core.market import Floats
from dashboard.options.black76 import d1_d2, normal_density, option_sign

LOWEST, HIGHEST = 0.001, 5.0  # volatility, 0.1 % to 500 %
TOLERANCE = 1e-8  # INR, between the price asked for and the price found
INTRINSIC_MARGIN = 1e-9  # INR
WORTHLESS = 0.05  # INR: at one tick, far from the money, a price says nothing
FAR = 0.05  # of the forward
STEPS = 100  # bisection alone narrows the bracket to a double's limit in 53

Texts = npt.NDArray[np.str_]


class NoVolatility(StrEnum):
    """Why there is no implied volatility."""

    NO_PRICE = "No usable price"
    NO_FORWARD = "No forward"
    EXPIRED = "Expired"
    BELOW_INTRINSIC = "Price below intrinsic value"
    TOO_HIGH = "Price above any option's"
    WORTHLESS = "At one tick, far from the money"
    OUTSIDE = "Outside 0.1 % to 500 %"


def implied_volatility(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    time_years: npt.ArrayLike,
    rate: npt.ArrayLike,
    kind: npt.ArrayLike,
) -> tuple[Floats, Texts]:
    """Return the volatility (0.13 = 13 %), and why there is none.

    Parameters
    ----------
    price, forward, strike : array_like
        INR; they broadcast against each other and the rest.
    time_years : array_like
        Years of 365 days to the expiry instant.
    rate : array_like
        Continuous, 0.065 = 6.5 %.
    kind : array_like
        CE (or c) or PE (or p).

    Returns
    -------
    sigma : ndarray of float
        NaN where there is none.
    reason : ndarray of str
        A text of `NoVolatility` there, and "" elsewhere.
    """
    inputs = (price, forward, strike, time_years, rate)
    p, f, k, t, r, sign = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in inputs), option_sign(kind)
    )
    discount = np.exp(-r * t)
    reason = _refusal(p, f, k, t, discount, sign)
    sigma = np.full(p.shape, np.nan)
    open_ = reason == ""
    sigma[open_] = _solve(*(x[open_] for x in (p / discount, f, k, t, discount, sign)))
    reason = np.where(open_ & np.isnan(sigma), NoVolatility.OUTSIDE.value, reason)
    return sigma, reason


def _refusal(p: Floats, f: Floats, k: Floats, t: Floats, discount: Floats, sign: Floats) -> Texts:
    """Return why a price cannot have a volatility, or "" if it may."""
    intrinsic = discount * np.maximum(sign * (f - k), 0.0)
    ceiling = discount * np.where(sign > 0, f, k)
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.abs(k / f - 1) > FAR
    cases = [
        (~(t > 0), NoVolatility.EXPIRED),
        (~((f > 0) & (k > 0)), NoVolatility.NO_FORWARD),
        (~(p > 0), NoVolatility.NO_PRICE),
        ((p <= WORTHLESS) & far, NoVolatility.WORTHLESS),
        (p < intrinsic + INTRINSIC_MARGIN, NoVolatility.BELOW_INTRINSIC),
        (p >= ceiling, NoVolatility.TOO_HIGH),
    ]
    return np.select([c for c, _ in cases], [np.array(text.value) for _, text in cases], "")


def _solve(
    target: Floats, f: Floats, k: Floats, t: Floats, discount: Floats, sign: Floats
) -> Floats:
    """Return the volatility of undiscounted prices, NaN outside the bracket."""
    low, high = np.full(target.shape, LOWEST), np.full(target.shape, HIGHEST)
    sigma = np.clip(np.sqrt(2 * np.abs(np.log(f / k)) / t), 10 * LOWEST, HIGHEST / 2)
    accuracy = TOLERANCE / 10 / discount
    done = np.zeros(target.shape, bool)
    for _ in range(STEPS):
        first, second = d1_d2(f, k, t, sigma)
        error = sign * (f * ndtr(sign * first) - k * ndtr(sign * second)) - target
        slope = f * np.sqrt(t) * normal_density(first)
        low, high = np.where(error < 0, sigma, low), np.where(error > 0, sigma, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            following = sigma - error / slope
        inside = (following > low) & (following < high)
        following = np.where(inside, following, (low + high) / 2)
        done = np.abs(error) < accuracy
        narrow = high - low < 1e-15
        sigma = np.where(done & ~inside, sigma, following)  # a last step if it is a good one
        if (done | narrow).all():
            break
    return np.where(done, sigma, np.nan)
