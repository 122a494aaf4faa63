"""Market structure: the reference day, then names, breaks and what begins anew."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.signal import Reading, Stance
from dashboard.signals.structure import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.vectors import vector_bars


def zigzag(*turns: float, day: str = "2025-06-02", timeframe: str = "1m") -> pd.DataFrame:
    """Return bars that walk from turn to turn in four steps; high and low are the close."""
    close = [turns[0]]
    for begin, end in pairwise(turns):
        close += [begin + (end - begin) * step / 4 for step in range(1, 5)]
    return make_bars(close=close, day=day, timeframe=timeframe)


def read(bars: pd.DataFrame) -> Reading:
    return SIGNAL.read(bars)


def events(bars: pd.DataFrame) -> list[str]:
    return [event for event in calculate(bars)["event"] if event]


@pytest.mark.shared
def test_matches_the_reference_day(shared: Path):
    table = calculate(vector_bars(shared)).loc["2025-11-04"]
    assert table["swing_high"].notna().sum() == 25
    assert table["swing_low"].notna().sum() == 28
    assert (table["event"] == "CHoCH").sum() == 6


def test_a_swing_is_known_three_bars_after_it():
    bars = make_bars(close=[1, 2, 3, 9, 4, 3, 2, 1])  # the top is the fourth bar
    table = calculate(bars)
    assert table["swing_high"].first_valid_index() == bars.index[6]
    assert table["last_swing_high"].tolist()[6:] == [9, 9]
    assert table["last_swing_high"].iloc[:6].isna().all()


def test_bars_of_15_minutes_need_two_bars_to_each_side():
    table = calculate(make_bars(close=[1, 2, 9, 4, 3], timeframe="15m"))
    assert table["swing_high"].tolist()[4] == 9


def test_of_equal_highs_the_first_is_the_swing():
    table = calculate(make_bars(close=[1, 2, 3, 9, 9, 3, 2, 1, 1]))
    assert table["swing_high"].notna().sum() == 1
    assert table["swing_high"].first_valid_index() == table.index[6]


def test_names_a_swing_after_the_one_before_it():
    table = calculate(zigzag(100, 110, 104, 114, 106, 114, 102, 112, 102, 108))
    names = [name for name in table["high_label"] if name]
    assert names == ["HH", "EQH", "LH"]
    assert [name for name in table["low_label"] if name] == ["HL", "LL", "EQL"]


def test_the_first_close_beyond_a_swing_breaks_it_once():
    table = calculate(zigzag(100, 110, 104, 118))
    # steps of 3.5 from 104: 107.5, 111, 114.5, 118; the low is known at 114.5
    assert table["broken"].dropna().tolist() == [110.0]
    assert table.index[table["event"] == "BOS"].tolist() == [table.index[10]]
    assert table["trend"].tolist()[9:] == [0, 1, 1, 1]


def test_touching_a_swing_does_not_break_it():
    assert "BOS" not in events(zigzag(100, 110, 104, 110))


def test_a_wick_does_not_break_a_swing():
    bars = zigzag(100, 110, 104, 108)
    bars["high"] = bars["high"].where(bars.index != bars.index[-1], 130.0)
    assert "BOS" not in events(bars)


def test_a_break_against_the_trend_turns_it():
    table = calculate(zigzag(100, 110, 104, 118, 98))
    assert [e for e in table["event"] if e in ("BOS", "CHoCH")] == ["BOS", "CHoCH"]
    assert table["trend"].iloc[-1] == -1
    assert table["choch"].iloc[-1] == 1


def test_a_break_the_new_way_confirms_the_change():
    table = calculate(zigzag(100, 110, 104, 118, 98, 102, 90))
    assert [e for e in table["event"] if e in ("BOS", "CHoCH")] == ["BOS", "CHoCH", "BOS"]
    assert table["choch"].iloc[-1] == 0


def test_only_the_last_known_swing_can_be_broken():
    # a high of 110, then one of 106 that hides it: a close of 112 breaks one swing
    assert calculate(zigzag(100, 110, 102, 106, 103, 112))["broken"].dropna().tolist() == [106.0]


def test_begins_anew_with_the_session():
    monday = zigzag(100, 110, 104, 118)
    table = calculate(pd.concat([monday, zigzag(100, 101, day="2025-06-03")]))
    assert table["trend"].tolist()[-5:] == [0] * 5
    assert table["last_swing_high"].iloc[-5:].isna().all()


def test_no_swing_reaches_over_the_night():
    monday = make_bars(close=[1, 2, 3, 9])
    tuesday = make_bars(close=[4, 3, 2, 1], day="2025-06-03")
    assert calculate(pd.concat([monday, tuesday]))["swing_high"].isna().all()


def test_bars_of_15_minutes_go_on_over_the_night():
    monday = make_bars(close=[1, 2, 9], timeframe="15m")
    tuesday = make_bars(close=[4, 3], day="2025-06-03", timeframe="15m")
    assert calculate(pd.concat([monday, tuesday]))["swing_high"].iloc[-1] == 9


def test_waits_for_two_swings_of_each_kind():
    reading = read(zigzag(100, 110, 104, 118))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "1 of 2 swing highs, 1 of 2 lows known"
    assert (reading.warmup.have, reading.warmup.need) == (2, 4)


def test_says_nothing_of_a_trend_before_the_first_break():
    reading = read(zigzag(100, 110, 104, 109, 105, 108))
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "No close beyond 105.00–109.00"


def test_each_name_in_a_row_adds_to_the_strength():
    reading = read(zigzag(100, 110, 104, 118, 108, 116))
    # HH and HL: 40 + 2 * 15
    assert (reading.state, reading.strength) == (Stance.BULLISH, 70.0)
    assert reading.reason == "BOS 09:25 > 110.00; 2 in a row"


def test_a_change_of_character_weakens_it():
    reading = read(zigzag(100, 110, 104, 118, 98, 103))
    # HH, then LL: 40 + 15 - 30
    assert (reading.state, reading.strength) == (Stance.BEARISH, 25.0)
    assert reading.reason.startswith("CHoCH 09:30 < 104.00")
    assert "choch" in reading.flags


def test_the_strength_ends_at_a_hundred():
    assert read(zigzag(100, 110, 104, 118, 108, 122, 112, 126, 116, 124)).strength == 100.0


def test_a_break_of_the_last_bar_is_fresh():
    bars = zigzag(100, 110, 104, 118, 108, 116, 109, 125)
    # steps of 4 from 109: 113, 117 breaks the high of 116
    assert "fresh_bos" not in read(bars.iloc[:26]).flags
    assert "fresh_bos" in read(bars.iloc[:27]).flags
    assert "fresh_bos" not in read(bars).flags


def test_a_break_by_the_bar_that_makes_a_swing_known_counts():
    bars = make_bars(close=[1, 2, 3, 9, 4, 3, 10])
    table = calculate(bars.assign(high=[1, 2, 3, 9, 4, 3, 9], low=[1, 2, 3, 9, 4, 3, 9]))
    assert table["event"].tolist() == ["", "", "", "", "", "", "BOS"]


def test_takes_bars_for_long_ones_until_they_prove_short():
    sparse = make_bars(close=[1, 2, 9, 4, 3], timeframe="15m")
    dense = make_bars(close=[3, 3], start="10:16")
    table = calculate(pd.concat([sparse, dense]))
    assert table["swing_high"].tolist()[4] == 9  # as it was said then
    assert table["last_swing_high"].iloc[5:].isna().all()
