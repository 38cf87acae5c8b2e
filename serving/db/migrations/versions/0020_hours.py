"""Calendars, and each handover to people with what was told of waiting and how long it took."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("hours", sa.JSON, nullable=False),
        sa.Column("holidays", sa.JSON, nullable=False),
        sa.Column("closures", sa.JSON, nullable=False),
    )
    for name in ("company", "teams"):  # in place: SQLite would not let teams go that others belong to
        constraint = f"fk_{name}_calendar_calendars"
        added = f"calendar VARCHAR(64) CONSTRAINT {constraint} REFERENCES calendars (name)"
        op.execute(f"ALTER TABLE {name} ADD COLUMN {added}")
    op.create_table(
        "handovers",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column(
            "conversation_id",
            sa.String(32),
            sa.ForeignKey("conversations.id", name="fk_handovers_conversation_id_conversations"),
            nullable=False,
        ),
        sa.Column("team", sa.String(64)),
        sa.Column("handed_over_at", _TIME, nullable=False),
        sa.Column("was_open", sa.Boolean, nullable=False),
        sa.Column("hour_of_week", sa.Integer, nullable=False),
        sa.Column("ahead", sa.Integer, nullable=False),
        sa.Column("told_minutes", sa.Integer),
        sa.Column("told_by", _TIME),
        sa.Column("ended_at", _TIME),
        sa.Column("answered", sa.Boolean, nullable=False),
        sa.Column("waited_minutes", sa.Double),
    )
    op.create_index("ix_handovers_conversation_id", "handovers", ["conversation_id"])
    op.create_index("ix_handovers_team_handed_over_at", "handovers", ["team", "handed_over_at"])
    op.add_column("conversations", sa.Column("waiting", sa.JSON))


def downgrade() -> None:
    op.drop_column("conversations", "waiting")
    op.drop_table("handovers")
    for name in ("company", "teams"):
        op.drop_column(name, "calendar")
    op.drop_table("calendars")
