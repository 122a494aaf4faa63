"""Max pain: the example worked by hand, the reference chain, then each promise."""

import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, PriceLevel, Reading, Stance
from dashboard.options.chain import from_long
from dashboard.signals.max_pain import SIGNAL, calculate

STRIKES = tuple(24_800.0 + 50 * k for k in range(10))  # 24,800 .. 25,250


def make_chain(
    calls: list[float],
    puts: list[float],
    *,
    strikes: tuple[float, ...] = STRIKES,
    at: str = "2025-06-03 10:00",
    **more: float | list[float],
) -> pd.DataFrame:
    """Return one snapshot as a plain table: the calls' rows, then the puts'."""
    rows = {"strike": [*strikes, *strikes], "kind": ["CE"] * len(calls) + ["PE"] * len(puts)}
    index = pd.DatetimeIndex([at] * 2 * len(strikes)).tz_localize(IST)
    given = {"oi": [*calls, *puts], "spot": 25_010.0, "oi_age_s": 110.0}
    return pd.DataFrame(rows | given | more, index=index)


def pinned(spot: float, at: str = "2025-06-03 10:00", **more: float | list[float]) -> pd.DataFrame:
    """Return a chain whose max pain is 25,000."""
    calls = [1.0] * 4 + [1_000.0] + [1.0] * 5
    return make_chain(calls, calls, spot=spot, at=at, **more)


def read(chain: pd.DataFrame, expiry: date | None = date(2025, 6, 5)) -> Reading:
    inputs = Inputs("NIFTY", chain=from_long(chain), expiry=expiry)
    return SIGNAL.evaluate(inputs)[0]


def test_matches_the_example_worked_by_hand():
    # 460,000, 180,000 and 600,000 at 24,900, 25,000 and 25,100; a unit at seven more strikes,
    # which makes the ten that are needed
    calls = [1.0] * 3 + [1_000, 4_000, 6_000] + [0.0] * 4
    puts = [0.0] * 3 + [5_000, 3_000, 800] + [1.0] * 4
    strikes = (24_600.0, 24_700, 24_800, 24_900, 25_000, 25_100, 25_200, 25_300, 25_400, 25_500)
    last = calculate(make_chain(calls, puts, strikes=strikes)).iloc[-1]
    assert last["max_pain"] == 25_000
    assert last["max_pain_strikes"] == 10


@pytest.mark.shared
def test_matches_the_reference_chain(shared: Path):
    chain = pd.read_csv(shared / "vectors" / "chain.csv").rename(columns={"type": "kind"})
    chain.index = pd.DatetimeIndex(["2026-11-17 13:10"] * len(chain)).tz_localize(IST)
    last = calculate(chain.assign(spot=25_012.35)).iloc[-1]
    assert last["max_pain"] == 25_000
    assert last["max_pain_distance"] == pytest.approx(0.0494, abs=1e-4)  # 12.35 / 25,000


def test_each_snapshot_has_its_own():
    moved = make_chain([1.0] * 6 + [1_000.0] + [1.0] * 3, [1.0] * 10, at="2025-06-03 10:01")
    table = calculate(pd.concat([pinned(25_010.0), moved]))
    # then a thousand calls at 25,100 and a unit elsewhere: at 25,000 the five calls up to it
    # weigh as much as the five puts above
    assert table["max_pain"].tolist() == [25_000, 25_000]
    assert table.index.strftime("%H:%M").tolist() == ["10:00", "10:01"]


@pytest.mark.parametrize(
    ("spot", "strike"),
    [(24_990, 25_000), (25_010, 25_000), (25_025, 25_000), (25_030, 25_050), (25_240, 25_050)],
)
def test_of_equal_pains_the_nearest_to_spot_then_the_lower(spot: float, strike: float):
    # a unit everywhere: five calls below or at 25,000 weigh as much as the five puts above
    assert calculate(make_chain([1.0] * 10, [1.0] * 10, spot=spot))["max_pain"].iloc[0] == strike


def test_an_unknown_contract_is_left_out():
    calls = [1.0] * 4 + [1_000.0] + [1.0] * 5
    puts = [*calls[:-1], math.nan]
    assert calculate(make_chain(calls, puts))["max_pain"].iloc[0] == 25_000


def test_a_negative_interest_is_unknown():
    calls = [1.0] * 4 + [1_000.0] + [1.0] * 5
    reading = read(make_chain(calls, [*calls[:-1], -1e6]))
    assert reading.values["max_pain"] == 25_000
    assert read(make_chain([-1.0] * 10, calls)).reason == "Open interest of one side only"


def test_nine_strikes_are_too_few():
    calls = [1.0] * 9 + [0.0]
    reading = read(make_chain(calls, calls))
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "9 strikes with OI, needs 10"
    assert reading.values["max_pain"] is None
    assert reading.values["max_pain_strikes"] == 9


@pytest.mark.parametrize("oi", [0.0, math.nan])
def test_no_open_interest_has_no_max_pain(oi: float):
    assert read(make_chain([oi] * 10, [oi] * 10)).reason == "0 strikes with OI, needs 10"


def test_without_an_index_price_nothing_is_said():
    reading = read(pinned(math.nan))
    assert (reading.state, reading.reason) == (
        Stance.INSUFFICIENT,
        "No index price to hold it against",
    )
    assert reading.values["max_pain"] == 25_000


@pytest.mark.parametrize(
    ("spot", "stance", "strength"),
    [
        (25_075.0, Stance.NEUTRAL, 0),  # 0.3 %, which is not more than that
        (25_080.0, Stance.BEARISH, 12.8),  # 40 * 0.32 / 1
        (24_920.0, Stance.BULLISH, 12.8),
        (24_925.0, Stance.NEUTRAL, 0),
        (24_000.0, Stance.BULLISH, 40),
        (26_000.0, Stance.BEARISH, 40),
    ],
)
def test_pulls_mildly_in_the_last_two_days(spot: float, stance: Stance, strength: float):
    reading = read(pinned(spot, at="2025-06-04 10:00"))
    assert (reading.state, reading.strength) == (stance, pytest.approx(strength))


def test_two_days_are_counted_to_the_instant_of_settlement():
    # Thursday 5 June 2025, 15:30; the bar that starts at 15:29 closes two days before
    last = read(pinned(25_100.0, at="2025-06-03 15:29"))
    assert (last.state, last.reason) == (
        Stance.BEARISH,
        "Spot +0.40 % > 0.30 % from 25,000; 2d",
    )
    before = read(pinned(25_100.0, at="2025-06-03 15:28"))
    assert (before.state, before.strength) == (Stance.NEUTRAL, 0)
    assert read(pinned(25_100.0)).reason == "Spot +0.40 % from 25,000; 2d 5h > 2d"


def test_says_what_it_saw():
    assert read(pinned(24_900.0, at="2025-06-05 10:00")).reason == (
        "Spot −0.40 % < −0.30 % from 25,000; 5h 29m"
    )
    assert read(pinned(25_010.0)).reason == "Spot +0.04 % from 25,000, within ±0.30 %"
    assert read(pinned(25_010.0)).levels == (PriceLevel("Max pain", 25_000.0),)


def test_an_unknown_expiry_pulls_nowhere():
    for expiry in (None, date(1999, 1, 7)):  # no date, and one that no calendar knows
        reading = read(pinned(25_100.0), expiry)
        assert reading.state is Stance.NEUTRAL
        assert reading.reason == "Spot +0.40 % from 25,000; expiry unknown"


def test_an_expired_chain_says_nothing():
    reading = read(pinned(25_100.0, at="2025-06-06 10:00"))
    assert (reading.state, reading.reason) == (Stance.INSUFFICIENT, "Expired on 5 Jun")


def test_after_the_index_froze_the_parity_forward_stands_for_spot():
    # regime B: 15:15. Each call less its put says that the forward is 25,120
    apart = [25_120.0 - strike for strike in STRIKES]
    ltp = [400.0 + a for a in apart] + [400.0] * 10
    chain = pinned(25_000.0, at="2026-08-18 15:20", ltp=ltp)
    reading = read(chain, date(2026, 8, 18))
    assert reading.values["max_pain_spot"] == 25_120
    assert reading.reason == "Spot +0.48 % > 0.30 % from 25,000; 19m"
    assert {"atm_from_parity", "settlement_window"} <= set(reading.flags)


def test_before_the_open_it_is_yesterday_s():
    assert "pre_open" in read(pinned(25_000.0, at="2025-06-03 09:08")).flags
    assert "pre_open" not in read(pinned(25_000.0, at="2025-06-03 09:15")).flags


def test_refuses_a_chain_without_open_interest():
    chain = from_long(pinned(25_000.0)).drop(columns="oi", level=0)
    with pytest.raises(InputError, match="needs the field 'oi'"):
        calculate(chain)


@pytest.mark.shared
@pytest.mark.parametrize("day", ["20260817", "20260818"])
def test_a_recorded_day_pins_to_listed_strikes(shared: Path, day: str):
    name = f"nifty_chain_nse_1m_{day}.csv.gz"
    chain = pd.read_csv(shared / "data" / "options" / name)
    chain = chain[chain["expiry"] == chain["expiry"].min()].rename(columns={"option_type": "kind"})
    stamps = pd.DatetimeIndex(pd.to_datetime(chain["timestamp"])).floor("min").tz_localize(IST)
    chain = chain.set_index(stamps)[["strike", "kind", "oi", "volume", "ltp", "spot"]]
    table = calculate(chain)
    assert table["max_pain"].notna().all()
    assert set(table["max_pain"]) <= set(chain["strike"])
    assert (np.abs(table["max_pain_distance"]) < 2).all()
