"""Ticks written by hand, as Kite's bytes, and a pipeline that they are played through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np

from dashboard.core.calendar import load_calendar
from dashboard.core.clock import IST, SECOND_NS, from_seconds, to_ns
from dashboard.core.market import DEPTH_DTYPE, INDICES, Frame, Instrument, Kind, TickBatch, Universe
from dashboard.core.signal import Reading, Signal
from dashboard.pipeline.bars import Closed
from dashboard.pipeline.pipeline import Past, make_pipeline
from feeds.wire import HEARTBEAT, decode_lenient, encode

DAY = date(2026, 8, 18)  # regime B: index to 15:15, auction to 15:35, derivatives to 15:40
OLD_DAY = date(2025, 6, 3)  # regime A: everything to 15:30
NIFTY, BANKNIFTY = INDICES["NIFTY"], INDICES["BANKNIFTY"]
FUTURE = Instrument(1002, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 8, 25), lot=65)
EXPIRY = date(2026, 8, 25)
CALL = Instrument(1026, "NIFTY26AUG24500CE", "NFO", "NIFTY", Kind.CALL, EXPIRY, 24_500.0, 65)
PUT = Instrument(1282, "NIFTY26AUG24500PE", "NFO", "NIFTY", Kind.PUT, EXPIRY, 24_500.0, 65)

FULL, INDEX_FULL, QUOTE, INDEX_QUOTE, LAST = 184, 32, 44, 28, 8  # bytes of a packet


def seconds(at: str, day: date = DAY) -> int:
    """Return the whole second of a clock time in IST."""
    return nanoseconds(at, day) // SECOND_NS


def nanoseconds(at: str, day: date = DAY) -> int:
    return to_ns(datetime.combine(day, time.fromisoformat(at), IST))


def instant(at: str, day: date = DAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), IST)


@dataclass(frozen=True)
class Tick:
    """One packet. `at` is the exchange's time; `traded` the last trade's, if it has one."""

    instrument: Instrument
    price: float
    at: str
    volume: float = 0.0
    oi: float = 0.0
    traded: str | None = None
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    bid: float = 0.0
    ask: float = 0.0
    average: float = 0.0
    length: int | None = None
    day: date = DAY

    @property
    def size(self) -> int:
        if self.length is not None:
            return self.length
        return INDEX_FULL if self.instrument.kind is Kind.INDEX else FULL


def message(*ticks: Tick) -> bytes:
    """Return Kite's message of these packets."""
    return encode(batch(*ticks))


def batch(*ticks: Tick) -> TickBatch:
    depth = np.zeros((len(ticks), 10), dtype=DEPTH_DTYPE)
    depth["price"][:, 0] = [round(t.bid * 100) for t in ticks]
    depth["price"][:, 5] = [round(t.ask * 100) for t in ticks]
    zero = np.zeros(len(ticks))

    def column(values: Iterable[float]) -> np.ndarray:
        return np.array(list(values), dtype=np.float64)

    return TickBatch(
        token=np.array([t.instrument.token for t in ticks], dtype=np.int64),
        length=np.array([t.size for t in ticks], dtype=np.uint8),
        last_price=column(t.price for t in ticks),
        last_quantity=zero,
        average_price=column(t.average for t in ticks),
        day_volume=column(t.volume for t in ticks),
        buy_quantity=zero,
        sell_quantity=zero,
        open=column(t.open for t in ticks),
        high=column(t.high for t in ticks),
        low=column(t.low for t in ticks),
        close=column(t.close for t in ticks),
        change=zero,
        last_trade_time=np.array(
            [seconds(t.traded, t.day) if t.traded else 0 for t in ticks], dtype=np.int64
        ),
        oi=column(t.oi for t in ticks),
        oi_day_high=zero,
        oi_day_low=zero,
        exchange_time=np.array([seconds(t.at, t.day) for t in ticks], dtype=np.int64),
        depth=depth,
    )


@dataclass
class Play:
    """A pipeline of some instruments; ticks arrive 0.2 s after their exchange time."""

    instruments: tuple[Instrument, ...]
    day: date = DAY
    signals: Mapping[str, Signal] = field(default_factory=dict)
    past: Past | None = None
    closed: list[Closed] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pipeline = make_pipeline(
            self.day,
            Universe(self.instruments),
            load_calendar(),
            decode_lenient,
            self.signals,
            self.past,
        )
        self.pipeline.on_closed.append(self.closed.append)
        self.pipeline.on_readings.append(self.readings.extend)

    def connect(self, at: str = "09:00:00", connection: int = 1) -> "Play":
        """Let a heartbeat come, which says that the connection is open."""
        self.pipeline.process(Frame(nanoseconds(at, self.day), connection, HEARTBEAT))
        return self

    def reopen(self, at: str, connection: int = 1) -> None:
        self.pipeline.process(Frame(nanoseconds(at, self.day), connection, b""))

    def send(self, *ticks: Tick, received: str | None = None, connection: int = 1) -> None:
        """Let one message arrive."""
        newest = max(seconds(t.at, t.day) for t in ticks) * SECOND_NS + SECOND_NS // 5
        at_ns = nanoseconds(received, self.day) if received else newest
        self.pipeline.process(Frame(at_ns, connection, message(*ticks)))

    def until(self, at: str) -> None:
        """Let the clock pass."""
        self.pipeline.pass_time(nanoseconds(at, self.day))

    @property
    def counters(self) -> dict[str, int]:
        return dict(self.pipeline.state.counters)

    def bars(self, instrument: Instrument) -> dict[str, dict[str, float]]:
        """Return the closed minutes of an instrument by the time of their start."""
        return {
            from_seconds(bar["start"]).strftime("%H:%M"): {
                name: bar[name].item() for name in bar.dtype.names
            }
            for minute in self.closed
            for bar in minute.bars
            if bar["token"] == instrument.token
        }

    def row(self, instrument: Instrument) -> np.void:
        return self.pipeline.state.rows[self.pipeline.universe.row(instrument)]
