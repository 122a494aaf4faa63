"""Parabolic SAR: the example worked by hand, reversals, strength with and without a trend."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Stance, Verdict
from dashboard.signals.psar import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars

HIGH = [102.0, 104, 103, 107, 109, 108, 110, 104, 101]
LOW = [99.0, 101, 100, 102, 105, 104, 105, 99, 97]
CLOSE = [101.0, 103, 101, 106, 108, 105, 109, 100, 98]


def example() -> pd.DataFrame:
    return make_bars(close=CLOSE, high=HIGH, low=LOW)


def ramp(count: int, step: float, base: float = 1000.0) -> pd.DataFrame:
    close = [base + step * k for k in range(count)]
    return make_bars(close=close, high=[c + 1 for c in close], low=[c - 1 for c in close])


def verdict(*, gap: float, adx: float, stop: float = 1000.0) -> Verdict:
    """Return what is said of a close `gap` from the stop, with an ATR of 10."""
    bars = ramp(30, 1.0)
    row = {"psar": stop, "psar_gap": gap, "psar_dir": math.copysign(1, gap)}
    table = calculate(bars).assign(atr14=10.0, adx14=adx, **row)
    return SIGNAL.judge(table, Inputs(index=bars))


def test_matches_the_worked_example():
    table = calculate(example())
    # begins long at bar 0's low 99 with EP 104; 99 + 0.02 * (104 - 99) = 99.1; ...
    # bar 7 falls through 101.77 and turns it: SAR is the trend's highest high
    expected = [99, 99.1, 99.198, 99.51008, 100.079475, 100.614707, 110, 110]
    assert table["psar"].iloc[1:].tolist() == pytest.approx(expected, abs=1e-6)
    assert table["psar_dir"].tolist() == [0, 1, 1, 1, 1, 1, 1, -1, -1]
    assert table["psar_gap"].iloc[7] == pytest.approx(-10.0)
    assert math.isnan(table["psar"].iloc[0])


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    table, expected = calculate(vector_bars(shared)), expected_indicators(shared)
    np.testing.assert_allclose(table["psar"], expected["psar"], atol=1e-6)
    np.testing.assert_allclose(table["atr14"], expected["atr14"], atol=1e-6)
    assert table["psar_dir"].tolist() == expected["psar_dir"].tolist()


def test_begins_short_where_the_first_move_is_down():
    # low falls by 3, high by 1: short, with bar 0's high as the stop
    table = calculate(make_bars(close=[100, 98], high=[101, 100], low=[99, 96]))
    assert table["psar"].iloc[1] == 101.0
    assert table["psar_dir"].iloc[1] == -1


def test_a_touch_is_enough_to_turn_it():
    bars = make_bars(close=[101, 103, 103], high=[102, 104, 104], low=[99, 101, 99.1])
    # the stop in force on bar 2 is 99.1, and the low is just there
    table = calculate(bars)
    assert table["psar_dir"].tolist() == [0, 1, -1]
    assert table["psar"].iloc[2] == 104.0


def test_the_stop_is_never_inside_the_bar():
    rng = np.random.default_rng(1)
    close = 24_500 + np.cumsum(rng.normal(0, 5, 1400)).round(2)
    spread = rng.exponential(3, (2, 1400)).round(2)
    high, low = close + spread[0], close - spread[1]
    table = calculate(make_bars(close=close, high=high, low=low, start="00:00")).iloc[1:]
    above, below = table["psar"] >= high[1:], table["psar"] <= low[1:]
    assert (above != below).all()
    assert table["psar_dir"].tolist() == np.where(above, -1, 1).tolist()


def test_a_bar_of_one_price_at_the_stop_has_no_side():
    assert calculate(make_bars(close=[100.0] * 5))["psar_dir"].tolist() == [0] * 5


def test_is_bullish_while_the_stop_is_below():
    reading = SIGNAL.read(ramp(60, 1.0))
    # AF is 0.2: the stop stays 4 below the close 1059 and ATR is 2, so 100 * 4 / (2 * 2)
    assert reading.state is Stance.BULLISH
    assert reading.strength == pytest.approx(100.0, abs=0.1)
    assert reading.reason == "Close 1,059.00 > 1,055.00; ADX 100.0 > 18"
    assert reading.flags == ()


def test_is_bearish_while_the_stop_is_above():
    reading = SIGNAL.read(ramp(60, -1.0))
    assert reading.state is Stance.BEARISH
    assert reading.reason == "Close 941.00 < 945.00; ADX 100.0 > 18"
    assert reading.values["psar_gap"] == pytest.approx(-4.0, abs=0.01)


def test_the_strength_is_the_gap_in_two_ranges():
    assert verdict(gap=5.0, adx=18.0).strength == pytest.approx(25.0)
    assert verdict(gap=5.0, adx=18.0).reason == "Close 1,005.00 > 1,000.00; ADX 18.0 = 18"


def test_without_a_trend_the_strength_is_halved():
    said = verdict(gap=-5.0, adx=17.9)
    assert said.stance is Stance.BEARISH
    assert said.strength == pytest.approx(12.5)
    assert said.reason == "Close 995.00 < 1,000.00; ADX 17.9 < 18"


def test_half_of_the_full_strength_is_fifty():
    assert verdict(gap=90.0, adx=10.0).strength == 50.0


def test_an_unknown_adx_halves_nothing():
    said = verdict(gap=5.0, adx=math.nan)
    assert said.strength == pytest.approx(25.0)
    assert said.reason == "Close 1,005.00 > 1,000.00; ADX unknown"


def test_the_reason_stays_short_above_a_lakh():
    said = verdict(gap=50.25, adx=15.2, stop=100_300.5)
    assert said.reason == "Close 1,00,350.8 > 1,00,300.5; ADX 15.2 < 18"
    assert len(said.reason) <= 44


def test_tags_the_bar_that_turns_it():
    bars = pd.concat([ramp(60, 1.0), ramp(2, 0.0, base=1040.0).shift(freq="60min")])
    turned = SIGNAL.read(bars.iloc[:61])
    assert turned.flags == ("fresh_flip",)
    assert turned.values["psar"] == 1060.0  # the highest high
    assert SIGNAL.read(bars).flags == ()


def test_is_neutral_without_any_range():
    reading = SIGNAL.read(make_bars(close=[100.0] * 60))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "No range at 100.00"


def test_needs_20_bars_for_a_state():
    reading = SIGNAL.read(ramp(19, 1.0))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.values["psar"] is not None
    assert SIGNAL.read(ramp(20, 1.0)).reason.endswith("ADX unknown")


def test_refuses_an_unknown_price():
    with pytest.raises(InputError, match="low is unknown at 2025-06-02 09:16"):
        calculate(make_bars(close=[100, 101], low=[100, math.nan]))
