"""What the pages on proposals and learned answers show, built from rows of the store; it runs no query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from markupsafe import Markup

from serving.console.formatting import article_href, plain_text, ref_href, shorten, web_address
from serving.console.words import LEARNED_STATUS_WORDS, PROPOSAL_STATUS_WORDS, humanise
from serving.db.tables import Agent, Article, LearnedAnswer, Proposal
from serving.learned_answers.exchange import Exchange
from serving.learned_answers.schemas import SimilarView
from serving.rendering import render_markdown

_ONE_DEED = timedelta(seconds=2)
"""Times closer together than this were set by one deed."""


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
class KnownAnswer:
    """The known answer that a proposal resembles or contradicts."""

    question: str
    answer: Markup
    href: str


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """One proposal, the same beside the reply and on the page of proposals."""

    id: int
    kind: Literal["new", "phrasing", "correction"]
    status: str
    status_words: str
    question: str
    answer: str
    answer_html: Markup
    phrasings: tuple[str, ...]
    known: KnownAnswer | None
    learned_answer_id: int | None
    conversation_id: str
    message_id: int
    customer_words: tuple[str, ...]
    """What the customer asked, as quoted on the page of proposals; empty beside the reply."""
    agent_words: tuple[Markup, ...]
    agent_name: str
    decided_by: str
    decided_at: datetime | None
    created_at: datetime
    draft: CardDraft | None
    human_only: bool
    """Whether only people handle such matters, so that approving releases the answer."""
    action: str
    """Where the card's forms are sent, without the verb."""

    @property
    def is_open(self) -> bool:
        """Whether it can be decided: pending, or undone and so open again."""
        return self.status in {"pending", "undone"}


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """One line of the list of learned answers."""

    id: int
    question: str
    snippet: str
    status: str
    status_words: str
    phrasings: int
    approver: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class LearnedLink:
    """An earlier or later version of a learned answer."""

    id: int
    question: str
    status_words: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class LearnedDetail:
    """One learned answer with where it came from and what took its place."""

    row: LearnedRow
    answer: str
    answer_html: Markup
    phrasings: tuple[tuple[str, str], ...]
    """Text and who it came from, without the question itself."""
    source: str
    source_conversation_id: str | None
    valid_until: datetime | None
    released: bool
    changed_at: datetime | None
    """When its words last changed after it was made; `None` when they never did."""
    replaced_by: LearnedLink | None
    replaces: tuple[LearnedLink, ...]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """One article, for the list and for reading."""

    slug: str
    href: str
    title: str
    category: str
    status: str
    status_words: str
    public_url: str
    superseded_by: str
    superseded_href: str
    html: Markup
    updated_at: datetime


def article_view(article: Article, *, with_body: bool) -> ArticleView:
    """The article; its body rendered only where it is read."""
    return ArticleView(
        slug=article.slug,
        href=article_href(article.slug),
        title=article.title,
        category=article.category,
        status=article.status,
        status_words=humanise(article.status),
        public_url=web_address(article.url),
        superseded_by=article.superseded_by or "",
        superseded_href=article_href(article.superseded_by) if article.superseded_by else "",
        html=Markup(render_markdown(article.body)) if with_body else Markup(),  # noqa: S704
        updated_at=article.updated_at,
    )


def proposal_card(
    proposal: Proposal,
    *,
    known: SimilarView | None,
    agent_names: Mapping[str, str],
    action: str,
    exchange: Exchange | None = None,
    draft: CardDraft | None = None,
) -> ProposalCard:
    """The card of a proposal; `known` is the known answer that it resembles, while that exists."""
    return ProposalCard(
        id=proposal.id,
        kind=_kind(proposal.kind),
        status=proposal.status,
        status_words=PROPOSAL_STATUS_WORDS.get(proposal.status, humanise(proposal.status)),
        question=proposal.question,
        answer=proposal.answer,
        answer_html=markdown(proposal.answer),
        phrasings=tuple(proposal.phrasings),
        known=_known(known),
        learned_answer_id=proposal.learned_answer_id,
        conversation_id=proposal.conversation_id,
        message_id=proposal.message_id,
        customer_words=exchange.customer_messages if exchange else (),
        agent_words=tuple(markdown(reply.text) for reply in exchange.replies) if exchange else (),
        agent_name=_agent_name(exchange),
        decided_by=agent_names.get(proposal.decided_by or "", ""),
        decided_at=proposal.decided_at,
        created_at=proposal.created_at,
        draft=draft,
        human_only=proposal.human_only,
        action=f"{action}/{proposal.id}",
    )


def learned_row(answer: LearnedAnswer, *, agent_names: Mapping[str, str]) -> LearnedRow:
    """The line of one learned answer."""
    return LearnedRow(
        id=answer.id,
        question=answer.question,
        snippet=shorten(plain_text(answer.answer)),
        status=answer.status,
        status_words=LEARNED_STATUS_WORDS.get(answer.status, humanise(answer.status)),
        phrasings=len(answer.phrasings),
        approver=agent_names.get(answer.approved_by or "", "") or _origin_words(answer.source),
        approved_at=answer.approved_at,
    )


def learned_detail(
    answer: LearnedAnswer,
    *,
    agent_names: Mapping[str, str],
    replaced_by: LearnedAnswer | None,
    replaces: Sequence[LearnedAnswer],
) -> LearnedDetail:
    """Everything the page of one learned answer shows."""
    return LearnedDetail(
        row=learned_row(answer, agent_names=agent_names),
        answer=answer.answer,
        answer_html=markdown(answer.answer),
        phrasings=tuple(
            (phrasing.text, humanise(phrasing.origin))
            for phrasing in answer.phrasings
            if phrasing.text != answer.question
        ),
        source=_origin_words(answer.source),
        source_conversation_id=answer.source_conversation_id,
        valid_until=answer.valid_until,
        released=answer.released,
        changed_at=answer.updated_at if answer.updated_at - answer.created_at > _ONE_DEED else None,
        replaced_by=learned_link(replaced_by) if replaced_by else None,
        replaces=tuple(learned_link(earlier) for earlier in replaces),
    )


def learned_link(answer: LearnedAnswer) -> LearnedLink:
    """Another version, as the history lists it."""
    words = LEARNED_STATUS_WORDS.get(answer.status, humanise(answer.status))
    return LearnedLink(answer.id, answer.question, words, answer.approved_at)


def names_of(agents: Sequence[Agent]) -> dict[str, str]:
    """Agents' names by id."""
    return {agent.id: agent.name for agent in agents}


def markdown(text: str) -> Markup:
    """Markdown as safe HTML."""
    return Markup(render_markdown(text, line_breaks=True))  # noqa: S704


def _agent_name(exchange: Exchange | None) -> str:
    agent = exchange.replies[-1].agent if exchange and exchange.replies else None
    return agent.name if agent else "Agent"


def _kind(kind: str) -> Literal["new", "phrasing", "correction"]:
    if kind == "phrasing":
        return "phrasing"
    return "correction" if kind == "correction" else "new"


def _known(known: SimilarView | None) -> KnownAnswer | None:
    return KnownAnswer(known.question, markdown(known.answer), ref_href(known.ref)) if known else None


def _origin_words(source: str) -> str:
    return {"conversation": "From a conversation", "console": "Written here"}.get(
        source, f"Imported: {source}"
    )
