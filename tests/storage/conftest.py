"""A new database for each test: SQLite always, PostgreSQL where a server and driver are.

PostgreSQL's is named by TEZI_TEST_POSTGRESQL (a URL whose database may be emptied),
``postgresql+psycopg:///tezi_test`` without it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from dashboard.core.errors import StoreError
from storage.engine import Database
from storage.schema import open_database
from storage.store import SqlStore, open_store

POSTGRESQL = os.environ.get("TEZI_TEST_POSTGRESQL", "postgresql+psycopg:///tezi_test")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tezi.db'}"
    _empty(POSTGRESQL)
    return POSTGRESQL


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


def _empty(url: str) -> None:
    try:
        server = Database(url)
        with server.writing() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        server.close()
    except StoreError as error:
        pytest.skip(f"no PostgreSQL here: {error}")
