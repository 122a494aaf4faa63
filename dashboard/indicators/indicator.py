"""The shape every indicator has, and one with its parameters chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.core.bars import AnyBars, Bars, as_table
from dashboard.core.errors import InputError
from dashboard.core.market import Floats

Outputs = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that may be chosen, bounds included; `whole` ones are counts of bars."""

    name: str
    default: float
    low: float
    high: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Indicator:
    """A pure function of bars and a few numbers.

    `work` takes bars (columns open high low close volume; INR and units) and the parameters
    in order, and returns one array a name of `outputs`, NaN where it is not known yet. It
    never looks ahead: the first rows are the same whatever bars follow. `warmup` takes the
    parameters and returns how many bars it takes until every output is known.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    unit: str
    source: str
    work: Callable[..., Outputs]
    warmup: Callable[..., int]
    needs_volume: bool = False

    def with_values(self, values: tuple[float, ...] = ()) -> "Named":
        """Return the indicator with parameters, defaults for those that are left out.

        Raises
        ------
        InputError
            If there are too many, or one is out of its bounds.
        """
        if len(values) > len(self.parameters):
            most = len(self.parameters)
            raise InputError(f"{self.name} takes {most} numbers at most, not {len(values)}")
        chosen = []
        for at, parameter in enumerate(self.parameters):
            value = values[at] if at < len(values) else parameter.default
            if parameter.whole and value != int(value):
                raise InputError(f"{self.name}: {parameter.name} is a whole number, not {value:g}")
            if not parameter.low <= value <= parameter.high:
                bounds = f"{parameter.low:g} to {parameter.high:g}"
                raise InputError(f"{self.name}: {parameter.name} is {bounds}, not {value:g}")
            chosen.append(int(value) if parameter.whole else float(value))
        return Named(self, tuple(chosen))


@dataclass(frozen=True, slots=True)
class Named:
    """An indicator whose parameters are chosen."""

    indicator: Indicator
    values: tuple[float, ...]

    @property
    def id(self) -> str:
        """Return the name by which `parse` finds it, every parameter told."""
        return "_".join([self.indicator.name, *(f"{value:g}" for value in self.values)])

    @property
    def warmup(self) -> int:
        """Return the number of the first bar at which every output is known."""
        return self.indicator.warmup(*self.values)

    def calculate(self, bars: Bars) -> Bars:
        """Return a table indexed like the bars, one column an output, NaN where unknown.

        Parameters
        ----------
        bars : DataFrame, shape (n, >=4)
            open, high, low, close in INR and, where `Indicator.needs_volume`, volume in
            units; indexed by bar start (Asia/Kolkata, increasing).

        Raises
        ------
        InputError
            If a price is unknown, or volume is needed and there is none.
        """
        return as_table(dict(self.arrays(bars)), bars)

    def arrays(self, bars: AnyBars) -> Outputs:
        """Return the outputs as arrays of shape (n,)."""
        found = self.indicator.work(bars, *self.values)
        return {name: np.asarray(found[name], np.float64) for name in self.indicator.outputs}


def one_period(period: int) -> int:
    """Return the bars that a window of `period` bars takes."""
    return period


def one_more(period: int) -> int:
    """Return the bars that `period` changes from bar to bar take."""
    return period + 1


def nothing(bars: AnyBars) -> Floats:
    """Return a column in which nothing is known."""
    return np.full(len(bars), np.nan)


def or_nothing(enough: bool, bars: AnyBars, make: Callable[[], Any]) -> Floats:
    """Return what `make` returns, or nothing where there are too few bars for it."""
    return np.asarray(make(), np.float64) if enough else nothing(bars)
