"""The forward that calls and puts agree on.

Put-call parity: C - P = DF (F - K), so each strike with both prices gives a forward,
``F = K + (C - P) / DF`` [INR]. The median of the five nearest the money is one bad quote
proof. It serves expiries that have no future of their own.

Source: Stoll (1969), Journal of Finance 24(5), 801-824.
"""

import numpy as np

from dashboard.core.market import Floats
from dashboard.options.strikes import atm_strike

NEAREST = 5  # strikes the median is taken over
MISFIT = 0.002  # of the forward; a strike farther from parity than this is suspect


def parity_forward(
    strikes: Floats, call: Floats, put: Floats, spot: float, discount: float
) -> tuple[float, int]:
    """Return the forward [INR], and over how many strikes the median went.

    Parameters
    ----------
    strikes, call, put : ndarray, shape (n,)
        INR; a price that is not to be trusted is NaN, and its strike is passed over.
    spot : float
        INR; the money is the strike nearest it.
    discount : float
        DF = exp(-r T).

    Returns
    -------
    forward : float
        NaN if no strike has both prices, or if the spot is unknown.
    count : int
        Strikes used, at most five.
    """
    usable = np.isfinite(call) & np.isfinite(put)
    listed = strikes[usable]
    if not len(listed) or not np.isfinite(spot):
        return np.nan, 0
    far = np.abs(listed - atm_strike(strikes, spot))
    nearest = np.lexsort((listed, far))[:NEAREST]
    forwards = listed + (call[usable] - put[usable]) / discount
    return float(np.median(forwards[nearest])), len(nearest)


def parity_misfit(
    strikes: Floats, call: Floats, put: Floats, forward: float, discount: float
) -> Floats:
    """Return how far each strike's prices are from parity, as a part of the forward.

    Above `MISFIT` the strike deserves a flag; NaN where a price is unknown.
    """
    return np.abs(call - put - discount * (forward - strikes)) / forward
