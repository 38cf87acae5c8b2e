"""Retraining on a schedule: once for the same data, gone on with after a crash, all of it written down.

Real gates, registry and log; only the fitting is replaced, by sets of known habits, and time by a clock.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.report.tracking import open_client
from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ConflictError, DataError
from model.model_set import read_pointer
from serving.settings import Settings
from tests.serving.test_webhooks import SECRET, Receiver, receiver
from tests.training.promotion_parts import (
    ONCE_ALIKE,
    QUESTIONS,
    good_set,
    make_home,
    timid_set,
    write_questions,
)
from training import retraining
from training.heads.model_set import TrainedSet
from training.pipeline import gather
from training.registry import locks, promotion
from training.registry.model_sets import register
from training.registry.registered_sets import RegisteredSet
from training.retraining import LOG_FILE, Retrained, retrain

__all__ = ["receiver"]
pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

Make = Callable[[str, OnnxEncoder], TrainedSet]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home with the champion `v1`, which was trained on other data. Read only."""
    home = tmp_path_factory.mktemp("made") / "home"
    make_home(home, encoder_folder, encoder)
    return home


@pytest.fixture
def home(made_once: Path, tmp_path: Path) -> Path:
    """A home of its own, to do anything with."""
    return shutil.copytree(made_once, tmp_path / "home", symlinks=True)


@pytest.fixture
def training(home: Path, encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch) -> list[Make]:
    """What the next trainings make, in turn; compared on a few held-out questions."""
    makes: list[Make] = []
    names = iter(range(2, 10))

    def train(settings: Settings, data: Any, **_: object) -> RegisteredSet:
        trained = makes.pop(0)(f"v{next(names)}", encoder)
        card = {"parameters": {"data_sha256": data.sha256}}
        return register(settings.home, replace(trained, models=replace(trained.models, card=card)))

    monkeypatch.setattr(retraining, "train_and_register", train)
    folder = write_questions(home / "held-out", QUESTIONS)
    monkeypatch.setattr(retraining, "promote", partial(promotion.promote, data=folder, timing=ONCE_ALIKE))
    return makes


def run(home: Path, **options: bool) -> Retrained:
    return retrain(Settings.load(home), seed=0, most_past=10, **options)


def lines(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / LOG_FILE).read_text().splitlines()]


def test_what_passes_all_gates_is_promoted_and_the_second_run_does_nothing(
    home: Path, training: list[Make]
) -> None:
    training.append(good_set)
    done = run(home)
    data = gather(Settings.load(home), None, from_store=True)
    assert done == Retrained(len(data.intents), data.from_service, new=True, trained="v2", promoted=True)
    assert done.labels == 0
    assert read_pointer(home / "models") == "v2"
    again = run(home)
    assert (again.new, again.trained, again.outcome) == (False, None, "nothing_new")
    assert [(line["event"], line.get("trained")) for line in lines(home)] == [
        ("trained", "v2"),
        ("promoted", "v2"),
        ("nothing_new", None),
    ]
    client = open_client(home)
    experiment = client.get_experiment_by_name("retrain")
    assert experiment is not None
    [tracked] = client.search_runs([experiment.experiment_id])
    assert (tracked.data.params["model"], tracked.data.params["outcome"]) == ("v2", "promoted")
    assert tracked.data.metrics["promoted"] == 1.0


def test_what_a_gate_refuses_stays_the_challenger_and_is_not_tried_again(
    home: Path, training: list[Make]
) -> None:
    training.append(timid_set)
    done = run(home)
    assert (done.outcome, done.trained) == ("refused", "v2")
    assert done.failed
    assert read_pointer(home / "models") == "v1"
    assert run(home).outcome == "nothing_new"


def test_a_run_that_ended_before_the_comparison_is_gone_on_with(
    home: Path, training: list[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    training.append(good_set)
    with monkeypatch.context() as patch:
        patch.setattr(retraining, "promote", _killed)
        with pytest.raises(KeyboardInterrupt):
            run(home)
    assert read_pointer(home / "models") == "v1"
    with (home / LOG_FILE).open("a") as file:
        file.write('{"event": "cut off by a cra\n')
    done = run(home)
    assert (done.trained, done.resumed, done.promoted) == ("v2", True, True)
    assert run(home).outcome == "nothing_new"


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_challenger_that_a_person_trained_is_left_to_the_person(
    home: Path, training: list[Make], encoder: OnnxEncoder
) -> None:
    data = gather(Settings.load(home), None, from_store=True)
    made = good_set("by-hand", encoder)
    card = {"parameters": {"data_sha256": data.sha256}}
    register(home, replace(made, models=replace(made.models, card=card)))
    assert run(home).outcome == "nothing_new"
    assert read_pointer(home / "models") == "v1"
    assert training == []


def test_a_dry_run_says_what_is_new_and_writes_nothing(home: Path, training: list[Make]) -> None:
    found = run(home, dry_run=True)
    assert (found.new, found.trained) == (True, None)
    assert not (home / LOG_FILE).exists()
    assert training == []


def test_a_run_beside_another_is_refused_and_one_that_fails_is_written_down(
    home: Path, training: list[Make]
) -> None:
    with locks.retraining(home / "models"), pytest.raises(ConflictError, match="another firstlast retrain"):
        run(home)

    def broken(*_: object) -> TrainedSet:
        raise DataError("questions.jsonl, line 3: no text")

    def odd(*_: object) -> TrainedSet:
        raise ValueError("my phone is 555")

    training += [broken, odd]
    with pytest.raises(DataError):
        run(home)
    with pytest.raises(ValueError, match="555"):
        run(home)
    told = [(line["event"], line["problem"]) for line in lines(home)]
    assert told == [("failed", "questions.jsonl, line 3: no text"), ("failed", "ValueError")]


def command(home: Path, *arguments: str) -> Any:
    return CliRunner().invoke(cli, ["retrain", *arguments, "--json", "--home", str(home)])


@pytest.mark.parametrize("receiver", [(200, 200)], indirect=True)
def test_a_note_tells_of_a_refusal_and_of_a_failure_and_not_of_nothing_new(
    home: Path, training: list[Make], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_WEBHOOK_SECRET", SECRET)
    training.append(timid_set)
    refused = command(home, "--notify", receiver.url)
    assert refused.exit_code == 1, refused.stderr
    assert json.loads(refused.stdout)["notified"] is True
    calm = command(home, "--notify", receiver.url)
    assert (calm.exit_code, "notified" in json.loads(calm.stdout)) == (0, False)
    with locks.retraining(home / "models"):
        assert command(home, "--notify", receiver.url).exit_code == 1
    notes = [json.loads(body) for _, body in receiver.notes]
    assert [note["type"] for note in notes] == ["retrain.refused", "retrain.failed"]
    assert notes[0]["data"]["trained"] == "v2"
    assert "another firstlast retrain" in notes[1]["data"]["problem"]


def test_notes_that_could_not_be_sent_are_refused_before_anything_is_trained(
    home: Path, training: list[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    training.append(good_set)
    unsigned = command(home, "--notify", "https://help.example/notes")
    assert (unsigned.exit_code, unsigned.stdout) == (1, "")
    assert "webhook_secret" in unsigned.stderr
    monkeypatch.setenv("FIRSTLAST_WEBHOOK_SECRET", SECRET)
    nowhere = command(home, "--notify", "help.example")
    assert "'help.example' is no address" in nowhere.stderr
    assert len(training) == 1
