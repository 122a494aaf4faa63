"""Which contracts the sections of a day read: the front month, and the one after it.

The front month is read until its last trading day ends; on that day the next month may be
read from the open already (`dashboard.pipeline.rolling` decides). Bars of a contract are
always its own, in earlier sessions too, so that no series is ever spliced.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from dashboard.core.market import UNDERLYINGS, VIX, Instrument, Segment, Universe


@dataclass(frozen=True)
class Contracts:
    """The instruments of one underlying that sections read.

    `rolled` says that `future` is another contract than in the session before.
    """

    index: Instrument | None
    future: Instrument | None
    next_future: Instrument | None = None
    rolled: bool = False


def contracts_of(
    universe: Universe,
    day: date,
    switched: Collection[str] = (),
    rolled: Collection[str] = (),
) -> dict[str, Contracts]:
    """Return what sections read of each underlying that the universe holds anything of."""
    return {
        name: _contracts(universe, name, day, name in switched, name in rolled)
        for name in UNDERLYINGS
        if universe.of(name)
    }


def _contracts(universe: Universe, name: str, day: date, switched: bool, rolled: bool) -> Contracts:
    months = universe.futures(name, day)[1 if switched else 0 :]
    near, after = (*months[:2], None, None)[:2]
    return Contracts(universe.index(name), near, after, rolled)


def followed(universe: Universe, day: date) -> dict[int, Segment]:
    """Return the tokens whose bars sections may read, with their segments.

    On a day that a month expires its successor may be read for it: then three are followed.
    """
    found = [universe.index(VIX)]
    for name in UNDERLYINGS:
        months = universe.futures(name, day)
        expires = bool(months) and months[0].expiry == day
        found += [universe.index(name), *months[: 3 if expires else 2]]
    return {i.token: i.segment for i in found if i is not None}
