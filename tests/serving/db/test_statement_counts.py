"""Lists ask the store as often for 50 rows as for 5: no statement a row, in the API and on the pages."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from serving.db.tables import (
    Article,
    Contact,
    Conversation,
    Feedback,
    LearnedAnswer,
    Message,
    Phrasing,
    Proposal,
    new_id,
    now,
)
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork

PATHS = (
    "/v1/proposals",
    "/v1/learned-answers",
    "/v1/articles",
    "/proposals",
    "/proposals?tab=decided",
    "/learned-answers",
    "/articles",
)


@contextmanager
def statements(runtime: Runtime) -> Iterator[list[str]]:
    """What is asked of the store meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(runtime.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", note)


def say(session: Session, conversation: Conversation, author: str, text: str, **more: object) -> Message:
    message = Message(conversation_id=conversation.id, author=author, text=text, payload={}, **more)
    session.add(message)
    session.flush()
    return message


def add_proposals(session: Session, count: int, agents: list[AgentAtWork], contact: Contact) -> None:
    """Proposals of as many conversations, with all that their cards show; every second one is decided."""
    for number in range(count):
        article = Article(
            slug=new_id(), title=f"Article {number}", body="Words.", source="test", category="a"
        )
        article.url, article.content_hash, article.status = "", new_id(), "published"
        learned = LearnedAnswer(question=f"Q {new_id()}", answer="Yes.", source="console", status="approved")
        learned.phrasings = [Phrasing(text=f"P {new_id()}", origin="agent")]
        conversation = Conversation(contact_id=contact.id, client_id=new_id())
        session.add_all([article, learned, conversation])
        session.flush()
        agent = agents[number % len(agents)]
        say(session, conversation, "customer", "Do you ship to Norway?")
        answer = say(session, conversation, "bot", "By boat.")
        session.add(Feedback(conversation_id=conversation.id, message_id=answer.id, helpful=False))
        reply = say(session, conversation, "agent", f"Yes, in {number} days.", agent_id=agent.id)
        refs = (f"article:{article.slug}", f"learned_answer:{learned.id}")
        decided = number % 2 == 0
        session.add(
            Proposal(
                kind="phrasing",
                status="rejected" if decided else "pending",
                question=f"Do you ship to Norway {number}?",
                answer="Yes.",
                conversation_id=conversation.id,
                message_id=reply.id,
                similar_ref=refs[number % 2],
                decided_by=agent.id if decided else None,
                decided_at=now() if decided else None,
            )
        )


def test_a_list_takes_as_many_statements_for_50_rows_as_for_5(client: TestClient, runtime: Runtime) -> None:
    agents = [AgentAtWork(client, runtime, "admin") for _ in range(3)]
    contact = Contact()
    with runtime.database.session() as session:
        session.add(contact)
    counts: list[dict[str, int]] = []
    rows: list[int] = []
    for count in (10, 90):  # half of them are pending
        with runtime.database.session() as session:
            add_proposals(session, count, agents, contact)
        counts.append({})
        for path in PATHS:
            with statements(runtime) as asked:
                shown = agents[0].get(path)
            assert shown.status_code == 200, path
            counts[-1][path] = len(asked)
        rows.append(len(agents[0].get("/v1/proposals?status=pending").json()["proposals"]))
    assert rows == [5, 50]
    assert counts[0] == counts[1]


def test_proposals_are_read_page_by_page_after_the_last_one_seen(
    client: TestClient, runtime: Runtime
) -> None:
    agent = AgentAtWork(client, runtime, "admin")
    contact = Contact()
    with runtime.database.session() as session:
        session.add(contact)
        session.flush()
        add_proposals(session, 5, [agent], contact)
    everything = [row["id"] for row in agent.get("/v1/proposals?limit=1000").json()["proposals"]]
    pages: list[int] = []
    while page := agent.get(f"/v1/proposals?limit=2&after={pages[-1] if pages else 0}").json()["proposals"]:
        assert len(page) <= 2
        pages += [row["id"] for row in page]
    assert len(everything) >= 5
    assert pages == everything
