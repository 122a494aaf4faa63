"""What a future and an option are worth, given the index and the VIX.

    F = S * exp(CARRY * T)                                            [INR]
    sigma_atm = VIX / 100 * LEVEL_u * (1 + TERM * sqrt(T))            [a year]
    z = ln(K / F) / (sigma_atm * sqrt(max(T, one day))), within +-Z
    sigma = sigma_atm * (1 + SKEW * z + CURVATURE * z**2)             sticky moneyness

and Black (1976) on F. T is calendar time, in years of 365 days.
"""

import numpy as np

from dashboard.core.market import Floats, Ints
from dashboard.options import black76_price
from feeds.mock.universe import CALLS, N_FUTURES, OPTIONS, PAIRS, PUTS, Contracts

YEAR_S = 365 * 86_400
DAY_T = 1 / 365
RATE = 0.065
CARRY = 0.058  # a year: the rate less dividends
LEVEL = np.array([0.94, 1.12, 0.97])
TERM = 0.15
SKEW, CURVATURE, Z = -0.055, 0.020, 2.5


class Surface:
    """Price all contracts of a day."""

    def __init__(self, contracts: Contracts) -> None:
        self._u = contracts.underlying
        self._expiry = contracts.expiry_s
        self._strike = contracts.strike[OPTIONS]

    def values(self, spot: Floats, vix: Floats, at_s: Ints) -> Floats:
        """Return what every contract is worth [INR], shape (r, n).

        Parameters
        ----------
        spot : array, shape (3, r)
            The indices, INR.
        vix : array, shape (r,)
            Percent a year.
        at_s : array, shape (r,)
            Seconds since the epoch.
        """
        years, forward, atm = self._market(spot.T, vix[:, None], at_s[:, None], CALLS)
        strike = self._strike[:PAIRS]
        call = _calls(forward, strike, years, atm)
        put = call - np.exp(-RATE * years) * (forward - strike)
        future = self._forward(spot.T, at_s[:, None], slice(0, N_FUTURES))
        return np.concatenate([future, call, np.maximum(put, 0.0)], axis=1)

    def values_at(self, spot: Floats, vix: Floats, at_s: Ints) -> Floats:
        """Return the same where each contract has an instant of its own, all (r, n)."""
        years = _years(self._expiry, at_s)
        forward = spot * np.exp(CARRY * years)
        options = (slice(None), OPTIONS)
        atm = _atm(vix[options], self._u[OPTIONS], years[options])
        call = _calls(forward[options], self._strike, years[options], atm)
        out = forward
        parity = np.exp(-RATE * years[:, PUTS]) * (forward[:, PUTS] - self._strike[PAIRS:])
        out[:, CALLS] = call[:, :PAIRS]
        out[:, PUTS] = np.maximum(call[:, PAIRS:] - parity, 0.0)
        return out

    def moneyness(self, spot: Floats, vix: Floats, at_s: Ints) -> Floats:
        """Return ln(K/F) of the options in standard deviations to expiry, shape (r, 2 pairs)."""
        years, forward, atm = self._market(spot.T, vix[:, None], at_s[:, None], OPTIONS)
        return _z(forward, self._strike, years, atm)

    def _market(
        self, spot: Floats, vix: Floats, at_s: Ints, columns: slice
    ) -> tuple[Floats, Floats, Floats]:
        years = _years(self._expiry[columns], at_s)
        underlying = self._u[columns]
        forward = spot[:, underlying] * np.exp(CARRY * years)
        return years, forward, _atm(vix, underlying, years)

    def _forward(self, spot: Floats, at_s: Ints, columns: slice) -> Floats:
        years = _years(self._expiry[columns], at_s)
        forward: Floats = spot[:, self._u[columns]] * np.exp(CARRY * years)
        return forward


def _years(expiry_s: Ints, at_s: Ints) -> Floats:
    years: Floats = np.maximum(expiry_s - at_s, 1) / YEAR_S
    return years


def _atm(vix: Floats, underlying: Ints, years: Floats) -> Floats:
    atm: Floats = vix / 100 * LEVEL[underlying] * (1 + TERM * np.sqrt(years))
    return atm


def _z(forward: Floats, strike: Floats, years: Floats, atm: Floats) -> Floats:
    z: Floats = np.log(strike / forward) / (atm * np.sqrt(np.maximum(years, DAY_T)))
    return z


def _calls(forward: Floats, strike: Floats, years: Floats, atm: Floats) -> Floats:
    z = np.clip(_z(forward, strike, years, atm), -Z, Z)
    sigma = atm * (1 + SKEW * z + CURVATURE * z * z)
    return black76_price("CE", forward, strike, years, RATE, sigma)
