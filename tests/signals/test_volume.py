"""Relative volume: both ratios by hand, which sessions are compared, states and gates."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Reading, Stance
from dashboard.signals.volume import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import vector_bars


def past_volume(
    *each: float, last: str = "2025-06-02", expiry: tuple[int, ...] = (), minutes: int = 375
) -> pd.DataFrame:
    """Return sessions up to `last` that traded the same units in each minute."""
    days = pd.bdate_range(end=last, periods=len(each), tz=IST)
    parts = []
    for at, (day, units) in enumerate(zip(days, each, strict=True)):
        index = pd.date_range(day + pd.Timedelta("9h15min"), periods=minutes, freq="1min")
        volume = units * pd.Series(range(1, minutes + 1), index, dtype=float)
        parts.append(pd.DataFrame({"volume": volume, "expiry": float(at in expiry)}))
    return pd.concat(parts)


def tuesday(volume: list[float], **named: Any) -> pd.DataFrame:
    return make_bars(close=[100.0] * len(volume), volume=volume, day="2025-06-03", **named)


def ratios(bars: pd.DataFrame, past: pd.DataFrame, underlying: str = "NIFTY") -> list[float]:
    return calculate(bars, past, underlying)["rvol_tod"].tolist()


def test_the_last_bar_is_compared_with_the_twenty_before_it():
    table = calculate(make_bars(close=[100.0] * 22, volume=[10] * 10 + [30] * 10 + [50, 70]))
    # 50 / 20; then 70 over (9 * 10 + 10 * 30 + 50) / 20 = 22
    assert table["rvol20"].isna().tolist() == [True] * 20 + [False] * 2
    assert table["rvol20"].tolist()[20:] == pytest.approx([2.5, 70 / 22])


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    table = calculate(vector_bars(shared))
    assert table["rvol20"].iloc[120] == pytest.approx(3.279314, abs=1e-6)


def test_twenty_bars_without_volume_are_nothing_to_compare_with():
    table = calculate(make_bars(close=[100.0] * 22, volume=[0] * 20 + [65, 65]))
    assert math.isnan(table["rvol20"].iloc[20])
    assert table["rvol20"].iloc[21] == pytest.approx(20.0)  # 65 / (65 / 20)


def test_an_unknown_volume_leaves_the_mean_unknown_until_it_has_passed():
    volume = [65.0] * 45
    volume[22] = math.nan
    unknown = calculate(make_bars(close=[100.0] * 45, volume=volume))["rvol20"].isna()
    assert unknown.tolist() == [True] * 20 + [False] * 2 + [True] * 21 + [False] * 2


def test_the_day_is_compared_with_the_same_minute_of_earlier_days():
    # 20 a minute on one day, 40 on the other: 60 by 09:17, 90 by 09:18
    found = ratios(tuesday([30, 60, 0]), past_volume(20, 40))
    assert math.isnan(found[0])  # one bar does not tell how long it is
    assert found[1:] == pytest.approx([90 / 60, 90 / 90])


def test_bars_of_five_minutes_are_compared_at_their_close():
    # by 09:25 ten minutes of 20
    assert ratios(tuesday([80, 220], timeframe="5m"), past_volume(20))[1] == pytest.approx(1.5)


def test_a_missing_minute_had_no_trade():
    past = past_volume(20)
    holes = past.drop(past.index[1])
    assert ratios(tuesday([30, 60, 0]), holes)[1:] == pytest.approx([90 / 20, 90 / 60])


def test_the_last_ten_sessions_are_compared():
    past = past_volume(9_000, *[20] * 10)
    table = calculate(tuesday([20, 20]), past)
    assert (table["rvol_tod"].iloc[1], table["sessions"].iloc[1]) == (pytest.approx(1.0), 10)


def test_the_day_itself_is_not_its_own_past():
    past = past_volume(20, 9_000, last="2025-06-03")
    assert ratios(tuesday([20, 20]), past)[1] == pytest.approx(1.0)


def test_a_session_that_had_closed_by_then_is_left_out():
    # until 31 July 2026 futures closed at 15:30, on 3 August at 15:40
    past = past_volume(20, 40, last="2026-08-03", minutes=385)
    past = past.drop(past.index[375:385])
    bars = make_bars(close=[100.0] * 385, volume=[10] * 385, day="2026-08-04")
    table = calculate(bars, past)
    assert table["sessions"].iloc[[374, 375]].tolist() == [2, 1]
    assert table["rvol_tod"].iloc[[374, 375]].tolist() == pytest.approx([10 / 30, 10 / 40])


@pytest.mark.parametrize(
    ("expiry", "underlying", "usual"),
    [
        ((0, 2, 4), "NIFTY", 80.0),  # three expiry days are enough
        ((0, 2), "NIFTY", 56.0),  # two are not: all five
        ((0, 2, 4), "", 56.0),
        ((0, 2, 4), "SENSEX", 56.0),  # its month ends on another day
    ],
)
def test_expiry_days_are_compared_with_expiry_days(
    expiry: tuple[int, ...], underlying: str, usual: float
):
    past = past_volume(80, 20, 80, 20, 80, last="2026-08-24", expiry=expiry)
    bars = make_bars(close=[100.0] * 2, volume=[10] * 2, day="2026-08-25")
    assert ratios(bars, past, underlying)[1] == pytest.approx(10 / usual)


def test_a_session_without_its_beginning_is_unknown():
    bars = tuesday([30] * 25, start="11:00")
    reading = SIGNAL.read(bars, past_volume(*[20] * 10))
    assert reading.values["day_volume"] is None
    assert reading.reason == "The session's beginning is not here"


def test_starts_again_each_session():
    monday = make_bars(close=[100.0] * 2, volume=[500] * 2, day="2025-06-02")
    table = calculate(pd.concat([monday, tuesday([20, 20])]), past_volume(20, last="2025-05-30"))
    assert table["day_volume"].tolist() == [500, 1000, 20, 40]
    assert table["rvol_tod"].tolist()[1:] == pytest.approx([25.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("units", "band"),
    [
        (13.9, "dry"),
        (14, "normal"),
        (25.9, "normal"),
        (26, "high"),
        (40, "high"),
        (40.1, "extreme"),
    ],
)
def test_each_ratio_has_its_band(units: float, band: str):
    # 20 is usual: 0.7, 1.3 and 2 times
    assert calculate(tuesday([units] * 2), past_volume(20))["band"].tolist() == ["", band]


def read(units: float, close: float, sessions: int = 10) -> Reading:
    """Return the reading of 30 bars at 100 and one at `close`, where 20 a minute is usual."""
    bars = make_bars(close=[100.0] * 30 + [close], volume=[units] * 31, day="2025-06-03")
    return SIGNAL.read(bars, past_volume(*[20] * sessions), underlying="NIFTY")


def test_is_bullish_with_much_volume_above_vwap():
    reading = read(30, 101)
    # 50 * (1.5 - 1) / 0.5
    assert (reading.state, reading.strength) == (Stance.BULLISH, pytest.approx(50.0))
    assert reading.reason == "1.50 × usual ≥ 1.30; close > VWAP"
    assert reading.flags == ("volume_high",)


def test_is_bearish_with_much_volume_below_vwap():
    reading = read(26, 99)
    assert (reading.state, reading.strength) == (Stance.BEARISH, pytest.approx(30.0))
    assert reading.reason == "1.30 × usual ≥ 1.30; close < VWAP"


@pytest.mark.parametrize(
    ("units", "close", "reason"),
    [
        (25.98, 101, "1.2990 × usual < 1.30; close > VWAP"),
        (25, 101, "1.25 × usual < 1.30; close > VWAP"),
        (30, 100, "1.50 × usual ≥ 1.30; close = VWAP"),
    ],
)
def test_is_neutral_without_both(units: float, close: float, reason: str):
    reading = read(units, close)
    assert (reading.state, reading.strength, reading.reason) == (Stance.NEUTRAL, 0.0, reason)


def test_is_insufficient_without_past_sessions():
    reading = SIGNAL.read(tuesday([30] * 31))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No earlier session to compare with"
    assert reading.values["rvol20"] == pytest.approx(1.0)


def test_four_past_sessions_are_too_few_and_five_are_flagged():
    assert read(30, 101, sessions=4).reason == "4 of 5 earlier sessions to compare with"
    assert "short_baseline" in read(30, 101, sessions=5).flags


def test_past_sessions_without_volume_are_nothing_to_compare_with():
    reading = SIGNAL.read(tuesday([30] * 31), past_volume(*[0] * 10))
    assert reading.reason == "Earlier sessions had no volume by 09:46"


def test_an_unknown_volume_counts_for_nothing_and_is_flagged():
    bars = tuesday([30.0] * 30 + [math.nan])
    reading = SIGNAL.read(bars, past_volume(*[20] * 10))
    assert reading.values["rvol_tod"] == pytest.approx(900 / 620)
    assert "volume_unknown" in reading.flags


def test_a_thin_future_is_insufficient():
    reading = SIGNAL.read(tuesday([20, *[0, 0, 20] * 13]), past_volume(*[20] * 10))
    assert reading.reason == "Thin: median volume 0 in 30 minutes"


def test_the_bar_in_progress_is_not_projected():
    bars = tuesday([30.0] * 30 + [1.0])
    reading = SIGNAL.read(bars, past_volume(*[20] * 10), final=False)
    assert reading.values["rvol_tod"] == pytest.approx(901 / 620)
    assert "provisional" in reading.flags


def test_needs_21_bars_for_a_state():
    reading = SIGNAL.read(tuesday([30] * 20), past_volume(*[20] * 10))
    assert reading.reason == "Needs 21 bars, has 20"


def test_refuses_a_cash_index():
    with pytest.raises(InputError, match="use its future"):
        calculate(make_bars(close=[100.0]))
