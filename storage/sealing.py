"""Secrets in the database, kept encrypted: whoever has the database alone opens nothing.

The key is a file in the data folder, beside the database and not in it. What is sealed
says what it is for, so that it is worth nothing in another's place.
"""

import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from dashboard.core.errors import InputError

KEY_FILE = "kite.key"  # it was made for Kite's tokens first
OTHERS = 0o077  # the rights of group and world


class Seal:
    """Encrypt and open secrets with one key, as `load_key` returns it."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def close(self, secret: str, what: str) -> bytes:
        """Return `secret` encrypted; `what` says whose it is, and must be known to open it."""
        return self._fernet.encrypt(json.dumps([what, secret]).encode())

    def open(self, sealed: bytes, what: str) -> str | None:
        """Return the secret; None where another key sealed it, or it is not `what`."""
        try:
            said, secret = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError, TypeError):
            return None
        return secret if said == what and isinstance(secret, str) else None


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
            f"{file}, which opens sealed secrets, cannot be used: {error.strerror}."
        ) from error
    if os.name == "posix" and rights & OTHERS:
        raise InputError(
            f"{file} opens sealed secrets, and others may read it ({rights:o}): run "
            f"`chmod 600 {file}`; if somebody may have read it, remove it: Kite's tokens, signing "
            "keys and one-time codes are then made anew."
        )
    try:
        Fernet(key)
    except ValueError as error:
        raise InputError(
            f"{file} holds no key: remove it. Kite's tokens, signing keys and one-time codes are "
            "then made anew."
        ) from error
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
