"""The reference bars and prior day, read from the shared folder."""

from pathlib import Path

import pandas as pd

from dashboard.core.clock import IST


def vector_bars(shared: Path) -> pd.DataFrame:
    """Return 400 one-minute bars of the future: 25 of 3 Nov 2025, 375 of the next day."""
    bars = pd.read_csv(shared / "vectors" / "ohlcv_1m.csv")
    starts = pd.DatetimeIndex(pd.to_datetime(bars.pop("ts"))).tz_convert(IST)
    return bars.astype("float64").set_axis(starts.rename("start"), axis="index")


def vector_daily(shared: Path) -> pd.DataFrame:
    """Return the prior day, whose official close differs from its last bar."""
    daily = pd.read_csv(shared / "vectors" / "prior_day.csv")
    dates = pd.DatetimeIndex(pd.to_datetime(daily["date"])).tz_localize(IST)
    daily = daily[["open", "high", "low", "close"]].astype("float64")
    return daily.assign(official=True).set_axis(dates, axis="index")


def expected_indicators(shared: Path) -> pd.DataFrame:
    """Return the reference values of the same 400 bars."""
    return pd.read_csv(shared / "vectors" / "expected_indicators_1m.csv")
