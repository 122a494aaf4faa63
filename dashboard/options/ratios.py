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

LEAST_STRIKES = 10  # with open interest, for max pain to mean anything


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
    held = (np.nan_to_num(call_oi) > 0) | (np.nan_to_num(put_oi) > 0)
    if held.sum() < max(least, 1):
        return np.nan
    payout = pain(strikes, call_oi, put_oi)
    tied = np.sort(strikes[payout == payout.min()])
    return float(tied[np.argmin(np.abs(tied - spot))]) if np.isfinite(spot) else float(tied[0])


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
