"""Training the sentiment head alone: what is trained on, what stays, and what becomes of the result."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from eval.data.labelled import LabelledText
from eval.home import open_champion
from eval.suites.classifiers import HeadClassifier
from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.model_set import ModelSet, load_model_set, read_pointer
from serving.settings import Settings
from tests.training.promotion_parts import make_home
from training.encoder.finetuning import finetune
from training.encoder.tuning import TuningOptions
from training.heads.model_set import TrainedSet
from training.heads.sentiment import sentiment_data, train_sentiment
from training.registry.registered_sets import list_sets

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

ROWS = [
    ("this is awful and I am angry", "negative"),
    ("worst service ever, so disappointed", "negative"),
    ("I hate this broken thing", "negative"),
    ("you ruined my day", "negative"),
    ("where can I change my address", "neutral"),
    ("how many pods are in the box", "neutral"),
    ("the parcel comes on Monday", "neutral"),
    ("my garden stands in the kitchen", "neutral"),
    ("wonderful, thank you so much", "positive"),
    ("I love it, great work", "positive"),
    ("perfect, you made my day", "positive"),
    ("what a lovely surprise", "positive"),
]


def texts(*rows: tuple[str, str]) -> list[LabelledText]:
    return [LabelledText(text, label) for text, label in rows]


def written(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home whose champion `v1` finds everything neutral."""
    home = tmp_path_factory.mktemp("sentiment") / "home"
    make_home(home, encoder_folder, encoder)
    return home


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The command, run on a few rows of which one is there twice and two contradict each other."""
    rows = [*ROWS, ROWS[0], ("so so", "neutral"), ("So  so", "negative")]
    data = written(tmp_path_factory.mktemp("data"), rows)
    return run(home, "--data", str(data), "--only", "--json")


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["train", "sentiment", *arguments, "--home", str(home)])


def test_repeated_and_contradictory_texts_are_left_out_and_counted() -> None:
    rows = texts(*ROWS, ("I love it, great work", "positive"), ("so so", "neutral"), ("SO  so", "negative"))
    data = sentiment_data(rows, with_general=False)
    assert data.rows == tuple(texts(*ROWS))
    assert (data.duplicates, data.contradictory, data.general_rows) == (1, 2, ())
    assert [line.split(":")[0] for line in data.left_out()] == ["1 rows left out", "2 rows left out"]


def test_the_general_sentences_are_added_unless_the_file_has_them() -> None:
    general = texts(("I HATE this broken thing", "negative"), ("how long is it valid", "neutral"))
    data = sentiment_data(texts(*ROWS), with_general=True, general=general)
    assert data.general_rows == tuple(general[1:])
    assert len(sentiment_data(texts(*ROWS), with_general=True).general_rows) > 1000


def test_a_sentiment_without_messages_is_named() -> None:
    rows = texts(*(row for row in ROWS if row[1] != "positive"), ROWS[-1])
    with pytest.raises(DataError, match=r"needs 2 messages, but there are \{'positive': 1\}"):
        sentiment_data(rows, with_general=False)


def test_the_command_registers_the_champion_with_a_new_sentiment_head_as_challenger(
    home: Path, trained: Result, encoder: OnnxEncoder
) -> None:
    assert trained.exit_code == 0, trained.output
    shown = json.loads(trained.stdout.splitlines()[-1])
    assert (shown["aliases"], shown["in_service"]) == (["challenger"], False)
    assert read_pointer(home / "models") == "v1"
    champion = open_champion(Settings.load(home), encoder)
    made = load_model_set(home / "models" / shown["model"], encoder_fingerprint=encoder.fingerprint)
    for name in ("wants_person", "smalltalk"):
        assert np.array_equal(made.heads[name].scorer.weights, champion.heads[name].scorer.weights)
    assert np.array_equal(made.calibration.confidences, champion.calibration.confidences)
    assert made.limits == champion.limits
    assert made.card["parameters"]["replaced_part"] == "sentiment"
    assert made.card["parameters"]["replaced_in"] == "v1"
    read = HeadClassifier(encoder, made.heads["sentiment"])
    chosen = read.probabilities(["this is awful", "thank you, lovely", "where is the box"]).argmax(axis=1)
    assert [read.labels[place] for place in chosen] == ["negative", "positive", "neutral"]


def test_the_registered_run_has_held_out_figures_with_their_count_and_interval(
    home: Path, trained: Result
) -> None:
    metrics = json.loads(trained.stdout.splitlines()[-1])["metrics"]
    assert metrics["sentiment.n"] == 12
    assert 0 <= metrics["sentiment.macro_recall_interval.low"] <= metrics["sentiment.macro_recall"]
    assert metrics["sentiment.macro_recall"] <= metrics["sentiment.macro_recall_interval.high"] <= 1
    (challenger,) = [one for one in list_sets(home) if "challenger" in one.aliases]
    assert challenger.metrics["sentiment.accuracy"] == pytest.approx(metrics["sentiment.accuracy"])


def test_what_was_left_out_is_said(trained: Result) -> None:
    assert "1 rows left out" in trained.stderr
    assert "2 rows left out: their text has several labels" in trained.stderr


def test_a_missing_file_is_bad_usage_and_a_bad_row_is_named(home: Path, tmp_path: Path) -> None:
    gone = run(home, "--data", "gone.jsonl")
    assert gone.exit_code == 2
    assert "--data gone.jsonl is not a file" in gone.stderr
    bad = run(home, "--data", str(written(tmp_path, [*ROWS, ("hm", "mixed")])))
    assert bad.exit_code == 1
    assert "rows.jsonl:13: label is 'mixed'" in bad.stderr


def test_without_a_champion_there_is_nothing_to_put_the_head_into(
    tmp_path: Path, encoder_folder: Path
) -> None:
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "encoder").symlink_to(encoder_folder)
    got = run(home, "--data", str(written(tmp_path, ROWS)), "--only")
    assert got.exit_code == 1
    assert "run: firstlast init" in got.stderr


@pytest.fixture(scope="module")
def encoders_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `tuned` keeps its encoder."""
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def champion(home: Path, encoder: OnnxEncoder) -> ModelSet:
    """What `tuned` was made from."""
    return open_champion(Settings.load(home), encoder)


@pytest.fixture(scope="module")
def tuned(champion: ModelSet, encoder: OnnxEncoder, encoders_folder: Path) -> TrainedSet:
    """A sentiment head with an encoder of its own, tuned to the rows as they are spoken."""
    options = TuningOptions(epochs=1, batch_size=4, spoken=True)
    tune = partial(finetune, encoders_folder=encoders_folder, options=options)
    data = sentiment_data(texts(*ROWS), with_general=False)
    return train_sentiment(data, champion, encoder, finetune=tune)


def test_a_tuned_sentiment_head_comes_with_its_encoder_and_leaves_the_others(
    champion: ModelSet, encoders_folder: Path, tuned: TrainedSet
) -> None:
    fingerprint = tuned.models.head_encoders["sentiment"]
    kept = [path.name for path in encoders_folder.iterdir()]
    assert kept == [fingerprint] == [tuned.parameters["sentiment.encoder"]]
    assert tuned.models.heads["wants_person"] is champion.heads["wants_person"]
    assert tuned.metrics["sentiment.n"] == 3  # a fifth of twelve, rounded up


def test_an_encoder_tuned_on_spoken_texts_reads_all_texts_so(
    encoders_folder: Path, tuned: TrainedSet
) -> None:
    own = OnnxEncoder.load(encoders_folder / tuned.models.head_encoders["sentiment"])
    written, said = own.encode(["#LeavesAreYellow 😡", "Leaves Are Yellow pouting face"])
    np.testing.assert_allclose(written, said, atol=1e-5)
