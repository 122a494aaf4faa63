"""The database connection: its URL, its transactions, and its errors in our words.

SQLite runs in WAL mode with synchronous NORMAL: a commit survives the end of the process
by any means (kill -9 too), readers never wait for the writer, and only a power cut may
lose the last seconds. `FULL` would buy those for a disk flush at every commit.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from dashboard.core.errors import DuplicateError, StoreError, StoreFullError, StoreLockedError

LOCK_TIMEOUT_S = 10.0
BACKENDS = ("sqlite", "postgresql")
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32000",  # KiB
    "PRAGMA wal_autocheckpoint = 4000",  # pages; a minute of the journal is about 2000
    "PRAGMA journal_size_limit = 67108864",
)


class Database:
    """One database, shared by the threads of this process.

    Raises
    ------
    StoreError
        If the URL cannot be read, or names a database in memory.
    """

    def __init__(self, url: str, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.url = _read_url(url)
        self.name = self.url.render_as_string(hide_password=True)
        self._writers = threading.Lock()  # fairer than SQLite's own sleeping and trying again
        self._lock_timeout_s = lock_timeout_s
        self.engine = self._connect()
        self._reader = self.engine
        if not self.is_sqlite:  # whose readers see one state without being asked to
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def is_sqlite(self) -> bool:
        """Say whether it is a file of SQLite's."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose statements all see the same state."""
        with self._translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept, or none of them."""
        if not self._writers.acquire(timeout=self._lock_timeout_s):
            raise StoreLockedError(f"{self.name} is busy with another write of this process")
        try:
            with self._translated(), self.engine.connect() as plain:
                connection = plain.execution_options(tezi_writes=True)
                with connection.begin():
                    yield connection
        finally:
            self._writers.release()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig, self.name) from error
        except sqlite3.Error as error:  # from the pragmas of a new connection
            raise translate(error, self.name) from error

    def _connect(self) -> Engine:
        if not self.is_sqlite:
            return _connect_server(self.url, self.name, self._lock_timeout_s)
        _make_folder(self.url, self.name)
        engine = create_engine(self.url, connect_args={"timeout": self._lock_timeout_s})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


def upsert(connection: Connection, table: Table) -> Any:
    """Return an insert into `table` that knows ``on_conflict_do_update`` and ``_nothing``."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; one that is there under the same primary key gives way."""
    if not rows:
        return
    row = upsert(connection, table)
    newer = {c.name: row.excluded[c.name] for c in table.c if not c.primary_key}
    key = [column.name for column in table.primary_key]
    connection.execute(row.on_conflict_do_update(index_elements=key, set_=newer), rows)


def translate(cause: BaseException | None, name: str) -> StoreError:
    """Return what a driver's error means to a person: which database, what, what to do."""
    code = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    for kind, start, sentence in SENTENCES:
        if code.startswith(start):
            return kind(f"{name}: {sentence} ({cause})")
    return StoreError(f"{name}: {type(cause).__name__}: {cause}")


SENTENCES: tuple[tuple[type[StoreError], tuple[str, ...], str], ...] = (
    (
        StoreLockedError,
        ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40001", "40P01"),
        "another process holds the database: this step was not written; try again when it is done",
    ),
    (
        StoreFullError,
        ("SQLITE_FULL", "53100"),
        "no room on the disk: this step was not written; make room and try again",
    ),
    (
        StoreError,
        ("SQLITE_READONLY", "25006"),
        "the database cannot be written; check the rights of the file and its folder",
    ),
    (
        StoreError,
        ("SQLITE_NOTADB",),
        "the file is not a database; name another one, or move it away to begin a new one",
    ),
    (
        StoreError,
        ("SQLITE_CORRUPT",),
        "the database file is damaged; restore a copy, or save what `sqlite3 FILE .recover` finds",
    ),
    (StoreError, ("SQLITE_CANTOPEN",), "the file cannot be opened; check the path and its rights"),
    (StoreError, ("SQLITE_IOERR",), "the disk failed to read or write"),
    (
        DuplicateError,
        ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"),
        "it is stored already",
    ),
)


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(f"{text!r} is not the URL of a database: use sqlite:///FILE") from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError("A database in memory forgets its tapes: use sqlite:///FILE")
    if url.get_backend_name() not in BACKENDS:
        raise StoreError(f"{text!r}: Tezi keeps its tapes in SQLite or PostgreSQL")
    return url


def _connect_server(url: URL, name: str, lock_timeout_s: float) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(f"{name} needs a driver that is not installed: {error}") from error

    def set_up(raw: Any, _record: object) -> None:
        with raw.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(lock_timeout_s * 1000)}")
        raw.commit()

    event.listen(engine, "connect", set_up)
    return engine


def _make_folder(url: URL, name: str) -> None:
    if (url.database or "").startswith("file:"):  # SQLite's own kind of URL, options in it
        return
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{name}: its folder {folder} cannot be made ({error})") from error


def _set_up_sqlite(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # the driver begins no transactions of its own: we say when
    cursor = raw.cursor()
    try:
        for pragma in PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a writer that first reads would be refused at once where it could have waited
    writes = connection.get_execution_options().get("tezi_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
