"""Price a European option on its forward.

With F the forward and K the strike [INR], T the time to expiry [years of 365 days], r the
rate (0.065 = 6.5 %, continuous) and sigma the volatility (0.13 = 13 %):

    DF   = exp(-r T)
    d1   = (ln(F / K) + sigma² T / 2) / (sigma sqrt(T)),    d2 = d1 - sigma sqrt(T)
    call = DF (F N(d1) - K N(d2)),    put = DF (K N(-d2) - F N(-d1))    [INR]

Index options of NSE and BSE are European and settle in cash, and the forward already
carries the dividends that spot would need a guess for.

Source: Black (1976), Journal of Financial Economics 3(1-2), 167-179.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from dashboard.core.errors import InputError
from dashboard.core.market import Floats

RATE = 0.065  # near the 91-day treasury bill; a point of it hardly moves an IV
SECONDS_A_YEAR = 365 * 86_400
LEAST_SECONDS = 60.0  # closer to expiry than this, T is held

_CALLS = ("CE", "c")
_PUTS = ("PE", "p")
_SIGNS = dict.fromkeys(_CALLS, 1.0) | dict.fromkeys(_PUTS, -1.0)


def black76_price(
    kind: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    time_years: npt.ArrayLike,
    rate: npt.ArrayLike,
    sigma: npt.ArrayLike,
) -> Floats:
    """Return the option's value in INR; arguments broadcast against each other.

    Without time or volatility it is the discounted intrinsic value. NaN where an input
    is NaN, time or volatility is negative, or forward or strike is not above zero.

    Raises
    ------
    InputError
        If a kind is neither CE (or c) nor PE (or p).
    """
    sign = option_sign(kind)
    f, k, t, r, v = (np.asarray(x, np.float64) for x in (forward, strike, time_years, rate, sigma))
    first, second = d1_d2(f, k, t, v)
    value: Floats = sign * np.exp(-r * t) * (f * ndtr(sign * first) - k * ndtr(sign * second))
    return value


def d1_d2(
    forward: Floats, strike: Floats, time_years: Floats, sigma: Floats
) -> tuple[Floats, Floats]:
    """Return d1 and d2; infinite (zero at the money) without time or volatility."""
    known = (forward > 0) & (strike > 0) & (time_years >= 0) & (sigma >= 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moneyness = np.log(np.where(known, forward / strike, np.nan))
        spread = sigma * np.sqrt(np.where(known, time_years, np.nan))
        middle = np.where(moneyness == 0, 0.0, moneyness / spread)
    return middle + spread / 2, middle - spread / 2


def normal_density(x: Floats) -> Floats:
    """Return the density of the standard normal distribution, 0 far from it."""
    with np.errstate(over="ignore", under="ignore"):
        density: Floats = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return density


def option_sign(kind: npt.ArrayLike) -> Floats:
    """Return +1 for calls and -1 for puts."""
    if isinstance(kind, str) and kind in _SIGNS:
        return np.asarray(_SIGNS[kind])
    kinds = np.asarray(kind)
    calls, puts = (_is_any(kinds, names) for names in (_CALLS, _PUTS))
    if not (calls | puts).all():
        odd = kinds[~(calls | puts)].flat[0]
        raise InputError(f"An option's kind is CE or PE, not {odd}")
    return np.where(calls, 1.0, -1.0)


def _is_any(kinds: npt.NDArray[Any], names: tuple[str, str]) -> npt.NDArray[np.bool_]:
    """Say which kinds are one of two names; np.isin would sort them first."""
    return np.asarray((kinds == names[0]) | (kinds == names[1]))


def years_to_expiry(seconds: npt.ArrayLike) -> Floats:
    """Return T for the seconds until the expiry instant: at least a minute, NaN after it."""
    left = np.asarray(seconds, np.float64)
    return np.where(left > 0, np.maximum(left, LEAST_SECONDS), np.nan) / SECONDS_A_YEAR
