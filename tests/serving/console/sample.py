"""A small company's store for the console's tests: agents, teams, and conversations in every state."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from pydantic import SecretStr
from sqlalchemy.orm import Session

from model.types import Decision, Question, Reading, Understanding, Vector, Vectors
from model.understanding.classifying import IntentsRead
from serving.company.accounts import create_agent
from serving.db.tables import (
    Agent,
    Article,
    Contact,
    Conversation,
    DecisionRecord,
    Feedback,
    Intent,
    LearnedAnswer,
    Message,
    Phrasing,
    Proposal,
    Team,
    now,
)
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings

PASSWORD = "correct horse battery"
DIM = 64


class WordEncoder:
    """Unit vectors from the words of a text alone; enough to index and search."""

    dim = DIM
    fingerprint = "words-64"
    words = frozenset[str]()

    def encode(self, texts: list[str]) -> Vectors:
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split() or ["-"]:
                row[sum(word.encode()) % DIM] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def encode_one(self, text: str) -> Vector:
        return self.encode([text])[0]

    def read(self, texts: list[str]) -> Reading:
        vectors = self.encode(texts)
        return Reading(vectors=vectors, features=vectors)


class AlwaysHandsOver:
    """A bot that is never sure."""

    def resolve(self, question: Question) -> Decision:
        return Decision(
            kind="silent" if question.owned_by_person else "handoff",
            answer="",
            sources=(),
            choices=(),
            confidence=0.1,
            threshold=0.9,
            reasons=("owned_by_person",) if question.owned_by_person else ("below_threshold",),
            understanding=Understanding(
                intent="swap_pods",
                intent_confidence=0.8,
                intent_probabilities={"swap_pods": 0.8},
                out_of_scope_score=0.1,
                human_only_probability=0.0,
                human_only_in_passing=0.0,
                team="deliveries",
                sentiment="neutral",
                sentiment_score=0.0,
                mood=0.0,
                wants_person=0.1,
                smalltalk=None,
            ),
            candidates=(),
            model="none",
            milliseconds={"total": 1.0},
        )

    def read_intents(self, texts: list[str]) -> IntentsRead:
        probabilities = np.tile([0.3, 0.7], (len(texts), 1))
        nothing_new = np.zeros(len(texts), np.bool_)
        vectors = WordEncoder().encode(texts)
        return IntentsRead("none", ("refund_request", "swap_pods"), probabilities, nothing_new, vectors)


@dataclass(frozen=True, slots=True)
class People:
    """Who signs in, by e-mail; all with the same password."""

    agent: str = "ada@tuckleaf.example"
    editor: str = "edith@tuckleaf.example"
    engineer: str = "enid@tuckleaf.example"


def sample_runtime(home: Path, **changes: object) -> Runtime:
    """A runtime over an empty store in `home`, not started."""
    settings = Settings(
        home=home, secret_key=SecretStr("s" * 40), burst_milliseconds=0, login_attempts=50, **changes
    )
    return build_runtime(settings, encoder=WordEncoder(), resolver=AlwaysHandsOver())


def fill(runtime: Runtime) -> None:
    """Teams, intents, three agents, an article and a learned answer."""
    with runtime.database.session() as session:
        session.add_all(
            [
                Team(name="billing", title="Billing", expected_wait_minutes=10),
                Team(name="deliveries", title="Deliveries", expected_wait_minutes=15),
            ]
        )
        session.flush()
        session.add_all(
            [
                Intent(name="refund_request", title="Wants money back", team="billing", human_only=True),
                Intent(name="swap_pods", title="Swap pods", team="deliveries"),
            ]
        )
        people = People()
        create_agent(session, email=people.agent, name="Ada Moss", password=PASSWORD, role="agent")
        create_agent(session, email=people.editor, name="Edith Reed", password=PASSWORD, role="editor")
        create_agent(session, email=people.engineer, name="Enid Vale", password=PASSWORD, role="engineer")
        session.add(
            Article(
                slug="swap-pods",
                title="Swap pods",
                body="Open the app, then **Box > Swap**, until the 5th.",
                category="deliveries",
                content_hash="0" * 64,
            )
        )
        add_learned_answer(session, "Can I grow my own seeds?", "Yes, with *blank pods*.")


def add_conversation(
    session: Session,
    words: str,
    *,
    name: str | None = "Ana Silva",
    status: str = "waiting",
    team: str = "deliveries",
    minutes_ago: float = 3,
    mood: float = 0.0,
    priority: str = "normal",
) -> Conversation:
    """A conversation that the bot has handed over after an answer that did not help."""
    moment = now() - timedelta(minutes=minutes_ago)
    contact = Contact(name=name, email="ana@customer.example", attributes={"plan": "orchard", "vip": True})
    session.add(contact)
    session.flush()
    conversation = Conversation(
        contact_id=contact.id,
        client_id=contact.id,
        status=status,
        team=team,
        intent="swap_pods",
        mood=mood,
        priority=priority,
        created_at=moment,
        updated_at=moment,
    )
    session.add(conversation)
    session.flush()
    asked = _say(session, conversation, "customer", words)
    if status == "bot":
        return conversation
    decision = DecisionRecord(
        conversation_id=conversation.id,
        message_id=asked.id,
        question=words,
        kind="answer",
        answer_ref="article:swap-pods",
        confidence=0.914,
        threshold=0.9,
        intent="swap_pods",
        team=team,
        sentiment="neutral",
        mood=mood,
        wants_person=0.0,
        reasons=["above_threshold"],
        model="none",
    )
    session.add(decision)
    session.flush()
    answered = _say(session, conversation, "bot", "Open the app, then **Box > Swap**.")
    answered.decision_id = decision.id
    answered.payload = {
        "kind": "answer",
        "sources": [{"ref": "article:swap-pods", "kind": "article", "title": "Swap pods", "url": ""}],
    }
    session.add(Feedback(message_id=answered.id, conversation_id=conversation.id, helpful=False))
    conversation.handed_over_at = moment
    conversation.handoff_reason = "no_other_answer"
    conversation.handoff_summary = {
        "question": words,
        "intent": "swap_pods",
        "team": team,
        "mood": mood,
        "reasons": ["below_threshold", "no_other_answer"],
        "tried": [{"ref": "article:swap-pods", "title": "Swap pods"}],
    }
    return conversation


def add_reply(session: Session, conversation: Conversation, text: str) -> Message:
    """Ada's reply, as if she had answered in the console."""
    message = _say(session, conversation, "agent", text)
    message.agent_id = session.query(Agent).filter_by(email=People().agent).one().id
    conversation.status, conversation.agent_id = "open", message.agent_id
    return message


def add_proposal(
    session: Session,
    conversation: Conversation,
    reply: Message,
    *,
    kind: str = "new",
    question: str = "Can I plant chillies outdoors?",
    answer: str = "Yes, after the **last frost**.",
    similar_ref: str | None = None,
    human_only: bool = False,
    **changes: object,
) -> Proposal:
    """A proposal drafted from the reply."""
    proposal = Proposal(
        kind=kind,
        question=question,
        answer=answer,
        phrasings=["chillies in the garden?"],
        conversation_id=conversation.id,
        message_id=reply.id,
        similar_ref=similar_ref,
        similarity=0.8 if similar_ref else None,
        human_only=human_only,
        **changes,
    )
    session.add(proposal)
    session.flush()
    return proposal


def add_learned_answer(session: Session, question: str, answer: str, **changes: object) -> LearnedAnswer:
    """A learned answer with its question as the first phrasing."""
    row = LearnedAnswer(question=question, answer=answer, **changes)
    row.phrasings = [
        Phrasing(text=question, origin="question"),
        Phrasing(text="own seeds", origin="customer"),
    ]
    session.add(row)
    session.flush()
    return row


def squeezed(html: str) -> str:
    """The markup with every run of white space as one space."""
    return re.sub(r"\s+", " ", html)


def _say(session: Session, conversation: Conversation, author: str, text: str) -> Message:
    message = Message(conversation_id=conversation.id, author=author, text=text)
    message.created_at = conversation.updated_at
    session.add(message)
    session.flush()
    return message
