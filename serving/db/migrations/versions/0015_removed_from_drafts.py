"""What was left out of a draft because it points to a person, and what may do so."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("removed", "in_doubt"):
        op.add_column("proposals", sa.Column(name, sa.JSON, nullable=False, server_default="[]"))
    with op.batch_alter_table("proposals") as table:
        for name in ("removed", "in_doubt"):
            table.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("proposals") as table:
        for name in ("removed", "in_doubt"):
            table.drop_column(name)
