"""The company's name, and a history of what was changed about the company."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    company = op.create_table(
        "company",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200)),
        sa.Column("tagline", sa.String(500), nullable=False),
    )
    op.bulk_insert(company, [{"id": 1, "name": None, "tagline": ""}])
    op.create_table(
        "company_changes",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("created_at", _TIME, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("company_changes")
    op.drop_table("company")
