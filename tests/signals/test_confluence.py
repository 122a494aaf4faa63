"""Confluence: sections that restate one thing count once, and parts add to the whole."""

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.signals import load_signals
from dashboard.signals.confluence import GROUPS, MEMBERS, calculate

CONFLUENCE = load_signals()["confluence"]


def votes(*rows: dict[str, float], day: str = "2025-06-03", **always: float) -> pd.DataFrame:
    index = pd.date_range(f"{day} 09:15", periods=len(rows), freq="5min", tz=IST)
    everyone = dict.fromkeys(MEMBERS, 0.0) | {"adx14": 20.0, "vix_factor": 1.0} | always
    return pd.DataFrame([everyone | row for row in rows], index)


def read(table: pd.DataFrame) -> Reading:
    return CONFLUENCE.evaluate(Inputs("NIFTY", "5m", votes=table))[0]


def test_weights_of_groups_and_shares_add_to_one():
    assert sum(weight for weight, _ in GROUPS.values()) == 100
    for _, shares in GROUPS.values():
        assert sum(shares.values()) == pytest.approx(1.0)


def test_a_trend_alone_moves_the_total_by_its_weight_however_many_sections_see_it():
    table = calculate(votes({"ema": 1.0, "supertrend": 1.0, "structure": 1.0, "psar": 1.0}))
    assert table["total"].tolist() == pytest.approx([30.0])
    assert table["ema"].tolist() == pytest.approx([9.0])
    assert table["trend_group"].tolist() == pytest.approx([30.0])


def test_contributions_add_to_the_total():
    rng = np.random.default_rng(3)
    rows = [dict(zip(MEMBERS, rng.uniform(-1, 1, len(MEMBERS)), strict=True)) for _ in range(40)]
    table = votes(*rows)
    table = table.mask(rng.random(table.shape) < 0.15)
    result = calculate(table)
    known = result[np.isfinite(result["total"])]
    assert len(known) > 30
    parts = known[list(MEMBERS)].sum(axis=1)
    np.testing.assert_allclose(parts, known["total"], rtol=0, atol=1e-9)
    groups = known[[f"{group}_group" for group in GROUPS]].sum(axis=1)
    np.testing.assert_allclose(groups, known["total"], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("adx", "total"), [(17.9, 9.0), (18.0, 15.0), (25.0, 15.0), (25.1, 17.25)])
def test_a_weak_trend_counts_less_and_a_strong_one_more(adx, total):
    half = dict.fromkeys(("ema", "supertrend", "structure", "psar"), 0.5)
    assert calculate(votes(half, adx14=adx))["total"].tolist() == pytest.approx([total])


def test_a_strong_trend_is_never_more_than_its_group():
    whole = dict.fromkeys(("ema", "supertrend", "structure", "psar"), 1.0)
    table = calculate(votes(whole, adx14=40.0))
    assert table["trend_score"].tolist() == [1.0]
    assert table["total"].tolist() == pytest.approx([30.0])


def test_a_group_with_less_than_half_its_shares_does_not_count():
    table = calculate(votes({"vwap": 1.0, "orb": np.nan, "pivots": np.nan, "momentum": 1.0}))
    # vwap .4 and support/resistance .15 voted: 55 of 100 shares of location
    assert table["vwap"].tolist() == pytest.approx([20 * 0.4 / 0.55])
    fewer = calculate(votes({"vwap": np.nan, "orb": np.nan, "momentum": 1.0}))
    assert np.isnan(fewer["pivots"]).all()
    assert fewer["total"].tolist() == pytest.approx([100 * 15 / 80])
    assert fewer["coverage"].tolist() == pytest.approx([1 - 0.2 * 0.7])


def test_an_unknown_vix_counts_as_nine_tenths():
    strong = dict.fromkeys(MEMBERS, 1.0)
    table = calculate(votes(strong, strong | {"vix_factor": np.nan}, strong | {"vix_factor": 0.6}))
    assert table["total"].tolist() == pytest.approx([100.0, 90.0, 60.0])


def test_a_side_is_entered_at_25_and_left_at_15():
    path = [24.9, 25.0, 15.1, 14.9, 20.0, -25.0, -15.0, -14.0]
    table = calculate(votes(*(dict.fromkeys(MEMBERS, total / 100) for total in path)))
    assert table["stance"].tolist() == [0, 1, 1, 0, 0, -1, -1, 0]


def test_a_new_session_begins_on_neither_side():
    strong, mild = dict.fromkeys(MEMBERS, 0.3), dict.fromkeys(MEMBERS, 0.2)
    both = pd.concat([votes(strong, mild), votes(mild, day="2025-06-04")])
    assert calculate(both)["stance"].tolist() == [1, 1, 0]


def test_too_little_coverage_says_nothing_and_forgets_the_side():
    strong = dict.fromkeys(MEMBERS, 0.3)
    silent = dict.fromkeys(MEMBERS, np.nan) | {"momentum": 1.0}
    mild = dict.fromkeys(MEMBERS, 0.2)
    table = votes(strong, silent, mild)
    assert calculate(table)["stance"].tolist()[::2] == [1, 0]
    reading = read(table.iloc[:2])
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Coverage 15.0% < 60%"
    assert reading.strength == 0


def test_a_coverage_just_below_its_threshold_is_printed_below_it():
    # momentum 15, location 20, derivatives 20 and a candle's 15 * 0.3
    said = ("momentum", "vwap", "orb", "pivots", "support_resistance")
    members = dict.fromkeys(MEMBERS, np.nan) | dict.fromkeys(said, 0.3)
    members |= dict.fromkeys(("oi_buildup", "pcr", "max_pain", "candle"), 0.3)
    assert read(votes(members)).reason == "Coverage 59.5% < 60%"


def test_the_reading_tells_total_and_coverage():
    reading = read(votes(dict.fromkeys(MEMBERS, 0.38)))
    assert (reading.state, reading.strength) == (Stance.BULLISH, pytest.approx(38.0))
    assert reading.reason == "Total +38.0 beyond ±15; 100% covered"
    assert read(votes({})).reason == "Total 0.0 within ±25; 100% covered"


def test_a_flip_is_fresh_on_its_own_bar_only():
    up, down = dict.fromkeys(MEMBERS, 0.3), dict.fromkeys(MEMBERS, -0.3)
    assert read(votes(up, down)).flags == ("fresh_flip",)
    assert read(votes(up, down, down)).flags == ()


def test_trend_against_derivatives_is_a_conflict():
    against = {"oi_buildup": -1.0, "pcr": -1.0, "ema": 1.0, "supertrend": 1.0}
    assert "conflict" in read(votes(against)).flags
    assert "conflict" not in read(votes(against | {"pcr": 1.0})).flags


def test_a_member_that_is_no_column_is_a_member_that_says_nothing():
    table = votes(dict.fromkeys(MEMBERS, 0.5)).drop(columns=["candle", "vix_factor"])
    row = calculate(table).iloc[-1]
    assert np.isnan(row["candle"])
    assert row["coverage"] == pytest.approx(1 - 0.15 * 0.3)
    assert row["total"] == pytest.approx(45.0)
