"""What each section is given: frames of bars, chain and past sessions of an underlying."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.bars import AnyBars, index_starts_s, rows, starts_s, upto
from dashboard.core.clock import MINUTE_S
from dashboard.core.daily import session_days
from dashboard.core.hours import EPOCH_DAY, bar_end, prior_day
from dashboard.core.market import TIMEFRAMES, VIX, Instrument, Ints, Kind, Segment, Universe
from dashboard.core.ports import BAR_DTYPE
from dashboard.core.signal import Inputs
from dashboard.core.table import Columns
from dashboard.pipeline.chains import ChainBook
from dashboard.pipeline.contracts import Contracts
from dashboard.pipeline.halts import Halts
from dashboard.pipeline.past import Past
from dashboard.pipeline.series import Finished, SeriesBook, bars_columns, regular, with_bar
from dashboard.pipeline.settling import Settling
from dashboard.pipeline.state import NO_BAR, State

TIMED = ("index", "future", "next_future", "vix", "chain", "votes")  # inputs of one row a bar
QUARTER = "15m"
AVERAGE = "average_price"  # a future's column: what the exchange told by the bar's close


class _Closed(NamedTuple):
    """Closed bars as arrays: `settled` of a series of `size`, with `until` [s] settled."""

    size: int
    until: int
    settled: int
    bars: Columns


@dataclass
class DeskInputs:
    """Build `Inputs` for an underlying and timeframe from what is closed so far."""

    universe: Universe
    state: State
    series: SeriesBook
    chains: ChainBook
    settling: Settling
    contracts: Mapping[str, Contracts]
    vix: Instrument | None = None
    past: Past = field(default_factory=Past)
    halts: Halts = field(init=False)
    _told: dict[str, tuple[float, Columns]] = field(default_factory=dict)
    _recent: dict[str, bool] = field(default_factory=dict)
    _rows: dict[int, int] = field(default_factory=dict)
    _columns: dict[tuple[int, str], "_Closed"] = field(default_factory=dict)
    _absent: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.halts = Halts(self.series, self.settling, self.contracts)

    @property
    def daily(self) -> Mapping[str, pd.DataFrame]:
        """Return earlier sessions by underlying, as they are stored."""
        return self.past.daily

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
        self,
        underlying: str,
        timeframe: str,
        wanted: frozenset[str],
        *,
        forming: bool = False,
        votes: Columns | None = None,
    ) -> Inputs:
        """Return the `wanted` inputs of one underlying; `forming` adds the bar in progress.

        What nobody wants is not built: a frame costs more than most sections.
        """
        part = self.contracts[underlying]
        build: dict[str, Callable[[], Columns | None]] = {
            "index": lambda: self._frame(part.index, timeframe, forming),
            "future": lambda: self._frame(part.future, timeframe, forming),
            "next_future": lambda: self._frame(part.next_future, timeframe, forming),
            "index_15m": lambda: self._frame(part.index, QUARTER, forming=False),
            "vix": lambda: self._frame(self.vix, timeframe, forming),
            "daily": lambda: self._daily(underlying, part.index),
            "vix_daily": lambda: self._daily(VIX, self.vix),
            "past_volume": lambda: self.past.past_volume.get(underlying),
            "chain": lambda: self.chains.frame(
                underlying, timeframe, self.settling.until, forming=forming
            ),
        }
        frames: dict[str, Any] = {name: make() for name, make in build.items() if name in wanted}
        frames["average_price"] = last_average(frames.get("future"))
        return Inputs(
            underlying=underlying,
            timeframe=timeframe,
            contract=part.future.symbol if part.future else None,
            expiry=self.chains.expiry(underlying),
            rolled=part.rolled,
            reopened=self.halts.reopened(underlying),
            votes=votes,
            missing=self._missing(underlying),
            **frames,
        )

    def forget(self) -> None:
        """Put bars together anew when they are next asked for: closed ones have changed."""
        self._columns.clear()
        self.halts.forget()

    def today(self, underlying: str, timeframe: str) -> Ints:
        """Return when today's closed bars of the index start [s]."""
        instrument = self.contracts[underlying].index
        bars = self._frame(instrument, timeframe, forming=False)
        if instrument is None or not bars:
            return np.empty(0, dtype=np.int64)
        hours = self.settling.hours.segments[instrument.segment]
        return bars.starts[bars.starts.searchsorted(hours.start) :]

    def ends(self, starts: Ints, timeframe: str) -> Ints:
        """Return when today's bars of an index that start at `starts` [s] end."""
        hours = self.settling.hours.segments[Segment.INDEX]
        ends = [hours.bucket(start, TIMEFRAMES[timeframe])[1] for start in starts.tolist()]
        return np.array(ends, dtype=np.int64)

    def _frame(
        self, instrument: Instrument | None, timeframe: str, forming: bool
    ) -> Columns | None:
        if instrument is None:
            return None
        series = self.series.get(instrument.token, timeframe)
        if forming:
            slots = self.open_slots(instrument)
            open_bars = self.series.open_bars(instrument.token, timeframe, slots)
            bars = np.concatenate([series.bars, *open_bars])
            return bars_columns(regular(bars), *_more(instrument))
        key, size, until = (instrument.token, timeframe), series.size, self.settling.until
        known = self._columns.get(key)
        if known is None or known.size != size or known.until != until:
            settled = self._settled(series.bars, instrument.segment, timeframe)
            columns = _grown(known, settled, _more(instrument))
            known = self._columns[key] = _Closed(size, until, len(settled), columns)
        return known.bars

    def _settled(
        self, bars: npt.NDArray[np.void], segment: Segment, timeframe: str
    ) -> npt.NDArray[np.void]:
        """Leave out bars whose minutes another segment has not closed yet."""
        hours, until = self.settling.hours.segments[segment], self.settling.until
        starts, size, minutes = bars["start"], len(bars), TIMEFRAMES[timeframe]
        while size:
            start = int(starts[size - 1])
            if start < hours.start or start + minutes * MINUTE_S <= until:
                break
            if hours.bucket(start, minutes)[1] <= until:  # the last one may be short
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

    def _daily(self, underlying: str, index: Instrument | None) -> Columns | None:
        """Return past sessions; the exchange's own previous close replaces the last bar's."""
        daily = self.daily.get(underlying)
        if daily is None or not len(daily.index):
            return None
        official = np.nan
        if index is not None:
            official = float(self.state.rows["previous_close"][self._row(index)])
        if not self._ends_yesterday(underlying, daily):
            official = np.nan
        known = self._told.get(underlying)
        if known is None or not _is_same(known[0], official):
            known = self._told[underlying] = official, daily_columns(daily, official)
        return known[1]

    def _row(self, instrument: Instrument) -> int:
        if instrument.token not in self._rows:
            self._rows[instrument.token] = self.universe.row(instrument)
        return self._rows[instrument.token]

    def _ends_yesterday(self, name: str, daily: pd.DataFrame) -> bool:
        """Say whether the last session of `daily` is no older than the trading day before.

        Where the calendar does not know that day, the last session is taken for it.
        """
        if name not in self._recent:
            last = int(session_days(daily)[-1])
            prior = prior_day((self.settling.hours.day - EPOCH_DAY).days)
            self._recent[name] = prior is None or last >= prior
        return self._recent[name]

    def _missing(self, underlying: str) -> dict[str, str]:
        if underlying not in self._absent:
            self._absent[underlying] = self._reasons(underlying)
        return self._absent[underlying]

    def _reasons(self, underlying: str) -> dict[str, str]:
        return {
            "index": f"No {underlying} index in this recording",
            "future": "No future volume in this recording",
            "next_future": "No next month's future in this recording",
            "index_15m": f"No {underlying} index in this recording",
            "vix": "No India VIX in this recording",
            "daily": "No earlier session in the store",
            "vix_daily": "No earlier session of India VIX in the store",
            "past_volume": "No earlier session's volume in the store",
            "chain": self.chains.missing(underlying),
        }


def _grown(known: _Closed | None, settled: npt.NDArray[np.void], more: tuple[str, ...]) -> Columns:
    """Return settled bars as arrays, with `more` columns; one bar more is added to those known."""
    if known is None or not len(known.bars) or len(settled) - known.settled not in (0, 1):
        return bars_columns(regular(settled), *more)
    return known.bars if known.settled == len(settled) else with_bar(known.bars, settled[-1])


def _is_same(price: float, other: float) -> bool:
    """Say whether both are one price, or both unknown."""
    return price == other or (math.isnan(price) and math.isnan(other))


def daily_columns(daily: pd.DataFrame, official: float) -> Columns:
    """Return past sessions as arrays; a known `official` close [INR] is the last one's."""
    values = {str(name): daily[name].to_numpy(np.float64, copy=True) for name in daily.columns}
    if np.isfinite(official):
        values["close"][-1] = official
        values["official"][-1] = 1.0
    return Columns(index_starts_s(pd.DatetimeIndex(daily.index)), values)


def as_of(inputs: Inputs, lead: str) -> Inputs:
    """Return inputs that end with the last bar of `lead`: it reads the same at any time.

    Frames of past sessions are of earlier days and stay as they are.
    """
    leading = getattr(inputs, lead)
    if leading is None or not len(leading):
        return inputs
    last = int(starts_s(leading)[-1])
    late: dict[str, Any] = {}
    for name in TIMED:
        bars = getattr(inputs, name)
        if bars is not None and bars is not leading and len(bars) and starts_s(bars)[-1] > last:
            late[name] = upto(bars, last)
    quarters = inputs.index_15m
    if quarters is not None and lead != "index_15m":
        segment = Segment.INDEX if lead in ("index", "vix") else Segment.FNO
        ended = _ended(quarters, bar_end(last, segment, TIMEFRAMES[inputs.timeframe]))
        if ended < len(quarters):
            late["index_15m"] = rows(quarters, 0, ended)
    future = late.get("future", inputs.future)
    if isinstance(future, Columns) and AVERAGE in future:
        average = last_average(future)
        if average != inputs.average_price:
            late["average_price"] = average
    return replace(inputs, **late) if late else inputs


def last_average(future: AnyBars | None) -> float | None:
    """Return the exchange's VWAP as of the last bar of a desk's future [INR], None if untold."""
    if not isinstance(future, Columns) or AVERAGE not in future or not len(future):
        return None
    average = float(future.values[AVERAGE][-1])
    return average if math.isfinite(average) else None


def _more(instrument: Instrument) -> tuple[str, ...]:
    """Return the columns that bars of an instrument have besides those of all bars."""
    return (AVERAGE,) if instrument.kind is Kind.FUTURE else ()


def _ended(quarters: AnyBars, end: int) -> int:
    """Return how many of the index's bars of 15 minutes had ended by `end` (seconds)."""
    starts, size = starts_s(quarters), len(quarters)
    while size and bar_end(int(starts[size - 1]), Segment.INDEX, TIMEFRAMES[QUARTER]) > end:
        size -= 1
    return size
