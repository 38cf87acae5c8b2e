"""Links by which agents choose a password."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "password_resets",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_password_resets"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name="fk_password_resets_agent_id_agents", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_password_resets_agent_id", "password_resets", ["agent_id"])


def downgrade() -> None:
    op.drop_table("password_resets")
