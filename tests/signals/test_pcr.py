"""Put-call ratio: the example worked by hand, the reference chain, then each promise."""

import math
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.core.errors import InputError
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.options.chain import from_long
from dashboard.signals.pcr import SIGNAL, calculate

STRIKES = (24900.0, 25000.0, 25100.0)


def make_chain(
    calls: list[float],
    puts: list[float],
    *,
    strikes: tuple[float, ...] = STRIKES,
    at: str = "2025-06-02 10:00",
    **more: float | list[float],
) -> pd.DataFrame:
    """Return one snapshot as a plain table: the calls' rows, then the puts'."""
    rows = {"strike": [*strikes, *strikes], "kind": ["CE"] * len(calls) + ["PE"] * len(puts)}
    given = {"oi": [*calls, *puts], "volume": [*calls, *puts], "spot": 25010.0, "oi_age_s": 110.0}
    index = pd.DatetimeIndex([at] * 2 * len(strikes)).tz_localize(IST)
    return pd.DataFrame(rows | given | more, index=index)


def read(calls: list[float], puts: list[float], **more: float) -> Reading:
    return SIGNAL.read(make_chain(calls, puts, **more))


def ratio(value: float) -> Reading:
    return read([100.0, 0.0, 0.0], [100.0 * value, 0.0, 0.0])


def test_matches_the_example_worked_by_hand():
    table = calculate(make_chain([1000, 4000, 6000], [5000, 3000, 800]))
    # (5000 + 3000 + 800) / (1000 + 4000 + 6000)
    assert table["pcr_oi"].tolist() == pytest.approx([0.8])
    assert table["pcr_atm"].tolist() == [25000.0]


@pytest.mark.shared
def test_matches_the_reference_chain(shared: Path):
    chain = pd.read_csv(shared / "vectors" / "chain.csv").rename(columns={"type": "kind"})
    chain.index = pd.DatetimeIndex(["2026-11-17 13:10"] * len(chain)).tz_localize(IST)
    last = calculate(chain.assign(spot=25012.35)).iloc[-1]
    assert last["pcr_oi"] == pytest.approx(1.17111, abs=1e-5)
    assert last["pcr_volume"] == pytest.approx(1.21636, abs=1e-5)
    assert last["pcr_oi_atm5"] == pytest.approx(1.1625, abs=1e-5)
    assert last["pcr_volume_atm5"] == pytest.approx(1.49771, abs=1e-5)
    assert last["pcr_atm"] == 25000.0  # the forward's would be 25050


def test_the_chain_frame_and_the_plain_table_agree():
    long = pd.concat(
        [
            make_chain([1000, 4000, 6000], [5000, 3000, 800]),
            make_chain([900, 4100, 6200], [5500, 3100, math.nan], at="2025-06-02 10:01"),
        ]
    )
    pd.testing.assert_frame_equal(calculate(long), calculate(from_long(long)))
    assert calculate(long)["pcr_oi"].iloc[-1] == pytest.approx(8600 / 11200)


def test_only_eleven_strikes_are_round_the_money():
    strikes = tuple(24000.0 + 50 * k for k in range(21))  # spot 24510: 24250 .. 24750
    calls = [1.0] * 5 + [10.0] * 11 + [1.0] * 5
    puts = [9.0] * 5 + [20.0] * 11 + [9.0] * 5
    last = calculate(make_chain(calls, puts, strikes=strikes, spot=24510.0)).iloc[-1]
    assert last["pcr_oi_atm5"] == 2.0
    assert last["pcr_oi"] == pytest.approx(310 / 120)
    assert last["pcr_atm_missing"] == 0


def test_a_missing_strike_is_left_out_and_counted():
    strikes = tuple(24000.0 + 50 * k for k in range(21) if k != 8)
    chain = make_chain([10.0] * 20, [20.0] * 20, strikes=strikes, spot=24510.0)
    last = calculate(chain).iloc[-1]
    assert (last["pcr_oi_atm5"], last["pcr_atm_missing"]) == (2.0, 1)
    assert "strikes_missing" in SIGNAL.read(chain).flags


def test_the_lower_of_two_nearest_strikes_is_the_money():
    assert calculate(make_chain([1, 1, 1], [1, 1, 1], spot=25050.0))["pcr_atm"].iloc[0] == 25000


def test_without_a_spot_there_is_no_money():
    last = calculate(make_chain([1, 1, 1], [1, 1, 1], spot=math.nan)).iloc[-1]
    assert last["pcr_oi"] == 1.0
    assert math.isnan(last["pcr_oi_atm5"])


def test_after_the_index_froze_the_money_is_where_parity_is():
    # regime B: 15:15. Call less put at 25000 is 120, so that the forward is 25120
    ltp = [230.0, 150.0, 90.0, 10.0, 30.0, 70.0]
    at, last = "2026-08-17 15:14", "2026-08-17 15:15"
    before = make_chain([1, 1, 1], [1, 1, 1], ltp=ltp, at=at)
    after = make_chain([1, 1, 1], [1, 1, 1], ltp=ltp, at=last)
    table = calculate(pd.concat([before, after]))
    assert table["pcr_atm"].tolist() == [25000.0, 25100.0]
    assert "atm_from_parity" in SIGNAL.read(after).flags


@pytest.mark.parametrize(
    ("puts", "forward"),
    [
        ([10.0, 30.0, 70.0], 25120.0),  # 25120, 25120, 25120
        ([10.0, 90.0, 70.0], 25120.0),  # 25120, 25060, 25120
        ([10.0, math.nan, 90.0], 25110.0),  # 25120, none, 25100
        ([math.nan, math.nan, 90.0], 25100.0),
        ([math.nan] * 3, 25010.0),  # spot, for want of a pair
    ],
)
def test_parity_is_the_median_of_the_pairs_that_are_known(puts: list[float], forward: float):
    strikes = tuple(24900.0 + 10 * k for k in range(31))
    ltp = [math.nan] * 62
    for strike, call, put in zip((0, 10, 20), (230.0, 150.0, 90.0), puts, strict=True):
        ltp[strike], ltp[31 + strike] = call, put
    chain = make_chain([1.0] * 31, [1.0] * 31, strikes=strikes, ltp=ltp, at="2026-08-17 15:20")
    assert calculate(chain)["pcr_atm"].tolist() == [forward]


@pytest.mark.parametrize(
    ("value", "stance", "strength"),
    [
        (1.2, Stance.BULLISH, 38.791),  # 100 * ln 1.2 / ln 1.6
        (1.199, Stance.NEUTRAL, 0.0),
        (0.801, Stance.NEUTRAL, 0.0),
        (0.8, Stance.BEARISH, 47.476),
        (1.5, Stance.BULLISH, 86.268),
        (1.6, Stance.BULLISH, 50.0),
        (0.5, Stance.BEARISH, 50.0),
    ],
)
def test_reads_the_writers_side(value: float, stance: Stance, strength: float):
    reading = ratio(value)
    assert (reading.state, reading.strength) == (stance, pytest.approx(strength, abs=0.001))


def test_no_put_interest_at_all_is_no_ratio_to_read():
    reading = ratio(0.0)
    assert (reading.state, reading.reason) == (Stance.INSUFFICIENT, "Put OI is 0")


def test_a_chain_that_has_expired_says_so():
    chain = make_chain([1.0] * 3, [2.0] * 3, at="2026-08-19 10:00")
    reading = SIGNAL.read(chain, expiry=date(2026, 8, 18))
    assert (reading.state, reading.reason) == (Stance.INSUFFICIENT, "Expired on 18 Aug")


def test_interest_that_has_not_changed_for_long_is_flagged():
    assert "stale_oi" not in read([1.0] * 3, [2.0] * 3, oi_age_s=600.0).flags
    assert "stale_oi" in read([1.0] * 3, [2.0] * 3, oi_age_s=601.0).flags


def test_an_extreme_keeps_its_direction():
    assert "extreme" in ratio(1.6).flags
    assert "extreme" in ratio(0.5).flags
    assert "extreme" not in ratio(1.5).flags


def test_says_how_old_the_open_interest_is():
    assert ratio(0.84).reason == "0.84 in 0.80–1.20; OI 1m 50s old"
    assert ratio(1.31).reason == "1.31 ≥ 1.20; OI 1m 50s old"
    assert read([10, 1, 1], [2, 1, 1], oi_age_s=math.nan).reason == "0.33 ≤ 0.80; OI age unknown"


def test_call_interest_of_zero_is_insufficient():
    reading = read([0, 0, 0], [5, 5, 5])
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "Call OI is 0"
    assert reading.values["pcr_oi"] is None


def test_unknown_interest_is_insufficient():
    nothing = [math.nan] * 3
    assert read(nothing, nothing).reason == "No OI in this snapshot"


@pytest.mark.parametrize("side", [0, 1])
def test_interest_of_one_side_only_is_insufficient(side: int):
    sides = [[5.0] * 3, [math.nan] * 3]
    assert read(sides[side], sides[1 - side]).reason == "Open interest of one side only"


def test_a_negative_interest_is_unknown():
    chain = make_chain([1000, -50, 6000], [5000, 3000, -1], previous_oi=[900.0] * 6)
    last = calculate(chain).iloc[-1]
    assert last["pcr_oi"] == pytest.approx(8000 / 7000)
    assert last["pcr_oi_change_call"] == 5_200  # 100 + 5,100


def test_one_listed_strike_lacks_the_ten_round_it():
    reading = SIGNAL.read(make_chain([10.0], [10.0], strikes=(25_000.0,)))
    assert reading.values["pcr_atm_missing"] == 10
    assert "strikes_missing" in reading.flags


def test_is_expired_from_the_instant_of_settlement_on():
    def reason(at: str) -> str:
        chain = from_long(make_chain([1, 1, 1], [1, 1, 1], at=at))
        inputs = Inputs("NIFTY", chain=chain, expiry=date(2025, 6, 5))
        return SIGNAL.evaluate(inputs)[0].reason

    # Thursday 5 June 2025, 15:30; the bar that starts at 15:29 closes with it
    assert reason("2025-06-05 15:28") == "1.00 in 0.80–1.20; OI 1m 50s old"
    assert reason("2025-06-05 15:29") == "Expired on 5 Jun"


def test_a_contract_without_interest_is_left_out():
    table = calculate(make_chain([1000, math.nan, 6000], [5000, 3000, math.nan]))
    assert table["pcr_oi"].iloc[0] == pytest.approx(8000 / 7000)


def test_flags_the_settlement_window_of_expiry_day():
    def flags(at: str) -> tuple[str, ...]:
        chain = from_long(make_chain([1, 1, 1], [1, 1, 1], at=at))
        return SIGNAL.evaluate(Inputs(chain=chain, expiry=date(2025, 6, 5)))[0].flags

    assert "settlement_window" in flags("2025-06-05 15:00")
    assert "settlement_window" not in flags("2025-06-05 14:59")
    assert "settlement_window" not in flags("2025-06-04 15:00")


def test_refuses_a_table_that_is_no_chain():
    with pytest.raises(InputError, match="strike"):
        calculate(pd.DataFrame({"oi": [1.0]}, index=pd.DatetimeIndex(["2025-06-02"], tz=IST)))


def test_the_change_since_the_previous_close_is_summed_by_side():
    before = [400.0, 4_000.0, 5_000.0, 4_000.0, 2_500.0, 800.0]
    last = calculate(make_chain([1000, 4000, 6000], [5000, 3000, 800], previous_oi=before)).iloc[-1]
    assert last["pcr_oi_change_call"] == 1_600  # 600 + 0 + 1,000
    assert last["pcr_oi_change_put"] == 1_500  # 1,000 + 500 + 0
    assert last["pcr_oi_change_ratio"] == 0.9375


@pytest.mark.parametrize("previous", [[900.0, 6_000.0], [2_000.0, 4_000.0], [1_000.0, 4_000.0]])
def test_a_change_that_is_not_a_rise_on_both_sides_has_no_ratio(previous: list[float]):
    before = [previous[0], 0, 0, previous[1], 0, 0]
    reading = SIGNAL.read(make_chain([1000, 0, 0], [5000, 0, 0], previous_oi=before))
    assert reading.values["pcr_oi_change_call"] == 1_000 - previous[0]
    assert reading.values["pcr_oi_change_put"] == 5_000 - previous[1]
    assert reading.values["pcr_oi_change_ratio"] is None
    assert "oi_change_undefined" in reading.flags


def test_a_contract_whose_previous_interest_is_unknown_is_left_out_of_the_change():
    before = [400.0, math.nan, 5_000.0, 4_000.0, 2_500.0, 800.0]
    last = calculate(make_chain([1000, 4000, 6000], [5000, 3000, 800], previous_oi=before)).iloc[-1]
    assert last["pcr_oi_change_call"] == 1_600


def test_without_previous_interest_the_change_is_unknown():
    reading = read([1000, 4000, 6000], [5000, 3000, 800])
    assert reading.values["pcr_oi_change_call"] is None
    assert reading.values["pcr_oi_change_ratio"] is None
    assert "oi_change_undefined" not in reading.flags


@pytest.mark.shared
def test_the_reference_chain_s_change_has_no_ratio(shared: Path):
    chain = pd.read_csv(shared / "vectors" / "chain.csv")
    chain = chain.rename(columns={"type": "kind", "prev_oi": "previous_oi"})
    chain.index = pd.DatetimeIndex(["2026-11-17 13:10"] * len(chain)).tz_localize(IST)
    last = calculate(chain.assign(spot=25012.35)).iloc[-1]
    # a division would give -1.156, which says nothing
    assert (last["pcr_oi_change_call"], last["pcr_oi_change_put"]) == (35_100, -40_560)
    assert math.isnan(last["pcr_oi_change_ratio"])


def test_before_the_open_it_is_yesterday_s():
    assert "pre_open" in SIGNAL.read(make_chain([1, 1, 1], [1, 1, 1], at="2025-06-02 09:08")).flags
    assert "pre_open" not in ratio(1.0).flags


@pytest.mark.shared
@pytest.mark.parametrize(
    ("day", "symbol", "whole", "nearest", "expiry"),
    [
        ("14", "NIFTY", 0.9169, 0.8134, "2025-11-18"),
        ("17", "NIFTY", 1.1319, 1.1343, "2025-11-18"),
        ("14", "BANKNIFTY", 0.9673, 0.9202, "2025-11-25"),
        ("17", "BANKNIFTY", 1.1790, 1.1430, "2025-11-25"),
    ],
)
def test_the_exchange_s_daily_file_gives_the_published_ratios(
    shared: Path, day: str, symbol: str, whole: float, nearest: float, expiry: str
):
    options = daily_file(shared, day, symbol)
    assert f"{options['expiry'].min():%Y-%m-%d}" == expiry
    near = calculate(options[options["expiry"] == expiry])
    assert near["pcr_oi"].tolist() == [pytest.approx(nearest, abs=5e-5)]
    summed = options.groupby([options.index, "strike", "kind"])["oi"].sum()
    everything = summed.reset_index(["strike", "kind"])
    assert calculate(everything)["pcr_oi"].tolist() == [pytest.approx(whole, abs=5e-5)]


def daily_file(shared: Path, day: str, symbol: str) -> pd.DataFrame:
    """Return the options of one underlying in an exchange's daily file, as a plain table."""
    name = f"nse_fo_mktactivity_{day}112025.zip"
    with ZipFile(shared / "data" / "bhavcopy" / name) as archive:
        table = pd.read_csv(archive.open(f"op{day}112025.csv"), dtype=str, skipinitialspace=True)
    table.columns = [column.strip() for column in table.columns]
    own = table[table["SYMBOL"].str.strip() == symbol]
    return pd.DataFrame(
        {
            "expiry": pd.to_datetime(own["EXP_DATE"].str.strip(), format="%d/%m/%Y").array,
            "strike": own["STR_PRICE"].astype(float).array,
            "kind": own["OPT_TYPE"].str.strip().array,
            "oi": own["OPEN_INT*"].astype(float).array,
        },
        index=pd.DatetimeIndex([f"2025-11-{day} 15:29"] * len(own)).tz_localize(IST),
    )
