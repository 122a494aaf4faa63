"""VWAP: the example worked by hand, then each promise of the docstring."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Stance
from dashboard.signals import load_signals
from dashboard.signals.vwap import SIGNAL, calculate, weighted
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars


def test_matches_a_session_worked_by_hand():
    table = calculate(make_bars(close=[100, 101, 103], volume=[10, 30, 20]))
    # (10 * 100 + 30 * 101 + 20 * 103) / 60 = 101.5
    # (10 * 1.5^2 + 30 * 0.5^2 + 20 * 1.5^2) / 60 = 1.25, its root 1.118034
    assert table["vwap"].tolist() == pytest.approx([100.0, 100.75, 101.5])
    assert table["vwap_sd"].iloc[-1] == pytest.approx(1.118034, abs=1e-6)
    assert table["vwap_u2"].iloc[-1] == pytest.approx(103.736068, abs=1e-6)
    assert table["vwap_l1"].iloc[-1] == pytest.approx(100.381966, abs=1e-6)


def test_the_typical_price_is_of_high_low_and_close():
    bars = make_bars(high=[101, 103], low=[99, 101], close=[100, 102], volume=[10, 30])
    # typical prices 100 and 102; (10*100 + 30*102) / 40 = 101.5
    assert calculate(bars)["vwap"].tolist() == pytest.approx([100.0, 101.5])


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    table = calculate(vector_bars(shared))
    assert table["vwap"].iloc[200] == pytest.approx(25890.857229, abs=1e-6)
    assert table["vwap_sd"].iloc[200] == pytest.approx(29.63258, abs=1e-5)
    np.testing.assert_allclose(table["vwap"], expected_indicators(shared)["vwap"], atol=1e-6)


def test_keeps_its_digits_at_a_high_price():
    table = calculate(make_bars(close=[79488.10, 79488.15, 79488.20], volume=[20, 20, 20]))
    # deviations -0.05, 0, 0.05: the root of 0.005 / 3
    assert table["vwap_sd"].iloc[-1] == pytest.approx(0.0408248290, abs=1e-9)


def test_equal_prices_have_no_deviation_at_all():
    table = calculate(make_bars(close=[24543.0] * 9, volume=[65, 0, 130, 65, 65, 65, 0, 65, 65]))
    assert table["vwap"].tolist() == [24543.0] * 9
    assert table["vwap_sd"].tolist() == [0.0] * 9


def test_matches_the_update_of_one_bar_after_the_other():
    rng = np.random.default_rng(7)
    values = np.round(79_000 + np.cumsum(rng.normal(0, 12, 900)), 2)
    weights = rng.choice([0.0, 20.0, 4000.0, np.nan], 900)
    days = np.repeat(np.arange(12), 75)
    expected = []
    for at, (value, weight) in enumerate(zip(values, weights, strict=True)):
        if at % 75 == 0:
            total, mean, squares = 0.0, 0.0, 0.0
        if weight > 0:  # West (1979)
            total += weight
            delta = value - mean
            mean += delta * weight / total
            squares += weight * delta * (value - mean) if total > weight else 0.0
        expected.append((mean, math.sqrt(squares / total)) if total else (math.nan, math.nan))
    np.testing.assert_allclose(
        np.transpose(weighted(values, weights, days)), expected, rtol=0, atol=1e-9
    )


def test_an_earlier_session_changes_no_digit():
    monday = make_bars(close=[25111.35, 24987.6], volume=[130, 65], day="2025-06-02")
    tuesday = make_bars(close=[25017.15, 25020.7], volume=[195, 65], day="2025-06-03")
    both = calculate(pd.concat([monday, tuesday])).iloc[2:]
    pd.testing.assert_frame_equal(both, calculate(tuesday), check_exact=True, check_freq=False)


def test_starts_again_each_session():
    monday = make_bars(close=[100, 200], volume=[5, 5], day="2025-06-02")
    tuesday = make_bars(close=[300], volume=[1], day="2025-06-03")
    assert calculate(pd.concat([monday, tuesday]))["vwap"].iloc[-1] == 300


def test_is_unknown_until_the_first_trade():
    vwap = calculate(make_bars(close=[100, 100], volume=[0, 4]))["vwap"]
    assert vwap.isna().tolist() == [True, False]


@pytest.mark.parametrize("volume", [0.0, math.nan])
def test_a_bar_without_volume_changes_nothing(volume: float):
    table = calculate(make_bars(close=[100, 110, 500], volume=[10, 30, volume]))
    assert table["vwap"].tolist() == pytest.approx([100, 107.5, 107.5])
    assert table["vwap_sd"].iloc[2] == table["vwap_sd"].iloc[1]


def test_refuses_a_cash_index():
    with pytest.raises(InputError, match="use its future"):
        calculate(make_bars(close=[100], volume=[math.nan]))


def test_a_session_without_volume_is_insufficient():
    reading = SIGNAL.read(make_bars(close=[100.0] * 10, volume=[0] * 10))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No volume yet in this session"
    assert reading.values["vwap"] is None


def test_is_bullish_above_a_rising_vwap():
    reading = SIGNAL.read(make_bars(close=[100, 101, 103], volume=[10, 30, 20]))
    # 50 * |103 - 101.5| / 1.118034
    assert reading.state is Stance.BULLISH
    assert reading.strength == pytest.approx(67.082039, abs=1e-6)
    assert reading.reason == "Close 103.00 > 101.50; slope up"


def test_is_bearish_below_a_falling_vwap():
    reading = SIGNAL.read(make_bars(close=[103, 101, 100], volume=[20, 30, 10]))
    assert reading.state is Stance.BEARISH
    assert reading.reason == "Close 100.00 < 101.50; slope down"


def test_is_neutral_when_side_and_slope_differ():
    reading = SIGNAL.read(make_bars(close=[100, 101, 103, 101], volume=[10, 30, 20, 1]))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "Close 101.00 < 101.49; slope up"


def test_the_slope_looks_ten_bars_back():
    table = calculate(make_bars(close=[100.0] + [112.0] * 11, volume=[1] * 12))
    # after 12 bars (100 + 11 * 112) / 12 = 111; ten bars before (100 + 112) / 2 = 106
    assert table["vwap_slope"].iloc[-1] == pytest.approx(5.0)


def test_the_slope_of_a_young_session_starts_at_its_first_trade():
    table = calculate(make_bars(close=[90, 100, 102], volume=[0, 1, 1]))
    assert table["vwap_slope"].tolist()[1:] == pytest.approx([0.0, 1.0])


def test_shows_the_deviation_before_there_is_a_state():
    reading = SIGNAL.read(make_bars(close=[100, 102], volume=[10, 10]))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "2 of 3 bars of the session"
    assert reading.values["vwap_sd"] == pytest.approx(1.0)


def test_a_close_far_out_is_stretched():
    reading = SIGNAL.read(make_bars(close=[100.0] * 9 + [110], volume=[10] * 9 + [1]))
    assert "stretched" in reading.flags
    assert reading.strength == 100.0


def test_equal_prices_are_neutral():
    reading = SIGNAL.read(make_bars(close=[100.1] * 20, volume=[7] * 20))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.values["vwap_z"] is None


def test_a_thin_future_is_insufficient():
    closes = [79000.0 + k for k in range(40)]
    reading = SIGNAL.read(make_bars(close=closes, volume=[20] + [0, 0, 20] * 13))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Thin: median volume 0 in 30 minutes"


def test_minutes_without_a_bar_have_no_volume():
    bars = make_bars(close=[100.0 + k for k in range(60)], volume=[10] * 60)
    assert SIGNAL.read(bars.iloc[::3], timeframe="1m").flags == ("thin",)


def test_says_whose_bars_it_read():
    signal = load_signals()["vwap"]
    bars = make_bars(close=[100, 101, 103], volume=[10, 30, 20])
    reading, _ = signal.evaluate(Inputs("NIFTY", future=bars, contract="NIFTY25JUNFUT"))
    assert reading.instrument == "NIFTY25JUNFUT"


def test_flags_a_difference_from_the_exchange_s_own_average():
    bars = make_bars(close=[100, 101, 103], volume=[10, 30, 20])
    assert "differs_from_exchange" not in SIGNAL.read(bars, average_price=101.52).flags
    assert "differs_from_exchange" in SIGNAL.read(bars, average_price=101.60).flags


def test_tags_bars_after_the_index_has_closed():
    # regime B: the index trades to 15:15, its futures to 15:40
    closes, volume = [100.0 + k % 7 for k in range(366)], [10.0] * 366
    bars = make_bars(close=closes, volume=volume, day="2026-08-18")
    assert "deriv_only" not in SIGNAL.read(bars.iloc[:360]).flags
    assert "deriv_only" in SIGNAL.read(bars.iloc[:361]).flags
