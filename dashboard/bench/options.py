"""Options: the volatilities and the metrics of a chain of 400 strikes, beside vollib's loop.

vollib is an oracle of the tests and no part of an installation; without it there is no
ratio, and a figure of 0 options says so.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from dashboard.bench.figure import Figure
from dashboard.bench.stopwatch import timed
from dashboard.core.market import Floats
from dashboard.options import black76_price, chain_metrics, implied_volatility
from dashboard.options.black76 import RATE
from dashboard.options.chain import CHAIN_DTYPE

SUBJECT = "options"
STRIKES = 400
FORWARD, STEP, TIME_YEARS = 25_048.60, 25.0, 0.1  # every option is worth more than a tick
TICK = 0.05
ROUNDS = 5
EACH = 20  # of ours in a round, so that the clock sees enough
RATIO, WITHIN, METRICS_MS = 50, 1e-8, 3.0
ABSENT = "vollib is not installed (a development tool): options compared with it"


def measure_options() -> list[Figure]:
    """Return microseconds and ratios, medians of interleaved rounds."""
    strikes, kinds, prices = _chain()
    rows = _rows(strikes, prices)
    metrics = [
        _spent(lambda: chain_metrics(rows, FORWARD, None, TIME_YEARS)) for _ in range(ROUNDS)
    ]
    ours: list[float] = []
    theirs: list[float] = []
    apart = np.nan
    for _ in range(ROUNDS):
        ours.append(_spent(lambda: _ours(strikes, kinds, prices)))
        if find_spec("vollib") is not None:
            with timed() as lap:
                found = _theirs(strikes, kinds, prices)
            theirs.append(lap.cpu_s)
            apart = float(np.abs(found - _ours(strikes, kinds, prices)).max())
    return [
        Figure(
            SUBJECT,
            f"metrics of {STRIKES} strikes",
            1e3 * median(metrics),
            "ms",
            2,
            at_most=METRICS_MS,
        ),
        Figure(SUBJECT, f"{prices.size} implied volatilities", 1e6 * median(ours), "us"),
        *_compared(ours, theirs, apart),
    ]


def _compared(ours: list[float], theirs: list[float], apart: float) -> list[Figure]:
    """Return the figures beside vollib, or that there are none."""
    if not theirs:
        return [Figure(SUBJECT, ABSENT, 0, "options")]
    ratio = median(t / o for t, o in zip(theirs, ours, strict=True))
    return [
        Figure(SUBJECT, "the same, a loop over vollib", 1e6 * median(theirs), "us"),
        Figure(SUBJECT, "implied volatilities", ratio, "x", at_least=RATIO),
        Figure(SUBJECT, "farthest from vollib", apart, "volatility", 16, at_most=WITHIN),
    ]


def _chain() -> tuple[Floats, Any, Floats]:
    """Return strikes, kinds (2, 1) and prices (2, strikes) of a smile, rounded to the tick."""
    strikes: Floats = 20_000 + STEP * np.arange(STRIKES, dtype=np.float64)
    kinds = np.array([["CE"], ["PE"]])
    smile = 0.12 + 0.9 * np.abs(np.log(strikes / FORWARD)) ** 1.2
    prices = black76_price(kinds, FORWARD, strikes, TIME_YEARS, RATE, smile)
    return strikes, kinds, np.round(prices / TICK) * TICK


def _rows(strikes: Floats, prices: Floats) -> Any:
    rows = np.zeros(len(strikes), CHAIN_DTYPE)
    rows["strike"], rows["call_ltp"], rows["put_ltp"] = strikes, *prices
    for name in ("call_oi", "put_oi", "call_volume", "put_volume"):
        rows[name] = 1_000.0
    return rows


def _ours(strikes: Floats, kinds: Any, prices: Floats) -> Floats:
    return implied_volatility(prices, FORWARD, strikes, TIME_YEARS, RATE, kinds)[0]


def _theirs(strikes: Floats, kinds: Any, prices: Floats) -> Floats:
    """Return vollib's volatilities, one option after the other."""
    solve = import_module("vollib.black.implied_volatility").implied_volatility
    flags = np.broadcast_to(np.char.lower(kinds.astype("U1")), prices.shape)
    options = zip(prices.flat, np.broadcast_to(strikes, prices.shape).flat, flags.flat, strict=True)
    found = [
        solve(float(price), FORWARD, float(strike), RATE, TIME_YEARS, str(flag))
        for price, strike, flag in options
    ]
    return np.array(found).reshape(prices.shape)


def _spent(work: Callable[[], object]) -> float:
    """Return the seconds of processor time of one run of `work`."""
    with timed() as lap:
        for _ in range(EACH):
            work()
    return lap.cpu_s / EACH
