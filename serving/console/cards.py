"""Gathers the cards of proposals from the repositories, for the inbox and for the page of proposals."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from serving.company.repository import list_agents
from serving.console.knowledge_views import CardDraft, ProposalCard, names_of, proposal_card
from serving.conversations.repository import messages_by_id
from serving.db.tables import Proposal
from serving.learned_answers.exchange import Exchange, read_exchanges
from serving.learned_answers.repository import list_proposals
from serving.learned_answers.schemas import similar_views


def conversation_cards(
    session: Session, conversation_id: str, *, draft: CardDraft | None = None
) -> dict[int, list[ProposalCard]]:
    """The cards of a conversation by the agent's message they stand beside."""
    proposals = list_proposals(session, conversation_id=conversation_id)
    cards = _cards(
        session, proposals, action=f"/inbox/{conversation_id}/proposals", draft=draft, quoted=False
    )
    by_message: dict[int, list[ProposalCard]] = {}
    for card in cards:
        by_message.setdefault(card.message_id, []).append(card)
    return by_message


def quoted_cards(
    session: Session, proposals: Sequence[Proposal], *, draft: CardDraft | None = None
) -> list[ProposalCard]:
    """The cards with the words of customer and agent that they come from, in the order given."""
    return _cards(session, proposals, action="/proposals", draft=draft, quoted=True)


def _cards(
    session: Session,
    proposals: Sequence[Proposal],
    *,
    action: str,
    draft: CardDraft | None,
    quoted: bool,
) -> list[ProposalCard]:
    if not proposals:
        return []
    names = names_of(list_agents(session))
    known = similar_views(session, [proposal.similar_ref for proposal in proposals])
    exchanges: dict[int, Exchange] = {}
    if quoted:
        replies = messages_by_id(session, [proposal.message_id for proposal in proposals])
        exchanges = read_exchanges(session, list(replies.values()))
    return [
        proposal_card(
            proposal,
            known=known.get(proposal.similar_ref or ""),
            agent_names=names,
            action=action,
            exchange=exchanges.get(proposal.message_id),
            draft=draft if draft and draft.proposal_id == proposal.id else None,
        )
        for proposal in proposals
    ]
