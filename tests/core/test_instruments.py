"""The instruments dump: what is read, and every way in which it is refused."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from dashboard.core.errors import InputError
from dashboard.core.instruments import read_dump, read_instruments
from dashboard.core.market import INDICES, UNDERLYINGS, Instrument, Kind

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,"
    "tick_size,lot_size,instrument_type,segment,exchange"
)
FUTURE = "14866434,58072,NIFTY26AUGFUT,NIFTY,0.0,2026-08-25,0.0,0.1,65,FUT,NFO-FUT,NFO"
OPTION = "14866690,58073,NIFTY26AUG24500CE,NIFTY,0.0,2026-08-25,24500.0,0.05,65,CE,NFO-OPT,NFO"
EQUITY = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0.0,,0.0,0.1,1,EQ,NSE,NSE"
INDEX = "256265,1001,NIFTY 50,NIFTY 50,0.0,,0.0,0.0,0,EQ,INDICES,NSE"
GOLD = "60000007,234375,GOLD26AUG,GOLD,0.0,2026-08-05,0.0,1.0,100,FUT,MCX-FUT,MCX"


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
            (FUTURE, OPTION.replace("NIFTY26AUG24500CE", "NIFTY26AUGFUT")),
            "tradingsymbol appears twice in line 2 .* 3 ",
        ),
        ((FUTURE.replace("NFO-FUT,NFO", "XFO-FUT,XFO"),), "exchange is none of NSE, BSE"),
        ((EQUITY, FUTURE + ",1"), "13 values under 12 names in line 3$"),
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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\n<!DOCTYPE html><html><body>Bad gateway</body></html>", "but a web page"),
        (b'{"status": "error", "message": "busy"}', "but JSON"),
        (dump(EQUITY, FUTURE)[:-40], "breaks off in line 3: ask for it again"),
        (dump(EQUITY, FUTURE)[:-2], "breaks off in line 3"),  # within the exchange's name
        (dump(EQUITY, FUTURE)[:-1] + b"\n14866", "breaks off in line 4"),
    ],
)
def test_says_what_came_instead_of_a_whole_dump(content: bytes, reason: str):
    with pytest.raises(InputError, match=reason):
        read_instruments(content, UNDERLYINGS)


def test_takes_a_file_whose_last_line_does_not_end():
    assert len(read_instruments(dump(EQUITY, FUTURE)[:-1])) == 2


def test_takes_the_contracts_and_indices_of_some_underlyings_alone():
    vix = "264969,1035,INDIA VIX,INDIA VIX,0.0,,0.0,0.0,0,EQ,INDICES,NSE"
    fin = OPTION.replace("NIFTY", "FINNIFTY").replace("14866690,58073", "14866946,58074")
    found = read_dump(dump(EQUITY, FUTURE, GOLD, fin, OPTION, INDEX, vix), ["NIFTY"])
    assert [i.symbol for i in found.instruments] == [
        "NIFTY26AUGFUT",
        "NIFTY26AUG24500CE",
        "NIFTY 50",
    ]
    assert (found.rows, found.left_out, found.faults) == (7, 0, ())


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (GOLD.replace("60000007", "none"), "instrument_token is no number in line 3 (GOLD26AUG)"),
        (GOLD.replace("MCX-FUT,MCX", "XYZ-FUT,XYZ"), "exchange is none of NSE, BSE"),
        (GOLD.replace("2026-08-05", "soon"), "expiry is no date in line 3 (GOLD26AUG)"),
        (GOLD + ",more", "13 values under 12 names in line 3"),
        (GOLD.replace(",FUT,", ",SWAP,"), "instrument_type is none of EQ, FUT, CE, PE"),
    ],
)
def test_leaves_out_and_counts_faults_that_concern_nothing_it_takes(row: str, fault: str):
    found = read_dump(dump(EQUITY, row, FUTURE), UNDERLYINGS)
    assert [i.symbol for i in found.instruments] == ["NIFTY26AUGFUT"]
    assert (found.rows, found.left_out) == (3, 1)
    assert found.faults[0].startswith(fault)


def test_two_others_that_share_a_token_are_left_out():
    found = read_dump(dump(GOLD, GOLD, FUTURE), UNDERLYINGS)
    assert (len(found.instruments), found.left_out) == (1, 2)
    assert found.faults == ("instrument_token appears twice in line 2 (GOLD26AUG), 3 (GOLD26AUG)",)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        # a token of ours that is another's too means two things, and both are named
        (
            (GOLD, GOLD, FUTURE, EQUITY.replace("738561,2885", "14866434,58072")),
            r"twice in line 4 \(NIFTY26AUGFUT\), 5 \(RELIANCE\)$",
        ),
        ((GOLD, FUTURE.replace("NFO-FUT,NFO", "XFO-FUT,XFO")), "exchange is none of .* line 3"),
        ((GOLD + ",1", OPTION.replace("24500.0", "0")), "an option without strike in line 3"),
        ((GOLD, FUTURE + ",1"), "13 values under 12 names in line 3"),
    ],
)
def test_a_fault_of_what_it_takes_is_refused(rows: tuple[str, ...], reason: str):
    with pytest.raises(InputError, match=reason):
        read_dump(dump(*rows), UNDERLYINGS)


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
def test_takes_our_underlyings_out_of_a_real_dump(shared: Path):
    found = read_dump(
        shared / "data" / "instruments" / "kite_instruments_nfo_bfo_20260818.csv.gz", UNDERLYINGS
    )
    assert (len(found.instruments), found.rows, found.left_out) == (5_089, 39_941, 0)
    assert {i.underlying for i in found.instruments} == {"NIFTY", "BANKNIFTY", "SENSEX"}


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
