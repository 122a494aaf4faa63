"""What the time of day means for a chain: not yet open, index frozen, settlement near.

Before the open, a chain shows the open interest of yesterday. Derivatives trade on when
the index's continuous session has ended: its spot stands still then, and the money is
where calls and puts agree (`dashboard.options.forward`).
"""

from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import from_seconds
from dashboard.core.hours import windows
from dashboard.core.market import Floats, Ints, Segment
from dashboard.core.table import DAY_S, IST_OFFSET_S
from dashboard.options.chain import ChainHistory

STALE_OI_S = 600  # exchanges publish OI every few minutes; older than this it is old
SETTLEMENT_HOUR = 15  # of expiry day, from when on option readings are flagged
PARITY_STRIKES = 5


def is_frozen(days: Ints, starts: Ints) -> npt.NDArray[np.bool_]:
    """Say which bars begin after the index's continuous trading has ended.

    `days` are the bars' dates as day numbers, `starts` their starts in seconds.
    """
    frozen = np.zeros(len(starts), dtype=bool)
    for day in sorted(set(days.tolist())):
        hours = windows(day, Segment.INDEX)
        if hours is not None:
            frozen |= (days == day) & (starts >= hours[-1][1])
    return frozen


@lru_cache(maxsize=1024)
def is_frozen_at(start: int) -> bool:
    """Say whether the bar that starts at `start` [s] begins after continuous trading."""
    hours = windows((start + IST_OFFSET_S) // DAY_S, Segment.INDEX)
    return hours is not None and start >= hours[-1][1]


def reference_price(history: ChainHistory) -> Floats:
    """Return what the money is measured from [INR]: spot, or parity after it froze."""
    price = history.header("spot")
    days = history.days
    if len(days) and days[0] == days[-1] and not is_frozen_at(int(history.starts[-1])):
        return price  # the usual case
    frozen = np.flatnonzero(is_frozen(history.days, history.starts))
    if not len(frozen):
        return price
    price = price.copy()
    apart = history.side("ltp", "CE")[frozen] - history.side("ltp", "PE")[frozen]
    price[frozen] = _parity(history.strikes, apart, price[frozen])
    return price


def _parity(strikes: Floats, call_less_put: Floats, spot: Floats) -> Floats:
    """Return each row's median of strike + call - put, spot where no pair is known.

    Five strikes nearest spot vote, of those whose both prices are known. Discounting would
    move it by less than a rupee.
    """
    forwards = strikes + call_less_put
    far = np.where(np.isfinite(forwards), np.abs(strikes - spot[:, None]), np.inf)
    nearest = np.argsort(far, axis=1, kind="stable")[:, :PARITY_STRIKES]
    votes = np.sort(np.take_along_axis(forwards, nearest, axis=1), axis=1)  # unknown ones last
    count = np.isfinite(votes).sum(axis=1)
    row = np.arange(len(votes))
    lower, upper = np.maximum(count - 1, 0) // 2, count // 2
    median = (votes[row, lower] + votes[row, upper]) / 2
    return np.where((count > 0) & np.isfinite(spot), median, spot)


@lru_cache(maxsize=1024)
def time_flags(start: int, expiry: date | None) -> tuple[str, ...]:
    """Return the flags that a bar's start [s] and the expiry alone give an option reading."""
    local = from_seconds(start)
    hours = windows((start + IST_OFFSET_S) // DAY_S, Segment.FNO)
    applies = {
        "pre_open": hours is not None and start < hours[0][0],
        "settlement_window": expiry == local.date() and local.hour >= SETTLEMENT_HOUR,
    }
    return tuple(name for name, applies_now in applies.items() if applies_now)
