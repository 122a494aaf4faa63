"""What is traded and what is seen of it: instruments, batches of ticks, frames."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BAR_COLUMNS = ("open", "high", "low", "close", "volume", "oi")
TIMEFRAMES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30}  # name -> minutes
UNDERLYINGS = ("NIFTY", "BANKNIFTY", "SENSEX")
VIX = "INDIA VIX"


class Kind(StrEnum):
    """What an instrument is."""

    INDEX = "INDEX"
    EQUITY = "EQ"
    FUTURE = "FUT"
    CALL = "CE"
    PUT = "PE"


class Segment(StrEnum):
    """Which trading hours an instrument keeps."""

    INDEX = "INDEX"
    FNO = "FNO"


class Source(StrEnum):
    """Where numbers come from. MOCK can never pass for anything else."""

    LIVE = "LIVE"  # Kite, now
    RECORDED = "RECORDED"  # a tape of real trading
    MOCK = "MOCK"  # generated


class BarFlag:
    """Bits of a bar's ``flags``."""

    PARTIAL = 1  # ticks do not cover it from its first second
    AUCTION = 2  # index bar of the closing auction: drawn, never fed to a price signal
    RECONNECTED = 4  # holds the volume of a short disconnection
    BACKFILLED = 8  # a historical candle in the place of minutes that were not received


@dataclass(frozen=True, slots=True)
class Instrument:
    """One contract or index, with what is known of it before the day begins.

    `previous_close` [INR] and `previous_oi` [units] are yesterday's official figures;
    None where no source gave them.
    """

    token: int
    symbol: str
    exchange: str
    underlying: str
    kind: Kind
    expiry: date | None = None
    strike: float | None = None
    lot: int = 1
    tick: float = 0.05
    previous_close: float | None = None
    previous_oi: float | None = None

    @property
    def segment(self) -> Segment:
        """Return the segment whose hours apply."""
        return Segment.INDEX if self.kind in (Kind.INDEX, Kind.EQUITY) else Segment.FNO

    @property
    def is_option(self) -> bool:
        """Say whether it is a call or a put."""
        return self.kind in (Kind.CALL, Kind.PUT)


INDICES = {
    "NIFTY": Instrument(256265, "NIFTY 50", "NSE", "NIFTY", Kind.INDEX),
    "BANKNIFTY": Instrument(260105, "NIFTY BANK", "NSE", "BANKNIFTY", Kind.INDEX),
    "SENSEX": Instrument(265, "SENSEX", "BSE", "SENSEX", Kind.INDEX),
    VIX: Instrument(264969, "INDIA VIX", "NSE", VIX, Kind.INDEX),
}


class Frame(NamedTuple):
    """One message as it came off a connection.

    An empty payload is no message of Kite's: it marks that the connection was
    (re)opened, so that the next volume of each token has an unknown base. What comes on the
    connection `NOTES` is not Kite's either: Tezi put it on the tape (`pipeline.notes`).
    """

    received_ns: int
    connection: int
    payload: bytes


NOTES = 255  # the connection of what Tezi itself puts on a tape
TEXT = b"{"  # begins a text message; as a count of packets it would be over 31,000

DEPTH_DTYPE = np.dtype([("quantity", ">u4"), ("price", ">u4"), ("orders", ">u2"), ("pad", ">u2")])


@dataclass(frozen=True, slots=True)
class TickBatch:
    """The ticks of one message, as columns of equal length n.

    Prices are INR, quantities and volumes are units. NaN (or -1 in the integer
    columns of time) says that the packet does not carry the field: absent is not 0.

    `length` is the packet's length in bytes, which is its kind: 8, 28, 32, 44 or 184.
    `exchange_time` and `last_trade_time` are whole seconds since the epoch.
    `day_volume` is the session's running total. `close` is the *previous* session's.
    `depth` has shape (n, 10), raw big-endian, five bids then five offers; rows of
    packets shorter than 184 are zero. None if no packet of the message carries depth.
    """

    token: Ints
    length: npt.NDArray[np.uint8]
    last_price: Floats
    last_quantity: Floats
    average_price: Floats
    day_volume: Floats
    buy_quantity: Floats
    sell_quantity: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    change: Floats
    last_trade_time: Ints
    oi: Floats
    oi_day_high: Floats
    oi_day_low: Floats
    exchange_time: Ints
    depth: npt.NDArray[np.void] | None = None

    def __len__(self) -> int:
        return len(self.token)


@dataclass(frozen=True)
class Universe:
    """The instruments of a day, in one fixed order (by token)."""

    instruments: tuple[Instrument, ...]
    tokens: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.instruments, key=lambda i: i.token))
        tokens = np.array([i.token for i in ordered], dtype=np.int64)
        if len(np.unique(tokens)) != len(tokens):
            raise ValueError("two instruments share a token")
        object.__setattr__(self, "instruments", ordered)
        object.__setattr__(self, "tokens", tokens)

    def __len__(self) -> int:
        return len(self.instruments)

    def rows(self, token: Ints) -> Ints:
        """Return each token's row, -1 where the token is unknown."""
        if not len(self):
            return np.full(len(token), -1, dtype=np.int64)
        at = self.tokens.searchsorted(token)
        at[at == len(self.tokens)] = 0
        return np.where(self.tokens[at] == token, at, -1)

    def row(self, instrument: Instrument) -> int:
        """Return the row of one instrument, -1 if it is not part of the universe."""
        return int(self.rows(np.array([instrument.token], dtype=np.int64))[0])

    def index(self, underlying: str) -> Instrument | None:
        """Return the cash index of an underlying, if it is here."""
        found = [i for i in self.of(underlying) if i.kind is Kind.INDEX]
        return found[0] if found else None

    def future(self, underlying: str, day: date) -> Instrument | None:
        """Return the front-month future that still trades on `day`, if it is here."""
        return next(iter(self.futures(underlying, day)), None)

    def futures(self, underlying: str, day: date) -> list[Instrument]:
        """Return the futures that still trade on `day`, nearest expiry first."""
        futures = [i for i in self.of(underlying) if i.kind is Kind.FUTURE]
        alive = [i for i in futures if i.expiry is not None and i.expiry >= day]
        return sorted(alive, key=lambda i: i.expiry or day)

    def options(self, underlying: str, expiry: date) -> list[Instrument]:
        """Return the options of one expiry, by strike, call before put."""
        found = [i for i in self.of(underlying) if i.is_option and i.expiry == expiry]
        return sorted(found, key=lambda i: (i.strike or 0.0, i.kind))

    def expiries(self, underlying: str, day: date) -> list[date]:
        """Return the option expiries that are alive on `day`, nearest first."""
        found = {i.expiry for i in self.of(underlying) if i.is_option and i.expiry}
        return sorted(e for e in found if e >= day)

    def of(self, underlying: str) -> list[Instrument]:
        """Return everything on one underlying."""
        return [i for i in self.instruments if i.underlying == underlying]

    def joined(self, others: Iterable[Instrument]) -> Self:
        """Return a universe with `others` added; the first of one token stays."""
        known = {i.token for i in self.instruments}
        fresh = {i.token: i for i in others if i.token not in known}
        return replace(self, instruments=(*self.instruments, *fresh.values()))
