"""Customers whose tokens are refused."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("tokens_revoked_at", UtcDateTime, nullable=True))
    op.add_column("contacts", sa.Column("blocked", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("contacts") as table:
        table.drop_column("blocked")
        table.drop_column("tokens_revoked_at")
