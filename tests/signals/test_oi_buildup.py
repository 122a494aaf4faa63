"""OI build-up: the four labels, their inclusive thresholds, both futures together, the roll."""

import math

import pandas as pd
import pytest

from dashboard.core.errors import InputError
from dashboard.core.signal import Reading, Stance
from dashboard.signals.oi_buildup import SIGNAL, calculate
from tests.builders import Numbers, make_bars


def two_days(close: Numbers, oi: Numbers, day: str = "2025-06-03") -> pd.DataFrame:
    """Return Monday's last bar, then `day` from its open on."""
    before = str((pd.Timestamp(day) - pd.offsets.BDay(1)).date())
    start = "15:39" if day > "2026-08-03" else "15:29"  # futures trade longer since then
    first = make_bars(close=close[:1], oi=oi[:1], day=before, start=start)
    return pd.concat([first, make_bars(close=close[1:], oi=oi[1:], day=day)])


def read(price: float, oi: float) -> Reading:
    """Return the reading after these changes in percent, from 20,000 and 10 million."""
    return SIGNAL.read(two_days([20_000, 20_000 * (1 + price / 100)], [1e7, 1e7 * (1 + oi / 100)]))


@pytest.mark.parametrize(
    ("price", "oi", "label", "state", "strength"),
    [
        # 40 * 0.25 / 0.5 + 60 * 1 / 3 = 40
        (0.25, 1.0, "long build-up", Stance.BULLISH, 40.0),
        (-0.25, 1.0, "short build-up", Stance.BEARISH, 40.0),
        (0.25, -1.0, "short covering", Stance.BULLISH, 24.0),
        (-0.25, -1.0, "long unwinding", Stance.BEARISH, 24.0),
        (0.05, 0.10, "long build-up", Stance.BULLISH, 6.0),
        (-0.05, -0.10, "long unwinding", Stance.BEARISH, 3.6),
        (0.0495, 5.0, "neutral", Stance.NEUTRAL, 0.0),
        (5.0, 0.0995, "neutral", Stance.NEUTRAL, 0.0),
        (0.0, 0.0, "neutral", Stance.NEUTRAL, 0.0),
        (2.0, 9.0, "long build-up", Stance.BULLISH, 100.0),
        (2.0, -9.0, "short covering", Stance.BULLISH, 60.0),
    ],
)
def test_each_pair_of_changes_has_its_label(
    price: float, oi: float, label: str, state: Stance, strength: float
):
    reading = read(price, oi)
    assert reading.values["label"] == label
    assert (reading.state, reading.strength) == (state, pytest.approx(strength))


def test_the_changes_are_from_the_last_bar_of_the_day_before():
    table = calculate(two_days([20_000, 20_100, 19_900], [1e7, 1.1e7, 9.5e6]))
    assert table["price_change_pct"].tolist()[1:] == pytest.approx([0.5, -0.5])
    assert table["oi_change_pct"].tolist()[1:] == pytest.approx([10.0, -5.0])
    assert table["label"].tolist() == ["", "long build-up", "long unwinding"]


def test_the_reason_tells_both_changes_and_thresholds():
    assert read(0.25, -0.04).reason == "Price +0.25% ≥ 0.05; OI −0.04% < 0.10"


def test_a_change_just_below_its_threshold_is_printed_below_it():
    assert read(0.0496, 0.0996).reason == "Price +0.0496% < 0.05; OI +0.0996% < 0.10"


def test_without_the_day_before_it_is_insufficient():
    reading = SIGNAL.read(make_bars(close=[100.0] * 5, oi=[10.0] * 5, day="2025-06-03"))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No bars of Mon 2 Jun 2025"
    assert reading.values["oi"] == 10.0


def test_an_older_day_is_not_the_day_before():
    friday = make_bars(close=[100.0], oi=[10.0], day="2025-05-30", start="15:29")
    tuesday = make_bars(close=[110.0], oi=[11.0], day="2025-06-03")
    reading = SIGNAL.read(pd.concat([friday, tuesday]))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.values["price_change_pct"] is None


@pytest.mark.parametrize(("start", "known"), [("15:24", True), ("15:23", False)])
def test_a_day_that_ended_early_is_no_reference(start: str, known: bool):
    monday = make_bars(close=[100.0], oi=[10.0], day="2025-06-02", start=start)
    tuesday = make_bars(close=[110.0], oi=[11.0], day="2025-06-03")
    reading = SIGNAL.read(pd.concat([monday, tuesday]))
    assert (reading.values["oi_change_pct"] is not None) == known
    assert (reading.state is Stance.INSUFFICIENT) != known


def test_rolling_to_the_next_month_is_no_change():
    front = two_days([20_000, 20_100], [1e7, 6e6])
    following = two_days([20_080, 20_180], [2e6, 6e6])
    alone, both = SIGNAL.read(front), SIGNAL.read(front, following)
    assert (alone.values["oi_change_pct"], alone.flags) == (pytest.approx(-40.0), ("front_only",))
    assert (both.values["oi_change_pct"], both.flags) == (pytest.approx(0.0), ())
    assert (both.values["oi"], both.values["roll_pct"]) == (1.2e7, pytest.approx(50.0))


def test_a_next_month_that_was_unknown_yesterday_is_left_out():
    front = two_days([20_000, 20_100], [1e7, 1.1e7])
    following = two_days([20_080, 20_180], [math.nan, 6e6])
    table = calculate(front, following)
    assert table["oi_change_pct"].iloc[1] == pytest.approx(10.0)
    assert table["oi"].tolist() == [1e7, 1.7e7]
    assert SIGNAL.read(front, following).flags == ("front_only",)


def test_a_minute_without_a_bar_keeps_the_next_month_s_oi():
    front = two_days([20_000, 20_100, 20_100], [1e7, 1e7, 1e7])
    following = two_days([20_080, 20_180, 20_180], [2e6, 3e6, 4e6]).iloc[:2]
    assert calculate(front, following)["oi"].tolist() == [1.2e7, 1.3e7, 1.3e7]


def test_an_unknown_oi_is_carried_from_the_last_known_one():
    table = calculate(two_days([20_000, 20_100, 20_100], [1e7, 1.1e7, math.nan]))
    assert table["oi_change_pct"].tolist()[1:] == pytest.approx([10.0, 10.0])


def test_the_short_label_looks_fifteen_minutes_back():
    closes = [20_000.0] + [20_100.0] * 16
    closes[-1] = 20_106.03  # +0.03 percent of 20,100
    oi = [1e7] + [1e7] * 15 + [1.0005e7]
    table = calculate(two_days(closes, oi))
    assert table["price_change_15m_pct"].isna().tolist() == [True] * 16 + [False]
    assert table["price_change_15m_pct"].iloc[-1] == pytest.approx(0.03)
    assert table["oi_change_15m_pct"].iloc[-1] == pytest.approx(0.05)
    assert table["label_15m"].tolist() == [""] * 16 + ["long build-up"]


def test_the_short_label_does_not_reach_over_the_night():
    table = calculate(two_days([20_000.0] * 8, [1e7] * 8))
    assert (table["label_15m"] == "").all()


def test_the_short_label_takes_the_bar_before_a_missing_minute():
    bars = make_bars(close=[20_000.0] * 20 + [20_100.0], oi=[1e7] * 20 + [1.1e7])
    table = calculate(bars.drop(bars.index[3:6]))
    # the last bar began at 09:35; 09:18 to 09:20 are missing, so 09:17
    assert table["label_15m"].iloc[-1] == "long build-up"
    assert calculate(bars.drop(bars.index[:6]))["label_15m"].iloc[-1] == ""


def test_bars_of_half_an_hour_have_no_short_label():
    bars = make_bars(close=[20_000.0, 20_100.0], oi=[1e7, 1.1e7], timeframe="30m")
    assert calculate(bars)["label_15m"].tolist() == ["", ""]


def test_a_short_label_of_the_other_direction_is_flagged():
    closes = [20_000.0] + [20_200.0] * 15 + [20_100.0]
    reading = SIGNAL.read(two_days(closes, [1e7] + [1.1e7] * 15 + [1.2e7]))
    assert reading.state is Stance.BULLISH
    assert "differs_over_15m" in reading.flags


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-08-18", "Price +0.50% ≥ 0.05; OI +5.00% ≥ 0.10"),
        ("2026-08-25", "Price +0.50%, OI +5.00%; 60% rolled"),  # Tuesday: NIFTY's month ends
    ],
)
def test_the_week_of_expiry_prints_the_roll(day: str, reason: str):
    front = two_days([20_000, 20_100], [5e6, 4.2e6], day)
    following = two_days([20_080, 20_180], [5e6, 6.3e6], day)
    reading = SIGNAL.read(front, following, underlying="NIFTY")
    assert reading.reason == reason
    assert ("expiry_week" in reading.flags) == ("rolled" in reason)


def test_refuses_a_cash_index():
    with pytest.raises(InputError, match="use its future"):
        calculate(make_bars(close=[100.0]))
