"""Which price of an option is trusted."""

import math

import numpy as np
import pytest

from dashboard.options.quotes import middle, option_price


def test_the_middle_of_a_close_quote():
    centre, note = middle([190.30], [191.80])
    assert centre[0] == pytest.approx(191.05)
    assert note[0] == ""


@pytest.mark.parametrize(
    ("bid", "offer", "why"),
    [
        (27.9, 27.7, "crossed"),
        (1.55, 1.65, "wide"),
        (0, 1.65, "no quote"),
        (1, math.nan, "no quote"),
    ],
)
def test_says_why_there_is_no_middle(bid: float, offer: float, why: str):
    centre, note = middle(bid, offer)
    assert np.isnan(centre)
    assert note == why


@pytest.mark.parametrize(
    ("bid", "offer", "ltp", "age", "price", "note"),
    [
        (190.30, 191.80, 150, 900, 191.05, ""),
        (27.9, 27.7, 27.8, 60, 27.8, "crossed"),
        (27.9, 27.7, 27.8, 61, math.nan, "crossed, stale"),
        (0, 0, 27.8, 5, 27.8, "no quote"),
        (0, 0, 0, 5, math.nan, "no quote, stale"),
        (0, 0, 27.8, math.nan, math.nan, "no quote, stale"),
    ],
)
def test_the_last_trade_stands_in_while_it_is_fresh(
    bid: float, offer: float, ltp: float, age: float, price: float, note: str
):
    found, said = option_price(bid, offer, ltp, age)
    assert found == pytest.approx(price, nan_ok=True)
    assert said == note
