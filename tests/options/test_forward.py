"""The forward that calls and puts agree on."""

import math

import numpy as np
import pytest

from dashboard.options.forward import MISFIT, parity_forward, parity_misfit

STRIKES = np.array([24_900, 24_950, 25_000, 25_050, 25_100, 25_150.0])
CALL = np.array([251.20, 219.95, 191.05, 164.50, 140.45, 118.80])
PUT = np.array([102.75, 121.45, 142.50, 165.90, 191.80, 220.05])
DISCOUNT = 0.9989135472386301


def test_is_the_median_of_the_five_nearest_strikes():
    forward, count = parity_forward(STRIKES, CALL, PUT, 25_012.35, DISCOUNT)
    assert forward == pytest.approx(25_048.602804651324, abs=1e-9)
    assert count == 5


def test_one_wild_quote_does_not_move_it_far():
    wild = CALL.copy()
    wild[2] = 900
    forward, _ = parity_forward(STRIKES, wild, PUT, 25_012.35, DISCOUNT)
    assert forward == pytest.approx(25_048.60, abs=0.2)


def test_passes_over_a_strike_without_both_prices():
    call = np.where(STRIKES == 25_000, math.nan, CALL)
    forward, count = parity_forward(STRIKES, call, PUT, 25_012.35, DISCOUNT)
    assert forward == pytest.approx(25_048.60, abs=0.1)
    assert count == 5


def test_is_unknown_without_a_pair_or_a_spot():
    none = np.full(6, math.nan)
    assert parity_forward(STRIKES, none, PUT, 25_012.35, DISCOUNT)[1] == 0
    assert math.isnan(parity_forward(STRIKES, CALL, none, 25_012.35, DISCOUNT)[0])
    assert math.isnan(parity_forward(STRIKES, CALL, PUT, math.nan, DISCOUNT)[0])


def test_a_strike_off_parity_stands_out():
    wild = CALL.copy()
    wild[2] += 60  # 0.24 % of the forward
    misfit = parity_misfit(STRIKES, wild, PUT, 25_048.60, DISCOUNT)
    assert (misfit > MISFIT).tolist() == [False, False, True, False, False, False]
