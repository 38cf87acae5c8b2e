"""Where imported knowledge came from: lists the sources, and takes one back; it never commits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents import ImportResult
from model.errors import NotFoundError
from serving.articles import repository as articles
from serving.company.service import COMMAND_LINE
from serving.db.tables import Import, now
from serving.learned_answers import repository as learned_answers
from serving.transfer.article_import import import_source
from serving.transfer.report import ImportReport


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """What one source has in use."""

    name: str
    articles: int
    learned_answers: int
    imported_at: datetime | None
    """When it was last imported or retired; `None` when that was before imports were noted."""


def list_sources(session: Session) -> list[KnowledgeSource]:
    """All sources that were imported, by name; a retired one has nothing in use."""
    moment = now()
    of_articles = articles.count_imported(session, moment)
    of_answers = learned_answers.count_imported(session, moment)
    latest = select(Import.source, func.max(Import.created_at)).group_by(Import.source)
    imported = dict(session.execute(latest).all())
    return [
        KnowledgeSource(name, of_articles.get(name, 0), of_answers.get(name, 0), imported.get(name))
        for name in sorted(of_articles.keys() | of_answers.keys() | imported.keys())
    ]


def find_source(session: Session, name: str) -> KnowledgeSource:
    """The source of this name. Raises `NotFoundError` when none was imported under it."""
    known = {source.name: source for source in list_sources(session)}
    if name not in known:
        names = ", ".join(map(repr, known)) or "none yet"
        raise NotFoundError(f"no source {name!r} was imported; the sources are: {names}")
    return known[name]


def retire_source(session: Session, name: str, *, author: str = COMMAND_LINE) -> ImportReport:
    """Retire all that the source brought, as if it were empty now; importing it again brings it back.

    Raises `NotFoundError` for a source that was never imported.
    """
    return import_source(session, ImportResult(), source=find_source(session, name).name, author=author)
