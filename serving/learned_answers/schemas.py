"""What the API takes and gives for learned answers and proposals."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from model.refs import article_slug, learned_answer_id, learned_answer_ref
from serving.articles import repository as articles
from serving.db.tables import LearnedAnswer, Proposal
from serving.learned_answers import repository

_EXCERPT_CHARS = 2_000


class NewLearnedAnswer(BaseModel):
    """A learned answer as an editor writes it."""

    model_config = ConfigDict(extra="forbid")

    question: str
    answer: str
    phrasings: list[str] = []
    valid_until: datetime | None = None
    released: bool = False
    """Whether the bot may give it to its question though only people handle such matters."""


class LearnedAnswerEdit(BaseModel):
    """Other words for a learned answer; what is left out stays. `valid_until: null` means without end."""

    model_config = ConfigDict(extra="forbid")

    question: str | None = None
    answer: str | None = None
    phrasings: list[str] | None = None
    valid_until: datetime | None = None
    released: bool | None = None


class PhrasingView(BaseModel):
    """A way to ask, and who it came from."""

    text: str
    origin: str


class LearnedAnswerView(BaseModel):
    """A learned answer."""

    id: int
    ref: str
    question: str
    answer: str
    status: str
    phrasings: list[PhrasingView]
    source: str
    source_conversation_id: str | None
    approved_by: str | None
    approved_at: datetime
    valid_until: datetime | None
    released: bool
    superseded_by_id: int | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, answer: LearnedAnswer) -> Self:
        """The learned answer as the API gives it."""
        return cls(
            id=answer.id,
            ref=learned_answer_ref(answer.id),
            question=answer.question,
            answer=answer.answer,
            status=answer.status,
            phrasings=[PhrasingView(text=row.text, origin=row.origin) for row in answer.phrasings],
            source=answer.source,
            source_conversation_id=answer.source_conversation_id,
            approved_by=answer.approved_by,
            approved_at=answer.approved_at,
            valid_until=answer.valid_until,
            released=answer.released,
            superseded_by_id=answer.superseded_by_id,
            created_at=answer.created_at,
            updated_at=answer.updated_at,
        )


class LearnedAnswerList(BaseModel):
    """Learned answers, latest first."""

    learned_answers: list[LearnedAnswerView]


class Approval(BaseModel):
    """The words that the person approves; what is left out is approved as drafted."""

    model_config = ConfigDict(extra="forbid")

    question: str | None = None
    answer: str | None = None
    phrasings: list[str] | None = None


class Rejection(BaseModel):
    """Why a proposal is turned down: it is wrong, or right for this customer only."""

    model_config = ConfigDict(extra="forbid")

    reason: Literal["rejected", "not_reusable"] = "rejected"


class SimilarView(BaseModel):
    """The known answer that a proposal resembles or contradicts."""

    ref: str
    question: str
    answer: str


class ProposalView(BaseModel):
    """A proposal, as the API and the event `proposal` give it."""

    id: int
    kind: str
    status: str
    question: str
    answer: str
    phrasings: list[str]
    conversation_id: str
    message_id: int
    similar: SimilarView | None
    similarity: float | None
    human_only: bool
    """Whether only people handle such matters: approving then releases the answer to this question."""
    learned_answer_id: int | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @classmethod
    def of(cls, session: Session, proposal: Proposal) -> Self:
        """The proposal with the known answer it resembles."""
        return cls.of_all(session, [proposal])[0]

    @classmethod
    def of_all(cls, session: Session, proposals: Sequence[Proposal]) -> list[Self]:
        """The proposals with the known answers they resemble, in as many queries as for one."""
        similar = similar_views(session, [proposal.similar_ref for proposal in proposals])
        return [cls._of(proposal, similar.get(proposal.similar_ref or "")) for proposal in proposals]

    @classmethod
    def _of(cls, proposal: Proposal, similar: SimilarView | None) -> Self:
        return cls(
            id=proposal.id,
            kind=proposal.kind,
            status=proposal.status,
            question=proposal.question,
            answer=proposal.answer,
            phrasings=list(proposal.phrasings),
            conversation_id=proposal.conversation_id,
            message_id=proposal.message_id,
            similar=similar,
            similarity=proposal.similarity,
            human_only=proposal.human_only,
            learned_answer_id=proposal.learned_answer_id,
            created_at=proposal.created_at,
            decided_at=proposal.decided_at,
            decided_by=proposal.decided_by,
        )


class ProposalList(BaseModel):
    """Proposals, oldest first."""

    proposals: list[ProposalView]


def similar_views(session: Session, refs: Iterable[str | None]) -> dict[str, SimilarView]:
    """What the refs say now: question and answer, or an article's title and opening; without those gone."""
    ids = {ref: learned_answer_id(ref) for ref in refs if ref is not None}
    slugs = {ref: article_slug(ref) for ref in ids}
    answers = repository.find_by_ids(session, filter(None, ids.values()))
    with_slug = articles.find_by_slugs(session, [slug for slug in slugs.values() if slug is not None])
    views: dict[str, SimilarView] = {}
    for ref, row_id in ids.items():
        answer = answers.get(row_id) if row_id is not None else None
        article = with_slug.get(slugs[ref] or "")
        if answer is not None:
            views[ref] = SimilarView(ref=ref, question=answer.question, answer=answer.answer)
        elif article is not None:
            views[ref] = SimilarView(ref=ref, question=article.title, answer=article.body[:_EXCERPT_CHARS])
    return views
