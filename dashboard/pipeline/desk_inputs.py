"""What each section is given: frames of bars, chain and past sessions of an underlying."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import PER_SECOND
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS, VIX, Instrument, Segment, Universe
from dashboard.core.ports import BAR_DTYPE
from dashboard.core.signal import Inputs
from dashboard.pipeline.chains import ChainBook
from dashboard.pipeline.series import Finished, SeriesBook, bars_frame, regular
from dashboard.pipeline.settling import Settling
from dashboard.pipeline.state import NO_BAR, State

TIMED = ("index", "future", "vix", "chain")  # inputs of one row a bar


@dataclass(frozen=True)
class Contracts:
    """The instruments of one underlying that sections read."""

    index: Instrument | None
    future: Instrument | None


@dataclass
class DeskInputs:
    """Build `Inputs` for an underlying and timeframe from what is closed so far.

    `daily` holds earlier sessions by underlying (`Inputs.daily`).
    """

    universe: Universe
    state: State
    series: SeriesBook
    chains: ChainBook
    settling: Settling
    contracts: Mapping[str, Contracts]
    vix: Instrument | None = None
    daily: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _told: dict[str, tuple[float, pd.DataFrame]] = field(default_factory=dict)

    @property
    def underlyings(self) -> tuple[str, ...]:
        """Return the underlyings of which the day holds anything."""
        return tuple(self.contracts)

    def touched(self, segment: Segment, bars: Finished) -> list[str]:
        """Return the underlyings for which these bars say something new."""
        if segment is Segment.INDEX:
            return [
                name
                for name, part in self.contracts.items()
                if part.index is not None and part.index.token in bars.tokens
            ]
        return [
            name
            for name, part in self.contracts.items()
            if (part.future is not None and part.future.token in bars.tokens)
            or self.chains.is_seen(name)
        ]

    def inputs(
        self, underlying: str, timeframe: str, wanted: frozenset[str], *, forming: bool = False
    ) -> Inputs:
        """Return the `wanted` inputs of one underlying; `forming` adds the bar in progress.

        What nobody wants is not built: a frame costs more than most sections.
        """
        part = self.contracts[underlying]
        build: dict[str, Callable[[], pd.DataFrame | None]] = {
            "index": lambda: self._frame(part.index, timeframe, forming),
            "future": lambda: self._frame(part.future, timeframe, forming),
            "vix": lambda: self._frame(self.vix, timeframe, forming),
            "daily": lambda: self._daily(underlying, part.index),
            "chain": lambda: self.chains.frame(
                underlying, timeframe, self.settling.until, forming=forming
            ),
        }
        frames: dict[str, Any] = {name: make() for name, make in build.items() if name in wanted}
        return Inputs(
            underlying=underlying,
            timeframe=timeframe,
            contract=part.future.symbol if part.future else None,
            expiry=self.chains.expiry(underlying),
            missing=self._missing(underlying),
            **frames,
        )

    def _frame(
        self, instrument: Instrument | None, timeframe: str, forming: bool
    ) -> pd.DataFrame | None:
        if instrument is None:
            return None
        bars = self.series.get(instrument.token, timeframe).bars
        if forming:
            slots = self.open_slots(instrument)
            bars = np.concatenate(
                [bars, *self.series.open_bars(instrument.token, timeframe, slots)]
            )
        else:
            bars = self._settled(bars, instrument.segment, timeframe)
        return bars_frame(regular(bars))

    def _settled(
        self, bars: npt.NDArray[np.void], segment: Segment, timeframe: str
    ) -> npt.NDArray[np.void]:
        """Leave out bars whose minutes another segment has not closed yet."""
        hours, until = self.settling.hours.segments[segment], self.settling.until
        size = len(bars)
        while size and bars["start"][size - 1] >= hours.start:
            if hours.bucket(int(bars["start"][size - 1]), TIMEFRAMES[timeframe])[1] <= until:
                break
            size -= 1
        return bars[:size]

    def open_slots(self, instrument: Instrument) -> npt.NDArray[np.void]:
        """Return the open minutes of an instrument as rows of BAR_DTYPE, in order."""
        row = self.state.rows[self.universe.row(instrument)]
        slots = [row[name] for name in ("previous_bar", "bar") if row[name]["start"] != NO_BAR]
        bars = np.empty(len(slots), dtype=BAR_DTYPE)
        bars["token"] = instrument.token
        for at, slot in enumerate(slots):
            for name in slot.dtype.names:
                bars[name][at] = slot[name]
        return bars

    def _daily(self, underlying: str, index: Instrument | None) -> pd.DataFrame | None:
        """Return past sessions; the exchange's own previous close replaces the last bar's."""
        daily = self.daily.get(underlying)
        if daily is None or daily.empty:
            return None
        if index is None:
            return daily
        official = float(self.state.rows["previous_close"][self.universe.row(index)])
        if not np.isfinite(official):
            return daily
        before, told = self._told.get(underlying, (np.nan, daily))
        if before != official:
            last = daily.index[-1:]
            told = daily.copy()
            told.loc[last, "close"] = official
            told.loc[last, "official"] = True
            self._told[underlying] = official, told
        return told

    def _missing(self, underlying: str) -> dict[str, str]:
        return {
            "index": f"No {underlying} index in this recording",
            "future": "No future volume in this recording",
            "vix": "No India VIX in this recording",
            "daily": "No earlier session in the store",
            "chain": self.chains.missing(underlying),
        }


def as_of(inputs: Inputs, lead: str) -> Inputs:
    """Return inputs that end with the last bar of `lead`: it reads the same at any time."""
    leading = getattr(inputs, lead)
    if leading is None or not len(leading):
        return inputs
    last = _last_start_s(leading)
    others = {name: getattr(inputs, name) for name in TIMED if name != lead}
    late = {
        name: frame.loc[: leading.index[-1]]
        for name, frame in others.items()
        if frame is not None and len(frame) and _last_start_s(frame) > last
    }
    return replace(inputs, **late) if late else inputs


def _last_start_s(frame: pd.DataFrame) -> int:
    """Return the start of the last bar; a pandas timestamp costs ten times as much."""
    index = frame.index
    assert isinstance(index, pd.DatetimeIndex)
    return int(index.asi8[-1]) // PER_SECOND[index.unit]


def contracts_of(universe: Universe, day: date) -> dict[str, Contracts]:
    """Return what sections read of each underlying that the universe holds anything of."""
    return {
        name: Contracts(universe.index(name), universe.future(name, day))
        for name in UNDERLYINGS
        if universe.of(name)
    }


def followed(universe: Universe, day: date) -> dict[int, Segment]:
    """Return the tokens whose bars sections read, with their segments."""
    found = [universe.index(VIX)]
    for part in contracts_of(universe, day).values():
        found += [part.index, part.future]
    return {i.token: i.segment for i in found if i is not None}
