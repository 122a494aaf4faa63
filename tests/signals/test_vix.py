"""India VIX: regimes and their edges, the expected move, the day's change, staleness."""

import math
from typing import Any

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.signals.vix import SIGNAL, calculate
from tests.builders import make_bars


def past_sessions(closes: list[float], last: str = "2025-06-02") -> pd.DataFrame:
    dates = pd.bdate_range(end=last, periods=len(closes), tz=IST)
    return pd.DataFrame({"close": closes}, dates)


@pytest.mark.parametrize(
    ("vix", "regime", "factor"),
    [
        (9.5, "calm", 1.0),
        (11.99, "calm", 1.0),
        (12.0, "normal", 1.0),
        (15.99, "normal", 1.0),
        (16.0, "elevated", 0.9),
        (22.0, "high", 0.75),
        (30.0, "high", 0.75),
        (30.01, "stress", 0.6),
        (86.6, "stress", 0.6),
    ],
)
def test_each_regime_has_its_factor(vix: float, regime: str, factor: float):
    row = calculate(make_bars(close=[vix])).iloc[0]
    assert (row["regime"], row["factor"]) == (regime, factor)


def test_expects_the_move_of_one_of_252_sessions():
    table = calculate(make_bars(close=[14.0]), make_bars(close=[25_000.0]))
    # 25000 * 0.14 / 15.8745 = 220.48; over 365 days it would be 183.20
    assert table["expected_move"].iloc[0] == pytest.approx(220.479, abs=1e-3)


def test_there_is_no_expected_move_without_the_index():
    assert math.isnan(calculate(make_bars(close=[14.0]))["expected_move"].iloc[0])


def test_a_later_index_bar_is_not_read():
    vix = make_bars(close=[14.0, 14.0])
    index = make_bars(close=[25_000.0, 50_000.0, 90_000.0])
    moves = calculate(vix, index)["expected_move"]
    assert moves.tolist() == pytest.approx([220.479, 440.959], abs=1e-3)


def test_yesterday_s_index_gives_no_expected_move():
    index = make_bars(close=[25_000.0], day="2025-06-02")
    assert math.isnan(
        calculate(make_bars(close=[14.0], day="2025-06-03"), index)["expected_move"].iloc[0]
    )


def test_the_change_is_from_the_previous_session_s_last_bar():
    monday = make_bars(close=[13.0, 12.5], day="2025-06-02", start="15:28")
    tuesday = make_bars(close=[13.0], day="2025-06-03")
    change = calculate(pd.concat([monday, tuesday]))["change_pct"]
    assert change.iloc[:2].isna().all()
    assert change.iloc[2] == pytest.approx(4.0)


def test_a_session_that_ended_early_has_no_close():
    tuesday = make_bars(close=[13.5], day="2025-06-03")
    for start, known in (("15:24", True), ("15:23", False)):
        monday = make_bars(close=[12.5], day="2025-06-02", start=start)
        index = pd.concat([monday, tuesday.assign(close=12.0)])
        assert calculate(pd.concat([monday, tuesday]))["change_pct"].notna().iloc[1] == known
        reading = SIGNAL.read(pd.concat([monday, tuesday]), index)
        assert reading.reason.endswith("day change unknown") != known
        whole = after_monday(12.5, [13.5])
        assert (SIGNAL.read(whole, index).state is Stance.BEARISH) == known


def test_an_official_close_comes_before_a_last_bar():
    monday = make_bars(close=[12.5], day="2025-06-02")
    tuesday = make_bars(close=[13.0], day="2025-06-03")
    table = calculate(pd.concat([monday, tuesday]), None, past_sessions([99.0, 10.0]))
    assert table["change_pct"].iloc[1] == pytest.approx(30.0)


def test_a_session_that_is_missing_leaves_the_change_unknown():
    # Friday 30 May is there, Monday 2 June is not
    table = calculate(
        make_bars(close=[13.0], day="2025-06-03"), None, past_sessions([12.0], "2025-05-30")
    )
    assert math.isnan(table["change_pct"].iloc[0])


def test_the_day_itself_is_not_its_own_past():
    table = calculate(make_bars(close=[13.0]), None, past_sessions([10.0, 12.0], "2025-06-02"))
    assert table["change_pct"].iloc[0] == pytest.approx(30.0)  # from Friday's 10


def test_the_percentile_is_among_252_past_closes():
    closes = [40.0, *[10.0 + k / 100 for k in range(252)]]  # the oldest is too old
    table = calculate(
        make_bars(close=[11.0, 12.51, 9.0], day="2025-06-03"), None, past_sessions(closes)
    )
    # 10.00 to 11.00 are 101 closes; 101 / 252
    assert table["percentile"].tolist() == pytest.approx([40.079365, 100.0, 0.0])


def test_the_percentile_is_unknown_with_a_shorter_history():
    table = calculate(make_bars(close=[11.0], day="2025-06-03"), None, past_sessions([12.0] * 251))
    assert math.isnan(table["percentile"].iloc[0])


def after_monday(monday: float, tuesday: list[float]) -> pd.DataFrame:
    """Return Monday's last bar and Tuesday's first ones."""
    before = make_bars(close=[monday], day="2025-06-02", start="15:29")
    return pd.concat([before, make_bars(close=tuesday, day="2025-06-03")])


def read(vix: list[float], index: list[float], **context: Any) -> Reading:
    """Return the reading of a Tuesday after a Monday at VIX 12.5 and index 25,000."""
    return SIGNAL.read(after_monday(12.5, vix), after_monday(25_000.0, index), **context)


def test_has_no_direction():
    reading = read([13.0], [25_300.0])
    assert (reading.state, reading.strength, reading.flags) == (Stance.NEUTRAL, 0.0, ())
    assert reading.reason == "13.00 in 12–16, normal; +4.0% today"
    assert reading.values["regime"] == "normal"


@pytest.mark.parametrize(
    ("vix", "reason"),
    [
        (11.25, "11.25 < 12, calm; −10.0% today"),
        (25.0, "25.00 in 22–30, high; +100.0% today"),
        (31.25, "31.25 > 30, stress; +150.0% today"),
    ],
)
def test_says_between_which_edges_it_is(vix: float, reason: str):
    assert read([vix], [25_300.0]).reason == reason


@pytest.mark.parametrize(
    ("vix", "flags"),
    [
        (13.125, ("rising_risk",)),  # +5.0 percent
        (13.124, ()),
        (11.875, ("easing",)),  # -5.0 percent
        (11.876, ()),
    ],
)
def test_tags_a_day_s_change_of_five_percent(vix: float, flags: tuple[str, ...]):
    assert read([vix], [25_000.0]).flags == flags


def test_is_bearish_when_it_jumps_while_the_index_falls():
    reading = read([13.5], [24_999.0])  # +8.0 percent
    assert (reading.state, reading.strength) == (Stance.BEARISH, pytest.approx(50.0))
    assert reading.reason == "VIX +8.0% ≥ 8% while the index falls"
    assert reading.flags == ("rising_while_falling", "rising_risk")


@pytest.mark.parametrize(("vix", "index"), [(13.49, 24_000.0), (13.5, 25_000.0), (20.0, 25_001.0)])
def test_is_neutral_without_both(vix: float, index: float):
    assert read([vix], [index]).state is Stance.NEUTRAL


def test_the_index_falls_from_its_official_close():
    daily = pd.DataFrame(
        {"high": [24_900.0], "low": [24_900.0], "close": [24_900.0]},
        pd.DatetimeIndex(["2025-06-02"]).tz_localize(IST),
    )
    assert read([14.0], [24_950.0]).state is Stance.BEARISH
    assert read([14.0], [24_950.0], daily=daily).state is Stance.NEUTRAL


def test_is_no_regime_once_it_is_older_than_the_index_by_more_than_a_minute():
    assert "stale" not in read([13.0], [25_000.0] * 2).flags  # 60 s
    reading = read([13.0], [25_000.0] * 3)
    assert reading.reason == "VIX 2m behind the index > 1m"
    assert reading.flags == ("stale", "regime_unknown")


def test_is_tagged_where_it_is_not_the_underlying_s_own():
    bars = make_bars(close=[13.0])
    own = Inputs("NIFTY", vix=bars)
    assert SIGNAL.evaluate(own)[0].flags == ()
    assert SIGNAL.evaluate(Inputs("SENSEX", vix=bars))[0].flags == ("nifty_vix",)


def test_refuses_an_unknown_close():
    with pytest.raises(InputError, match="close is unknown"):
        calculate(make_bars(close=[13.0, math.nan]))
