"""Drafts a proposal from an agent's reply; it decides nothing, a person does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.learning.draft import Draft, NothingLearned, draft_learned_answer
from knowledge.privacy.detection import Known
from knowledge.privacy.removing import doubtful_places
from model.errors import DataError
from serving.company.repository import read_profile
from serving.db.session import append_event
from serving.db.tables import Contact, Conversation, Event, Message, Proposal
from serving.learned_answers import repository
from serving.learned_answers.exchange import Exchange, read_exchange
from serving.learned_answers.past_questions import find_past_questions
from serving.learned_answers.proposals import announce
from serving.learned_answers.public_contacts import said_in_articles
from serving.learned_answers.wording import LearningTools, checked_wording
from serving.text import tidied

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedProposal:
    """A draft made outside any write transaction, ready to be stored."""

    conversation_id: str
    message_id: int
    """The agent's message that the proposal belongs to."""
    draft: Draft
    extends: bool
    """Whether it takes the place of the pending draft of that message, which the reply went on from."""
    human_only: bool
    """Whether the question came to people because only they handle such matters."""
    known: Known
    """What the draft was made with: who is named, and what is public."""
    past_questions: Sequence[int] = ()
    """Decisions on earlier questions that the answer would now get."""


@dataclass(frozen=True, slots=True)
class PreparedNote:
    """That a reply teaches nothing, and why, ready to be noted beside it."""

    conversation_id: str
    message_id: int
    nothing: NothingLearned


def prepare_proposal(
    session: Session,
    tools: LearningTools,
    conversation_id: str,
    message_id: int,
    *,
    country: str | None = None,
) -> PreparedProposal | PreparedNote | None:
    """Draft what the reply is worth, without writing; encoding it takes some tenths of a second.

    A note when it teaches nothing; `None` when there is nothing to say: it answers nobody, or was drafted
    from already. `country` is the company's. A reply that goes on where the agent's last
    message ended extends that one's proposal while it is pending. Text of any kind is safe to pass.
    """
    reply = session.get(Message, message_id)
    conversation = session.get(Conversation, conversation_id)
    if reply is None or conversation is None or reply.conversation_id != conversation_id:
        return None
    if (reply.author, reply.kind) != ("agent", "message"):
        return None
    exchange = read_exchange(session, reply)
    if not exchange.customer_messages or repository.get_proposal_of_message(session, reply.id):
        return None
    earlier = _earlier_proposal(session, exchange.replies[:-1])
    if earlier is not None and earlier.status == "not_reusable":
        return None
    parts, extends = [reply], False
    known = _known(session, exchange, country)
    draft = _draft(session, tools, conversation, exchange, parts, known)
    if isinstance(draft, Draft) and earlier is not None and earlier.status == "pending":
        parts, extends = [message for message in exchange.replies if message.id >= earlier.message_id], True
        draft = _draft(session, tools, conversation, exchange, parts, known)
    if isinstance(draft, NothingLearned):
        return PreparedNote(conversation.id, reply.id, draft)
    return PreparedProposal(
        conversation_id=conversation.id,
        message_id=parts[0].id,
        draft=draft,
        extends=extends,
        human_only=exchange.human_only,
        known=known,
        past_questions=find_past_questions(
            session, tools, conversation.id, [draft.question, *draft.phrasings]
        ),
    )


def store_proposal(session: Session, prepared: PreparedProposal | PreparedNote) -> Proposal | None:
    """Store the draft, or why there is none, and announce it; what was decided meanwhile stays as it is."""
    if isinstance(prepared, PreparedNote):
        _note(session, prepared)
        return None
    existing = repository.get_proposal_of_message(session, prepared.message_id)
    if existing is None:
        return _insert(session, prepared)
    if prepared.extends and existing.status == "pending":
        _write(existing, prepared)
        announce(session, existing)
    return existing


def _earlier_proposal(session: Session, replies: Sequence[Message]) -> Proposal | None:
    """The proposal of an earlier message of the same reply, the latest first."""
    for message in reversed(replies):
        proposal = repository.get_proposal_of_message(session, message.id)
        if proposal is not None:
            return proposal
    return None


def _known(session: Session, exchange: Exchange, country: str | None) -> Known:
    texts = [*exchange.customer_messages, *(message.text for message in exchange.replies)]
    company = read_profile(session).name
    public = (*said_in_articles(session, texts), *((company,) if company else ()))
    return Known(public=public, country=country)


def _draft(
    session: Session,
    tools: LearningTools,
    conversation: Conversation,
    exchange: Exchange,
    replies: Sequence[Message],
    known: Known,
) -> Draft | NothingLearned:
    contact = session.get(Contact, conversation.contact_id)
    names = {message.agent.name for message in replies if message.agent is not None}
    draft = draft_learned_answer(
        customer_messages=[tidied(text) for text in exchange.customer_messages],
        agent_reply="\n\n".join(tidied(message.text) for message in replies),
        retriever=tools.index,
        encoder=tools.encoder,
        agent_names=sorted(names),
        customer_name=contact.name if contact else None,
        human_only=exchange.human_only,
        known=known,
    )
    if isinstance(draft, NothingLearned):
        return draft
    try:
        checked_wording(draft.question, draft.answer, draft.phrasings)
    except DataError as error:  # it could not be approved: a reply that is far too long teaches nothing
        _log.info("draft_dropped", conversation=conversation.id, reason=type(error).__name__)
        return NothingLearned("too_long")
    return draft


def _note(session: Session, prepared: PreparedNote) -> None:
    """Say beside the reply that it taught nothing, and why; for agents alone."""
    message = session.get(Message, prepared.message_id)
    if message is None:
        return
    nothing = {
        "reason": prepared.nothing.reason,
        "removed": [asdict(removed) for removed in prepared.nothing.removed],
    }
    message.payload = {**message.payload, "nothing_learned": nothing}
    data = {"id": 0, "status": "nothing_learned", "message_id": message.id}
    append_event(
        session,
        Event(conversation_id=message.conversation_id, kind="proposal", agents_only=True, data=data),
    )


def _insert(session: Session, prepared: PreparedProposal) -> Proposal | None:
    proposal = Proposal(
        conversation_id=prepared.conversation_id, message_id=prepared.message_id, status="pending"
    )
    _write(proposal, prepared)
    try:
        with session.begin_nested():
            session.add(proposal)
            session.flush()
    except IntegrityError:  # another process was first
        return repository.get_proposal_of_message(session, prepared.message_id)
    announce(session, proposal)
    _log.info(
        "proposal_drafted", proposal=proposal.id, kind=proposal.kind, conversation=prepared.conversation_id
    )
    return proposal


def _write(proposal: Proposal, prepared: PreparedProposal) -> None:
    draft = prepared.draft
    wording = checked_wording(draft.question, draft.answer, draft.phrasings)
    proposal.kind = draft.kind
    proposal.question = wording.question
    proposal.answer = wording.answer
    proposal.phrasings = list(wording.phrasings)
    proposal.similar_ref = draft.similar_ref
    proposal.similarity = draft.similarity
    proposal.human_only = prepared.human_only
    proposal.past_questions = list(prepared.past_questions)
    proposal.removed = [asdict(removed) for removed in draft.removed]
    proposal.in_doubt = [
        {"field": field, "kind": kind, "words": words}
        for field, text in (("question", wording.question), ("answer", wording.answer))
        for words, kind in doubtful_places(text, prepared.known)
    ]
