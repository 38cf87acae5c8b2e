"""Conversations put off until later, and the tags that agents put on them."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("snoozed_until", "snoozed_at"):
        op.add_column("conversations", sa.Column(name, UtcDateTime, nullable=True))
    op.add_column(
        "conversations", sa.Column("snooze_reason", sa.String(300), nullable=False, server_default="")
    )
    op.create_index("ix_conversations_snoozed_until", "conversations", ["snoozed_until"])
    op.create_table(
        "conversation_tags",
        sa.Column("conversation_id", sa.String(32), primary_key=True),
        sa.Column("tag", sa.String(40), primary_key=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_conversation_tags_conversation_id_conversations",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_conversation_tags_tag", "conversation_tags", ["tag"])


def downgrade() -> None:
    op.drop_table("conversation_tags")
    op.drop_index("ix_conversations_snoozed_until", "conversations")
    with op.batch_alter_table("conversations") as table:
        for name in ("snoozed_until", "snoozed_at", "snooze_reason"):
            table.drop_column(name)
