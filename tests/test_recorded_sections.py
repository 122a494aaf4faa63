"""Every section over real days, each reading looked at; and chains that no day can be made of.

Two days or so of each recorded file are played here. All of them, which takes a quarter of an
hour: `TEZI_RECORDED=all uv run pytest tests/test_recorded_sections.py`
"""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from dashboard.composition import make_tools
from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.core.signal import Inputs, Reading, Stance
from dashboard.pipeline.replaying import ReplayResult, replay_day
from dashboard.signals import load_signals
from feeds.importers.bars import import_bars
from feeds.importers.chain import import_chain
from storage.store import SqlStore, open_store
from tests.recorded import cut, faults

pytestmark = pytest.mark.shared

ALL = os.environ.get("TEZI_RECORDED") == "all"
OF_2024 = ("nifty_index_1m_2024_dev.csv.gz", "banknifty_index_1m_2024_dev.csv.gz")
OF_2026 = "nifty_index_1m_2026_dev.csv.gz"
FIVE = "nifty_banknifty_sensex_5m_kite_futvol_2026MarApr_dev.csv.gz"
CANDLES = "nifty_option_1m_candles_kite_20260312.csv.gz"
MAY = "nifty_chain_nse_csv_1m_20260526.csv.gz"
DAYS = (  # in this order, so that each finds the session before it
    date(2024, 1, 20),  # a Saturday session
    date(2024, 1, 23),
    date(2026, 3, 2),  # 5m bars of three underlyings
    date(2026, 3, 20),  # and the day after a session of which the afternoon alone is there
    date(2026, 3, 12),  # candles of options, without open interest
    date(2026, 5, 26),  # a chain alone
    date(2026, 7, 28),  # four minutes short
)


@pytest.fixture(scope="module")
def store(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('sections') / 'tezi.db'}")
    bars, options = shared / "data" / "bars", shared / "data" / "options"
    for name in OF_2024:
        days = ("2024",) if ALL else ("2024-01-20", "2024-01-23")
        import_bars(cut(bars / name, tmp_path_factory.mktemp("cut"), *days), opened)
    import_bars(bars / FIVE, opened)
    days = ("2026",) if ALL else ("2026-07-28",)
    import_bars(cut(bars / OF_2026, tmp_path_factory.mktemp("cut"), *days), opened)
    import_bars(options / CANDLES, opened)
    import_chain(options / MAY, opened, symbol="NIFTY", expiry=date(2026, 5, 26))
    for name in ("nifty_chain_nse_1m_20260817", "nifty_chain_nse_1m_20260818") if ALL else ():
        import_chain(options / f"{name}.csv.gz", opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def played(store: SqlStore) -> dict[date, ReplayResult]:
    """Return the days, each played to its end in the order of time."""
    tools, found = make_tools(store), {}
    days = sorted(summary.day for summary in store.days()) if ALL else sorted(DAYS)
    for day in days:
        if day == date(2026, 3, 20):
            replay_day(tools, date(2026, 3, 19), Source.RECORDED)
        found[day] = replay_day(tools, day, Source.RECORDED)
    return found


def test_no_section_fails_and_every_reading_is_whole(
    store: SqlStore, played: dict[date, ReplayResult]
):
    for day, result in played.items():
        assert (day, dict(result.failures)) == (day, {})
        readings = store.readings(day, Source.RECORDED)
        final = [reading.as_dict() for reading in result.final.values()]
        assert readings
        assert (day, faults([*readings, *final])) == (day, [])


def test_each_underlying_of_a_day_has_every_section(played: dict[date, ReplayResult]):
    final = played[date(2026, 3, 2)].final
    for underlying in ("NIFTY", "BANKNIFTY", "SENSEX"):
        assert {name for of, name, _ in final if of == underlying} == set(load_signals())


def test_what_was_not_recorded_is_said_and_not_made_up(played: dict[date, ReplayResult]):
    lacking = {"vwap", "volume", "volume_profile", "oi_buildup", "vix", "pcr", "max_pain"}
    for (_, name, _), reading in played[date(2024, 1, 20)].final.items():
        absent = "not_in_recording" in reading.flags
        assert absent == (name in lacking)
        if absent:
            assert (reading.state, dict(reading.values)) == (Stance.INSUFFICIENT, {})


def test_a_chain_alone_gives_ratios_and_nothing_of_price(played: dict[date, ReplayResult]):
    final = played[date(2026, 5, 26)].final
    assert final["NIFTY", "pcr", "1m"].values["pcr_oi"] > 0
    assert final["NIFTY", "max_pain", "1m"].reason == "No index price to hold it against"
    assert final["NIFTY", "ema", "1m"].reason == "No NIFTY index in this recording"


def test_options_without_open_interest_have_no_ratio(played: dict[date, ReplayResult]):
    final = played[date(2026, 3, 12)].final
    assert final["NIFTY", "pcr", "1m"].reason == "No OI in this snapshot"
    assert final["NIFTY", "max_pain", "1m"].reason == "0 strikes with OI, needs 10"


def test_an_afternoon_is_not_the_session_before(played: dict[date, ReplayResult]):
    # of Thursday 19 March the file has 13:15 to 15:29: its high and low are not the day's
    for underlying in ("NIFTY", "BANKNIFTY", "SENSEX"):
        reading = played[date(2026, 3, 20)].final[underlying, "pivots", "5m"]
        assert reading.state is Stance.INSUFFICIENT
        assert reading.reason == "No whole session of Thu 19 Mar 2026"
        assert reading.values["classic_p"] is None


# -- chains that no day can be made of, because they lack premiums or were taken on a holiday ----


def of_2022(path: Path, expiry: str) -> pd.DataFrame:
    """Return the polls as a plain table: open interest in contracts, no premium, no volume."""
    rows = pd.read_csv(path)
    rows = rows[rows["EXPIRY_DATE"] == expiry]
    at = pd.DatetimeIndex(pd.to_datetime(rows["TimeStamp"])).tz_localize(IST).floor("min")
    sides = [
        pd.DataFrame({"strike": rows["STRIKE_PRICE"].array, "kind": kind, "oi": oi.array}, at)
        for kind, oi in (("CE", rows["CALL_OI"]), ("PE", rows["PUT_OI"]))
    ]
    table = pd.concat(sides).rename_axis("start").set_index(["strike", "kind"], append=True)
    return table[~table.index.duplicated()].reset_index(["strike", "kind"])


def read(name: str, chain: pd.DataFrame, underlying: str) -> Reading:
    return load_signals()[name].evaluate(Inputs(underlying, chain=chain))[0]


@pytest.mark.parametrize("underlying", ["NIFTY", "BANKNIFTY"])
def test_polls_without_premiums_give_the_ratio_of_open_interest_alone(
    shared: Path, underlying: str
):
    name = f"{underlying.lower()}_oichain_nse_2min_20221122-23.csv.gz"
    chain = of_2022(shared / "data" / "options" / name, "24-Nov-2022")
    table = load_signals()["pcr"].calculate(chain)
    assert len(table) > 200
    last = chain.loc[chain.index.max()].groupby("kind")["oi"].sum()
    assert table["pcr_oi"].iloc[-1] == pytest.approx(last["PE"] / last["CE"])
    assert table[["pcr_volume", "pcr_oi_atm5", "pcr_atm"]].isna().all(axis=None)
    pcr, pain = (read(section, chain, underlying) for section in ("pcr", "max_pain"))
    assert faults([pcr.as_dict(), pain.as_dict()]) == []
    assert pcr.reason.endswith("; OI age unknown")
    assert pain.reason == "No index price to hold it against"


@pytest.mark.parametrize("underlying", ["NIFTY", "BANKNIFTY"])
def test_a_holiday_s_polls_say_the_same_each_time(shared: Path, underlying: str):
    name = f"{underlying.lower()}_chain_nse_65s_20250827_HOLIDAY.csv.gz"
    rows = pd.read_csv(shared / "data" / "options" / name)
    rows = rows[rows["Expiry_Date"] == rows["Expiry_Date"].mode()[0]]
    seen = set()
    for _, poll in rows.groupby("collection_timestamp"):
        at = pd.DatetimeIndex(["2025-08-26 15:29"] * len(poll), name="start").tz_localize(IST)
        sides = [
            pd.DataFrame(
                {
                    "strike": poll["Strike_Price"].array,
                    "kind": kind,
                    "oi": poll[f"{side}_OI"].array,
                    "volume": poll[f"{side}_Volume"].array,
                    "ltp": poll[f"{side}_LTP"].array,
                },
                at,
            )
            for kind, side in (("CE", "CALLS"), ("PE", "PUTS"))
        ]
        found = [read(section, pd.concat(sides), underlying) for section in ("pcr", "max_pain")]
        assert faults([reading.as_dict() for reading in found]) == []
        seen.add(tuple(r.reason for r in found))
    assert len(seen) == 1
