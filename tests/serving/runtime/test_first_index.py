"""A server that listens while its first index is built: what it answers, what it keeps, how it stops."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from knowledge.documents import ArticleDocument, ImportResult
from knowledge.index.knowledge_index import KnowledgeIndex
from model.types import Vectors
from serving.app import create_app
from serving.db.session import Database
from serving.indexing.sync import KnowledgeSync
from serving.runtime import assembly
from serving.runtime.assembly import Runtime, open_runtime
from serving.settings import Settings
from serving.transfer.article_import import import_source
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import HashReader, RuleResolver
from tests.stores import sqlite_url

SECRET = "a secret key for tests, 32 or more"
ARTICLES = 20
"""Of two passages each, title and text. A step takes four of them."""


class HeldReader(HashReader):
    """Encodes articles one step at a time, when it is let; questions at once."""

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.waiting = threading.Event()
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.waiting.set()
        assert self.steps.acquire(timeout=60)
        self.encoded += len(texts)
        return super().encode(texts)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose store has articles, and no index yet."""
    made = Settings(home=tmp_path, secret_key=SECRET, database_url=sqlite_url(tmp_path), burst_milliseconds=0)
    database = Database(made.database_url)
    database.migrate()
    articles = tuple(
        ArticleDocument(slug=f"page-{number}", title=f"Page {number}", body=f"About matter {number}.")
        for number in range(ARTICLES)
    )
    with database.session() as session:
        import_source(session, ImportResult(articles, (), ()), source="help")
    database.close()
    return made


@pytest.fixture
def reader() -> HeldReader:
    return HeldReader()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def opened(settings: Settings, reader: HashReader) -> Runtime:
    return open_runtime(settings, encoder=reader, resolver=RuleResolver())


@contextmanager
def indexing(runtime: Runtime, reader: HeldReader) -> Iterator[TestClient]:
    """A server that has begun to index, and waits to be let."""
    with TestClient(create_app(runtime)) as client:
        try:
            assert reader.waiting.wait(60)
            yield client
        finally:
            reader.steps.release(1000)


def test_while_the_first_index_is_built_the_server_is_alive_and_tells_how_far_it_is(
    settings: Settings, reader: HeldReader
) -> None:
    with indexing(opened(settings, reader), reader) as client:
        assert client.get("/healthz").status_code == 200
        begun = client.get("/readyz")
        assert (begun.status_code, begun.headers["retry-after"]) == (503, "5")
        assert begun.json() == {
            "ready": False,
            "database": True,
            "disk": True,
            "encoder": "word-hashes-64",
            "model": None,
            "passages": 0,
            "passages_total": 40,
            "last_model_error": None,
        }
        reader.steps.release()
        until(lambda: client.get("/readyz").json()["passages"] == 8)
        assert client.get("/readyz").status_code == 503
        reader.steps.release(4)
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json() | {"encoder": ""} == {
            "ready": True,
            "database": True,
            "disk": True,
            "encoder": "",
            "model": "given",
            "passages": 40,
            "passages_total": 40,
            "last_model_error": None,
        }
        assert client.get("/readyz").headers.get("retry-after") is None


def test_until_then_what_needs_the_index_is_refused_for_a_moment_and_pages_are_shown(
    settings: Settings, reader: HeldReader
) -> None:
    runtime = opened(settings, reader)
    with indexing(runtime, reader) as client:
        customer = Customer(client)
        for refused in (
            customer.post("/v1/ask", {"question": "refund?"}),
            client.get("/v1/suggest", params={"q": "page 7"}),
        ):
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert refused.headers["content-type"] == "application/problem+json"
            assert "0 of 40 passages" in refused.json()["detail"]
        assert "Page 7" in client.get("/help").text
        assert client.get("/help/page-7").status_code == 200
        agent = AgentAtWork(client, runtime)
        assert agent.get("/inbox").status_code == 200
        assert agent.get("/v1/agents/me").status_code == 200
        reader.steps.release(5)
        until(lambda: client.get("/readyz").status_code == 200)
        assert customer.post("/v1/ask", {"question": "refund?"}).json()["decision"] == "answer"
        assert client.get("/v1/suggest", params={"q": "page 7"}).json()["suggestions"]


def test_a_message_that_comes_before_the_index_is_there_is_kept_and_answered_then(
    settings: Settings, reader: HeldReader
) -> None:
    with indexing(opened(settings, reader), reader) as client:
        customer = Customer(client)
        talk = customer.start()
        customer.say(talk, "do you ship?")
        assert [one["author"] for one in customer.messages(talk)] == ["customer"]
        reader.steps.release(5)
        until(lambda: len(customer.messages(talk)) == 2)
        assert customer.messages(talk)[1]["text"] == "We ship **daily**."


def test_who_waits_is_told_once_everything_is_loaded(settings: Settings, reader: HeldReader) -> None:
    runtime = opened(settings, reader)
    told: list[str] = []
    runtime.when_ready(lambda: told.append("first"))
    runtime.start()
    reader.waiting.wait(60)
    assert told == []
    reader.steps.release(5)
    until(lambda: told == ["first"])
    runtime.when_ready(lambda: told.append("second"))
    assert told == ["first", "second"]
    runtime.stop()


def test_a_server_stopped_while_it_indexes_ends_after_its_step_and_goes_on_from_there(
    settings: Settings, reader: HeldReader
) -> None:
    runtime = opened(settings, reader)
    runtime.start()
    reader.waiting.wait(60)
    stopping = threading.Thread(target=runtime.stop)
    stopping.start()
    reader.steps.release()
    stopping.join(60)
    assert not stopping.is_alive()
    assert reader.encoded == 8

    again = HeldReader()
    again.steps.release(5)
    runtime = opened(settings, again)
    runtime.load()
    assert again.encoded == 32
    assert len(runtime.index) == 40
    runtime.stop()


def test_a_store_that_is_away_while_loading_is_asked_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, tries = KnowledgeSync.load_or_rebuild, []

    def fail_once(sync: KnowledgeSync, folder: Path, **more: threading.Event) -> KnowledgeIndex:
        tries.append(folder)
        if len(tries) == 1:
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        return load(sync, folder, **more)

    monkeypatch.setattr(assembly, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(KnowledgeSync, "load_or_rebuild", fail_once)
    with TestClient(create_app(opened(settings, HashReader()))) as client:
        until(lambda: client.get("/readyz").status_code == 200)
    assert len(tries) == 2
