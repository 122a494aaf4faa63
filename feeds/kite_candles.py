"""Kite's historical candles as bars: the JSON read, and long ranges cut in parts.

Source: kite.trade/docs/connect/v3/historical; days in a request as its support states them.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from dashboard.core.clock import SECOND_NS, to_ns
from dashboard.core.errors import KiteError
from dashboard.core.market import BarFlag
from dashboard.core.ports import BAR_DTYPE

log = structlog.get_logger(__name__)

INTERVALS = {"1m": "minute", "5m": "5minute", "15m": "15minute", "30m": "30minute", "1d": "day"}
DAYS_IN_A_REQUEST = {
    "minute": 60,
    "3minute": 100,
    "5minute": 100,
    "10minute": 100,
    "15minute": 200,
    "30minute": 200,
    "60minute": 400,
    "day": 2000,
}
INDEX_SEGMENT = 9  # a token's last byte: its volume is never told
DERIVATIVES = frozenset({2, 3, 5, 6, 7, 12})  # NFO, CDS, BFO, BCD, MCX, NCO: open interest is

_Bars = npt.NDArray[np.void]


def parts(start: datetime, end: datetime, interval: str) -> Iterator[tuple[datetime, datetime]]:
    """Yield [start, end) in parts that one request may ask for."""
    step = timedelta(days=DAYS_IN_A_REQUEST[interval])
    while start < end:
        until = min(start + step, end)
        yield start, until
        start = until


def has_oi(token: int) -> bool:
    """Say whether an instrument has open interest."""
    return token & 0xFF in DERIVATIVES


def read_candles(candles: Any, token: int) -> _Bars:
    """Return candles as rows of BAR_DTYPE by start, marked as backfilled.

    Parameters
    ----------
    candles : list of lists
        ``[time, open, high, low, close, volume]`` and the open interest where it was asked
        for; ISO times with an offset, INR, units.
    token : int
        Says which columns are unknown: the volume of an index, the oi of what has none.

    Raises
    ------
    KiteError
        If it is anything else. A candle that cannot be, with its high below its low or a
        price of nothing, is left out.
    """
    if not isinstance(candles, list):
        raise KiteError(f"Kite's candles of instrument {token} are no list: try again")
    rows: dict[int, tuple[float, ...]] = {}
    impossible = 0
    for number, candle in enumerate(candles, 1):
        try:
            start, values = _row(candle)
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            what = f"Candle {number} of {len(candles)} of instrument {token} cannot be read"
            raise KiteError(f"{what}: try again") from error
        if _is_possible(*values[:4]):
            rows[start] = values
        else:
            impossible += 1
    if impossible:
        log.warning("Impossible candles are left out", token=token, candles=impossible)
    return _bars(rows, token)


def _row(candle: Sequence[Any]) -> tuple[int, tuple[float, ...]]:
    """Return the start [s] and the numbers of one candle."""
    start = to_ns(datetime.fromisoformat(candle[0])) // SECOND_NS
    numbers = [float(value) for value in candle[1:7]]
    if len(numbers) < 5 or not all(isinstance(value, int | float) for value in candle[1:7]):
        raise ValueError("a candle is a time and at least five numbers")
    return start, (*numbers, math.nan)[:6]


def _is_possible(opened: float, high: float, low: float, close: float) -> bool:
    """Say whether these can be prices of one interval; false for NaN."""
    inside = low <= min(opened, close) and max(opened, close) <= high
    return inside and low > 0 and math.isfinite(high)


def _bars(rows: dict[int, tuple[float, ...]], token: int) -> _Bars:
    starts = sorted(rows)
    bars = np.zeros(len(rows), BAR_DTYPE)
    bars["token"] = token
    bars["start"] = starts
    table = np.array([rows[start] for start in starts], np.float64).reshape(-1, 6)
    for column, name in enumerate(("open", "high", "low", "close", "volume", "oi")):
        bars[name] = table[:, column]
    if token & 0xFF == INDEX_SEGMENT:
        bars["volume"] = math.nan
    if not has_oi(token):
        bars["oi"] = math.nan
    bars["average_price"] = math.nan
    bars["flags"] = BarFlag.BACKFILLED
    return bars
