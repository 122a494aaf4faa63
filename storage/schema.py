"""Bring a database to the schema of this code, or say why that cannot be.

The steps run in one transaction that holds the only write lock, so two processes that
open a new database together make it once, and a kill leaves the schema as it was.
"""

import logging

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from dashboard.core.errors import StoreError
from storage.engine import LOCK_TIMEOUT_S, Database

UPGRADE_LOCK = 0x7E21  # any number, the same for every process; PostgreSQL's only


def open_database(url: str, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Database:
    """Connect to `url` (``sqlite:///FILE`` or PostgreSQL's) and bring it up to date.

    Raises
    ------
    StoreError
        If there is no database to be had there; the message says why.
    """
    database = Database(url, lock_timeout_s)
    try:
        upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def upgrade(database: Database) -> None:
    """Run the steps that the database lacks.

    Raises
    ------
    StoreError
        If the database was made by a newer Tezi: its steps are unknown here.
    """
    config = configuration()
    known = ScriptDirectory.from_config(config)
    newest = known.get_current_head()
    with database.reading() as connection:
        if revision(connection) == newest:
            return
    with database.writing() as connection:
        _wait_for_other_upgrades(connection)
        current = revision(connection)
        if current not in {None, *(step.revision for step in known.walk_revisions())}:
            raise StoreError(
                f"{database.name} was made by a newer Tezi (schema {current}, this one knows "
                f"{newest}): update Tezi, or name another database"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Return where the steps are, for Alembic's own commands."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def revision(connection: Connection) -> str | None:
    """Return the last step that the database has seen; None if it is new."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MigrationContext.configure(connection).get_current_revision()


def _wait_for_other_upgrades(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
