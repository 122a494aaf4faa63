"""What sections say of bad input: that they cannot say anything, or a flagged value. Never more.

Every section is asked, through `load_signals`, what it makes of a damaged market: each answer
must be a whole one (a reason, finite numbers), and the sections that the damage concerns must
name it.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.signals import load_signals

SIGNALS = load_signals()
MONDAY, TUESDAY = "2025-06-02", "2025-06-03"
EXPIRY = date(2025, 6, 5)  # Thursday
STRIKES = [24_000.0 + 50 * k for k in range(21)]
OF_PRICE = ("momentum", "ema", "adx", "supertrend", "psar", "pivots", "orb", "structure", "candle")
OF_FUTURE = ("vwap", "volume", "volume_profile", "oi_buildup")
OF_CHAIN = ("pcr", "max_pain")


def a_market(timeframe: str = "1m") -> Inputs:
    """Return a whole Monday and Tuesday to 11:44, with everything that sections read."""
    minutes = [pd.date_range(f"{MONDAY} 09:15", periods=375, freq="1min", tz=IST)]
    minutes += [pd.date_range(f"{TUESDAY} 09:15", periods=150, freq="1min", tz=IST)]
    index = minutes[0].append(minutes[1]).rename("start")
    close = np.round(24_500 + np.random.default_rng(3).normal(0, 8, len(index)).cumsum(), 2)
    opened = np.append(close[:1], close[:-1])
    high, low = np.maximum(opened, close) + 3, np.minimum(opened, close) - 3
    columns = {"open": opened, "high": high, "low": low, "close": close}
    bars = pd.DataFrame(columns | {"volume": np.nan, "oi": np.nan}, index)
    future = (bars + 25).assign(volume=650.0, oi=1e7)
    days = pd.bdate_range(end=MONDAY, periods=30, tz=IST)
    return Inputs(
        underlying="NIFTY",
        timeframe=timeframe,
        index=bars,
        future=future,
        next_future=future.assign(oi=2e6),
        vix=pd.DataFrame({"open": 14.0, "high": 14.0, "low": 14.0, "close": 14.0}, index),
        daily=pd.DataFrame({"high": 24_600.0, "low": 24_300.0, "close": 24_500.0}, days),
        chain=a_chain(),
        contract="NIFTY25JUNFUT",
        expiry=EXPIRY,
    )


def a_chain(at: str = f"{TUESDAY} 11:44", **columns: Any) -> pd.DataFrame:
    """Return one snapshot as a plain table: the money at 24,510, more puts than calls."""
    strike = np.repeat(STRIKES, 2)
    kind = np.tile(["CE", "PE"], len(STRIKES))
    own = {
        "strike": strike,
        "kind": kind,
        "oi": np.where(kind == "CE", strike - 23_000, 26_500 - strike),
        "volume": 1_000.0,
        "ltp": 90.0,
        "spot": 24_510.0,
        "oi_age_s": 30.0,
    }
    index = pd.DatetimeIndex([at] * len(strike), name="start").tz_localize(IST)
    return pd.DataFrame(own | columns, index)


def changed(change: Mapping[str, Any]) -> Inputs:
    return replace(a_market(), **change)


def every(inputs: Inputs) -> dict[str, Reading]:
    """Return what every section says; each is a whole envelope, whatever it was given."""
    found = {name: signal.evaluate(inputs)[0] for name, signal in SIGNALS.items()}
    for name, reading in found.items():
        document = reading.as_dict()
        assert orjson.loads(orjson.dumps(document)) == document, name  # JSON has no NaN
        assert reading.reason, name
        assert "nan" not in reading.reason, name
        if reading.state in (Stance.NEUTRAL, Stance.INSUFFICIENT):
            assert reading.strength == 0, name
    return found


def say(inputs: Inputs, *names: str) -> dict[str, str]:
    """Return the reasons of sections that cannot say anything."""
    readings = every(inputs)
    for name in names:
        assert readings[name].state is Stance.INSUFFICIENT, name
    return {name: readings[name].reason for name in names}


def alike(reason: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, reason)


def test_the_market_that_is_damaged_below_is_sound():
    readings = every(a_market())
    silent = {name for name, r in readings.items() if r.state is Stance.INSUFFICIENT}
    assert silent == {"volume", "confluence"}  # no earlier sessions' volume, no votes


# -- prices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "word"),
    [(math.nan, "unknown"), (math.inf, "unknown"), (0.0, "not above 0"), (-5.0, "not above 0")],
)
def test_a_bar_whose_close_is_no_price_is_named(price: float, word: str):
    market = a_market()
    broken = {}
    for name in ("index", "future", "vix"):
        broken[name] = getattr(market, name).copy()
        broken[name].iloc[-1, broken[name].columns.get_loc("close")] = price
    reason = f"close is {word} at 2025-06-03 11:44: drop that bar"
    names = (*OF_PRICE, *OF_FUTURE, "vix")
    assert say(replace(market, **broken), *names) == alike(reason, *names)


def test_a_bar_whose_high_is_below_its_low_is_named():
    index = a_market().index.copy()
    index.iloc[100, [1, 2]] = index.iloc[100, [2, 1]].to_numpy()
    names = [name for name in OF_PRICE if name != "ema"]  # which reads closes alone
    reason = "high is below low at 2025-06-02 10:55"
    assert say(changed({"index": index}), *names) == alike(reason, *names)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda bars: bars.tz_localize(None),
            "Bars need a time zone: index.tz_localize('Asia/Kolkata')",
        ),
        (
            lambda bars: bars.iloc[::-1],
            "Bars must be in order, one for each start: sort_index, drop duplicates",
        ),
        (
            lambda bars: pd.concat([bars, bars.iloc[-1:]]),
            "Bars must be in order, one for each start: sort_index, drop duplicates",
        ),
        (
            lambda bars: bars.reset_index(drop=True),
            "Bars need a DatetimeIndex of bar starts, not RangeIndex",
        ),
        (lambda bars: bars.assign(close="dear"), "The column 'close' is not numbers"),
        (lambda bars: bars.drop(columns="close"), "Bars lack the column 'close'"),
    ],
)
def test_bars_that_are_no_bars_are_refused_with_what_to_do(damage: Any, reason: str):
    market = a_market()
    broken = {name: damage(getattr(market, name)) for name in ("index", "future", "vix")}
    names = (*OF_PRICE, *OF_FUTURE, "vix")
    assert say(replace(market, **broken), *names) == alike(reason, *names)


@pytest.mark.parametrize("timeframe", ["7m", "", "1d"])
def test_an_unknown_timeframe_is_refused(timeframe: str):
    reason = f"No timeframe {timeframe!r}: 1m, 5m, 15m, 30m are known"
    names = (*OF_PRICE, *OF_FUTURE, *OF_CHAIN, "vix")
    assert say(a_market(timeframe), *names) == alike(reason, *names)


# -- holes -------------------------------------------------------------------------------------


@pytest.fixture
def from_0940() -> Inputs:
    """Return the market with nothing between 15:15 on Monday and 09:40 on Tuesday."""
    market = a_market()
    kept = np.r_[0:360, 400:525]
    names = ("index", "future", "next_future", "vix")
    return replace(market, **{name: getattr(market, name).iloc[kept] for name in names})


def test_a_hole_across_the_open_leaves_no_opening_range(from_0940: Inputs):
    assert say(from_0940, "orb") == {"orb": "0 of 15 opening bars, needs 12"}


def test_a_hole_across_the_open_leaves_no_woodie(from_0940: Inputs):
    values = every(from_0940)["pivots"].values
    assert values["woodie_p"] is None  # it is made of today's open
    assert values["classic_p"] == pytest.approx(24_466.666667)


def test_a_hole_across_the_open_leaves_no_volume_to_compare(from_0940: Inputs):
    past = pd.concat(
        [
            pd.DataFrame(
                {"volume": 650.0 * np.arange(1, 376)},
                pd.date_range(day + pd.Timedelta("9h15min"), periods=375, freq="1min"),
            )
            for day in pd.bdate_range(end="2025-05-30", periods=10, tz=IST)
        ]
    )
    assert every(replace(a_market(), past_volume=past))["volume"].state is Stance.NEUTRAL
    silent = say(replace(from_0940, past_volume=past), "volume")
    assert silent == {"volume": "The session's beginning is not here"}


@pytest.mark.parametrize("name", ["vwap", "volume_profile"])
def test_a_part_of_the_session_is_flagged_and_capped(from_0940: Inputs, name: str):
    reading = every(from_0940)[name]
    assert "gap_in_window" in reading.flags
    assert 0 < reading.strength <= 50
    assert "gap_in_window" not in every(a_market())[name].flags


@pytest.mark.parametrize("name", ["momentum", "ema", "supertrend", "psar", "vwap"])
def test_a_hole_of_the_last_hour_is_flagged_and_capped(name: str):
    market = a_market()
    kept = np.r_[0:500, 506:525]
    bars = {n: getattr(market, n).iloc[kept] for n in ("index", "future")}
    reading = every(replace(market, **bars))[name]
    assert "gap_in_window" in reading.flags
    assert 0 < reading.strength <= 50


def test_without_the_prior_day_what_needs_it_says_so():
    market = a_market()
    today = {n: getattr(market, n).iloc[375:] for n in ("index", "future", "next_future", "vix")}
    inputs = replace(market, **today, daily=market.daily.iloc[:-1])
    assert say(inputs, "pivots", "oi_buildup") == {
        "pivots": "No whole session of Mon 2 Jun 2025",
        "oi_buildup": "No bars of Mon 2 Jun 2025",
    }
    vix = every(inputs)["vix"]
    assert vix.reason == "14.00 in 12–16, normal; day change unknown"
    assert vix.values["change_pct"] is None


def test_a_day_older_than_the_prior_one_does_not_stand_in_for_it():
    market = a_market()
    kept = np.r_[375:525]
    friday = market.index.iloc[:375].set_axis(market.index.index[:375] - pd.Timedelta(days=3))
    bars = pd.concat([friday, market.index.iloc[kept]])
    inputs = replace(market, index=bars, daily=market.daily.iloc[:-1])
    assert say(inputs, "pivots") == {"pivots": "No whole session of Mon 2 Jun 2025"}


# -- a future that never trades ------------------------------------------------------------------


def test_a_future_that_never_trades_says_nothing():
    future = a_market().future.assign(volume=0.0)
    assert say(changed({"future": future}), *OF_FUTURE) == {
        "vwap": "No volume yet in this session",
        "volume": "Thin: median volume 0 in 30 minutes",
        "volume_profile": "No volume yet in this session",
        "oi_buildup": "Thin: median volume 0 in 30 minutes",
    }
    readings = every(changed({"future": future}))
    assert "volume_unknown" in readings["orb"].flags
    assert "volume_unknown" in readings["candle"].flags
    assert readings["candle"].values["rvol"] is None


def test_a_future_that_stopped_trading_is_thin():
    future = a_market().future.copy()
    future.iloc[-20:, future.columns.get_loc("volume")] = 0.0
    silent = say(changed({"future": future}), *OF_FUTURE)
    assert silent == alike("Thin: median volume 0 in 30 minutes", *OF_FUTURE)


def test_a_future_without_a_bar_has_none_of_those_it_needs():
    silent = say(changed({"future": a_market().future.iloc[:0]}), *OF_FUTURE)
    assert set(silent.values()) == {"Needs 1 bars, has 0", "Needs 21 bars, has 0"}


def test_a_future_that_is_not_there_is_said_by_name():
    inputs = replace(a_market(), future=None, missing={"future": "No future in this file"})
    assert say(inputs, *OF_FUTURE) == alike("No future in this file", *OF_FUTURE)
    assert every(inputs)["vwap"].flags == ("not_in_recording",)


def test_open_interest_of_zero_is_not_a_fall_to_zero():
    future = a_market().future.copy()
    future.iloc[-1, future.columns.get_loc("oi")] = 0.0  # sent before the exchange has counted
    values = every(changed({"future": future}))["oi_buildup"].values
    assert values["oi"] == 1.2e7
    assert values["oi_change_pct"] == 0.0


def test_open_interest_that_was_never_counted_is_unknown():
    bars = {n: getattr(a_market(), n).assign(oi=0.0) for n in ("future", "next_future")}
    silent = say(changed(bars), "oi_buildup")
    assert silent == {"oi_buildup": "Open interest is not known since yesterday"}


# -- chains ------------------------------------------------------------------------------------


def test_missing_strikes_round_the_money_are_counted_and_flagged():
    chain = a_chain()
    chain = chain[~chain["strike"].isin([24_500.0, 24_550.0])]
    reading = every(changed({"chain": chain}))["pcr"]
    assert "strikes_missing" in reading.flags
    assert reading.values["pcr_atm_missing"] == 2
    assert "strikes_missing" not in every(a_market())["pcr"].flags


def test_a_chain_of_few_strikes_has_no_max_pain():
    chain = a_chain()
    silent = say(changed({"chain": chain[chain["strike"] >= 24_800.0]}), "max_pain")
    assert silent == {"max_pain": "5 strikes with OI, needs 10"}


@pytest.mark.parametrize(
    ("oi", "reason"), [(0.0, "Call OI is 0"), (math.nan, "No OI in this snapshot")]
)
def test_a_chain_without_open_interest_says_so(oi: float, reason: str):
    assert say(changed({"chain": a_chain(oi=oi)}), *OF_CHAIN) == {
        "pcr": reason,
        "max_pain": "0 strikes with OI, needs 10",
    }


def test_the_age_of_open_interest_is_said():
    old, unknown = (
        every(changed({"chain": a_chain(oi_age_s=age)}))["pcr"] for age in (4_000.0, math.nan)
    )
    assert old.reason.endswith("; OI 1h 6m old")
    assert unknown.reason.endswith("; OI age unknown")


def test_an_unknown_index_price_leaves_no_distance_from_max_pain():
    inputs = changed({"chain": a_chain(spot=math.nan)})
    assert say(inputs, "max_pain") == {"max_pain": "No index price to hold it against"}
    assert every(inputs)["pcr"].values["pcr_atm"] is None


def test_a_chain_that_has_expired_has_no_pull():
    silent = say(changed({"expiry": date(2025, 5, 29)}), "max_pain")
    assert silent == {"max_pain": "Expired on 29 May"}


def test_an_unknown_expiry_is_said_where_it_matters():
    away = a_chain(spot=25_010.0)
    reading = every(changed({"chain": away, "expiry": None}))["max_pain"]
    assert reading.state is Stance.NEUTRAL
    assert reading.reason.endswith("; expiry unknown")


@pytest.mark.parametrize("ltp", [0.05, -5.0, math.nan])
def test_stale_and_impossible_premiums_leave_no_mark_in_trading_hours(ltp: float):
    # below intrinsic value, below zero, unknown: no ratio and no pain is made of premiums
    sound, odd = (every(changed({"chain": a_chain(ltp=p)})) for p in (90.0, ltp))
    for name in OF_CHAIN:
        assert odd[name] == sound[name]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda chain: chain.drop(columns="oi"),
            "A chain needs the columns strike, kind and oi: ['oi'] is missing",
        ),
        (lambda chain: chain.assign(kind="XX"), "An option's kind is CE or PE, not XX"),
        (lambda chain: chain.assign(strike=math.nan), "A row of the chain has no strike"),
        (
            lambda chain: pd.concat([chain, chain]),
            "24000.0 CE is there twice at 2025-06-03 11:44:00+05:30",
        ),
        (
            lambda chain: chain.tz_localize(None),
            "Index the chain by bar start with a time zone: Asia/Kolkata",
        ),
    ],
)
def test_a_table_that_is_no_chain_is_refused_with_what_is_wrong(damage: Any, reason: str):
    silent = say(changed({"chain": damage(a_chain())}), *OF_CHAIN)
    assert silent == alike(reason, *OF_CHAIN)
