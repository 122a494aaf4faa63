"""Which contracts of a day are taken: futures, and the strikes round the money.

Everything comes from the day's dump: expiries, steps, and which strikes exist. All of it is
plain functions of the contracts, the day and the centres; only `recentred` looks at a price.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from dashboard.core.market import INDICES, UNDERLYINGS, Floats, Instrument, Universe
from dashboard.options.strikes import atm_strike, strike_step

FUTURES = 2  # near and next month
DRIFT = 3  # strikes that the money moves before the strikes round it are chosen anew
WIDER = 2  # times the strikes each side: what a day knows, beyond what is subscribed
ON_GRID = 1e-6  # of a step
PAISE = 2  # decimals of a strike [INR]


def recentred(strikes: Floats, spot: float | None, last: float | None) -> float | None:
    """Return the strike to centre on [INR], None where nothing is known to centre on.

    It stays the `last` one until the money is three strikes away, so that subscriptions do
    not come and go with every step of the index, and while there is no price.

    Parameters
    ----------
    strikes : ndarray
        All that are listed for the nearest expiry [INR].
    spot : float or None
        Of the index [INR].
    last : float or None
        The centre that is in use [INR].
    """
    if spot is None or not math.isfinite(spot) or not len(strikes):
        return last
    money = atm_strike(strikes, spot)
    if last is None or not abs(money - last) < (DRIFT - ON_GRID) * strike_step(strikes):
        return money
    return last


def strikes_of(options: Iterable[Instrument]) -> Floats:
    """Return the strikes [INR] of which both a call and a put are listed, ascending."""
    kinds: dict[float, set[str]] = {}
    for option in options:
        kinds.setdefault(option.strike or math.nan, set()).add(option.kind)
    return np.array(sorted(strike for strike, both in kinds.items() if len(both) == 2))


def subscribed(
    book: Universe, day: date, centres: Mapping[str, float], strikes: int, expiries: int
) -> list[Instrument]:
    """Return the indices, futures and `strikes` of the nearest expiries, as listed.

    Half of the strikes are at or below the centre's. One that is not listed is left out and
    no farther one is taken in its place.
    """
    below, above = (strikes - 1) // 2, strikes // 2
    found = without_options(book, day)
    for name, centre in centres.items():
        for expiry in book.expiries(name, day)[:expiries]:
            options = book.options(name, expiry)
            listed = strikes_of(options)
            ladder = atm_strike(listed, centre) + strike_step(listed) * np.arange(-below, above + 1)
            chosen = set(np.round(ladder, PAISE).tolist())
            found += [o for o in options if round(o.strike or 0.0, PAISE) in chosen]
    return found


def known(
    book: Universe, day: date, centres: Mapping[str, float], strikes: int, expiries: int
) -> list[Instrument]:
    """Return the indices, futures, and all that is listed within twice the strikes each side."""
    reach = WIDER * (strikes // 2)
    found = without_options(book, day)
    for name, centre in centres.items():
        for expiry in book.expiries(name, day)[:expiries]:
            options = book.options(name, expiry)
            step = strike_step(strikes_of(options))
            width = (reach + ON_GRID) * (step if math.isfinite(step) else 0.0)
            found += [o for o in options if abs((o.strike or math.inf) - centre) <= width]
    return found


def without_options(book: Universe, day: date) -> list[Instrument]:
    """Return the indices with the VIX, and the futures that may be read on `day`.

    On a day a month expires the next two may be read for it (SIGNALS 0.3): then it is three.
    """
    futures = [
        future
        for name in UNDERLYINGS
        for future in _months(book.futures(name, day), day)  # nearest first
    ]
    return [*INDICES.values(), *futures]


def _months(futures: Sequence[Instrument], day: date) -> Sequence[Instrument]:
    expires = bool(futures) and futures[0].expiry == day
    return futures[: FUTURES + expires]
