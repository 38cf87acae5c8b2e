"""Questions go out to annotators, and their labels come back, in the formats of Label Studio and Argilla."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from model.errors import DataError
from serving.classify.schemas import IntentProbability
from serving.labelling.schemas import GroupOut
from training.datasets.label_files import FileLabel, read_labels, write_tasks

INTENTS = ("delivery", "refund")


def group(decision_id: int = 7, text: str = "where is it?", *, guessed: bool = True) -> GroupOut:
    guesses = [IntentProbability(name="delivery", probability=0.6)] if guessed else []
    return GroupOut(
        decision_id=decision_id,
        conversation_id="c7",
        text=text,
        alike=3,
        expected_gain=1.25,
        new_topic=False,
        intents=guesses,
        same=[],
    )


def read(path: Path, content: Any) -> list[Any]:
    """What the file says, row by row, problems as their words."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    found = read_labels(path)
    return [*found.labels, *found.problems]


def task(*choices: list[str], cancelled: bool = False, who: Any = 10) -> dict[str, Any]:
    """A task as Label Studio exports it, an annotation for each list of choices."""
    result = {"id": "x", "from_name": "intent", "to_name": "text", "type": "choices", "origin": "manual"}
    annotations = [
        {
            "id": number,
            "completed_by": who,
            "was_cancelled": cancelled,
            "ground_truth": False,
            "result": [{**result, "value": {"choices": chosen}}] if chosen else [],
        }
        for number, chosen in enumerate(choices, start=1)
    ]
    data = {"decision_id": 7, "conversation_id": "c7", "text": "where is it?"}
    return {"id": 1, "data": data, "annotations": annotations, "predictions": [], "project": 83}


def test_tasks_for_label_studio_have_data_a_prediction_and_an_interface_that_fits(tmp_path: Path) -> None:
    groups = [group(), group(8, guessed=False)]
    files = write_tasks(tmp_path / "tasks.json", groups, format="label-studio", intents=INTENTS, model="m1")
    assert [path.name for path in files] == ["tasks.json", "tasks-interface.xml"]
    first, second = json.loads(files[0].read_text())
    assert first["data"] == {
        "decision_id": 7,
        "conversation_id": "c7",
        "text": "where is it?",
        "alike": 3,
        "expected_gain": 1.25,
    }
    [prediction] = first["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("m1", 0.6)
    [choice] = prediction["result"]
    assert "predictions" not in second
    view = ElementTree.fromstring(files[1].read_text())
    choices = view.find("Choices")
    assert choices is not None
    assert (choice["from_name"], choice["to_name"]) == (choices.get("name"), choices.get("toName"))
    assert [one.get("value") for one in choices] == ["delivery", "refund", "out_of_scope"]
    assert choice["value"]["choices"] == ["delivery"]
    assert view.find("Text").attrib == {"name": "text", "value": "$text"}  # type: ignore[union-attr]


def test_records_for_argilla_have_fields_metadata_and_a_suggestion(tmp_path: Path) -> None:
    [path] = write_tasks(tmp_path / "r.json", [group()], format="argilla", intents=INTENTS, model="m1")
    assert json.loads(path.read_text()) == [
        {
            "id": "7",
            "fields": {"text": "where is it?"},
            "metadata": {"decision_id": 7, "conversation_id": "c7", "alike": 3, "expected_gain": 1.25},
            "suggestions": {"intent": {"value": "delivery", "score": 0.6, "agent": "m1"}},
            "responses": {},
            "vectors": {},
        }
    ]


def test_a_table_has_an_empty_column_for_the_label_and_no_formulas(tmp_path: Path) -> None:
    groups = [group(), group(8, '=HYPERLINK("x")')]
    [path] = write_tasks(tmp_path / "t.csv", groups, format="text", intents=INTENTS, model="m1")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "text": "where is it?",
        "label": "",
        "guess": "delivery",
        "decision_id": "7",
        "conversation_id": "c7",
        "alike": "3",
        "expected_gain": "1.25",
    }
    assert rows[1]["text"] == '\'=HYPERLINK("x")'
    assert read_labels(path).unlabelled == 2


@pytest.mark.parametrize("format", ["text", "label-studio", "argilla"])
def test_what_went_out_comes_back_without_a_label(tmp_path: Path, format: Any) -> None:
    name = "questions.csv" if format == "text" else "questions.json"
    [path, *_] = write_tasks(tmp_path / name, [group()], format=format, intents=INTENTS, model="m1")
    found = read_labels(path)
    assert (found.labels, found.problems, found.unlabelled) == ((), (), 1)
    [empty, *_] = write_tasks(tmp_path / f"no-{name}", [], format=format, intents=INTENTS, model="m1")
    assert read_labels(empty).unlabelled == 0


def test_choices_of_label_studio_are_labels_by_the_annotator(tmp_path: Path) -> None:
    expected = FileLabel("refund", 7, "where is it?", "c7", None)
    assert read(tmp_path / "a.json", [task(["refund"])]) == [(1, expected)]
    [(_, by_email)] = read(
        tmp_path / "b.json", [task(["refund"], who={"id": 1, "email": "enid@shop.example"})]
    )
    assert by_email.who == "enid@shop.example"
    [(_, told)] = read(tmp_path / "b.json", [task(["refund"], who="enid@shop.example")])
    assert told.who == "enid@shop.example"


def test_skipped_and_empty_annotations_are_no_labels(tmp_path: Path) -> None:
    tasks = [task(["refund"], cancelled=True), task([]), {**task(), "annotations": None}]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    assert read_labels(tmp_path / "a.json").unlabelled == 3


def test_the_label_that_most_gave_counts_and_a_draw_is_a_bad_row(tmp_path: Path) -> None:
    tasks = [task(["refund"], ["delivery"], ["refund"]), task(["refund"], ["delivery"])]
    majority, draw = read(tmp_path / "a.json", tasks)
    assert majority[1].label == "refund"
    assert draw == (2, "annotators disagree (delivery, refund); let them agree on one")


@pytest.mark.parametrize(
    "record",
    [
        # as `records.to_json` writes it
        {
            "id": "7",
            "fields": {"text": "where is it?"},
            "metadata": {"decision_id": 7, "conversation_id": "c7"},
            "suggestions": {"intent": {"value": "delivery", "score": 0.6, "agent": "m1"}},
            "responses": {"intent": [{"value": "refund", "user_id": "2f0c"}]},
            "vectors": {},
            "_server_id": "9a",
        },
        # as `records.to_list(flatten=True)` gives it
        {
            "id": "7",
            "text": "where is it?",
            "decision_id": 7,
            "conversation_id": "c7",
            "intent.responses": ["delivery", "refund"],
            "intent.responses.users": ["1a", "2f0c"],
            "intent.responses.status": ["draft", "submitted"],
            "intent.suggestion": "delivery",
        },
        # as the server has it
        {
            "id": "9a",
            "fields": {"text": "where is it?"},
            "metadata": {"decision_id": 7, "conversation_id": "c7"},
            "responses": [
                {"user_id": "1a", "status": "discarded", "values": {"intent": {"value": "delivery"}}},
                {"user_id": "2f0c", "status": "submitted", "values": {"intent": {"value": "refund"}}},
            ],
        },
    ],
    ids=["nested", "flat", "server"],
)
def test_submitted_responses_of_argilla_are_labels(tmp_path: Path, record: dict[str, Any]) -> None:
    expected = FileLabel("refund", 7, "where is it?", "c7", None)
    assert read(tmp_path / "a.json", [record]) == [(1, expected)]
    assert read(tmp_path / "a.jsonl", json.dumps(record) + "\n") == [(1, expected)]


def test_an_argilla_id_is_the_decision_only_where_it_is_a_number_and_nothing_says_otherwise(
    tmp_path: Path,
) -> None:
    answered = {"fields": {"text": "x"}, "responses": {"intent": [{"value": "refund"}]}}
    rows = [{**answered, "id": "12"}, {**answered, "id": "2f0c-77"}]
    assert [label.decision_id for _, label in read(tmp_path / "a.json", rows)] == [12, None]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label,decision_id\nhow?,refund,7\nwhere?,,8\n"),
        ("a.tsv", "text\tlabel\tdecision_id\nhow?\trefund\t7\nwhere?\t\t8\n"),
        (
            "a.jsonl",
            '{"text": "how?", "label": "refund", "decision_id": 7}\n\n{"text": "where?", "label": ""}\n',
        ),
        ("a.json", '[{"text": "how?", "intent": "refund", "decision_id": "7"}, {"text": "where?"}]'),
    ],
)
def test_plain_rows_of_text_and_label_are_read(tmp_path: Path, name: str, content: str) -> None:
    assert [label for _, label in read(tmp_path / name, content)] == [FileLabel("refund", 7, "how?")]
    assert read_labels(tmp_path / name).unlabelled == 1


def test_a_bad_row_is_named_by_its_row_and_costs_no_other(tmp_path: Path) -> None:
    lines = [
        '{"text": "a", "label": "refund"}',
        "{broken",
        '["refund"]',
        '{"text": "b", "label": ["refund"]}',
        '{"text": "c", "label": "refund", "decision_id": "seven"}',
        '{"text": "d", "label": "refund", "decision_id": true}',
        '{"text": "e", "label": "delivery"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = read_labels(tmp_path / "a.jsonl")
    assert [(row, label.text) for row, label in found.labels] == [(1, "a"), (7, "e")]
    assert [row for row, _ in found.problems] == [2, 3, 4, 5, 6]
    words = [problem for _, problem in found.problems]
    assert words[0].startswith("not JSON")
    assert words[1:4] == [
        "a JSON list, expected an object",
        "label is ['refund'], expected the name of an intent",
        "decision_id is 'seven', expected the number that `data next` wrote",
    ]


def test_files_that_cannot_be_read_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('[{"data": ')
    (tmp_path / "latin.json").write_bytes('[{"text": "é"}]'.encode("latin-1"))
    with pytest.raises(DataError, match=r"not JSON .*export it again"):
        read_labels(tmp_path / "broken.json")
    with pytest.raises(DataError, match="save it as UTF-8"):
        read_labels(tmp_path / "latin.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path / "missing.json")
