"""`firstlast data next` and `firstlast data label` as typed, on a home with a model set and questions."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import save_model_set, write_pointer
from model.types import IntentInfo
from serving.db.tables import IntentLabel
from tests.training.promotion_parts import good_set
from tests.training.store_parts import Shop, make_store

KNOWN = {"refund": "I want my money back", "delivery": "where is my parcel?"}
ASKED = ("do you sell gift cards", "Do you sell gift cards", "where is my parcel?", "is Mia there")


@pytest.fixture
def home(tmp_path: Path, encoder: OnnxEncoder, encoder_folder: Path) -> Path:
    """The bot takes a message for the known one that it is nearest to, and is sure of these very words."""
    home = tmp_path / "home"
    home.mkdir()
    make_store(home)
    known = encoder.read(list(KNOWN.values()))
    base = good_set("v1", encoder).models
    models = replace(
        base,
        heads={
            **base.heads,
            "intent": Head(tuple(KNOWN), Linear(20 * known.features, np.zeros(2, np.float32))),
        },
        scope=ScopeDetector(known.vectors),
        intents={name: IntentInfo("billing", False) for name in KNOWN},
        limits={**base.limits, "out_of_scope": 0.9},
    )
    folder = home / "models"
    save_model_set(models, folder / models.version)
    write_pointer(folder, models.version)
    (folder / "encoder").symlink_to(encoder_folder)
    return home


@pytest.fixture
def shop(home: Path, encoder: OnnxEncoder) -> Iterator[Shop]:
    opened = Shop(home, encoder)
    for text in ASKED:
        opened.ask(opened.start(opened.customer("Mia")), text)
    yield opened
    opened.close()


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["data", *map(str, arguments), "--home", str(home)])


def result_of(got: Result) -> dict:
    assert got.exit_code == 0, got.output
    found = json.loads(got.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def labels(shop: Shop) -> list[str | None]:
    with shop.database.reading() as session:
        return [row.intent for row in session.query(IntentLabel).order_by(IntentLabel.decision_id)]


def test_questions_go_to_label_studio_and_come_back_as_labels(home: Path, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    listed = result_of(run(home, "next", "--format", "label-studio", "--out", file, "--json"))
    assert listed["out"] == [str(file), str(tmp_path / "tasks-interface.xml")]
    assert (listed["unlabelled"], listed["labelled"]) == (4, 0)
    assert listed["questions"][0]["text"] == "do you sell gift cards"  # asked twice, and unsure
    assert listed["questions"][0]["alike"] == 2
    texts = [question["text"] for question in listed["questions"]]
    assert "is [name] there" in texts
    tasks = json.loads(file.read_text())
    for task in tasks:
        choice = {"from_name": "intent", "to_name": "text", "type": "choices"}
        chosen = "out_of_scope" if "gift" in task["data"]["text"] else "delivery"
        result = [{**choice, "value": {"choices": [chosen]}}]
        task["annotations"] = [{"id": 1, "completed_by": 3, "was_cancelled": False, "result": result}]
    file.write_text(
        json.dumps([*tasks, {"data": {"decision_id": 999}, "annotations": tasks[0]["annotations"]}])
    )

    got = run(home, "label", file, "--who", "theo@shop.example", "--json")

    given = result_of(got)
    assert (given["labelled"], given["unlabelled"], given["bad_rows"]) == (len(tasks), 0, 1)
    assert given["problems"][0]["row"] == len(tasks) + 1
    assert f"tasks.json, row {len(tasks) + 1}: the store has no question with decision_id 999" in got.stderr
    assert sorted(map(str, labels(shop))) == sorted(["None", *["delivery"] * (len(tasks) - 1)])
    after = result_of(run(home, "next", "--json"))
    assert "do you sell gift cards" not in [question["text"] for question in after["questions"]]


def test_the_list_is_read_at_a_terminal_too(home: Path, shop: Shop) -> None:
    got = run(home, "next", "-n", 1)
    assert got.exit_code == 0, got.output
    assert "do you sell gift cards" in got.stdout
    assert "4 questions without a label, 0 with one" in got.stdout
    assert len(got.stdout.splitlines()) == 3


def test_a_table_filled_in_by_hand_comes_back(home: Path, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    result_of(run(home, "next", "-n", 2, "--out", file, "--json"))
    header, first, second = file.read_text().splitlines()
    assert header.startswith("text,label,guess,decision_id,conversation_id")
    filled = first.replace("gift cards,,", "gift cards,refund,", 1)
    assert filled != first
    file.write_text("\n".join([header, filled, second]))
    given = result_of(run(home, "label", file, "--who", "theo@shop.example", "--json"))
    assert (given["labelled"], given["unlabelled"], given["problems"]) == (1, 1, [])
    assert labels(shop) == ["refund"]


def test_what_cannot_be_done_is_said(home: Path, shop: Shop, tmp_path: Path) -> None:
    without_file = run(home, "next", "--format", "argilla")
    assert (without_file.exit_code, "name it with --out FILE" in without_file.stderr) == (2, True)
    (tmp_path / "a.jsonl").write_text('{"text": "nobody asked this", "label": "refund"}\n')
    nothing = run(home, "label", tmp_path / "a.jsonl", "--who", "theo@shop.example", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)["bad_rows"]) == (1, 1)
    unknown = run(home, "label", tmp_path / "a.jsonl", "--who", "nobody@shop.example")
    assert (unknown.exit_code, "no agent has the e-mail" in unknown.stderr) == (1, True)
    assert labels(shop) == []
