"""A running server whose set changes to one on another encoder: what is asked and approved meanwhile."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from knowledge.documents import ArticleDocument
from model.encoder.onnx_encoder import OnnxEncoder
from model.interfaces import Reader
from model.model_set import write_pointer
from serving.articles import service as articles
from serving.db.session import Database
from serving.learned_answers import service as learned_answers
from serving.runtime import loading
from serving.runtime.assembly import build_runtime
from serving.runtime.encoders import encoder_folder_in_service, open_knowledge
from serving.runtime.in_service import Knowledge
from serving.settings import Settings
from tests.encoders import copy_encoder
from tests.serving.parts import Customer, LiveServer
from tests.serving.rules import HashReader
from tests.serving.runtime.test_model_exchange import asking, save_set, until
from tests.stores import sqlite_url

REFUNDS = ArticleDocument("refunds", "Refunds", "Unopened devices can be returned within 45 days.")
WIFI = ArticleDocument("wifi", "Connect the wifi", "Hold the button until the light is blue.")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose champion `v1` thinks with word hashes, and which knows two articles."""
    settings = Settings(
        home=tmp_path,
        database_url=sqlite_url(tmp_path),
        secret_key="a secret key for tests, 32 or more",
        burst_milliseconds=0,
        encoder_threads=1,
        port=0,
    )
    save_set(settings.models_folder, "v1")
    write_pointer(settings.models_folder, "v1")
    database = Database(settings.database_url)
    database.migrate()
    with database.session() as session:
        articles.create(session, REFUNDS)
        articles.create(session, WIFI)
    database.close()
    return settings


@pytest.fixture
def live(settings: Settings) -> Iterator[LiveServer]:
    """A server with all its threads on that home."""
    with LiveServer(build_runtime(settings, encoder=HashReader())) as server:
        yield server


@contextmanager
def typing(live: LiveServer) -> Iterator[list[tuple[int, list[str]]]]:
    """A customer who never stops typing: status and refs of each list of suggestions so far."""
    found: list[tuple[int, list[str]]] = []
    done = threading.Event()

    def type_on() -> None:
        while not done.is_set():
            got = live.client.get("/v1/suggest", params={"q": "connect the wifi"})
            found.append((got.status_code, [one["ref"] for one in got.json()["suggestions"]]))

    thread = threading.Thread(target=type_on)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join(20)


def approve_while_it_is_built(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch, before: list[frozenset[str]]
) -> None:
    """An answer becomes known when the second index is complete and not in service yet.

    `before` gets what the index in service then knows, once it has the answer too.
    """

    def build_and_approve(
        settings: Settings, database: Database, encoder: Reader, *, give_up: threading.Event | None = None
    ) -> Knowledge:
        built = open_knowledge(settings, database, encoder, give_up=give_up)
        with database.session() as session:
            learned_answers.create(
                session, question="May I pour rain water?", answer="Yes, filtered.", phrasings=()
            )
        until(lambda: "learned_answer:1" in live.runtime.index.refs())
        before.append(live.runtime.index.refs())
        assert "learned_answer:1" not in built.index.refs()
        return built

    monkeypatch.setattr(loading, "open_knowledge", build_and_approve)


def test_another_encoder_comes_with_its_index_while_all_goes_on(
    live: LiveServer,
    settings: Settings,
    encoder_folder: Path,
    encoder: OnnxEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models, before = settings.models_folder, list[frozenset[str]]()
    copy_encoder(encoder_folder, models, "another")
    save_set(models, "v2", encoder="another", dim=encoder.dim, feature_dim=encoder.feature_dim)
    approve_while_it_is_built(live, monkeypatch, before)
    with asking(live) as answers, typing(live) as suggestions:
        until(lambda: len(answers) > 10)
        write_pointer(models, "v2")
        until(lambda: answers[-1][1] == "v2")
    known = {"article:refunds", "article:wifi", "learned_answer:1"}
    assert before == [known]
    assert live.runtime.index.refs() == known
    assert {status for status, _ in answers} == {200}
    versions = [version for _, version in answers]
    assert versions == sorted(versions)
    assert {(status, refs[0]) for status, refs in suggestions} == {(200, "article:wifi")}
    ready = live.client.get("/readyz").json()
    assert (ready["model"], ready["encoder"], ready["last_model_error"]) == ("v2", "another", None)
    assert best(live, "can I use rain water") == "learned_answer:1"

    with live.runtime.database.session() as session:
        learned_answers.create(session, question="Is the lamp bright?", answer="Very.", phrasings=())
    until(lambda: "learned_answer:2" in live.runtime.index.refs())  # the new index follows the store
    live.stop()  # the index is kept for the next start
    assert {path.name for path in settings.index_folder.iterdir() if path.suffix == ""} == {
        "word-hashes-64",
        "another",
    }
    kept = json.loads((settings.snapshot_folder("another") / "manifest.json").read_text())
    assert (kept["encoder"], kept["refs"]) == ("another", 4)
    monkeypatch.undo()
    restarted = build_runtime(settings)
    assert (restarted.knowledge.encoder.fingerprint, restarted.resolver.version) == ("another", "v2")
    restarted.stop()


def best(live: LiveServer, text: str) -> str:
    """The first suggestion."""
    found = live.client.get("/v1/suggest", params={"q": text}).json()["suggestions"]
    return str(found[0]["ref"])


def test_going_back_to_the_encoder_before_finds_its_snapshot(
    live: LiveServer, settings: Settings, encoder_folder: Path, encoder: OnnxEncoder
) -> None:
    models = settings.models_folder
    copy_encoder(encoder_folder, models, "first")
    copy_encoder(encoder_folder, models, "second")
    for number, name in enumerate(("first", "second"), start=2):
        save_set(models, f"v{number}", encoder=name, dim=encoder.dim, feature_dim=encoder.feature_dim)
    for version, name in (("v2", "first"), ("v3", "second"), ("v2", "first")):
        write_pointer(models, version)
        until(lambda version=version: live.runtime.resolver.version == version)  # type: ignore[misc]
        assert live.runtime.knowledge.encoder.fingerprint == name
        assert live.runtime.index.refs() == {"article:refunds", "article:wifi"}


def test_a_damaged_encoder_leaves_the_old_one_serving_and_is_told(
    live: LiveServer, settings: Settings, encoder_folder: Path, encoder: OnnxEncoder
) -> None:
    models = settings.models_folder
    folder = copy_encoder(encoder_folder, models, "another")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_text("{}")
    save_set(models, "v2", encoder="another", dim=encoder.dim, feature_dim=encoder.feature_dim)
    write_pointer(models, "v2")
    until(lambda: live.client.get("/readyz").json()["last_model_error"] is not None)
    ready = live.client.get("/readyz")
    assert (ready.status_code, ready.json()["model"], ready.json()["encoder"]) == (
        200,
        "v1",
        "word-hashes-64",
    )
    assert "tokenizer.json has SHA-256" in ready.json()["last_model_error"]
    asked = Customer(live.client).post("/v1/ask", {"question": "where is my box?"})
    assert (asked.status_code, asked.json()["model"]) == (200, "v1")


def test_a_home_whose_champions_encoder_is_gone_starts_with_its_own_and_says_so(
    settings: Settings, encoder_folder: Path
) -> None:
    settings.encoder_folder.symlink_to(encoder_folder)
    save_set(settings.models_folder, "v2", encoder="gone")
    write_pointer(settings.models_folder, "v2")
    runtime = build_runtime(settings)
    assert runtime.resolver.version is None
    assert "has no encoder gone" in str(runtime.resolver.last_error)
    assert runtime.index.refs() == {"article:refunds", "article:wifi"}
    runtime.stop()


def test_a_home_thinks_with_its_champions_encoder_and_else_with_its_own(
    settings: Settings, encoder_folder: Path
) -> None:
    """So do the commands that measure and train: a champion that cannot be read holds up no training."""
    models = settings.models_folder
    assert encoder_folder_in_service(settings) == settings.encoder_folder  # nobody has word hashes as files
    copy = copy_encoder(encoder_folder, models, "another")
    save_set(models, "v2", encoder="another")
    write_pointer(models, "v2")
    assert encoder_folder_in_service(settings) == copy
    (models / "v2" / "manifest.json").write_text("{}")
    assert encoder_folder_in_service(settings) == settings.encoder_folder
    (models / "champion").unlink()
    assert encoder_folder_in_service(settings) == settings.encoder_folder
