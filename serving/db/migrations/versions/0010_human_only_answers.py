"""Learned answers on matters that only people handle."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "learned_answers", sa.Column("human_only", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute(
        "UPDATE learned_answers SET human_only = true WHERE id IN ("
        "SELECT learned_answer_id FROM proposals"
        " WHERE human_only AND status = 'approved' AND kind <> 'phrasing')"
    )
    with op.batch_alter_table("learned_answers") as table:
        table.alter_column("human_only", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("learned_answers") as table:
        table.drop_column("human_only")
