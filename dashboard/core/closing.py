"""What the end of the day says of any reading, whatever its section (SIGNALS 26).

================= =========================================================================
flag              when
================= =========================================================================
deriv_only        the index has closed, its futures and options trade on
auction_phase     a bar of an index itself, from its closing auction
settlement_window of an option chain, on its expiry day from 15:00 on
================= =========================================================================
"""

from collections.abc import Collection
from datetime import date
from functools import lru_cache

from dashboard.core.clock import from_seconds
from dashboard.core.hours import windows
from dashboard.core.market import Segment
from dashboard.core.table import DAY_S, IST_OFFSET_S

SETTLEMENT_HOUR = 15  # IST
DERIVATIVES = ("future", "next_future", "chain")


def closing_flags(start: int, needs: Collection[str], lead: str, expiry: date | None) -> list[str]:
    """Return the flags of a reading of the bar that starts at `start` [s].

    `needs` are the section's inputs and `lead` the one its bars are of; `expiry` is the
    chain's. Where the calendar knows no session nothing is said of the index.
    """
    return list(_flags(start, lead in DERIVATIVES, expiry if "chain" in needs else None))


@lru_cache(maxsize=1024)  # of one bar many readings are made
def _flags(start: int, derivative: bool, expiry: date | None) -> tuple[str, ...]:
    found = []
    hours = windows((start + IST_OFFSET_S) // DAY_S, Segment.INDEX)
    if hours is not None and start >= hours[-1][1]:
        found.append("deriv_only" if derivative else "auction_phase")
    if expiry is not None:
        local = from_seconds(start)
        if local.date() == expiry and local.hour >= SETTLEMENT_HOUR:
            found.append("settlement_window")
    return tuple(found)
