"""The immutable picture of a desk at one moment: all that pages, API and alerts see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.core.health import Stage
from dashboard.core.market import Source
from dashboard.core.signal import Reading, Signal
from dashboard.pipeline.options_view import OptionsView
from dashboard.pipeline.quotes import Quotes


@dataclass(frozen=True, slots=True)
class IndexQuote:
    """One index as its card shows it. Unknown is None. Prices in INR."""

    underlying: str
    title: str
    price: float | None = None
    previous_close: float | None = None
    change: float | None = None
    change_percent: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    age_s: float | None = None
    stale: bool = False
    spark: tuple[float, ...] = ()  # today's 1m closes
    pcr: float | None = None
    pcr_reason: str = ""  # why there is none


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One strike. OI and volume in units; None where the recording has none."""

    strike: float
    call_oi: float | None
    call_oi_change: float | None
    call_volume: float | None
    call_ltp: float | None
    call_iv: float | None  # percent
    put_oi: float | None
    put_oi_change: float | None
    put_volume: float | None
    put_ltp: float | None
    put_iv: float | None
    call_note: str = ""  # why there is no IV, or that the quote is crossed or stale
    put_note: str = ""


@dataclass(frozen=True, slots=True)
class ChainView:
    """The option chain of one underlying's nearest expiry."""

    underlying: str
    expiry: date
    days_to_expiry: int
    rows: tuple[ChainRow, ...]  # all strikes, ascending
    atm: float | None
    spot: float | None
    forward: float | None
    forward_source: str  # "NIFTY26AUGFUT", "parity", or why there is none
    time_to_expiry_s: float | None
    atm_iv: float | None  # percent
    straddle: float | None
    call_oi: float
    put_oi: float
    call_volume: float
    put_volume: float
    oi_age_s: float | None


@dataclass(frozen=True, slots=True)
class ChartView:
    """The candles of one underlying and timeframe, with what is drawn over them.

    `bars`: DataFrame (open high low close volume, plus `flags`), warm-up sessions first,
    closed bars only. `forming`: the bar in progress in the same columns plus ``start``
    (seconds), or None. `closing`: the bar before it while it is in its seconds of grace.
    `volume` comes from the future named by `contract`, NaN where there is none.
    `overlays`: section id -> its calculated table (same index, closed bars).
    `basis`: the future's price less the index's [INR], None where it is not known.
    """

    underlying: str
    title: str
    timeframe: str
    bars: pd.DataFrame
    forming: Mapping[str, Any] | None
    closing: Mapping[str, Any] | None
    contract: str | None
    overlays: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    basis: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Where the market is in its day."""

    name: str  # PRE_OPEN, CONTINUOUS, CLOSING_AUCTION, ...
    detail: str  # "Index to 15:15 · F&O to 15:40"
    expiries: tuple[str, ...]  # underlyings that expire today


@dataclass(frozen=True, slots=True)
class InputView:
    """One input of a section: what it is of, how many rows, and when the last one starts.

    `missing` says why it is not there; `rows` is then None.
    """

    name: str  # as `Signal.needs` calls it
    instrument: str = ""
    rows: int | None = None
    last: datetime | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """What one section was given for its last closed bar, and what it said of today's bars."""

    inputs: tuple[InputView, ...]
    history: tuple[Reading, ...]  # oldest first


Silhouette = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]  # minute [s], close [INR]
Flips = tuple[tuple[int, int], ...]  # (second, +1 or -1)


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The day as the time machine draws it. Instants in seconds since the epoch.

    `silhouettes` and `flips` are by underlying, of those that somebody looks at: the closes
    of the whole recorded day, and the bars' closes at which all sections together turned.
    """

    start: int
    end: int
    bands: tuple[tuple[str, int, int], ...]  # (phase, start, end)
    gaps: tuple[tuple[int, int, str], ...]
    edge: int  # recorded (or played) up to here
    silhouettes: Mapping[str, Silhouette] = field(default_factory=dict)
    flips: Mapping[str, Flips] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One desk at one moment.

    `final` and `provisional` hold readings by (underlying, section, timeframe);
    provisional ones only for what a listener is looking at. `options` holds the option desk
    by (underlying, chosen expiry), None the nearest, where somebody looks at it; `explained`
    the sections that somebody reads about, by the keys of `final`.
    """

    seq: int
    source: Source
    replay: bool  # a recorded or generated day played again, not the shared desk
    status: str  # "loading" | "playing" | "paused" | "ended" | "failed"
    error: str | None
    day: date
    at: datetime
    speed: float  # 0 means as fast as it goes
    phase: Phase
    fidelity: tuple[str, ...]
    instruments: int
    feed_age_s: float | None
    stages: tuple[Stage, ...]
    indices: Mapping[str, IndexQuote]
    charts: Mapping[tuple[str, str], ChartView]
    chains: Mapping[str, ChainView]
    chain_missing: Mapping[str, str]
    final: Mapping[tuple[str, str, str], Reading]
    provisional: Mapping[tuple[str, str, str], Reading]
    signals: Mapping[str, Signal]
    timeline: TimelineView
    counters: Mapping[str, int]
    ticks: int
    progress: float | None = None  # of a load or a long seek, 0..1
    options: Mapping[tuple[str, date | None], OptionsView] = field(default_factory=dict)
    explained: Mapping[tuple[str, str, str], Explained] = field(default_factory=dict)
    quotes: Quotes | None = None  # of every instrument; None while nothing is open
