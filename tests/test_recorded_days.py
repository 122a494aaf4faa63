"""Real days, from file to reading: 2024 and August 2026, an expiry day among them.

18 August 2026 is an expiry Tuesday under the closing hours of that month: the index trades to
15:15, its closing auction lasts to 15:35, and derivatives trade to 15:40. The recording has the
index's bars of the whole day and the option chain of each minute from 10:43 on, no future.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.composition import make_tools
from dashboard.core.clock import IST, bar_index, from_ns
from dashboard.core.errors import DuplicateError
from dashboard.core.market import BarFlag, Source
from dashboard.core.signal import Stance
from dashboard.pipeline.replaying import ReplayResult, replay_day
from dashboard.research.client import RecordedDay, open_day
from feeds.importers.bars import import_bars
from feeds.importers.chain import import_chain
from feeds.importers.report import ImportReport
from storage.store import SqlStore, open_store
from tests.recorded import cut, faults

pytestmark = pytest.mark.shared

BARS_2024 = "bars/nifty_index_1m_2024_dev.csv.gz"
BARS_2026 = "bars/nifty_index_1m_2026_dev.csv.gz"
CHAIN = "options/nifty_chain_nse_1m_20260818.csv.gz"
EXPIRY_DAY = date(2026, 8, 18)
SATURDAY = date(2024, 1, 20)
PREPARED = (  # in this order, so that each finds the sessions before it
    date(2024, 1, 19),
    SATURDAY,
    date(2024, 1, 23),  # Monday was a holiday
    date(2026, 7, 28),  # the first day of its file
    date(2026, 7, 31),  # the last one on which the index traded to 15:30
    date(2026, 8, 3),
    date(2026, 8, 17),
    EXPIRY_DAY,
)
LOT = 65  # units a contract; the file counts contracts
DIGEST_ELSEWHERE = """
import sys
from dashboard.research.client import open_day
from storage.store import open_store
print(open_day("2026-08-18", store=open_store(sys.argv[1])).replay().digest)
"""


@pytest.fixture(scope="module")
def reports() -> dict[str, ImportReport]:
    """Return what each import of `store` said; filled by it."""
    return {}


@pytest.fixture(scope="module")
def store(
    shared: Path, tmp_path_factory: pytest.TempPathFactory, reports: dict[str, ImportReport]
) -> Iterator[SqlStore]:
    """Return a store with the files imported, and the days that the tests use prepared."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('recorded') / 'tezi.db'}")
    data = shared / "data"
    early = cut(data / BARS_2024, tmp_path_factory.mktemp("cut"), "2024-01-19", "2024-01-2")
    reports["2024"] = import_bars(early, opened)
    reports["2026"] = import_bars(data / BARS_2026, opened)
    reports["chain"] = import_chain(data / CHAIN, opened)
    for day in PREPARED:
        open_day(day, store=opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def day(store: SqlStore) -> RecordedDay:
    return open_day(EXPIRY_DAY, store=store)


@pytest.fixture(scope="module")
def played(store: SqlStore) -> ReplayResult:
    """Return the expiry day played to its end, its readings kept."""
    return replay_day(make_tools(store), EXPIRY_DAY, Source.RECORDED)


@pytest.fixture(scope="module")
def snapshots(shared: Path) -> pd.DataFrame:
    """Return the rows of the chain file that have a last price, in the order of time."""
    rows = pd.read_csv(shared / "data" / CHAIN, parse_dates=["timestamp"])
    return rows[rows["ltp"] > 0].sort_values("timestamp", kind="stable")


def rows_of(shared: Path, name: str, day: date, last: str = "15:29") -> pd.DataFrame:
    """Return a day's rows of a file of bars, to the bar labelled `last`."""
    rows = pd.read_csv(shared / "data" / name, parse_dates=["timestamp"])
    rows = rows.set_index(rows["timestamp"].dt.tz_localize(IST))
    return rows.loc[f"{day} 09:15" : f"{day} {last}"]


def stored_bars(store: SqlStore, day: date, timeframe: str = "1m") -> np.ndarray:
    index = store.universe(day, Source.RECORDED).index("NIFTY")
    assert index is not None
    until = int(pd.Timestamp(f"{day} 23:59", tz=IST).timestamp())
    return store.bars(day, Source.RECORDED, [index.token], timeframe, until)[index.token]


# -- bars ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "day", "count"),
    [
        (BARS_2024, date(2024, 1, 19), 375),
        (BARS_2024, SATURDAY, 375),
        (BARS_2024, date(2024, 1, 23), 375),
        (BARS_2026, date(2026, 7, 28), 371),
        (BARS_2026, date(2026, 7, 31), 375),
        (BARS_2026, date(2026, 8, 3), 375),
        (BARS_2026, date(2026, 8, 17), 375),
        (BARS_2026, EXPIRY_DAY, 375),
    ],
)
def test_every_bar_is_built_again_exactly(
    store: SqlStore, shared: Path, name: str, day: date, count: int
):
    bars, rows = stored_bars(store, day), rows_of(shared, name, day)
    assert len(bars) == len(rows) == count
    assert list(bar_index(bars["start"])) == list(rows.index)
    for column in ("open", "high", "low", "close"):
        assert bars[column].tolist() == rows[column].tolist(), column
    assert np.isnan(bars["volume"]).all()  # an index has none


@pytest.mark.parametrize("minutes", [5, 15, 30])
def test_longer_bars_are_the_files_minutes_from_0915_on(
    store: SqlStore, shared: Path, minutes: int
):
    bars = stored_bars(store, EXPIRY_DAY, f"{minutes}m")
    regular = bars[(bars["flags"] & BarFlag.AUCTION) == 0]
    rows = rows_of(shared, BARS_2026, EXPIRY_DAY, "15:14")
    parts = rows.resample(f"{minutes}min", origin=rows.index[0])
    assert list(bar_index(regular["start"])) == list(parts["open"].first().index)
    assert regular["open"].tolist() == parts["open"].first().tolist()
    assert regular["high"].tolist() == parts["high"].max().tolist()
    assert regular["low"].tolist() == parts["low"].min().tolist()
    assert regular["close"].tolist() == parts["close"].last().tolist()


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 7, 31), "15:29"),
        (date(2026, 8, 3), "15:14"),  # the first day of the new hours
        (EXPIRY_DAY, "15:14"),
    ],
)
def test_the_index_trades_to_its_own_close(store: SqlStore, day: date, last: str):
    bars = stored_bars(store, day)
    auction = (bars["flags"] & BarFlag.AUCTION) > 0
    times = [f"{t:%H:%M}" for t in bar_index(bars["start"])]
    assert max(t for t, drawn in zip(times, auction, strict=True) if not drawn) == last
    assert all(t > last for t, drawn in zip(times, auction, strict=True) if drawn)
    assert auction.sum() == (0 if last == "15:29" else 15)


def test_a_saturday_session_ends_where_the_filler_begins(
    store: SqlStore, reports: dict[str, ImportReport]
):
    assert store.day(SATURDAY).fidelity == ("1m bars",)
    assert list(map(str, reports["2024"].left_out)) == [
        "167 rows left out, outside trading hours: 2024-01-20 15:30 to 2024-01-20 18:16"
    ]
    last = open_day(SATURDAY, store=store).at("15:31").reading("ema", "NIFTY")
    assert f"{last.bar_ts:%a %H:%M}" == "Sat 15:29"


def test_the_day_after_takes_its_pivots_from_the_saturday(store: SqlStore):
    reading = open_day("2024-01-23", store=store).at("09:20").reading("pivots", "NIFTY")
    # high 21720.30, low 21541.80, last close 21586.95
    assert reading.values["classic_p"] == pytest.approx(21616.35)


# -- the expiry day ---------------------------------------------------------------------------


def test_the_day_says_how_true_it_is(store: SqlStore, day: RecordedDay):
    summary = store.day(EXPIRY_DAY)
    assert summary.fidelity == ("1m bars", "chain 1m")
    assert summary.source is Source.RECORDED
    assert (summary.instruments, summary.prepared) == (554, True)
    assert [
        (f"{from_ns(g.started_ns):%H:%M}", f"{from_ns(g.ended_ns):%H:%M}", g.reason)
        for g in summary.gaps
    ] == [
        ("09:15", "10:43", "no snapshot in the file"),
        ("15:30", "15:40", "no snapshot in the file"),
    ]
    assert str(day) == (
        "Tuesday 18 August 2026, RECORDED: 1m bars and chain 1m of 554 instruments, 09:14–15:30 IST"
    )


def test_every_reading_of_the_day_is_whole(store: SqlStore, played: ReplayResult):
    assert not played.failures
    readings = store.readings(EXPIRY_DAY, Source.RECORDED)
    assert len(readings) > 4_500
    assert {r["id"] for r in readings} >= {"momentum", "pcr", "max_pain", "confluence"}
    assert faults([*readings, *(r.as_dict() for r in played.final.values())]) == []


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("vwap", "No future volume in this recording"),
        ("volume", "No future volume in this recording"),
        ("volume_profile", "No future volume in this recording"),
        ("oi_buildup", "No future volume in this recording"),
        ("vix", "No India VIX in this recording"),
    ],
)
def test_a_section_whose_input_was_not_recorded_says_which(
    played: ReplayResult, section: str, reason: str
):
    found = [r for (_, name, _), r in played.final.items() if name == section]
    assert found
    for reading in found:
        assert (reading.state, reading.reason) == (Stance.INSUFFICIENT, reason)
        assert (reading.flags, dict(reading.values)) == (("not_in_recording",), {})


def test_no_price_section_reads_the_auction(store: SqlStore, played: ReplayResult):
    assert not played.failures
    for section in ("ema", "supertrend", "pivots", "orb"):
        kept = store.readings(EXPIRY_DAY, Source.RECORDED, section=section, timeframe="1m")
        assert kept[0]["bar_ts"] == "2026-08-18T09:15:00+05:30"
        assert kept[-1]["bar_ts"] == "2026-08-18T15:14:00+05:30"
        assert len(kept) == 360
        last = played.final["NIFTY", section, "1m"]
        assert f"{last.bar_ts:%H:%M} {last.asof:%H:%M}" == "15:14 15:15"


def test_vwap_says_that_there_is_no_future(played: ReplayResult):
    for timeframe in ("1m", "5m", "15m", "30m"):
        reading = played.final["NIFTY", "vwap", timeframe]
        assert reading.state is Stance.INSUFFICIENT
        assert reading.reason == "No future volume in this recording"
        assert reading.flags == ("not_in_recording",)


def test_before_the_first_snapshot_there_is_no_pcr(day: RecordedDay):
    reading = day.at("10:42:59").reading("pcr", "NIFTY")
    assert (reading.state, reading.bar_ts) == (Stance.INSUFFICIENT, None)
    assert reading.reason == "No NIFTY option has ticked yet"
    assert reading.strength == 0


@pytest.mark.parametrize(
    ("at", "puts", "calls", "ratio"),
    [  # contracts of the expiry of that day: in pandas, oi by option_type of the snapshot
        ("10:43", 3_668_583, 4_869_749, 0.753341),
        ("11:00", 3_233_486, 5_284_116, 0.611926),
        ("12:00", 3_250_764, 5_452_023, 0.596249),
        ("13:42", 3_512_325, 5_563_291, 0.631339),
        ("15:14", 3_090_099, 4_148_886, 0.744802),
    ],
)
def test_pcr_is_that_of_the_snapshot(
    day: RecordedDay, snapshots: pd.DataFrame, at: str, puts: int, calls: int, ratio: float
):
    moment = f"{EXPIRY_DAY} {at}"
    rows = snapshots[(snapshots["timestamp"] == moment) & (snapshots["expiry"] == "2026-08-18")]
    assert rows.groupby("option_type")["oi"].sum().to_dict() == {"CE": calls, "PE": puts}
    reading = day.at(f"{at}:06").reading("pcr", "NIFTY")
    assert f"{reading.asof:%H:%M}" == at
    assert reading.values["pcr_put_oi"] == puts * LOT
    assert reading.values["pcr_call_oi"] == calls * LOT
    assert reading.values["pcr_oi"] == pytest.approx(ratio, abs=1e-6)


def test_pcr_moves_through_the_day_with_its_age_shown(store: SqlStore, played: ReplayResult):
    kept = store.readings(EXPIRY_DAY, Source.RECORDED, section="pcr", timeframe="1m")
    assert len(kept) == 289  # as of 10:43 to 15:30, and the minute after the last snapshot
    assert [r["asof"][11:16] for r in kept[:2]] == ["10:43", "10:44"]
    ratios = [r["values"]["pcr_oi"] for r in kept]
    assert len(set(ratios)) > 250
    assert (round(min(ratios), 2), round(max(ratios), 2)) == (0.53, 0.75)
    assert all("; OI " in r["reason"] and r["reason"].endswith(" old") for r in kept)
    assert played.final["NIFTY", "pcr", "1m"].reason == "0.62 ≤ 0.80; OI 1m old"


def test_option_readings_of_the_last_hour_are_flagged(played: ReplayResult):
    flags = played.final["NIFTY", "pcr", "1m"].flags
    assert "settlement_window" in flags  # it expires today
    assert "atm_from_parity" in flags  # the index stands still


def test_pivots_come_from_the_session_before(day: RecordedDay):
    values = day.at("13:42").reading("pivots", "NIFTY").values
    # 17 August to 15:14: high 24359.90, low 24226.95, last close 24341.90
    assert values["classic_p"] == pytest.approx(24309.583333)
    assert values["classic_r1"] == pytest.approx(24392.216667)
    assert values["cam_r3"] == pytest.approx(24378.46125)
    assert values["woodie_p"] == pytest.approx((24359.90 + 24226.95 + 2 * 24223.05) / 4)


def test_without_the_session_before_there_are_no_pivots(store: SqlStore):
    reading = open_day("2026-07-28", store=store).at("13:42").reading("pivots", "NIFTY")
    assert reading.state is Stance.INSUFFICIENT
    assert reading.reason == "No whole session of Mon 27 Jul 2026"


# -- seek and replay --------------------------------------------------------------------------


def test_seeking_equals_playing_through(day: RecordedDay):
    final = day.replay(until="13:42").final
    assert len(final) >= 21  # four timeframes of five sections, one of the opening range
    assert dict(day.at("13:42").final) == final


def test_another_process_in_another_time_zone_gives_the_same_digest(
    store: SqlStore, played: ReplayResult
):
    found = subprocess.run(
        [sys.executable, "-c", DIGEST_ELSEWHERE, store.name],
        env=os.environ | {"TZ": "America/New_York"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == played.digest


# -- hygiene -----------------------------------------------------------------------------------


def test_what_hygiene_caught_is_counted(played: ReplayResult):
    # an index has no volume, and each of 553 options begins in mid-session
    assert played.counters["unknown_base"] == 553
    assert played.counters["bad_price"] == 40
    assert played.counters["vol_regress"] == 335


def test_refused_prices_are_those_of_an_older_page(snapshots: pd.DataFrame):
    """Apply the rule again, row by row: only prints whose running total fell are refused.

    Six snapshots hold an older copy of one expiry's page. A move of one tick is over 5 % for
    an option below a rupee, and is believed, because a trade made it: its total grew.
    """
    price: dict[tuple, float] = {}
    total: dict[tuple, float] = {}
    refused, same, fell, one_tick = Counter[str](), 0, 0, 0
    columns = ("timestamp", "expiry", "strike", "option_type", "ltp", "volume")
    for at, expiry, strike, kind, ltp, volume in zip(*map(snapshots.get, columns), strict=True):
        key = expiry, strike, kind
        last, before = price.get(key, ltp), total.get(key, volume - 1)
        jump = abs(ltp - last) > 0.05 * last
        if jump and volume <= before:
            refused[f"{at:%H:%M}"] += 1
            same += volume == before
            continue
        fell += volume < before
        one_tick += jump and abs(ltp - last) < 0.051
        price[key], total[key] = ltp, max(volume, before)
    pages = {"11:59": 2, "12:01": 1, "12:02": 1, "14:02": 11, "15:21": 7, "15:24": 18}
    assert refused == pages
    assert (same, fell, one_tick) == (0, 335, 7597)


def test_a_refused_price_leaves_the_one_before(day: RecordedDay):
    # the page of 14:02 says 0.70 with a total that fell; 0.65 was said at 14:01
    def price(at: str) -> float:
        return day.at(at).chain("NIFTY")["ltp", "CE", 24450.0].iloc[-1]

    assert [price("14:01:06"), price("14:02:06")] == [0.65, 0.65]


# -- importing again ----------------------------------------------------------------------------


def test_a_second_import_changes_nothing_and_says_so(store: SqlStore, shared: Path):
    before = store.days()
    again = import_bars(shared / "data" / BARS_2026, store)
    assert again.sentences()[0] == (
        "nifty_index_1m_2026_dev.csv.gz: already there (16 days); nothing changed"
    )
    chain = import_chain(shared / "data" / CHAIN, store)
    assert chain.sentences()[0] == (
        "nifty_chain_nse_1m_20260818.csv.gz: already there (1 day); nothing changed"
    )
    assert store.days() == before


def test_a_second_source_of_an_instruments_day_is_refused(
    store: SqlStore, shared: Path, tmp_path: Path
):
    before = store.days()
    other = cut(shared / "data" / BARS_2026, tmp_path, "2026-08-18")
    other.write_text(other.read_text("utf-8").replace("24169.75", "24169.80"), "utf-8")
    with pytest.raises(DuplicateError, match="NIFTY 50"):
        import_bars(other, store)
    assert store.days() == before
