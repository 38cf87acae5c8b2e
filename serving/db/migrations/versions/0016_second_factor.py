"""A second factor of agents, recovery codes, and where a session was begun."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("totp_sealed", sa.String(200), nullable=True))
    op.add_column("agents", sa.Column("totp_begun_at", UtcDateTime, nullable=True))
    op.add_column("agents", sa.Column("totp_since", UtcDateTime, nullable=True))
    op.add_column("agents", sa.Column("totp_step", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("agent_sessions", sa.Column("address", sa.String(45), nullable=True))
    op.add_column("agent_sessions", sa.Column("browser", sa.String(80), nullable=False, server_default=""))
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name="fk_recovery_codes_agent_id_agents", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_recovery_codes_agent_id", "recovery_codes", ["agent_id"])


def downgrade() -> None:
    op.drop_table("recovery_codes")
    with op.batch_alter_table("agent_sessions") as table:
        table.drop_column("browser")
        table.drop_column("address")
    with op.batch_alter_table("agents") as table:
        for name in ("totp_step", "totp_since", "totp_begun_at", "totp_sealed"):
            table.drop_column(name)
