"""Kite's tokens: kept for whoever has the key file, and for nobody else."""

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from dashboard.core.kite import Grant
from storage.engine import Database
from storage.kite_grants import SqlGrants
from storage.tables import kite_grant
from tests.logs import plain_logs

KEY, OTHER_KEY = "kitekeyalpha0001", "kitekeybravo0002"
GRANT = Grant(KEY, "very-secret-access-token", "AB1234", 1_787_023_320_000_000_000)
OTHER = Grant(OTHER_KEY, "another-access-token", "CD5678", 1_787_023_380_000_000_000)


@pytest.fixture
def key() -> bytes:
    return Fernet.generate_key()


@pytest.fixture
def grants(database: Database, key: bytes) -> SqlGrants:
    return SqlGrants(database, key)


def rows(database: Database) -> list[dict[str, object]]:
    with database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(select(kite_grant))]


def change(database: Database, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(update(kite_grant).values(**values))


def test_a_token_is_kept_whole_and_per_key(grants: SqlGrants):
    grants.save(GRANT)
    grants.save(OTHER)
    assert grants.load(KEY) == GRANT
    assert grants.load(OTHER_KEY) == OTHER


def test_a_token_outlives_the_process(database: Database, grants: SqlGrants, key: bytes):
    grants.save(GRANT)
    again = Database(database.url.render_as_string(hide_password=False))
    assert SqlGrants(again, key).load(KEY) == GRANT
    again.close()


def test_a_key_without_a_token_has_none(grants: SqlGrants):
    assert grants.load(KEY) is None


def test_a_new_token_takes_the_place_of_the_one_before(database: Database, grants: SqlGrants):
    newer = Grant(KEY, "newer", "AB1234", GRANT.issued_ns + 1)
    grants.save(GRANT)
    grants.save(newer)
    assert grants.load(KEY) == newer
    assert len(rows(database)) == 1


def test_what_is_forgotten_is_gone_and_the_others_stay(database: Database, grants: SqlGrants):
    grants.save(GRANT)
    grants.save(OTHER)
    grants.forget(KEY)
    grants.forget(KEY)
    assert grants.load(KEY) is None
    assert grants.load(OTHER_KEY) == OTHER
    assert len(rows(database)) == 1


def test_the_row_holds_neither_the_token_nor_the_key(database: Database, grants: SqlGrants):
    grants.save(GRANT)
    (row,) = rows(database)
    stored = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for value in row.values()
    )
    assert b"very-secret-access-token" not in stored
    assert KEY.encode() not in stored


# -- what cannot be read is no token, and is told without its content -----------------------
def test_another_key_file_opens_nothing(
    database: Database, grants: SqlGrants, capsys: pytest.CaptureFixture[str]
):
    grants.save(GRANT)
    with plain_logs():
        assert SqlGrants(database, Fernet.generate_key()).load(KEY) is None
    told = capsys.readouterr().out
    assert "cannot be read: sign in again" in told
    assert "…0001" in told
    assert KEY not in told
    assert "very-secret" not in told


@pytest.mark.parametrize(
    "values",
    [
        {"sealed": b""},
        {"sealed": b"\x00\xff nonsense"},
        {"user_id": "ZZ9999"},
        {"issued_ns": GRANT.issued_ns + 1},
    ],
)
def test_a_row_that_was_changed_is_no_token(
    database: Database, grants: SqlGrants, values: dict[str, object]
):
    grants.save(GRANT)
    change(database, **values)
    assert grants.load(KEY) is None
    grants.save(GRANT)
    assert grants.load(KEY) == GRANT


def test_a_token_put_in_the_place_of_another_key_s_is_none(database: Database, grants: SqlGrants):
    grants.save(GRANT)
    (row,) = rows(database)
    grants.forget(KEY)
    grants.save(OTHER)
    change(database, **{name: row[name] for name in ("sealed", "user_id", "issued_ns")})
    assert grants.load(OTHER_KEY) is None


@pytest.mark.parametrize("content", [b"null", b"[]", b"{}", b'"token"', b"[1, 2, 3, 4]", b"\xff"])
def test_what_was_sealed_by_someone_else_in_another_shape_is_no_token(
    database: Database, grants: SqlGrants, key: bytes, content: bytes
):
    grants.save(GRANT)
    change(database, sealed=Fernet(key).encrypt(content))
    assert grants.load(KEY) is None
