"""Trend strength: the directional indices of reference bars and of lines, bounds, words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Stance, Verdict
from dashboard.signals.adx import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import expected_indicators, vector_bars


def ramp(count: int, step: float, base: float = 1000.0, day: str = "2025-06-02") -> pd.DataFrame:
    close = [base + step * k for k in range(count)]
    high, low = [c + 1 for c in close], [c - 1 for c in close]
    return make_bars(close=close, high=high, low=low, day=day)


def verdict(adx: float, *, plus: float = 30.0, minus: float = 10.0, before: float = 0.0) -> Verdict:
    """Return what is said where ADX is `adx`, and was `before` five bars ago."""
    bars = ramp(150, 1.0)
    table = calculate(bars).assign(plus_di14=plus, minus_di14=minus, adx14=adx)
    table.iloc[-6, table.columns.get_loc("adx14")] = before
    return SIGNAL.judge(table, Inputs(index=bars))


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    table = calculate(vector_bars(shared))
    bar = table.iloc[300]
    found = [bar["plus_di14"], bar["minus_di14"], bar["adx14"]]
    assert found == pytest.approx([19.043103, 38.639727, 43.854292], abs=1e-6)
    np.testing.assert_allclose(table["atr14"], expected_indicators(shared)["atr14"], atol=1e-6)


def test_a_line_worked_by_hand():
    # +DM 1 and TR 2 on every bar: +DI 50, -DI 0, DX 100
    last = calculate(ramp(40, 1.0)).iloc[-1]
    assert last.tolist() == pytest.approx([50.0, 0.0, 100.0, 2.0])


def test_a_line_down_is_the_mirror_of_one_up():
    last = calculate(ramp(40, -1.0)).iloc[-1]
    assert last.tolist() == pytest.approx([0.0, 50.0, 100.0, 2.0])


def test_the_sums_begin_with_thirteen_bars():
    bars = ramp(13, 1.0)
    turned = pd.concat([bars, ramp(2, -1.0, base=1011.0).shift(freq="13min")])
    # bars 1..12 rise by 1 and bar 13 falls by 1: +DM 12, -DM 1, TR 26; then a fall:
    # 12 * 13/14, 1 * 13/14 + 1, 26 * 13/14 + 2
    first = calculate(turned).iloc[14]
    assert first["plus_di14"] == pytest.approx(100 * (12 * 13 / 14) / (26 * 13 / 14 + 2))
    assert first["minus_di14"] == pytest.approx(100 * (13 / 14 + 1) / (26 * 13 / 14 + 2))


@pytest.mark.parametrize(
    ("column", "bar"), [("plus_di14", 15), ("minus_di14", 15), ("adx14", 28), ("atr14", 15)]
)
def test_each_number_begins_at_its_own_bar(column: str, bar: int):
    table = calculate(ramp(40, 1.0))
    assert table[column].first_valid_index() == table.index[bar - 1]
    assert calculate(ramp(bar - 1, 1.0))[column].isna().all()


def test_prices_that_do_not_move_have_no_trend():
    reading = SIGNAL.read(make_bars(close=[100.0] * 160))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "ADX 0.0 < 18; +DI 0.0 = −DI 0.0"
    assert reading.values["atr14"] == 0.0
    assert reading.flags == ("no_trend",)


def test_the_night_is_one_step():
    monday = ramp(14, 1.0, day="2025-06-02")
    tuesday = ramp(1, 1.0, base=1033.0, day="2025-06-03")
    # from 1013 to 1033 +- 1: TR 21, after thirteen of 2
    assert calculate(pd.concat([monday, tuesday]))["atr14"].iloc[-1] == pytest.approx(47 / 14)


def test_says_the_side_of_the_larger_index():
    reading = SIGNAL.read(ramp(160, 1.0))
    assert (reading.state, reading.strength) == (Stance.BULLISH, 100.0)
    assert reading.reason == "ADX 100.0 > 40; +DI 50.0 > −DI 0.0"
    assert SIGNAL.read(ramp(160, -1.0)).state is Stance.BEARISH
    assert SIGNAL.read(ramp(160, -1.0)).reason == "ADX 100.0 > 40; −DI 50.0 > +DI 0.0"


@pytest.mark.parametrize(
    ("adx", "stance", "strength", "bound", "flag"),
    [
        (17.9, Stance.NEUTRAL, 11.6, "< 18", "no_trend"),
        (18.0, Stance.BULLISH, 12.0, "= 18", "building"),
        (25.0, Stance.BULLISH, 40.0, "> 18", "building"),
        (25.1, Stance.BULLISH, 40.4, "> 25", "trending"),
        (40.0, Stance.BULLISH, 100.0, "> 25", "trending"),
        (41.0, Stance.BULLISH, 104.0, "> 40", "strong"),
    ],
)
def test_the_bounds_of_a_trend(adx: float, stance: Stance, strength: float, bound: str, flag: str):
    said = verdict(adx, before=adx)
    assert said.stance is stance
    assert said.strength == pytest.approx(strength)
    assert said.reason == f"ADX {adx} {bound}; +DI 30.0 > −DI 10.0"
    assert said.flags == (flag,)


def test_equal_indices_have_no_side():
    said = verdict(30.0, plus=20.0, minus=20.0)
    assert said.stance is Stance.NEUTRAL
    assert said.reason == "ADX 30.0 > 25; +DI 20.0 = −DI 20.0"


def test_rises_if_above_its_value_five_bars_ago():
    assert verdict(30.0, before=29.9).flags == ("trending", "rising")
    assert verdict(30.0, before=30.0).flags == ("trending",)


def test_needs_150_bars_for_a_state():
    reading = SIGNAL.read(ramp(149, 1.0))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Needs 150 bars, has 149"
    assert reading.values["adx14"] == pytest.approx(100.0)


def test_refuses_an_unknown_price():
    with pytest.raises(InputError, match="high is unknown at 2025-06-02 09:16"):
        calculate(make_bars(close=[100, 101], high=[100, float("nan")]))
