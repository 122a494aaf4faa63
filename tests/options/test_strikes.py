"""The strikes round the money."""

import math

import numpy as np
import pytest

from dashboard.options.strikes import (
    around_the_money,
    atm_strike,
    nearest_strikes,
    positions_around,
    strike_step,
)

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


def test_the_nearest_strike_of_each_price():
    prices = np.array([25_012.35, 25_025, 25_026, 10, 99_999, math.nan])
    found = nearest_strikes(STRIKES, prices)
    assert found[:5].tolist() == [25_000, 25_000, 25_050, 24_000, 26_000]
    assert math.isnan(found[5])
    assert np.isnan(nearest_strikes(np.empty(0), prices)).all()


def test_the_strikes_round_each_money_by_place():
    listed = np.array([24_900, 24_950, 25_000, 25_100, 25_150.0])
    at, missing = positions_around(listed, np.array([25_000, math.nan, 24_900]), each_side=2)
    assert at.tolist() == [[0, 1, 2, -1, 3], [-1] * 5, [-1, -1, 0, 1, 2]]
    assert missing.tolist()[::2] == [1, 2]
    assert math.isnan(missing[1])


def test_one_strike_has_no_step_and_nothing_round_it():
    at, missing = positions_around(np.array([25_000.0]), np.array([25_000.0]))
    assert (at == -1).all()
    assert np.isnan(missing).all()
