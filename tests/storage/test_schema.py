"""The schema: made once, the same as the tables, and never older than the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from dashboard.core.errors import StoreError
from dashboard.core.market import Source
from storage.accounts import SqlAccounts
from storage.engine import Database
from storage.schema import configuration, open_database, revision
from storage.store import open_store
from storage.tables import metadata


def test_the_steps_come_to_the_tables_that_the_code_uses(database: Database):
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_refuses_a_database_of_a_newer_tezi(url: str):
    database = open_database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match=r"newer Tezi \(schema 9999.*: update Tezi, or name"):
        open_database(url)


def test_several_that_open_a_new_database_together_make_it_once(url: str):
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: open_database(url), range(4)))
    for database in opened:
        with database.reading() as connection:
            assert revision(connection) == "0005"
        database.close()


def test_days_prepared_by_an_older_tezi_keep_their_bars_and_are_prepared_again(url: str):
    database = Database(url)
    with database.writing() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO day (id, day, world, version, prepared) VALUES "
                "(1, '2026-08-18', 'RECORDED', 3, 3), (2, '2026-08-19', 'RECORDED', 3, NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO bar (day_id, timeframe, token, start, close, n, flags) "
                "VALUES (1, 1, 256265, 60, 24500.0, 1, 0)"
            )
        )
    database.close()
    store = open_store(url)
    bars = store.bars_before(date(2026, 8, 20), Source.RECORDED, [256265], "1m", 5)[256265]
    assert bars["close"].tolist() == [24_500.0]
    assert np.isnan(bars["average_price"]).all()
    with store._database.reading() as connection:
        known = connection.execute(text("SELECT prepared FROM day ORDER BY id")).scalars().all()
    assert known == [-1, None]
    store.close()


def test_accounts_of_an_older_tezi_stay_and_their_sign_ins_end(url: str):
    database = Database(url)
    with database.writing() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for statement in (
            "INSERT INTO account (id, name, name_key, password_hash, role, created_ns, disabled) "
            "VALUES (7, 'asha', 'asha', 'h', 'owner', 5, false)",
            "INSERT INTO sign_in_token (jti, account_id, expires_ns, revoked) "
            "VALUES ('one', 7, 100, false)",
            "INSERT INTO invitation (hash, role, expires_ns) VALUES ('link', 'owner', 100)",
        ):
            connection.execute(text(statement))
    database.close()
    database = open_database(url)
    accounts = SqlAccounts(database)
    (kept,) = accounts.list_accounts()
    assert (kept.id, kept.name, kept.role, kept.created_ns) == (7, "asha", "owner", 5)
    assert accounts.sessions.alive(7, 0) == []
    assert not accounts.invitations.is_good("link", 50)
    database.close()


def test_opening_again_keeps_everything(url: str):
    database = open_database(url)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO setting (key, value) VALUES ('a', 'b')"))
    database.close()
    database = open_database(url)
    with database.reading() as connection:
        assert connection.execute(text("SELECT value FROM setting")).scalar_one() == "b"
    database.close()


def test_postgresql_does_not_compress_what_is_compressed(database: Database):
    if database.is_sqlite:
        pytest.skip("a matter of PostgreSQL's")
    wanted = "attrelid = 'chunk'::regclass AND attname = 'payload'"
    with database.reading() as connection:
        row = connection.execute(text(f"SELECT attstorage FROM pg_attribute WHERE {wanted}"))  # noqa: S608
        assert row.scalar_one() in ("e", b"e")
