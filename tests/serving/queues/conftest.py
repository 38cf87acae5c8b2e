"""A team that shares its queue out, with people who come and go, on a store of its own."""

from datetime import timedelta

import pytest

from serving.bot.handoff import Handoff, hand_over
from serving.conversations import service as conversations
from serving.db.session import Database
from serving.db.tables import Agent, AgentSession, Contact, Conversation, Team, new_id, now
from serving.queues import assignment


class Office:
    """Teams, agents and conversations, each deed in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.session() as session:
            session.add(Contact(id="customer"))

    def team(self, name: str = "desk", assignment: str = "balanced", capacity: int | None = None) -> None:
        with self.database.session() as session:
            session.merge(Team(name=name, title=name.title(), assignment=assignment, capacity=capacity))

    def agent(self, name: str, *, team: str | None = "desk", online: bool = True) -> None:
        with self.database.session() as session:
            session.add(
                Agent(
                    id=name, email=f"{name}@x.example", name=name, password_hash="", role="agent", team=team
                )
            )
            session.flush()
            expires_at = now() + timedelta(hours=1)
            session.add(AgentSession(token_hash=f"session {name}", agent_id=name, expires_at=expires_at))
        if online:
            self.comes(name)

    def comes(self, name: str, online: bool = True) -> None:
        with self.database.session() as session:
            assignment.set_online(session, session.get_one(Agent, name), online)

    def signs_out(self, name: str) -> None:
        with self.database.session() as session:
            session.delete(session.get_one(AgentSession, f"session {name}"))

    def wait(self, *, team: str | None = "desk", reasons: tuple[str, ...] = ("wants_person",)) -> str:
        """A conversation that is handed over to the team."""
        with self.database.session() as session:
            conversation = Conversation(id=new_id(), contact_id="customer", client_id=new_id())
            session.add(conversation)
            session.flush()
            hand_over(session, conversation, Handoff(reasons=reasons, question="", team=team))
            return conversation.id

    def close(self, conversation_id: str) -> None:
        with self.database.session() as session:
            conversations.close(session, session.get_one(Conversation, conversation_id))

    def get(self, conversation_id: str) -> Conversation:
        with self.database.reading() as session:
            return session.get_one(Conversation, conversation_id)

    def owner(self, conversation_id: str) -> str | None:
        return self.get(conversation_id).agent_id


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database)
    made.team()
    return made
