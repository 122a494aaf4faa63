"""Which tapes were found to be damaged; of those there are, nothing is known yet."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "tape", sa.Column("damaged", sa.Boolean(), nullable=False, server_default=sa.false())
    )
