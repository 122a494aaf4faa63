"""What calls return besides numbers and tables. NaN is not known; None is not there at all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, TypeVar

import pandas as pd

from dashboard.core.clock import IST
from dashboard.core.signal import PriceLevel, Reading, Stance, Warmup
from dashboard.research.trading.frames import sides_frame

T = TypeVar("T")
NAN = math.nan


@dataclass(frozen=True, slots=True)
class DeskMoment:
    """Which desk an answer is of, and at which moment of it (IST).

    `source` is LIVE, REPLAY, MOCK (generated) or RECORDED; `seq` counts the desk's pictures.
    """

    id: str
    source: str
    replay: bool
    day: date
    at: datetime
    status: str
    seq: int
    feed_age_s: float


@dataclass(frozen=True, slots=True)
class Quote:
    """What was last told of an instrument. Prices in INR, volume and OI in units."""

    symbol: str
    token: int
    ltp: float
    bid: float
    ask: float
    volume: float
    oi: float
    average_price: float
    open: float
    high: float
    low: float
    previous_close: float
    change: float
    change_percent: float
    age_s: float
    time: datetime | None
    flag: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """An instrument, or an index; `expiry` and `strike` [INR] are None where it has none."""

    symbol: str
    token: int
    exchange: str
    underlying: str
    kind: str
    expiry: date | None
    strike: float | None
    lot: int
    tick: float


@dataclass(frozen=True, slots=True)
class Greeks:
    """An option's volatility [percent] and derivatives, by Black-76.

    `theta` is INR a calendar day. `why` says why there is no volatility.
    """

    iv: float
    delta: float
    gamma: float
    theta: float
    why: str


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """Where the market is in its day, at the desk's own time."""

    desk: DeskMoment
    now: datetime
    phase: str
    detail: str
    is_open: bool
    next_open: datetime | None
    expiries: Mapping[str, date | None]


@dataclass(frozen=True, slots=True)
class Chain:
    """One expiry as it stands; prices in INR, volatilities in percent.

    `frame` has a row a strike and columns (``CE`` or ``PE``, field).
    """

    desk: DeskMoment
    underlying: str
    expiry: date
    expiries: tuple[date, ...]
    days_to_expiry: int
    time_to_expiry_s: float
    spot: float
    forward: float
    forward_source: str
    atm: float
    atm_iv: float
    straddle: float
    pcr_oi: float
    max_pain: float
    expected_move: float
    gex: float
    frame: pd.DataFrame = field(repr=False, compare=False)

    @property
    def calls(self) -> pd.DataFrame:
        """Return the calls by strike."""
        return _side(self.frame, "CE")

    @property
    def puts(self) -> pd.DataFrame:
        """Return the puts by strike."""
        return _side(self.frame, "PE")


@dataclass(frozen=True, slots=True)
class Tick:
    """One update of an instrument over a stream.

    `time` is the exchange's, `at` the desk's; `seq` is that of the frame it came with.
    """

    symbol: str
    token: int
    ltp: float
    bid: float
    ask: float
    volume: float
    oi: float
    average_price: float
    time: datetime | None
    at: datetime
    source: str
    seq: int


@dataclass(frozen=True, slots=True)
class DeskNews:
    """A document of a desk that changed."""

    topic: str
    seq: int
    data: Any


@dataclass(frozen=True, slots=True)
class ReplayState:
    """Where a replay stands, and between which instants it can.

    `speed` is in seconds of the market a second, 0 for as fast as it goes; `progress` is of
    opening or a long seek, 0 to 1.
    """

    desk: DeskMoment
    speed: float
    progress: float
    start: datetime
    end: datetime


def _side(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    side = frame[kind]
    assert isinstance(side, pd.DataFrame)  # the first level of two
    return side


# -- made of documents -----------------------------------------------------------------------
def value_of(kind: type[T], document: Mapping[str, Any], **given: Any) -> T:
    """Return a value made of a document; `given` are the fields that are not as it says."""
    known: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name not in given:
            known[each.name] = _read(each.type, document.get(each.name))
    return kind(**known, **given)


def _read(kind: Any, value: Any) -> Any:
    if kind is float:
        return NAN if value is None else float(value)
    if kind is datetime or kind == datetime | None:
        return instant_of(value)
    if kind is date or kind == date | None:
        return day_of(value)
    if kind is DeskMoment:
        return value_of(DeskMoment, value)
    return value


def instant_of(text: str | None) -> datetime | None:
    """Return an instant of an answer, in IST."""
    return None if text is None else datetime.fromisoformat(text).astimezone(IST)


def day_of(text: str | None) -> date | None:
    """Return a date of an answer."""
    return None if text is None else date.fromisoformat(text)


def chain_of(document: Mapping[str, Any]) -> Chain:
    """Return a chain."""
    expiries = tuple(date.fromisoformat(each) for each in document["expiries"])
    return value_of(Chain, document, expiries=expiries, frame=sides_frame(document["rows"]))


def status_of(document: Mapping[str, Any]) -> MarketStatus:
    """Return the market's status."""
    expiries = {name: day_of(day) for name, day in document["expiries"].items()}
    return value_of(MarketStatus, document, expiries=expiries)


def reading_of(document: Mapping[str, Any]) -> Reading:
    """Return a reading, equal to the one that the desk has."""
    return Reading(
        id=document["id"],
        underlying=document["underlying"],
        instrument=document["instrument"],
        timeframe=document["timeframe"],
        bar_ts=instant_of(document["bar_ts"]),
        asof=instant_of(document["asof"]),
        final=document["final"],
        state=Stance(document["state"]),
        strength=document["strength"],
        values=document["values"],
        levels=tuple(PriceLevel(**each) for each in document["levels"]),
        reason=document["reason"],
        flags=tuple(document["flags"]),
        warmup=Warmup(**document["warmup"]),
    )


def tick_of(document: Mapping[str, Any], at: datetime, source: str, seq: int) -> Tick:
    """Return a tick of a frame."""
    return value_of(Tick, document, at=at, source=source, seq=seq)


def replay_of(document: Mapping[str, Any]) -> ReplayState:
    """Return where a replay stands."""
    return value_of(ReplayState, document)
