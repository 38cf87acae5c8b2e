"""Queries on learned answers, proposals and regression cases; it decides nothing and never commits."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from knowledge.documents import QuestionAnswer
from model.refs import learned_answer_ref
from serving.articles.repository import holds, in_portions
from serving.db.tables import LearnedAnswer, Phrasing, Proposal, ProposalStatus, RegressionCase, now
from serving.paging import Place, page_after
from serving.text import folded

_MOST_SPACE = 20
"""Characters that space alone makes one text longer than the same words in another."""


def get(session: Session, learned_answer_id: int) -> LearnedAnswer | None:
    """The learned answer in any state."""
    return session.get(LearnedAnswer, learned_answer_id)


def get_for_update(session: Session, learned_answer_id: int) -> LearnedAnswer | None:
    """The learned answer as it is now, locked until the transaction ends."""
    chosen = select(LearnedAnswer).where(LearnedAnswer.id == learned_answer_id).with_for_update()
    answer = session.scalar(chosen.execution_options(populate_existing=True))
    if answer is not None:
        session.refresh(answer, ["phrasings"])
    return answer


def find_by_ids(session: Session, ids: Iterable[int]) -> dict[int, LearnedAnswer]:
    """Those of the learned answers that exist, in any state, by id."""
    answers: dict[int, LearnedAnswer] = {}
    for portion in in_portions(sorted(set(ids))):
        rows = session.scalars(select(LearnedAnswer).where(LearnedAnswer.id.in_(portion)))
        answers.update((row.id, row) for row in rows)
    return answers


def list_learned_answers(
    session: Session, *, status: str | None = None, text: str = "", after: Place | None = None, limit: int
) -> list[LearnedAnswer]:
    """Learned answers after this place with their phrasings, latest first, and one more than `limit`.

    Every word of `text` stands in question, answer or a phrasing; `None` and no text do not filter.
    """
    query = select(LearnedAnswer).options(selectinload(LearnedAnswer.phrasings))
    if status is not None:
        query = query.where(LearnedAnswer.status == status)
    for word in text.split():
        phrased = select(Phrasing.id).where(
            Phrasing.learned_answer_id == LearnedAnswer.id, Phrasing.text.icontains(word, autoescape=True)
        )
        query = query.where(or_(holds(word, LearnedAnswer.question, LearnedAnswer.answer), phrased.exists()))
    return list(session.scalars(page_after(query, LearnedAnswer.approved_at, LearnedAnswer.id, after, limit)))


def list_superseded_by(session: Session, learned_answer_id: int) -> list[LearnedAnswer]:
    """The learned answers whose place this one took, oldest first."""
    chosen = select(LearnedAnswer).where(LearnedAnswer.superseded_by_id == learned_answer_id)
    return list(session.scalars(chosen.order_by(LearnedAnswer.id)))


def list_by_source(session: Session, source: str) -> dict[str, LearnedAnswer]:
    """The learned answers of an imported file, in any state, by their key in it."""
    chosen = select(LearnedAnswer).where(
        LearnedAnswer.source == source, LearnedAnswer.source_key.is_not(None)
    )
    rows = session.scalars(chosen.options(selectinload(LearnedAnswer.phrasings)))
    return {row.source_key: row for row in rows if row.source_key is not None}


def find_in_use(
    session: Session, moment: datetime, *, ids: Iterable[int] | None = None
) -> list[LearnedAnswer]:
    """Learned answers that the bot may give at `moment`, with their phrasings, by id."""
    chosen = select(LearnedAnswer).options(selectinload(LearnedAnswer.phrasings)).where(_in_use(moment))
    if ids is None:
        return list(session.scalars(chosen.order_by(LearnedAnswer.id)))
    answers: list[LearnedAnswer] = []
    for portion in in_portions(sorted(set(ids))):
        answers.extend(
            session.scalars(chosen.where(LearnedAnswer.id.in_(portion)).order_by(LearnedAnswer.id))
        )
    return answers


def find_by_question(session: Session, question: str, moment: datetime) -> list[LearnedAnswer]:
    """Learned answers in use whose question is this one, case and space ignored; by id."""
    alike = func.lower(LearnedAnswer.question) == func.lower(question)
    rows = session.scalars(select(LearnedAnswer).where(_in_use(moment), alike).order_by(LearnedAnswer.id))
    return [row for row in rows if folded(row.question) == folded(question)]


def find_by_answer(session: Session, answers: Collection[str], moment: datetime) -> list[LearnedAnswer]:
    """Learned answers in use that say one of these in the very same words, case and space ignored; by id."""
    if not answers:
        return []
    size = func.length(LearnedAnswer.answer)
    alike = or_(*(size.between(len(text) - _MOST_SPACE, len(text) + _MOST_SPACE) for text in answers))
    rows = session.scalars(select(LearnedAnswer).where(_in_use(moment), alike).order_by(LearnedAnswer.id))
    wanted = set(map(folded, answers))
    return [row for row in rows if folded(row.answer) in wanted]


def is_in_use(answer: LearnedAnswer, moment: datetime) -> bool:
    """Whether the bot may give the answer at `moment`."""
    return answer.status == "approved" and (answer.valid_until is None or answer.valid_until > moment)


def count_in_use(session: Session, source: str, moment: datetime) -> int:
    """How many learned answers of the source customers may be given at `moment`."""
    chosen = (
        select(func.count()).select_from(LearnedAnswer).where(LearnedAnswer.source == source, _in_use(moment))
    )
    return session.scalar(chosen) or 0


def count_imported(session: Session, moment: datetime) -> dict[str, int]:
    """How many learned answers of each imported source customers may be given at `moment`."""
    chosen = select(LearnedAnswer.source, func.count()).where(
        LearnedAnswer.source_hash.is_not(None), _in_use(moment)
    )
    return dict(session.execute(chosen.group_by(LearnedAnswer.source)).all())


def hashes_in_use(session: Session, moment: datetime) -> dict[str, str]:
    """The content hash of every learned answer that the bot may give at `moment`, by ref."""
    phrasings: dict[int, list[str]] = {}
    picked: dict[int, list[str]] = {}
    texts = select(Phrasing.learned_answer_id, Phrasing.text, Phrasing.origin).order_by(Phrasing.id)
    for learned_answer_id, text, origin in session.execute(texts):
        phrasings.setdefault(learned_answer_id, []).append(text)
        if origin == "pick":
            picked.setdefault(learned_answer_id, []).append(text)
    rows = session.execute(
        select(LearnedAnswer.id, LearnedAnswer.question, LearnedAnswer.answer, LearnedAnswer.released).where(
            _in_use(moment)
        )
    )
    return {
        learned_answer_ref(row_id): wording_hash(
            question, answer, phrasings.get(row_id, ()), released=released, picked=picked.get(row_id, ())
        )
        for row_id, question, answer, released in rows
    }


def refs_expired(session: Session, *, after: datetime, until: datetime) -> list[str]:
    """Approved learned answers whose validity ended after `after` and not later than `until`."""
    chosen = select(LearnedAnswer.id).where(
        LearnedAnswer.status == "approved",
        LearnedAnswer.valid_until > after,
        LearnedAnswer.valid_until <= until,
    )
    return [learned_answer_ref(row_id) for row_id in session.scalars(chosen.order_by(LearnedAnswer.id))]


def next_expiry(session: Session, *, after: datetime) -> datetime | None:
    """The earliest end of validity after this moment among approved learned answers."""
    chosen = select(LearnedAnswer.valid_until).where(
        LearnedAnswer.status == "approved", LearnedAnswer.valid_until > after
    )
    moment: datetime | None = session.scalar(chosen.order_by(LearnedAnswer.valid_until).limit(1))
    return moment


def content_hash(answer: LearnedAnswer) -> str:
    """The hash of what the index holds of the learned answer."""
    texts = [phrasing.text for phrasing in answer.phrasings]
    return wording_hash(
        answer.question, answer.answer, texts, released=answer.released, picked=picked_phrasings(answer)
    )


def picked_phrasings(answer: LearnedAnswer) -> list[str]:
    """The phrasings that only a customer's pick added."""
    return [phrasing.text for phrasing in answer.phrasings if phrasing.origin == "pick"]


def wording_hash(
    question: str, answer: str, phrasings: Sequence[str], *, released: bool, picked: Sequence[str] = ()
) -> str:
    """The hash of a wording, of whether it is released, and of which phrasings were only `picked`.

    The order of the phrasings does not count.
    """
    texts = tuple(f"{text}\tpicked" if text in picked else text for text in sorted(phrasings))
    return QuestionAnswer("", question, answer, texts, released=released).content_hash


def get_proposal(session: Session, proposal_id: int) -> Proposal | None:
    """The proposal, as the store has it now."""
    return session.get(Proposal, proposal_id, populate_existing=True)


def get_proposal_of_message(session: Session, message_id: int) -> Proposal | None:
    """The proposal drafted from an agent's reply."""
    return session.scalar(select(Proposal).where(Proposal.message_id == message_id))


def list_proposals(
    session: Session,
    *,
    status: str | None = None,
    conversation_id: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Proposal]:
    """Proposals with an id greater than `after`, oldest first; `None` does not filter."""
    chosen = select(Proposal).where(Proposal.id > after).order_by(Proposal.id)
    if status is not None:
        chosen = chosen.where(Proposal.status == status)
    if conversation_id is not None:
        chosen = chosen.where(Proposal.conversation_id == conversation_id)
    return list(session.scalars(chosen.limit(limit)))


def count_pending_proposals(session: Session, conversation_id: str | None = None) -> int:
    """How many proposals wait for a person."""
    chosen = select(func.count()).select_from(Proposal).where(Proposal.status == "pending")
    if conversation_id is not None:
        chosen = chosen.where(Proposal.conversation_id == conversation_id)
    return session.scalar(chosen) or 0


def claim_proposal(
    session: Session,
    proposal_id: int,
    *,
    expected: Sequence[ProposalStatus],
    status: ProposalStatus,
    agent_id: str | None,
) -> bool:
    """Set the status if it is one of `expected`; of two people at once, one gets `True`."""
    claimed = session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id, Proposal.status.in_(expected))
        .values(status=status, decided_by=agent_id, decided_at=now() if agent_id else None)
        .returning(Proposal.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


def regression_cases(session: Session, moment: datetime) -> list[RegressionCase]:
    """The cases of learned answers in use, by id; those of retired or replaced ones do not count."""
    chosen = select(RegressionCase).join(LearnedAnswer, RegressionCase.learned_answer_id == LearnedAnswer.id)
    return list(session.scalars(chosen.where(_in_use(moment)).order_by(RegressionCase.id)))


def near_misses_in_use(session: Session, moment: datetime) -> dict[int, list[str]]:
    """The texts that must not get a learned answer in use, by its id."""
    found: dict[int, list[str]] = {}
    for case in regression_cases(session, moment):
        if not case.must_answer:
            found.setdefault(case.learned_answer_id, []).append(case.text)
    return found


def cases_of(session: Session, learned_answer_id: int) -> list[RegressionCase]:
    """The regression cases of one learned answer."""
    chosen = select(RegressionCase).where(RegressionCase.learned_answer_id == learned_answer_id)
    return list(session.scalars(chosen.order_by(RegressionCase.id)))


def _in_use(moment: datetime) -> ColumnElement[bool]:
    ends = LearnedAnswer.valid_until
    return (LearnedAnswer.status == "approved") & or_(ends.is_(None), ends > moment)
