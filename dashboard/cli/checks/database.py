"""The database: there, whole, of this version, free to write. Nothing of it is changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from dashboard.cli.checks.finding import Finding, ok, problem, warning
from storage.schema import configuration

WHAT = "Database"
RESTORE = "restore a copy, or save what `sqlite3 FILE .recover` finds"
LOCK_S = 0.5  # how long another process may write before it is called a lock


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(str(parsed.database)) if is_file else None


def check_file(file: Path) -> Iterator[Finding]:
    """Look at a SQLite file; stops at the first thing that makes the rest pointless."""
    if not file.exists() or not file.stat().st_size:
        yield ok(WHAT, f"none yet; {file} is made at the first use")
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as db:
            db.execute(f"PRAGMA busy_timeout = {round(LOCK_S * 1000)}")
            yield _integrity(db, file)
            yield _schema(db)
            yield _lock(db)
    except sqlite3.Error as error:
        yield problem(WHAT, f"{file} cannot be read: {error}", RESTORE)


def _integrity(db: sqlite3.Connection, file: Path) -> Finding:
    answers = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
    if answers != ["ok"]:
        return problem(WHAT, f"{file} is damaged: {'; '.join(answers)}", RESTORE)
    return ok(WHAT, f"{file}, {file.stat().st_size / 1024**2:,.0f} MiB, whole")


def _schema(db: sqlite3.Connection) -> Finding:
    script = ScriptDirectory.from_config(configuration())
    newest, known = script.get_current_head(), {step.revision for step in script.walk_revisions()}
    try:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # no such table
        row = None
    if row is None:
        return problem("Schema", "this is not a database of Tezi's", "set TEZI_DATABASE_URL")
    if row[0] == newest:
        return ok("Schema", f"{newest}, the newest")
    if row[0] in known:
        return warning("Schema", f"{row[0]}; the newest is {newest}", "any command updates it")
    return problem("Schema", f"{row[0]} is of a newer Tezi", "update Tezi")


def _lock(db: sqlite3.Connection) -> Finding:
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "readonly" in str(error):
            do = "give yourself the right to write it"
            return problem("Lock", "the file cannot be written", do)
        return warning("Lock", "another process is writing", "wait, or end that process")
    return ok("Lock", "free to write")
