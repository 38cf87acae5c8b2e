"""An index for the list of contacts, who was seen last first."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contacts_last_seen_at_id", "contacts", ["last_seen_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_contacts_last_seen_at_id", "contacts")
