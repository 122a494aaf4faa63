"""Who adds and who leaves at a strike, read from an option's own premium and open interest.

    premium up,   OI up      holders add       (long build-up)
    premium down, OI up      writers add       (short build-up)
    premium up,   OI down    writers leave     (short covering)
    premium down, OI down    holders leave     (long unwinding)

Both changes are in percent and have to reach their threshold (inclusive), else nothing is
said. The reading is of the option alone: a premium also falls with time and volatility, so
it is never mixed with the build-up of futures.
"""

import numpy as np

from dashboard.core.market import Floats
from dashboard.pipeline.options_view import Codes

QUIET, HOLDERS_ADD, WRITERS_ADD, WRITERS_LEAVE, HOLDERS_LEAVE = range(5)
LEAST_PRICE_PERCENT = 0.05
LEAST_OI_PERCENT = 0.10


def build_up(price_percent: Floats, oi_percent: Floats) -> Codes:
    """Return what each strike says; QUIET below a threshold and where a change is unknown."""
    dear, cheap = price_percent >= LEAST_PRICE_PERCENT, price_percent <= -LEAST_PRICE_PERCENT
    more, less = oi_percent >= LEAST_OI_PERCENT, oi_percent <= -LEAST_OI_PERCENT
    found: Codes = np.select(
        [dear & more, cheap & more, dear & less, cheap & less],
        [HOLDERS_ADD, WRITERS_ADD, WRITERS_LEAVE, HOLDERS_LEAVE],
        QUIET,
    ).astype(np.int8)
    return found
