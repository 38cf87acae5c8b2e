"""Indexes for every query that people or the bot wait for."""

from alembic import op

revision = "0003_store"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADDED = (
    ("conversations", ("contact_id", "created_at", "id")),
    ("conversations", ("status", "updated_at", "id")),
    ("conversations", ("team", "updated_at", "id")),
    ("conversations", ("updated_at", "id")),
    ("conversations", ("resolution", "status", "updated_at")),
    ("messages", ("conversation_id", "id")),
    ("messages", ("decision_id",)),
    ("decisions", ("conversation_id", "id")),
    ("decisions", ("message_id",)),
    ("learned_answers", ("status", "approved_at", "id")),
    ("learned_answers", ("valid_until",)),
    ("learned_answers", ("superseded_by_id",)),
    ("proposals", ("status", "id")),
    ("proposals", ("conversation_id", "id")),
    ("proposals", ("decided_at", "id")),
)
_REPLACED = (
    ("conversations", ("contact_id",)),
    ("conversations", ("status",)),
    ("conversations", ("updated_at",)),
    ("messages", ("conversation_id",)),
    ("decisions", ("conversation_id",)),
    ("learned_answers", ("status",)),
    ("proposals", ("status",)),
    ("proposals", ("conversation_id",)),
)
"""Each is the beginning of one that is added."""


def upgrade() -> None:
    for table, columns in _ADDED:
        op.create_index(_name(table, columns), table, columns)
    for table, columns in _REPLACED:
        op.drop_index(_name(table, columns), table_name=table)


def downgrade() -> None:
    for table, columns in _REPLACED:
        op.create_index(_name(table, columns), table, columns)
    for table, columns in reversed(_ADDED):
        op.drop_index(_name(table, columns), table_name=table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
