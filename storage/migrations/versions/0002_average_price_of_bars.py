"""The exchange's average price in bars: days prepared before it are prepared again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OUTDATED = -1  # no day's version: it keeps its bars, and is derived anew when it is opened


def upgrade() -> None:
    op.add_column("bar", sa.Column("average_price", sa.Double(), nullable=True))
    day = sa.table("day", sa.column("prepared", sa.BigInteger()))
    op.execute(day.update().where(day.c.prepared.is_not(None)).values(prepared=OUTDATED))
