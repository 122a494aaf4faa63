"""Sums over a chain: put-call ratio, max pain and assumed gamma exposure.

    pcr     = sum(put) / sum(call)                                           [no unit]
    pain(S) = sum(call_oi * max(S - K, 0)) + sum(put_oi * max(K - S, 0))     [INR]
    gex     = sum(±gamma * oi) * F² * 0.01      [INR of delta per 1 % move]

Sources: Zweig (1970s) for the ratio as a sentiment; Ni, Pearson and Poteshman (2005),
Journal of Financial Economics 78(1), 49-87, for pinning, which is weak; SqueezeMetrics
(2016) for the exposure, whose sign assumes that dealers are long calls and short puts.
"""

import numpy as np

from dashboard.core.market import Floats
from dashboard.options.strikes import nearest_strikes

LEAST_STRIKES = 10  # with open interest, for max pain to mean anything
GEX_ASSUMPTION = "Assumed positioning: dealers long calls, short puts"


def put_call_ratio(call: Floats, put: Floats) -> float:
    """Return the ratio of sums, skipping unknown strikes; NaN without a call or a put known."""
    calls = np.nansum(call)
    if not calls > 0 or np.isnan(put).all():
        return np.nan
    return float(np.nansum(put) / calls)


def pain(strikes: Floats, call_oi: Floats, put_oi: Floats) -> Floats:
    """Return what writers would pay if the settlement were at each strike [INR]."""
    above = np.maximum(strikes[:, None] - strikes[None, :], 0.0)
    payout: Floats = above @ np.nan_to_num(call_oi) + above.T @ np.nan_to_num(put_oi)
    return payout


def max_pain(
    strikes: Floats, call_oi: Floats, put_oi: Floats, spot: float, least: int = LEAST_STRIKES
) -> float:
    """Return the strike of least pain [INR]: of several the nearest to spot, then the lower.

    NaN if fewer than `least` strikes have open interest.
    """
    order = np.argsort(strikes, kind="stable")
    calls, puts = call_oi[order][None, :], put_oi[order][None, :]
    return float(max_pains(strikes[order], calls, puts, np.array([spot]), least)[0][0])


def max_pains(
    strikes: Floats, call_oi: Floats, put_oi: Floats, spot: Floats, least: int = LEAST_STRIKES
) -> tuple[Floats, Floats]:
    """Return the strike of least pain of many chains, in one pass over their strikes.

    Between two strikes pain(S) changes by the calls below less the puts above, per rupee:
    ``sum(call_oi, K <= S) - sum(put_oi, K > S)``. That only ever grows, so the least pain is
    at the first strike where it is zero or more, and on to the next one while it is zero.

    Parameters
    ----------
    strikes : ndarray, shape (k,)
        INR, ascending.
    call_oi, put_oi : ndarray, shape (n, k)
        Units; NaN is left out.
    spot : ndarray, shape (n,)
        INR.
    least : int
        Strikes with open interest that a chain needs.

    Returns
    -------
    strike : ndarray, shape (n,)
        INR; NaN with fewer strikes.
    held : ndarray, shape (n,)
        Strikes with open interest.
    """
    count = len(strikes)
    found = np.full(len(spot), np.nan)
    calls, puts = np.fmax(call_oi, 0.0), np.fmax(put_oi, 0.0)  # of NaN and 0, 0
    both = np.ascontiguousarray((calls + puts).T)
    held = np.count_nonzero(both, axis=0)
    if not count:
        return found, held.astype(np.float64)
    running = _running_sums(both)
    total = np.einsum("ij->i", puts)
    first = np.minimum(np.count_nonzero(running < total, axis=0), count - 1)
    last = first.copy()
    tied = np.flatnonzero(running[first, np.arange(len(spot))] == total)
    last[tied] = np.minimum(np.count_nonzero(running[:, tied] <= total[tied], axis=0), count - 1)
    lowest, highest = strikes[first], strikes[last]
    choice = np.where(np.isfinite(spot), np.clip(spot, lowest, highest), lowest)
    enough = held >= max(least, 1)
    found[enough] = nearest_strikes(strikes, choice)[enough]
    return found, held.astype(np.float64)


def _running_sums(values: Floats) -> Floats:
    """Return the sums of rows 0..i; of wide tables row by row, twice as fast as cumsum."""
    if values.shape[1] < len(values):
        return values.cumsum(axis=0)
    for place in range(1, len(values)):
        values[place] += values[place - 1]
    return values


def gamma_exposure(
    call_gamma: Floats, call_oi: Floats, put_gamma: Floats, put_oi: Floats, forward: float
) -> tuple[float, int]:
    """Return the assumed exposure [INR per 1 % move], and how many options had no gamma.

    Positive says hedging would dampen moves, negative that it would amplify them.
    """
    skipped = int(np.isnan(call_gamma).sum() + np.isnan(put_gamma).sum())
    if skipped == len(call_gamma) + len(put_gamma):
        return np.nan, skipped
    net = np.nansum(call_gamma * call_oi) - np.nansum(put_gamma * put_oi)
    return float(net * forward**2 * 0.01), skipped
