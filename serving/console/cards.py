"""The cards of proposals, gathered for the inbox and for the page of proposals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from serving.company.repository import list_agents
from serving.conversations.repository import messages_by_id
from serving.db.tables import Proposal
from serving.learned_answers.exchange import Exchange, read_exchanges
from serving.learned_answers.past_questions import offered_texts
from serving.learned_answers.repository import list_proposals
from serving.learned_answers.schemas import SimilarAnswer, same_answers, similar_answers


@dataclass(frozen=True, slots=True)
class CardDraft:
    """What an agent wrote into a card that could not be accepted, and why."""

    proposal_id: int
    question: str
    answer: str
    phrasings: str
    error: str
    is_edited: bool
    """Whether the words were written into the fields, which then stay open."""


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """One proposal, the same beside the reply and on the page of proposals."""

    proposal: Proposal
    known: SimilarAnswer | None
    """The known answer that it resembles or contradicts, while that exists."""
    same: SimilarAnswer | None
    """A learned answer to another question in the very same words, which an open one may join."""
    exchange: Exchange | None
    """The words of customer and agent that it comes from, as quoted on the page of proposals."""
    past_questions: Mapping[int, str]
    """Earlier questions that its answer would now get, by decision, while it is open."""
    decided_by: str
    draft: CardDraft | None
    action: str
    """Where the card's forms are sent, without the verb."""


def conversation_cards(
    session: Session, conversation_id: str, *, draft: CardDraft | None = None
) -> dict[int, list[ProposalCard]]:
    """The cards of a conversation by the agent's message they stand beside."""
    proposals = list_proposals(session, conversation_id=conversation_id)
    by_message: dict[int, list[ProposalCard]] = {}
    for card in _cards(session, proposals, {}, f"/inbox/{conversation_id}/proposals", draft):
        by_message.setdefault(card.proposal.message_id, []).append(card)
    return by_message


def quoted_cards(
    session: Session, proposals: Sequence[Proposal], *, draft: CardDraft | None = None
) -> list[ProposalCard]:
    """The cards with the words of customer and agent that they come from, in the order given."""
    replies = messages_by_id(session, [proposal.message_id for proposal in proposals])
    exchanges = read_exchanges(session, list(replies.values())) if replies else {}
    return _cards(session, proposals, exchanges, "/proposals", draft)


def agent_names(session: Session) -> Mapping[str | None, str]:
    """The names of all agents by id; nothing for other ids."""
    return defaultdict(str, {agent.id: agent.name for agent in list_agents(session)})


def _cards(
    session: Session,
    proposals: Sequence[Proposal],
    exchanges: Mapping[int, Exchange],
    action: str,
    draft: CardDraft | None,
) -> list[ProposalCard]:
    if not proposals:
        return []
    names = agent_names(session)
    known = similar_answers(session, [proposal.similar_ref for proposal in proposals])
    same = same_answers(session, proposals)
    past = offered_texts(session, proposals)
    return [
        ProposalCard(
            proposal=proposal,
            known=known.get(proposal.similar_ref or ""),
            same=same.get(proposal.id),
            exchange=exchanges.get(proposal.message_id),
            past_questions=past.get(proposal.id, {}),
            decided_by=names[proposal.decided_by],
            draft=draft if draft and draft.proposal_id == proposal.id else None,
            action=f"{action}/{proposal.id}",
        )
        for proposal in proposals
    ]
