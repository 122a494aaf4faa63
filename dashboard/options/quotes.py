"""Decide which price of an option can be trusted, and say why one cannot.

The middle of bid and offer is used where both are there, in order and close; otherwise
the last trade while it is fresh. Nothing is made up in place of either.
"""

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Floats

WIDE = 0.02  # of the middle; a wider spread has no middle worth the name
FRESH_S = 60.0  # seconds a last trade speaks for an option

Texts = npt.NDArray[np.str_]


def middle(bid: npt.ArrayLike, offer: npt.ArrayLike) -> tuple[Floats, Texts]:
    """Return the middle [INR], and why there is none: "", "no quote", "crossed", "wide".

    A bid or offer of 0 is none: Kite sends 0 for an empty row of depth.
    """
    b, o = np.broadcast_arrays(np.asarray(bid, np.float64), np.asarray(offer, np.float64))
    both = (b > 0) & (o > 0)
    centre = np.where(both, (b + o) / 2, np.nan)
    note = np.select(
        [~both, b > o, o - b > WIDE * centre],
        [np.array("no quote"), np.array("crossed"), np.array("wide")],
        "",
    )
    return np.where(note == "", centre, np.nan), note


def option_price(
    bid: npt.ArrayLike, offer: npt.ArrayLike, ltp: npt.ArrayLike, ltp_age_s: npt.ArrayLike
) -> tuple[Floats, Texts]:
    """Return the price an implied volatility is taken from [INR], and what is odd about it.

    The note is "" for a good middle, "crossed", "wide" or "no quote" where the last trade
    stands in for it, and ends in ", stale" where that is over a minute old: no price then.
    """
    centre, note = middle(bid, offer)
    last, age = np.asarray(ltp, np.float64), np.asarray(ltp_age_s, np.float64)
    fresh = (last > 0) & (age <= FRESH_S)
    price = np.where(note == "", centre, np.where(fresh, last, np.nan))
    return price, np.where((note == "") | fresh, note, np.char.add(note, ", stale"))
