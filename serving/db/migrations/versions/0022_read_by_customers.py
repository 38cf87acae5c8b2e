"""How far customers have read, so that a reply they have not seen is shown as such on every device."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("read_message_id", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE conversations SET read_message_id = coalesce("
        "(SELECT max(messages.id) FROM messages WHERE messages.conversation_id = conversations.id), 0)"
    )


def downgrade() -> None:
    with op.batch_alter_table("conversations") as table:
        table.drop_column("read_message_id")
