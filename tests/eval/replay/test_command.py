"""`firstlast eval replay` with the real encoder on a tiny stream: what it prints, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.model_set import save_model_set, write_pointer
from tests.eval.eval_parts import WordEncoder
from tests.eval.replay_parts import trusting
from training.commands.eval_replay import arrivals
from training.commands.evaluate import app

Write = Callable[..., Path]

ROWS = [
    {"text": "How do I get a refund?", "label": "refund"},
    {"text": "My pump is loud", "label": "pump"},
    {"text": "How do I get a refund?", "label": "refund"},
]


@pytest.fixture
def home(tmp_path: Path, encoder: OnnxEncoder, encoder_folder: Path) -> Path:
    """A home whose champion trusts cosine alone."""
    like_words = WordEncoder([f"axis{i}" for i in range(encoder.feature_dim - 1)])
    like_words.fingerprint = encoder.fingerprint
    folder = tmp_path / "home"
    save_model_set(trusting(like_words), folder / "models" / "trusting")
    write_pointer(folder / "models", "trusting")
    (folder / "models" / "encoder").symlink_to(encoder_folder)
    return folder


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["replay", *map(str, arguments), "--home", str(home)])


def test_the_figures_items_and_curves_of_several_streams(home: Path, jsonl: Write, tmp_path: Path) -> None:
    first, second = jsonl("first.jsonl", ROWS), jsonl("second.jsonl", ROWS[:1])
    result = run(
        *(home, "--stream", first, "--stream", second, "--risk", "0.1", "--json"),
        *("--items", tmp_path / "items.jsonl", "--charts", tmp_path / "charts"),
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.splitlines()[-1])
    assert (figures["n"], figures["needs"], figures["answers_written"]) == (4, 2, 2)
    assert figures["needs_person"] == figures["answered_right"] == 0.5
    assert figures["risk"] == 0.1
    assert figures["cache"]["needs_person"] == 0.5
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert [item["outcome"] for item in items] == [
        "handed_over",
        "asked_back_in_vain",
        "answered",
        "answered",
    ]
    assert [path.name for path in (tmp_path / "charts").iterdir()] == ["replay.png"]


def test_the_same_seed_gives_the_same_order_and_the_limit_comes_after_it(jsonl: Write) -> None:
    path = jsonl("stream.jsonl", [{"text": f"text {i}", "label": "a"} for i in range(50)])
    whole = arrivals([path], shuffle=7, limit=None)
    assert whole != arrivals([path], shuffle=None, limit=None)
    assert sorted(row.text for row in whole) == sorted(f"text {i}" for i in range(50))
    assert arrivals([path], shuffle=7, limit=5) == whole[:5]


def test_a_bad_row_is_named_with_its_file_and_line(jsonl: Write) -> None:
    path = jsonl("stream.jsonl", [*ROWS, {"text": "", "label": "refund"}])
    with pytest.raises(DataError, match=r"stream\.jsonl:4: text is '', expected a text"):
        arrivals([path], shuffle=None, limit=None)


def test_an_empty_stream_or_a_missing_one_ends_with_status_1(home: Path, jsonl: Write) -> None:
    empty = run(home, "--stream", jsonl("empty.jsonl", []))
    assert (empty.exit_code, "the stream is empty" in empty.stderr) == (1, True)
    missing = run(home, "--stream", "gone.jsonl")
    assert (missing.exit_code, "gone.jsonl" in missing.stderr) == (1, True)


def test_a_risk_that_is_no_share_or_no_stream_ends_with_status_2(home: Path, jsonl: Write) -> None:
    assert run(home, "--stream", jsonl("stream.jsonl", ROWS), "--risk", "2").exit_code == 2
    assert run(home).exit_code == 2
