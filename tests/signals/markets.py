"""Markets that hypothesis makes: every input a section may ask for, with the usual damage.

Missing minutes, minutes without volume, flat prices, unknown and zero open interest,
sessions of one bar, sessions that begin late, an evening session, days outside the
calendar, gaps over night.
"""

from collections.abc import Callable, Collection
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
from dashboard.core.signal import Inputs, Signal
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
def markets(draw: st.DrawFn, signal: Signal) -> Inputs:
    """Draw what a desk hands to a section: the index, past sessions and what else it reads."""
    timeframe = draw(st.sampled_from(signal.timeframes))
    days = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4)))
    index = _starts(draw, days, TIMEFRAMES[timeframe])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    volume = rng.choice([0.0, 65.0, 650.0, np.nan], len(index), p=[0.3, 0.3, 0.35, 0.05])
    if draw(st.booleans()):
        volume[:] = 0.0
    wanted = {*signal.needs, *signal.optional, *signal.context}
    return _market(rng, index, timeframe, draw(st.sampled_from([20.0, np.nan])), volume, wanted)


def _market(
    rng: np.random.Generator,
    index: pd.DatetimeIndex,
    timeframe: str,
    step: float,
    volume: npt.NDArray[np.float64],
    wanted: Collection[str],
) -> Inputs:
    """Return a market with the `wanted` inputs; the index and past sessions are always there."""
    prices = _bars(rng, index, step, 24_500.0).add(_nights(rng, index), axis="index")
    last = index[-1].date()
    make: dict[str, Callable[[], pd.DataFrame]] = {
        "future": lambda: _future(prices, 25.0, volume, 1e7),
        "next_future": lambda: _future(prices, 140.0, volume, rng.choice([0.0, 4e6, np.nan])),
        "index_15m": lambda: _longer(prices),
        "vix": lambda: _bars(rng, index, 0.1, 14.0),
        "vix_daily": lambda: _bars(rng, _weekdays(last), 0.4, 14.0),
        "past_volume": lambda: _past_volume(rng, index[0].date()),
        "votes": lambda: _votes(rng, index),
        "chain": lambda: _chain(rng, prices["close"]),
    }
    found: dict[str, Any] = {name: made() for name, made in make.items() if name in wanted}
    return Inputs(
        underlying="NIFTY",
        timeframe=timeframe,
        index=prices,
        daily=_daily(rng, last),
        contract="NIFTY26AUGFUT",
        expiry=date(2026, 8, 18),
        **found,
    )


def _future(
    prices: pd.DataFrame, basis: float, volume: npt.NDArray[np.float64], oi: float
) -> pd.DataFrame:
    return (prices + basis).assign(volume=volume, oi=oi)


def quiet_market(count: int = 375, day: str = "2025-06-03") -> Inputs:
    """Return a market of `count` one-minute bars without any damage."""
    index = pd.date_range(f"{day} 09:15", periods=count, freq="1min", tz=IST, name="start")
    rng = np.random.default_rng(1)
    wanted = {field.name for field in fields(Inputs)}
    return _market(rng, index, "1m", 20.0, np.full(count, 650.0), wanted)


def upto(inputs: Inputs, count: int) -> Inputs:
    """Return the same market as it was known after its first `count` bars."""
    known = {name: getattr(inputs, name) for name in FRAMES}
    cut = {name: frame.iloc[:count] for name, frame in known.items() if frame is not None}
    assert isinstance(inputs.index, pd.DataFrame)
    if inputs.index_15m is not None:
        cut["index_15m"] = _longer(inputs.index.iloc[:count])
    return replace(inputs, **cut)


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


def arrays_upto(inputs: Inputs, count: int) -> Inputs:
    """Return a desk's inputs as they were after the first `count` bars; past sessions stay."""
    known = {name: getattr(inputs, name) for name in FRAMES}
    cut = {name: frame.rows(0, count) for name, frame in known.items() if frame is not None}
    quarters = inputs.index_15m
    if isinstance(quarters, Columns):
        last = int(cut["index"].starts[-1])
        ended = int(np.searchsorted(quarters.starts + 900, last, side="right"))
        cut["index_15m"] = quarters.rows(0, ended)
    return replace(inputs, **cut)


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


def _nights(rng: np.random.Generator, index: pd.DatetimeIndex) -> npt.NDArray[np.float64]:
    """Return by how much each bar's day lies above the first one: gaps, large or none."""
    day = np.cumsum(np.diff(index.normalize().asi8, prepend=0) != 0) - 1
    return rng.choice([0.0, 0.0, 12.5, 180.0, -450.0], day.max() + 1).cumsum()[day]


def _weekdays(last: date) -> pd.DatetimeIndex:
    return pd.bdate_range(end=last, periods=30, tz=IST)


def _daily(rng: np.random.Generator, last: date) -> pd.DataFrame:
    return _bars(rng, _weekdays(last), 150.0, 24_500.0).assign(official=rng.random(30) < 0.5)


def _longer(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars of 15 minutes that have ended by the last bar's start."""
    if not len(bars):
        return bars
    quarters = bars.index.floor("15min")
    fresh = np.flatnonzero(quarters != np.roll(quarters, 1))
    begins = fresh if len(fresh) else np.array([0])
    found = pd.DataFrame(
        {
            "open": bars["open"].to_numpy()[begins],
            "high": np.maximum.reduceat(bars["high"].to_numpy(), begins),
            "low": np.minimum.reduceat(bars["low"].to_numpy(), begins),
            "close": bars["close"].to_numpy()[np.append(begins[1:], len(bars)) - 1],
            "volume": np.nan,
            "oi": np.nan,
        },
        quarters[begins],
    )
    return found[found.index + pd.Timedelta(minutes=15) <= bars.index[-1]]


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


def _chain(rng: np.random.Generator, spot: pd.Series) -> pd.DataFrame:
    """Return the chain frame: a part of it is zero, a part unknown."""
    rows = len(spot) * len(STRIKES)
    sides = [
        pd.DataFrame(
            {
                "strike": np.tile(STRIKES, len(spot)),
                "kind": kind,
                "oi": rng.choice([0.0, 65.0, 6500.0, np.nan], rows),
                "volume": rng.choice([0.0, 650.0, np.nan], rows),
                "ltp": rng.choice([0.05, 120.0, np.nan], rows),
                "spot": np.repeat(spot.to_numpy(), len(STRIKES)),
                "oi_age_s": 90.0,
            },
            spot.index.repeat(len(STRIKES)),
        )
        for kind in ("CE", "PE")
    ]
    return from_long(pd.concat(sides))
