"""Momentum: each oscillator against numbers worked by hand, then votes, score and words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Stance, Verdict
from dashboard.signals.momentum import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars

CLOSES = np.array([100, 102, 101, 105, 107, 106], dtype=float)


def ramp(count: int, step: float = 0.5, base: float = 100.0) -> list[float]:
    return [base + step * k for k in range(count)]


def verdict(**last: float) -> Verdict:
    """Return what is said of a last bar at 1,000 with an ATR of 10: r is 3.162278 percent."""
    bars = make_bars(close=[1000.0] * 130)
    row = {"atr14": 10.0, "macd": 0.0, "macd_hist": 0.0, "roc10": 0.0, "rsi14": 50.0}
    row |= {"rsi_vote": 0.0, "macd_vote": 0.0, "roc_vote": 0.0, "macd_cross": 0.0} | last
    score = 0.4 * row["rsi_vote"] + 0.4 * row["macd_vote"] + 0.2 * row["roc_vote"]
    table = calculate(bars).assign(**row, momentum_score=score)
    return SIGNAL.judge(table, Inputs(index=bars))


def test_the_library_matches_the_worked_examples():
    # changes 2, -1, 4: G = 2, L = 1/3; then 2: G = 2, L = 2/9; then -1: G = 4/3, L = 13/27
    rsi = talib.RSI(CLOSES, 3)[3:]
    assert rsi.tolist() == pytest.approx([85.714286, 90.0, 73.469388], abs=1e-6)
    # 105 / 100, 107 / 102, 106 / 101
    roc = talib.ROC(CLOSES, 3)[3:]
    assert roc.tolist() == pytest.approx([5.0, 4.901961, 4.950495], abs=1e-6)


def test_rsi_and_roc_of_a_case_worked_by_hand():
    closes = [100.0]
    for change in [2, -1] * 7:
        closes.append(closes[-1] + change)
    table = calculate(make_bars(close=closes))
    # G = 7 * 2 / 14 = 1 and L = 7 * 1 / 14 = 0.5; 107 / 102 ten bars before
    assert table["rsi14"].iloc[14] == pytest.approx(200 / 3)
    assert table["roc10"].iloc[14] == pytest.approx(100 * 5 / 102)


def test_macd_of_a_straight_line_is_seven_steps():
    table = calculate(make_bars(close=ramp(60)))
    # an average of p bars lags (p - 1) / 2 bars behind: (12.5 - 5.5) * 0.5, from its first bar
    assert table["macd"].iloc[25:].to_numpy() == pytest.approx(3.5)
    assert table["macd_signal"].iloc[33:].to_numpy() == pytest.approx(3.5)
    assert not table["macd_vote"].any()
    assert not table["macd_cross"].any()


@pytest.mark.parametrize(
    ("column", "bar"),
    [("rsi14", 15), ("roc10", 11), ("macd", 26), ("macd_signal", 34), ("macd_hist", 34)],
)
def test_each_number_begins_at_its_own_bar(column: str, bar: int):
    table = calculate(make_bars(close=ramp(60)))
    assert table[column].first_valid_index() == table.index[bar - 1]
    assert calculate(make_bars(close=ramp(bar - 1)))[column].isna().all()


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    table = calculate(vector_bars(shared))
    expected = expected_indicators(shared)
    np.testing.assert_allclose(table["rsi14"], expected["rsi14"], atol=1e-6)
    np.testing.assert_allclose(table["atr14"], expected["atr14"], atol=1e-6)
    assert table["rsi14"].iloc[100] == pytest.approx(39.308756, abs=1e-6)
    bar = table.iloc[200]
    macd = [bar["macd"], bar["macd_signal"], bar["macd_hist"]]
    assert macd == pytest.approx([1.823989, 2.398245, -0.574256], abs=1e-6)


@pytest.mark.shared
def test_agrees_with_the_library_s_macd_from_bar_150_on(shared: Path):
    bars = vector_bars(shared)
    table = calculate(bars)
    line, signal, _ = talib.MACD(bars["close"].to_numpy(), 12, 26, 9)
    np.testing.assert_allclose(table["macd"][150:], line[150:], atol=1e-7)
    np.testing.assert_allclose(table["macd_signal"][150:], signal[150:], atol=1e-7)


def test_rsi_of_prices_that_do_not_move_is_50():
    assert calculate(make_bars(close=[100.0] * 60))["rsi14"].iloc[14:].eq(50.0).all()


def test_rsi_falls_back_to_50_when_a_move_is_long_forgotten():
    closes = [100.0] * 20 + [105.0] * 600
    rsi = calculate(make_bars(close=closes, day="2025-06-02", start="00:00"))["rsi14"]
    assert rsi.iloc[20] == 100.0
    assert rsi.iloc[-1] == 50.0


@pytest.mark.parametrize(("step", "rsi"), [(0.5, 100.0), (-0.5, 0.0)])
def test_rsi_of_one_way_prices_is_at_its_end(step: float, rsi: float):
    assert calculate(make_bars(close=ramp(30, step)))["rsi14"].iloc[-1] == rsi


def test_continues_over_the_night():
    monday = make_bars(close=[100.0] * 15, day="2025-06-02")
    tuesday = make_bars(close=[110.0], day="2025-06-03")
    table = calculate(pd.concat([monday, tuesday]))
    assert table["rsi14"].iloc[-1] == 100.0
    assert table["roc10"].iloc[-1] == pytest.approx(10.0)


def test_a_vote_of_rsi_is_kept_until_it_is_back_by_two_points():
    walk = 24_500 + np.cumsum(np.random.default_rng(1).normal(0, 5, 1400))
    table = calculate(make_bars(close=walk.tolist(), day="2025-06-02", start="00:00"))
    vote, kept, expected = 0, 0, []
    for rsi in table["rsi14"]:
        if rsi > 60 or rsi < 40:
            vote = 1 if rsi > 60 else -1
        elif (vote > 0 and rsi <= 58) or (vote < 0 and rsi >= 42):
            vote = 0
        kept += vote != 0 and 40 <= rsi <= 60
        expected.append(vote)
    assert kept > 30
    assert table["rsi_vote"].tolist() == expected


@pytest.mark.shared
def test_a_cross_is_where_the_histogram_changes_its_sign(shared: Path):
    table = calculate(vector_bars(shared))
    sign = np.sign(table["macd_hist"].to_numpy()[33:])
    turns = np.flatnonzero(sign[1:] != sign[:-1]) + 34
    assert np.flatnonzero(table["macd_cross"]).tolist() == turns.tolist()
    assert table["macd_cross"].to_numpy()[turns].tolist() == sign[turns - 33].tolist()


def test_the_sides_of_a_steady_rise():
    reading = SIGNAL.read(make_bars(close=ramp(200)))
    # RSI +1 and ROC +1, both in full: 0.4 * 100 + 0.2 * 100; 199.5 / 194.5 is 2.57 percent
    assert (reading.state, reading.strength) == (Stance.BULLISH, pytest.approx(60.0))
    assert reading.reason == "RSI 100.0 > 60; hist 0.00; ROC 2.57%"
    assert reading.flags == ("overbought", "above_zero")
    assert reading.values["momentum_score"] == pytest.approx(0.6)


def test_the_sides_of_a_steady_fall():
    reading = SIGNAL.read(make_bars(close=ramp(200, -0.5, 300.0)))
    assert (reading.state, reading.strength) == (Stance.BEARISH, pytest.approx(60.0))
    # 200.5 / 205.5
    assert reading.reason == "RSI 0.0 < 40; hist 0.00; ROC −2.43%"
    assert reading.flags == ("oversold", "below_zero")


def test_prices_that_do_not_move_have_no_side():
    reading = SIGNAL.read(make_bars(close=[100.1] * 200))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "RSI 50.0 in 40–60; hist 0.00; ROC 0.00%"
    assert reading.flags == ()


def test_roc_alone_is_no_side():
    assert verdict(roc_vote=1.0, roc10=3.0).stance is Stance.NEUTRAL


def test_opposite_votes_of_rsi_and_macd_are_no_side():
    said = verdict(rsi_vote=1.0, rsi14=70.0, macd_vote=-1.0, macd_hist=-3.0, roc_vote=1.0)
    assert (said.stance, said.strength) == (Stance.NEUTRAL, 0.0)


def test_the_strength_weighs_each_vote_with_its_own_number():
    said = verdict(rsi14=62.0, rsi_vote=1, macd_hist=1.0, macd_vote=1, roc10=-1.581139, roc_vote=-1)
    # 0.4 * 2.5 * 12 + 0.4 * 100 * 1 / 2.5 - 0.2 * 100 * 1.581139 / 3.162278 = 12 + 16 - 10
    assert said.stance is Stance.BULLISH
    assert said.strength == pytest.approx(18.0, abs=1e-4)


def test_the_strength_never_goes_to_the_other_side():
    said = verdict(rsi14=60.1, rsi_vote=1, macd_hist=0.21, macd_vote=1, roc10=-9.0, roc_vote=-1)
    assert (said.stance, said.strength) == (Stance.BULLISH, 0.0)


def test_the_reason_names_the_bound_in_force():
    assert verdict(rsi14=58.5, rsi_vote=1.0).reason.startswith("RSI 58.5 > 58;")
    assert verdict(rsi14=41.5, rsi_vote=-1.0).reason.startswith("RSI 41.5 < 42;")
    assert verdict(rsi14=58.5).reason.startswith("RSI 58.5 in 40–60;")


def test_the_reason_stays_short_on_a_wild_day():
    said = verdict(rsi14=55.0, macd_hist=-1234.5, roc10=-12.345)
    assert said.reason == "RSI 55.0 in 40–60; hist −1,234; ROC −12.35%"
    assert len(said.reason) <= 44


def test_a_cross_is_fresh_on_its_own_bar_only():
    closes = [*ramp(130, 1.0), *ramp(20, -2.0, 227.0), *ramp(10, 3.0, 192.0)]
    crosses = calculate(make_bars(close=closes))["macd_cross"].to_numpy()
    crossed = np.flatnonzero(crosses).tolist()
    assert crosses[crossed].tolist() == [1.0]
    until = crossed[0] + 1
    assert "fresh_cross_macd" in SIGNAL.read(make_bars(close=closes[:until])).flags
    assert "fresh_cross_macd" not in SIGNAL.read(make_bars(close=closes[: until + 1])).flags


def test_the_first_side_of_a_line_that_was_level_is_no_cross():
    closes = [*ramp(130, 1.0), *ramp(20, -2.0, 227.0)]
    assert not calculate(make_bars(close=closes))["macd_cross"].any()


def test_thirteen_closes_are_too_few():
    reading = SIGNAL.read(make_bars(close=ramp(13)))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.values["rsi14"] is None


def test_needs_120_bars_for_a_state():
    reading = SIGNAL.read(make_bars(close=ramp(119)))
    assert reading.reason == "Needs 120 bars, has 119"
    assert reading.values["macd_hist"] is not None


def test_refuses_an_unknown_close():
    with pytest.raises(InputError, match="close is unknown at 2025-06-02 09:16"):
        calculate(make_bars(close=[100, float("nan")], high=[100, 101], low=[100, 99]))
