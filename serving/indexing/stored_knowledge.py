"""What the store says customers may find at this moment, as the index needs it; it changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.index.chunking import article_passages, learned_answer_passages
from model.refs import article_ref, article_slug, learned_answer_id, learned_answer_ref
from model.types import Passage
from serving.articles import repository as articles
from serving.db.tables import KnowledgeChange
from serving.learned_answers import repository as learned_answers


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A published article or a learned answer in use."""

    content_hash: str
    passages: tuple[Passage, ...]


def read_hashes(session: Session, moment: datetime) -> dict[str, str]:
    """The content hash of everything that may be found at `moment`, by ref; reads no article's body."""
    return {**articles.published_hashes(session), **learned_answers.hashes_in_use(session, moment)}


def read_items(session: Session, refs: Iterable[str], moment: datetime) -> dict[str, StoredItem]:
    """Those of the refs that may be found at `moment`; a ref that is left out must not be found."""
    slugs: list[str] = []
    ids: list[int] = []
    for ref in refs:
        slug, row_id = article_slug(ref), learned_answer_id(ref)
        if slug is not None:
            slugs.append(slug)
        elif row_id is not None:
            ids.append(row_id)
    return {**_articles(session, slugs), **_learned_answers(session, ids, moment)}


def last_change(session: Session) -> int:
    """The id of the newest change; 0 for none."""
    return session.scalar(select(func.max(KnowledgeChange.id))) or 0


def first_change(session: Session) -> int:
    """The id of the oldest change that is kept; 0 for none."""
    return session.scalar(select(func.min(KnowledgeChange.id))) or 0


def changes_after(session: Session, change_id: int) -> list[tuple[int, str]]:
    """Id and ref of the changes after `change_id`, oldest first."""
    chosen = select(KnowledgeChange.id, KnowledgeChange.ref).where(KnowledgeChange.id > change_id)
    return [(row_id, ref) for row_id, ref in session.execute(chosen.order_by(KnowledgeChange.id))]


def refs_expired(session: Session, *, after: datetime, until: datetime) -> list[str]:
    """Learned answers whose validity ended between the two moments."""
    ids = learned_answers.ids_expired(session, after=after, until=until)
    return [learned_answer_ref(row_id) for row_id in ids]


def next_expiry(session: Session, *, after: datetime) -> datetime | None:
    """When the validity of the next learned answer ends."""
    return learned_answers.next_expiry(session, after=after)


def _articles(session: Session, slugs: list[str]) -> dict[str, StoredItem]:
    return {
        article_ref(slug): StoredItem(
            article.content_hash, tuple(article_passages(articles.document_of(article)))
        )
        for slug, article in articles.find_by_slugs(session, slugs).items()
        if article.status == "published"
    }


def _learned_answers(session: Session, ids: list[int], moment: datetime) -> dict[str, StoredItem]:
    items: dict[str, StoredItem] = {}
    for answer in learned_answers.find_in_use(session, moment, ids=ids):
        texts = [phrasing.text for phrasing in answer.phrasings]
        passages = learned_answer_passages(
            answer.id, answer.question, answer.answer, texts, released=answer.released
        )
        items[learned_answer_ref(answer.id)] = StoredItem(
            learned_answers.content_hash(answer), tuple(passages)
        )
    return items
