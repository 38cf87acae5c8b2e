"""A running server while the pointer to its model set moves: what it answers with, and what it says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet, save_model_set, write_pointer
from serving.runtime.assembly import build_runtime
from serving.settings import Settings
from tests.forests import answering, stump
from tests.serving.parts import AgentAtWork, Customer, LiveServer
from tests.serving.rules import HashReader
from tests.stores import sqlite_url


def save_set(
    models: Path,
    version: str,
    *,
    encoder: str = "word-hashes-64",
    dim: int = 64,
    feature_dim: int | None = None,
) -> None:
    """A set that hands everything over."""

    def head(*labels: str) -> Head:
        bias = np.array([10.0, *(0.0 for _ in labels[1:])], np.float32)
        return Head(labels, Linear(np.zeros((len(labels), feature_dim or dim), np.float32), bias))

    saved = ModelSet(
        version=version,
        encoder_fingerprint=encoder,
        heads={
            "sentiment": head("neutral", "negative", "positive"),
            "wants_person": head("person", "no"),
            "smalltalk": head("none", "greeting", "out_of_scope"),
        },
        scope=ScopeDetector(np.empty((0, dim), np.float32)),
        intents={},
        answering=answering(stump("dense_score", limit=0.5, below=0.1, above=0.9)),
        calibration=CalibrationSample(np.array([0.5]), np.array([True]), np.array([False])),
        limits={
            "wants_person": 0.5,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 1.0,
        },
    )
    save_model_set(saved, models / version)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server with all its threads, which answers with the set `v1` of its home."""
    settings = Settings(
        home=tmp_path,
        database_url=sqlite_url(tmp_path),
        secret_key="a secret key for tests, 32 or more",
        burst_milliseconds=0,
        port=0,
    )
    save_set(settings.models_folder, "v1")
    write_pointer(settings.models_folder, "v1")
    with LiveServer(build_runtime(settings, encoder=HashReader())) as server:
        yield server


@pytest.fixture
def models(live: LiveServer) -> Path:
    return live.runtime.settings.models_folder


@contextmanager
def asking(live: LiveServer) -> Iterator[list[tuple[int, str]]]:
    """A customer who never stops asking: status and model of each answer so far."""
    customer = Customer(live.client)
    answers: list[tuple[int, str]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            got = customer.post("/v1/ask", {"question": "where is my box?"})
            answers.append((got.status_code, got.json().get("model", "")))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join(20)


def until(holds: Callable[[], bool], *, at_most: float = 60) -> float:
    """Seconds until it holds."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < at_most, f"not within {at_most} seconds"
        time.sleep(0.02)
    return time.monotonic() - started


def test_moving_the_pointer_switches_the_model_and_no_question_fails(live: LiveServer, models: Path) -> None:
    save_set(models, "v2")
    with asking(live) as answers:
        until(lambda: len(answers) > 10)
        write_pointer(models, "v2")
        until(lambda: answers[-1][1] == "v2")
        write_pointer(models, "v1")
        until(lambda: answers[-1][1] == "v1")
    assert {status for status, _ in answers} == {200}
    versions = [version for _, version in answers]
    changes = [new for old, new in pairwise(versions) if old != new]
    assert changes == ["v2", "v1"]


def missing(models: Path) -> str:
    (models / "champion").write_text("v2\n")
    return "no model set in"


def damaged(models: Path) -> str:
    save_set(models, "v2")
    tensors = models / "v2" / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-100])
    write_pointer(models, "v2")
    return "is missing or damaged"


def of_another_encoder(models: Path) -> str:
    save_set(models, "v2", encoder="another")
    write_pointer(models, "v2")
    return "has no encoder another, neither as encoder nor in encoders"


def of_another_size(models: Path) -> str:
    save_set(models, "v2", dim=32)
    write_pointer(models, "v2")
    return "champion 'v2' cannot be used (ValueError)"


@pytest.mark.parametrize("spoil", [missing, damaged, of_another_encoder, of_another_size])
def test_a_set_that_cannot_be_used_leaves_the_old_one_serving_and_is_told(
    live: LiveServer, models: Path, capfd: pytest.CaptureFixture[str], spoil: Callable[[Path], str]
) -> None:
    engineer = AgentAtWork(live.client, live.runtime, "engineer")
    agent = AgentAtWork(live.client, live.runtime)
    with asking(live) as answers:
        problem = spoil(models)
        until(lambda: live.client.get("/readyz").json()["last_model_error"] is not None)
        count = len(answers)
        until(lambda: len(answers) > count + 10)
    assert set(answers) == {(200, "v1")}
    ready = live.client.get("/readyz")
    assert (ready.status_code, ready.json()["model"]) == (200, "v1")
    assert problem in ready.json()["last_model_error"]
    assert "model_set_refused" in "".join(capfd.readouterr())
    page = engineer.get("/inbox").text.replace("&#39;", "'")
    assert "could not be taken into service, v1 still answers" in page
    assert problem in page
    assert "could not be taken" not in agent.get("/inbox").text  # nothing an agent could do about it

    write_pointer(models, "v1")
    until(lambda: live.client.get("/readyz").json()["last_model_error"] is None)
    assert "could not be taken" not in engineer.get("/inbox").text


def test_every_agent_is_told_when_no_set_is_in_service(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        database_url=sqlite_url(tmp_path),
        secret_key="a secret key for tests, 32 or more",
        port=0,
    )
    with LiveServer(build_runtime(settings, encoder=HashReader())) as live:
        page = AgentAtWork(live.client, live.runtime).get("/inbox").text
    assert "the bot hands every question to people" in page
    assert "no champion is named" not in page
