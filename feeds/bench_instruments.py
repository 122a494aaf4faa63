"""Time the reading of an instruments dump beside Kite's own parser, on the same bytes."""

import time
from collections.abc import Callable
from statistics import median

from kiteconnect import KiteConnect

from dashboard.core.dump import COLUMNS
from dashboard.core.instruments import read_instruments
from dashboard.core.market import UNDERLYINGS

ROWS = 115_000  # a day's dump of all exchanges
ROUNDS = 3
NAMES = {  # name, exchange, segment of its tokens, share of the rows in percent
    "NIFTY": ("NFO", 2, 2),
    "BANKNIFTY": ("NFO", 2, 1),
    "SENSEX": ("BFO", 12, 2),
    "RELIANCE": ("NFO", 2, 30),
    "GOLD": ("MCX", 7, 15),
    "": ("NSE", 1, 50),
}


def measure() -> dict[str, float]:
    """Return ``ours_ms``, ``kite_ms`` and how many times the peer we are (``ratio``)."""
    content = dump(ROWS)
    peer = KiteConnect(api_key="")
    ours = [_milliseconds(lambda: read_instruments(content, UNDERLYINGS)) for _ in range(ROUNDS)]
    kite = _milliseconds(lambda: peer._parse_instruments(content))  # once: it takes seconds
    return {"ours_ms": median(ours), "kite_ms": kite, "ratio": kite / median(ours)}


def dump(rows: int) -> bytes:
    """Return a dump of about `rows` rows, a twentieth of them options of our underlyings."""
    lines = [",".join((*COLUMNS, "last_price"))]
    for name, (exchange, segment, percent) in NAMES.items():
        for _ in range(rows * percent // 100):
            lines.append(_line(name, exchange, segment, len(lines)))
    return "\n".join([*lines, ""]).encode()


def _line(name: str, exchange: str, segment: int, number: int) -> str:
    token = number << 8 | segment
    if not name:
        cash = f"SYMBOL{number},SOME COMPANY {number},,0.0,0.05,1,EQ,{exchange},{exchange},0.0"
        return f"{token},{number},{cash}"
    what = f"{name}26AUG{number}CE,{name},2026-08-25,{number}.0,0.05,65,CE,{exchange}-OPT"
    return f"{token},{number},{what},{exchange},0.0"


def _milliseconds(call: Callable[[], object]) -> float:
    """Return the processor time of a call, all of its threads."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1e3
