"""Where articles stand in their source, in which language and until when, and what imports did."""

from pathlib import PurePosixPath

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("source_path", sa.String(1000)))
    op.add_column("articles", sa.Column("language", sa.String(35), nullable=False, server_default=""))
    op.add_column(
        "articles", sa.Column("translation_key", sa.String(1000), nullable=False, server_default="")
    )
    op.add_column("articles", sa.Column("valid_until", sa.DateTime(timezone=True)))
    op.create_index("ix_articles_source_source_path", "articles", ["source", "source_path"])
    op.create_index("ix_articles_valid_until", "articles", ["valid_until"])
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("source", sa.String(1000), nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in ("articles", "learned_answers"):
        _name_sources_by_their_last_part(table)


def downgrade() -> None:
    op.drop_table("imports")
    op.drop_index("ix_articles_valid_until", "articles")
    op.drop_index("ix_articles_source_source_path", "articles")
    for column in ("source_path", "language", "translation_key", "valid_until"):
        op.drop_column("articles", column)


def _name_sources_by_their_last_part(table: str) -> None:
    """Sources were absolute paths; those that share their last part keep them."""
    store = op.get_bind()
    rows = sa.table(table, sa.column("source", sa.String))
    sources = [row.source for row in store.execute(sa.select(rows.c.source).distinct())]
    for source in sources:
        name = PurePosixPath(source).name
        alike = [other for other in sources if PurePosixPath(other).name == name]
        if source.startswith("/") and name and len(alike) == 1:
            store.execute(sa.update(rows).where(rows.c.source == source).values(source=name))
