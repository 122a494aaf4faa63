"""What every section said at each closed bar: the input of those that weigh the others."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.market import Ints
from dashboard.core.signal import Reading, Stance
from dashboard.core.table import Columns, Row

VOTES = "votes"  # the input's name
TIMEFRAME = "5m"  # on whose closed bars votes are counted (SIGNALS 23)
SIGN = {Stance.BULLISH: 1.0, Stance.BEARISH: -1.0, Stance.NEUTRAL: 0.0}
FIGURES = {"adx14": ("adx", "adx14"), "vix_factor": ("vix", "factor")}  # name -> section, value


class Ballot:
    """The votes of one underlying, a row for each closed bar of today."""

    def __init__(self, underlying: str) -> None:
        self.underlying = underlying
        self.timeframe = TIMEFRAME
        self._starts: list[int] = []
        self._rows: list[dict[str, float]] = []
        self._told: Columns | None = None

    def missing(self, starts: Ints) -> int:
        """Return how many of the bars that start at `starts` [s] are not counted yet."""
        return len(starts) - len(self._starts)

    def add(self, starts: Ints, ends: Ints, said: Mapping[str, Sequence[Reading]]) -> None:
        """Count what was said of the bars that start and end at these seconds.

        A section that said nothing at a bar's close has no vote there.
        """
        rows: dict[int, dict[str, float]] = {int(end): {} for end in ends}
        for name, readings in said.items():
            for reading in readings:
                row = rows.get(_second(reading))
                if row is not None:
                    row[name] = _vote(reading)
                    for figure, (section, value) in FIGURES.items():
                        if section == name:
                            row[figure] = _number(reading.values.get(value))
        self._starts += [int(start) for start in starts]
        self._rows += rows.values()

    def columns(self) -> Columns:
        """Return the votes as `Inputs.votes` describes them."""
        told, count = self._told, len(self._rows)
        if told is not None and len(told) == count:
            return told
        if (
            told is not None
            and len(told) == count - 1
            and self._rows[-1].keys() <= told.values.keys()
        ):
            row = {name: self._rows[-1].get(name, np.nan) for name in told.values}
            self._told = told.followed_by(self._starts[-1], Row(row))
            return self._told
        names = sorted({name for row in self._rows for name in row})
        values = {n: np.array([row.get(n, np.nan) for row in self._rows]) for n in names}
        self._told = Columns(np.array(self._starts, dtype=np.int64), values)
        return self._told


def _second(reading: Reading) -> int:
    return to_ns(reading.asof) // SECOND_NS if reading.asof else -1


def _vote(reading: Reading) -> float:
    return SIGN.get(reading.state, np.nan) * max(reading.strength, 0.0) / 100


def _number(value: float | str | None) -> float:
    return value if isinstance(value, float) else np.nan
