"""The one query of the help-centre pages that articles themselves do not need; it changes nothing."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.db.tables import Article


def find_by_file_name(session: Session, name: str) -> Article | None:
    """The published article whose slug ends in `/name`, if there is exactly one; file links say no more."""
    chosen = select(Article).where(
        Article.slug.endswith(f"/{name}", autoescape=True), Article.status == "published"
    )
    found = session.scalars(chosen.limit(2)).all()
    return found[0] if len(found) == 1 else None
