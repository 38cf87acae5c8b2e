"""What the API takes and gives for learned answers and proposals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from knowledge.privacy.places import Kind
from model.refs import article_slug, learned_answer_id
from serving.articles import repository as articles
from serving.db.tables import LearnedAnswerStatus, Origin, Proposal, ProposalKind, ProposalStatus, now
from serving.learned_answers import repository
from serving.learned_answers.past_questions import offered_texts
from serving.schemas import Body, RowOut
from serving.text import folded

_EXCERPT_CHARS = 2_000


class NewLearnedAnswer(Body):
    """A learned answer as an editor writes it."""

    question: str
    answer: str
    phrasings: list[str] = Field(default_factory=list)
    valid_until: datetime | None = None
    released: bool = False
    """Whether the bot may give it to its question though only people handle such matters."""


class LearnedAnswerEdit(Body):
    """Other words for a learned answer; what is left out stays. `valid_until: null` means without end."""

    question: str | None = None
    answer: str | None = None
    phrasings: list[str] | None = None
    valid_until: datetime | None = None
    released: bool | None = None


class PhrasingOut(RowOut):
    """A way to ask, and who it came from."""

    text: str
    origin: Origin


class LearnedAnswerOut(RowOut):
    """A learned answer."""

    id: int
    ref: str
    question: str
    answer: str
    status: LearnedAnswerStatus
    phrasings: list[PhrasingOut]
    source: str
    source_conversation_id: str | None
    approved_by: str | None
    approved_at: datetime
    valid_until: datetime | None
    released: bool
    superseded_by_id: int | None
    created_at: datetime
    updated_at: datetime


class LearnedAnswerList(BaseModel):
    """Learned answers, latest first."""

    learned_answers: list[LearnedAnswerOut]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


class Approval(Body):
    """The words that the person approves; what is left out is approved as drafted."""

    question: str | None = None
    answer: str | None = None
    phrasings: list[str] | None = None
    past_questions: Annotated[list[int], Field(max_length=20)] = Field(default_factory=list)
    """Those of the proposal's `past_questions` that ask the same, by decision; they become phrasings."""
    release: bool = False
    """Whether the bot may give the answer to this very question though only people handle the matter."""
    join: str | None = Field(default=None, max_length=300)
    """The ref of the learned answer in the same words (`same_answer`) that this becomes a phrasing of."""


class Rejection(Body):
    """Why a proposal is turned down: it is wrong, or right for this customer only."""

    reason: Literal["rejected", "not_reusable"] = "rejected"


class SimilarAnswer(BaseModel):
    """A known answer that a proposal is held against."""

    ref: str
    question: str
    answer: str


class RemovedOut(BaseModel):
    """Something that was left out of a draft because it points to a person."""

    field: Literal["question", "answer"]
    kind: Kind


class InDoubtOut(RemovedOut):
    """Something that was kept in a draft though it may point to a person."""

    words: str


class PastQuestionOut(BaseModel):
    """An earlier customer's question that the answer would now get."""

    decision_id: int
    text: str
    """Without names and numbers of whoever asked."""


class ProposalOut(RowOut):
    """A proposal, as the API and the event `proposal` give it."""

    id: int
    kind: ProposalKind
    status: ProposalStatus
    question: str
    answer: str
    phrasings: list[str]
    conversation_id: str
    message_id: int
    similar: SimilarAnswer | None
    similarity: float | None
    same_answer: SimilarAnswer | None
    """While it is open: a learned answer to another question in the very same words, which it may join."""
    human_only: bool
    """Whether only people handle such matters: unless it is released, the bot does not give the answer."""
    removed: list[RemovedOut]
    """What was left out because it points to a person."""
    in_doubt: list[InDoubtOut]
    """What may point to a person: read it before approving."""
    past_questions: list[PastQuestionOut]
    """While it is open: earlier questions that the answer would now get; name those alike on approval."""
    learned_answer_id: int | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class ProposalList(BaseModel):
    """Proposals, oldest first."""

    proposals: list[ProposalOut]


def proposals_out(session: Session, proposals: Sequence[Proposal]) -> list[ProposalOut]:
    """The proposals with the known answers they resemble, in as many queries as for one."""
    similar = similar_answers(session, [proposal.similar_ref for proposal in proposals])
    same = same_answers(session, proposals)
    past = offered_texts(session, proposals)
    return [
        ProposalOut.of(
            row,
            similar=similar.get(row.similar_ref or ""),
            same_answer=same.get(row.id),
            past_questions=[
                PastQuestionOut(decision_id=decision_id, text=text)
                for decision_id, text in past.get(row.id, {}).items()
            ],
        )
        for row in proposals
    ]


def proposal_out(session: Session, proposal: Proposal) -> ProposalOut:
    """The proposal with the known answer it resembles."""
    return proposals_out(session, [proposal])[0]


def same_answers(session: Session, proposals: Sequence[Proposal]) -> dict[int, SimilarAnswer]:
    """By id of an open proposal for a new one, the first learned answer in its words and of its scope."""
    asked = [proposal for proposal in proposals if proposal.is_open and proposal.kind == "new"]
    rows = repository.find_by_answer(session, {proposal.answer for proposal in asked}, now())
    known = {(folded(row.answer), row.human_only): row for row in reversed(rows)}
    found: dict[int, SimilarAnswer] = {}
    for proposal in asked:
        row = known.get((folded(proposal.answer), proposal.human_only))
        if row is not None and folded(row.question) != folded(proposal.question):
            found[proposal.id] = SimilarAnswer(ref=row.ref, question=row.question, answer=row.answer)
    return found


def similar_answers(session: Session, refs: Sequence[str | None]) -> dict[str, SimilarAnswer]:
    """What the refs say now: question and answer, or an article's title and opening; without those gone."""
    ids = [learned_answer_id(ref) for ref in refs]
    slugs = [article_slug(ref) for ref in refs]
    answers = repository.find_by_ids(session, [row_id for row_id in ids if row_id is not None])
    found_articles = articles.find_by_slugs(session, [slug for slug in slugs if slug is not None])
    similar = [
        SimilarAnswer(ref=answer.ref, question=answer.question, answer=answer.answer)
        for answer in answers.values()
    ] + [
        SimilarAnswer(ref=article.ref, question=article.title, answer=article.body[:_EXCERPT_CHARS])
        for article in found_articles.values()
    ]
    return {answer.ref: answer for answer in similar}
