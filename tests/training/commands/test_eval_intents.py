"""`eval intents`: what is fitted, on which rows, and what is refused."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from eval.home import open_champion
from eval.results import SuiteResult
from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.heads.head import Head
from model.understanding.classifying import read_intents
from serving.runtime.loading import head_encoders
from serving.settings import Settings
from tests.eval.eval_parts import WordEncoder, fit_centroids
from training.commands import eval_intents
from training.commands.eval_intents import fitted_and_measured

Write = Callable[..., Path]

TRAIN = [
    {"text": text, "label": label}
    for text, label in [
        ("yellow leaves", "plant"),
        ("leaves yellow plant", "plant"),
        ("yellow plant", "plant"),
        ("plant leaves", "plant"),
        ("yellow yellow leaves", "plant"),
        ("loud pump", "device"),
        ("pump tank loud", "device"),
        ("tank pump", "device"),
        ("loud tank", "device"),
        ("pump pump loud", "device"),
    ]
]
TEST = [
    {"text": "yellow leaves plant", "label": "plant"},
    {"text": "tank loud", "label": "device"},
    {"text": "pump", "label": "plant"},
    {"text": "sing me something", "label": "oos"},
    {"text": "who won", "label": "oos"},
]


@pytest.fixture
def files(jsonl: Write) -> tuple[Path, Path]:
    return jsonl("train.jsonl", TRAIN), jsonl("test.jsonl", TEST)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What heads were fitted on; the heads are of label means, so that a fit takes no time."""
    seen: list[dict[str, Any]] = []

    def fit(
        inputs: NDArray[np.float32],
        labels: Sequence[str],
        *,
        seed: int,
        unlabelled: NDArray[np.float32] | None = None,
    ) -> Head:
        seen.append({"labels": sorted(labels), "seed": seed, "unlabelled": unlabelled})
        return fit_centroids(inputs, labels, seed=seed)

    monkeypatch.setattr(eval_intents, "fit_intent_head", fit)
    return seen


def run(files: tuple[Path, Path], encoder: WordEncoder, **options: Any) -> SuiteResult:
    return fitted_and_measured(*files, encoder=encoder, **options)


def test_the_products_own_head_tells_the_intents_and_notices_what_is_none(
    files: tuple[Path, Path], word_encoder: WordEncoder
) -> None:
    figures = run(files, word_encoder).figures
    assert figures["accuracy"] == pytest.approx(2 / 3)  # "pump" is labelled plant
    assert (figures["oos_auroc"], figures["oos_recall_at_95"]) == (1.0, 1.0)
    assert (figures["n_train"], figures["labels"]) == (12, 2)  # ten rows and the names of both


def test_out_of_scope_training_rows_are_no_class(
    jsonl: Write, word_encoder: WordEncoder, fits: list[dict[str, Any]]
) -> None:
    train = jsonl("train.jsonl", [*TRAIN, {"text": "who sings", "label": "none"}])
    figures = run((train, jsonl("test.jsonl", TEST)), word_encoder, oos_label="none").figures
    assert [set(one["labels"]) for one in fits] == [{"plant", "device"}]
    assert (figures["n_train"], figures["n_out_of_scope"]) == (12, 0)


def test_a_fifth_of_the_rows_is_held_out_for_the_threshold(
    files: tuple[Path, Path], word_encoder: WordEncoder, fits: list[dict[str, Any]]
) -> None:
    run(files, word_encoder)
    assert [one["labels"].count("plant") for one in fits] == [6, 5]  # one of six goes


def test_with_too_few_texts_a_label_to_hold_any_out_there_is_no_recall(
    jsonl: Write, word_encoder: WordEncoder
) -> None:
    train = jsonl("train.jsonl", [TRAIN[0], TRAIN[5]])  # and the labels' names
    figures = run((train, jsonl("test.jsonl", TEST)), word_encoder).figures
    assert figures["oos_auroc"] is not None
    assert figures["oos_recall_at_95"] is figures["oos_threshold"] is figures["in_scope_kept"] is None


def test_a_few_shots_are_drawn_again_with_the_next_seed(
    files: tuple[Path, Path], word_encoder: WordEncoder, fits: list[dict[str, Any]]
) -> None:
    result = run(files, word_encoder, shots=2, repeats=3, seed=4)
    assert sorted({one["seed"] for one in fits}) == [4, 5, 6]
    assert result.figures["n_train"] == 6  # two texts and the name of each label
    assert (result.figures["shots"], result.figures["repeats"], result.figures["n"]) == (2, 3, 5)
    assert [item["draw"] for item in result.items[::5]] == [0, 1, 2]
    low, high = result.figures["accuracy_interval"]
    assert low < result.figures["accuracy"] < high
    assert sum(one["count"] for one in result.figures["confusions"]) == sum(
        item["wrong"] for item in result.items
    )


UNLABELLED = [
    {"text": "Yellow plant leaves pump"},
    {"text": "yellow plant leaves pump!"},  # the same again
    {"text": "loud loud tank", "label": "plant"},  # labels are not read
    {"text": "Tank loud."},  # a test row
    {"text": "loud pump"},  # a training row
]


def test_unlabelled_texts_are_learned_from_once_and_never_those_of_training_or_test(
    files: tuple[Path, Path], word_encoder: WordEncoder, jsonl: Write, fits: list[dict[str, Any]]
) -> None:
    offered = jsonl("unlabelled.jsonl", UNLABELLED)
    figures = run(files, word_encoder, unlabelled_files=[offered]).figures
    assert figures["n_unlabelled"] == 2
    expected = word_encoder.read(["Yellow plant leaves pump", "loud loud tank"]).features
    assert len(fits) == 2  # for the head, and for out-of-scope scores of texts held out
    for one in fits:
        np.testing.assert_array_equal(one["unlabelled"], expected)


def test_training_rows_that_were_not_drawn_are_unlabelled_when_their_file_is_offered(
    files: tuple[Path, Path], word_encoder: WordEncoder, fits: list[dict[str, Any]]
) -> None:
    figures = run(files, word_encoder, shots=2, unlabelled_files=[files[0]]).figures
    assert figures["n_unlabelled"] == 6  # of ten rows four were drawn
    assert len(fits[0]["unlabelled"]) == 6


def test_a_bad_row_or_a_file_without_rows_or_classes_is_refused(
    jsonl: Write, word_encoder: WordEncoder
) -> None:
    test = jsonl("test.jsonl", TEST)
    bad = jsonl("bad.jsonl", [*TRAIN, {"text": "no label"}])
    with pytest.raises(DataError, match=r"bad.jsonl:11: label is None"):
        run((bad, test), word_encoder)
    with pytest.raises(DataError, match=r"empty.jsonl has no rows"):
        run((jsonl("empty.jsonl", []), test), word_encoder)
    with pytest.raises(DataError, match="no row with another label than 'oos'"):
        run((jsonl("oos.jsonl", TEST[3:]), test), word_encoder)


def test_without_rows_to_fit_on_the_intents_in_service_are_measured(
    demo_home: Path, jsonl: Write, encoder: OnnxEncoder
) -> None:
    rows = [
        {"text": "Hello! Where is my box? It should have come on Monday", "label": "track_order"},
        {"text": "please delete my account and all my data", "label": "delete_account"},
        {"text": "who painted the Mona Lisa", "label": "oos"},
    ]
    test = jsonl("own.jsonl", rows)
    got = CliRunner().invoke(
        cli, ["eval", "intents", "--test", str(test), "--home", str(demo_home), "--json"]
    )
    assert got.exit_code == 0, got.output
    shown = json.loads(got.stdout.splitlines()[-1])
    champion = open_champion(Settings.load(demo_home), encoder)
    read = read_intents(
        champion,
        encoder,
        [row["text"] for row in rows],
        head_encoders=head_encoders(champion, Settings.load(demo_home)),
    )
    predicted = [read.labels[place] for place in read.probabilities.argmax(axis=1)]
    right = sum(label == row["label"] for label, row in zip(predicted[:2], rows, strict=False))
    assert (shown["model"], shown["n"], shown["n_in_scope"]) == (champion.version, 3, 2)
    assert shown["accuracy"] == pytest.approx(right / 2)
    assert shown["oos_threshold"] == champion.limits["out_of_scope"]
    assert shown["oos_recall_at_95"] == float(read.out_of_scope[2])
    assert "fit_seconds" not in shown


def test_what_is_for_fitting_alone_is_refused_without_rows_to_fit_on(jsonl: Write, tmp_path: Path) -> None:
    test = jsonl("own.jsonl", TEST)
    got = CliRunner().invoke(
        cli, ["eval", "intents", "--test", str(test), "--shots", "5", "--home", str(tmp_path)]
    )
    assert got.exit_code == 2
    assert "need --train" in " ".join(got.output.split())
