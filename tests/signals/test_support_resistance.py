"""Support and resistance: each kind of level by hand, then zones, scores, room and breaks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.options.chain import from_long
from dashboard.signals.support_resistance import SIGNAL, calculate
from tests.builders import make_bars
from tests.signals.test_recorded import recorded

PRICES = ["s3", "s2", "s1", "r1", "r2", "r3"]


def prior(high: float, low: float, close: float, day: str = "2025-06-02") -> pd.DataFrame:
    index = pd.DatetimeIndex([day]).tz_localize(IST)
    return pd.DataFrame({"open": low, "high": high, "low": low, "close": close}, index)


def quarters(
    *bars: tuple[float, float, float], day: str = "2025-06-03", start: str = "09:15"
) -> pd.DataFrame:
    """Return bars of 15 minutes of (high, low, close)."""
    high, low, close = zip(*bars, strict=True)
    return make_bars(close=close, high=high, low=low, day=day, start=start, timeframe="15m")


def at(close: float, start: str = "09:15", day: str = "2025-06-03") -> pd.DataFrame:
    """Return one bar of a minute that opens and closes at `close`."""
    return make_bars(close=[close], day=day, start=start)


def zone(row: pd.Series, source: str) -> tuple[float, float]:
    """Return price and score of the zone of which `source` is a part."""
    for name in PRICES:
        if source in row[f"{name}_source"].split(", "):
            return row[name], row[f"{name}_score"]
    raise AssertionError(f"{source} is not in {[row[f'{name}_source'] for name in PRICES]}")


def test_without_anything_else_there_are_round_numbers():
    row = calculate(at(24_480.0)).iloc[0]
    assert row[PRICES].tolist() == [24_200, 24_300, 24_400, 24_500, 24_600, 24_700]
    assert (row["r1_source"], row["r1_score"]) == ("round 500", 1.0)
    assert (row["s1_source"], row["s1_score"]) == ("round 100", 0.5)


def test_the_prior_session_gives_its_prices_and_its_pivots():
    row = calculate(at(24_610.0), prior(24_700.0, 24_400.0, 24_640.0)).iloc[0]
    # P = 73,740 / 3; R1 = 2P - 24,400
    assert row[PRICES].tolist() == pytest.approx([24_500, 24_580, 24_600, 24_640, 24_700, 24_760])
    assert [row[f"{name}_source"] for name in PRICES] == [
        "round 500",
        "pivot P",
        "round 100",
        "prior close",
        "prior high, round 100",
        "pivot R1",
    ]
    # a session ago, at a half-life of two: 3 * 0.5^0.5 + 0.5
    assert row["r2_score"] == pytest.approx(2.621320)


def test_levels_that_are_near_are_one_zone_at_their_weighted_mean():
    row = calculate(at(24_610.0), prior(24_700.0, 24_400.0, 24_690.0)).iloc[0]
    # 0.08 % of 24,610 is 19.69; (2 * 24,690 + 3 * 24,700 + 0.5 * 24,700) / 5.5
    assert row["tolerance"] == pytest.approx(19.688)
    assert row["r1"] == pytest.approx(24_696.363636)
    assert row["r1_source"] == "prior high, prior close, round 100"


def test_a_wide_market_has_wide_zones():
    wide = quarters(*[(24_650.0, 24_550.0, 24_600.0)] * 20, day="2025-06-02")
    assert calculate(at(24_610.0), None, wide)["tolerance"].iloc[0] == pytest.approx(50.0)


def test_a_touch_enters_and_closes_back():
    near, far, inside = (
        (24_560.0, 24_505.0, 24_550.0),
        (24_560.0, 24_530.0, 24_550.0),
        (
            24_560.0,
            24_505.0,
            24_515.0,
        ),
    )
    for bars, touches in (
        ((far, near, near), 2),
        ((far, near, near, near, near), 3),  # no more than 3 count
        ((far, far, far), 1),  # not touched, but there
        ((near, far, far), 1),  # nobody knows where the first one came from
        ((far, inside, far), 1),
        ((far, (24_560.0, 24_400.0, 24_550.0), near), 2),  # through it and back
    ):
        longer = quarters(*bars)
        row = calculate(at(24_550.0, "11:30"), None, longer).iloc[0]
        assert zone(row, "round 500") == (24_500.0, float(touches))


def test_a_touch_from_below_counts_too():
    longer = quarters((24_470.0, 24_440.0, 24_450.0), *[(24_495.0, 24_440.0, 24_450.0)] * 2)
    row = calculate(at(24_450.0, "11:30"), None, longer).iloc[0]
    assert zone(row, "round 500") == (24_500.0, 2.0)


PEAK = [(24_600.0 + k, 24_590.0 + k, 24_595.0 + k) for k in (0, 10, 20, 135, 20, 10, 0)]


def test_swings_are_those_of_closed_bars():
    longer = quarters(*PEAK)  # the top of 24,735 is known when the bar of 10:45 closes
    for start, known in (("10:59", False), ("11:00", True)):
        row = calculate(at(24_650.0, start), None, longer).iloc[0]
        assert ("swing high" in row["r2_source"]) is known
    assert row["r2"] == 24_735.0


def test_a_swing_loses_half_its_score_in_two_sessions():
    between = [quarters((24_600.0, 24_590.0, 24_595.0), day=f"2025-06-0{k}") for k in (3, 4)]
    old = quarters(*PEAK, day="2025-06-02")
    for bars, day, score in (
        ([old], "2025-06-02", 2.0),
        ([old, between[0]], "2025-06-04", 1.0),
        ([old, *between], "2025-06-05", 2 * 0.5**1.5),
    ):
        row = calculate(at(24_650.0, "11:00", day), None, pd.concat(bars)).iloc[0]
        assert zone(row, "swing high") == (24_735.0, pytest.approx(score))


def test_swings_of_more_than_five_sessions_ago_are_left_out():
    flat = (24_600.0, 24_590.0, 24_595.0)
    days = pd.bdate_range("2025-06-03", "2025-06-06").strftime("%Y-%m-%d")
    later = [quarters(flat, day=day) for day in days]
    longer = pd.concat([quarters(*PEAK, day="2025-06-02"), *later])
    for day, there in (("2025-06-06", True), ("2025-06-09", False)):
        row = calculate(at(24_650.0, "09:30", day), None, longer[:day]).iloc[0]
        assert any("swing high" in row[f"r{k}_source"] for k in (1, 2, 3)) is there


def minutes(*closes: tuple[int, float], day: str = "2025-06-03") -> pd.DataFrame:
    """Return (count, close) bars of a minute from the open on."""
    return make_bars(close=[close for count, close in closes for _ in range(count)], day=day)


def test_the_opening_range_counts_when_it_is_over():
    table = calculate(minutes((5, 24_630.0), (10, 24_660.0), (16, 24_650.0)))
    assert not table.iloc[14][["s1_source", "r1_source"]].str.contains("OR15").any()
    assert zone(table.iloc[15], "OR15 high")[0] == 24_660.0
    assert zone(table.iloc[15], "OR15 low")[0] == 24_630.0
    # 24,660 with weights 2 and 1.5 for the ends of both ranges
    assert zone(table.iloc[30], "OR30 high") == (24_660.0, 3.5)


def test_a_fifth_of_the_opening_may_be_missing():
    for start, there in (("09:18", True), ("09:19", False)):
        bars = make_bars(close=[24_630.0] * 20, day="2025-06-03", start=start)
        assert calculate(bars)["s1_source"].str.contains("OR15").any() == there


def test_the_strikes_of_most_open_interest_count():
    bars = minutes((16, 24_520.0))
    long = pd.DataFrame(
        {
            "strike": [24_450.0, 24_550.0] * 2,
            "kind": ["CE", "CE", "PE", "PE"],
            "oi": [1.0, 9.0, 7.0, float("nan")],
        },
        bars.index[:1].repeat(4),
    )
    table = calculate(bars, chain=from_long(long))
    assert "call OI" not in table["r1_source"].iloc[14]
    assert zone(table.iloc[15], "call OI") == (24_550.0, 2.0)
    assert zone(table.iloc[15], "put OI") == (24_450.0, 2.0)


def test_without_open_interest_there_is_no_such_strike():
    bars = minutes((16, 24_520.0))
    long = pd.DataFrame({"strike": [24_450.0], "kind": ["CE"], "oi": [0.0]}, bars.index[:1])
    assert calculate(bars, chain=from_long(long)).equals(calculate(bars))


def test_the_profile_is_mapped_by_the_basis_of_its_time():
    bars = minutes((16, 24_560.0))
    future = bars.assign(volume=65.0) + 33.0  # 24,593 is in the bin of 24,590 to 24,595
    reading, table = SIGNAL.evaluate(Inputs("NIFTY", index=bars, future=future))
    assert table is not None
    assert "POC" not in table["s1_source"].iloc[14]
    # VAL 24,557, POC 24,559.5, both ends of the opening range 24,560, VAH 24,562
    assert table["s1_source"].iloc[15] == "POC, VAL, OR15 high, OR15 low, VAH"
    # (2 * 24,557 + 2.5 * 24,559.5 + 4 * 24,560 + 2 * 24,562) / 10.5
    assert table["s1"].iloc[15] == pytest.approx(24_559.690476)
    assert "basis_adjusted" in reading.flags


def test_the_prior_profile_takes_the_basis_of_its_last_bar():
    monday, tuesday = minutes((375, 24_525.0), day="2025-06-02"), minutes((1, 24_580.0))
    future = pd.concat([monday + 27.0, tuesday + 60.0]).assign(volume=65.0)
    row = calculate(pd.concat([monday, tuesday]), future=future).iloc[-1]
    # POC 24,552.5 of a bin of 5; the pivots are all at 24,525
    assert zone(row, "prior POC")[0] == pytest.approx(24_525.0, abs=1.0)
    assert calculate(tuesday, future=future)["s1_source"].str.contains("prior POC").sum() == 0


@pytest.mark.parametrize(("name", "price"), [("high", 1.0), ("low", np.inf), ("open", np.nan)])
def test_refuses_a_last_bar_that_cannot_be(name: str, price: float):
    bars = minutes((16, 24_560.0))
    bars.loc[bars.index[-1], name] = price
    with pytest.raises(InputError, match=name):
        calculate(bars)


def test_zones_stay_for_a_quarter_of_an_hour():
    table = calculate(minutes((14, 24_640.0), (1, 24_590.0), (1, 24_640.0)))
    assert table["r1"].tolist()[:15] == [24_700.0] * 14 + [24_600.0]
    assert table["s1"].tolist()[:15] == [24_600.0] * 14 + [24_500.0]
    assert table["tolerance"].iloc[:15].nunique() == 1


def read(*closes: tuple[int, float], far: float = 20_000.0) -> Reading:
    """Read with one level besides round numbers, and that far away."""
    return SIGNAL.read(minutes(*closes), prior(far, far, far))


@pytest.mark.parametrize(
    ("close", "stance", "strength", "reason"),
    [
        (24_620.0, Stance.BULLISH, 60.0, "R +80.0, S −20.0; room +0.60 > 0.20"),
        (24_680.0, Stance.BEARISH, 60.0, "R +20.0, S −80.0; room −0.60 < −0.20"),
        (24_650.0, Stance.NEUTRAL, 0.0, "R +50.0, S −50.0; room 0.00"),
        (24_660.0, Stance.NEUTRAL, 0.0, "R +40.0, S −60.0; room −0.20"),
        (24_600.0, Stance.BULLISH, 100.0, "R +100.0, S 0.0; room +1.00 > 0.20"),
    ],
)
def test_reads_the_side_with_more_room(close: float, stance: Stance, strength: float, reason: str):
    reading = read((1, 24_650.0), (1, close))
    assert (reading.state, reading.strength) == (stance, pytest.approx(strength))
    assert reading.reason == reason


def test_says_on_which_side_there_is_no_level():
    above, below = (
        read((1, 24_480.0), (1, 25_200.0)),
        read((1, 24_480.0), (1, 23_900.0), far=30_000.0),
    )
    assert above.reason == "No level above 25,200.00; S1 24,700.00"
    assert below.reason == "No level below 23,900.00; R1 24,000.00"
    assert (above.state, below.state) == (Stance.NEUTRAL, Stance.NEUTRAL)
    assert above.flags == ("no_level_above",)
    assert above.values["r1"] is None
    assert above.values["r1_source"] == ""


def test_the_levels_name_their_sources():
    levels = {level.label: level.price for level in read((1, 24_480.0)).levels}
    assert levels["R1 round 500"] == 24_500.0
    assert levels["S1 round 100"] == 24_400.0


def test_round_numbers_alone_say_nothing():
    reading = SIGNAL.read(minutes((1, 24_480.0)))
    assert (reading.state, reading.reason) == (Stance.INSUFFICIENT, "Only round numbers are known")


def test_a_break_is_two_closes_of_five_minutes_beyond():
    table = calculate(minutes((5, 24_480.0), (4, 24_510.0), (5, 24_520.0), (1, 24_520.0)))
    assert table["broken"].tolist() == [0.0] * 14 + [1.0]
    back = calculate(minutes((5, 24_480.0), (9, 24_510.0), (1, 24_490.0)))
    assert (back["broken"] == 0).all()
    assert "fresh_break_above" in read((5, 24_480.0), (10, 24_520.0)).flags
    assert "fresh_break_below" in read((5, 24_420.0), (10, 24_380.0)).flags


def test_no_break_reaches_over_the_night():
    monday = minutes((370, 24_480.0), (5, 24_520.0), day="2025-06-02")
    table = calculate(pd.concat([monday, minutes((5, 24_520.0))]))
    assert (table["broken"].iloc[-5:] == 0).all()


@pytest.mark.shared
def test_every_row_of_recorded_days_tells_what_was_known_then(shared: Path):
    bars = recorded(shared, "nifty_index_1m_2024_dev.csv.gz").iloc[: 6 * 375]
    how = {"open": "first", "high": "max", "low": "min", "close": "last"}
    longer = bars.resample("15min").agg(how).dropna()
    bars = bars.iloc[-775:]
    whole = calculate(bars, None, longer)
    for count in (1, 26, 400, 401, 523, 700):
        known = longer[longer.index + pd.Timedelta("15min") <= bars.index[count - 1]]
        part = calculate(bars.iloc[:count], None, known)
        pd.testing.assert_frame_equal(part, whole.iloc[:count], check_exact=True)


@pytest.mark.shared
def test_the_zones_are_the_same_on_every_timeframe(shared: Path):
    bars = recorded(shared, "nifty_index_1m_2024_dev.csv.gz").iloc[: 3 * 375]
    how = {"open": "first", "high": "max", "low": "min", "close": "last"}
    minute = calculate(bars)
    for length in ("5min", "15min"):
        table = calculate(bars.resample(length).agg(how).dropna())
        ends = table.index + pd.Timedelta(length) - pd.Timedelta("1min")
        same = minute.loc[ends].set_axis(table.index).drop(columns="broken")
        pd.testing.assert_frame_equal(table.drop(columns="broken"), same)
