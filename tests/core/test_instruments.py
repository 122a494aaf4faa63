"""The instruments dump: what is read, and every way in which it is refused."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from dashboard.core.errors import InputError
from dashboard.core.instruments import read_instruments
from dashboard.core.market import INDICES, Instrument, Kind

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,"
    "tick_size,lot_size,instrument_type,segment,exchange"
)
FUTURE = "14866434,58072,NIFTY26AUGFUT,NIFTY,0.0,2026-08-25,0.0,0.1,65,FUT,NFO-FUT,NFO"
OPTION = "14866690,58073,NIFTY26AUG24500CE,NIFTY,0.0,2026-08-25,24500.0,0.05,65,CE,NFO-OPT,NFO"
EQUITY = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0.0,,0.0,0.1,1,EQ,NSE,NSE"
INDEX = "256265,1001,NIFTY 50,NIFTY 50,0.0,,0.0,0.0,0,EQ,INDICES,NSE"


def dump(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def test_reads_each_kind_of_row():
    future, option, equity, index = read_instruments(dump(FUTURE, OPTION, EQUITY, INDEX))
    expiry = date(2026, 8, 25)
    assert future == Instrument(
        14866434, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, expiry, None, 65, 0.1
    )
    assert option == Instrument(
        14866690, "NIFTY26AUG24500CE", "NFO", "NIFTY", Kind.CALL, expiry, 24500.0, 65, 0.05
    )
    assert equity == Instrument(738561, "RELIANCE", "NSE", "RELIANCE", Kind.EQUITY, tick=0.1)
    assert index == INDICES["NIFTY"]


def test_reads_a_file_plain_or_gzipped(tmp_path: Path):
    plain, packed = tmp_path / "dump.csv", tmp_path / "dump.csv.gz"
    plain.write_bytes(dump(FUTURE))
    packed.write_bytes(gzip.compress(dump(FUTURE)))
    assert read_instruments(plain) == read_instruments(packed) == read_instruments(dump(FUTURE))


def test_yesterday_s_figures_are_unknown():
    (future,) = read_instruments(dump(FUTURE))
    assert (future.previous_close, future.previous_oi) == (None, None)


def test_a_dump_without_names_takes_what_stands_before_the_expiry():
    rows = [FUTURE.replace(",NIFTY,", ",,"), OPTION.replace(",NIFTY,", ",,")]
    assert [i.underlying for i in read_instruments(dump(*rows))] == ["NIFTY", "NIFTY"]


def test_a_name_that_looks_like_missing_is_a_name():
    (equity,) = read_instruments(dump(EQUITY.replace("RELIANCE,", "NA,", 1)))
    assert equity.symbol == "NA"


def test_a_dump_of_no_rows_is_empty():
    assert read_instruments(dump()) == []


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((FUTURE, FUTURE), "instrument_token appears twice in line 2 .* 3 "),
        (
            (EQUITY, FUTURE.replace(",58072,", ",58071,")),
            r"not exchange_token << 8 \| segment in line 3 \(NIFTY26AUGFUT\)",
        ),
        ((FUTURE.replace("14866434", "none"),), "instrument_token is no number in line 2"),
        ((FUTURE.replace("14866434", "1.5"),), "instrument_token is no whole number"),
        ((FUTURE.replace("14866434", ""),), "not exchange_token << 8"),
        ((FUTURE.replace(",65,", ",inf,"),), "lot_size is no number"),
        ((FUTURE.replace(",65,", ",0,"),), "lot_size is not positive"),
        ((FUTURE.replace(",0.1,", ",0,"),), "tick_size is not positive"),
        ((FUTURE.replace("2026-08-25", "25-08-2026"),), "expiry is no date in line 2"),
        ((FUTURE.replace("2026-08-25", ""),), "a contract without expiry"),
        ((OPTION.replace("24500.0", "0"),), "an option without strike in line 2"),
        ((OPTION.replace(",CE,", ",CALL,"),), "instrument_type is none of EQ, FUT, CE, PE"),
        ((EQUITY.replace("RELIANCE,", ",", 1),), "tradingsymbol is empty"),
        ((FUTURE.replace("NIFTY26AUGFUT,NIFTY", "X,"),), "a contract without name"),
    ],
)
def test_refuses_a_row_that_cannot_be_true(rows: tuple[str, ...], reason: str):
    with pytest.raises(InputError, match=reason):
        read_instruments(dump(*rows))


def test_names_three_lines_and_counts_the_rest():
    rows = [OPTION.replace("24500.0", "0").replace("1486", f"{n}86", 1) for n in range(10, 15)]
    rows = [r.replace("58073", str(int(r.split(",")[0]) // 256)) for r in rows]
    with pytest.raises(InputError, match=r"line 2 .*, 3 .*, 4 .* and 2 more"):
        read_instruments(dump(*rows))


def test_names_every_missing_column():
    content = dump(FUTURE).replace(b"strike,", b"price,").replace(b"lot_size", b"lots")
    with pytest.raises(InputError, match="lacks the columns strike, lot_size"):
        read_instruments(content)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x1f\x8bxx", b"\x1f\x8b"])
def test_refuses_what_is_no_table(content: bytes):
    with pytest.raises(InputError, match="is not a CSV of instruments"):
        read_instruments(content)


def test_refuses_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_instruments(tmp_path / "none.csv")


@pytest.mark.shared
def test_reads_a_real_dump_of_derivatives(shared: Path):
    found = read_instruments(
        shared / "data" / "instruments" / "kite_instruments_nfo_bfo_20260818.csv.gz"
    )
    assert len(found) == 39_941
    assert {i.lot for i in found if i.underlying == "NIFTY"} == {65}
    assert {i.lot for i in found if i.underlying == "BANKNIFTY"} == {30}
    assert {i.lot for i in found if i.underlying == "SENSEX"} == {20}
    assert found[0] == Instrument(
        14866434, "NIFTY26AUGFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 8, 25), None, 65, 0.1
    )


@pytest.mark.shared
@pytest.mark.parametrize(("name", "contracts"), [("all", 25), ("nse", 0)])
def test_reads_the_broker_s_own_samples(shared: Path, name: str, contracts: int):
    found = read_instruments(shared / "data" / "kite-mocks" / f"instruments_{name}.csv")
    assert len(found) == 99
    assert sum(i.expiry is not None for i in found) == contracts
    assert {i.symbol: i.underlying for i in found}.get("BANKNIFTY18JAN23500CE") in (
        "BANKNIFTY",
        None,
    )
