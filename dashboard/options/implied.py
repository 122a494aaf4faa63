"""Find the volatility at which Black-76 gives an option's price.

Let s = sigma sqrt(T), x = -|ln(F / K)|, and b the time value over DF sqrt(F K), which is the
price of an option out of the money: ``b(s) = e^(x/2) N(x/s + s/2) - e^(-x/2) N(x/s - s/2)``.

1. A first s from Polya's curve in place of N, which can be solved for s (Stefanica and
   Radoicic 2017, International Journal of Theoretical and Applied Finance 20(7), 1750048).
2. Householder's third-order steps on ln b, whose derivatives cost nothing beyond b and its
   slope (as Jaeckel 2015, Wilmott 2015(75), 40-53, does); two or three reach a double's limit.
3. What does not settle so is given to Newton's method from the point where the price curve
   bends (Manaster and Koehler 1982, Journal of Finance 37(1), 227-230), inside a bracket that
   every step narrows; where a step would leave the bracket, the middle is taken instead.

A price that no volatility explains has none, and a reason: never 0.
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
FAST_STEPS = 4
SETTLED = 1e-4  # of s; the step after one this small is below a double's limit
STEPS = 100  # bisection alone narrows the bracket to a double's limit in 53
ROOT_TWO_PI = np.sqrt(2 * np.pi)

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
    given = (price, forward, strike, time_years, rate, option_sign(kind))
    arrays = [np.asarray(x, np.float64) for x in given]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    options = np.empty((len(arrays), *shape))
    for row, values in enumerate(arrays):
        options[row] = values
    options = options.reshape(len(arrays), -1)
    with np.errstate(all="ignore"):
        code = _refusal(options)
        open_ = np.flatnonzero(code == 0)
        found = _volatility(options if len(open_) == len(code) else options[:, open_])
    sigma = np.full(len(code), np.nan)
    sigma[open_] = found
    code[open_[np.isnan(found)]] = _REASONS.index(NoVolatility.OUTSIDE)
    return sigma.reshape(shape), _TEXTS[code].reshape(shape)


_REASONS = ("", *NoVolatility)  # a reason before another one wins
_TEXTS = np.array([str(reason) for reason in _REASONS])


def _refusal(options: Floats) -> npt.NDArray[np.intp]:
    """Return which of `_REASONS` keeps an option from having a volatility, 0 if none does.

    The rows of `options` are price, forward, strike, time, rate and sign.
    """
    p, f, k, t, r, sign = options
    discount, gain = np.exp(-r * t), sign * (f - k)
    cases = {
        NoVolatility.TOO_HIGH: p >= discount * np.where(sign > 0, f, k),
        NoVolatility.BELOW_INTRINSIC: p < discount * np.maximum(gain, 0.0) + INTRINSIC_MARGIN,
        NoVolatility.WORTHLESS: (p <= WORTHLESS) & (np.abs(gain) > FAR * f),
        NoVolatility.NO_PRICE: ~(p > 0),
        NoVolatility.NO_FORWARD: ~((f > 0) & (k > 0)),
        NoVolatility.EXPIRED: ~(t > 0),
    }
    code = np.zeros(p.shape, np.intp)
    for reason, applies in cases.items():
        code[applies] = _REASONS.index(reason)
    return code


def _volatility(options: Floats) -> Floats:
    """Return the volatility, NaN outside the bracket."""
    p, f, k, t, r, sign = options
    discount = np.exp(-r * t)
    target = p / discount
    x = -np.abs(np.log(f / k))
    value = (target - np.maximum(sign * (f - k), 0.0)) / np.sqrt(f * k)
    root = np.sqrt(t)
    sigma = _fast(x, value) / root
    unsettled = np.flatnonzero(np.isnan(sigma))
    if len(unsettled):
        parts = (a[unsettled] for a in (target, f, k, t, discount, sign))
        sigma[unsettled] = _bracketed(*parts)
    return np.where((sigma >= LOWEST) & (sigma <= HIGHEST), sigma, np.nan)


def _fast(x: Floats, value: Floats) -> Floats:
    """Return s for time values over DF sqrt(F K), NaN where the steps do not settle."""
    root = np.exp(x / 2)
    wanted, s = np.log(value), _first_guess(x, value * root, root * root)
    for _ in range(FAST_STEPS):
        step = _householder(x, s, root, wanted)
        s = s + step
        settled = np.abs(step) < SETTLED * s
        if settled.all():
            return s
    return np.where(settled, s, np.nan)


def _first_guess(x: Floats, value: Floats, moneyness: Floats) -> Floats:
    """Return s of calls out of the money, from the value over DF K and F / K = e^x.

    Polya: N(z) is about (1 ± sqrt(1 - exp(-2 z² / pi))) / 2. With it, w = exp(-2 g / pi) of
    g = x² / s² + s² / 4 solves a w² + b w = c, and s is the sum or the difference of
    sqrt(g - x) and sqrt(g + x) as the forward's d1 is above or below zero.
    """
    loss = 1 - moneyness
    total = 2 * value + loss
    square = total * total
    power = np.exp(x * (2 / np.pi))
    q = power - moneyness * moneyness / power
    b = 4 * square * power - 2 * (square + loss * (1 + moneyness)) * q
    c = 16 * value * (moneyness - value) * (value + loss) * (1 + value)
    w = 2 * c / (b + np.sqrt(b * b + 4 * q * q * c))
    g = np.log(w) * (-np.pi / 2)
    low, high = np.sqrt(np.maximum(g + x, 0.0)), np.sqrt(g - x)
    return np.where(square >= 1 - power * power, high + low, -2 * x / (high + low))


def _householder(x: Floats, s: Floats, root: Floats, wanted: Floats) -> Floats:
    """Return the step from s towards ln b = `wanted`; `root` is e^(x/2)."""
    h, half = x / s, s / 2
    b = root * ndtr(h + half) - ndtr(h - half) / root
    hh = h * h
    slope = np.exp((hh + half * half) / -2) / (ROOT_TWO_PI * b)
    newton = (wanted - np.log(b)) / slope
    bend = hh / s - half / 2
    second = bend - slope
    third = second * (second - slope) - 3 * hh / (s * s) - 0.25
    curve = newton * second
    step: Floats = newton * (1 + curve / 2) / (1 + curve + newton * newton * third / 6)
    return step


def _bracketed(
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
