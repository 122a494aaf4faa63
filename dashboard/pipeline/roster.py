"""What the pipeline asks of each instrument at every tick, as columns beside the state."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.market import Kind, Segment, Universe

DIVISORS = {3: 1e7, 6: 1e4, 12: 1e4}  # by Kite's segment, the token's last byte; else 100
SEGMENTS = (Segment.INDEX, Segment.FNO)


@dataclass(frozen=True)
class Roster:
    """Columns over the rows of a universe."""

    universe: Universe
    segment: npt.NDArray[np.int8]  # position in SEGMENTS
    tradable: npt.NDArray[np.bool_]  # has volume; an index has none
    tick: npt.NDArray[np.float64]  # smallest price step, INR
    divisor: npt.NDArray[np.float64]  # of Kite's integers in the book, to INR

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the segments of which there is any instrument."""
        return tuple(name for at, name in enumerate(SEGMENTS) if (self.segment == at).any())


def make_roster(universe: Universe) -> Roster:
    """Return the columns of `universe`."""
    instruments = universe.instruments
    return Roster(
        universe,
        np.array([SEGMENTS.index(i.segment) for i in instruments], dtype=np.int8),
        np.array([i.kind is not Kind.INDEX for i in instruments], dtype=bool),
        np.array([i.tick for i in instruments], dtype=np.float64),
        np.array([DIVISORS.get(i.token & 0xFF, 100.0) for i in instruments], dtype=np.float64),
    )
