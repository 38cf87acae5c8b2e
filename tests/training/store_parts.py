"""A small business whose store is filled by the product's own services: customers, bot, agents, approvals."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from knowledge.documents import ArticleDocument, ImportResult
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.types import Decision, DecisionKind, Question, Source, Understanding
from serving.bot.turn import read_turn, resolve_turn, store_decision
from serving.conversations import service
from serving.conversations.schemas import NewCsat, NewMessage
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, Intent, Message, Proposal, Team, new_id
from serving.indexing.sync import KnowledgeSync
from serving.learned_answers import drafting, proposals
from serving.learned_answers.schemas import Approval
from serving.settings import Settings
from serving.transfer.article_import import import_source
from tests.stores import sqlite_url

AGENT = "theo"
"""In no team."""
BILLING_AGENT = "ines"


def make_store(folder: Path, *, url: str | None = None) -> None:
    """A store with a team, two intents, two agents and three articles; on SQLite unless `url` says where."""
    database = Database(url or sqlite_url(folder))
    database.migrate()
    with database.session() as session:
        session.add(Team(name="billing", title="Billing"))
        session.flush()
        session.add(Intent(name="refund", title="Refunds", team="billing"))
        session.add(Intent(name="delivery", title="Deliveries", team="billing"))
        session.add(
            Agent(id=AGENT, email="theo@shop.example", name="Theo Marsh", password_hash="", role="agent")
        )
        session.add(
            Agent(
                id=BILLING_AGENT,
                email="ines@shop.example",
                name="Ines Roth",
                password_hash="",
                role="agent",
                team="billing",
            )
        )
        articles = tuple(
            ArticleDocument(slug=slug, title=slug.title(), body=f"All about {slug}, in full.")
            for slug in ("refunds", "returns", "delivery")
        )
        import_source(session, ImportResult(articles, (), ()), source="help")
    database.close()


class Shop:
    """Everything needed to let people talk; the bot decides by the rules it is given."""

    def __init__(self, folder: Path, encoder: OnnxEncoder, *, url: str | None = None) -> None:
        url = url or sqlite_url(folder)
        self.database = Database(url)
        self.settings = Settings(home=folder, database_url=url, secret_key="x" * 32, burst_milliseconds=0)
        self.encoder = encoder
        self.rules: dict[str, Decision] = {}

    @cached_property
    def sync(self) -> KnowledgeSync:
        return KnowledgeSync(self.database, self.encoder)

    @cached_property
    def index(self) -> KnowledgeIndex:
        return self.sync.load_or_rebuild(self.settings.home / "index")

    def close(self) -> None:
        if "sync" in self.__dict__:
            self.sync.stop()
        self.database.close()

    def customer(self, name: str) -> str:
        """A known customer; their id."""
        with self.database.session() as session:
            contact = Contact(name=name, external_id=f"crm-{new_id()[:8]}")
            session.add(contact)
            session.flush()
            return contact.id

    def start(self, contact_id: str) -> str:
        with self.database.session() as session:
            return service.start_conversation(session, contact_id, new_id()).row.id

    def ask(self, conversation_id: str, text: str, *, choice: str | None = None) -> None:
        """The customer writes, and the bot has its turn."""
        with self.database.session() as session:
            conversation = service.get_conversation(session, conversation_id)
            body = NewMessage(client_id=new_id(), text=text, choice=choice)
            service.post_customer_message(session, self.settings, conversation, body)
        self.answer(conversation_id)

    def answer(self, conversation_id: str) -> None:
        """The bot's turn, if it is due."""
        with self.database.session() as session:
            turn = read_turn(session, conversation_id, self.settings)
            if turn is not None:
                assert store_decision(session, turn, resolve_turn(turn, self._resolve))

    def label(self, conversation_id: str, intent: str | None) -> None:
        """The agent says what the customer wanted with their last question."""
        with self.database.session() as session:
            conversation = service.get_conversation(session, conversation_id)
            service.label_intent(session, conversation, intent, AGENT)

    def rate_answer(self, conversation_id: str, helpful: bool) -> None:
        """The customer's word on the bot's last message; after a "no" the bot tries again."""
        with self.database.session() as session:
            conversation = service.get_conversation(session, conversation_id)
            last = (
                session.query(Message)
                .filter_by(conversation_id=conversation_id, author="bot")
                .order_by(Message.id.desc())
                .first()
            )
            assert last is not None
            service.give_feedback(session, conversation, last.id, helpful)
        self.answer(conversation_id)

    def press_for_person(self, conversation_id: str) -> None:
        """The customer presses the button."""
        with self.database.session() as session:
            service.ask_for_person(session, service.get_conversation(session, conversation_id))

    def reply(self, conversation_id: str, text: str, *, agent: str = AGENT) -> int:
        """The agent writes; the message's id."""
        with self.database.session() as session:
            conversation = service.get_conversation(session, conversation_id)
            body = NewMessage(client_id=new_id(), text=text, anyway=True)
            made = service.post_agent_message(session, self.settings, conversation, agent, body)
            session.flush()
            return made.row.id

    def approve_reply(self, conversation_id: str, message_id: int, *phrasings: str) -> int:
        """What the learning step drafted from the reply, approved; the learned answer's id."""
        with self.database.session() as session:
            prepared = drafting.prepare_proposal(session, self, conversation_id, message_id)
            assert prepared is not None
            proposal = drafting.store_proposal(session, prepared)
            assert proposal is not None
            more = [*proposal.phrasings, *phrasings]
            made = proposals.approve(session, proposal.id, AGENT, Approval(phrasings=more))
            assert made.learned_answer_id is not None
            return made.learned_answer_id

    def approved_as_missed(self, conversation_id: str, message_id: int, learned_id: int, ref: str) -> None:
        """The reply was approved as saying what `ref` says, and is this learned answer now."""
        with self.database.session() as session:
            session.add(
                Proposal(
                    kind="phrasing",
                    status="approved",
                    question="Refunds?",
                    answer="All about refunds.",
                    conversation_id=conversation_id,
                    message_id=message_id,
                    similar_ref=ref,
                    learned_answer_id=learned_id,
                )
            )

    def rate(self, conversation_id: str, score: int, comment: str = "") -> None:
        with self.database.session() as session:
            conversation: Conversation = service.get_conversation(session, conversation_id)
            service.rate(session, conversation, NewCsat(score=score, comment=comment))

    def close_conversation(self, conversation_id: str) -> None:
        with self.database.session() as session:
            service.close(session, service.get_conversation(session, conversation_id))

    def _resolve(self, question: Question) -> Decision:
        if question.chosen_ref is not None:
            return decision("answer", (question.chosen_ref,))
        for words, made in self.rules.items():
            refs = {source.ref for source in made.sources}
            if words in question.text and not refs & question.tried_refs:
                return made
        return decision("handoff", reason="below_threshold")


def decision(
    kind: DecisionKind,
    refs: Sequence[str] = (),
    *,
    intent: str | None = None,
    reason: str = "above_threshold",
) -> Decision:
    """A decision that answers with the first ref, or asks which of them it is."""
    shown = tuple(
        Source(ref=ref, kind="article", title=ref, heading_path=(), url="", excerpt="") for ref in refs
    )
    understanding = Understanding(intent, 0.9, {}, 0.1, 0.0, 0.0, None, "neutral", 0.0, 0.0, 0.0, None, {})
    return Decision(
        kind=kind,
        answer=f"See {refs[0]}." if kind == "answer" else "",
        sources=shown if kind == "answer" else (),
        choices=shown if kind == "clarify" else (),
        confidence=0.9,
        threshold=0.8,
        reasons=(reason,),
        understanding=understanding,
        candidates=(),
        model="rules",
        milliseconds={},
    )
