"""An exchange that has candles, and that can fail: what fillers and reconcilers ask."""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from dashboard.core.clock import SECOND_NS, day_start_s, to_ns
from dashboard.core.kite import Grant
from dashboard.core.market import BarFlag
from dashboard.core.ports import BAR_DTYPE

GRANT = Grant("key", "token", "AB1234", 0)
DAY = date(2026, 7, 14)  # trades from 09:15 to 15:30, no auction
NIFTY, FUTURE = 256265, 14866434

Bars = npt.NDArray[np.void]


def at(text: str, day: date = DAY) -> int:
    """Return a time of the day such as "09:15" in seconds since the epoch."""
    hours, minutes = text.split(":")
    return day_start_s(day) + int(hours) * 3600 + int(minutes) * 60


def candles(
    token: int, starts: Sequence[int], close: float = 100.0, volume: float = float("nan")
) -> Bars:
    """Return candles that open at `close` less 1 and reach 2 to each side."""
    bars = np.zeros(len(starts), BAR_DTYPE)
    bars["token"], bars["start"] = token, starts
    bars["open"], bars["close"] = close - 1, close
    bars["high"], bars["low"] = close + 2, close - 2
    bars["volume"], bars["oi"], bars["average_price"] = volume, np.nan, np.nan
    bars["flags"] = BarFlag.BACKFILLED
    return bars


class CandleApi:
    """Answer with the candles it has; raise what is put in `errors` first, one a request."""

    api_key = "key"

    def __init__(self, *bars: Bars) -> None:
        self.bars = np.concatenate([np.empty(0, BAR_DTYPE), *bars])
        self.errors: list[Exception | None] = []
        self.asked: list[tuple[int, str, str]] = []

    def candles(
        self, access_token: str, token: int, timeframe: str, start: datetime, end: datetime
    ) -> Bars:
        assert (access_token, timeframe) == ("token", "1m")
        self.asked.append((token, f"{start:%H:%M}", f"{end:%H:%M}"))
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        first, last = to_ns(start) // SECOND_NS, to_ns(end) // SECOND_NS
        mine = (self.bars["token"] == token) & (self.bars["start"] >= first)
        found: Bars = self.bars[mine & (self.bars["start"] < last)]
        return found
