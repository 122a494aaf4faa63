"""What an expiry is priced from: its future, or the parity of its calls and puts."""

import math

import numpy as np

from dashboard.core.clock import SECOND_NS
from dashboard.core.market import Floats, Segment
from dashboard.options.black76 import RATE
from dashboard.options.forward import parity_forward
from dashboard.pipeline.chains import Chain
from dashboard.pipeline.hours import CONTINUOUS
from dashboard.pipeline.pipeline import Pipeline

NO_PAIR = "No pair of prices near the money"


def forward_of(
    pipeline: Pipeline, chain: Chain, call: Floats, put: Floats, spot: float, years: float
) -> tuple[float, str]:
    """Return the forward of a chain's expiry [INR] and where it is from, or why there is none.

    `call` and `put` are the prices of each strike [INR], NaN where none may be used.
    """
    future = pipeline.universe.future(chain.underlying, chain.expiry)
    if future is not None and future.expiry == chain.expiry:
        price = float(pipeline.state.rows["last_price"][pipeline.universe.row(future)])
        if math.isfinite(price):
            return price, future.symbol
    if not math.isfinite(years):
        return math.nan, "Expired"
    if not math.isfinite(spot):
        return math.nan, "No spot to find the money"
    discount = math.exp(-RATE * years)
    forward, used = parity_forward(chain.strikes, call, put, spot, discount)
    return forward, f"parity over {used} strikes" if used else NO_PAIR


def is_index_frozen(pipeline: Pipeline, now_ns: int) -> bool:
    """Say whether options trade while their index has no continuous price."""
    second = np.array([now_ns // SECOND_NS])
    index, fno = (pipeline.hours.segments[segment].state(second)[0] for segment in Segment)
    return bool(fno == CONTINUOUS and index != CONTINUOUS)
