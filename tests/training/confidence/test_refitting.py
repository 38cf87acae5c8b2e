"""Only the answer confidence is fitted anew, on top of the champion's heads, and challenges the champion."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.data.labelled import LabelledQuestion, QuestionKind
from eval.home import open_index
from firstlast import cli
from knowledge.documents import ArticleDocument
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError
from model.model_set import load_model_set
from serving.settings import Settings
from tests.training.promotion_parts import ARTICLES, good_set, make_home
from training.confidence.refitting import train_answering
from training.datasets.service_rows import ServedQuestion
from training.datasets.training_data import TrainingData
from training.registry.model_sets import CHALLENGER
from training.registry.registered_sets import list_sets

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

TOPICS = {
    "yellow-leaves": [
        "yellow leaves",
        "why do leaves go yellow",
        "my basil turns yellow",
        "pale yellow plant",
    ],
    "loud-pump": ["loud pump", "the pump makes noise", "pump hums all night", "how to silence the pump"],
    "refund": ["refund please", "get my money back", "return it for a refund", "how do refunds work"],
}
OTHERS = ["who won the match", "best pizza in town", "tell me a joke", "what is the capital of Peru"] * 3
QUESTIONS = tuple(
    LabelledQuestion(f"{slug}-{i}", text, "answerable", None, frozenset({f"article:{slug}"}))
    for slug, texts in TOPICS.items()
    for i, text in enumerate(texts)
) + tuple(
    LabelledQuestion(f"other-{i}", f"{text} {i}", "out_of_scope", None, frozenset())
    for i, text in enumerate(OTHERS)
)
DATA = TrainingData(
    intents=(),
    intent_infos={},
    sentiment=(),
    wants_person=(),
    smalltalk=(),
    out_of_scope=(),
    questions=QUESTIONS,
    articles=tuple(
        ArticleDocument(slug, text.splitlines()[0][2:], text.splitlines()[2])
        for slug, text in ARTICLES.items()
    ),
    learned_answers=(),
    own_questions=False,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home that knows three articles and a learned answer of two phrasings."""
    home = tmp_path_factory.mktemp("answering") / "home"
    make_home(home, encoder_folder, encoder)
    return home


def test_the_heads_stay_and_the_confidence_is_new(home: Path, encoder: OnnxEncoder) -> None:
    champion = good_set("v1", encoder).models
    champion = replace(
        champion,
        card={"metrics": {"intent.accuracy": 0.8, "answers.n": 7.0}, "parameters": {"intent.texts": 9}},
    )
    trained = train_answering(
        champion, DATA, encoder, open_index(Settings.load(home), encoder), head_encoders={}
    )
    assert trained.models.version != "v1"
    assert trained.models.heads is champion.heads
    assert trained.models.answering is not champion.answering
    # 24 questions, the 12 answerable ones once more without their answers; of the home's knowledge three
    # titles and two phrasings, each without itself and without its answer
    assert trained.metrics["answers.n"] == 24 + 12 + 10
    assert trained.metrics["intent.accuracy"] == 0.8
    assert trained.models.card["metrics"] == trained.metrics
    assert trained.parameters["calibrated_on"] == "general questions and the home's own knowledge"
    assert trained.parameters["answering.champion"] == "v1"
    assert trained.parameters["intent.texts"] == 9


def test_a_business_with_questions_of_its_own_is_calibrated_on_them_alone(
    home: Path, encoder: OnnxEncoder
) -> None:
    own = replace(DATA, own_questions=True)
    index = open_index(Settings.load(home), encoder)
    trained = train_answering(good_set("v1", encoder).models, own, encoder, index, head_encoders={})
    assert trained.metrics["answers.n"] == 24
    assert len(trained.models.answering.past) == 24
    assert trained.parameters["calibrated_on"] == "own questions"
    # of the set's heads, which say the same of everything; drift compares service with this
    reference = trained.models.card["reference"]
    assert reference["out_of_scope"] == {"yes": 24}  # it knows no intents
    assert reference["intents"] == {}
    assert reference["sentiment"] == {"neutral": 24}
    assert sum(reference["languages"].values()) == sum(reference["confidence"].values()) == 24


def test_general_questions_are_no_reference_for_a_business(home: Path, encoder: OnnxEncoder) -> None:
    champion = replace(good_set("v1", encoder).models, card={"reference": {"sentiment": {"neutral": 70}}})
    index = open_index(Settings.load(home), encoder)
    trained = train_answering(champion, DATA, encoder, index, head_encoders={})
    assert trained.models.card["reference"] == {}


def test_what_customers_said_of_answers_counts_beside_the_businesss_own_questions(
    home: Path, encoder: OnnxEncoder
) -> None:
    def asked(text: str, *right: str, rejected: frozenset[str] = frozenset()) -> ServedQuestion:
        kind: QuestionKind = "answerable" if right else "out_of_scope"
        return ServedQuestion(
            "confirmed", LabelledQuestion(text, text, kind, None, frozenset(right)), rejected
        )

    served = (
        asked("my mint has yellow leaves", "article:yellow-leaves"),
        asked("it hums", rejected=frozenset({"article:loud-pump"})),
        asked("what is that", rejected=frozenset({"article:gone"})),  # nothing of that is known any more
    )
    own = replace(DATA, own_questions=True, served=served)
    index = open_index(Settings.load(home), encoder)
    trained = train_answering(good_set("v1", encoder).models, own, encoder, index, head_encoders={})
    assert trained.metrics["answers.n"] == 24 + 2
    assert trained.parameters["served_questions"] == 3
    assert len(trained.models.answering.past) == 24


def test_the_command_registers_a_challenger_with_its_held_out_figures(home: Path) -> None:
    folder = _company(home.parent / "company")
    got = CliRunner().invoke(
        cli, ["train", "answering", "--data", str(folder), "--home", str(home), "--json"]
    )
    assert got.exit_code == 0, got.output
    shown = json.loads(got.stdout.splitlines()[-1])
    assert (shown["aliases"], shown["in_service"]) == ([CHALLENGER], False)
    # 24 questions of the company; a rewording and a look-alike of what it was taught
    assert shown["metrics"]["answers.n"] == 26
    registered = next(one for one in list_sets(home) if one.version == shown["model"])
    assert registered.metrics["answers.coverage_at_risk_0.05"] == pytest.approx(
        shown["metrics"]["answers.coverage_at_risk_0.05"]
    )
    encoder = OnnxEncoder.load(Settings.load(home).encoder_folder)
    kept = load_model_set(home / "models" / shown["model"], encoder_fingerprint=encoder.fingerprint)
    assert len(kept.calibration.confidences) == len(kept.calibration.correct) == 26


def test_without_json_the_command_tells_its_figures_in_words(home: Path) -> None:
    got = CliRunner().invoke(cli, ["train", "answering", "--home", str(home)])
    assert got.exit_code == 0, got.output
    assert "calibration questions." in got.stdout
    assert "is the challenger. Next: firstlast models compare" in got.stdout
    assert "{" not in got.stdout


def test_a_file_is_no_company_folder(home: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").touch()
    got = CliRunner().invoke(
        cli, ["train", "answering", "--data", str(tmp_path / "rows.jsonl"), "--home", str(home)]
    )
    assert got.exit_code == 2
    assert "is not a folder; name a company folder" in got.stderr


def test_without_a_champion_there_is_nothing_to_refit(tmp_path: Path, encoder_folder: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "encoder").symlink_to(encoder_folder)
    from training.pipeline import refit_and_register

    with pytest.raises(ArtifactError, match="run: firstlast init"):
        refit_and_register(Settings.load(tmp_path), DATA, seed=0, progress=lambda _: None)


def _company(folder: Path) -> Path:
    """A company folder with the questions and articles."""
    (folder / "calibration").mkdir(parents=True)
    (folder / "articles").mkdir()
    (folder / "company.toml").write_text('name = "Small"\ntagline = ""\n')
    rows = [
        {
            "id": one.id,
            "text": one.text,
            "kind": one.kind,
            "intent": None,
            "articles": [ref.removeprefix("article:") for ref in one.refs],
        }
        for one in QUESTIONS
    ]
    taught = {"id": "1", "question": "Can I pause?", "answer": "Yes, for a month."}
    wordings = {"rewordings": ["is a break possible"], "lookalikes": ["Can I play?"]}
    (folder / "calibration" / "taught.jsonl").write_text(json.dumps(taught | wordings))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "calibration" / "questions.jsonl").write_text(lines)
    for slug, text in ARTICLES.items():
        (folder / "articles" / f"{slug}.md").write_text(text)
    return folder
