"""Access tokens of Kite, kept encrypted: whoever has the database alone opens nothing.

`storage.sealing` has the key. A row is found by a digest of its API key. What is sealed
holds everything that the row says once more, so a row that was changed, or put in another's
place, is no token.
"""

import hashlib
import json

import structlog
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, select

from dashboard.core.kite import Grant, shown_key
from storage.engine import Database, put
from storage.tables import kite_grant

log = structlog.get_logger(__name__)


class SqlGrants:
    """A `dashboard.core.kite.GrantKeeper` in the database.

    Parameters
    ----------
    database : Database
        Where the rows are.
    key : bytes
        A Fernet key, as `storage.sealing.load_key` returns it.
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


def _digest(api_key: str) -> bytes:
    return hashlib.sha256(api_key.encode()).digest()
