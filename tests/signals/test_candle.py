"""Candle intent: shapes worked by hand, then what volume and range make of them."""

import math
from pathlib import Path

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.signals.candle import SIGNAL, calculate
from tests.builders import make_bars

Shape = tuple[float, float, float, float]  # open, high, low, close
UP = (102.0, 110.0, 100.0, 110.0)  # body 80 %, lower wick 20 %
LOW_END = (106.0, 108.0, 100.0, 108.0)  # body 20 %, wicks 80 % below
HIGH_END = (104.0, 112.0, 102.0, 102.0)
DOJI = (105.0, 110.0, 100.0, 105.5)  # body 5 %


def bars_of(*shapes: Shape, before: int = 21, day: str = "2025-06-02") -> pd.DataFrame:
    """Return bars of 5 minutes: `before` ones of a range of 10, then `shapes`."""
    rows = [(103.0, 110.0, 100.0, 107.0)] * before + list(shapes)
    opened, high, low, close = zip(*rows, strict=True)
    return make_bars(close=close, open=opened, high=high, low=low, day=day, timeframe="5m")


def read(shape: Shape, rvol: float | None = 1.0) -> Reading:
    bars = bars_of(shape)
    if rvol is None:
        return SIGNAL.read(bars)
    return SIGNAL.read(bars, bars.assign(volume=[100.0] * 21 + [100 * rvol]))


def test_the_shares_of_a_bar_worked_by_hand():
    last = calculate(bars_of((24_801.0, 24_830.0, 24_780.0, 24_816.0))).iloc[-1]
    # range 50: body 15, upper 14, lower 21, close 36 above the low
    assert last["body_pct"] == pytest.approx(30.0)
    assert last["upper_wick_pct"] == pytest.approx(28.0)
    assert last["lower_wick_pct"] == pytest.approx(42.0)
    assert last["close_loc"] == pytest.approx(0.72)


def test_a_bar_without_range_is_a_doji_in_its_middle():
    last = calculate(bars_of((105.0, 105.0, 105.0, 105.0), before=3)).iloc[-1]
    assert (last["body_pct"], last["close_loc"], last["intent"]) == (0.0, 0.5, "doji")


def test_volume_is_compared_with_twenty_bars_before():
    bars = bars_of(UP)
    table = calculate(bars, bars.assign(volume=[100.0] * 21 + [250.0]))
    assert table["rvol"].iloc[:20].isna().all()
    assert table["rvol"].iloc[20:].tolist() == [1.0, 2.5]


def test_volume_is_that_of_the_same_bar():
    bars = bars_of(UP)
    future = bars.assign(volume=[100.0] * 21 + [250.0])
    assert math.isnan(calculate(bars, future.iloc[:-1])["rvol"].iloc[-1])
    longer = bars_of(UP, before=22).assign(volume=[100.0] * 21 + [250.0, 900.0])
    assert calculate(bars, longer)["rvol"].iloc[-1] == 2.5


def test_an_unknown_volume_makes_twenty_bars_unknown():
    bars = bars_of(UP, UP)
    table = calculate(bars, bars.assign(volume=[math.nan] + [100.0] * 22))
    assert math.isnan(table["rvol"].iloc[20])
    assert table["rvol"].iloc[21] == 1.0


def test_no_volume_at_all_is_not_known_rather_than_none():
    bars = bars_of(UP)
    assert calculate(bars, bars.assign(volume=0.0))["rvol"].isna().all()


@pytest.mark.parametrize(
    ("shape", "rvol", "intent", "stance"),
    [
        (UP, 1.5, "initiative up", Stance.BULLISH),
        (UP, 1.0, "conviction up", Stance.BULLISH),
        (UP, 0.69, "unconfirmed up", Stance.BULLISH),
        (UP, None, "unconfirmed up", Stance.BULLISH),
        ((110.0, 110.0, 100.0, 101.0), 1.5, "initiative down", Stance.BEARISH),
        ((109.0, 110.0, 100.0, 102.0), 1.5, "initiative down", Stance.BEARISH),  # 70 % exactly
        (LOW_END, 1.5, "absorption up", Stance.BULLISH),
        (LOW_END, 1.0, "rejection low", Stance.NEUTRAL),
        (HIGH_END, 1.5, "absorption down", Stance.BEARISH),
        (HIGH_END, None, "rejection high", Stance.NEUTRAL),
        (DOJI, 2.1, "churn", Stance.NEUTRAL),
        (DOJI, 2.0, "doji", Stance.NEUTRAL),
        ((103.0, 110.0, 100.0, 107.0), 3.0, "", Stance.NEUTRAL),
        ((104.0, 106.0, 102.5, 106.0), 1.5, "narrow", Stance.NEUTRAL),
        ((104.0, 104.1, 104.0, 104.0), 3.0, "churn", Stance.NEUTRAL),
    ],
)
def test_class_and_volume_are_the_intent(
    shape: Shape, rvol: float | None, intent: str, stance: Stance
):
    reading = read(shape, rvol)
    assert (reading.values["intent"], reading.state) == (intent, stance)


def test_strength_is_of_body_volume_and_location():
    # 60 * 0.8 + 25 * 1.5 / 2 + 15 * |2 * 1 - 1|
    assert read(UP, 1.5).strength == pytest.approx(81.75)
    assert read(UP, 4.0).strength == pytest.approx(88.0)


def test_conviction_without_volume_has_half_the_strength():
    assert read(UP, 0.5).strength == pytest.approx((48 + 6.25 + 15) / 2)
    assert read(UP, None).strength == pytest.approx((48 + 15) / 2)


@pytest.mark.parametrize(
    ("shape", "rvol", "reason"),
    [
        (UP, 1.5, "Initiative: body 80% ≥ 70%; rvol 1.50"),
        (UP, None, "Unconfirmed: body 80% ≥ 70%; rvol unknown"),
        (LOW_END, 1.5, "Lower wick 75%, body 25%; rvol 1.50"),
        (HIGH_END, 1.0, "Upper wick 80%, body 20%; rvol 1.00"),
        (DOJI, 2.5, "Body 5% ≤ 10%; rvol 2.50"),
        ((103.0, 110.0, 100.0, 107.0), 1.0, "Body 40% of the range; rvol 1.00"),
        ((104.0, 106.0, 102.5, 106.0), 1.0, "Range 0.36 of ATR < 0.5"),
    ],
)
def test_says_what_it_saw(shape: Shape, rvol: float | None, reason: str):
    assert read(shape, rvol).reason == reason


def test_says_that_volume_is_unknown():
    assert "volume_unknown" in read(UP, None).flags
    assert "volume_unknown" not in read(UP, 1.0).flags


FALL = [(k + 4.0, k + 5.0, k - 1.0, float(k)) for k in range(300, 60, -10)]  # ends 74 to 70
RISE = [(k - 4.0, k + 1.0, k - 5.0, float(k)) for k in range(60, 300, 10)]  # ends 286 to 290


@pytest.mark.parametrize(
    ("before", "shape", "pattern"),
    [
        (FALL, (69.0, 77.0, 68.0, 76.0), "engulfing up"),
        (RISE, (291.0, 292.0, 283.0, 284.0), "engulfing down"),
        (FALL, (66.0, 67.8, 60.0, 67.5), "hammer"),
        (RISE, (294.0, 300.0, 292.2, 292.5), "shooting star"),
        (RISE, (286.0, 287.5, 278.0, 287.5), ""),  # the shape of a hammer, after a rise
        (FALL, (70.0, 75.0, 69.0, 74.0), ""),  # a body as long as the one before
        (FALL, (69.0, 74.0, 68.0, 73.5), ""),  # longer, but it does not cover it
    ],
)
def test_a_pattern_needs_the_trend_before_it(before: list[Shape], shape: Shape, pattern: str):
    assert calculate(bars_of(*before, shape, before=0))["pattern"].iloc[-1] == pattern


def test_no_pattern_of_two_bars_reaches_over_the_night():
    monday = bars_of(*FALL, before=0)
    engulfing = bars_of((69.0, 77.0, 68.0, 76.0), before=0, day="2025-06-03")
    hammer = bars_of((66.0, 67.8, 60.0, 67.5), before=0, day="2025-06-03")
    assert calculate(pd.concat([monday, engulfing]))["pattern"].iloc[-1] == ""
    assert calculate(pd.concat([monday, hammer]))["pattern"].iloc[-1] == "hammer"


def test_a_pattern_is_a_tag_and_no_state():
    reading = SIGNAL.read(bars_of(*FALL, (66.0, 67.8, 60.0, 67.5), before=0))
    assert reading.state is Stance.NEUTRAL
    assert "fresh_hammer" in reading.flags


def test_tags_the_first_bar_of_a_day_and_its_gap():
    days = pd.bdate_range("2025-05-01", "2025-06-02", tz=IST)
    daily = pd.DataFrame({"high": 110.0, "low": 100.0, "close": 107.0}, index=days)
    monday = bars_of(before=21)
    # a daily range of 10: a step of more than 4 from 107 is a gap
    for opened, gap in ((112.0, True), (110.0, False)):
        tuesday = bars_of((opened, 120.0, 109.0, 119.0), before=0, day="2025-06-03")
        inputs = Inputs("NIFTY", "5m", index=pd.concat([monday, tuesday]), daily=daily)
        flags = SIGNAL.evaluate(inputs)[0].flags
        assert "first_bar" in flags
        assert ("gap_open" in flags) is gap


def test_waits_for_the_average_range():
    reading = SIGNAL.read(bars_of(before=14))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Needs 15 bars, has 14"


@pytest.mark.shared
def test_the_shares_of_every_reference_bar_add_up(shared: Path):
    bars = pd.read_csv(shared / "vectors" / "ohlcv_5m.csv")
    starts = pd.DatetimeIndex(pd.to_datetime(bars.pop("ts"))).tz_convert(IST)
    bars = bars.astype("float64").set_axis(starts.rename("start"), axis="index")
    table = calculate(bars, bars)
    shares = table[["body_pct", "upper_wick_pct", "lower_wick_pct"]].sum(axis="columns")
    assert shares.to_numpy() == pytest.approx(100.0)
    assert table["rvol"].iloc[20] == pytest.approx(
        bars["volume"].iloc[20] / bars["volume"].iloc[:20].mean()
    )
