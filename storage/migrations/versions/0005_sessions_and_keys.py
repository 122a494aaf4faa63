"""Sessions, API keys, second factors, signing keys and the audit log.

Accounts stay; sign-ins and unspent links of before end, because they know no session.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def of_account(table: str, column: str = "account_id", ondelete: str = "CASCADE") -> sa.Constraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], ["account.id"], name=name, ondelete=ondelete)


def index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def upgrade() -> None:
    op.drop_table("sign_in_token")
    op.drop_table("invitation")
    op.add_column("account", sa.Column("seen_ns", sa.BigInteger(), nullable=True))
    op.create_table(
        "second_factor",
        sa.Column("account_id", Id, nullable=False, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        of_account("second_factor"),
        sa.PrimaryKeyConstraint("account_id", name="pk_second_factor"),
    )
    op.create_table(
        "known_address",
        sa.Column("account_id", Id, nullable=False, autoincrement=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        of_account("known_address"),
        sa.PrimaryKeyConstraint("account_id", "address", name="pk_known_address"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", Id, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("used_ns", sa.BigInteger()),
        sa.Column("invited_by", Id),
        of_account("invitation", "invited_by"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("hash", name="uq_invitation_hash"),
        sqlite_autoincrement=True,
    )
    make_sessions()
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(8), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger()),
        sa.Column("last_used_ns", sa.BigInteger()),
        sa.Column("revoked_ns", sa.BigInteger()),
        of_account("api_key"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
    )
    index("api_key", "account_id")
    op.create_table(
        "audit_event",
        sa.Column("id", Id, nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Id),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        of_account("audit_event", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
        sqlite_autoincrement=True,
    )
    index("audit_event", "at_ns")
    index("audit_event", "account_id")
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("retired_ns", sa.BigInteger()),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )


def make_sessions() -> None:
    op.create_table(
        "account_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("ended_ns", sa.BigInteger()),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('page', 'api')", name=op.f("ck_account_session_kind")),
        of_account("account_session"),
        sa.PrimaryKeyConstraint("id", name="pk_account_session"),
    )
    index("account_session", "account_id")
    index("account_session", "expires_ns")
    op.create_table(
        "refresh_token",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("used_ns", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["account_session.id"],
            name="fk_refresh_token_session_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_token"),
    )
    index("refresh_token", "session_id")
    index("refresh_token", "expires_ns")
