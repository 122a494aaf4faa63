"""The order book: five bids and five offers of each contract, slowly changing.

What stands at a level is a hash of the contract, the level and an *epoch* of several
seconds that begins at another time for each level. So the book of any second is known
without the seconds before it, and from one message to the next most levels stay.
"""

from datetime import date

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Ints
from feeds.mock.activity import FUTURE_LOTS, OPTION_LOTS
from feeds.mock.draws import Stream, generator
from feeds.mock.universe import N_FUTURES, Contracts

LEVELS = 10  # five bids, then five offers
SIDE = LEVELS // 2
SHORTEST, LONGEST = 4, 32  # slots of an epoch: two to sixteen seconds
LOTS = np.repeat(
    np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 26, 33, 40], np.uint32),
    [4, 4, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1],
)  # 32 sizes, small ones more often
_Words = npt.NDArray[np.uint32]


class Book:
    """Quantities and orders of all levels of all contracts."""

    def __init__(self, seed: int, day: date, contracts: Contracts) -> None:
        draw = generator(seed, day, Stream.CONTRACTS, 2)
        shape = (len(contracts), LEVELS)
        self._key = draw.integers(0, 2**32, shape, np.uint32)
        self._period = draw.integers(SHORTEST, LONGEST, shape, np.uint32)
        self._phase = draw.integers(0, LONGEST, shape, np.uint32)
        usual = np.where(
            np.arange(len(contracts)) < N_FUTURES,
            FUTURE_LOTS[contracts.underlying, contracts.rank],
            OPTION_LOTS[contracts.underlying, contracts.rank],
        )
        depth = np.maximum(np.rint(usual / 80), 1).astype(np.uint32)
        self._unit = (depth * contracts.lot.astype(np.uint32))[:, None]
        self._lot = contracts.lot
        self._waiting = np.rint(usual * draw.uniform(2, 5, len(contracts))).astype(np.int64) + 300

    def levels(self, slot: Ints) -> tuple[_Words, _Words]:
        """Return quantities in units and numbers of orders, (s, n, 10), for slots of the day."""
        at = slot.astype(np.uint32)[:, None, None]
        word = _scrambled((at + self._phase) // self._period * np.uint32(2654435761) + self._key)
        lots = LOTS[word & np.uint32(31)]
        orders = np.minimum((word >> np.uint32(8) & np.uint32(7)) + np.uint32(1), lots)
        return lots * self._unit, orders

    def waiting(self, slot: Ints) -> tuple[Ints, Ints]:
        """Return all that is bid for and offered, in units, (s, n)."""
        at = slot.astype(np.uint32)[:, None]
        sides = []
        for level in (0, SIDE):
            epoch = (at + self._phase[:, level]) // self._period[:, level]
            word = _scrambled(epoch * np.uint32(40503) + self._key[:, level + 1])
            extra = (word & np.uint32(255)).astype(np.int64) * self._waiting >> 9
            sides.append((self._waiting + extra) * self._lot)
        return sides[0], sides[1]


def gaps(spread: Ints) -> Ints:
    """Return ticks from one level to the next."""
    return np.maximum(spread // 2, 1)


def _scrambled(word: _Words) -> _Words:
    word ^= word >> np.uint32(15)
    word *= np.uint32(2246822519)
    word ^= word >> np.uint32(13)
    return word
