"""The audit log, and beside it how many entries it has and the last one's digest."""

import sqlalchemy as sa
from alembic import op

from serving.db.tables import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("who", sa.String(320), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("on", sa.String(400), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "count": 0, "digest": ""}])


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit")
