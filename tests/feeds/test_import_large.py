"""Files of any size: read as they come, in a memory that does not grow with them."""

import gzip
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import event, text

from dashboard.core.errors import (
    DamagedFileError,
    ImportFileError,
    StoreFullError,
    StoreLockedError,
)
from dashboard.core.market import Source
from feeds.importers import gather, lines
from feeds.importers.bar_rows import ROW
from feeds.importers.bars import import_bars
from feeds.importers.blocks import Blocks
from feeds.importers.chain import import_chain
from feeds.importers.gather import by_day
from feeds.importers.lines import whole_lines
from storage.store import SqlStore, open_store

HEADER = "timestamp,symbol,open,high,low,close"
CHAIN = "timestamp,symbol,expiry,strike,option_type,ltp,volume,oi"
ROWS_A_DAY = 120
MB = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'tezi.db'}", lock_timeout_s=0.05)
    yield opened
    opened.close()


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in blocks of 4 KiB and windows of 200 rows, so that a small file is a large one."""
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr(lines, "_RAW_BYTES", 1 << 12)
    monkeypatch.setattr(gather.by_day, "__defaults__", (200,))


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def bars_of(days: int, symbol: str = "NIFTY 50") -> list[str]:
    """Return two hours of bars of each of many weekdays."""
    found, day = [], date(2024, 5, 2)
    while len(found) < days * ROWS_A_DAY:
        if day.weekday() < 5 and day not in (date(2024, 5, 20), date(2024, 6, 17)):  # holidays
            found += [
                f"{day} {hour}:{minute:02}:00,{symbol},100,102,99,101"
                for hour in (10, 11)
                for minute in range(60)
            ]
        day += timedelta(days=1)
    return found


def peak(work: Callable[[], object]) -> int:
    """Return the bytes that were held at most during some work."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Endless:
    """A file that never ends, and counts what was taken from it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.taken = 0

    def read(self, size: int) -> bytes:
        self.taken += size
        return (self._content * (size // len(self._content) + 1))[:size]


def opened(content: bytes) -> tuple[Endless, BinaryIO]:
    file = Endless(content)
    return file, cast(BinaryIO, file)


# -- reading ---------------------------------------------------------------------------------


def test_blocks_are_handed_on_as_they_are_read():
    counter, file = opened(b"2024-05-02 10:00:00,100,102,99,101\n")
    given = 0
    for block in islice(whole_lines(file, gzipped=False), 20):
        given += len(block)
        assert counter.taken - given <= lines.BLOCK_BYTES + lines._RAW_BYTES
    assert given > 19 * lines.BLOCK_BYTES


def test_an_endless_line_is_given_up():
    counter, file = opened(b"x")
    with pytest.raises(DamagedFileError, match="a line of over 8,388,608 bytes is no row"):
        list(whole_lines(file, gzipped=False))
    assert counter.taken <= lines.LONGEST_LINE + lines.BLOCK_BYTES


def test_a_small_gzip_that_is_large_inside_is_not_unpacked_at_once(tmp_path):
    path = tmp_path / "zeros.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(HEADER.encode() + b"\n")
        for _ in range(64):
            file.write(bytes(MB))

    def read() -> None:
        with pytest.raises(DamagedFileError, match="is no row of a table"):
            list(Blocks(path))

    assert path.stat().st_size < MB
    assert peak(read) < 40 * MB


@pytest.mark.usefixtures("small_pieces")
def test_the_rows_of_a_file_are_never_all_in_memory(tmp_path):
    path = write(tmp_path / "a.csv", *bars_of(400))
    before = pa.total_allocated_bytes()
    largest = 0

    def read() -> None:
        nonlocal largest
        for _ in Blocks(path):
            largest = max(largest, pa.total_allocated_bytes() - before)

    assert path.stat().st_size > 2 * MB
    assert peak(read) < MB
    assert largest < MB


def test_days_are_gathered_without_holding_the_file():
    def blocks() -> Iterator[np.ndarray]:
        for number in range(200):  # ten blocks a day
            rows = np.zeros(5_000, dtype=ROW)
            rows["time"] = number // 10 * 86_400 + np.arange(5_000)
            yield rows

    sizes: list[int] = []

    def gather_all() -> None:
        for _, rows in by_day(blocks(), window=10_000):
            sizes.append(len(rows))

    assert peak(gather_all) < 20 * MB  # of 76
    assert sizes == [50_000] * 20


# -- what is no table --------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"timestamp,open," * 200_000, "is not a CSV file: its first line has no end"),
        (bytes(3 * MB), "is not a CSV file: it does not hold plain text"),
        (HEADER.encode() + b"\n" + b"x" * 9 * MB, "a line of over 8,388,608 bytes is no row"),
        (HEADER.encode() + b"\n" + bytes(range(128, 256)) * 20_000, "line 2 does not hold plain"),
    ],
)
def test_a_large_file_that_is_no_table_is_refused(store, tmp_path, content, words, zipped):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(ImportFileError, match=words) as caught:
        import_bars(path, store)
    assert "\n" not in str(caught.value)
    assert store.days() == []


def test_a_quote_that_is_not_closed_costs_its_own_row_only(store, tmp_path):
    rows = bars_of(1)
    rows[2] = rows[2].replace("NIFTY 50", '"NIFTY 50')
    rows[5] = rows[5].replace("NIFTY 50", '"NIFTY 50"')
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert report.rows_kept == ROWS_A_DAY - 1
    assert "line 4: a quote that is not closed" in str(report.left_out[0])


def test_an_overlong_cell_is_not_printed_whole(store, tmp_path):
    rows = [*bars_of(1), "2024-05-02 12:00:00,NIFTY 50,100,102,99," + "x" * 100_000]
    report = import_bars(write(tmp_path / "a.csv", *rows), store)
    assert "column close holds 'xxx" in str(report.left_out[0])
    assert len(str(report.left_out[0])) < 400


@pytest.mark.usefixtures("small_pieces")
def test_days_before_a_stretch_of_junk_are_kept(store, tmp_path):
    path = write(tmp_path / "a.csv", *bars_of(4))
    with path.open("ab") as file:
        file.write(bytes(range(128, 256)) * 100)
    report = import_bars(path, store)
    assert len(report.days) == 3  # the day in hand may lack rows
    words = "a.csv: line 482 does not hold plain text (UTF-8); the days before it are kept"
    assert words in report.refused[-1]


@pytest.mark.usefixtures("small_pieces")
def test_a_day_with_more_rows_than_a_market_has_bars_is_refused(store, tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "MOST_ROWS", 500)
    ticks = [
        f"2024-05-02 10:{at // 60:02}:{at % 60:02},NIFTY 50,100,102,99,101" for at in range(900)
    ]
    with pytest.raises(
        ImportFileError, match=r"a\.csv: from line 2 on 2024-05-02 has over 500 row"
    ):
        import_bars(write(tmp_path / "a.csv", *ticks), store)


def test_a_large_day_in_hand_is_given_out_once_and_whole():
    rows = np.zeros(1000, dtype=ROW)
    rows["time"][:990] = range(990)
    rows["time"][990:] = 86_400
    found = list(by_day((rows[at : at + 1] for at in range(1000)), window=10))
    assert [len(part) for _, part in found] == [990, 10]
    assert found[0][1]["time"].tolist() == list(range(990))


def test_a_new_name_in_every_row_is_no_column_of_instruments(store, tmp_path, monkeypatch):
    monkeypatch.setattr("feeds.importers.reading.MOST_NAMES", 100)
    orders = [f"2024-05-02 10:00:00,ORDER{at},100,102,99,101" for at in range(101)]
    with pytest.raises(
        ImportFileError, match=r"'symbol' holds over 100 names .*'ORDER0', 'ORDER1'"
    ):
        import_bars(write(tmp_path / "a.csv", *orders), store)


def test_many_unknown_names_are_told_in_a_few_sentences(store, tmp_path):
    stocks = [f"2024-05-02 10:00:00,STOCK{at},100,102,99,101" for at in range(50)]
    report = import_bars(write(tmp_path / "a.csv", *bars_of(1), *stocks, stocks[49]), store)
    told = [note for note in report.notes if "kept here" in note]
    assert told[0] == "'STOCK0' is no instrument that is kept here: 1 rows left out"
    assert told[5:] == ["45 more names are no instruments that are kept here: 46 rows left out"]


def test_a_chain_says_whose_rows_it_left_out(store, tmp_path):
    mine = "2026-08-18 10:00,NIFTY,2026-08-18,24000,CE,100,65,650"
    other = mine.replace("NIFTY", "RELIANCE")
    report = import_chain(write(tmp_path / "a.csv", mine, other, header=CHAIN), store)
    assert "'RELIANCE' is no instrument that is kept here: 1 rows left out" in report.notes
    with pytest.raises(ImportFileError, match="no instrument is known as 'RELIANCE'"):
        import_chain(write(tmp_path / "b.csv", other, header=CHAIN), store)


# -- a database that refuses in the middle ---------------------------------------------------------


def leave_room(store: SqlStore, pages: int) -> Callable[[], None]:
    """Let the database grow by some pages only; return what makes room again."""
    engine = store._database.engine
    with store._database.reading() as connection:
        most = connection.execute(text("PRAGMA page_count")).scalar_one() + pages

    def limit(raw, _record):
        raw.execute(f"PRAGMA max_page_count = {most}")

    def lift() -> None:
        event.remove(engine, "connect", limit)
        engine.dispose()

    event.listen(engine, "connect", limit)
    engine.dispose()
    return lift


def test_a_full_disk_keeps_the_days_before_and_the_import_goes_on_later(store, tmp_path):
    path = write(tmp_path / "a.csv", *bars_of(12))
    make_room = leave_room(store, 60)
    with pytest.raises(StoreFullError, match=r"days before .* are kept; import it again to go on"):
        import_bars(path, store)
    kept = len(store.days())
    assert 0 < kept < 12
    for day in store.days():
        assert len(list(store.frames(day.day, Source.RECORDED))) > ROWS_A_DAY
    make_room()
    report = import_bars(path, store)
    assert (len(report.already), len(report.days)) == (kept, 12 - kept)


def test_a_locked_database_refuses_the_import_and_takes_it_later(store, tmp_path):
    path = write(tmp_path / "a.csv", *bars_of(2))
    with closing(sqlite3.connect(tmp_path / "tezi.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLockedError, match="another process holds the database"):
            import_bars(path, store)
        other.rollback()
    assert store.days() == []
    assert len(import_bars(path, store).days) == 2
