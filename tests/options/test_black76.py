"""Black-76: the worked vector, parity, and the edges of time and volatility."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.errors import InputError
from dashboard.options import black76_price
from dashboard.options.black76 import years_to_expiry

T = 0.01672374429223744  # 17-Nov-2026 13:10 to 23-Nov 15:40


def test_matches_a_price_worked_by_hand():
    # F = K = 100, T = 1, sigma = 20 %, r = 0: d1 = 0.1, 100 * (N(0.1) - N(-0.1))
    assert black76_price("CE", 100, 100, 1, 0, 0.2) == pytest.approx(7.965567455405804, abs=1e-12)
    assert black76_price("PE", 100, 100, 1, 0, 0.2) == pytest.approx(7.965567455405804, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "strike", "sigma", "price"),
    [("CE", 25_000, 0.128445, 191.05), ("PE", 25_250, 0.126454, 283.75)],
)
def test_prices_the_reference_options(kind: str, strike: float, sigma: float, price: float):
    assert black76_price(kind, 25_048.60, strike, T, 0.065, sigma) == pytest.approx(price, abs=1e-3)


def test_takes_a_whole_chain_at_once():
    prices = black76_price(["CE", "PE"], 25_000, [[24_900], [25_000]], T, 0.065, 0.13)
    assert prices.shape == (2, 2)
    assert prices[1, 0] == pytest.approx(prices[1, 1])  # a call equals a put at the forward


@pytest.mark.parametrize("sigma", [5e-324, 1e-200, 1e200])
def test_survives_absurd_volatilities(sigma: float):
    assert black76_price("CE", 110, 100, 1, 0, sigma) == pytest.approx(10 if sigma < 1 else 110)


@given(st.floats(1, 1e5), st.floats(1, 1e5), st.floats(0, 3), st.floats(-0.1, 0.2), st.floats(0, 5))
def test_keeps_put_call_parity(f: float, k: float, t: float, r: float, v: float):
    call, put = black76_price("CE", f, k, t, r, v), black76_price("PE", f, k, t, r, v)
    assert call - put == pytest.approx(math.exp(-r * t) * (f - k), abs=1e-8 * max(f, k))


@pytest.mark.parametrize(("time", "sigma"), [(0, 0.2), (1, 0), (0, 0)])
def test_is_worth_its_intrinsic_value_without_time_or_volatility(time: float, sigma: float):
    assert black76_price("CE", 110, 100, time, 0, sigma) == 10
    assert black76_price("PE", 110, 100, time, 0, sigma) == 0
    assert black76_price("CE", 100, 100, time, 0, sigma) == 0


@pytest.mark.parametrize(
    ("forward", "strike", "time", "sigma"),
    [(math.nan, 1, 1, 1), (1, 1, math.nan, 1), (1, 1, -1, 1), (1, 1, 1, -1), (0, 1, 1, 1)],
)
def test_is_unknown_where_an_input_makes_no_sense(
    forward: float, strike: float, time: float, sigma: float
):
    assert np.isnan(black76_price("CE", forward, strike, time, 0, sigma))


def test_refuses_a_kind_that_is_no_options():
    with pytest.raises(InputError, match="CE or PE, not FUT"):
        black76_price(["CE", "FUT"], 100, 100, 1, 0, 0.2)


def test_time_is_held_at_a_minute_and_ends_at_expiry():
    years = years_to_expiry([527_400, 60, 10, 0, -5])
    assert years[0] == pytest.approx(T)
    assert years[1] == years[2] == pytest.approx(60 / 31_536_000)
    assert np.isnan(years[3:]).all()
