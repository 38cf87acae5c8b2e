"""Who released learned answers on matters for people, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "releases",
        sa.Column("id", row_id, primary_key=True, autoincrement=True),
        sa.Column(
            "learned_answer_id",
            row_id,
            sa.ForeignKey("learned_answers.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("releases")
