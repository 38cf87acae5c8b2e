"""Indexes for every query that people or the bot wait for; traces apart; events without words; leases."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
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


_LAST_MESSAGE = (
    "(SELECT max(m.id) FROM messages m WHERE m.conversation_id = events.conversation_id AND m.kind <> 'note')"
)
_STATE = (
    "status",
    "team",
    "team_title",
    "intent",
    "mood",
    "handoff_reason",
    "expected_wait_minutes",
    "resolution",
    "updated_at",
)


def upgrade() -> None:
    _index()
    op.create_table(
        "work_leases",
        sa.Column("work", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
    )
    decision = sa.ForeignKey("decisions.id", ondelete="CASCADE")
    op.create_table(
        "decision_traces",
        sa.Column("decision_id", _ROW_ID, decision, primary_key=True, autoincrement=False),
        sa.Column("trace", sa.JSON, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.execute(
        "INSERT INTO decision_traces (decision_id, trace, created_at) "
        "SELECT id, trace, created_at FROM decisions WHERE kind <> 'silent' AND model <> ''"
    )  # the bot's failures have no model and nothing to trace
    op.drop_column("decisions", "trace")
    for kind, data in _events().items():
        op.execute(f"UPDATE events SET data = {data} WHERE kind = '{kind}'")


def downgrade() -> None:
    op.add_column("decisions", sa.Column("trace", sa.JSON(), nullable=False, server_default="{}"))
    op.execute(
        "UPDATE decisions SET trace = t.trace FROM decision_traces t WHERE t.decision_id = decisions.id"
    )
    op.drop_table("decision_traces")
    op.drop_table("work_leases")
    op.execute("DELETE FROM events")  # their words cannot be put back; streams begin anew
    _index_as_before()


def _events() -> dict[str, str]:
    """What events of each kind carry, from the copy of the words that they carried."""
    if op.get_bind().dialect.name == "sqlite":
        state = ", ".join(f"'{name}', json_extract(data, '$.{name}')" for name in _STATE)
        return {
            "message": "json_object('message_id', json_extract(data, '$.id'))",
            "status": f"json_object({state}, 'last_message_id', {_LAST_MESSAGE})",
            "proposal": "json_object('id', json_extract(data, '$.id'), "
            "'status', json_extract(data, '$.status'))",
        }
    state = ", ".join(f"'{name}', data -> '{name}'" for name in _STATE)
    return {
        "message": "json_build_object('message_id', data -> 'id')",
        "status": f"json_build_object({state}, 'last_message_id', {_LAST_MESSAGE})",
        "proposal": "json_build_object('id', data -> 'id', 'status', data -> 'status')",
    }


def _index() -> None:
    for table, columns in _ADDED:
        op.create_index(_name(table, columns), table, columns)
    for table, columns in _REPLACED:
        op.drop_index(_name(table, columns), table_name=table)


def _index_as_before() -> None:
    for table, columns in _REPLACED:
        op.create_index(_name(table, columns), table, columns)
    for table, columns in reversed(_ADDED):
        op.drop_index(_name(table, columns), table_name=table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
