"""Files become days: a small one made here, and the recorded ones."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Tezi, flip_a_byte

SMALL = """time,open,high,low,close
2026-08-18 09:15,24300.05,24310.00,24299.95,24305.50
2026-08-18 09:16,24305.50,24320.25,24301.00,24318.00
2026-08-18 09:17,24318.00,24319.00,24300.00,24302.75
2026-08-18 09:18,24302.75,24308.10,24300.60,24306.45
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "nifty_1m.csv"
    file.write_text(SMALL)
    return file


def test_bars_become_a_day_of_that_fidelity(tezi: Tezi, small: Path):
    ran = tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert ran.code == 0
    assert "nifty_1m.csv: 1 day written (1m bars)" in ran.words
    days = tezi("days").words
    assert "Tue 18 Aug 2026 RECORDED" in days
    assert "1m bars" in days
    assert "not prepared" not in days


def test_the_same_file_again_changes_nothing(tezi: Tezi, small: Path):
    tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    ran = tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert ran.code == 0
    assert "already there (1 day); nothing changed" in ran.words


def test_the_same_file_is_written_anew_when_told_to(tezi: Tezi, small: Path):
    words = ("import", "bars", str(small), "--symbol", "NIFTY 50")
    tezi(*words)
    before = orjson.loads(tezi("replay", "2026-08-18", "--json").out)
    ran = tezi(*words, "--replace")
    assert ran.code == 0
    assert "nifty_1m.csv: 1 day written (1m bars)" in ran.words
    assert tezi("days").words.count("Tue 18 Aug 2026") == 1
    assert orjson.loads(tezi("replay", "2026-08-18", "--json").out) == before


def test_a_damaged_day_is_mended_as_the_doctor_says(tezi: Tezi, small: Path, home: Path):
    words = ("import", "bars", str(small), "--symbol", "NIFTY 50")
    tezi(*words)
    whole = orjson.loads(tezi("replay", "2026-08-18", "--json").out)
    flip_a_byte(home)
    ill = tezi("doctor", "--deep")
    assert ill.code == 1
    advice = "`tezi import bars nifty_1m.csv`, with the options of the first time"
    assert advice in ill.words
    assert "nifty_1m.csv: damaged" in tezi("days").words
    assert advice in " ".join(tezi("replay", "2026-08-18", "--json").err.split())
    assert advice in " ".join(tezi("prepare", "2026-08-18").err.split())

    ran = tezi(*words)
    assert ran.code == 0
    assert "1 day written (1m bars); 1 day was damaged and written anew (2026-08-18)" in ran.words
    assert tezi("doctor", "--deep").code == 0
    assert "damaged" not in tezi("days").words
    assert orjson.loads(tezi("replay", "2026-08-18", "--json").out) == whole
    assert "already there (1 day); nothing changed" in tezi(*words).words


def test_a_damaged_chain_is_mended_in_the_same_way(tezi: Tezi, tmp_path: Path, home: Path):
    file = tmp_path / "page of nifty.csv"
    file.write_text(
        "timestamp,symbol,expiry,strike,option_type,ltp,volume,oi\n"
        "2026-08-18 10:43,NIFTY,2026-08-18,24000,CE,9.5,130,650\n"
        "2026-08-18 10:44,NIFTY,2026-08-18,24000,CE,9.6,195,650\n"
    )
    words = ("import", "chain", str(file))
    assert tezi(*words).code == 0
    for again in (words, (*words, "--replace")):
        flip_a_byte(home)
        assert "`tezi import chain 'page of nifty.csv'`" in tezi("doctor", "--deep").words
        assert "1 day was damaged and written anew (2026-08-18)" in tezi(*again).words
        assert tezi("doctor", "--deep").code == 0


def test_only_the_damaged_day_of_a_file_is_written_anew(tezi: Tezi, small: Path, home: Path):
    later = SMALL.replace("2026-08-18", "2026-08-19").splitlines()[1:]
    small.write_text(SMALL + "\n".join(later) + "\n")
    words = ("import", "bars", str(small), "--symbol", "NIFTY 50")
    tezi(*words)
    flip_a_byte(home)
    ran = tezi(*words)
    assert "1 day was damaged and written anew" in ran.words
    assert "1 of 2 days were already there" in ran.words


def test_columns_are_named_where_the_file_does_not(tezi: Tezi, small: Path):
    small.write_text(SMALL.replace("close", "bell"))
    refused = tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert refused.code == 2
    assert "close" in refused.words
    words = ("import", "bars", str(small), "--symbol", "NIFTY 50", "--column", "close=bell")
    assert "1 day written" in tezi(*words).words


def test_what_is_kept_is_told_when_preparing_stops(tezi: Tezi, small: Path, home: Path):
    tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    later = SMALL.replace("2026-08-18", "2026-08-19").splitlines()[1:]
    small.write_text("\n".join([SMALL.replace("2026-08-18", "2026-08-14").strip(), *later]))
    with closing(sqlite3.connect(home / "tezi.sqlite")) as db, db:
        db.execute(
            "CREATE TRIGGER no_more BEFORE INSERT ON checkpoint "
            "WHEN (SELECT day FROM day WHERE id = NEW.day_id) = '2026-08-19' "
            "BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    ran = tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert ran.code == 2
    assert "nifty_1m.csv: 2 days written (1m bars)" in ran.words
    assert "no more. 2 days are stored, 1 prepared; preparing stopped at 2026-08-19" in ran.words
    assert "`tezi prepare 2026-08-19` goes on with it" in ran.words
    days = tezi("days").words
    assert "Fri 14 Aug 2026 RECORDED" in days
    assert "Wed 19 Aug 2026 RECORDED" in days
    assert days.count("not prepared") == 1


@pytest.mark.parametrize("word", ["close", "=Last", "close="])
def test_a_column_is_named_with_its_field(tezi: Tezi, small: Path, word: str):
    ran = tezi("import", "bars", str(small), "--column", word)
    assert ran.code == 2
    assert "names no column; write it as close=Last" in ran.words


@pytest.mark.parametrize("kind", ["bars", "chain"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be opened"),
        (b"hello\n", "is not a CSV file"),
        (bytes(range(256)) * 8, "is not a CSV file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    tezi: Tezi, tmp_path: Path, kind: str, content: bytes | None, sentence: str
):
    file = tmp_path / "some.csv"
    if content is not None:
        file.write_bytes(content)
    ran = tezi("import", kind, str(file))
    assert ran.code == 2
    assert sentence in ran.words
    assert "No day is stored yet" in tezi("days").words


def test_a_bad_zone_and_a_bad_expiry_are_told(tezi: Tezi, small: Path):
    zone = tezi("import", "bars", str(small), "--symbol", "NIFTY 50", "--timezone", "Mars/Utopia")
    assert zone.code == 2
    assert "Mars/Utopia" in zone.words
    expiry = tezi("import", "chain", str(small), "--expiry", "tomorrow")
    assert expiry.code == 2
    assert "'tomorrow' is no date" in expiry.words


@pytest.mark.shared
def test_an_expiry_day_is_joined_from_bars_and_chain(tezi: Tezi, shared: Path):
    bars = shared / "data/bars/nifty_index_1m_2026_dev.csv.gz"
    chain = shared / "data/options/nifty_chain_nse_1m_20260818.csv.gz"
    assert "16 days written (1m bars)" in tezi("import", "bars", str(bars)).words
    assert "1 day written" in tezi("import", "chain", str(chain)).words
    line = next(x for x in tezi("days").out.splitlines() if x.startswith("Tue 18 Aug 2026"))
    assert "RECORDED" in line
    assert line.endswith("1m bars, chain 1m")

    told = orjson.loads(tezi("replay", "2026-08-18", "--json").out)
    final = {(r["underlying"], r["id"], r["timeframe"]): r for r in told["final"]}
    assert told["failures"] == {}
    assert final["NIFTY", "pivots", "1m"]["bar_ts"] == "2026-08-18T15:14:00+05:30"
    assert "No future volume" in final["NIFTY", "vwap", "1m"]["reason"]
    assert final["NIFTY", "pcr", "1m"]["state"] != "insufficient_data"
    assert math.isfinite(final["NIFTY", "pcr", "1m"]["strength"])


def test_a_missing_column_is_named_with_an_option(tezi: Tezi, small: Path):
    small.write_text(SMALL.replace("low", "floor"))
    ran = tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert "name them, as in --column low=NAME" in ran.words


def test_bars_of_nobody_are_given_a_name_with_an_option(tezi: Tezi, small: Path):
    ran = tezi("import", "bars", str(small))
    assert 'name them, --symbol "NIFTY 50" or --column symbol=NAME' in ran.words
    small.write_text("time,symbol,open,high,low,close\n2026-08-18 09:15,TULIPS,1,1,1,1\n")
    ran = tezi("import", "bars", str(small))
    assert 'say whose rows these are, as in --symbol "NIFTY 50"' in ran.words


def test_a_day_of_another_source_is_replaced_with_an_option(tezi: Tezi, small: Path):
    tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    small.write_text(SMALL.replace("24306.45", "24306.50"))
    words = ("import", "bars", str(small), "--symbol", "NIFTY 50")
    refused = tezi(*words)
    assert refused.code == 2
    assert "give --replace to have all of nifty_1m.csv on that day give way" in refused.words
    assert "1 day written" in tezi(*words, "--replace").words


def test_a_page_that_says_nothing_is_completed_with_options(tezi: Tezi, tmp_path: Path):
    page = tmp_path / "page.csv"
    page.write_text("strike,option_type,ltp,volume,oi\n24000,CE,9.5,130,650\n")
    ran = tezi("import", "chain", str(page))
    assert 'pass --symbol NIFTY, --expiry 2026-05-26, --at "2026-05-26 10:33"' in ran.words
    options = ("--symbol", "NIFTY", "--expiry", "2026-08-18", "--at", "2026-08-18 10:43")
    assert "1 day written" in tezi("import", "chain", str(page), *options).words
    wrong = tezi("import", "chain", str(page), *options[:4], "--at", "noon")
    assert "'noon' is no time; write it as 2026-05-26 10:33" in wrong.words


def test_the_list_of_days_counts_what_a_file_lacks(tezi: Tezi, small: Path):
    kept = [line for line in SMALL.splitlines() if " 09:17" not in line]
    small.write_text("\n".join(kept) + "\n")
    tezi("import", "bars", str(small), "--symbol", "NIFTY 50")
    assert "; 2 gaps" in tezi("days").words  # 09:17, and from 09:19 to the close
