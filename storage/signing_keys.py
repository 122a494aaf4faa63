"""Key pairs that sign tokens, as rows: the public half as a JWK, the private one sealed."""

import json

from sqlalchemy import Connection, delete, select, update

from dashboard.auth.records import SigningKey
from storage.engine import Database, upsert
from storage.tables import setting, signing_key

pair = signing_key.c


class SqlSigningKeys:
    """Keep key pairs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SigningKey]:
        """Return every pair, newest first."""
        find = select(signing_key).order_by(pair.created_ns.desc(), pair.kid)
        with self._database.reading() as connection:
            rows = connection.execute(find).all()
        return [
            SigningKey(
                kid=row.kid,
                public_jwk=json.loads(row.public_jwk),
                sealed=bytes(row.sealed),
                created_ns=row.created_ns,
                retired_ns=row.retired_ns,
            )
            for row in rows
        ]

    def add(self, key: SigningKey) -> None:
        """Keep a pair unless it is there."""
        with self._database.writing() as connection:
            _keep(connection, key)

    def take_over(self, setting_key: str, key: SigningKey) -> None:
        """Keep a pair in the place of the setting in which it lay open."""
        with self._database.writing() as connection:
            if self._database.is_sqlite:  # else its bytes would stay in a free page
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            connection.execute(delete(setting).where(setting.c.key == setting_key))
            _keep(connection, key)

    def retire_all(self, now_ns: int) -> None:
        """Let no pair sign any more."""
        change = update(signing_key).where(pair.retired_ns.is_(None)).values(retired_ns=now_ns)
        with self._database.writing() as connection:
            connection.execute(change)

    def forget(self, kids: list[str]) -> None:
        """Drop pairs."""
        with self._database.writing() as connection:
            connection.execute(delete(signing_key).where(pair.kid.in_(kids)))

    def get_setting(self, key: str) -> str | None:
        """Return a setting, or None."""
        with self._database.reading() as connection:
            return connection.execute(
                select(setting.c.value).where(setting.c.key == key)
            ).scalar_one_or_none()


def _keep(connection: Connection, key: SigningKey) -> None:
    row = upsert(connection, signing_key).values(
        kid=key.kid,
        public_jwk=json.dumps(dict(key.public_jwk)),
        sealed=key.sealed,
        created_ns=key.created_ns,
        retired_ns=key.retired_ns,
    )
    connection.execute(row.on_conflict_do_nothing())
