"""A store with its index and a few people, for tests of learning and knowledge."""

import time
from collections.abc import Callable
from pathlib import Path

from knowledge.documents import ArticleDocument, ImportResult, QuestionAnswer, Refusal
from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.learning.draft import near_questions
from model.interfaces import Encoder
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, LearnedAnswer, Message, Proposal
from serving.indexing.sync import KnowledgeSync
from serving.learned_answers import proposals, service
from serving.learned_answers.schemas import Approval
from serving.transfer.article_import import import_source
from serving.transfer.report import ImportReport

REFUNDS = ArticleDocument(
    slug="billing/refunds",
    title="Refunds",
    body="Unopened devices can be returned within 45 days.\n\nMoney is back after 5 to 7 working days.",
    category="billing",
    url="https://help.example/refunds",
)
PAUSING = ArticleDocument(
    slug="pausing",
    title="Pause your subscription",
    body="Pause for 1 to 6 months under Account > Subscription.",
)
OLD_REFUNDS = ArticleDocument(
    slug="refunds-2024", title="Refunds", body="Returns within 30 days.", superseded_by="billing/refunds"
)
SCHOOLS = QuestionAnswer(
    key="schools",
    question="Do you sell to schools?",
    answer="Yes, schools get **10 %** off from 20 gardens.",
    phrasings=("Is there a discount for schools?",),
)


class Stand:
    """Everything a process has for learning: store, encoder, index."""

    def __init__(self, database: Database, encoder: Encoder, folder: Path) -> None:
        self.database = database
        self.encoder = encoder
        self.folder = folder
        self.sync = KnowledgeSync(database, encoder)
        self.index: KnowledgeIndex = self.sync.load_or_rebuild(folder)
        with database.session() as session:
            for name in ("ana", "ben"):
                session.add(
                    Agent(
                        id=name,
                        email=f"{name}@help.example",
                        name=name.title(),
                        password_hash="",
                        role="agent",
                    )
                )
            session.add(Contact(id="customer", name="Maya Lindqvist"))

    def close(self) -> None:
        """Stop following."""
        self.sync.stop()

    def follow(self) -> None:
        """Bring the index up to date."""
        self.sync.follow_once()

    def best(self, text: str) -> str | None:
        """The ref found first, once the index is up to date."""
        self.follow()
        return best_ref(self.index, self.encoder, text)

    def say(self, *lines: tuple[str, str], conversation: str = "conversation") -> int:
        """Add messages (author, text) to a conversation; the id of the last."""
        with self.database.session() as session:
            if session.get(Conversation, conversation) is None:
                session.add(Conversation(id=conversation, contact_id="customer", client_id=conversation))
                session.flush()
            for author, text in lines:
                message = Message(conversation_id=conversation, author=author, text=text)
                message.agent_id = "ana" if author == "agent" else None
                message.payload = {"kind": "handoff"} if author == "bot" else {}
                session.add(message)
                session.flush()
            return message.id

    def drafted(self, message_id: int, *, conversation: str = "conversation", **fields: object) -> int:
        """A pending proposal of the message with these fields; its id."""
        kept: dict[str, object] = {
            "kind": "new",
            "question": "Can I water the garden with rain water?",
            "answer": "Yes, filtered rain water is fine.",
            "phrasings": ["is rain water ok for my garden"],
        }
        with self.database.session() as session:
            proposal = Proposal(conversation_id=conversation, message_id=message_id, **(kept | fields))
            session.add(proposal)
            session.flush()
            return proposal.id

    def approve(self, proposal_id: int, agent: str = "ana", **words: object) -> int:
        """Approve as the server does, in a transaction of its own; the learned answer's id."""
        with self.database.reading() as session:
            asked = proposals.questions_to_compare(session, proposal_id, Approval(**words))
        near = near_questions(self.index, self.encoder, asked) if asked else ()
        with self.database.session() as session:
            made = proposals.approve(session, proposal_id, agent, Approval(**words), near=near)
            assert made.learned_answer_id is not None
            return made.learned_answer_id

    def learn(self, question: str, answer: str, *phrasings: str) -> int:
        """A learned answer written by an editor; its id."""
        with self.database.session() as session:
            return service.create(session, question=question, answer=answer, phrasings=phrasings).id

    def learned(self, learned_answer_id: int) -> LearnedAnswer:
        """The learned answer with its phrasings."""
        with self.database.reading() as session:
            row = service.get(session, learned_answer_id)
            assert row.phrasings is not None
            return row

    def load(self, *items: ArticleDocument | QuestionAnswer | Refusal, source: str = "/help") -> ImportReport:
        """Import the items as everything that the source holds."""
        result = ImportResult(
            articles=tuple(item for item in items if isinstance(item, ArticleDocument)),
            question_answers=tuple(item for item in items if isinstance(item, QuestionAnswer)),
            refusals=tuple(item for item in items if isinstance(item, Refusal)),
        )
        with self.database.session() as session:
            return import_source(session, result, source=source)


def best_ref(index: KnowledgeIndex, encoder: Encoder, text: str) -> str | None:
    """The ref found first."""
    found = index.search(text, encoder.encode_one(text), top_k=1)
    return found[0].ref if found else None


def wait_until(condition: Callable[[], bool], *, at_most: float = 60.0) -> None:
    """Returns when the condition holds; by then it has long failed for good."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > at_most:
            raise AssertionError(f"not within {at_most} seconds")
        time.sleep(0.01)
