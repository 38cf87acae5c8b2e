"""Texts classified over HTTP: what comes back, who may ask, and what is refused."""

import pytest
from fastapi.testclient import TestClient

from serving.company.accounts import create_api_key
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

REFUND = "I would like to have a refund for my last order, please"


@pytest.fixture(scope="module")
def headers(runtime: Runtime) -> dict[str, str]:
    """Of a server whose key may classify and nothing else."""
    with runtime.database.session() as session:
        made = create_api_key(session, name="triage", scopes=["classify"])
    return {"Authorization": f"Bearer {made.secret}"}


def test_a_text_is_told_with_its_likeliest_intents_team_sentiment_and_language(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.post("/v1/classify", json={"texts": [REFUND], "top_k": 2}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["model"] == "rules"
    (told,) = answer.json()["texts"]
    assert 0.5 <= told.pop("language_probability") <= 1
    assert told == {
        "intent": "refund_policy",
        "intents": [
            {"name": "refund_policy", "probability": 0.7},
            {"name": "track_order", "probability": 0.25},
        ],
        "out_of_scope": False,
        "out_of_scope_score": 0.25,
        "team": "billing",  # the store's
        "sentiment": "positive",
        "sentiments": {"negative": 0.1, "neutral": 0.1, "positive": 0.8},
        "wants_person": 0.0,
        "asks_for_person": False,
        "language": "en",
        "mood": None,
    }


def test_texts_keep_their_order_and_each_is_told_for_itself(
    client: TestClient, headers: dict[str, str]
) -> None:
    texts = [
        "ok",
        "Kann ich bitte mit einem Menschen sprechen, einer person?",
        "the refund was awful, and nobody has told me why",
    ]
    told = client.post("/v1/classify", json={"texts": texts}, headers=headers).json()["texts"]
    assert [one["intent"] for one in told] == [None, None, "refund_policy"]
    assert [one["out_of_scope"] for one in told] == [True, True, False]
    assert [one["asks_for_person"] for one in told] == [False, True, False]
    assert [one["sentiment"] for one in told] == ["positive", "positive", "negative"]
    assert [one["language"] for one in told] == [None, "de", "en"]
    assert [len(one["intents"]) for one in told] == [3, 3, 3]


def test_mood_runs_over_the_texts_of_a_conversation(client: TestClient, headers: dict[str, str]) -> None:
    body = {"texts": ["fine", "awful", "awful"], "conversation": True}
    told = client.post("/v1/classify", json=body, headers=headers).json()["texts"]
    # sentiments .7, -.9, -.9; each counts .4, what was before .6
    assert [one["mood"] for one in told] == pytest.approx([0.28, -0.192, -0.4752])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"texts": []}, "body.texts: List should have at least 1 item"),
        ({"texts": ["x"] * 257}, "body.texts: List should have at most 256 items"),
        ({"texts": "refund"}, "body.texts: Input should be a valid list"),
        ({"texts": ["x"], "top_k": 0}, "body.top_k: Input should be greater than or equal to 1"),
        ({"texts": ["x"], "top_k": 101}, "body.top_k: Input should be less than or equal to 100"),
        ({"texts": ["x"], "turns": True}, "body.turns: Extra inputs are not permitted"),
        ({"texts": ["x", "x" * 8_001]}, "texts.1 has 8,001 characters; use 1 to 8,000"),
        ({"texts": ["x", " \n"]}, "texts.1 has 0 characters; use 1 to 8,000"),
    ],
)
def test_what_cannot_be_classified_is_refused_by_name(
    client: TestClient, headers: dict[str, str], body: dict[str, object], told: str
) -> None:
    refused = client.post("/v1/classify", json=body, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(told)


def test_as_many_texts_as_may_be_are_told(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/classify", json={"texts": ["refund"] * 256}, headers=headers)
    assert len(answer.json()["texts"]) == 256


def test_agents_and_keys_with_the_scope_may_classify_and_nobody_else(
    client: TestClient, runtime: Runtime, agent: AgentAtWork, customer: Customer, headers: dict[str, str]
) -> None:
    body = {"texts": ["refund"]}
    with runtime.database.session() as session:
        asks = create_api_key(session, name="site", scopes=["ask"])
    assert agent.post("/v1/classify", body).status_code == 200
    assert client.post("/v1/classify", json=body).status_code == 401
    assert customer.post("/v1/classify", body).status_code == 403
    refused = client.post("/v1/classify", json=body, headers={"Authorization": f"Bearer {asks.secret}"})
    assert refused.status_code == 403
    assert refused.json()["detail"] == "this needs the permission 'classify'; ask an admin"
    assert client.post("/v1/ask", json={"question": "refund?"}, headers=headers).status_code == 403
