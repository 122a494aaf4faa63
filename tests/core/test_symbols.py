"""Trading symbols: every spelling, every refusal, and back again."""

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.errors import SymbolError
from dashboard.core.market import Kind
from dashboard.core.roots import Root
from dashboard.core.symbols import format_symbol, make_token, parse_symbol

READINGS = [
    ("NIFTY25NOVFUT", "NIFTY", "2025-11-25", None, "FUT"),
    ("NIFTY25NOV24500CE", "NIFTY", "2025-11-25", 24500, "CE"),
    ("NIFTY25N0424500CE", "NIFTY", "2025-11-04", 24500, "CE"),
    ("NIFTY25O2025650CE", "NIFTY", "2025-10-20", 25650, "CE"),  # Tue 21 October is Diwali
    ("NIFTY2610626300CE", "NIFTY", "2026-01-06", 26300, "CE"),
    ("NIFTY2610624500CE", "NIFTY", "2026-01-06", 24500, "CE"),  # never 6 October
    ("NIFTY24D0519000PE", "NIFTY", "2024-12-05", 19000, "PE"),  # D is December, not DEC
    ("NIFTY24DEC19000PE", "NIFTY", "2024-12-26", 19000, "PE"),
    ("NIFTY2630225300CE", "NIFTY", "2026-03-02", 25300, "CE"),  # Tue 3 March is Holi
    ("NIFTY26MAR25000PE", "NIFTY", "2026-03-30", 25000, "PE"),
    ("NIFTY26N0918150CE", "NIFTY", "2026-11-09", 18150, "CE"),
    ("NIFTY26NOV17900PE", "NIFTY", "2026-11-23", 17900, "PE"),
    ("NIFTY26O1319250CE", "NIFTY", "2026-10-13", 19250, "CE"),
    ("NIFTY26OCT25000PE", "NIFTY", "2026-10-27", 25000, "PE"),
    ("NIFTY29DEC6000CE", "NIFTY", "2029-12-24", 6000, "CE"),  # Christmas is a Tuesday
    ("BANKNIFTY25NOV58000PE", "BANKNIFTY", "2025-11-25", 58000, "PE"),
    ("BANKNIFTY24N1352000CE", "BANKNIFTY", "2024-11-13", 52000, "CE"),
    ("BANKNIFTY2413145200CE", "BANKNIFTY", "2024-01-31", 45200, "CE"),  # after the monthly
    ("BANKNIFTY24JAN45200CE", "BANKNIFTY", "2024-01-25", 45200, "CE"),
    ("BANKNIFTY26NOVFUT", "BANKNIFTY", "2026-11-23", None, "FUT"),
    ("SENSEX26N1985000PE", "SENSEX", "2026-11-19", 85000, "PE"),
    ("SENSEX26NOVFUT", "SENSEX", "2026-11-26", None, "FUT"),
    ("NIFTYNXT5025NOV65000CE", "NIFTYNXT50", "2025-11-25", 65000, "CE"),
    ("SENSEX5026AUG26850PE", "SENSEX50", "2026-08-27", 26850, "PE"),
    ("M&M26AUG3412.5CE", "M&M", "2026-08-25", 3412.5, "CE"),
    ("M&MFIN26AUG290PE", "M&MFIN", "2026-08-25", 290, "PE"),
    ("BAJAJ-AUTO26AUGFUT", "BAJAJ-AUTO", "2026-08-25", None, "FUT"),
    ("360ONE26AUG920PE", "360ONE", "2026-08-25", 920, "PE"),
]


@pytest.mark.parametrize(("text", "underlying", "expiry", "strike", "kind"), READINGS)
def test_reads_what_the_exchange_prints(
    text: str, underlying: str, expiry: str, strike: float | None, kind: str
):
    symbol = parse_symbol(text)
    assert (symbol.text, symbol.underlying) == (text, underlying)
    assert (symbol.expiry, symbol.strike) == (date.fromisoformat(expiry), strike)
    assert symbol.kind is Kind(kind)


@pytest.mark.parametrize(("text", "underlying", "expiry", "strike", "kind"), READINGS)
def test_writes_what_the_exchange_prints(
    text: str, underlying: str, expiry: str, strike: float | None, kind: str
):
    on = date.fromisoformat(expiry)
    assert format_symbol(underlying, on, strike, kind, load_calendar()) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FOO25NOV100CE", "begins with no known underlying"),
        ("", "begins with no known underlying"),
        ("nifty25novfut", "upper case without blanks; write NIFTY25NOVFUT"),
        ("NIFTY25NOVFUT ", "upper case without blanks"),
        ("NIFTY", "after NIFTY comes YY and then a month"),
        ("NIFTY50", "after NIFTY comes YY"),
        ("NIFTY25NOX24500CE", "not '25NOX'"),
        ("NIFTY2500724500CE", "not '25007'"),  # a zero where the letter O belongs
        ("NIFTY2613224500CE", "2026-01-32 is no date"),
        ("NIFTY2623024500CE", "2026-02-30 is no date"),
        ("NIFTY25N04FUT", "weekly futures do not exist"),
        ("NIFTY25NOV2424500CE", "strike 2424500 is above 250000; is it another vendor's"),
        ("NIFTY04NOV2524500CE", "Kite writes the year first"),
        ("NIFTY25NOV24510CE", "strike 24510 is not a multiple of 50"),
        ("BANKNIFTY25NOV58050CE", "not a multiple of 100"),
        ("NIFTY25NOV24500", "must end in FUT, or a strike and CE or PE"),
        ("NIFTY25NOV24500XE", "must end in FUT"),
        ("NIFTY25NOVCE", "must end in FUT"),
        ("NIFTY25NOV0CE", "must end in FUT"),
        ("NIFTY25NOV024500CE", "must end in FUT"),
        ("NIFTY25NOV-24500CE", "must end in FUT"),
        ("NIFTY25NOV24500CE1", "must end in FUT"),
        ("NIFTY25NOV2٤٥٠٠CE", "must end in FUT"),
        ("NIFTY٢٥NOVFUT", "after NIFTY comes YY"),
        ("NIFTY25N0524500CE", "no weekly contract expires on Wednesday 2025-11-05"),
        ("NIFTY25N2524500CE", "2025-11-25 is a monthly expiry, spelled 25NOV"),
        ("BANKNIFTY25N0458000CE", "no weekly contracts in November 2025"),
        ("NIFTY2710624500CE", "no weekly contract expires on Wednesday 2027-01-06"),
        ("NIFTY50DEC24500CE", "no contract is listed as far ahead as 2050"),
        ("NIFTY19DEC12000CE", "reaches back"),
        ("SENSEX23JAN60000CE", "no expiry rule of SENSEX reaches back"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str):
    with pytest.raises(SymbolError, match=reason):
        parse_symbol(text)


def test_refuses_a_text_with_two_readings():
    roots = {name: Root("NFO", None, "NIFTY") for name in ("AB", "AB26901")}
    # AB 26 9 01 249051 CE, or AB26901 24 9 05 1 CE: both dates are weekly expiries
    with pytest.raises(SymbolError, match="ambiguous, it can be AB26901 expiring 2024-09-05 or AB"):
        parse_symbol("AB26901249051CE", roots=roots)


def test_a_contract_from_before_an_ad_hoc_holiday_keeps_its_date():
    # 15 January 2026 was declared a holiday on the 9th; until then this was traded
    assert parse_symbol("SENSEX2611585000CE").expiry == date(2026, 1, 15)
    assert parse_symbol("SENSEX2611485000CE").expiry == date(2026, 1, 14)


def test_marks_an_expiry_after_the_coverage_as_tentative():
    assert parse_symbol("NIFTY29DEC6000CE").tentative
    assert parse_symbol("NIFTY2710524500CE").tentative
    assert not parse_symbol("NIFTY26DEC24500CE").tentative


def test_the_exchange_must_be_the_root_s_own():
    assert parse_symbol("SENSEX26NOVFUT", "BFO").exchange == "BFO"
    assert parse_symbol("NIFTY26NOVFUT").exchange == "NFO"
    with pytest.raises(SymbolError, match="NIFTY trades on NFO, not BFO"):
        parse_symbol("NIFTY26NOVFUT", "BFO")


def test_a_strike_far_from_a_known_price_is_refused():
    assert parse_symbol("NIFTY25NOV24500CE", reference=26000.0).strike == 24500
    with pytest.raises(SymbolError, match="strike 2450 is more than 60% away from 26000"):
        parse_symbol("NIFTY25NOV2450CE", reference=26000.0)


@pytest.mark.parametrize(
    ("underlying", "expiry", "strike", "kind", "reason"),
    [
        ("NIFTY", "2025-11-04", None, "FUT", "weekly futures do not exist"),
        ("NIFTY", "2025-11-25", 24500, "FUT", "a future has no strike"),
        ("NIFTY", "2025-11-25", None, "CE", "needs CE or PE and a strike"),
        ("NIFTY", "2025-11-25", 24500, "EQ", "needs CE or PE and a strike"),
        ("NIFTY", "2025-11-05", 24500, "CE", "no weekly contract expires on Wednesday"),
        ("NIFTY", "2022-10-27", 18000, "CE", "calendar does not cover 2022-10-27"),
        ("GOLD", "2025-11-25", 100, "CE", "unknown underlying 'GOLD'"),
    ],
)
def test_does_not_write_what_does_not_exist(
    underlying: str, expiry: str, strike: float | None, kind: str, reason: str
):
    with pytest.raises(SymbolError, match=reason):
        format_symbol(underlying, date.fromisoformat(expiry), strike, kind, load_calendar())


def test_a_made_token_is_the_same_everywhere_and_shaped_like_kite_s():
    # CRC-32 of the text is 0x56dfb3ca; its low 23 bits are 0x5fb3ca, NFO is segment 2
    assert make_token("NIFTY25NOVFUT", "NFO") == 0x5FB3CA02
    assert make_token("SENSEX26NOVFUT", "BFO") & 0xFF == 5
    with pytest.raises(SymbolError, match="use NFO or BFO"):
        make_token("NIFTY 50", "NSE")


@pytest.mark.shared
def test_agrees_with_the_reference_symbols(shared: Path):
    with (shared / "vectors" / "symbols.csv").open() as rows:
        for row in csv.DictReader(rows):
            symbol = parse_symbol(row["symbol"], row["exchange"])
            strike = float(row["strike"]) if row["strike"] else None
            assert (symbol.underlying, symbol.kind) == (row["underlying"], row["type"])
            assert (str(symbol.expiry), symbol.strike) == (row["expiry"], strike)


@pytest.mark.shared
def test_reads_and_writes_every_contract_of_a_real_dump(shared: Path):
    dump = shared / "data" / "instruments" / "kite_instruments_nfo_bfo_20260818.csv.gz"
    calendar, seen = load_calendar(), Counter()
    with gzip.open(dump, "rt") as rows:
        for row in csv.DictReader(rows):
            symbol = parse_symbol(row["tradingsymbol"], row["exchange"])
            assert (symbol.underlying, str(symbol.expiry)) == (row["name"], row["expiry"])
            assert (symbol.strike or 0, symbol.kind) == (
                float(row["strike"]),
                row["instrument_type"],
            )
            written = format_symbol(
                symbol.underlying, symbol.expiry, symbol.strike, symbol.kind, calendar
            )
            assert written == row["tradingsymbol"]
            seen[symbol.exchange] += 1
    assert seen.total() == 39_941
