"""Volume profile: bins and value area worked by hand, then each promise of the docstring."""

import math
from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Reading, Stance
from dashboard.core.table import Columns
from dashboard.signals.volume_profile import SIGNAL, Sessions, calculate, value_area
from tests.builders import make_bars
from tests.signals.vectors import vector_bars


def areas(bars: pd.DataFrame, underlying: str = "NIFTY") -> list[list[float]]:
    return calculate(bars, underlying)[["poc", "vah", "val"]].to_numpy().tolist()


def test_matches_a_session_worked_by_hand():
    bars = make_bars(close=[104, 112], high=[108, 112], low=[98, 112], volume=[100, 30])
    # 98 to 108: 20 in [95,100), 50 in [100,105), 30 in [105,110); then 30 in [110,115)
    # bar 1: 50, above 30 > below 20, 80 >= 70; bar 2: above 60 > below 20, 110 >= 91
    assert areas(bars) == [[102.5, 110.0, 100.0], [102.5, 115.0, 100.0]]


@pytest.mark.shared
def test_matches_the_reference_bars(shared: Path):
    last = calculate(vector_bars(shared)).iloc[-1]
    assert last[["poc", "vah", "val"]].tolist() == [25937.5, 25970.0, 25885.0]


def test_the_value_area_grows_by_two_rows():
    # 40; below 35 > above 21: 75; above 21 > below 10: 96 >= 95.2
    # by single rows it would be rows 0 to 4
    assert value_area([10, 30, 5, 40, 20, 1, 30], 3) == (1, 5)


def test_of_equal_pairs_the_upper_one_is_taken():
    assert value_area([30, 0, 40, 0, 30], 2) == (2, 4)


def test_a_side_that_has_ended_leaves_the_other():
    assert value_area([10, 10, 10, 10, 10, 10, 11], 6) == (2, 6)
    assert value_area([11, 10, 10, 10, 10, 10, 10], 0) == (0, 4)


def test_a_large_bin_is_an_area_of_its_own():
    assert value_area([1, 98, 1], 1) == (1, 1)


def test_of_equal_bins_the_one_nearest_mid_range_is_the_poc():
    # mid-range is 116: 102.5 is 13.5 away, 122.5 is 6.5, 132.5 is 16.5
    assert areas(make_bars(close=[101, 131, 121], volume=[10] * 3))[-1][0] == 122.5


def test_of_equally_near_bins_the_lower_one_is_the_poc():
    assert areas(make_bars(close=[101, 109], volume=[10] * 2))[-1][0] == 102.5


def test_a_price_on_an_edge_belongs_to_the_bin_above():
    assert areas(make_bars(close=[105.0], volume=[10])) == [[107.5, 110.0, 105.0]]


def test_a_range_that_ends_on_an_edge_leaves_the_bin_above_empty():
    bars = make_bars(close=[105.0], high=[105.0], low=[100.0], volume=[10])
    assert areas(bars) == [[102.5, 105.0, 100.0]]


@pytest.mark.parametrize(
    ("underlying", "price", "size"),
    [
        ("NIFTY", 52_000.0, 5),
        ("BANKNIFTY", 25_000.0, 10),
        ("SENSEX", 25_000.0, 20),
        (None, 25_000.0, 5),
        ("", 52_000.0, 10),
        (None, 80_000.0, 20),
    ],
)
def test_the_bins_are_the_underlying_s(underlying: str | None, price: float, size: float):
    row = calculate(make_bars(close=[price], volume=[10]), underlying).iloc[0]
    assert row["vah"] - row["val"] == size


def test_starts_again_each_session():
    monday = make_bars(close=[100.0], volume=[900], day="2025-06-02")
    tuesday = make_bars(close=[200.0], volume=[1], day="2025-06-03")
    assert areas(pd.concat([monday, tuesday]))[1] == [202.5, 205.0, 200.0]


@pytest.mark.parametrize("volume", [0.0, math.nan])
def test_a_bar_without_volume_changes_nothing(volume: float):
    table = areas(make_bars(close=[900, 100, 500], volume=[volume, 10, volume]))
    assert math.isnan(table[0][0])
    assert table[1] == table[2] == [102.5, 105.0, 100.0]


def test_tells_how_long_the_poc_has_been_where_it_is():
    table = calculate(make_bars(close=[100, 100, 110, 110, 110], volume=[10] * 5))
    # two against one, then two against two (the lower one), then three against two
    assert table["poc"].tolist() == [102.5, 102.5, 102.5, 102.5, 112.5]
    assert table["poc_age_s"].tolist() == [0, 60, 120, 180, 0]


def test_the_prior_day_s_profile_is_its_last_one():
    monday = make_bars(close=[100] * 125 + [110] * 250, volume=[10] * 375, day="2025-06-02")
    tuesday = make_bars(close=[150, 150], volume=[10] * 2, day="2025-06-03")
    table = calculate(pd.concat([monday, tuesday]))[["prior_poc", "prior_vah", "prior_val"]]
    assert table.iloc[:375].isna().all(axis=None)
    # 250 of 375 in [110,115) are too few: both rows below are taken
    assert table.iloc[375:].to_numpy().tolist() == [[112.5, 115.0, 100.0]] * 2


def test_a_prior_day_that_was_cut_off_or_left_out_is_unknown():
    monday = make_bars(close=[100.0] * 375, volume=[10] * 375, day="2025-06-02")
    friday = make_bars(close=[100.0] * 375, volume=[10] * 375, day="2025-05-30")
    tuesday = make_bars(close=[150.0], volume=[10], day="2025-06-03")
    for earlier in (friday, monday.iloc[6:], monday.iloc[:-6], monday.iloc[[0]]):
        assert math.isnan(calculate(pd.concat([earlier, tuesday]))["prior_poc"].iloc[-1])
    for earlier in (monday.iloc[5:], monday.iloc[:-5]):
        assert calculate(pd.concat([earlier, tuesday]))["prior_poc"].iloc[-1] == 102.5


def test_a_part_of_a_session_is_no_prior_day_after_others_either():
    friday = make_bars(close=[100.0] * 375, volume=[10] * 375, day="2025-05-30")
    monday = make_bars(close=[120.0] * 375, volume=[10] * 375, day="2025-06-02")
    tuesday = make_bars(close=[150.0], volume=[10], day="2025-06-03")
    table = calculate(pd.concat([friday, monday.iloc[:200], tuesday]))
    assert table["prior_poc"].iloc[[-2, -1]].tolist() == pytest.approx(
        [102.5, math.nan], nan_ok=True
    )


def test_what_is_remembered_changes_no_answer():
    bars = make_bars(close=[100, 103.3, 111.1], high=[117.7] * 3, low=[99.1] * 3, volume=[7, 9, 8])
    rows = bars[["high", "low", "volume"]].to_numpy()
    sessions = Sessions()
    steps = [sessions.areas(5.0, rows[:count])[-1].tolist() for count in (1, 2, 3)]
    assert steps == Sessions().areas(5.0, rows).tolist()
    other = rows.copy()
    other[0, 2] = 900.0
    assert sessions.areas(5.0, other).tolist() == Sessions().areas(5.0, other).tolist()
    assert sessions.areas(20.0, rows).tolist() == Sessions().areas(20.0, rows).tolist()


def test_a_desk_that_goes_on_reads_what_one_that_starts_reads():
    bars = make_bars(close=[100.0 + k % 9 for k in range(60)], volume=[65.0] * 60)
    values = {str(name): bars[name].to_numpy() for name in bars}
    desk = Columns(bars.index.as_unit("s").asi8, values)
    for count in range(1, 61):
        last = calculate(desk.rows(0, count)).last
    assert last["poc"] == calculate(bars * 1.0)["poc"].iloc[-1]


def read(closes: list[float]) -> Reading:
    """Return the reading after 30 bars in [100,105) and then one for each of `closes`."""
    return SIGNAL.read(make_bars(close=[102.0] * 30 + closes, volume=[65] * (30 + len(closes))))


def test_is_bullish_above_the_value_area():
    reading = read([106.0])
    # 1 above 105, whose area is 5 wide
    assert (reading.state, reading.strength) == (Stance.BULLISH, pytest.approx(20.0))
    assert reading.reason == "106.00 > VAH 105; POC since 09:15"


def test_is_bearish_below_the_value_area():
    reading = read([99.0])
    assert (reading.state, reading.strength) == (Stance.BEARISH, pytest.approx(20.0))
    assert reading.reason == "99.00 < VAL 100; POC since 09:15"


@pytest.mark.parametrize("close", [100.0, 103.0, 105.0])
def test_is_neutral_inside(close: float):
    reading = read([close])
    assert (reading.state, reading.strength) == (Stance.NEUTRAL, 0.0)
    assert reading.reason == "In 100–105; POC since 09:15"


def test_is_accepted_after_two_closes_of_five_minutes():
    # bars from 09:45 on: the second 5 minutes close with the tenth
    assert "accepted" not in read([106.0] * 9).flags
    assert "accepted" in read([106.0] * 10).flags
    assert "accepted" not in read([106.0] * 9 + [104.0, 106.0]).flags


def test_is_made_of_bars_of_one_minute():
    assert SIGNAL.timeframes == ("1m",)
    assert SIGNAL.nearest("5m") == SIGNAL.nearest("30m") == "1m"


def test_a_prior_level_is_naked_until_it_is_touched():
    monday = make_bars(close=[150.0] * 375, volume=[65] * 375, day="2025-06-02")
    away = make_bars(close=[102.0] * 31, volume=[65] * 31, day="2025-06-03")
    touched = away.assign(high=[102.0] * 30 + [152.5])
    assert "naked_prior_poc" in SIGNAL.read(pd.concat([monday, away])).flags
    flags = SIGNAL.read(pd.concat([monday, touched])).flags
    assert "naked_prior_poc" not in flags
    assert "naked_prior_vah" in flags


@pytest.mark.shared
@pytest.mark.parametrize("underlying", ["NIFTY", "BANKNIFTY", "SENSEX"])
def test_a_recorded_day_stays_within_what_was_traded(shared: Path, underlying: str):
    # index prices with their future's volume; 2 March 2026 is the fullest day
    name = "nifty_banknifty_sensex_5m_kite_futvol_2026MarApr_dev.csv.gz"
    found = pd.read_csv(shared / "data" / "bars" / name, parse_dates=["timestamp"])
    found = found[found["symbol"] == underlying].drop_duplicates("timestamp")
    found = found.set_index("timestamp").tz_localize(IST)
    bars = found.loc["2026-03-02", ["open", "high", "low", "close", "volume"]].astype("float64")
    table = calculate(bars, underlying).dropna(subset="poc")
    traded = bars[bars["volume"] > 0]
    size = {"NIFTY": 5, "BANKNIFTY": 10, "SENSEX": 20}[underlying]
    assert len(table) > 40
    assert ((table["val"] < table["poc"]) & (table["poc"] < table["vah"])).all()
    assert (table["val"] > traded["low"].min() - size).all()
    assert (table["vah"] < traded["high"].max() + size).all()


def test_the_levels_are_named():
    levels = {level.label: level.price for level in read([106.0]).levels}
    assert levels == {"POC": 102.5, "VAH": 105.0, "VAL": 100.0}


def test_needs_thirty_bars_for_a_state():
    reading = SIGNAL.read(make_bars(close=[102.0] * 29, volume=[65] * 29))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "29 of 30 bars of the session"
    assert reading.values["poc"] == 102.5


def test_a_thin_future_is_insufficient():
    reading = SIGNAL.read(make_bars(close=[79_000.0] * 40, volume=[20] + [0, 0, 20] * 13))
    assert reading.reason == "Thin: median volume 0 in 30 minutes"


def test_a_session_without_volume_is_insufficient():
    reading = SIGNAL.read(make_bars(close=[102.0] * 40, volume=[0] * 40))
    assert reading.reason == "No volume yet in this session"


def test_refuses_a_cash_index():
    with pytest.raises(InputError, match="use its future"):
        calculate(make_bars(close=[100.0]))
