"""EMA stack: the recursion worked by hand, order, crosses, warm-up."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from dashboard.core.errors import InputError
from dashboard.core.signal import Stance
from dashboard.signals import load_signals
from dashboard.signals.ema import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars


def rising(count: int) -> list[float]:
    return [100 + 0.5 * k for k in range(count)]


def test_the_library_is_seeded_with_the_simple_mean():
    closes = np.array([100, 102, 101, 105, 107, 106], dtype=float)
    # mean of the first three 101; 101 + (105 - 101) / 2 = 103; 103 + (107 - 103) / 2 = 105; 105.5
    assert talib.EMA(closes, 3)[2:].tolist() == [101.0, 103.0, 105.0, 105.5]


def test_matches_a_case_worked_by_hand():
    table = calculate(make_bars(close=[100.0] * 8 + [109, 121]))
    # seed (8 * 100 + 109) / 9 = 101; then 101 + 0.2 * (121 - 101) = 105
    assert table["ema9"].iloc[8:].tolist() == pytest.approx([101.0, 105.0])
    assert table["ema9"].iloc[:8].isna().all()


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    ema9 = calculate(vector_bars(shared))["ema9"].to_numpy()
    np.testing.assert_allclose(ema9, expected_indicators(shared)["ema9"], atol=1e-6)


def test_each_average_begins_at_its_own_bar():
    table = calculate(make_bars(close=rising(200)))
    for period in (9, 20, 50, 200):
        assert table[f"ema{period}"].first_valid_index() == table.index[period - 1]


def test_continues_over_the_night():
    monday = make_bars(close=[100.0] * 9, day="2025-06-02")
    tuesday = make_bars(close=[110.0], day="2025-06-03")
    assert calculate(pd.concat([monday, tuesday]))["ema9"].iloc[-1] == pytest.approx(102.0)


def test_is_bullish_in_full_when_all_are_in_order():
    reading = load_signals()["ema"].read(make_bars(close=rising(250)))
    assert (reading.state, reading.strength) == (Stance.BULLISH, 100.0)
    assert reading.reason == "3 of 3 pairs ordered up; 9 > 20"
    assert reading.flags == ()


def test_is_bearish_when_all_are_in_reverse():
    reading = SIGNAL.read(make_bars(close=rising(250)[::-1]))
    assert (reading.state, reading.strength) == (Stance.BEARISH, 100.0)
    assert reading.reason == "3 of 3 ordered down; 9 < 20"


def test_two_pairs_vote_without_the_200_bar_average():
    reading = SIGNAL.read(make_bars(close=rising(199)))
    # 2 / 3 of 100, cut to 0.6
    assert reading.strength == pytest.approx(40.0)
    assert reading.reason == "2 of 2 pairs ordered up; 9 > 20"
    assert reading.values["ema200"] is None


def test_a_mixed_order_keeps_a_part_of_the_strength():
    reading = SIGNAL.read(make_bars(close=[*rising(240), *[219.0 - k for k in range(12)]]))
    # the fall has turned 9 below 20, while 20 > 50 > 200 still holds: (2 - 1) / 3
    assert reading.state is Stance.BULLISH
    assert reading.strength == pytest.approx(100 / 3)
    assert reading.reason == "2 of 3 pairs ordered up; 9 < 20 since 13:23"
    assert "mixed" in reading.flags


def test_full_order_with_the_close_below_the_20_is_mixed():
    reading = SIGNAL.read(make_bars(close=[*rising(250), 215.0]))
    assert reading.strength == 100.0
    assert reading.flags == ("mixed",)


def test_equal_averages_say_nothing():
    reading = SIGNAL.read(make_bars(close=[100.0] * 250))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "0 of 3 pairs up, 0 down; 9 = 20"


def test_a_cross_is_fresh_on_its_own_bar_only():
    closes = [*rising(200), *[199.0 - 2 * k for k in range(10)]]
    table = calculate(make_bars(close=closes))
    crossed = table.index[table["cross_9_20"] == -1]
    assert len(crossed) == 1
    until = table.index.get_loc(crossed[0]) + 1
    assert "fresh_cross_9_20" in SIGNAL.read(make_bars(close=closes[:until])).flags
    assert "fresh_cross_9_20" not in SIGNAL.read(make_bars(close=closes[: until + 1])).flags


def test_touching_is_no_cross():
    # flat at first: the averages are equal, then 9 rises above 20 and never was below it
    table = calculate(make_bars(close=[100.0] * 60 + rising(60)))
    assert not table["cross_9_20"].any()


def test_needs_150_bars_for_a_state():
    reading = SIGNAL.read(make_bars(close=rising(149)))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Needs 150 bars, has 149"
    assert reading.values["ema9"] is not None
    assert (reading.warmup.have, reading.warmup.need) == (149, 150)


def test_refuses_an_unknown_close():
    with pytest.raises(InputError, match="close is unknown at 2025-06-02 09:16"):
        calculate(make_bars(close=[100, math.nan]))
