"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("revoked_at", _TIME),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("slug", sa.String(255), nullable=False, unique=True),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("superseded_by", sa.String(255)),
        sa.Column("source", sa.String(1000), nullable=False),
        sa.Column("source_hash", sa.String(64)),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("external_id", sa.String(200), unique=True),
        sa.Column("name", sa.String(200)),
        sa.Column("email", sa.String(320)),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_seen_at", _TIME, nullable=False),
    )
    op.create_table(
        "knowledge_changes",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("ref", sa.String(300), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("expected_wait_minutes", sa.Integer),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("email", sa.String(320), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("team", sa.String(64), sa.ForeignKey("teams.name")),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "intents",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("team", sa.String(64), sa.ForeignKey("teams.name")),
        sa.Column("human_only", sa.Boolean, nullable=False),
    )
    op.create_table(
        "agent_sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "agent_id",
            sa.String(32),
            sa.ForeignKey("agents.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("contact_id", sa.String(32), sa.ForeignKey("contacts.id"), nullable=False, index=True),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("team", sa.String(64), sa.ForeignKey("teams.name")),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("intent", sa.String(64)),
        sa.Column("mood", sa.Double, nullable=False),
        sa.Column("handoff_reason", sa.String(64)),
        sa.Column("handoff_summary", sa.JSON),
        sa.Column("handed_over_at", _TIME),
        sa.Column("first_response_at", _TIME),
        sa.Column("closed_at", _TIME),
        sa.Column("resolution", sa.String(16), nullable=False),
        sa.Column("answer_due_at", _TIME, index=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False, index=True),
        sa.UniqueConstraint("contact_id", "client_id"),
    )
    op.create_table(
        "csat_ratings",
        sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column(
            "conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False, index=True
        ),
        sa.Column("message_id", _ROW_ID, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("answer_ref", sa.String(300)),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("intent", sa.String(64)),
        sa.Column("team", sa.String(64)),
        sa.Column("sentiment", sa.String(16), nullable=False),
        sa.Column("mood", sa.Double, nullable=False),
        sa.Column("wants_person", sa.Double, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("trace", sa.JSON, nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("agents_only", sa.Boolean, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Index(None, "conversation_id", "id"),
    )
    op.create_table(
        "learned_answers",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("source", sa.String(1000), nullable=False),
        sa.Column("source_key", sa.String(255)),
        sa.Column("source_hash", sa.String(64)),
        sa.Column("source_conversation_id", sa.String(32), sa.ForeignKey("conversations.id")),
        sa.Column("approved_by", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("approved_at", _TIME, nullable=False),
        sa.Column("valid_until", _TIME),
        sa.Column("superseded_by_id", _ROW_ID, sa.ForeignKey("learned_answers.id")),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.UniqueConstraint("source", "source_key"),
    )
    op.create_table(
        "messages",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column(
            "conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False, index=True
        ),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("agents.id")),
        sa.Column("decision_id", _ROW_ID, sa.ForeignKey("decisions.id")),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("learning_due_at", _TIME, index=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.UniqueConstraint("conversation_id", "client_id"),
    )
    op.create_table(
        "phrasings",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column(
            "learned_answer_id",
            _ROW_ID,
            sa.ForeignKey("learned_answers.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "regression_cases",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column(
            "learned_answer_id",
            _ROW_ID,
            sa.ForeignKey("learned_answers.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("must_answer", sa.Boolean, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("message_id", _ROW_ID, sa.ForeignKey("messages.id"), primary_key=True, autoincrement=False),
        sa.Column(
            "conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False, index=True
        ),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "proposals",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("phrasings", sa.JSON, nullable=False),
        sa.Column(
            "conversation_id", sa.String(32), sa.ForeignKey("conversations.id"), nullable=False, index=True
        ),
        sa.Column("message_id", _ROW_ID, sa.ForeignKey("messages.id"), nullable=False, unique=True),
        sa.Column("similar_ref", sa.String(300)),
        sa.Column("similarity", sa.Double),
        sa.Column("learned_answer_id", _ROW_ID, sa.ForeignKey("learned_answers.id")),
        sa.Column("undo", sa.JSON),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("decided_at", _TIME),
        sa.Column("decided_by", sa.String(32), sa.ForeignKey("agents.id")),
    )


def downgrade() -> None:
    for table in (
        "proposals",
        "feedback",
        "regression_cases",
        "phrasings",
        "messages",
        "learned_answers",
        "events",
        "decisions",
        "csat_ratings",
        "conversations",
        "agent_sessions",
        "intents",
        "agents",
        "teams",
        "knowledge_changes",
        "contacts",
        "articles",
        "api_keys",
    ):
        op.drop_table(table)
