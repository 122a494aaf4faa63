"""A new database for each test: SQLite always, PostgreSQL where a server and driver are.

PostgreSQL's is named by TEZI_TEST_POSTGRESQL (a URL whose database may be emptied); without
it one of this run's own is made on the local server, and dropped at the end.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.schema import open_database
from storage.store import SqlStore, open_store
from tests.storage.people import PROCESSES

GIVEN = os.environ.get("TEZI_TEST_POSTGRESQL")
OWN = f"tezi_test_{os.getpid()}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Return the URL of a PostgreSQL database that may be emptied."""
    if GIVEN:
        yield GIVEN
        return
    psycopg = pytest.importorskip("psycopg")
    try:
        server = psycopg.connect(dbname="postgres", autocommit=True)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL here: {error}")
    with server:
        server.execute(f"CREATE DATABASE {OWN}")
        try:
            yield f"postgresql+psycopg:///{OWN}"
        finally:
            server.execute(f"DROP DATABASE {OWN} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tezi.db'}"
    url: str = request.getfixturevalue("postgresql")
    _empty(url)
    return url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def accounts(database: Database) -> SqlAccounts:
    return SqlAccounts(database)


@pytest.fixture
def starts(database: Database) -> Iterator[list[SqlAccounts]]:
    """Return stores that share the database and nothing else, as several processes do."""
    with ExitStack() as open_ones:
        url = database.url.render_as_string(hide_password=False)
        databases = [Database(url) for _ in range(PROCESSES)]
        for each in databases:
            open_ones.callback(each.close)
        yield [SqlAccounts(each) for each in databases]


def _empty(url: str) -> None:
    server = Database(url)
    with server.writing() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    server.close()
