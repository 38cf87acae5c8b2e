"""The words that tell a company of danger."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("danger", sa.JSON))


def downgrade() -> None:
    op.drop_column("company", "danger")
