"""People who answer in a scratch store and approve what the bot learns; measures nothing.

Only who says what is simulated: proposals, approvals, picks, store and index are the product's.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from eval.data.labelled import LabelledText
from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.learning.draft import near_questions
from model.errors import ConflictError, DataError
from model.interfaces import Reader
from model.refs import learned_answer_id, learned_answer_ref
from serving.bot.picks import learn_pick
from serving.db.session import Database
from serving.db.tables import Agent, Contact, Conversation, Message, Proposal, new_id
from serving.indexing.sync import KnowledgeSync
from serving.learned_answers.proposals import approve

_AGENT = "agent"
_CUSTOMER = "customer"
_NEVER = 1_000_000_000
"""Changes after which a snapshot of the index is renewed: the scratch store needs none."""


class Team:
    """Answers questions by their label and approves what each reply teaches; knows no answer at first.

    What was learned is in the index when a call returns.
    """

    def __init__(self, folder: Path, encoder: Reader) -> None:
        self.database = Database(f"sqlite:///{folder / 'team.db'}")
        self.database.migrate()
        self.encoder = encoder
        self._sync = KnowledgeSync(self.database, encoder, save_after=_NEVER)
        self.index: KnowledgeIndex = self._sync.load_or_rebuild(folder / "index")
        self._refs: dict[str, str] = {}
        with self.database.session() as session:
            session.add(
                Agent(id=_AGENT, email="agent@team.example", name="Agent", password_hash="", role="agent")
            )
            session.add(Contact(id=_CUSTOMER))

    @property
    def answers(self) -> int:
        """How many learned answers were written."""
        return len(self._refs)

    def ref(self, label: str) -> str | None:
        """The learned answer of a label."""
        return self._refs.get(label)

    def answer(self, row: LabelledText) -> bool:
        """A person answers; the question is approved as a new learned answer or as another phrasing.

        False when that is refused: another answer has the same question, or this one all the phrasings that
        are kept. The customer has the answer all the same.
        """
        known = self._refs.get(row.label)
        near = near_questions(self.index, self.encoder, [row.text])
        try:
            with self.database.session() as session:
                proposal = _proposal(session, row, known)
                approved = approve(session, proposal.id, _AGENT, near=near)
                ref = learned_answer_ref(approved.learned_answer_id or 0)
        except (ConflictError, DataError):
            return False
        self._refs.setdefault(row.label, ref)
        self._sync.follow_once()
        return True

    def pick(self, row: LabelledText) -> bool:
        """The customer picked the label's learned answer; whether the question was new to it."""
        with self.database.session() as session:
            learned = learn_pick(session, learned_answer_id(self._refs[row.label]) or 0, row.text)
        self._sync.follow_once()
        return learned

    def close(self) -> None:
        """Give the store back."""
        self.database.close()


def _proposal(session: Session, row: LabelledText, known: str | None) -> Proposal:
    """A conversation with the question and the reply, and what the reply would teach."""
    conversation = Conversation(contact_id=_CUSTOMER, client_id=new_id(), agent_id=_AGENT, status="closed")
    session.add(conversation)
    session.flush()
    reply = Message(conversation_id=conversation.id, author="agent", text=row.label, agent_id=_AGENT)
    session.add_all([Message(conversation_id=conversation.id, author="customer", text=row.text), reply])
    session.flush()
    proposal = Proposal(
        kind="phrasing" if known else "new",
        question=row.text,
        answer=row.label,
        conversation_id=conversation.id,
        message_id=reply.id,
        similar_ref=known,
    )
    session.add(proposal)
    session.flush()
    return proposal
