"""What the store says customers may find at this moment, as the index needs it; it changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.index.chunking import article_passages, learned_answer_passages
from model.refs import article_slug, learned_answer_id
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
    return {**articles.hashes_in_use(session, moment), **learned_answers.hashes_in_use(session, moment)}


def read_items(session: Session, refs: Iterable[str], moment: datetime) -> dict[str, StoredItem]:
    """Those of the refs that may be found at `moment`; a ref that is left out must not be found."""
    named = list(refs)
    slugs = [slug for slug in map(article_slug, named) if slug is not None]
    ids = [row_id for row_id in map(learned_answer_id, named) if row_id is not None]
    items = {
        article.ref: StoredItem(article.content_hash, tuple(article_passages(articles.document_of(article))))
        for article in articles.find_by_slugs(session, slugs).values()
        if articles.is_in_use(article, moment)
    }
    for answer in learned_answers.find_in_use(session, moment, ids=ids):
        texts = [phrasing.text for phrasing in answer.phrasings]
        passages = learned_answer_passages(
            answer.id,
            answer.question,
            answer.answer,
            texts,
            released=answer.released,
            human_only=answer.human_only,
            picked=learned_answers.picked_phrasings(answer),
        )
        items[answer.ref] = StoredItem(learned_answers.content_hash(answer), tuple(passages))
    return items


def refs_expired(session: Session, *, after: datetime, until: datetime) -> list[str]:
    """What might be found at `after` and has expired by `until`."""
    return [
        *articles.refs_expired(session, after=after, until=until),
        *learned_answers.refs_expired(session, after=after, until=until),
    ]


def next_expiry(session: Session, *, after: datetime) -> datetime | None:
    """When something expires next; `None` for never."""
    ends = (articles.next_expiry(session, after=after), learned_answers.next_expiry(session, after=after))
    return min((end for end in ends if end is not None), default=None)


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
