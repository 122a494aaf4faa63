"""Greeks: the worked vector, and each against a difference of prices."""

import math
from typing import Any

import numpy as np
import pytest

from dashboard.options import black76_price, greeks

T = 0.01672374429223744
CALL: dict[str, Any] = {
    "kind": "CE",
    "forward": 25_048.60,
    "strike": 25_000,
    "time_years": T,
    "rate": 0.065,
    "sigma": 0.12844522627355423,
}
PUT = CALL | {"kind": "PE", "strike": 25_250, "sigma": 0.12645355}


def test_matches_the_reference_call():
    found = greeks(**CALL)
    assert found.delta == pytest.approx(0.549230, abs=5e-7)
    assert found.gamma == pytest.approx(0.00095031, abs=5e-9)
    assert found.vega == pytest.approx(12.80805, abs=5e-6)
    assert found.theta == pytest.approx(-13.44147, abs=5e-6)


def test_matches_the_reference_put():
    assert greeks(**PUT).delta == pytest.approx(-0.684187, abs=5e-7)


@pytest.mark.parametrize("option", [CALL, PUT])
@pytest.mark.parametrize(
    ("greek", "argument", "step", "unit"),
    [
        ("delta", "forward", 0.01, 1),
        ("vega", "sigma", 1e-5, 1 / 100),
        ("theta", "time_years", 1e-7, -1 / 365),
        ("rho", "rate", 1e-5, 1 / 100),
    ],
)
def test_is_the_slope_of_the_price(
    option: dict[str, Any], greek: str, argument: str, step: float, unit: float
):
    up = black76_price(**option | {argument: option[argument] + step})
    down = black76_price(**option | {argument: option[argument] - step})
    slope = (up - down) / (2 * step) * unit
    assert getattr(greeks(**option), greek) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("option", [CALL, PUT])
def test_gamma_is_the_slope_of_delta(option: dict[str, Any]):
    up = greeks(**option | {"forward": option["forward"] + 0.01}).delta
    down = greeks(**option | {"forward": option["forward"] - 0.01}).delta
    assert greeks(**option).gamma == pytest.approx((up - down) / 0.02, rel=1e-5)


@pytest.mark.parametrize(
    ("argument", "value"), [("time_years", 0), ("time_years", math.nan), ("sigma", math.nan)]
)
def test_an_option_without_time_or_volatility_has_none(argument: str, value: float):
    found = greeks(**CALL | {argument: value})
    names = ("delta", "gamma", "vega", "theta", "rho")
    assert all(np.isnan(getattr(found, name)) for name in names)
