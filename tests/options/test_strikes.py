"""The strikes round the money."""

import math

import numpy as np
import pytest

from dashboard.options.strikes import around_the_money, atm_strike, strike_step

STRIKES = np.arange(24_000, 26_050, 50.0)


@pytest.mark.parametrize(
    ("price", "strike"),
    [(25_012.35, 25_000), (25_048.60, 25_050), (25_025, 25_000), (10, 24_000), (99_999, 26_000)],
)
def test_atm_is_the_nearest_and_of_two_the_lower(price: float, strike: float):
    assert atm_strike(STRIKES, price) == strike
    assert atm_strike(STRIKES[::-1], price) == strike


def test_atm_is_unknown_without_a_price_or_a_strike():
    assert math.isnan(atm_strike(STRIKES, math.nan))
    assert math.isnan(atm_strike(np.array([]), 25_000))


def test_the_step_is_the_commonest_one():
    assert strike_step(np.array([24_000, 24_500, 24_550, 24_600, 25_600.0])) == 50
    assert strike_step(np.array([100, 150, 250.0])) == 50  # of two, the smaller
    assert math.isnan(strike_step(np.array([100.0])))


def test_eleven_strikes_round_the_money():
    near, missing = around_the_money(STRIKES, 25_012.35)
    assert near.tolist() == list(range(24_750, 25_300, 50))
    assert missing == 0


def test_a_missing_strike_leaves_a_hole():
    near, missing = around_the_money(STRIKES[STRIKES != 25_100], 25_012.35)
    assert len(near) == 10
    assert near.max() == 25_250
    assert missing == 1


def test_no_strikes_lack_all_eleven():
    assert around_the_money(np.array([]), 25_000)[1] == 11
