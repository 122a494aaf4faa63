"""When an option's last price may still be used."""

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import SECOND_NS
from dashboard.core.market import Floats, Ints
from dashboard.options.quotes import FRESH_S
from dashboard.pipeline.chains import NO_ROW, Chain

SILENT_S = 300.0  # a chain that is silent for longer has no fresh price at all


def is_fresh(
    rows: npt.NDArray[np.void], chain: Chain, received_ns: Floats, now_ns: int
) -> npt.NDArray[np.bool_]:
    """Say which last ticks are fresh: at most 60 s behind the chain's newest.

    A recording of one quote a minute is not stale between two of them, a chain that has been
    silent for 300 s is. That is our choice; the specification counts 60 s from now.

    Parameters
    ----------
    rows : structured ndarray
        The state's rows.
    chain : Chain
        The expiry.
    received_ns : ndarray of float, shape (n,)
        When each option last ticked, 0 or NaN if it never did.
    now_ns : int
        Nanoseconds since the epoch.
    """
    age_s = ages_s(received_ns, now_ns)
    newest = newest_age_s(rows, chain.rows, now_ns) or 0.0
    behind = age_s if newest > SILENT_S else age_s - newest
    fresh: npt.NDArray[np.bool_] = behind <= FRESH_S
    return fresh


def ages_s(received_ns: Floats, now_ns: int) -> Floats:
    """Return seconds since each tick, NaN where there was none."""
    ages: Floats = np.where(received_ns > 0, (now_ns - received_ns) / SECOND_NS, np.nan)
    return ages


def newest_age_s(rows: npt.NDArray[np.void], at: Ints, now_ns: int) -> float | None:
    """Return seconds since the newest tick of some rows, None before there was one."""
    there = at[at != NO_ROW]
    newest = int(rows["received_ns"][there].max()) if len(there) else 0
    return max(0.0, (now_ns - newest) / SECOND_NS) if newest > 0 else None
