"""Hold stored minutes against the exchange's own candles, field by field."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.core.market import BarFlag

PRICES = ("open", "high", "low", "close")
UNITS = ("volume", "oi")
CLOSE = 1e-9  # relative: the last digits of a double say nothing

Bars = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the stored minutes that differs: in how many, and where most."""

    field: str
    minutes: int
    largest: float  # INR or units, ours less theirs without its sign
    token: int
    start: int  # of the minute with the largest [s]


@dataclass(frozen=True)
class Comparison:
    """What came of comparing one instrument's minutes.

    Minutes that were filled from candles are on both sides and are not compared: they would
    agree with themselves.
    """

    token: int
    equal: int
    different: int
    partial: int  # of the different ones: not seen from their first second
    differences: tuple[Difference, ...]
    unknown_there: Bars  # ours without a candle
    missing_here: Bars  # candles without a bar


def compare(token: int, ours: Bars, theirs: Bars) -> Comparison:
    """Compare bars (BAR_DTYPE, unique starts) of one instrument.

    A field that is unknown on one side, as the volume of an index, is not compared.
    """
    received = ours[(ours["flags"] & BarFlag.BACKFILLED) == 0]
    _, here, there = np.intersect1d(received["start"], theirs["start"], return_indices=True)
    mine, candle = received[here], theirs[there]
    apart = {name: _apart(mine[name], candle[name]) for name in (*PRICES, *UNITS)}
    differs = np.logical_or.reduce([gap > 0 for gap in apart.values()])
    return Comparison(
        token=token,
        equal=int((~differs).sum()),
        different=int(differs.sum()),
        partial=int((differs & ((mine["flags"] & BarFlag.PARTIAL) != 0)).sum()),
        differences=tuple(
            _difference(name, token, gap, mine["start"]) for name, gap in apart.items() if gap.any()
        ),
        unknown_there=received[~np.isin(received["start"], theirs["start"])],
        missing_here=theirs[~np.isin(theirs["start"], ours["start"])],
    )


def largest(differences: Sequence[Difference]) -> dict[str, Difference]:
    """Return each field's differences as one: all minutes, and the largest of all."""
    found: dict[str, Difference] = {}
    for one in differences:
        before = found.get(one.field)
        if before is None:
            found[one.field] = one
            continue
        most = max(before, one, key=lambda d: d.largest)
        minutes = before.minutes + one.minutes
        found[one.field] = Difference(one.field, minutes, most.largest, most.token, most.start)
    return found


def _apart(
    mine: npt.NDArray[np.float64], candle: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return how far two columns are apart; 0 where they agree or one is unknown."""
    gap = np.abs(mine - candle)
    return np.where(gap > CLOSE * np.abs(candle), gap, 0.0)  # NaN compares as no gap


def _difference(
    name: str, token: int, gap: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]
) -> Difference:
    at = int(gap.argmax())
    return Difference(name, int((gap > 0).sum()), float(gap[at]), token, int(starts[at]))
