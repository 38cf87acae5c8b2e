"""The process as a whole: health, metrics, models exchanged while it runs, starting and stopping."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import pytest
from fastapi.testclient import TestClient
from httpx2 import Client
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, TimeoutError

from model.errors import ArtifactError, ConfigurationError
from model.types import Decision, Question
from serving import server
from serving.app import create_app
from serving.db import session as session_module
from serving.db.session import Database
from serving.indexing.sync import KnowledgeSync
from serving.runtime.assembly import Runtime, build_runtime
from serving.runtime.in_service import Knowledge, LoadedSet, ResolverBox
from serving.runtime.model_follower import ModelFollower
from serving.server import serve
from serving.settings import Settings
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import HashReader, RuleResolver
from tests.stores import sqlite_url

ROOT = Path(__file__).parents[3]
SECRET = "a secret key for tests, 32 or more"


def name_champion(folder: Path, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "champion").write_text(version + "\n")


def test_health_says_what_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {
        "ready": True,
        "database": True,
        "disk": True,
        "encoder": "word-hashes-64",
        "model": "given",
        "passages": 0,
        "passages_total": 0,
        "last_model_error": None,
    }


def test_a_full_disk_and_an_emptied_store_are_not_ready(
    client: TestClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=1_000_000))
    full = client.get("/readyz")
    assert (full.status_code, full.json()["disk"], full.json()["database"]) == (503, False, True)
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200
    with runtime.database.session() as session:
        session.execute(text("ALTER TABLE alembic_version RENAME TO gone"))
    emptied = client.get("/readyz")
    with runtime.database.session() as session:
        session.execute(text("ALTER TABLE gone RENAME TO alembic_version"))
    assert (emptied.status_code, emptied.json()["database"]) == (503, False)


def test_who_waits_too_long_for_the_store_is_told_to_come_back(
    customer: Customer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = customer.start()
    engine = runtime.database.engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    with ExitStack() as opened:
        with suppress(TimeoutError):
            while True:
                opened.enter_context(engine.connect().execution_options(sqlite_begin="DEFERRED"))
        refused = customer.get(f"/v1/conversations/{conversation_id}")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.headers["content-type"] == "application/problem+json"
    assert customer.conversation(conversation_id)["status"] == "bot"


def test_who_waits_too_long_for_another_writer_is_told_to_come_back(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "BUSY_SECONDS", 0.05)
    with sqlite_database.session() as first:
        first.execute(text("SELECT 1"))
        with (
            pytest.raises(OperationalError, match="another thread has been writing"),
            sqlite_database.session() as second,
        ):
            second.execute(text("SELECT 1"))
    with sqlite_database.session() as third:
        assert third.scalar(text("SELECT 1")) == 1


def test_a_slash_too_many_leads_to_the_page_on_this_host_whatever_the_request_names(
    client: TestClient,
) -> None:
    headers = {"Accept": "text/html", "Host": "evil.example"}
    for path, place in (
        ("/inbox/", "/inbox"),
        ("/inbox/?team=a%26b", "/inbox?team=a%26b"),
        ("http://testserver//evil.example/", "/evil.example"),
        ("/%5Cevil.example/", "/evil.example"),
        ("/a b/", "/a%20b"),
    ):
        led = client.get(path, headers=headers, follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (307, place)
    assert client.get("/v1/articles/", follow_redirects=False).status_code in {401, 404}


def test_metrics_count_requests_by_template_and_decisions_by_kind(
    client: TestClient, customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    runtime.worker.run_once()
    client.get("/nowhere/at/all")
    text = client.get("/metrics").text
    assert conversation_id not in text
    posted = 'firstlast_requests_total{method="POST",route="/v1/conversations/{conversation_id}/messages"'
    assert f'{posted},status="201"}}' in text
    assert 'firstlast_requests_total{method="GET",route="unmatched",status="404"}' in text
    assert 'firstlast_decisions_total{channel="conversation",kind="answer"}' in text
    assert 'firstlast_resolve_milliseconds_bucket{le="2.0"}' in text


def test_asking_gives_the_decision_and_candidates_only_to_agents(
    customer: Customer, agent: AgentAtWork
) -> None:
    body = {"question": "refund?", "history": [{"author": "customer", "text": "hello"}]}
    shown = customer.post("/v1/ask", body).json()
    assert shown["decision"] == "answer"
    assert shown["answer"] == "Within 45 days."
    assert shown["sources"][0]["ref"] == "article:refund-policy"
    assert (shown["intent"], shown["team"], shown["sentiment"]) == ("refund_policy", "billing", "neutral")
    assert (shown["confidence"], shown["threshold"], shown["model"]) == (0.9, 0.8, "rules")
    assert shown["milliseconds"] == {"total": 1.5}
    assert len(shown["trace_id"]) == 32
    assert shown["candidates"] is None
    assert agent.post("/v1/ask", body).json()["candidates"] == []
    assert customer.post("/v1/ask", {"question": " "}).status_code == 422
    assert customer.post("/v1/ask", {"question": "a" * 8001}).status_code == 422


def test_many_questions_get_the_decisions_that_each_would_get(
    customer: Customer, agent: AgentAtWork, resolver: RuleResolver
) -> None:
    history = [{"author": "customer", "text": "hello"}]
    questions = [{"question": "refund?", "history": history}, {"question": "let me talk to a person"}]
    told = agent.post("/v1/ask/batch", {"questions": questions})
    assert told.status_code == 200
    alone = [agent.post("/v1/ask", question).json() for question in questions]
    together = told.json()["decisions"]
    assert len({one.pop("trace_id") for one in (*together, *alone)}) == 4
    assert together == alone
    assert [one["decision"] for one in together] == ["answer", "handoff"]
    assert [len(question.history) for question in resolver.questions[-2:]] == [1, 0]
    assert customer.post("/v1/ask/batch", {"questions": questions}).status_code == 403


def test_more_questions_than_may_be_or_one_that_is_empty_are_refused_before_any_is_asked(
    agent: AgentAtWork, resolver: RuleResolver
) -> None:
    asked = len(resolver.questions)
    for questions, told in (
        ([], "body.questions: List should have at least 1 item"),
        ([{"question": "refund?"}] * 65, "body.questions: List should have at most 64 items"),
        (
            [{"question": "refund?"}, {"question": " "}],
            "questions.1.question has 0 characters; use 1 to 8,000",
        ),
    ):
        refused = agent.post("/v1/ask/batch", {"questions": questions})
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith(told)
    assert len(resolver.questions) == asked
    assert agent.post("/v1/ask/batch", {"questions": [{"question": "refund?"}] * 64}).status_code == 200


def test_suggestions_for_too_little_text_are_none(client: TestClient) -> None:
    assert client.get("/v1/suggest").json() == {"suggestions": []}
    assert client.get("/v1/suggest?q=x").json() == {"suggestions": []}


def test_an_unknown_address_is_a_problem_document(client: TestClient) -> None:
    missing = client.get("/v1/nothing")
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
    }


def test_an_unknown_address_is_a_page_for_people_and_a_problem_document_for_programs(
    client: TestClient,
) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = client.get("/no/such/page", headers=browser)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "We can't find this page" in page.text
    assert client.get("/no/such/page").headers["content-type"] == "application/problem+json"
    assert client.get("/v1/nothing", headers=browser).headers["content-type"] == "application/problem+json"


def test_an_unexpected_error_tells_nothing_of_its_cause_to_the_customer_or_the_log(
    customer: Customer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    failed = customer.post("/v1/ask", {"question": "boom my secret"})
    assert failed.status_code == 500
    assert failed.json()["title"] == "Internal Server Error"
    assert "secret" not in failed.text
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "request_failed" in logged
    assert "ValueError" in logged
    assert "secret" not in logged


@contextmanager
def full(store: Database) -> Iterator[None]:
    """SQLite takes no page more, as on a full disk."""

    def limit(connection: SqliteConnection, _: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with closing(store.engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM")  # no page is left over from what was deleted
    event.listen(store.engine, "connect", limit)
    store.engine.dispose()
    yield
    event.remove(store.engine, "connect", limit)
    store.engine.dispose()


def test_a_full_store_refuses_a_message_and_takes_it_once_there_is_room(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=tmp_path, secret_key=SECRET, database_url=sqlite_url(tmp_path))
    runtime = build_runtime(settings, encoder=HashReader(), resolver=RuleResolver())
    customer = Customer(TestClient(create_app(runtime), raise_server_exceptions=False))
    messages = f"/v1/conversations/{customer.start()}/messages"
    message = {"text": "where is my parcel? " * 350, "client_id": "m1"}
    with full(runtime.database):
        refused = customer.post(messages, message)
        assert customer.get(messages).json()["messages"] == []
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert "nothing was changed" in refused.json()["detail"]
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "SQLITE_FULL" in logged
    assert "parcel" not in logged
    assert customer.post(messages, message).status_code == 201
    assert [one["client_id"] for one in customer.get(messages).json()["messages"]] == ["m1"]
    runtime.stop()


def test_a_body_that_is_far_too_large_is_refused(customer: Customer) -> None:
    refused = customer.post("/v1/ask", {"question": "a" * 5_000_000})
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"


def test_every_route_of_the_contract_is_in_the_schema(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    wanted = [
        "/v1/customers/token",
        "/v1/ask",
        "/v1/ask/batch",
        "/v1/classify",
        "/v1/suggest",
        "/v1/conversations",
        "/v1/conversations/{conversation_id}",
        "/v1/conversations/{conversation_id}/messages",
        "/v1/conversations/{conversation_id}/events",
        "/v1/conversations/{conversation_id}/feedback",
        "/v1/conversations/{conversation_id}/handoff",
        "/v1/conversations/{conversation_id}/csat",
        "/v1/conversations/{conversation_id}/assign",
        "/v1/conversations/{conversation_id}/close",
        "/v1/inbox/events",
        "/v1/agents/session",
        "/v1/agents/me",
        "/v1/agents",
        "/v1/articles",
        "/v1/learned-answers",
        "/v1/proposals",
        "/v1/contacts/{contact_id}",
        "/v1/models",
        "/v1/drift",
        "/healthz",
        "/readyz",
        "/metrics",
    ]
    assert [path for path in wanted if path not in paths] == []


def test_an_admin_adds_agents_and_an_email_is_taken_once(client: TestClient, runtime: Runtime) -> None:
    admin = AgentAtWork(client, runtime, "admin")
    body = {"email": "New@Tuckleaf.example", "name": "New", "password": "long enough it is", "role": "editor"}
    made = admin.post("/v1/agents", body)
    assert made.status_code == 201, made.text
    assert made.json()["email"] == "new@tuckleaf.example"
    assert admin.post("/v1/agents", body).status_code == 409
    for wrong in ({"email": "nobody"}, {"password": "short"}, {"role": "boss"}, {"team": "unknown"}):
        refused = admin.post("/v1/agents", {**body, "email": "x@tuckleaf.example", **wrong})
        assert refused.status_code == 422, wrong
    listed = admin.get("/v1/agents").json()["agents"]
    assert "new@tuckleaf.example" in [one["email"] for one in listed]
    assert "password" not in json.dumps(listed)


def test_models_lists_the_sets_of_the_home_folder(agent: AgentAtWork, runtime: Runtime) -> None:
    folder = runtime.settings.models_folder
    for version, manifest in (("v1", '{"card": {"accuracy": 0.9}}'), ("v2", "not json")):
        (folder / version).mkdir(parents=True)
        (folder / version / "manifest.json").write_text(manifest)
    name_champion(folder, "v1")
    assert agent.get("/v1/models").json() == {
        "models": [
            {"version": "v2", "champion": False, "in_service": False, "card": {}},
            {"version": "v1", "champion": True, "in_service": False, "card": {"accuracy": 0.9}},
        ],
        "in_service": "given",
        "last_error": None,
    }


class OneAnswer:
    """Answers everything through another resolver, counting."""

    def __init__(self, version: str) -> None:
        self.version = version

    def resolve(self, question: Question) -> Decision:
        return RuleResolver().resolve(question)


def test_a_new_champion_is_taken_into_service_and_a_broken_one_is_not(tmp_path: Path) -> None:
    box = ResolverBox(Knowledge(HashReader(), KnowledgeSync(Database(sqlite_url(tmp_path)), HashReader())))

    def load(version: str, _give_up: threading.Event) -> LoadedSet:
        if version == "broken":
            raise ArtifactError("tensors are damaged; train again")
        return LoadedSet(version, OneAnswer(version), box.knowledge)

    follower = ModelFollower(tmp_path, box, load)
    assert follower.follow_once() is False
    with pytest.raises(ArtifactError, match="no champion is named"):
        box.resolve(Question("refund?"))
    name_champion(tmp_path, "v1")
    assert follower.follow_once() is True
    assert follower.follow_once() is False
    name_champion(tmp_path, "broken")
    assert follower.follow_once() is False
    assert (box.version, box.last_error) == ("v1", "tensors are damaged; train again")
    assert box.resolve(Question("refund?")).kind == "answer"
    name_champion(tmp_path, "v2")
    assert follower.follow_once() is True
    assert (box.version, box.last_error) == ("v2", None)


def test_without_a_model_set_the_server_runs_is_not_ready_and_hands_over(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secret_key=SECRET, burst_milliseconds=0)
    runtime = build_runtime(settings, encoder=HashReader())
    with TestClient(create_app(runtime)) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "no champion is named" in answer.json()["last_model_error"]
        customer = Customer(client)
        refused = customer.post("/v1/ask", {"question": "refund?"})
        assert refused.status_code == 503
        conversation_id = customer.start()
        customer.say(conversation_id, "refund?")
        until = time.monotonic() + 10
        while customer.conversation(conversation_id)["status"] != "waiting":
            assert time.monotonic() < until
            time.sleep(0.02)
    assert (tmp_path / "index").is_dir()


def test_without_an_encoder_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="firstlast init"):
        build_runtime(Settings(home=tmp_path, secret_key=SECRET))


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1", "address already in use"), ("nowhere.invalid", "")]
)
def test_an_address_that_cannot_be_listened_on_is_told(tmp_path: Path, host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(home=tmp_path, secret_key=SECRET, host=host, port=port)
        runtime = build_runtime(settings, encoder=HashReader(), resolver=RuleResolver())
        with pytest.raises(ConfigurationError, match=rf"cannot listen on {host} port {port} \({reason}"):
            serve(runtime)


def test_a_name_of_several_addresses_is_listened_on_at_each_that_is_there_on_one_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in ("192.0.2.1", "127.0.0.1", "127.0.0.2")  # the first is no machine's
    ]
    monkeypatch.setattr(server, "getaddrinfo", lambda *_, **__: addresses)
    sockets = server._listening_sockets("both.example", 0)
    found = [one.getsockname() for one in sockets]
    for one in sockets:
        one.close()
    assert [address for address, _ in found] == ["127.0.0.1", "127.0.0.2"]
    assert found[0][1] == found[1][1] > 0


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.serving.rules import HashReader, RuleResolver
from serving.runtime.assembly import build_runtime
from serving.server import serve
from serving.settings import Settings
settings = Settings.load(Path({home!r}))
runtime = build_runtime(settings, encoder=HashReader(), resolver=RuleResolver())
serve(runtime, on_ready=lambda address: print(address, flush=True))
heavy = ("torch", "transformers", "sentence_transformers", "mlflow", "sklearn", "datasets")
print("stopped", [name for name in heavy if name in sys.modules], flush=True)
"""


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_streams_and_stops_the_process_cleanly(
    tmp_path: Path, stop_signal: signal.Signals
) -> None:
    (tmp_path / "firstlast.toml").write_text("port = 0\n")
    code = SCRIPT.format(root=str(ROOT), home=str(tmp_path))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FIRSTLAST_")}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    address = next(line for line in process.stdout if line.startswith("http://")).strip()
    with Client(base_url=address, timeout=20) as client:
        customer = Customer(client)
        path = f"/v1/conversations/{customer.start()}/events"
        with client.stream("GET", path, headers=customer.headers) as response:
            lines = response.iter_lines()
            assert next(lines) == ": connected"
            process.send_signal(stop_signal)
            list(lines)
        assert process.wait(60) == 0
    assert process.stdout.read().strip().endswith("stopped []")  # and no training library was imported
    assert (tmp_path / "index").is_dir()
    process.stdout.close()
