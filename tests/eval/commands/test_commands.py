"""The commands with the real encoder on tiny data: what they print, and how they end."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from eval.data.labelled import read_labelled_questions
from eval.data.retrieval_sets import RetrievalSet
from eval.report.history import tracked_runs
from eval.results import SuiteResult
from eval.suites import retrieval
from knowledge import DEMO_FOLDER, GENERAL_FOLDER
from knowledge.documents import ArticleDocument, ImportResult
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet, save_model_set, write_pointer
from serving.db.session import Database
from serving.settings import Settings
from serving.transfer.article_import import import_source
from tests.eval.eval_parts import RuleResolver, tune_nothing
from tests.forests import answering, stump
from training.commands import eval_wants_person, measuring
from training.commands.evaluate import app

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(encoder_folder: Path, home: Path) -> Run:
    """Runs a command of `firstlast eval` in a fresh home that shares the exported encoder."""

    (home / "models").mkdir(parents=True)
    (home / "models" / "encoder").symlink_to(encoder_folder)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [*map(str, arguments), "--home", str(home)])

    return invoke


def last_line(result: Result) -> dict[str, Any]:  # JSON
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_intents_are_measured_with_the_real_encoder(run: Run, jsonl: Callable[..., Path]) -> None:
    rows = [
        ("My leaves are turning yellow", "plant"),
        ("Why do the plants look pale?", "plant"),
        ("There are brown spots on my basil", "plant"),
        ("My card was charged twice", "billing"),
        ("I need an invoice for last month", "billing"),
        ("Which payment methods do you take?", "billing"),
    ]
    train = jsonl("train.jsonl", [{"text": text, "label": label} for text, label in rows])
    test = jsonl(
        "test.jsonl",
        [
            {"text": "the mint has yellow leaves", "label": "plant"},
            {"text": "can I pay by card", "label": "billing"},
            {"text": "who won the match last night", "label": "nothing"},
        ],
    )
    figures = last_line(run("intents", "--train", train, "--test", test, "--oos-label", "nothing", "--json"))
    assert figures["accuracy"] == 1.0
    assert figures["oos_auroc"] == 1.0
    assert {"n", "macro_f1", "ece", "oos_recall_at_95", "fit_seconds"} <= set(figures)


@pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations
def test_a_missed_target_is_said_kept_and_ends_with_status_1(
    run: Run, jsonl: Callable[..., Path], home: Path
) -> None:
    rows = [{"text": text, "label": label} for text, label in SENTIMENTS]
    file = jsonl("rows.jsonl", rows)
    command = ("sentiment", "--train", file, "--test", file, "--track")
    reached = run(*command, "--at-least", "macro_recall=0.5", "--at-most", "n=9", "--json")
    assert [one["reached"] for one in last_line(reached)["targets"]] == [True, True]
    missed = run(*command, "--at-least", "macro_recall=0.5", "--at-most", "n=8")
    assert missed.exit_code == 1
    assert missed.stdout.splitlines()[-1] == "target n at most 8: missed, 9"
    kept = [len(one.figures["targets"]) for one in tracked_runs(home)["sentiment"]]
    assert kept == [2, 2]


def test_a_target_that_cannot_be_read_ends_before_anything_is_measured(run: Run) -> None:
    result = run("mood", "--at-least", "share_noticed")
    assert result.exit_code == 2
    assert "write" in result.stderr


def test_a_tuned_encoder_is_measured_in_place_of_the_homes_and_removed(
    run: Run, jsonl: Callable[..., Path], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "finetune", tune_nothing)
    rows = [{"text": "yellow leaves", "label": "plant"}, {"text": "charged twice", "label": "billing"}]
    file = jsonl("rows.jsonl", rows)
    figures = last_line(run("intents", "--train", file, "--test", file, "--finetune", "--json"))
    assert figures["finetuned"] is True
    assert figures["accuracy"] == 0.5  # the stand-in always says billing
    assert [path.name for path in (home / "models").iterdir()] == ["encoder"]


SENTIMENTS = [
    ("this is awful and I am angry", "negative"),
    ("worst service ever, so disappointed", "negative"),
    ("I hate this broken thing", "negative"),
    ("where can I change my address", "neutral"),
    ("how many pods are in the box", "neutral"),
    ("the parcel comes on Monday", "neutral"),
    ("wonderful, thank you so much", "positive"),
    ("I love it, great work", "positive"),
    ("perfect, you made my day", "positive"),
]


def test_sentiment_is_measured_with_a_head_fitted_on_the_file_given(
    run: Run, jsonl: Callable[..., Path]
) -> None:
    train = jsonl("train.jsonl", [{"text": text, "label": label} for text, label in SENTIMENTS])
    test = jsonl(
        "test.jsonl",
        [
            {"text": "terrible, I am so disappointed", "label": "negative"},
            {"text": "how do I change the box", "label": "neutral"},
            {"text": "thank you, I love it", "label": "positive"},
        ],
    )
    figures = last_line(run("sentiment", "--train", train, "--test", test, "--json"))
    assert (figures["n"], figures["n_train"], figures["macro_recall"]) == (3, 9, 1.0)
    assert {"accuracy", "macro_f1", "macro_recall_interval", "ece", "p95_ms", "head_p95_ms"} <= set(figures)


def test_a_tuned_sentiment_takes_the_time_of_its_own_encoder(
    run: Run, jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "finetune", tune_nothing)
    file = jsonl("rows.jsonl", [{"text": text, "label": label} for text, label in SENTIMENTS])
    figures = last_line(run("sentiment", "--train", file, "--test", file, "--finetune", "--json"))
    assert figures["accuracy"] == pytest.approx(1 / 3)  # the stand-in always says negative
    assert figures["p50_ms"] > 0
    assert figures["head_p50_ms"] is None


def test_tuning_a_sentiment_needs_rows_to_tune_to(run: Run, jsonl: Callable[..., Path]) -> None:
    file = jsonl("rows.jsonl", [{"text": text, "label": label} for text, label in SENTIMENTS])
    result = run("sentiment", "--test", file, "--finetune")
    assert result.exit_code == 2
    assert "give that too" in result.stderr


def test_without_training_rows_the_champions_sentiment_is_measured_as_it_is(
    run: Run, jsonl: Callable[..., Path], home: Path, encoder_folder: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))  # says neutral whatever it reads
    test = jsonl("test.jsonl", [{"text": text, "label": label} for text, label in SENTIMENTS])
    figures = last_line(run("sentiment", "--test", test, "--json"))
    assert (figures["accuracy"], figures["n_train"]) == (pytest.approx(1 / 3), None)
    assert figures["confusion"]["negative"] == {"negative": 0, "neutral": 3, "positive": 0}
    figures = last_line(run("sentiment", "--json"))  # the sample company's messages
    assert (figures["n"], figures["recall"]) == (300, {**figures["recall"], "neutral": 1.0, "negative": 0.0})


def test_a_sentiment_that_is_none_ends_with_status_1_and_its_line(
    run: Run, jsonl: Callable[..., Path]
) -> None:
    test = jsonl("test.jsonl", [{"text": "fine", "label": "neutral"}, {"text": "hm", "label": "mixed"}])
    result = run("sentiment", "--test", test)
    assert result.exit_code == 1
    assert "test.jsonl:2: label is 'mixed'" in result.stderr


def test_the_mood_is_measured_with_the_homes_champion(
    run: Run, jsonl: Callable[..., Path], home: Path, encoder_folder: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))  # whose mood never moves
    turns = [{"author": "customer", "text": "this is awful"}, {"author": "bot", "text": "I am sorry."}]
    rows = [
        {"id": "calm", "turns": turns, "outcome": "neutral"},
        {"id": "angry", "turns": [*turns, turns[0]], "outcome": "leaves", "at": 2},
    ]
    data = jsonl("moods.jsonl", rows)
    figures = last_line(run("mood", "--data", data, "--json"))
    assert (figures["n_calm"], figures["n_unhappy"], figures["mood_low"]) == (1, 1, -0.7)
    assert (figures["false_alarms"], figures["warned"], figures["turns_before"]) == (0.0, 0.0, None)


def test_retrieval_is_printed_for_people_and_its_items_are_written(
    run: Run, beir: Path, tmp_path: Path
) -> None:
    result = run("retrieval", "--data", beir, "--items", tmp_path / "items.jsonl")
    assert result.exit_code == 0, result.output
    assert "hit@1 0.6667 [" in " ".join(result.stdout.split())
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert [item["scores"]["hit@1"] for item in items] == [1.0, 1.0, 0.0]


def test_answers_of_a_beir_folder_come_from_its_articles_and_the_homes_champion(
    run: Run, beir: Path, home: Path, encoder_folder: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    figures = last_line(run("answers", "--data", beir, "--risk", "0.1", "--json"))
    # the champion answers whatever is near enough: q3, asking for the refund, is judged otherwise
    assert figures["answered_right"] == pytest.approx(2 / 3)
    assert figures["answered_wrong"] == pytest.approx(1 / 3)
    assert figures["risk"] == 0.1
    assert figures["p95_ms"] > 0


def test_an_answer_to_a_question_whose_article_was_removed_is_wrong(
    run: Run, beir: Path, home: Path, encoder_folder: Path, tmp_path: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    arguments = ("answers", "--data", beir, "--risk", "0.1", "--remove", "0.67", "--seed", "0")
    figures = last_line(run(*arguments, "--items", tmp_path / "items.jsonl", "--json"))
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    # two of three articles go, the pump's stays
    assert [(item["kind"], item["right_refs"]) for item in items] == [
        ("out_of_scope", []),
        ("answerable", ["article:pump"]),
        ("out_of_scope", []),
    ]
    assert {item["best_ref"] for item in items} == {"article:pump"}
    assert figures["answered_right"] == pytest.approx(1 / 3)
    assert figures["by_kind"]["out_of_scope"]["answered_right"] == 0
    assert figures["at_risk"]["0.05"]["n_answered"] == figures["n_answered"]


def test_a_refitted_confidence_answers_in_place_of_the_champions(
    run: Run, beir: Path, home: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    seen = []

    def refit(models: ModelSet, encoder: OnnxEncoder, index: KnowledgeIndex, **_: object) -> ModelSet:
        seen.append(index.refs())
        return replace(
            models,
            calibration=CalibrationSample.none(),
        )

    monkeypatch.setattr("training.commands.measuring.refit_to", refit)
    figures = last_line(run("answers", "--data", beir, "--refit", "--json"))
    assert seen == [{"article:leaves", "article:pump", "article:refund"}]
    assert figures["n_answered"] == 0


def test_the_words_of_a_help_centre_are_judged_with_the_homes_champion(
    run: Run, home: Path, encoder_folder: Path, jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    centre = tmp_path / "centre"
    centre.mkdir()
    (centre / "fees.md").write_text("# What it costs\n\nA parcel costs 4 euros.\n", encoding="utf-8")
    (centre / "post.md").write_text("# When it arrives\n\nA parcel takes three days.\n", encoding="utf-8")
    asked = {"kind": "answerable", "centre": "shop", "articles": ["fees"]}
    questions = jsonl(
        "questions",
        [
            asked | {"id": "1", "question": "what does a parcel cost?", "facts": [["4 euros"]]},
            asked | {"id": "2", "question": "what does a parcel cost?", "facts": [["5 euros"]]},
            asked | {"id": "3", "question": "hi", "facts": [["x"]], "centre": "bank", "articles": ["vault"]},
        ],
    )
    result = run("words", "--data", centre, "--questions", questions, "--json")
    figures = last_line(result)
    assert (figures["n"], figures["n_answered"]) == (2, 2)
    assert figures["answered_words_right"] == figures["answered_words_wrong"] == 0.5
    assert "1 questions to another help centre are not asked" in result.stderr


def test_taught_answers_are_asked_in_other_words(
    run: Run, home: Path, encoder_folder: Path, jsonl: Callable[..., Path]
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    taught = {"id": "n", "question": "Do you ship to Norway?", "answer": "Yes."}
    rows = [taught | {"rewordings": ["do you post to norway"], "lookalikes": ["zebra crossing"]}]
    data = jsonl("taught", rows)
    figures = last_line(run("taught", "--data", data, "--json"))
    # the champion answers whatever is near enough
    assert (figures["rewordings_answered"], figures["look_alikes_answered"]) == (1.0, 0.0)


def test_titles_are_asked_in_five_dresses_and_replaced_articles_are_not(
    run: Run, home: Path, encoder_folder: Path, tmp_path: Path
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    centre = tmp_path / "centre"
    centre.mkdir()
    (centre / "fees.md").write_text("# What a parcel costs\n\nIt costs 4 euros.\n", encoding="utf-8")
    (centre / "old.md").write_text(
        "---\ntitle: What a parcel cost\nsuperseded_by: fees\n---\n\n3 euros.\n", encoding="utf-8"
    )
    figures = last_line(run("dressed", "--data", centre, "--json"))
    assert figures["n"] == 1
    # the champion answers whatever is near enough
    assert [figures[dress]["answered_right"] for dress in ("exact", "lower", "keywords")] == [1.0] * 3


def test_a_share_to_remove_that_leaves_nothing_ends_with_status_2(run: Run) -> None:
    result = run("answers", "--remove", "1")
    assert result.exit_code == 2
    assert "--remove must be at least 0 and less than 1, got 1.0" in result.stderr


def import_article(home: Path, article: ArticleDocument) -> None:
    store = Database(Settings.load(home).database_url)
    store.migrate()
    with store.session() as session:
        import_source(session, ImportResult((article,), (), ()), source="/help")
    store.close()


def test_without_data_the_sample_companys_questions_are_asked(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_article(home, ArticleDocument("skip-a-box", "How do I skip a box?", "Tap *Skip*."))
    questions = read_labelled_questions(DEMO_FOLDER / "test" / "questions.jsonl")
    rules = RuleResolver({question.text: ("handoff", ()) for question in questions})
    monkeypatch.setattr("training.commands.measuring.open_resolver", lambda *_, **__: rules)
    figures = last_line(run("answers", "--json"))
    assert figures["n"] == len(questions)
    assert figures["handed_over"] == 1.0


def test_the_sample_companys_questions_are_not_asked_where_no_answer_to_them_is_known(
    run: Run, home: Path
) -> None:
    import_article(home, ArticleDocument("gift", "How do I give a voucher?", "Pick a card in the shop."))
    result = run("answers")
    assert result.exit_code == 1
    assert "the home knows none of the" in result.stderr


def test_a_dialogue_is_asked_of_the_homes_knowledge(
    run: Run, home: Path, jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import_article(home, ArticleDocument("pause", "How do I pause?", "Tap *Pause*."))
    turns = [{"author": "customer", "text": "how do I pause"}, {"author": "bot", "ref": "article:pause"}]
    row = {
        "id": "d1",
        "turns": [*turns, {"author": "customer", "text": "until when?"}],
        "kind": "follow_up",
        "articles": ["pause"],
    }
    rules = RuleResolver({"until when?": ("answer", ("article:pause",))})
    monkeypatch.setattr("eval.commands.followups.open_resolver", lambda *_, **__: rules)
    path = jsonl("dialogues.jsonl", [row])
    figures = last_line(run("followups", "--data", path, "--json"))
    assert figures["n"] == 1
    assert figures["with_history"]["best_right"] == 1.0
    assert figures["without_history"]["outcomes"]["answered_right"] == 1


def test_without_a_champion_answers_say_what_to_do(run: Run, beir: Path) -> None:
    result = run("answers", "--data", beir)
    assert result.exit_code == 1
    assert "firstlast init" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("intents", "--train", "gone.jsonl", "--test", "gone.jsonl"),
        ("intents", "--train", __file__, "--test", __file__, "--unlabelled", "gone.jsonl"),
        ("retrieval", "--data", "gone"),
        ("answers", "--data", "gone"),
        ("sentiment", "--test", "gone.jsonl"),
        ("mood", "--data", "gone.jsonl"),
        ("followups", "--data", "gone"),
        ("wants-person", "--data", "gone"),
    ],
)
def test_a_missing_file_ends_with_status_1_and_its_name(run: Run, arguments: Sequence[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "gone" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_row_ends_with_status_1_and_its_line(run: Run, beir: Path) -> None:
    with (beir / "queries.jsonl").open("a") as file:
        file.write("nonsense\n")
    result = run("retrieval", "--data", beir)
    assert result.exit_code == 1
    assert "queries.jsonl:5" in result.stderr


def test_repeats_without_shots_end_with_status_2(run: Run) -> None:
    result = run("intents", "--train", "a", "--test", "b", "--repeats", "5")
    assert result.exit_code == 2
    assert "needs --shots" in result.stderr


def test_unlabelled_texts_beside_tuning_end_with_status_2(run: Run) -> None:
    result = run("intents", "--train", "a", "--test", "b", "--finetune", "--unlabelled", "c")
    assert result.exit_code == 2
    assert "goes without --finetune" in result.stderr


def test_wishes_for_a_person_are_measured_with_the_real_encoder(
    run: Run,
    jsonl: Callable[..., Path],
    home: Path,
    encoder_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _save_champion(home, OnnxEncoder.load(encoder_folder))
    (tmp_path / "training").mkdir()
    for name in ("wants_person", "smalltalk", "out_of_scope"):  # an eighth of what it is taught anyway
        lines = (GENERAL_FOLDER / "training" / f"{name}.jsonl").read_text().splitlines()
        (tmp_path / "training" / f"{name}.jsonl").write_text("\n".join(lines[::8]))
    monkeypatch.setattr(eval_wants_person, "GENERAL_FOLDER", tmp_path)
    rows = [
        {"text": "let me talk to one of your staff", "labels": ["handoff"], "fold": "0"},
        {"text": "the basil leaves are yellow", "labels": [], "fold": "0"},
        {"text": "get me a human being", "labels": ["handoff"], "fold": "1"},
        {"text": "my invoice of May is missing", "labels": [], "fold": "1"},
    ]
    figures = last_line(run("wants-person", "--data", jsonl("rows.jsonl", rows), "--json"))
    assert figures["taught"]["f1"] == 1.0
    assert figures["champion"]["recall"] == 0.0  # it never hands over


def test_a_risk_that_is_no_share_ends_with_status_2(run: Run) -> None:
    result = run("answers", "--risk", "2")
    assert result.exit_code == 2
    assert "--risk must be between 0 and 1, got 2.0" in result.stderr


def test_arguments_left_out_end_with_status_2(run: Run) -> None:
    assert run("intents").exit_code == 2
    assert run("wants-person").exit_code == 2


def test_the_sample_company_is_searched_without_data_and_labelled_texts_with_train_and_test(
    run: Run, jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RetrievalSet] = []
    real = retrieval.run_set

    def short(data: RetrievalSet, **options: Any) -> SuiteResult:
        """The set itself is kept; three questions and the answers to them are enough to search."""
        asked.append(data)
        queries = data.queries[:3]
        held = {ref: data.passages[ref] for query in queries for ref in query.gains}
        return real(replace(data, passages=held, queries=queries), **options)

    monkeypatch.setattr(retrieval, "run_set", short)
    figures = last_line(run("retrieval", "--json"))
    assert len(asked[0].queries) == 220
    assert {"hit@1_gain", "hit@1_gain_interval", "hit@1_gain_excludes_0"} <= set(
        figures["comparison"]["bm25"]
    )
    rows = [{"text": text, "label": text[-1]} for text in ("pay a", "pay b", "grow a", "grow b")]
    train, test = jsonl("train.jsonl", rows), jsonl("test.jsonl", rows)
    figures = last_line(run("retrieval", "--train", train, "--test", test, "--phrasings", "1", "--json"))
    assert (figures["n"], figures["answers"], figures["passages"]) == (3, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--train", "a.jsonl"), "--train and --test go together"),
        (("--test", "a.jsonl"), "--train and --test go together"),
        (("--data", "set", "--train", "a.jsonl", "--test", "b.jsonl"), "not both"),
        (("--answers-only",), "--answers-only is for the articles of a --data folder"),
    ],
)
def test_what_does_not_go_together_ends_with_status_2(run: Run, arguments: Sequence[str], said: str) -> None:
    result = run("retrieval", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def _save_champion(home: Path, encoder: OnnxEncoder) -> None:
    """A model set that trusts cosine similarity alone and never hands over."""

    def head(*labels: str) -> Head:
        """Sure of the first label whatever is said."""
        bias = np.array([10.0, *(0.0 for _ in labels[1:])], dtype=np.float32)
        return Head(labels, Linear(np.zeros((len(labels), encoder.feature_dim), np.float32), bias))

    models = ModelSet(
        version="trusting",
        encoder_fingerprint=encoder.fingerprint,
        heads={
            "sentiment": head("neutral", "negative", "positive"),
            "wants_person": head("bot", "person"),
            "smalltalk": head("none", "greeting", "out_of_scope"),
        },
        scope=ScopeDetector(np.empty((0, encoder.dim), np.float32)),
        intents={},
        answering=answering(stump("dense_score", limit=0.25, below=0.1, above=0.9)),
        calibration=CalibrationSample(np.full(200, 0.5), np.ones(200, dtype=bool), np.zeros(200, dtype=bool)),
        limits={
            "wants_person": 0.5,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 1.0,
        },
    )
    save_model_set(models, home / "models" / "trusting")
    write_pointer(home / "models", "trusting")
