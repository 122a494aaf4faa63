"""Markets that hypothesis makes: every input a section may ask for, with the usual damage.

Missing minutes, minutes without volume, flat prices, unknown and zero open interest,
sessions of one bar, sessions that begin late, an evening session, days outside the
calendar, gaps over night.
"""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from dashboard.core.bars import index_starts_s
from dashboard.core.clock import IST
from dashboard.core.market import TIMEFRAMES
from dashboard.core.signal import Inputs
from dashboard.core.table import Columns
from dashboard.options.chain import chain_history, from_long

# (date, open): regular days of three regimes, Muhurat, a drill, days the calendar lacks
DAYS = (
    ("2019-06-04", "09:15"),
    ("2024-01-19", "09:15"),
    ("2024-01-20", "09:15"),
    ("2024-03-02", "09:15"),
    ("2024-11-01", "18:00"),
    ("2025-06-02", "09:15"),
    ("2025-06-03", "09:15"),
    ("2026-08-17", "09:15"),
    ("2026-08-18", "09:15"),
)
STRIKES = [24800.0 + 50 * k for k in range(14)]
FRAMES = ("index", "future", "next_future", "vix", "votes", "chain")  # those of a row a bar
MEMBERS = ("ema", "supertrend", "structure", "psar", "momentum", "vwap", "orb", "pivots")
MEMBERS += ("support_resistance", "volume", "volume_profile", "candle", "oi_buildup", "pcr")


@st.composite
def markets(draw: st.DrawFn, timeframes: tuple[str, ...], *, with_chain: bool) -> Inputs:
    """Draw what a desk hands to a section; the chain, which is slow to make, where it is read."""
    timeframe = draw(st.sampled_from(timeframes))
    days = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4)))
    index = _starts(draw, days, TIMEFRAMES[timeframe])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    volume = rng.choice([0.0, 65.0, 650.0, np.nan], len(index), p=[0.3, 0.3, 0.35, 0.05])
    if draw(st.booleans()):
        volume[:] = 0.0
    market = _market(rng, index, timeframe, draw(st.sampled_from([20.0, np.nan])), volume)
    return _chained(rng, market) if with_chain else market


def _market(
    rng: np.random.Generator,
    index: pd.DatetimeIndex,
    timeframe: str,
    step: float,
    volume: npt.NDArray[np.float64],
) -> Inputs:
    prices = _bars(rng, index, step, 24_500.0)
    return Inputs(
        underlying="NIFTY",
        timeframe=timeframe,
        index=prices,
        future=(prices + 25.0).assign(volume=volume, oi=1e7),
        next_future=(prices + 140.0).assign(volume=volume, oi=rng.choice([0.0, 4e6, np.nan])),
        index_15m=_longer(prices),
        vix=_bars(rng, index, 0.1, 14.0),
        daily=_daily(rng, index[-1].date()),
        vix_daily=_bars(rng, pd.bdate_range(end=index[-1].date(), periods=30, tz=IST), 0.4, 14.0),
        past_volume=_past_volume(rng, index[0].date()),
        votes=_votes(rng, index),
        contract="NIFTY26AUGFUT",
        expiry=date(2026, 8, 18),
    )


def quiet_market(count: int = 375, day: str = "2025-06-03") -> Inputs:
    """Return a market of `count` one-minute bars without any damage."""
    index = pd.date_range(f"{day} 09:15", periods=count, freq="1min", tz=IST, name="start")
    rng = np.random.default_rng(1)
    return _chained(rng, _market(rng, index, "1m", step=20.0, volume=np.full(count, 650.0)))


def upto(inputs: Inputs, count: int) -> Inputs:
    """Return the same market as it was known after its first `count` bars."""
    known = {name: getattr(inputs, name) for name in FRAMES}
    cut = {name: frame.iloc[:count] for name, frame in known.items() if frame is not None}
    assert isinstance(inputs.index, pd.DataFrame)
    return replace(inputs, **cut, index_15m=_longer(inputs.index.iloc[:count]))


def as_arrays(inputs: Inputs) -> Inputs:
    """Return the same market as a desk hands it over."""
    found = {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    frames = {n: f for n, f in found.items() if isinstance(f, pd.DataFrame) and n != "chain"}
    arrays: dict[str, Any] = {
        name: Columns(index_starts_s(f.index), {str(c): f[c].to_numpy(np.float64) for c in f})
        for name, f in frames.items()
    }
    if inputs.chain is not None:
        arrays["chain"] = chain_history(inputs.chain)
    return replace(inputs, **arrays)


def _starts(draw: st.DrawFn, days: list[tuple[str, str]], minutes: int) -> pd.DatetimeIndex:
    found = []
    for day, opened in days:
        count, late = draw(st.integers(1, 120)), draw(st.sampled_from([0, 0, 0, 1, 9]))
        first = pd.Timestamp(f"{day} {opened}", tz=IST) + late * pd.Timedelta(minutes=minutes)
        midnight = pd.Timestamp(day, tz=IST) + pd.Timedelta(days=1)
        minute = pd.date_range(first, periods=count, freq=f"{minutes}min")
        minute = minute[minute < midnight]
        missing = draw(st.sets(st.integers(0, len(minute) - 1), max_size=len(minute) - 1))
        found.append(np.delete(minute, sorted(missing)))
    joined = found[0].append(found[1:])
    return pd.DatetimeIndex(joined, name="start")


def _bars(
    rng: np.random.Generator, index: pd.DatetimeIndex, step: float, base: float
) -> pd.DataFrame:
    """Return bars of a walk to the tick of 0.05; flat ones if `step` is NaN."""
    count = len(index)
    moves = np.zeros((count, 4)) if np.isnan(step) else rng.normal(0, step, (count, 4))
    close = np.round((base + np.cumsum(moves[:, 0])) / 0.05) * 0.05
    opened = np.append(close[:1], close[:-1])
    high = np.maximum(opened, close) + np.round(np.abs(moves[:, 2]) / 0.05) * 0.05
    low = np.minimum(opened, close) - np.round(np.abs(moves[:, 3]) / 0.05) * 0.05
    columns = {"open": opened, "high": high, "low": low, "close": close}
    return pd.DataFrame(columns | {"volume": np.nan, "oi": np.nan}, index)


def _daily(rng: np.random.Generator, last: date) -> pd.DataFrame:
    dates = pd.bdate_range(end=last, periods=30, tz=IST)
    return _bars(rng, dates, 150.0, 24_500.0).assign(official=rng.random(30) < 0.5)


def _longer(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars of 15 minutes that have ended by the last bar's start."""
    how = {"open": "first", "high": "max", "low": "min", "close": "last"}
    found = bars.resample("15min").agg(how | {"volume": "last", "oi": "last"})
    found = found.dropna(subset="close")
    return found[found.index + pd.Timedelta(minutes=15) <= bars.index[-1]] if len(bars) else found


def _past_volume(rng: np.random.Generator, before: date) -> pd.DataFrame:
    """Return running volumes of up to twelve earlier sessions, now and then with a hole."""
    parts = []
    for day in pd.bdate_range(end=before, periods=13, tz=IST)[:-1]:
        minutes = pd.date_range(day + pd.Timedelta("9h15min"), periods=375, freq="1min")
        volume = rng.choice([0.0, 65.0, 650.0], 375).cumsum()
        table = pd.DataFrame({"volume": volume, "expiry": float(day.weekday() == 1)}, minutes)
        parts.append(table[rng.random(375) < 0.95])
    return pd.concat(parts[: rng.integers(1, 13)])


def _votes(rng: np.random.Generator, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what other sections said, some of them nothing."""
    votes = rng.uniform(-1, 1, (len(index), len(MEMBERS)))
    votes[rng.random(votes.shape) < 0.2] = np.nan
    votes[:, rng.random(len(MEMBERS)) < 0.2] = np.nan
    factor = rng.choice([1.0, 0.9, 0.75], len(index))
    table = pd.DataFrame(votes, index, list(MEMBERS))
    return table.assign(adx14=rng.uniform(5, 45, len(index)), vix_factor=factor)


def _chained(rng: np.random.Generator, market: Inputs) -> Inputs:
    assert market.index is not None
    index, spot = market.index.index, market.index["close"]
    rows = len(index) * len(STRIKES)
    sides = [
        pd.DataFrame(
            {
                "strike": np.tile(STRIKES, len(index)),
                "kind": kind,
                "oi": rng.choice([0.0, 65.0, 6500.0, np.nan], rows),
                "volume": rng.choice([0.0, 650.0, np.nan], rows),
                "ltp": rng.choice([0.05, 120.0, np.nan], rows),
                "spot": np.repeat(spot.to_numpy(), len(STRIKES)),
                "oi_age_s": 90.0,
            },
            index.repeat(len(STRIKES)),
        )
        for kind in ("CE", "PE")
    ]
    return replace(market, chain=from_long(pd.concat(sides)))
