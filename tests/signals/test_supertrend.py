"""SuperTrend: the example worked by hand, flips of the reference bars, agreement."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from dashboard.core.market import Floats
from dashboard.core.signal import Inputs, Stance
from dashboard.signals.supertrend import SIGNAL, calculate, supertrend
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars

HIGH = np.array([102, 104, 103, 107, 109, 108, 110, 104, 101], dtype=float)
LOW = np.array([99, 101, 100, 102, 105, 104, 105, 99, 97], dtype=float)
CLOSE = np.array([101, 103, 101, 106, 108, 105, 109, 100, 98], dtype=float)


def ramp(count: int, step: float, base: float = 1000.0) -> pd.DataFrame:
    close = [base + step * k for k in range(count)]
    return make_bars(close=close, high=[c + 1 for c in close], low=[c - 1 for c in close])


def test_the_library_s_range_matches_the_worked_example():
    # true ranges 3, 3, 6, 4, 4, 5, 10, 4 from bar 1 on; their mean over 1..3 is 4
    atr = talib.ATR(HIGH, LOW, CLOSE, 3)[3:]
    assert atr.tolist() == pytest.approx([4, 4, 4, 4.333333, 6.222222, 5.481481], abs=1e-6)


def test_matches_the_worked_example():
    stop, direction = supertrend(HIGH, LOW, CLOSE, talib.ATR(HIGH, LOW, CLOSE, 3), 1.0)
    expected = [108.5, 108.5, 108.5, 103.166667, 107.722222, 104.481481]
    assert stop[3:].tolist() == pytest.approx(expected, abs=1e-6)
    assert direction.tolist() == [0, 0, 0, -1, -1, -1, 1, -1, -1]
    assert np.isnan(stop[:3]).all()


def plainly(middle: Floats, close: Floats, atr: Floats) -> tuple[list[float], list[int]]:
    """Return stop and direction as the formula is written, a bar at a time, for (p, 3)."""
    upper, lower = np.inf, -np.inf
    stops: list[float] = []
    ways: list[int] = []
    for t in np.flatnonzero(np.isfinite(atr)):
        before = close[t - 1] if stops else np.nan
        basic_upper, basic_lower = middle[t] + 3 * atr[t], middle[t] - 3 * atr[t]
        if basic_upper < upper or before > upper:
            upper = basic_upper
        if basic_lower > lower or before < lower:
            lower = basic_lower
        way = ways[-1] if ways else -1
        if stops and way < 0 and close[t] > upper:
            way = 1
        elif way > 0 and close[t] < lower:
            way = -1
        ways.append(way)
        stops.append(lower if way > 0 else upper)
    return stops, ways


@pytest.mark.parametrize("seed", range(40))
def test_is_the_formula_to_the_last_bit(seed: int):
    rng = np.random.default_rng(seed)
    # quiet and wild walks; every fifth has steps so large that they carry the bands across
    jumps = rng.normal(0, 300, 400) * (rng.random(400) < (0.1 if seed % 5 == 0 else 0.0))
    close = 24_500 + np.cumsum(rng.normal(0, 1 + seed % 4, 400) + jumps).round(1)
    high, low = (close + sign * rng.exponential(2, 400).round(1) for sign in (1, -1))
    for period in (7, 10):
        atr = talib.ATR(high, low, close, period)
        stop, direction = supertrend(high, low, close, atr, 3.0)
        stops, ways = plainly((high + low) / 2, close, atr)
        assert stop[period:].tolist() == stops
        assert direction[period:].tolist() == ways


def of_middles(middle: list[float], close: list[float]) -> tuple[list[float], list[float]]:
    """Return stop and direction with the basic bands 1 from the middle."""
    at = np.array(middle)
    stop, direction = supertrend(at, at, np.array(close), np.ones(len(at)), 1.0)
    return stop.tolist(), direction.tolist()


def test_a_first_close_above_the_band_turns_nothing():
    # the band is 101; the close is above, so that it begins anew at 105
    assert of_middles([100, 104], [103, 104]) == ([101, 105], [-1, -1])


def test_a_close_on_the_band_turns_nothing():
    assert of_middles([100, 100], [100, 101]) == ([101, 101], [-1, -1])
    assert of_middles([100, 100, 100], [100, 102, 99]) == ([101, 99, 99], [-1, 1, 1])


def test_bands_that_a_gap_up_has_crossed_begin_anew():
    # upper 101 and lower 109 on bar 2: 105 is above the one, turns up, and below the other
    assert of_middles([100, 110, 104], [100, 105, 104]) == ([101, 109, 103], [-1, 1, 1])


def test_bands_that_a_gap_down_has_crossed_begin_anew():
    # up on bar 2; lower 99 and upper 91 on bar 3: 95 turns it down, and is above the upper one
    stops, ways = of_middles([100, 100, 90, 96], [100, 102, 95, 96])
    assert (stops, ways) == ([101, 99, 91, 97], [-1, 1, -1, -1])


@pytest.mark.shared
def test_turns_where_the_reference_bars_turn(shared: Path):
    direction = calculate(vector_bars(shared))["st_10_3_dir"].to_numpy()
    turns = np.flatnonzero(direction[1:] * direction[:-1] < 0) + 1
    assert turns.tolist() == [25, 91, 169, 202, 217, 292, 343, 367, 375, 390]


@pytest.mark.shared
def test_uses_the_reference_range(shared: Path):
    bars = vector_bars(shared)
    atr = talib.ATR(*(bars[c].to_numpy() for c in ("high", "low", "close")), 14)
    np.testing.assert_allclose(atr, expected_indicators(shared)["atr14"], atol=1e-6)


def test_is_undefined_before_the_first_range():
    table = calculate(ramp(12, 1.0))
    assert table["st_10_3_dir"].tolist()[:11] == [0] * 10 + [-1]
    assert table["st_7_3_dir"].tolist()[:8] == [0] * 7 + [-1]
    assert table["st_10_3"].isna().sum() == 10


def test_is_bullish_while_both_stops_are_below():
    reading = SIGNAL.read(ramp(80, 5.0))
    # the last bar is 1395 +- 1, every true range 6: both stops are 1395 - 18, and
    # 100 * 18 / (3 * 6) = 100
    assert (reading.state, reading.strength) == (Stance.BULLISH, 100.0)
    assert reading.reason == "Close 1,395.00 > 1,377.00; both agree"


def test_is_bearish_while_both_stops_are_above():
    reading = SIGNAL.read(ramp(80, -5.0))
    assert reading.state is Stance.BEARISH
    assert reading.reason == "Close 605.00 < 623.00; both agree"
    assert reading.values["st_gap"] == pytest.approx(-18.0)


def test_is_neutral_while_the_two_differ():
    bars = ramp(80, 5.0)
    table = calculate(bars).assign(st_7_3_dir=-1.0)
    verdict = SIGNAL.judge(table, Inputs(index=bars))
    assert verdict.stance is Stance.NEUTRAL
    assert verdict.reason == "10,3 up, 7,3 down; close 1,395.00"


def test_tags_the_bar_that_turns_it():
    bars = pd.concat([ramp(80, 5.0), ramp(2, 0.0, base=1300.0).shift(freq="80min")])
    assert SIGNAL.read(bars.iloc[:81]).flags == ("fresh_flip",)
    assert SIGNAL.read(bars).flags == ()


def test_is_neutral_without_any_range():
    reading = SIGNAL.read(make_bars(close=[100.0] * 60))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "ATR is 0: no range at 100.00"


def test_needs_60_bars_for_a_state():
    reading = SIGNAL.read(ramp(59, 1.0))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.values["st_10_3"] is not None
