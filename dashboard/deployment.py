"""Look at what serves other people: the database, the API's origins, production.

Nothing of a secret is ever in a sentence.
"""

import os
import stat
from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dashboard.core.errors import StoreError
from dashboard.placeholders import PLACEHOLDER, SHORTEST, is_here
from dashboard.settings import DATABASE_FILE, Mode, Settings, variable
from storage.engine import Database

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def problems_of_deployment(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong."""
    yield from _of_database(settings)
    yield from _of_origins(settings)
    yield from _of_production(settings)


def _of_database(settings: Settings) -> Iterator[str]:
    if not settings.database_url:
        yield from _of_rights(settings)
        return
    name = variable("database_url")
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        yield f"{name} is no address of a database: write sqlite:///FILE or postgresql+psycopg://…"
        return
    password = str(url.password or "")
    if password and PLACEHOLDER.search(password):
        yield f"{name} holds a placeholder as its password: put the real one there."
    elif password and len(password) < SHORTEST and not is_here(url.host or ""):
        yield f"{name} holds a password of under {SHORTEST} characters: choose a longer one."


def _of_rights(settings: Settings) -> Iterator[str]:
    """Look whether others may read the file in which accounts and keys are."""
    file = settings.home / DATABASE_FILE
    if os.name == "posix" and file.is_file():
        rights = stat.S_IMODE(file.stat().st_mode)
        if rights & OTHERS and settings.home.stat().st_mode & OTHERS:
            yield (
                f"{file} holds accounts and keys, and others may read it ({rights:o}): run "
                f"`chmod 600 {file}`."
            )


def _of_origins(settings: Settings) -> Iterator[str]:
    name = variable("api_origins")
    for origin in settings.origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            yield f"{name} names {origin!r}: write origins like https://desk.example, no path."
        elif parts.scheme == "http" and not is_here(parts.hostname or ""):
            yield f"{name} names {origin!r}, which anybody on the way may change: use https://."


def _of_production(settings: Settings) -> Iterator[str]:
    if not settings.production:
        return
    told = f"{variable('production')}=true"
    if urlsplit(settings.public_url).scheme != "https":
        yield f"{told} needs {variable('public_url')}, the https:// address that people use."
    if not settings.secure_cookies:
        yield f"{told} needs {variable('secure_cookies')}=true: cookies must not go out in clear."
    if settings.mode is Mode.MOCK:
        yield f"{told} does not go with TEZI_MODE=mock: people would look at a generated market."
    yield from _of_silence(settings, told)


def _of_silence(settings: Settings, told: str) -> Iterator[str]:
    """Ask the database for an answer; a SQLite file is made where there is none yet."""
    if not settings.database_url:
        return
    try:
        database = Database(settings.database_url)
        try:
            with database.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        finally:
            database.close()
    except StoreError as error:
        yield f"{told} needs a database that answers: {error}."
