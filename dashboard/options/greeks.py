"""How an option's Black-76 value moves with what it depends on.

Units are those a trader reads; `n` is the normal density, V the value:

    delta = ±DF N(±d1)                              [INR per INR of the forward]
    gamma = DF n(d1) / (F sigma sqrt(T))            [per INR of the forward, squared]
    vega  = DF F n(d1) sqrt(T) / 100                [INR per volatility point]
    theta = (r V - DF F n(d1) sigma / (2 sqrt(T))) / 365   [INR per calendar day]
    rho   = -T V / 100                              [INR per 1 % of rate, F held]

Source: derivatives of Black (1976); delta is to the forward and discounted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from dashboard.core.market import Floats
from dashboard.options.black76 import black76_price, d1_d2, normal_density, option_sign


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities in the units of the module, NaN where the volatility is unknown."""

    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats


def greeks(
    kind: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    time_years: npt.ArrayLike,
    rate: npt.ArrayLike,
    sigma: npt.ArrayLike,
) -> Greeks:
    """Return the greeks; arguments are those of `black76_price` and broadcast alike.

    NaN where time or volatility is not above zero: an expired option has no greeks.
    """
    sign = option_sign(kind)
    f, k, t, r, v = (np.asarray(x, np.float64) for x in (forward, strike, time_years, rate, sigma))
    t, v = np.where(t > 0, t, np.nan), np.where(v > 0, v, np.nan)
    first, _ = d1_d2(f, k, t, v)
    discount, root = np.exp(-r * t), np.sqrt(t)
    density = discount * normal_density(first)
    value = black76_price(kind, f, k, t, r, v)
    return Greeks(
        delta=sign * discount * ndtr(sign * first),
        gamma=density / (f * v * root),
        vega=density * f * root / 100,
        theta=(r * value - density * f * v / (2 * root)) / 365,
        rho=-t * value / 100,
    )
