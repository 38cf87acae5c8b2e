"""The help centre over HTTP, as the messenger reads it."""

from fastapi.testclient import TestClient
from sqlalchemy import delete

from serving.db.tables import Article, DecisionRecord
from serving.runtime.assembly import Runtime
from tests.serving.parts import Customer


def write(runtime: Runtime, slug: str, title: str, **more: object) -> None:
    with runtime.database.session() as session:
        session.add(Article(slug=slug, title=title, body=f"**{title}** in words.", content_hash=slug, **more))


def answer_from(runtime: Runtime, customer: Customer, slug: str, times: int) -> None:
    conversation = customer.start()
    message = customer.say(conversation, "A question?")["id"]
    of_no_interest = {
        "threshold": 0.9,
        "sentiment": "neutral",
        "mood": 0.0,
        "wants_person": 0.0,
        "reasons": [],
        "model": "1",
        "question": "?",
    }
    with runtime.database.session() as session:
        for _ in range(times):
            session.add(
                DecisionRecord(
                    conversation_id=conversation,
                    message_id=message,
                    kind="answer",
                    answer_ref=f"article:{slug}",
                    confidence=0.99,
                    **of_no_interest,
                )
            )


def test_the_articles_that_answered_most_come_first_then_others_by_title(
    client: TestClient, runtime: Runtime, customer: Customer
) -> None:
    with runtime.database.session() as session:
        session.execute(delete(Article))
    write(runtime, "hours", "Opening hours")
    write(runtime, "returns", "Returns")
    write(runtime, "water", "Water level")
    write(runtime, "gone", "No longer", status="retired")
    write(runtime, "old", "Old page", superseded_by="returns")
    answer_from(runtime, customer, "returns", 2)
    answer_from(runtime, customer, "water", 3)
    answer_from(runtime, customer, "gone", 4)
    listed = client.get("/v1/help").json()["articles"]
    assert [one["slug"] for one in listed] == ["water", "returns", "hours"]
    assert [one["slug"] for one in client.get("/v1/help?limit=1").json()["articles"]] == ["water"]


def test_an_article_is_read_as_safe_markup_and_a_replaced_one_gives_its_successor(
    client: TestClient, runtime: Runtime
) -> None:
    write(runtime, "guides/pruning", "Pruning")
    write(runtime, "cutting", "Cutting", superseded_by="guides/pruning")
    article = client.get("/v1/help/guides/pruning").json()
    assert article["html"] == "<p><strong>Pruning</strong> in words.</p>"
    assert client.get("/v1/help/cutting").json() == article
    missing = client.get("/v1/help/none")
    assert missing.status_code == 404
    assert "'none'" in missing.json()["detail"]
