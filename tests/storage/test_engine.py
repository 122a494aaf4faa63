"""What goes wrong with a database is said in a sentence, and nothing is half done."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, text

from dashboard.core.errors import StoreError, StoreFullError, StoreLockedError
from dashboard.core.market import Source
from storage.engine import Database
from storage.store import SqlStore, open_store
from tests.storage.frames import DAY, NIFTY, info, live, ticks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tezi.db"


@pytest.fixture
def kept(file: Path) -> list:
    """Store some frames and close the store again."""
    frames = ticks(0, 90)
    with_tape(open_store(f"sqlite:///{file}"), frames)
    return frames


def with_tape(store: SqlStore, frames) -> None:
    with store.begin_tape(info(), [NIFTY]) as tape:
        tape.append(frames)
    store.close()


def limit_pages(database: Database, more: int) -> None:
    """Leave room for `more` pages of 4 KiB."""
    with database.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    @event.listens_for(database.engine, "connect")
    def limit(raw, _record):
        raw.execute(f"PRAGMA max_page_count = {pages + more}")

    database.close()


def test_makes_the_folder_that_is_missing(tmp_path: Path):
    file = tmp_path / "a" / "new" / "folder" / "tezi.db"
    open_store(f"sqlite:///{file}").close()
    assert file.exists()


def test_says_that_a_folder_cannot_be_made(file: Path):
    file.write_text("a file, not a folder")
    with pytest.raises(StoreError, match=r"its folder .* cannot be made"):
        open_store(f"sqlite:///{file}/tezi.db")


def test_says_that_a_file_is_no_database(file: Path):
    file.write_bytes(b"date,open,high,low,close\n" * 100)
    with pytest.raises(StoreError, match="the file is not a database; name another one"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes().startswith(b"date,open")


def test_says_that_the_path_is_a_folder(tmp_path: Path):
    with pytest.raises(StoreError, match="cannot be opened; check the path"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("tezi.db", "is not the URL of a database: use sqlite:///FILE"),
        ("sqlite://", "in memory forgets its tapes: use sqlite:///FILE"),
        ("sqlite:///:memory:", "in memory forgets its tapes"),
        ("mysql://root@localhost/tezi", "keeps its tapes in SQLite or PostgreSQL"),
        ("postgresql+nosuchdriver://localhost/tezi", "needs a driver that is not installed"),
    ],
)
def test_says_what_is_wrong_with_a_url(url: str, problem: str):
    with pytest.raises(StoreError, match=problem):
        open_store(url)


def test_hides_the_password_of_a_server():
    with pytest.raises(StoreError) as caught:
        open_store("postgresql+nosuchdriver://asha:secret@localhost/tezi")
    assert "secret" not in str(caught.value)


def test_says_that_another_process_holds_the_database(file: Path, kept: list):
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    store = open_store(f"sqlite:///{file}", lock_timeout_s=0.05)
    with pytest.raises(StoreLockedError, match="another process holds the database: this step"):
        with_tape(store, [])
    assert list(store.frames(DAY, Source.RECORDED)) == kept
    other.close()
    store.close()


def test_an_append_that_was_refused_can_be_tried_again(file: Path):
    store = open_store(f"sqlite:///{file}", lock_timeout_s=0.05)
    other = sqlite3.connect(file)
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 50))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLockedError):
            tape.append(ticks(50, 99))
        other.rollback()
        tape.append(ticks(50, 99))
    assert list(store.frames(DAY, Source.LIVE)) == ticks(0, 99)
    other.close()
    store.close()


def test_threads_of_this_process_wait_for_one_another(file: Path):
    database = Database(f"sqlite:///{file}", lock_timeout_s=0.05)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        caught = []

        def write_too():
            try:
                with database.writing():
                    pass
            except StoreLockedError as error:
                caught.append(str(error))

        thread = threading.Thread(target=write_too)
        thread.start()
        thread.join()
    assert caught
    assert "busy with another write of this process" in caught[0]
    database.close()


def test_says_that_the_disk_is_full_and_keeps_what_was_good(file: Path, kept: list):
    store = open_store(f"sqlite:///{file}")
    limit_pages(store._database, 20)
    with pytest.raises(StoreFullError, match="no room on the disk: this step was not written"):
        fill(store)
    assert list(store.frames(DAY, Source.RECORDED)) == kept
    assert len(store.days()) == 1
    store.close()


def fill(store: SqlStore) -> None:
    noise = [frame._replace(payload=bytes(range(256)) * 99) for frame in ticks(0, 50)]
    with store.begin_tape(info("seed 1", Source.MOCK, ""), [NIFTY]) as tape:
        tape.append(noise)


def test_says_that_the_file_is_read_only(file: Path, kept: list):
    store = open_store(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="cannot be written; check the rights"):
        fill(store)
    assert list(store.frames(DAY, Source.RECORDED)) == kept
    store.close()
