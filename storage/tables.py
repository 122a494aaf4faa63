"""Every table, as SQLAlchemy Core sees it; `storage.migrations` creates them.

Instants are whole seconds since the epoch, or nanoseconds where the name ends in ``_ns``.
A `day` is a date in one of two worlds (`storage.world`); all else refers to it, so that
worlds cannot mix. Tables read in ranges have no row id in SQLite: rows lie in key order.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER only


def _of_day() -> ForeignKey:
    return ForeignKey("day.id", ondelete="CASCADE")


def _of_tape() -> ForeignKey:
    return ForeignKey("tape.id", ondelete="CASCADE")


def _of_account() -> ForeignKey:
    return ForeignKey("account.id", ondelete="CASCADE")


day = Table(
    "day",
    metadata,
    Column("id", Id, primary_key=True),
    Column("day", Date, nullable=False),
    Column("world", String(8), nullable=False),
    Column("version", BigInteger, nullable=False),  # counts changes of the day's tapes
    Column("prepared", BigInteger),  # the version that bars, chain and checkpoints agree with
    UniqueConstraint("world", "day"),
    CheckConstraint("world IN ('RECORDED', 'MOCK')", name="world"),
)

tape = Table(
    "tape",
    metadata,
    Column("id", Id, primary_key=True),
    Column("day_id", _of_day(), nullable=False, index=True),
    Column("source", String(8), nullable=False),
    Column("fidelity", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("origin_digest", Text, nullable=False),
    Column("status", String(8), nullable=False),
    Column("shown", Boolean, nullable=False),  # part of its day: imports are when complete
    Column("writer", String(32), nullable=False),  # who may append; the last to begin it
    Column("messages", BigInteger, nullable=False),
    Column("ticks", BigInteger, nullable=False),  # in chunks; the open minute's come later
    Column("stored_bytes", BigInteger, nullable=False),
    Column("first_ns", BigInteger),
    Column("last_ns", BigInteger),
    Column("damaged", Boolean, nullable=False, server_default=false()),  # found to be so
    CheckConstraint("status IN ('open', 'complete')", name="status"),
    sqlite_autoincrement=True,  # a dropped tape's number is never used again
)

tape_instrument = Table(
    "tape_instrument",
    metadata,
    Column("tape_id", _of_tape(), primary_key=True),
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("symbol", Text, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("underlying", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("expiry", Date),
    Column("strike", Double),
    Column("lot", Integer, nullable=False),
    Column("tick", Double, nullable=False),
    Column("previous_close", Double),
    Column("previous_oi", Double),
)

chunk = Table(
    "chunk",
    metadata,
    Column("tape_id", _of_tape(), primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),  # of received_ns, UTC
    Column("connection", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),  # late frames: part 1, 2..
    Column("messages", Integer, nullable=False),
    Column("ticks", Integer, nullable=False),
    Column("codec", String(8), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("tape_id", _of_tape(), primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("connection", Integer, nullable=False),
    Column("received_ns", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

gap = Table(
    "gap",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tape_id", _of_tape(), nullable=False, index=True),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)

bar = Table(
    "bar",
    metadata,
    Column("day_id", _of_day(), primary_key=True),
    Column("timeframe", Integer, primary_key=True, autoincrement=False),  # minutes
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("open", Double),
    Column("high", Double),
    Column("low", Double),
    Column("close", Double),
    Column("volume", Double),
    Column("oi", Double),
    Column("n", Integer, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("average_price", Double),
    sqlite_with_rowid=False,
)

chain = Table(
    "chain",
    metadata,
    Column("day_id", _of_day(), primary_key=True),
    Column("underlying", Text, primary_key=True),
    Column("expiry", Date, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("day_id", _of_day(), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("day_id", _of_day(), primary_key=True),
    Column("section", Text, primary_key=True),
    Column("underlying", Text, primary_key=True),
    Column("timeframe", String(4), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("strength", Double, nullable=False),
    Column("envelope", Text, nullable=False),  # the whole reading as JSON
    sqlite_with_rowid=False,
)

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),  # the name, whatever its case
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("seen_ns", BigInteger),  # when it last showed a session or key; to the minute
)

second_factor = Table(  # of an authenticator app
    "second_factor",
    metadata,
    Column("account_id", _of_account(), primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),  # the secret, encrypted
    Column("confirmed", Boolean, nullable=False),  # asked for at sign-in
    Column("last_step", BigInteger, nullable=False),  # of the newest code that was used
)

known_address = Table(  # from where an account has signed in
    "known_address",
    metadata,
    Column("account_id", _of_account(), primary_key=True, autoincrement=False),
    Column("address", Text, primary_key=True),
    Column("seen_ns", BigInteger, nullable=False),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Column("used_ns", BigInteger),
    Column("invited_by", _of_account()),  # None: whoever started Tezi
    sqlite_autoincrement=True,  # a withdrawn one's number is never used again
)

account_session = Table(
    "account_session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", _of_account(), nullable=False, index=True),
    Column("kind", String(4), nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False, index=True),
    Column("ended_ns", BigInteger),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    CheckConstraint("kind IN ('page', 'api')", name="kind"),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column(
        "session_id",
        ForeignKey("account_session.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("expires_ns", BigInteger, nullable=False, index=True),
    Column("used_ns", BigInteger),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("account_id", _of_account(), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by blanks
    Column("created_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger),
    Column("last_used_ns", BigInteger),
    Column("revoked_ns", BigInteger),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at_ns", BigInteger, nullable=False, index=True),
    Column("account_id", ForeignKey("account.id", ondelete="SET NULL"), index=True),
    Column("event", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", Text, nullable=False),
    sqlite_autoincrement=True,
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("public_jwk", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the private key, encrypted
    Column("created_ns", BigInteger, nullable=False),
    Column("retired_ns", BigInteger),
)

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

kite_grant = Table(
    "kite_grant",
    metadata,
    Column("key_digest", LargeBinary, primary_key=True),  # of the API key
    Column("sealed", LargeBinary, nullable=False),  # the access token, encrypted
    Column("user_id", Text, nullable=False),
    Column("issued_ns", BigInteger, nullable=False),
)

contract = Table(  # which symbol a token meant, and since when: tokens are used again
    "contract",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("symbol", Text, primary_key=True),
    Column("exchange", Text, nullable=False),
    Column("underlying", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("expiry", Date),
    Column("strike", Double),
    Column("lot", Integer, nullable=False),
    Column("tick", Double, nullable=False),
    Column("first_seen", Date, nullable=False),
    Column("last_seen", Date, nullable=False),
)

lease = Table(  # who alone may do something, until when
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
)

heartbeat = Table(  # what a running process last said of itself
    "heartbeat",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at_ns", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)

day_report = Table(
    "day_report",
    metadata,
    Column("day", Date, primary_key=True),
    Column("written_ns", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
