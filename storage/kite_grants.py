"""Access tokens of Kite, kept encrypted: whoever has the database alone opens nothing.

The key is a file in the data folder, beside the database and not in it. A row is found by
a digest of its API key. What is sealed holds everything that the row says once more, so a
row that was changed, or put in another's place, is no token.
"""

import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, select

from dashboard.core.errors import InputError
from dashboard.core.kite import Grant, shown_key
from storage.engine import Database, put
from storage.tables import kite_grant

log = structlog.get_logger(__name__)

KEY_FILE = "kite.key"
OTHERS = 0o077  # the rights of group and world


class SqlGrants:
    """A `dashboard.core.kite.GrantKeeper` in the database.

    Parameters
    ----------
    database : Database
        Where the rows are.
    key : bytes
        A Fernet key, as `load_key` returns it.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._seal = Fernet(key)

    def load(self, api_key: str) -> Grant | None:
        """Return the token kept for a key; None if there is none or it cannot be read."""
        digest = _digest(api_key)
        find = select(kite_grant).where(kite_grant.c.key_digest == digest)
        with self._database.reading() as connection:
            row = connection.execute(find).first()
        if row is None:
            return None
        try:
            sealed = json.loads(self._seal.decrypt(bytes(row.sealed)))
            token, *rest = sealed
            if rest != [digest.hex(), row.user_id, row.issued_ns] or not isinstance(token, str):
                raise ValueError("it was sealed for another row")
        except (InvalidToken, ValueError, TypeError) as error:
            # the class says enough; the text of some would hold what was read
            log.warning(
                "A kept token of Kite's cannot be read: sign in again",
                key=shown_key(api_key),
                why=type(error).__name__,
            )
            return None
        return Grant(api_key, token, row.user_id, row.issued_ns)

    def save(self, grant: Grant) -> None:
        """Keep a token in the place of the one before."""
        digest = _digest(grant.api_key)
        said = [grant.access_token, digest.hex(), grant.user_id, grant.issued_ns]
        row = {
            "key_digest": digest,
            "sealed": self._seal.encrypt(json.dumps(said).encode()),
            "user_id": grant.user_id,
            "issued_ns": grant.issued_ns,
        }
        with self._database.writing() as connection:
            put(connection, kite_grant, [row])

    def forget(self, api_key: str) -> None:
        """Drop a key's token."""
        drop = delete(kite_grant).where(kite_grant.c.key_digest == _digest(api_key))
        with self._database.writing() as connection:
            connection.execute(drop)


def load_key(home: Path) -> bytes:
    """Return the key of the data folder, made at the first use for its owner alone.

    Raises
    ------
    InputError
        If others could read the file, or it cannot be read or made, or holds no key.
    """
    file = home / KEY_FILE
    try:
        if not file.exists():
            _make_key(file)
        rights = stat.S_IMODE(file.stat().st_mode)
        key = file.read_bytes().strip()
    except OSError as error:
        raise InputError(
            f"{file}, which opens Kite's tokens, cannot be used: {error.strerror}."
        ) from error
    if os.name == "posix" and rights & OTHERS:
        raise InputError(
            f"{file} opens Kite's tokens, and others may read it ({rights:o}): run "
            f"`chmod 600 {file}`; if somebody may have read it, remove it and sign in again."
        )
    try:
        Fernet(key)
    except ValueError as error:
        raise InputError(f"{file} holds no key: remove it, and sign in to Kite again.") from error
    return key


def _make_key(file: Path) -> None:
    """Make the key whole or not at all; of two processes at once, both use that of the first."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # 0600
    try:
        with os.fdopen(number, "wb") as new:
            new.write(Fernet.generate_key())
            new.flush()
            os.fsync(new.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def _digest(api_key: str) -> bytes:
    return hashlib.sha256(api_key.encode()).digest()
