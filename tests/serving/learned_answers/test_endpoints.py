"""The API of articles, learned answers and proposals: rights, statuses, shapes."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from model.encoder.onnx_encoder import OnnxEncoder
from model.types import Decision, Question
from serving.app import create_app
from serving.company.accounts import create_agent, create_api_key
from serving.db.tables import Contact, Conversation, Message, Proposal, new_id
from serving.runtime.assembly import Runtime, build_runtime
from serving.security.permissions import Role
from serving.settings import Settings
from tests.serving.stand import wait_until
from tests.stores import fresh_postgres_url, sqlite_url

PASSWORD = "a long enough password"
PAUSING = {"title": "Pause your subscription", "body": "Pause for **1 to 6** months."}


class NoAnswers:
    """Stands where the bot is; nothing is asked here."""

    def resolve(self, question: Question) -> Decision:
        raise AssertionError(question)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def runtime(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder
) -> Iterator[Runtime]:
    home = tmp_path_factory.mktemp("home")
    url = sqlite_url(home) if request.param == "sqlite" else fresh_postgres_url()
    settings = Settings(home=home, database_url=url, secret_key="a secret key for tests, 32 or more")
    built = build_runtime(settings, encoder=encoder, resolver=NoAnswers())
    with built.database.session() as session:
        for role in ("agent", "editor", "admin"):
            create_agent(
                session, email=f"{role}@help.example", name=role.title(), password=PASSWORD, role=role
            )
    built.start()
    yield built
    built.stop()


def anonymous(runtime: Runtime) -> TestClient:
    return TestClient(create_app(runtime), raise_server_exceptions=False)


def signed_in(runtime: Runtime, role: Role) -> TestClient:
    client = anonymous(runtime)
    answer = client.post("/v1/agents/session", json={"email": f"{role}@help.example", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


@pytest.fixture(scope="module")
def agent(runtime: Runtime) -> TestClient:
    return signed_in(runtime, "agent")


@pytest.fixture(scope="module")
def editor(runtime: Runtime) -> TestClient:
    return signed_in(runtime, "editor")


def key_client(runtime: Runtime, *scopes: str) -> TestClient:
    with runtime.database.session() as session:
        secret = create_api_key(session, name=new_id(), scopes=scopes).secret
    client = anonymous(runtime)
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def pending(runtime: Runtime, question: str = "Is rain water fine?") -> int:
    with runtime.database.session() as session:
        contact = Contact()
        session.add(contact)
        session.flush()
        conversation = Conversation(contact_id=contact.id, client_id="c")
        session.add(conversation)
        session.flush()
        message = Message(conversation_id=conversation.id, author="agent", text="Yes.")
        session.add(message)
        session.flush()
        proposal = Proposal(
            kind="new",
            question=question,
            answer="Yes.",
            phrasings=[],
            conversation_id=conversation.id,
            message_id=message.id,
        )
        session.add(proposal)
        session.flush()
        return proposal.id


READS = ["/v1/articles", "/v1/articles/x", "/v1/learned-answers", "/v1/learned-answers/1"]
PROPOSALS = ["/v1/proposals", "/v1/proposals/1"]
WRITES = [
    ("POST", "/v1/articles", {"slug": "x", **PAUSING}),
    ("PUT", "/v1/articles/x", PAUSING),
    ("DELETE", "/v1/articles/x", None),
    ("POST", "/v1/learned-answers", {"question": "Q?", "answer": "A."}),
    ("PUT", "/v1/learned-answers/1", {"answer": "A."}),
    ("POST", "/v1/learned-answers/1/retire", None),
    ("POST", "/v1/learned-answers/1/restore", None),
]
DECISIONS = [
    ("POST", "/v1/proposals/1/approve", {}),
    ("POST", "/v1/proposals/1/reject", {"reason": "rejected"}),
    ("POST", "/v1/proposals/1/undo", None),
]


def test_nobody_without_credentials_gets_anything(runtime: Runtime) -> None:
    client = anonymous(runtime)
    requests = [("GET", path, None) for path in READS + PROPOSALS] + WRITES + DECISIONS

    for method, path, body in requests:
        answer = client.request(method, path, json=body)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_customer_gets_nothing_of_it(runtime: Runtime) -> None:
    client = anonymous(runtime)
    token = client.post("/v1/customers/token", json={}).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"

    for method, path, body in [("GET", path, None) for path in READS + PROPOSALS] + WRITES + DECISIONS:
        assert client.request(method, path, json=body).status_code == 403, (method, path)


def test_an_agent_reads_and_decides_but_does_not_write(runtime: Runtime, agent: TestClient) -> None:
    for path in READS + PROPOSALS:
        assert agent.get(path).status_code in (200, 404), path
    for method, path, body in WRITES:
        assert agent.request(method, path, json=body).status_code == 403, (method, path)
    proposal = pending(runtime, "May an agent approve?")
    assert agent.post(f"/v1/proposals/{proposal}/approve", json={}).status_code == 200


def test_a_key_may_do_what_its_scopes_say(runtime: Runtime) -> None:
    writer = key_client(runtime, "articles:write", "articles:read")
    reader = key_client(runtime, "articles:read")

    assert writer.put("/v1/articles/by-key", json=PAUSING).status_code == 201
    assert reader.get("/v1/articles/by-key").status_code == 200
    assert reader.put("/v1/articles/by-key", json=PAUSING).status_code == 403
    assert writer.get("/v1/learned-answers").status_code == 403
    assert writer.post("/v1/proposals/1/approve", json={}).status_code == 403


def test_an_article_is_written_read_listed_and_retired(runtime: Runtime, editor: TestClient) -> None:
    made = editor.post("/v1/articles", json={"slug": "plans/pausing", "category": "plans", **PAUSING})
    assert made.status_code == 201
    assert made.json()["html"] == "<p>Pause for <strong>1 to 6</strong> months.</p>"
    wait_until(lambda: "article:plans/pausing" in runtime.index.refs())

    assert editor.post("/v1/articles", json={"slug": "plans/pausing", **PAUSING}).status_code == 409
    edited = editor.put("/v1/articles/plans/pausing", json={**PAUSING, "title": "Pausing"})
    assert (edited.status_code, edited.json()["title"]) == (200, "Pausing")
    listed = editor.get("/v1/articles", params={"status": "published"}).json()["articles"]
    assert "plans/pausing" in [article["slug"] for article in listed]

    retired = editor.delete("/v1/articles/plans/pausing")
    assert (retired.status_code, retired.json()["status"]) == (200, "retired")
    wait_until(lambda: "article:plans/pausing" not in runtime.index.refs())
    assert editor.put("/v1/articles/plans/pausing", json=PAUSING).json()["status"] == "published"


@pytest.mark.parametrize(
    ("slug", "change", "reason"),
    [
        ("../x", {}, "not usable in an address"),
        ("x y", {}, "not usable in an address"),
        ("", {}, "slug is empty"),
        ("x" * 256, {}, "slug has 256 characters"),
        ("ok", {"title": " "}, "title is empty"),
        ("ok", {"body": "\x00"}, "body is empty"),
        ("ok", {"url": "javascript:alert(1)"}, "is not a web address"),
        ("ok", {"superseded_by": "nothing"}, "is not an article"),
        ("ok", {"superseded_by": "ok"}, "cannot be superseded by itself"),
        ("ok", {"unknown": 1}, "unknown"),
    ],
)
def test_an_unfit_article_is_refused_with_the_reason(
    editor: TestClient, slug: str, change: dict[str, object], reason: str
) -> None:
    answer = editor.post("/v1/articles", json={"slug": slug, **PAUSING, **change})

    assert answer.status_code == 422
    assert reason in answer.json()["detail"]


def test_an_articles_html_holds_no_script(editor: TestClient) -> None:
    editor.put("/v1/articles/script", json={"title": "<script>x</script>", "body": "<script>x</script>"})

    assert "<script" not in editor.get("/v1/articles/script").json()["html"]


def test_a_learned_answer_is_written_edited_and_retired(runtime: Runtime, editor: TestClient) -> None:
    made = editor.post(
        "/v1/learned-answers", json={"question": "Spring sale?", "answer": "Yes.", "phrasings": ["a sale?"]}
    )
    assert made.status_code == 201
    row_id, ref = made.json()["id"], made.json()["ref"]
    assert [phrasing["text"] for phrasing in made.json()["phrasings"]] == ["Spring sale?", "a sale?"]
    wait_until(lambda: ref in runtime.index.refs())

    path = f"/v1/learned-answers/{row_id}"
    edited = editor.put(path, json={"answer": "No.", "valid_until": "2099-01-01T00:00:00Z"}).json()
    assert (edited["answer"], edited["question"], edited["valid_until"]) == (
        "No.",
        "Spring sale?",
        "2099-01-01T00:00:00Z",
    )
    assert editor.put(path, json={"answer": "No!"}).json()["valid_until"] == "2099-01-01T00:00:00Z"
    assert editor.put(path, json={"valid_until": None}).json()["valid_until"] is None
    assert editor.put(path, json={"valid_until": "2099-01-01T00:00:00"}).status_code == 422
    assert editor.put(path, json={"question": ""}).status_code == 422
    assert editor.post(f"{path}/retire").json()["status"] == "retired"
    listed = editor.get("/v1/learned-answers", params={"status": "retired"}).json()["learned_answers"]
    assert row_id in [answer["id"] for answer in listed]
    assert editor.post(f"{path}/restore").json()["status"] == "approved"


@pytest.mark.parametrize("row_id", ["0", "-1", "x", str(2**63)])
def test_a_malformed_id_is_a_malformed_request(editor: TestClient, row_id: str) -> None:
    assert editor.get(f"/v1/learned-answers/{row_id}").status_code == 422
    assert editor.post(f"/v1/proposals/{row_id}/undo").status_code == 422


def test_what_does_not_exist_is_not_found(editor: TestClient) -> None:
    for path in ("/v1/articles/no/such", "/v1/learned-answers/4000000000", "/v1/proposals/4000000000"):
        assert editor.get(path).status_code == 404
    assert editor.delete("/v1/articles/no/such").status_code == 404
    assert editor.post("/v1/proposals/4000000000/approve", json={}).status_code == 404


def test_a_proposal_is_approved_found_and_undone(runtime: Runtime, agent: TestClient) -> None:
    proposal = pending(runtime, "Is snow water fine?")
    path = f"/v1/proposals/{proposal}"
    listed = agent.get("/v1/proposals", params={"status": "pending"}).json()["proposals"]
    assert proposal in [row["id"] for row in listed]

    approved = agent.post(f"{path}/approve", json={"question": "Is melted snow fine?"}).json()

    assert approved["status"] == "approved"
    assert approved["phrasings"] == ["Is snow water fine?"]
    assert approved["decided_by"] is not None
    ref = f"learned_answer:{approved['learned_answer_id']}"
    wait_until(lambda: ref in runtime.index.refs())
    again = agent.post(f"{path}/approve", json={"question": "Is melted snow fine?"})
    assert (again.status_code, again.json()) == (200, approved)
    assert agent.post(f"{path}/reject", json={"reason": "rejected"}).status_code == 409

    assert agent.post(f"{path}/undo").json()["status"] == "undone"
    wait_until(lambda: ref not in runtime.index.refs())
    rejected = agent.post(f"{path}/reject", json={"reason": "not_reusable"}).json()
    assert rejected["status"] == "not_reusable"


def test_keys_of_a_proposal_are_those_of_the_contract(runtime: Runtime, agent: TestClient) -> None:
    shown = agent.get(f"/v1/proposals/{pending(runtime, 'Which keys?')}").json()

    assert set(shown) == {
        *("id", "kind", "status", "question", "answer", "phrasings", "conversation_id", "message_id"),
        *("similar", "similarity", "same_answer", "removed", "in_doubt", "human_only", "learned_answer_id"),
        "past_questions",
        *("created_at", "decided_at", "decided_by"),
    }


def test_another_sites_page_cannot_approve(runtime: Runtime, agent: TestClient) -> None:
    proposal = pending(runtime, "From another site?")

    answer = agent.post(
        f"/v1/proposals/{proposal}/approve", json={}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "key", "name"),
    [("/v1/articles", "articles", "title"), ("/v1/learned-answers", "learned_answers", "question")],
)
def test_lists_come_in_pages_that_miss_and_repeat_nothing(
    editor: TestClient, path: str, key: str, name: str
) -> None:
    for number in (1, 2, 3):
        article = {"slug": f"page-{number}", "title": f"Page {number}", "body": "Words."}
        answer = {"question": f"Is there page {number}?", "answer": "Yes."}
        editor.post(path, json=article if key == "articles" else answer)
    whole = [row[name] for row in editor.get(path).json()[key]]
    assert len(whole) >= 3

    paged: list[str] = []
    after = ""
    while after is not None:
        page = editor.get(path, params={"limit": 2, "after": after}).json()
        assert len(page[key]) <= 2
        paged += [row[name] for row in page[key]]
        after = page["next"]

    assert paged == whole
    refused = editor.get(path, params={"after": "no such place"})
    assert (refused.status_code, "names no page" in refused.json()["detail"]) == (422, True)


def test_a_place_of_another_list_is_refused(editor: TestClient) -> None:
    refused = editor.get("/v1/learned-answers", params={"after": "1700000000000000-abc"})

    assert refused.status_code == 422
    assert "names no page of this list" in refused.json()["detail"]
