"""Files of bars: the bars built from their ticks equal the file, and bad files say why."""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST, from_ns
from dashboard.core.errors import DuplicateError, ImportFileError
from dashboard.core.market import INDICES, Source
from feeds.importers import gather
from feeds.importers.bar_rows import ROW
from feeds.importers.bars import import_bars
from feeds.importers.gather import by_day
from feeds.wire import decode
from storage.store import SqlStore, open_store

HEADER = "timestamp,symbol,open,high,low,close"
TUESDAY = date(2026, 8, 18)
NIFTY = INDICES["NIFTY"].token
Bars = dict[tuple[int, str], tuple[float, float, float, float]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    yield opened
    opened.close()


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def cut(path: Path, folder: Path, *days: str) -> Path:
    """Return a file with only some days of a recorded one."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    return write(folder / path.stem, *(r for r in rows if any(d in r for d in days)), header=header)


def rebuilt(store: SqlStore, day: date, minutes: int = 1) -> Bars:
    """Return the bars of a day's ticks, by token and start, in the plainest way."""
    bars: Bars = {}
    for frame in store.frames(day, Source.RECORDED):
        if not frame.payload:
            continue
        batch = decode(frame.payload)
        for token, time, price in zip(
            batch.token.tolist(),
            batch.exchange_time.tolist(),
            batch.last_price.tolist(),
            strict=True,
        ):
            at = datetime.fromtimestamp(time, UTC).astimezone(IST)
            start = at - timedelta(minutes=at.minute % minutes, seconds=at.second)
            key = token, f"{start:%H:%M}"
            o, h, low, _ = bars.get(key, (price, price, price, price))
            bars[key] = (o, max(h, price), min(low, price), price)
    return bars


def ticks(store: SqlStore, day: date) -> list[tuple[str, float, float, float]]:
    """Return (time, price, day volume, oi) of every tick of a day."""
    found = []
    for frame in store.frames(day, Source.RECORDED):
        batch = decode(frame.payload)
        for at in range(len(batch)):
            time = datetime.fromtimestamp(int(batch.exchange_time[at]), UTC).astimezone(IST)
            values = batch.last_price[at], batch.day_volume[at], batch.oi[at]
            found.append((f"{time:%H:%M:%S}", *map(float, values)))
    return found


# -- a bar becomes ticks -----------------------------------------------------------------


def test_a_bar_is_told_as_open_nearer_extreme_other_extreme_and_close(store, tmp_path):
    path = write(tmp_path / "a.csv", "2026-08-18 09:15:00,NIFTY 50,100,103,99,102")
    import_bars(path, store)
    assert [t[:2] for t in ticks(store, TUESDAY)] == [
        ("09:15:00", 100.0),
        ("09:15:20", 99.0),
        ("09:15:40", 103.0),
        ("09:15:59", 102.0),
    ]


def test_a_bar_of_one_price_has_its_first_and_its_last_second(store, tmp_path):
    import_bars(write(tmp_path / "a.csv", "2026-08-18 09:15:00,NIFTY 50,100,100,100,100"), store)
    assert [t[:2] for t in ticks(store, TUESDAY)] == [("09:15:00", 100.0), ("09:15:59", 100.0)]


def test_a_heartbeat_comes_before_the_open(store, tmp_path):
    import_bars(write(tmp_path / "a.csv", "2026-08-18 11:00:00,NIFTY 50,100,100,100,100"), store)
    first = next(store.frames(TUESDAY, Source.RECORDED))
    opened = int(datetime(2026, 8, 18, 9, 15, tzinfo=IST).timestamp())
    assert (first.payload, first.received_ns) == (b"\x00", (opened - 1) * 10**9)


def test_index_packets_carry_the_day_so_far_and_no_previous_close(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        "2026-08-18 09:15:00,NIFTY 50,100,104,99,102",
        "2026-08-18 09:16:00,NIFTY 50,102,103,101,101",
    )
    import_bars(path, store)
    last = decode(list(store.frames(TUESDAY, Source.RECORDED))[-1].payload)
    assert last.length.tolist() == [32]
    day = [float(c[0]) for c in (last.open, last.high, last.low, last.close)]
    assert day == [100.0, 104.0, 99.0, 0.0]


def test_a_future_spreads_its_volume_and_tells_its_oi_at_the_bars_end(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        "2026-08-18 09:15:00,NIFTY26AUGFUT,100,104,99,102,4000,650000",
        "2026-08-18 09:16:00,NIFTY26AUGFUT,102,102,102,102,130,650065",
        header=HEADER + ",volume,oi",
    )
    import_bars(path, store)
    assert ticks(store, TUESDAY) == [
        ("09:15:00", 100.0, 1000.0, 0.0),
        ("09:15:20", 99.0, 2000.0, 0.0),
        ("09:15:40", 104.0, 3000.0, 0.0),
        ("09:15:59", 102.0, 4000.0, 650000.0),
        ("09:16:00", 102.0, 4065.0, 650000.0),
        ("09:16:59", 102.0, 4130.0, 650065.0),
    ]
    (future,) = store.universe(TUESDAY, Source.RECORDED).instruments
    assert (future.symbol, future.lot, future.expiry) == ("NIFTY26AUGFUT", 65, date(2026, 8, 25))


def test_a_contract_without_a_volume_column_carries_no_volume(store, tmp_path):
    import_bars(write(tmp_path / "a.csv", "2026-08-18 09:15:00,NIFTY26AUGFUT,9,9,9,9"), store)
    batch = decode(list(store.frames(TUESDAY, Source.RECORDED))[-1].payload)
    assert batch.length.tolist() == [32]
    assert batch.day_volume[0] != batch.day_volume[0]  # NaN: absent is not 0


def test_an_index_jump_is_told_twice_so_that_it_is_believed(store, tmp_path):
    rows = ("2026-08-18 09:15:00,NIFTY 50,100,108,100,101",)
    import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [t[:2] for t in ticks(store, TUESDAY)] == [
        ("09:15:00", 100.0),
        ("09:15:40", 108.0),
        ("09:15:41", 108.0),
        ("09:15:58", 101.0),
        ("09:15:59", 101.0),
    ]


def test_all_instruments_of_a_second_share_a_message(store, tmp_path):
    path = write(
        tmp_path / "a.csv",
        "2026-08-18 09:15:00,NIFTY 50,100,100,100,100",
        "2026-08-18 09:15:00,SENSEX,200,200,200,200",
    )
    import_bars(path, store)
    sizes = [len(decode(f.payload)) for f in store.frames(TUESDAY, Source.RECORDED)]
    assert sizes == [0, 2, 2]


# -- whole files ---------------------------------------------------------------------------


@pytest.mark.shared
def test_a_real_day_comes_out_as_the_file_has_it(store, shared, tmp_path):
    path = shared / "data/bars/nifty_index_1m_2026_dev.csv.gz"
    report = import_bars(cut(path, tmp_path, "2026-07-28", "2026-08-18"), store)
    table = pd.read_csv(path)
    table = table[table["timestamp"].str.startswith("2026-08-18")]
    expected = {
        (NIFTY, stamp[11:16]): tuple(prices)
        for stamp, prices in zip(
            table["timestamp"], table[["open", "high", "low", "close"]].to_numpy(), strict=True
        )
    }
    assert rebuilt(store, TUESDAY) == expected
    assert len(expected) == 375  # 15:15 to 15:29 are the closing auction, and are kept
    assert [day.rows for day in report.days] == [371, 375]
    assert {day.fidelity for day in report.days} == {"1m bars"}
    assert report.rows_kept == report.rows_read == 746


@pytest.mark.shared
def test_the_special_saturday_ends_at_half_past_three(store, shared, tmp_path):
    path = shared / "data/bars/nifty_index_1m_2024_dev.csv.gz"
    report = import_bars(cut(path, tmp_path, "2024-01-19", "2024-01-20"), store)
    bars = rebuilt(store, date(2024, 1, 20))
    assert (len(bars), max(bars)[1]) == (375, "15:29")
    assert [str(left) for left in report.left_out] == [
        "167 rows left out, outside trading hours: 2024-01-20 15:30 to 2024-01-20 18:16"
    ]


@pytest.mark.shared
def test_five_minute_bars_are_whole_at_five_minutes(store, shared, tmp_path):
    path = shared / "data/bars/nifty_banknifty_sensex_5m_kite_futvol_2026MarApr_dev.csv.gz"
    report = import_bars(cut(path, tmp_path, "2026-03-02"), store)
    bars = rebuilt(store, date(2026, 3, 2), minutes=5)
    assert bars[INDICES["SENSEX"].token, "09:15"] == (78543.73, 80464.63, 78543.73, 80257.52)
    assert (NIFTY, "11:40") not in bars  # given twice with different numbers
    assert {day.fidelity for day in report.days} == {"5m bars"}


def test_parquet_gzip_and_plain_text_give_the_same_day(store, tmp_path):
    table = pd.DataFrame(
        {
            "Date": pd.to_datetime(["2026-08-18 09:15", "2026-08-18 09:16"]),
            "Open": [100.0, 101.0],
            "High": [102.0, 103.0],
            "Low": [99.0, 100.0],
            "Close": [101.0, 102.0],
        }
    )
    table.to_parquet(tmp_path / "a.parquet")
    table.to_csv(tmp_path / "a.csv.gz", index=False)
    table.to_csv(tmp_path / "a.csv", index=False)
    assert len(import_bars(tmp_path / "a.parquet", store, symbol="NIFTY").days) == 1
    for name in ("a.csv.gz", "a.csv"):
        assert import_bars(tmp_path / name, store, symbol="NIFTY").already == (TUESDAY,)


# -- columns, names and times -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        (" Date , Time ,Ticker,O,H,L,C", "18-08-2026,09:15:00,^NSEI,100,102,99,101", {}),
        ("date;time;symbol;open;high;low;close", "18/08/2026;09:15;NIFTY50;100;102;99;101", {}),
        (
            "DateTime,Symbol,Open,High,Low,Close",
            "2026-08-18T09:15:00+05:30,NIFTY,100,102,99,101",
            {},
        ),
        ("ts,symbol,open,high,low,close", "2026-08-18T03:45:00Z,NSE:NIFTY 50,100,102,99,101", {}),
        ("time,symbol,open,high,low,close", "1787024700,nifty 50,100,102,99,101", {}),
        ("time,symbol,open,high,low,close", "1787024700000,NIFTY,100,102,99,101", {}),
        (HEADER, "2026-08-18 03:45:00,NIFTY,100,102,99,101", {"timezone": "UTC"}),
        (HEADER, "2026-08-18 09:15:00,NIFTY BANK,100,102,99,101", {"symbol": "NIFTY 50"}),
        (
            "when,who,a,b,c,d",
            "2026-08-18 09:15:59,NIFTY,100,102,99,101",
            {
                "columns": {
                    "time": "when",
                    "symbol": "who",
                    "open": "a",
                    "high": "b",
                    "low": "c",
                    "close": "d",
                }
            },
        ),
    ],
)
def test_many_ways_to_write_the_same_bar(store, tmp_path, header, row, options):
    import_bars(write(tmp_path / "a.csv", row, header=header), store, **options)
    assert rebuilt(store, TUESDAY) == {(NIFTY, "09:15"): (100.0, 102.0, 99.0, 101.0)}


@pytest.mark.parametrize("first", [0, 1])
def test_times_with_and_without_a_zone_are_each_read_as_written(store, tmp_path, first):
    rows = [
        "2026-08-18 09:15:00,NIFTY,100,102,99,101",
        "2026-08-18T03:46:00Z,NIFTY,101,103,100,102",
        "2026-08-18 09:17:00,NIFTY,102,103,100,101",
        "2026-08-18T09:18:00+05:30,NIFTY,101,103,100,102",
    ]
    report = import_bars(write(tmp_path / "a.csv", *rows[first : first + 3]), store)
    starts = ["09:15", "09:16", "09:17", "09:18"]
    assert sorted(start for _, start in rebuilt(store, TUESDAY)) == starts[first : first + 3]
    note = "Some times name their zone and some do not; those without are in Asia/Kolkata"
    assert note in report.notes


@pytest.mark.parametrize(
    ("rows", "note", "days"),
    [
        (
            ["10/08/2026 10:00", "11/08/2026 10:00"],
            "Dates are read as day/month/year: 10/08/2026 is 10 August 2026 "
            "(the first rows would fit month/day/year too)",
            [date(2026, 8, 10), date(2026, 8, 11)],
        ),
        (
            ["10-08-2026 10:00", "18-08-2026 10:00"],
            "Dates are read as day/month/year: 10-08-2026 is 10 August 2026",
            [date(2026, 8, 10), TUESDAY],
        ),
        (
            ["8/10/2026 10:00", "8/18/2026 10:00"],
            "Dates are read as month/day/year: 8/10/2026 is 10 August 2026",
            [date(2026, 8, 10), TUESDAY],
        ),
    ],
)
def test_how_ambiguous_dates_are_read_is_said(store, tmp_path, rows, note, days):
    rows = [f"{at},NIFTY 50,100,102,99,101" for at in rows]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert note in report.notes
    assert [day.day for day in report.days] == days


def test_dates_that_are_not_ambiguous_need_no_word(store, tmp_path):
    rows = ["18-Aug-2026 10:00,NIFTY,9,9,9,9", "19-Aug-2026 10:00,NIFTY,9,9,9,9"]
    for at, row in enumerate((*rows, *good_rows(1))):
        report = import_bars(write(tmp_path / f"{at}.csv", row), store, replace=True)
        assert not [note for note in report.notes if note.startswith("Dates")]


def test_half_the_times_may_name_a_zone(store, tmp_path):
    rows = [f"2026-08-18 {at},NIFTY,9,9,9,9" for at in ("09:15", "09:16+05:30")]
    import_bars(write(tmp_path / "a.csv", *rows), store)
    assert sorted(start for _, start in rebuilt(store, TUESDAY)) == ["09:15", "09:16"]


def test_a_missing_column_names_what_was_found_and_what_is_needed(store, tmp_path):
    path = write(tmp_path / "a.csv", "2026-08-18,NIFTY,1,2", header="timestamp,symbol,open,high")
    with pytest.raises(ImportFileError, match=r"no column for low and close among timestamp, sym"):
        import_bars(path, store)


def test_bars_of_nobody_are_asked_about(store, tmp_path):
    path = write(
        tmp_path / "a.csv", "2026-08-18 09:15,100,102,99,101", header="ts,open,high,low,close"
    )
    with pytest.raises(ImportFileError, match="no column for symbol"):
        import_bars(path, store)


def test_an_unknown_name_is_left_out_and_said(store, tmp_path):
    rows = ("2026-08-18 09:15,NIFTY,100,102,99,101", "2026-08-18 09:15,TULIPS,100,102,99,101")
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert "'TULIPS' is no instrument that is kept here: 1 rows left out" in report.notes
    with pytest.raises(ImportFileError, match="no instrument is known as 'TULIPS'"):
        import_bars(write(tmp_path / "b.csv", rows[1]), store)


# -- bad rows ------------------------------------------------------------------------------------


def good_rows(count: int = 60) -> list[str]:
    return [f"2026-08-18 10:{at:02}:00,NIFTY 50,100,102,99,101" for at in range(count)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2026-08-18 10:05:00,NIFTY 50,abc,102,99,101", "line 7: column open holds 'abc'"),
        ("2026-08-18 10:05:00,NIFTY 50,100,102,99,", "line 7: column close is empty"),
        ("2026-08-18 10:05:00,NIFTY 50,100,102,99,-1", "line 7: column close holds '-1'"),
        ("2026-08-18 10:05:00,NIFTY 50,100,102,0,101", "line 7: column low holds '0'"),
        ("2026-08-18 10:05:00,NIFTY 50,100,inf,99,101", "line 7: column high holds 'inf'"),
        ("yesterday,NIFTY 50,100,102,99,101", "line 7: column timestamp holds 'yesterday'"),
        ("2026-08-18 10:05:00,NIFTY 50,100,98,99,101", "line 7: open 100.00 high 98.00 low 99.00"),
        ("2026-08-18 10:05:00,NIFTY 50,100,102", "line 7: 4 columns instead of 6"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(store, tmp_path, row, words):
    rows = good_rows()
    rows[5] = row
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert report.rows_kept == 59
    (left,) = report.left_out
    assert (left.count, left.first.startswith(words)) == (1, True), left.first


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "line 2: column close is empty (58 such rows)"),
        ("NaN", "line 2: column close is empty (58 such rows)"),
        ("inf", "line 2: column close holds 'inf' (58 such rows)"),
    ],
)
def test_the_good_rows_of_a_column_that_is_mostly_bad_are_kept(store, tmp_path, cell, words):
    rows = [f"2026-08-18 10:{at:02}:00,NIFTY 50,100,102,99,{cell}" for at in range(58)]
    rows += [f"2026-08-18 10:{at}:00,NIFTY 50,100,102,99,101" for at in (58, 59)]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert report.sentences() == [
        "a.csv: 1 day written (1m bars)",
        f"58 rows left out, a value is missing or cannot be right: {words}",
        "Only 2 of 60 rows could be read: see that its columns are what they seem",
        "Times name no zone: taken as IST",
    ]
    assert sorted(start for _, start in rebuilt(store, TUESDAY)) == ["10:58", "10:59"]


def test_each_kind_of_fault_is_told_with_its_first_line_and_its_rows(store, tmp_path):
    rows = good_rows()
    rows[3:6] = ["2026-08-18 10:03:00,NIFTY 50,,102,99,"] * 3
    rows[7] = "2026-08-18 10:07:00,NIFTY 50,many,102,99,101"
    rows[8] = "2026-08-18 10:08:00,NIFTY 50,more,102,99,101"
    rows[9] = "2026-08-18 10:09:00,NIFTY 50,100,102"
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert str(report.left_out[0]) == (
        "6 rows left out, a value is missing or cannot be right: "
        "line 5: column open is empty (3 such rows); "
        "line 9: column open holds 'many' (2 such rows); "
        "line 5: column close is empty (3 such rows); line 11: 4 columns instead of 6"
    )


def test_a_file_without_one_good_row_says_that_nothing_was_taken_and_why(store, tmp_path):
    rows = ["2026-08-18 10:00:00,NIFTY 50,a,102,99,"] * 4
    words = (
        r"^a\.csv: 4 of 4 rows cannot be read, so nothing is taken; line 2: column open holds 'a' "
        r"\(4 such rows\); line 2: column close is empty \(4 such rows\)$"
    )
    with pytest.raises(ImportFileError, match=words):
        import_bars(write(tmp_path / "a.csv", *rows), store)
    assert store.days() == []


def test_a_file_without_a_good_row_is_not_read_to_its_end(store, tmp_path, monkeypatch):
    monkeypatch.setattr("feeds.importers.faults.IN_VAIN", 50)
    monkeypatch.setattr("feeds.importers.lines.BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr("feeds.importers.lines._RAW_BYTES", 1 << 10)
    rows = ["2026-08-18 10:00:00,NIFTY 50,a,102,99,101"] * 500
    with pytest.raises(ImportFileError, match=r"csv: (\d\d) of \1 rows cannot be read"):
        import_bars(write(tmp_path / "a.csv", *rows), store)


def test_most_times_may_be_missing(store, tmp_path):
    rows = [",NIFTY 50,100,102,99,101"] * 9
    report = import_bars(write(tmp_path / "a.csv", *rows, *good_rows(1)), store)
    assert list(rebuilt(store, TUESDAY)) == [(NIFTY, "10:00")]
    assert "line 2: column timestamp is empty (9 such rows)" in str(report.left_out[0])


def test_bars_that_are_left_far_apart_are_still_of_a_minute(store, tmp_path):
    rows = [good_rows()[at] for at in (0, 7, 20, 27)]  # the most frequent step is 7 minutes
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [day.fidelity for day in report.days] == ["1m bars"]


def test_repeated_and_contradicting_rows(store, tmp_path):
    rows = good_rows(4)
    rows += [rows[0], "2026-08-18 10:01:00,NIFTY 50,100,102,99,100"]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [str(left) for left in report.left_out] == [
        "1 row left out, the same again: 2026-08-18 10:00",
        "2 rows left out, twice with different numbers, so neither is believed: 2026-08-18 10:01",
    ]
    assert sorted(start for _, start in rebuilt(store, TUESDAY)) == ["10:00", "10:02", "10:03"]


def test_rows_out_of_order_are_sorted_and_said(store, tmp_path):
    report = import_bars(write(tmp_path / "a.csv", *reversed(good_rows())), store)
    assert "Rows were out of order on 1 day (first 2026-08-18) and were sorted" in report.notes
    assert len(rebuilt(store, TUESDAY)) == 60


def test_prices_are_rounded_to_paise_and_counted(store, tmp_path):
    row = "2026-08-18 10:00:00,NIFTY 50,100.001,102,99,101.349998"
    report = import_bars(write(tmp_path / "a.csv", row), store)
    assert "2 prices had more than 2 decimals: rounded to 0.01" in report.notes
    assert rebuilt(store, TUESDAY) == {(NIFTY, "10:00"): (100.0, 102.0, 99.0, 101.35)}


def test_volumes_with_a_fraction_are_rounded_and_counted(store, tmp_path):
    row = "2026-08-18 09:15:00,NIFTY26AUGFUT,9,9,9,9,975.5,650"
    report = import_bars(write(tmp_path / "a.csv", row, header=HEADER + ",volume,oi"), store)
    note = "1 amount of volume or open interest had a fraction: rounded to 1 unit"
    assert note in report.notes
    assert ticks(store, TUESDAY)[-1][2:] == (976.0, 650.0)


def test_a_slipped_decimal_point_of_an_index_is_no_price(store, tmp_path):
    rows = good_rows(5)
    rows[2] = "2026-08-18 10:02:00,NIFTY 50,10,10.2,9.9,10.1"
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [left.reason for left in report.left_out] == [
        "over 20 % from the middle of the index's day"
    ]


# -- days -------------------------------------------------------------------------------------


def test_a_holiday_and_a_day_beyond_the_calendar_are_refused_and_the_rest_kept(store, tmp_path):
    rows = [
        "2019-05-06 10:00:00,NIFTY 50,1,1,1,1",
        "2024-01-22 10:00:00,NIFTY 50,1,1,1,1",
        "2024-01-23 10:00:00,NIFTY 50,1,1,1,1",
    ]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [day.day for day in report.days] == [date(2024, 1, 23)]
    assert report.refused == (
        "a.csv, line 2: calendar does not cover 2019-05-06: Tezi's covers 2022-11 to 2026-12; "
        "a newer Tezi knows more; 1 row skipped",
        "a.csv, line 3: 2024-01-22 had no trading (Special holiday (Ayodhya)); 1 row skipped",
    )


def test_days_that_are_skipped_for_different_reasons_are_told_apart(store, tmp_path):
    rows = good_rows(1)
    rows += [f"2026-08-{day} 10:0{at}:00,NIFTY 50,9,9,9,9" for day in (15, 16) for at in range(3)]
    rows += [f"2026-08-19 10:{at:02}:00,NIFTY 50,9,9,9,9" for at in range(0, 60, 3)]
    rows += ["2026-08-20 03:45:00,NIFTY 50,9,9,9,9", "2026-08-20 03:46:00,NIFTY 50,9,9,9,9"]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert report.refused == (
        "a.csv, line 3: 2026-08-15 had no trading (Saturday); "
        "1 more day to 2026-08-16 likewise, 6 rows skipped in all",
        "a.csv, line 9: 2026-08-19 has bars of 3 minutes, and only those of 1, 5, 15, 30 "
        "can be rebuilt; 20 rows skipped",
        "a.csv, line 29: 2026-08-20 has no bar in trading hours (the first is 03:45 IST); "
        "2 rows skipped",
    )
    assert report.left_out == ()
    skipped = 6 + 20 + 2
    assert report.rows_kept + skipped == report.rows_read


def test_rows_of_a_skipped_day_are_counted_once(store, tmp_path):
    rows = [f"2026-08-18 10:{at:02}:00,NIFTY 50,9,9,9,9" for at in range(0, 60, 3)]
    rows += [rows[0], "2026-08-18 08:00:00,NIFTY 50,9,9,9,9", *good_rows(1)]
    rows[-1] = rows[-1].replace("-18", "-19")
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    (refused,) = report.refused
    assert refused.endswith("can be rebuilt; 20 rows skipped")
    assert [left.count for left in report.left_out] == [1, 1]
    assert report.rows_read == 23


def test_times_in_another_zone_are_suspected(store, tmp_path):
    path = write(tmp_path / "a.csv", "2026-08-18 03:45:00,NIFTY 50,1,1,1,1")
    with pytest.raises(ImportFileError, match="no bar in trading hours \\(the first is 03:45 IST"):
        import_bars(path, store)


def test_an_interval_that_cannot_be_rebuilt_is_refused(store, tmp_path):
    rows = [f"2026-08-18 1{hour}:00:00,NIFTY 50,1,1,1,1" for hour in range(4)]
    with pytest.raises(ImportFileError, match="bars of 60 minutes, and only those of 1, 5, 15, 30"):
        import_bars(write(tmp_path / "a.csv", *rows), store)


def test_the_same_file_is_written_anew_when_told_to(store, tmp_path):
    path = write(tmp_path / "a.csv", *good_rows())
    import_bars(path, store)
    before = list(store.frames(TUESDAY, Source.RECORDED))
    report = import_bars(path, store, replace=True)
    assert report.sentences()[0] == "a.csv: 1 day written (1m bars)"
    assert list(store.frames(TUESDAY, Source.RECORDED)) == before


def test_the_same_file_again_changes_nothing(store, tmp_path):
    path = write(tmp_path / "a.csv", *good_rows())
    import_bars(path, store)
    before = store.days()
    report = import_bars(path, store)
    assert report.sentences()[0] == "a.csv: already there (1 day); nothing changed"
    assert store.days() == before


def test_a_file_that_has_grown_adds_only_its_new_days(store, tmp_path):
    path = write(tmp_path / "a.csv", *good_rows())
    import_bars(path, store)
    write(path, *good_rows(), "2026-08-19 10:00:00,NIFTY 50,1,1,1,1")
    assert import_bars(path, store).sentences()[0] == (
        "a.csv: 1 day written (1m bars); 1 of 2 days were already there"
    )


def test_another_source_of_the_same_day_needs_to_be_told(store, tmp_path):
    import_bars(write(tmp_path / "a.csv", *good_rows()), store)
    other = write(tmp_path / "b.csv", *good_rows(3))
    with pytest.raises(
        DuplicateError, match=r"NIFTY 50 on 2026-08-18 is already stored from a\.csv"
    ):
        import_bars(other, store)
    import_bars(other, store, replace=True)
    assert len(rebuilt(store, TUESDAY)) == 3


def test_files_of_different_instruments_join_one_day(store, tmp_path):
    path = write(tmp_path / "a.csv", *good_rows(2))
    import_bars(path, store)
    import_bars(path, store, symbol="BANKNIFTY")
    assert len(store.universe(TUESDAY, Source.RECORDED)) == 2
    assert len(rebuilt(store, TUESDAY)) == 4


# -- broken and large files ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", HEADER.encode(), "a.csv has a header and no rows"),
        ("a.csv", b"PK\x03\x04rest", "a.csv is a zip or Excel file"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv is not a CSV file"),
        ("a.csv", b"<html><body>404</body></html>", "a.csv is not a CSV file: it begins"),
        ("a.csv", b"just some words\nmore words\n", "has one column"),
        ("a.parquet", b"PAR1nothing", "a.parquet is a damaged Parquet file"),
    ],
)
def test_what_is_no_file_of_bars_is_said_to_be_none(store, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFileError, match=words):
        import_bars(tmp_path / name, store)


def test_a_file_that_is_not_there_is_said_to_be_missing(store, tmp_path):
    with pytest.raises(ImportFileError, match="cannot be opened"):
        import_bars(tmp_path / "none.csv", store)


def long_file(days: int) -> list[str]:
    """Return rows of many trading days."""
    found, day = [], date(2024, 4, 1)
    while days:
        if day.weekday() < 5:
            found += [
                f"{day} {h}:{m:02}:00,NIFTY 50,100,102,99,101" for h in (10, 11) for m in range(60)
            ]
            days -= 1
        day += timedelta(days=1)
    return found


def test_rows_are_gathered_into_days_window_by_window():
    rows = np.zeros(6, dtype=ROW)
    rows["time"] = [0, 86_400, 60, 86_460, 120, 180]
    blocks = [rows[:2], rows[2:4], rows[4:]]
    found = [(day.day, part["time"].tolist()) for day, part in by_day(iter(blocks), window=3)]
    # the day of the last row seen waits each time, and the other goes out
    assert found == [(1, [0, 60]), (2, [86_400, 86_460]), (1, [120, 180])]


def test_a_truncated_gzip_keeps_the_days_before_its_end(store, tmp_path):
    whole = gzip.compress("\n".join((HEADER, *long_file(30))).encode())
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    report = import_bars(path, store)
    (sentence,) = report.refused[-1:]
    assert "a.csv.gz: the gzip file ends in the middle" in sentence
    assert 1 < len(report.days) < 30
    assert all(day.rows == 120 for day in report.days)


def test_a_large_file_that_goes_back_is_refused_from_that_line_on(store, tmp_path, monkeypatch):
    monkeypatch.setattr(gather.by_day, "__defaults__", (200,))
    monkeypatch.setattr("feeds.importers.lines.BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr("feeds.importers.lines._RAW_BYTES", 1 << 12)
    rows = long_file(6)
    report = import_bars(write(tmp_path / "a.csv", *rows, rows[0]), store)
    assert "line 722 goes back to 2024-04-01 of NIFTY 50" in report.refused[-1]


def test_a_large_file_may_be_sorted_by_instrument(store, tmp_path, monkeypatch):
    monkeypatch.setattr(gather.by_day, "__defaults__", (200,))
    monkeypatch.setattr("feeds.importers.lines.BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr("feeds.importers.lines._RAW_BYTES", 1 << 12)
    rows = long_file(3)
    other = [row.replace("NIFTY 50", "SENSEX") for row in rows]
    report = import_bars(write(tmp_path / "a.csv", *rows, *other), store)
    assert report.rows_kept == 720
    assert report.refused == ()


def test_progress_ends_at_the_whole(store, tmp_path):
    seen: list[float] = []
    import_bars(
        write(tmp_path / "a.csv", *good_rows()), store, progress=lambda done, _: seen.append(done)
    )
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_an_interrupted_import_loses_only_the_day_in_hand(store, tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", *long_file(3))
    begin, begun = store.begin_tape, []

    def stop_at_the_third(*args, **options):
        begun.append(args)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return begin(*args, **options)

    monkeypatch.setattr(store, "begin_tape", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        import_bars(path, store)
    assert len(store.days()) == 2
    assert "2 of 3 days were already there" in import_bars(path, store).sentences()[0]


# -- gaps -------------------------------------------------------------------------------------


def gaps(store: SqlStore, day: date = TUESDAY) -> list[tuple[str, str, str]]:
    """Return (start, end, reason) of each gap of a day."""
    return [
        (f"{from_ns(g.started_ns):%H:%M}", f"{from_ns(g.ended_ns):%H:%M}", g.reason)
        for g in store.day(day).gaps
    ]


def test_minutes_without_a_bar_are_gaps_from_the_open_to_the_auction(store, tmp_path):
    rows = [f"2026-08-18 10:{at:02}:00,NIFTY 50,100,102,99,101" for at in (0, 1, 4, 5)]
    import_bars(write(tmp_path / "a.csv", *rows), store)
    assert gaps(store) == [
        ("09:15", "10:00", "no bars in the file"),
        ("10:02", "10:04", "no bars in the file"),
        ("10:06", "15:15", "no bars in the file"),
    ]


def test_a_minute_is_a_gap_only_if_no_instrument_has_a_bar(store, tmp_path):
    minutes = [f"{9 + at // 60:02}:{at % 60:02}" for at in range(15, 385)]  # to 15:25
    rows = [f"2026-08-18 {at},NIFTY 50,9,9,9,9" for at in minutes if at not in ("11:00", "11:01")]
    rows += [f"2026-08-18 {at},NIFTY26AUGFUT,9,9,9,9" for at in minutes if at != "11:01"]
    import_bars(write(tmp_path / "a.csv", *rows), store)
    assert gaps(store) == [
        ("11:01", "11:02", "no bars in the file"),
        ("15:25", "15:40", "no bars in the file"),  # the future trades on
    ]


def test_a_bar_of_five_minutes_covers_all_of_them(store, tmp_path):
    rows = [f"2026-08-18 09:{at}:00,NIFTY 50,9,9,9,9" for at in (15, 20, 25, 35, 40)]
    import_bars(write(tmp_path / "a.csv", *rows), store)
    assert [gap[:2] for gap in gaps(store)] == [("09:30", "09:35"), ("09:45", "15:15")]


@pytest.mark.shared
def test_a_recorded_day_says_which_minutes_it_lacks(store, shared, tmp_path):
    path = shared / "data/bars/nifty_index_1m_2026_dev.csv.gz"
    import_bars(cut(path, tmp_path, "2026-07-28", "2026-08-18"), store)
    lacking = gaps(store, date(2026, 7, 28))
    assert lacking == [("12:05", "12:09", "no bars in the file")]
    assert gaps(store) == []
