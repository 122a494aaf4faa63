"""Put-call ratio, max pain and assumed gamma exposure."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.options.ratios import gamma_exposure, max_pain, max_pains, pain, put_call_ratio

STRIKES = np.array([24_900, 25_000, 25_100.0])
CALLS = np.array([1_000, 4_000, 6_000.0])
PUTS = np.array([5_000, 3_000, 800.0])
NAN = np.full(3, math.nan)


def test_matches_a_ratio_worked_by_hand():
    assert put_call_ratio(CALLS, PUTS) == 0.8  # 8,800 / 11,000


def test_skips_an_unknown_strike():
    assert put_call_ratio(np.array([1_000, math.nan]), np.array([500, 700])) == 1.2


@pytest.mark.parametrize(("call", "put"), [(np.zeros(3), PUTS), (NAN, PUTS), (CALLS, NAN)])
def test_has_no_ratio_over_nothing(call: np.ndarray, put: np.ndarray):
    assert math.isnan(put_call_ratio(call, put))


def test_matches_pains_worked_by_hand():
    assert pain(STRIKES, CALLS, PUTS).tolist() == [460_000, 180_000, 600_000]
    assert max_pain(STRIKES, CALLS, PUTS, 25_012, least=3) == 25_000


def test_three_strikes_are_too_few_by_themselves():
    assert math.isnan(max_pain(STRIKES, CALLS, PUTS, 25_012))


@pytest.mark.parametrize(
    ("spot", "strike"), [(24_990, 25_000), (25_090, 25_100), (25_050, 25_000), (math.nan, 25_000)]
)
def test_of_equal_pains_the_nearest_to_spot_then_the_lower(spot: float, strike: float):
    # one call written at 25,000 and one put at 25,100 cost 100 at either strike
    call, put = np.array([0, 1.0, 0]), np.array([0, 0, 1.0])
    assert pain(STRIKES, call, put).tolist() == [200, 100, 100]
    assert max_pain(STRIKES, call, put, spot, least=2) == strike


def test_no_open_interest_has_no_pain():
    assert math.isnan(max_pain(STRIKES, np.zeros(3), np.zeros(3), 25_000, least=0))


def test_matches_an_exposure_worked_by_hand():
    gamma = np.array([0.001, math.nan])
    oi = np.array([3_000.0, 100])
    exposure, skipped = gamma_exposure(gamma, oi, gamma, oi / 3, 25_000)
    # (0.001 * 3,000 - 0.001 * 1,000) * 25,000 squared * 0.01
    assert exposure == pytest.approx(12_500_000)
    assert skipped == 2


def test_has_no_exposure_without_a_gamma():
    assert math.isnan(gamma_exposure(NAN, CALLS, NAN, PUTS, 25_000)[0])


CHAINS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.lists(st.sampled_from([50.0, 100.0]), min_size=size, max_size=size),
        st.lists(st.sampled_from([0, 0, 1, 2, 3, math.nan]), min_size=size, max_size=size),
        st.lists(st.sampled_from([0, 0, 1, 2, 3, math.nan]), min_size=size, max_size=size),
    )
)


@given(CHAINS, st.one_of(st.just(math.nan), st.integers(0, 40).map(lambda k: 1_000 + 25.0 * k)))
def test_one_pass_finds_what_all_pains_say(chain: tuple[list[float], ...], spot: float):
    steps, call, put = (np.array(values, np.float64) for values in chain)
    strikes = 1_000 + np.cumsum(steps)
    found = max_pain(strikes, call, put, spot, least=1)
    if not np.nansum(call) + np.nansum(put) > 0:
        assert math.isnan(found)
        return
    pains = pain(strikes, call, put)
    tied = strikes[pains == pains.min()]
    assert found == (tied[0] if math.isnan(spot) else tied[np.argmin(np.abs(tied - spot))])


def test_many_chains_at_once_are_the_same_as_one_by_one():
    calls = np.array([CALLS, CALLS[::-1], NAN, np.zeros(3)])
    puts = np.array([PUTS, PUTS, PUTS, np.zeros(3)])
    found, held = max_pains(STRIKES, calls, puts, np.full(4, 25_012.0), least=1)
    one_by_one = [max_pain(STRIKES, c, p, 25_012, 1) for c, p in zip(calls, puts, strict=True)]
    assert found.tolist()[:3] == one_by_one[:3]
    assert np.isnan([found[3], one_by_one[3]]).all()
    assert held.tolist() == [3, 3, 3, 0]


def test_no_strikes_have_no_pain():
    nothing = np.empty(0)
    assert math.isnan(max_pain(nothing, nothing, nothing, 25_000))
