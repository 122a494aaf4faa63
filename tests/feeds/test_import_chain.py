"""Chain snapshots: each layout becomes full packets in units, and bad files say why."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST, from_ns
from dashboard.core.errors import DuplicateError, ImportFileError
from dashboard.core.market import INDICES, Instrument, Source, TickBatch
from feeds.importers.chain import import_chain
from feeds.wire import decode
from storage.store import SqlStore, open_store

LONG = "timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi,oi_chg"
TUESDAY = date(2026, 8, 18)
CALL, PUT = "NIFTY2681824000CE", "NIFTY2681824000PE"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield opened
    opened.close()


def write(path: Path, *rows: str, header: str = LONG) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def row(time: str, kind: str, ltp: float, volume: int, oi: int, change: int = 0) -> str:
    return f"2026-08-18 {time},NIFTY50,2026-08-18,24000,{kind},24050.5,{ltp},{volume},{oi},{change}"


def snapshots(store: SqlStore, day: date = TUESDAY) -> list[TickBatch]:
    """Return the batch of each message that holds ticks."""
    batches = (decode(f.payload) for f in store.frames(day, Source.RECORDED) if f.payload)
    return [batch for batch in batches if len(batch)]


def instrument(store: SqlStore, symbol: str, day: date = TUESDAY) -> Instrument:
    found = store.universe(day, Source.RECORDED).instruments
    return next(one for one in found if one.symbol == symbol)


def tick(batch: TickBatch, instrument: Instrument) -> dict[str, float]:
    (at,) = np.flatnonzero(batch.token == instrument.token)
    names = ("length", "last_price", "day_volume", "oi", "last_trade_time", "exchange_time")
    return {name: float(getattr(batch, name)[at]) for name in names}


# -- a snapshot becomes a message ------------------------------------------------------------


def test_lots_become_units_and_yesterdays_oi_is_known(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        row("10:43:00", "CE", 120.5, 100, 40, -2),
        row("10:43:00", "PE", 80.25, 200, 30, 5),
    )
    report = import_chain(path, store)
    (batch,) = snapshots(store)
    call, put = instrument(store, CALL), instrument(store, PUT)
    at = datetime(2026, 8, 18, 10, 43, tzinfo=IST).timestamp()
    assert tick(batch, call) == {
        "length": 184,
        "last_price": 120.5,
        "day_volume": 6500,
        "oi": 2600,
        "last_trade_time": at,
        "exchange_time": at,
    }
    assert tick(batch, put)["oi"] == 1950
    assert (call.previous_oi, put.previous_oi) == (2730, 1625)
    assert (call.lot, call.strike, call.expiry) == (65, 24000.0, TUESDAY)
    assert "Volume and open interest are in contracts: multiplied by 65" in report.notes
    assert report.layout == "long chain"
    assert report.columns["oi_change"] == "oi_chg"


def test_the_first_frame_says_that_earlier_volume_is_unknown(store, tmp_path):
    import_chain(write(tmp_path / "a.csv", row("10:43:00", "CE", 1, 1, 1)), store)
    first, second = store.frames(TUESDAY, Source.RECORDED)
    assert first.payload == b""
    assert second.received_ns - first.received_ns == 10**9


def test_the_open_counts_volume_from_nothing(store, tmp_path):
    import_chain(write(tmp_path / "a.csv", row("09:15:00", "CE", 1, 1, 1)), store)
    assert next(store.frames(TUESDAY, Source.RECORDED)).payload == b"\x00"


def test_the_last_trade_is_when_volume_last_grew(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        row("10:00:00", "CE", 10, 100, 40),
        row("10:01:00", "CE", 11, 150, 40),
        row("10:02:00", "CE", 11, 150, 41),
    )
    import_chain(path, store)
    call = instrument(store, CALL)
    times = [tick(batch, call)["last_trade_time"] for batch in snapshots(store)]
    assert [f"{datetime.fromtimestamp(t, UTC).astimezone(IST):%H:%M}" for t in times] == [
        *("10:00", "10:01", "10:01")
    ]


def test_volume_that_steps_down_is_kept_as_the_file_has_it(store, tmp_path):
    rows = [row(f"10:0{at}:00", "CE", 10 + at, volume, 40) for at, volume in enumerate((9, 8, 10))]
    import_chain(write(tmp_path / "a.csv", *rows), store)
    call = instrument(store, CALL)
    volumes = [tick(batch, call)["day_volume"] for batch in snapshots(store)]
    assert volumes == [585, 520, 650]


def test_numbers_that_all_divide_by_their_lot_are_units(store, tmp_path):
    rows = [
        f"2026-08-18 10:00:00,NIFTY,2026-08-18,{strike},CE,24050,5,{65 * 7},{65 * 3},0"
        for strike in range(23000, 24600, 50)
    ]
    report = import_chain(write(tmp_path / "a.csv", *rows), store)
    assert "Volume and open interest are in units" in report.notes
    assert set(snapshots(store)[0].oi.tolist()) == {195.0}


def test_the_caller_may_say_how_the_file_counts(store, tmp_path):
    import_chain(write(tmp_path / "a.csv", row("10:00:00", "CE", 5, 7, 3)), store, lots="units")
    assert snapshots(store)[0].oi.tolist() == [3.0]


def test_the_spot_column_becomes_the_index_when_asked(store, tmp_path):
    path = write(tmp_path / "a.csv", row("10:00:00", "CE", 5, 7, 3))
    import_chain(path, store, with_spot=True)
    (batch,) = snapshots(store)
    spot = tick(batch, INDICES["NIFTY"])
    assert (spot["length"], spot["last_price"]) == (32, 24050.5)


# -- layouts -----------------------------------------------------------------------------------


def test_both_sides_of_a_wide_row_and_their_quotes(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        "2026-05-26 10:33:37,10,2,120.5,130,120.0,121.0,65,24000.0,195,79.9,80.1,260,80.0,5,20",
        header="snapshot_time,CE_OI,CE_VOLUME,CE_LTP,CE_BID_QTY,CE_BID,CE_ASK,CE_ASK_QTY,STRIKE,"
        "PE_BID_QTY,PE_BID,PE_ASK,PE_ASK_QTY,PE_LTP,PE_VOLUME,PE_OI",
    )
    report = import_chain(path, store, expiry=date(2026, 5, 26), symbol="NIFTY")
    day = date(2026, 5, 26)
    (batch,) = snapshots(store, day)
    call = instrument(store, "NIFTY26MAY24000CE", day)
    (at,) = np.flatnonzero(batch.token == call.token)
    assert batch.depth is not None
    assert batch.depth[at][0].tolist()[:2] == (130, 12000)
    assert batch.depth[at][5].tolist()[:2] == (65, 12100)
    assert report.layout == "wide, CE_ and PE_ chain"


def test_what_a_file_does_not_say_is_asked_for(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        "2026-05-26 10:33,1,1,100,1,1",
        header="time,CE_OI,CE_LTP,STRIKE,PE_LTP,PE_OI",
    )
    with pytest.raises(ImportFileError, match=r"pass symbol='NIFTY', expiry=2026-05-26"):
        import_chain(path, store)


def test_a_page_saved_from_the_exchange_takes_its_name_at_its_word(store, tmp_path):
    path = tmp_path / "option-chain-ED-NIFTY-30-Jun-2026.csv"
    path.write_text(
        "CALLS,,PUTS\n"
        ",OI,CHNG IN OI,VOLUME,IV,LTP,CHNG,BID QTY,BID,ASK,ASK QTY,STRIKE,"
        "BID QTY,BID,ASK,ASK QTY,CHNG,LTP,IV,VOLUME,CHNG IN OI,OI,\n"
        ',1,-,-,-,-,-,65,"11,143.70","12,364.25",130,"12,000.00",'
        '"18,395",0.15,0.30,"6,760",-0.05,0.30,383.77,"1,872",-65,"1,196",\n',
        encoding="utf-8",
    )
    with pytest.raises(ImportFileError, match="pass at="):
        import_chain(path, store)
    at = datetime(2026, 6, 25, 15, 0, tzinfo=IST)
    report = import_chain(path, store, at=at)
    put = instrument(store, "NIFTY26JUN12000PE", at.date())
    (batch,) = snapshots(store, at.date())
    assert (tick(batch, put)["oi"], put.previous_oi) == (1196 * 65, 1261 * 65)
    assert [str(left) for left in report.left_out] == [
        "1 row left out, no last price, as nothing has traded: 2026-06-25 15:00"
    ]


def test_parquet_gives_the_same_day(store, tmp_path):
    path = write(tmp_path / "a.csv", row("10:00:00", "CE", 5, 7, 3), row("10:00:00", "PE", 6, 8, 4))
    table = pd.read_csv(path, parse_dates=["timestamp"])
    table.to_parquet(tmp_path / "a.parquet")
    import_chain(path, store)
    assert import_chain(tmp_path / "a.parquet", store).already == (TUESDAY,)


# -- real files -------------------------------------------------------------------------------


@pytest.mark.shared
def test_a_real_expiry_day(store, shared):
    path = shared / "data/options/nifty_chain_nse_1m_20260818.csv.gz"
    report = import_chain(path, store)
    (day,) = report.days
    assert (day.fidelity, day.rows, day.ticks) == ("chain 1m", 153_990, 153_990)
    batches = snapshots(store)
    assert len(batches) == 288
    call = instrument(store, "NIFTY2681822000CE")
    first = tick(batches[0], call)
    assert (first["last_price"], first["oi"], first["day_volume"]) == (2235.0, 52 * 65, 18 * 65)
    assert call.previous_oi == 60 * 65
    known = store.universe(TUESDAY, Source.RECORDED).expiries("NIFTY", TUESDAY)
    assert [str(expiry) for expiry in known] == [
        *("2026-08-18", "2026-08-25", "2026-09-01", "2026-09-08")
    ]
    again = import_chain(path, store)
    assert again.sentences()[0].endswith("already there (1 day); nothing changed")


@pytest.mark.shared
def test_a_holidays_polls_of_yesterdays_page_are_refused(store, shared):
    path = shared / "data/options/nifty_chain_nse_65s_20250827_HOLIDAY.csv.gz"
    words = r"2025-08-27 had no trading \(.+\): its 7 polls all show 2025-08-26 15:30:00"
    with pytest.raises(ImportFileError, match=words):
        import_chain(path, store)
    assert store.days() == []


@pytest.mark.shared
def test_open_interest_without_prices_is_refused(store, shared):
    path = shared / "data/options/nifty_oichain_nse_2min_20221122-23.csv.gz"
    with pytest.raises(ImportFileError, match=r"has no last price \(LTP\) of the CE side"):
        import_chain(path, store)


@pytest.mark.shared
def test_a_wide_real_file(store, shared):
    path = shared / "data/options/nifty_chain_nse_csv_1m_20260526.csv.gz"
    report = import_chain(path, store, expiry=date(2026, 5, 26), symbol="NIFTY")
    (day,) = report.days
    assert (day.fidelity, day.rows, len(snapshots(store, day.day))) == ("chain 1m", 5520, 24)


# -- bad rows and days --------------------------------------------------------------------------


def good_rows(count: int = 60) -> list[str]:
    return [row(f"10:{at:02}:00", "CE", 5 + at, 7 + at, 3) for at in range(count)]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row("10:05:00", "CE", 5, 7, 3).replace("24050.5,5,", "24050.5,five,"), "column ltp holds"),
        (row("10:05:00", "XX", 5, 7, 3), "column option_type holds 'XX'"),
        (row("soon", "CE", 5, 7, 3), "column timestamp holds '2026-08-18 soon'"),
        (row("10:05:00", "CE", 5, 7, 3).replace(",2026-08-18,", ",next,"), "column expiry holds"),
        (row("10:05:00", "CE", 5, 7, -3), "column oi holds '-3'"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(store, tmp_path, bad, words):
    rows = good_rows()
    rows[5] = bad
    report = import_chain(write(tmp_path / "a.csv", *rows), store)
    (left,) = report.left_out
    assert (left.count, report.rows_kept) == (1, 59)
    assert left.first.startswith(f"line 7: {words}")


def test_contracts_that_never_were_are_left_out(store, tmp_path):
    other = row("10:00:00", "CE", 5, 7, 3).replace(",2026-08-18,", ",2026-08-20,")  # a Thursday
    report = import_chain(write(tmp_path / "a.csv", *good_rows(2), other), store)
    assert [left.reason for left in report.left_out] == ["no such contract was listed"]


def test_snapshots_outside_trading_hours_are_left_out(store, tmp_path):
    rows = [row(t, "CE", 5, 7, 3) for t in ("09:10:00", "15:40:00", "15:41:00")]
    report = import_chain(write(tmp_path / "a.csv", *rows), store)
    assert [str(left) for left in report.left_out] == [
        "2 rows left out, outside trading hours: 2026-08-18 09:10 to 2026-08-18 15:41"
    ]


def test_a_day_beyond_the_calendar_is_refused(store, tmp_path):
    path = write(tmp_path / "a.csv", *(r.replace("2026", "2016") for r in good_rows(2)))
    words = r"^a\.csv, line 2: calendar does not cover 2016-08-18: .+ knows more; 2 rows skipped$"
    with pytest.raises(ImportFileError, match=words):
        import_chain(path, store)


def test_a_saturdays_snapshots_are_refused_with_their_first_line(store, tmp_path):
    saturday = [r.replace("2026-08-18 10", "2026-08-22 10") for r in good_rows(3)]
    report = import_chain(write(tmp_path / "a.csv", *good_rows(2), *saturday), store)
    assert report.refused == (
        "a.csv, line 4: 2026-08-22 had no trading (Saturday): its 3 snapshots are left out; "
        "3 rows skipped",
    )


def test_what_left_nothing_of_a_file_is_said(store, tmp_path):
    early = [row(f"08:0{at}:00", "CE", 5, 7, 3) for at in range(3)]
    words = "trading hours that can be kept; 3 rows left out, outside trading hours: 2026-08-18 08:"
    with pytest.raises(ImportFileError, match=words):
        import_chain(write(tmp_path / "a.csv", *early), store)


def test_the_good_rows_of_a_column_that_is_mostly_bad_are_kept(store, tmp_path):
    bad = [row(f"10:{at:02}:00", "CE", 5, 7, 3).replace(",24000,", ",,") for at in range(9)]
    report = import_chain(write(tmp_path / "a.csv", *bad, row("10:30:00", "CE", 5, 7, 3)), store)
    assert report.rows_kept == 1
    assert str(report.left_out[0]) == (
        "9 rows left out, a value is missing or cannot be right: "
        "line 2: column strike is empty (9 such rows)"
    )
    assert (
        "Only 1 of 10 rows could be read: see that its columns are what they seem" in report.notes
    )


def test_how_an_ambiguous_expiry_is_read_is_said_once(store, tmp_path):
    rows = [
        row(f"10:0{at}:00", "CE", 5, 7, 3).replace(",2026-08-18,", f",{expiry},")
        for at, expiry in enumerate(("18/08/2026", "01/09/2026"))
    ]
    report = import_chain(write(tmp_path / "a.csv", *rows), store)
    told = [note for note in report.notes if note.startswith("Expiries")]
    assert told == ["Expiries are read as day/month/year: 18/08/2026 is 18 August 2026"]


def test_a_file_of_bars_is_no_chain(store, tmp_path):
    path = write(tmp_path / "a.csv", "2026-08-18 09:15,1,1,1,1", header="time,open,high,low,close")
    with pytest.raises(ImportFileError, match=r"a\.csv is no option chain"):
        import_chain(path, store)


def test_another_source_of_the_same_contracts_needs_to_be_told(store, tmp_path):
    import_chain(write(tmp_path / "a.csv", *good_rows()), store)
    other = write(tmp_path / "b.csv", *good_rows(3))
    with pytest.raises(DuplicateError, match="is already stored from a"):
        import_chain(other, store)
    assert len(import_chain(other, store, replace=True).days) == 1
    assert len(snapshots(store)) == 3


# -- gaps -------------------------------------------------------------------------------------


def gaps(store: SqlStore) -> list[tuple[str, str, str]]:
    """Return (start, end, reason) of each gap of the day."""
    return [
        (f"{from_ns(g.started_ns):%H:%M}", f"{from_ns(g.ended_ns):%H:%M}", g.reason)
        for g in store.day(TUESDAY).gaps
    ]


def test_more_than_two_steps_without_a_snapshot_are_a_gap(store, tmp_path):
    times = ("09:17", "09:18", "09:19", "09:20", "09:22", "09:25", "09:26", "15:38")
    import_chain(write(tmp_path / "a.csv", *(row(at, "CE", 9, 1, 1) for at in times)), store)
    assert gaps(store) == [
        ("09:22", "09:25", "no snapshot in the file"),
        ("09:26", "15:38", "no snapshot in the file"),
    ]


def test_one_snapshot_leaves_the_rest_of_the_day_open(store, tmp_path):
    import_chain(write(tmp_path / "a.csv", row("10:43:00", "CE", 9, 1, 1)), store)
    assert [gap[:2] for gap in gaps(store)] == [("09:15", "10:43"), ("10:43", "15:40")]


def test_amounts_with_a_fraction_of_a_unit_are_rounded_and_counted(store, tmp_path):
    rows = (
        "2026-08-18 09:16:00,NIFTY50,2026-08-18,24000,CE,24050.5,9,10.5,650,0",
        "2026-08-18 09:16:00,NIFTY50,2026-08-18,24000,PE,24050.5,9,11,650,0",
    )
    report = import_chain(write(tmp_path / "a.csv", *rows), store, lots="units")
    note = "1 amount of volume or open interest had a fraction: rounded to 1 unit"
    assert note in report.notes
    (batch,) = snapshots(store)
    assert tick(batch, instrument(store, CALL))["day_volume"] == 10.0
