"""Prices, volatilities and greeks beside vollib and QuantLib, which share no code with ours."""

from typing import Any

import numpy as np
import pytest
import QuantLib as Ql
from vollib.black import black
from vollib.black.implied_volatility import implied_volatility as vollib_volatility

from dashboard.options import black76_price, greeks, implied_volatility

F, RATE = 25_048.60, 0.065
TIMES = (600 / 31_536_000, 0.002, 0.01672374429223744, 0.1, 1.0)  # ten minutes to a year
STRIKES = 20_000 + 50.0 * np.arange(200)
KINDS = np.array([["CE"], ["PE"]])
SMILE = 0.12 + 0.9 * np.abs(np.log(STRIKES / F)) ** 1.2

every_time = pytest.mark.parametrize("time", TIMES)


def prices(time: float) -> Any:
    """Return the calls and the puts of a smile, to the tick of 0.05."""
    return np.round(black76_price(KINDS, F, STRIKES, time, RATE, SMILE) / 0.05) * 0.05


def ql_type(kind: str) -> int:
    return Ql.Option.Call if kind == "CE" else Ql.Option.Put


@every_time
def test_prices_are_vollib_s_and_quantlib_s(time: float):
    ours = black76_price(KINDS, F, STRIKES, time, RATE, SMILE)
    discount, root = np.exp(-RATE * time), np.sqrt(time)
    for kind, row in zip(("CE", "PE"), ours, strict=True):
        options = list(zip(STRIKES.tolist(), SMILE.tolist(), strict=True))
        theirs = [black(kind[0].lower(), F, k, time, RATE, v) for k, v in options]
        assert row == pytest.approx(theirs, rel=1e-10, abs=1e-9)
        theirs = [Ql.blackFormula(ql_type(kind), k, F, v * root, discount) for k, v in options]
        assert row == pytest.approx(theirs, rel=1e-10, abs=1e-9)


@every_time
def test_volatilities_are_vollib_s(time: float):
    sigma, reason = implied_volatility(prices(time), F, STRIKES, time, RATE, KINDS)
    compared = 0
    for flag, asked, found, why in zip("cp", prices(time), sigma, reason, strict=True):
        known = why == ""
        options = zip(asked[known].tolist(), STRIKES[known].tolist(), strict=True)
        # vollib takes the rate before the time here, and after it in `black`
        theirs = [vollib_volatility(price, F, k, RATE, time, flag) for price, k in options]
        assert found[known] == pytest.approx(theirs, rel=0, abs=1e-8)
        compared += len(theirs)
    assert compared > 20


@every_time
def test_what_has_a_volatility_is_repriced_by_it(time: float):
    asked = prices(time)
    sigma, reason = implied_volatility(asked, F, STRIKES, time, RATE, KINDS)
    again = black76_price(KINDS, F, STRIKES, time, RATE, sigma)
    assert np.nanmax(np.abs(again - asked)) < 1e-8
    assert (np.isnan(sigma) == (reason != "")).all()


@every_time
@pytest.mark.parametrize("kind", ["CE", "PE"])
def test_greeks_are_quantlib_s_in_our_units(kind: str, time: float):
    near = np.abs(STRIKES / F - 1) < 0.02
    ours = greeks(kind, F, STRIKES[near], time, RATE, SMILE[near])
    discount, root = np.exp(-RATE * time), np.sqrt(time)
    for place, (k, v) in enumerate(zip(STRIKES[near].tolist(), SMILE[near].tolist(), strict=True)):
        option = Ql.BlackCalculator(Ql.PlainVanillaPayoff(ql_type(kind), k), F, v * root, discount)
        value = option.value()
        assert ours.delta[place] == pytest.approx(option.deltaForward(), rel=1e-9, abs=1e-12)
        assert ours.gamma[place] == pytest.approx(option.gammaForward(), rel=1e-9, abs=1e-15)
        assert ours.vega[place] == pytest.approx(option.vega(time) / 100, rel=1e-9, abs=1e-9)
        # at a forward that stands still: QuantLib's theta lets a spot grow at the rate
        decay = -F * F * option.gammaForward() * v * v / 2
        assert ours.theta[place] == pytest.approx((RATE * value + decay) / 365, rel=1e-8, abs=1e-9)
        assert ours.rho[place] == pytest.approx(-time * value / 100, rel=1e-9, abs=1e-12)


def test_the_worked_options_agree_three_ways():
    time = 0.01672374429223744
    for flag, kind, k, price, iv in [
        ("c", "CE", 25_000.0, 191.05, 0.128445),
        ("p", "PE", 25_250.0, 283.75, 0.126454),
    ]:
        discount = np.exp(-RATE * time)
        ours = float(implied_volatility(price, F, k, time, RATE, kind)[0])
        deviation = Ql.blackFormulaImpliedStdDev(
            ql_type(kind), k, F, price, discount, 0, 0.02, 1e-12
        )
        assert ours == pytest.approx(iv, abs=5e-7)
        assert ours == pytest.approx(vollib_volatility(price, F, k, RATE, time, flag), abs=1e-10)
        assert ours == pytest.approx(deviation / np.sqrt(time), abs=1e-8)
