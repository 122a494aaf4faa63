"""Implied volatility: the worked vector, the way back, and a reason for each refusal."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.options import black76_price, implied_volatility

T = 0.01672374429223744
F = 25_048.60


def test_matches_the_reference_options():
    sigma, reason = implied_volatility(
        [191.05, 283.75], F, [25_000, 25_250], T, 0.065, ["CE", "PE"]
    )
    assert sigma == pytest.approx([0.128445, 0.126454], abs=5e-7)
    assert reason.tolist() == ["", ""]


@given(
    st.floats(0.7, 1.4),
    st.floats(0.0011, 4.9),
    st.floats(60 / 31_536_000, 2),
    st.sampled_from(["CE", "PE"]),
)
def test_reprices_what_it_was_given(moneyness: float, sigma: float, time: float, kind: str):
    price = black76_price(kind, F, F * moneyness, time, 0.065, sigma)
    found, reason = implied_volatility(price, F, F * moneyness, time, 0.065, kind)
    assert np.isnan(found) == (reason != "")
    assert str(reason) != "Outside 0.1 % to 500 %"
    if not reason:
        again = black76_price(kind, F, F * moneyness, time, 0.065, found)
        assert abs(again - price) < 1e-8


@pytest.mark.parametrize("sigma", [0.0012, 0.05, 0.3, 1.0, 4.9])
def test_finds_the_volatility_at_the_money(sigma: float):
    price = black76_price("CE", F, F, 0.25, 0.065, sigma)
    found, _ = implied_volatility(price, F, F, 0.25, 0.065, "CE")
    assert found == pytest.approx(sigma, rel=1e-9)


@pytest.mark.parametrize(
    ("price", "forward", "strike", "time", "kind", "reason"),
    [
        (1_041.45, F, 24_000, T, "CE", "Price below intrinsic value"),
        (25_048.60, F, 25_000, T, "CE", "Price above any option's"),
        (24_999.00, F, 25_000, T, "PE", "Price above any option's"),
        (0.05, F, 26_500, T, "CE", "At one tick, far from the money"),
        (0.05, F, 23_500, T, "PE", "At one tick, far from the money"),
        (math.nan, F, 25_000, T, "CE", "No usable price"),
        (0, F, 25_000, T, "CE", "No usable price"),
        (100, math.nan, 25_000, T, "CE", "No forward"),
        (100, F, 25_000, 0, "CE", "Expired"),
        (100, F, 25_000, math.nan, "CE", "Expired"),
        (24_900, F, 25_000, T, "CE", "Outside 0.1 % to 500 %"),
        (1e-5, 25_000, 25_000, T, "CE", "Outside 0.1 % to 500 %"),
    ],
)
def test_says_why_there_is_none(
    price: float, forward: float, strike: float, time: float, kind: str, reason: str
):
    sigma, why = implied_volatility(price, forward, strike, time, 0.065, kind)
    assert np.isnan(sigma)
    assert why == reason


def test_a_tick_near_the_money_still_has_a_volatility():
    assert implied_volatility(0.05, F, 26_000, T, 0.065, "CE")[1] == ""


def test_one_bad_price_does_not_spoil_the_others():
    sigma, reason = implied_volatility([math.nan, 191.05], F, 25_000, T, 0.065, "CE")
    assert np.isnan(sigma).tolist() == [True, False]
    assert reason.tolist() == ["No usable price", ""]
