"""Frames and instruments to store: small, and never the same twice in a row."""

import struct
from datetime import date

from dashboard.core.clock import SECOND_NS, day_start_s
from dashboard.core.market import INDICES, Frame, Instrument, Kind, Source
from dashboard.core.ports import TapeInfo

DAY = date(2026, 8, 18)
OPEN_S = day_start_s(DAY) + 9 * 3600 + 15 * 60  # 09:15 IST
NIFTY = INDICES["NIFTY"]
BANKNIFTY = INDICES["BANKNIFTY"]
FUTURE = Instrument(
    12345602, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 8, 25), lot=75
)


def info(
    label: str = "nifty.csv",
    source: Source = Source.RECORDED,
    origin_digest: str = "d1",
    fidelity: str = "1m bars",
    day: date = DAY,
) -> TapeInfo:
    return TapeInfo(day, source, fidelity, label, origin_digest)


def live() -> TapeInfo:
    return info("kite", Source.LIVE, "", "full ticks")


def message(token: int, price: int) -> bytes:
    """Return a message of one 8-byte packet; `price` is in paise."""
    return struct.pack(">HHII", 1, 8, token, price)


def frame(second: float, payload: bytes = b"", connection: int = 0) -> Frame:
    """Return a frame received `second` seconds after 09:15 IST."""
    return Frame(OPEN_S * SECOND_NS + round(second * SECOND_NS), connection, payload)


def ticks(first: int, last: int, token: int = 256265, connection: int = 0) -> list[Frame]:
    """Return one tick a second from `first` to before `last`."""
    return [frame(s, message(token, 2_430_000 + s), connection) for s in range(first, last)]
