"""Everything said of one chain: the reference chain, nasty on purpose, and its edges."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from dashboard.options import chain_metrics
from dashboard.options.chain import CHAIN_DTYPE
from dashboard.options.quotes import option_price
from dashboard.options.ratios import pain

T = 0.01672374429223744
SPOT, FUTURE = 25_012.35, 25_048.60

Rows = npt.NDArray[np.void]


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "vectors" / "chain.csv")


@pytest.fixture(scope="module")
def rows(table: pd.DataFrame) -> Rows:
    call, put = (table[table["type"] == kind] for kind in ("CE", "PE"))
    found = np.zeros(len(call), CHAIN_DTYPE)
    found["strike"] = call["strike"]
    for side, part in (("call", call), ("put", put)):
        for field in ("oi", "volume", "ltp"):
            found[f"{side}_{field}"] = part[field]
    return found


@pytest.mark.shared
def test_the_reference_chain_in_numbers(rows: Rows):
    found = chain_metrics(rows, SPOT, FUTURE, T)
    assert (found.atm, found.step, found.atm5_missing) == (25_000, 50, 0)
    assert found.pcr_oi == pytest.approx(1.1711065122627802, abs=1e-12)
    assert found.pcr_volume == pytest.approx(1.2163564453324092, abs=1e-12)
    assert found.pcr_oi_atm5 == pytest.approx(1.1625, abs=5e-5)
    assert found.pcr_volume_atm5 == pytest.approx(1.49771, abs=5e-6)
    assert found.max_pain == 25_000
    assert found.straddle == pytest.approx(333.55)
    assert found.move_straddle == pytest.approx(283.5175)  # 0.85 of it
    assert found.atm_iv == pytest.approx(0.128444, abs=1e-6)
    assert found.move_iv == pytest.approx(416.07, abs=5e-3)
    assert found.move_daily == pytest.approx(202.38, abs=5e-3)  # 25,012.35 * 0.128444 / 15.8745
    assert found.gex == pytest.approx(-9.8518e8, rel=1e-5)
    assert found.gex_skipped == 1
    assert found.forward_source == "given"
    assert (found.fresh, found.misfits.tolist(), found.flags) == (11, [], ())


@pytest.mark.shared
def test_the_pain_of_the_reference_chain(rows: Rows):
    assert pain(rows["strike"], rows["call_oi"], rows["put_oi"]).min() == 371_624_500


@pytest.mark.shared
def test_parity_stands_in_for_a_future(rows: Rows):
    found = chain_metrics(rows, SPOT, None, T)
    assert found.forward == pytest.approx(25_048.602804651324, abs=1e-9)
    assert found.forward_source == "parity"


@pytest.mark.shared
def test_a_price_below_intrinsic_has_a_reason_and_no_volatility(rows: Rows):
    smile = chain_metrics(rows, SPOT, FUTURE, T).smile
    assert math.isnan(smile.call_iv[0])
    assert smile.call_note[0] == "Price below intrinsic value"
    assert not np.isnan(smile.out_of_the_money(FUTURE)).any()


@pytest.mark.shared
def test_the_middles_of_the_quotes_say_nearly_the_same(table: pd.DataFrame, rows: Rows):
    price = {}
    for kind in ("CE", "PE"):
        part = table[table["type"] == kind]
        price[kind], note = option_price(part["bid"], part["ask"], part["ltp"], 5)
        crossed = part["strike"].to_numpy()[note == "crossed"].tolist()
        assert crossed == ([25_500] if kind == "CE" else [])
    found = chain_metrics(rows, SPOT, FUTURE, T, call_price=price["CE"], put_price=price["PE"])
    assert found.straddle == pytest.approx(333.55)
    assert found.atm_iv == pytest.approx(0.128444, abs=1e-6)


@pytest.mark.shared
def test_the_order_of_rows_does_not_matter(rows: Rows):
    forth, back = chain_metrics(rows, SPOT, FUTURE, T), chain_metrics(rows[::-1], SPOT, FUTURE, T)
    assert (forth.pcr_oi, forth.max_pain, forth.gex) == (back.pcr_oi, back.max_pain, back.gex)


def small_chain() -> Rows:
    return np.array(
        [
            (24_900, 1_000, 10, 180.0, 5_000, 30, 60.0),
            (25_000, 4_000, 20, 120.0, 3_000, 10, 100.0),
            (25_100, 6_000, 10, 70.0, 800, 10, 150.0),
        ],
        CHAIN_DTYPE,
    )


def test_a_small_chain_is_counted_and_its_holes_too():
    found = chain_metrics(small_chain(), 25_012.35, 25_020, T)
    assert found.pcr_oi == found.pcr_oi_atm5 == 0.8
    assert found.pcr_volume == 1.25
    assert found.atm5_missing == 8
    assert math.isnan(found.max_pain)  # three strikes are too few


def test_after_expiry_there_is_no_volatility_but_the_ratios_stay():
    found = chain_metrics(small_chain(), 25_012.35)
    assert found.pcr_oi == 0.8
    assert found.straddle == 220
    assert np.isnan([found.forward, found.atm_iv, found.move_iv, found.move_daily, found.gex]).all()
    assert found.forward_source == ""
    assert set(found.smile.call_note.tolist()) == {"Expired"}


def test_without_spot_there_is_no_money():
    found = chain_metrics(small_chain(), math.nan, 25_020, T)
    assert found.pcr_oi == 0.8
    assert np.isnan([found.atm, found.pcr_oi_atm5, found.straddle, found.move_daily]).all()


def test_an_empty_chain_says_nothing():
    found = chain_metrics(np.empty(0, CHAIN_DTYPE), 25_000, None, T)
    assert np.isnan([found.atm, found.pcr_oi, found.max_pain, found.forward, found.gex]).all()
    assert found.atm5_missing == 11


def wide_chain() -> Rows:
    """Return eleven strikes whose prices agree on a forward of 25,020."""
    rows = np.zeros(11, CHAIN_DTYPE)
    rows["strike"] = 24_750 + 50.0 * np.arange(11)
    rows["put_ltp"] = 300.0
    rows["call_ltp"] = 300.0 + math.exp(-0.065 * T) * (25_020 - rows["strike"])
    return rows


def test_a_chain_in_order_has_no_flag():
    found = chain_metrics(wide_chain(), 25_012.35, None, T)
    assert found.forward == pytest.approx(25_020)
    assert (found.fresh, found.flags) == (11, ())


def test_a_strike_far_from_parity_is_named():
    rows = wide_chain()
    rows["call_ltp"][2] += 60.0  # 0.24 % of the forward
    found = chain_metrics(rows, 25_012.35, None, T)
    assert found.misfits.tolist() == [24_850]
    assert found.flags == ("parity_misfit",)


def test_ten_fresh_strikes_are_a_thin_chain():
    age = np.zeros(11)
    age[0] = 61.0
    found = chain_metrics(wide_chain(), 25_012.35, None, T, call_age_s=age, put_age_s=age)
    assert (found.fresh, found.flags) == (10, ("thin",))
    rows = wide_chain()
    rows["put_ltp"][0] = math.nan
    assert chain_metrics(rows, 25_012.35, None, T).flags == ("thin",)


def test_trades_more_than_fifteen_seconds_apart_do_not_vote_for_the_forward():
    rows, age = wide_chain(), np.zeros(11)
    rows["call_ltp"][4:7] += 20.0
    assert chain_metrics(rows, 25_012.35, None, T).forward > 25_035
    age[4:7] = 16.0
    found = chain_metrics(rows, 25_012.35, None, T, call_age_s=age, put_age_s=np.zeros(11))
    assert found.forward == pytest.approx(25_020)


def test_a_missing_strike_round_the_money_is_flagged():
    assert chain_metrics(wide_chain()[1:], 25_012.35, None, T).flags == ("strikes_missing", "thin")
