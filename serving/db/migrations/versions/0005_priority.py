"""Which conversations people should look at first."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("priority", sa.String(16), nullable=False, server_default="normal")
    )


def downgrade() -> None:
    op.drop_column("conversations", "priority")
