"""SuperTrend: the example worked by hand, flips of the reference bars, agreement."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

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
