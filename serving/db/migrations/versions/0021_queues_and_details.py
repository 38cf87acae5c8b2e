"""Who is online, how queues are shared, what nobody looks at; details, past questions."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("agents", sa.Column("available_since", _TIME))
    op.execute(
        "ALTER TABLE company ADD COLUMN fallback_team VARCHAR(64) "
        "CONSTRAINT fk_company_fallback_team_teams REFERENCES teams (name)"
    )
    op.add_column("teams", sa.Column("assignment", sa.String(16), nullable=False, server_default="manual"))
    op.add_column("teams", sa.Column("capacity", sa.Integer))
    for name in ("teams", "intents"):
        op.add_column(name, sa.Column("details", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("conversations", sa.Column("details", sa.JSON))
    op.add_column("conversations", sa.Column("offered_to", sa.String(32)))
    op.add_column("conversations", sa.Column("unattended_since", _TIME))
    op.add_column("proposals", sa.Column("past_questions", sa.JSON, nullable=False, server_default="[]"))
    owned = sa.text("agent_id IS NOT NULL")
    op.create_index(
        "ix_conversations_agent_id_status",
        "conversations",
        ["agent_id", "status"],
        sqlite_where=owned,
        postgresql_where=owned,
    )
    op.create_index("ix_conversations_unattended_since", "conversations", ["unattended_since"])


def downgrade() -> None:
    op.drop_index("ix_conversations_unattended_since", "conversations")
    op.drop_index("ix_conversations_agent_id_status", "conversations")
    op.drop_column("proposals", "past_questions")
    for name in ("unattended_since", "offered_to", "details"):
        op.drop_column("conversations", name)
    for name in ("teams", "intents"):
        op.drop_column(name, "details")
    op.drop_column("teams", "capacity")
    op.drop_column("teams", "assignment")
    op.drop_column("company", "fallback_team")
    op.drop_column("agents", "available_since")
