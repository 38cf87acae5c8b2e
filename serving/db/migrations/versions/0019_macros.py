"""Replies kept for use again."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "macros",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("team", sa.String(64), nullable=True),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["team"], ["teams.name"], name="fk_macros_team_teams", ondelete="SET NULL"),
    )
    op.create_index("ix_macros_team", "macros", ["team"])


def downgrade() -> None:
    op.drop_table("macros")
