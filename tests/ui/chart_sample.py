"""A chart as the desk hands it over: two sessions of five-minute bars, and real sections.

The path is drawn by hand (sines), the overlays are what the sections calculate from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dashboard.core.clock import bar_index, day_start_s
from dashboard.core.market import TIMEFRAMES, BarFlag
from dashboard.core.signal import Signal
from dashboard.pipeline.snapshot import ChartView
from dashboard.signals import load_signals

DAY, BEFORE = date(2026, 8, 18), date(2026, 8, 17)
OPEN_S, CLOSE_S = (9 * 60 + 15) * 60, (15 * 60 + 35) * 60
AUCTION_S = (15 * 60 + 15) * 60
OVERLAYS = ("vwap", "supertrend", "pivots", "volume")
PANES = ("momentum:RSI", "momentum:MACD", "adx:ADX")
BASIS = 3.15
PRICES = ("open", "high", "low", "close")
GAP = (day_start_s(DAY) + 39_660, day_start_s(DAY) + 40_740, "the socket was closed")  # 11:01-11:19
SIGNALS: Mapping[str, Signal] = load_signals()


def make_session(day: date, start: float, end: float, timeframe: str = "5m") -> pd.DataFrame:
    """Return a whole session's bars from `start` to `end` [INR], the auction flagged."""
    size = TIMEFRAMES[timeframe] * 60
    seconds = np.arange(OPEN_S, CLOSE_S, size)
    along = np.linspace(0, 1, len(seconds) + 1)
    path = start + (end - start) * along + 70 * np.sin(along * 5.5) * (1 - along)
    path += 9 * np.sin(along * 41) + 7 * np.sin(along * 97)
    opened, close = path[:-1], path[1:]
    wick = 4 + 4 * np.abs(np.sin(np.arange(len(seconds)) * 1.7))
    columns = {
        "open": opened,
        "high": np.maximum(opened, close) + wick,
        "low": np.minimum(opened, close) - wick[::-1],
        "close": close,
        "volume": 30_000 + 65_000 * np.exp(-along[:-1] * 9) + 9_000 * np.sin(along[:-1] * 60) ** 2,
        "flags": np.where(seconds >= AUCTION_S, BarFlag.AUCTION, 0),
    }
    return pd.DataFrame(columns, bar_index(seconds + day_start_s(day)))


def make_bars(until: str = "13:40", timeframe: str = "5m") -> pd.DataFrame:
    """Return yesterday and today's bars that close by `until`."""
    before = make_session(BEFORE, 24210, 24240, timeframe)
    today = make_session(DAY, 24246, 24310, timeframe)
    hour, minute = map(int, until.split(":"))
    end = day_start_s(DAY) + (hour * 60 + minute) * 60 - TIMEFRAMES[timeframe] * 60
    return pd.concat([before, today[today.index <= bar_index([end])[0]]])


def make_overlays(bars: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what the real sections calculate; the future is the index plus its basis."""
    regular = bars[(bars["flags"] & BarFlag.AUCTION) == 0]
    future = regular.assign(**{name: regular[name] + BASIS for name in PRICES})
    minutes = make_bars(f"{bars.index[-1]:%H:%M}", "1m")
    return {
        "vwap": SIGNALS["vwap"].calculate(future),
        "supertrend": SIGNALS["supertrend"].calculate(regular),
        "pivots": SIGNALS["pivots"].calculate(regular, None),
        "ema": SIGNALS["ema"].calculate(regular),
        "momentum": SIGNALS["momentum"].calculate(regular),
        "adx": SIGNALS["adx"].calculate(regular),
        "structure": SIGNALS["structure"].calculate(regular),
        "orb": SIGNALS["orb"].calculate(minutes[minutes["flags"] == 0]),
    }


def as_forming(bars: pd.DataFrame) -> dict[str, Any]:
    """Return the last of `bars` as a bar in progress."""
    last = bars.iloc[-1]
    return {"start": int(bars.index[-1].timestamp()), **last.to_dict(), "flags": int(last["flags"])}


def make_chart(until: str = "13:45", timeframe: str = "5m", **changes: Any) -> ChartView:
    """Return the chart at `until`, its last bar still forming."""
    bars = make_bars(until, timeframe)
    chart = ChartView(
        underlying="NIFTY",
        title="NIFTY 50",
        timeframe=timeframe,
        bars=bars.iloc[:-1],
        forming=as_forming(bars),
        closing=None,
        contract="NIFTY26AUGFUT",
        overlays=make_overlays(bars.iloc[:-1]),
        basis=BASIS,
    )
    return replace(chart, **changes)


def fill(chart: ChartView) -> ChartView:
    """Return the chart with its bars of 11:00 to 11:15 from history instead of ticks."""
    bars = chart.bars.copy()
    minutes = (bars.index.hour * 60 + bars.index.minute).to_numpy()
    filled = (bars.index.date == DAY) & (minutes >= 11 * 60) & (minutes <= 11 * 60 + 15)
    bars.loc[filled, "flags"] |= BarFlag.BACKFILLED
    return replace(chart, bars=bars)
