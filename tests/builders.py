"""Small bars, written as lists, for tests."""

from collections.abc import Sequence

import pandas as pd

from dashboard.core.clock import IST
from dashboard.core.market import TIMEFRAMES

Numbers = Sequence[float]


def make_bars(
    close: Numbers,
    *,
    open: Numbers | None = None,  # noqa: A002
    high: Numbers | None = None,
    low: Numbers | None = None,
    volume: Numbers | None = None,
    oi: Numbers | None = None,
    day: str = "2025-06-02",
    start: str = "09:15",
    timeframe: str = "1m",
) -> pd.DataFrame:
    """Return consecutive bars from `start` on `day`; unnamed prices equal the close.

    Volume and OI are unknown (NaN), as an index's, unless given.
    """
    unknown = [float("nan")] * len(close)
    columns = {
        "open": close if open is None else open,
        "high": close if high is None else high,
        "low": close if low is None else low,
        "close": close,
        "volume": unknown if volume is None else volume,
        "oi": unknown if oi is None else oi,
    }
    index = pd.date_range(
        f"{day} {start}", periods=len(close), freq=f"{TIMEFRAMES[timeframe]}min", tz=IST
    )
    return pd.DataFrame(columns, index=index.rename("start"), dtype="float64")
