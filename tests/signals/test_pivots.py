"""Pivot points: the reference day typed in, then which session counts as the prior one."""

import math
from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.signal import Inputs, Stance
from dashboard.signals.pivots import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import vector_bars, vector_daily

EXPECTED = {
    "classic_p": 25821.466667,
    "classic_r1": 25930.483333,
    "classic_s1": 25739.283333,
    "classic_r2": 26012.666667,  # P + (25903.65 - 25712.45)
    "classic_s2": 25630.266667,
    "classic_r3": 26121.683333,  # 25903.65 + 2 (P - 25712.45)
    "classic_s3": 25548.083333,
    "fib_p": 25821.466667,
    "fib_r1": 25894.505067,  # P + 0.382 * 191.2
    "fib_r2": 25939.628267,
    "fib_r3": 26012.666667,
    "fib_s1": 25748.428267,
    "fib_s2": 25703.305067,
    "fib_s3": 25630.266667,
    "cam_r1": 25865.826667,  # 25848.30 + 1.1 * 191.2 / 12
    "cam_r2": 25883.353333,
    "cam_r3": 25900.88,
    "cam_r4": 25953.46,
    "cam_r5": 26040.510192,  # 25848.30 * 25903.65 / 25712.45
    "cam_s1": 25830.773333,
    "cam_s2": 25813.246667,
    "cam_s3": 25795.72,
    "cam_s4": 25743.14,
    "cam_s5": 25656.089808,
    "woodie_p": 25849.6,
    "woodie_r1": 25986.75,
    "woodie_r2": 26040.8,
    "woodie_s1": 25795.55,
    "woodie_s2": 25658.4,
    "cpr_tc": 25834.883333,
    "cpr_bc": 25808.05,
    "cpr_width_pct": 0.103919,
}


def daily(*rows: tuple[str, float, float, float], official: bool = True) -> pd.DataFrame:
    """Return sessions of (date, high, low, close)."""
    index = pd.DatetimeIndex([row[0] for row in rows]).tz_localize(IST)
    frame = pd.DataFrame([row[1:] for row in rows], index, ["high", "low", "close"])
    return frame.assign(open=frame["low"], official=official)


def today(close: float, day: str = "2025-06-03", opening: float = 100.0) -> pd.DataFrame:
    return make_bars(close=[opening, close], day=day)


def reference(close: float) -> Inputs:
    bars = make_bars(close=[25891.15, close], day="2025-11-04")
    prior = daily(("2025-11-03", 25903.65, 25712.45, 25848.30))
    return Inputs("NIFTY", index=bars, daily=prior)


def test_matches_the_reference_day():
    inputs = reference(25900.0)
    last = calculate(inputs.index, inputs.daily).iloc[-1]
    for name, value in EXPECTED.items():
        assert last[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.shared
def test_takes_the_official_close_of_the_reference_files(shared: Path):
    table = calculate(vector_bars(shared), vector_daily(shared))
    assert table["classic_p"].iloc[25] == pytest.approx(25821.466667, abs=1e-6)
    assert table["woodie_p"].iloc[399] == pytest.approx(25849.6)
    assert table["classic_p"].iloc[:25].isna().all()  # the day before 3 Nov is not given


def test_levels_are_fixed_all_day():
    table = calculate(make_bars(close=[100, 140, 60], day="2025-06-03"), PRIOR)
    assert (table.nunique() == 1).all()


PRIOR = daily(("2025-06-02", 110.0, 90.0, 106.0))  # P 102, TC 104, BC 100, R2 122


@pytest.mark.parametrize(
    ("close", "stance", "strength", "reason"),
    [
        (107.0, Stance.BULLISH, 25.0, "Close 107.00 > TC 104.00"),
        (97.0, Stance.BEARISH, 25.0, "Close 97.00 < BC 100.00"),
        (103.0, Stance.NEUTRAL, 0.0, "Close 103.00 in 100.00–104.00"),
        (104.0, Stance.NEUTRAL, 0.0, "Close 104.00 in 100.00–104.00"),
        (190.0, Stance.BULLISH, 100.0, "Close 190.00 > TC 104.00"),
    ],
)
def test_reads_the_side_of_the_central_range(
    close: float, stance: Stance, strength: float, reason: str
):
    reading = SIGNAL.read(today(close), PRIOR)
    assert (reading.state, reading.strength) == (stance, pytest.approx(strength))
    assert reading.reason == reason


def test_an_inverted_central_range_changes_ends():
    table = calculate(today(100.0), daily(("2025-06-02", 110.0, 90.0, 94.0)))
    # P 98, BC 100, TC 96
    assert table[["cpr_tc", "cpr_bc", "cpr_inverted"]].iloc[-1].tolist() == [100.0, 96.0, 1.0]


def test_a_prior_day_without_range_makes_all_levels_the_close():
    reading = SIGNAL.read(today(120.0), daily(("2025-06-02", 100.0, 100.0, 100.0)))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.values["cpr_width_pct"] == 0.0
    prices = [
        v for k, v in reading.values.items() if k.startswith(("classic", "fib", "cam", "woo"))
    ]
    assert prices == [100.0] * 29


def test_takes_whole_earlier_sessions_from_the_bars_when_there_is_no_daily():
    monday = make_bars(close=[90, 110] + [106] * 373, day="2025-06-02")
    reading = SIGNAL.read(pd.concat([monday, today(107.0)]))
    assert reading.values["classic_p"] == pytest.approx(102.0)
    assert "unofficial_close" in reading.flags


@pytest.mark.parametrize("part", [slice(6, None), slice(0, -6)])
def test_a_part_of_the_session_before_gives_no_levels(part: slice):
    friday = make_bars(close=[100.0] * 375, day="2025-05-30")
    monday = make_bars(close=[90, 110] + [106] * 373, day="2025-06-02")
    reading = SIGNAL.read(pd.concat([friday, monday.iloc[part], today(107.0)]))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No whole session of Mon 2 Jun 2025"


def test_a_prior_session_whose_beginning_is_cut_off_does_not_count():
    monday = make_bars(close=[90, 110, 106], day="2025-06-02", start="14:00")
    reading = SIGNAL.read(pd.concat([monday, today(107.0)]))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No whole session of Mon 2 Jun 2025"


def test_the_daily_close_goes_before_the_last_bar():
    monday = make_bars(close=[90, 110, 100], day="2025-06-02")
    table = calculate(pd.concat([monday, today(107.0)]), PRIOR)
    assert table["classic_p"].iloc[-1] == pytest.approx(102.0)


def test_never_takes_an_older_session_in_place_of_a_missing_one():
    reading = SIGNAL.read(today(107.0, day="2025-06-04"), PRIOR)
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No whole session of Tue 3 Jun 2025"
    assert reading.values["classic_p"] is None


def test_never_uses_today():
    both = daily(("2025-06-02", 110.0, 90.0, 106.0), ("2025-06-03", 500.0, 1.0, 300.0))
    assert calculate(today(107.0), both)["classic_p"].iloc[-1] == pytest.approx(102.0)


def test_passes_over_muhurat_trading():
    sessions = daily(("2025-10-20", 110.0, 90.0, 106.0), ("2025-10-21", 300.0, 200.0, 250.0))
    reading = SIGNAL.read(today(107.0, day="2025-10-23"), sessions)
    assert reading.values["classic_p"] == pytest.approx(102.0)
    assert "special_session_skipped" in reading.flags


def test_a_full_weekend_session_counts():
    sessions = daily(("2024-01-19", 300.0, 200.0, 250.0), ("2024-01-20", 110.0, 90.0, 106.0))
    table = calculate(today(107.0, day="2024-01-23"), sessions)
    assert table["classic_p"].iloc[-1] == pytest.approx(102.0)


def test_outside_the_calendar_it_says_that_the_session_is_unverified():
    reading = SIGNAL.read(today(107.0, day="2019-06-04"), daily(("2019-05-31", 110.0, 90.0, 106.0)))
    assert reading.state is Stance.BULLISH
    assert "session_unverified" in reading.flags


def test_woodie_waits_for_the_opening_bar():
    late = make_bars(close=[107.0], day="2025-06-03", start="09:16")
    table = calculate(late, PRIOR)
    assert math.isnan(table["woodie_p"].iloc[-1])
    assert table["classic_p"].iloc[-1] == pytest.approx(102.0)


def test_plain_dates_and_a_missing_official_column_are_understood():
    plain = PRIOR.drop(columns="official").set_axis(pd.to_datetime(["2025-06-02"]))
    reading = SIGNAL.read(today(107.0), plain)
    assert reading.values["classic_p"] == pytest.approx(102.0)
    assert "unofficial_close" not in reading.flags


@pytest.mark.parametrize(
    ("close", "flag"), [(100.0, "narrow_cpr"), (106.0, "wide_cpr"), (94.0, "inverted_cpr")]
)
def test_tags_the_width_of_the_central_range(close: float, flag: str):
    # with 110 and 90 before: the width is 2/3 of |close - 100|
    assert flag in SIGNAL.read(today(100.0), daily(("2025-06-02", 110.0, 90.0, close))).flags
