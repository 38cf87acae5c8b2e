"""A company folder from nothing: the skeleton, and what `check` finds in folders made wrong on purpose."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from eval.data.dialogues import read_dialogues
from knowledge import DEMO_FOLDER
from knowledge.importing.source import read_source
from model.errors import ConflictError, DataError
from serving.company.file import write_skeleton
from training.datasets.company_check import check_company
from training.datasets.training_data import company_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `company new` makes it."""
    write_skeleton(tmp_path / "company")
    return tmp_path / "company"


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def question(number: int, kind: str = "answerable", **fields: Any) -> dict[str, Any]:
    articles = ["track-an-order"] if kind == "answerable" else []
    row = {"id": f"q{number}", "text": f"where is order {number}", "kind": kind, "intent": "order_status"}
    return row | {"articles": articles} | fields


def words(folder: Path, severity: str) -> list[str]:
    return [f"{one.file}: {one.words}" for one in check_company(folder).findings if one.severity == severity]


def test_a_skeleton_can_be_trained_on_and_is_said_to_be_small(folder: Path) -> None:
    found = check_company(folder)
    assert found.of("error") == []
    assert [str(one) for one in found.of("warning")] == [
        "warning: training/intents.jsonl: 2 intents have fewer than 10 texts: delete_account (2), "
        "order_status (2)",
        "warning: calibration/questions.jsonl: 4 questions, 1 different ones with an answer: below 20 and 10 "
        "how sure to be is learned from general questions instead",
    ]
    data = company_data(folder)
    assert (len(data.intents), data.own_questions) == (4, False)
    assert len(data.questions) > 100  # the general ones


def test_every_example_of_the_skeleton_is_read_where_it_is_moved_to(folder: Path) -> None:
    shutil.copytree(folder / "examples", folder, dirs_exist_ok=True)
    data = company_data(folder)
    read = (data.sentiment, data.follow_ups, data.mood_texts, data.dialogues, data.moods, data.taught)
    assert [len(rows) for rows in read] == [3, 3, 1, 1, 2, 1]
    assert len(read_dialogues(folder / "test" / "dialogues.jsonl")) == 1
    documented = (folder / "README.md").read_text()
    for path in (folder / "examples").rglob("*.jsonl"):
        assert f"`{path.relative_to(folder / 'examples').as_posix()}`" in documented


def test_a_company_folder_imported_as_a_whole_gives_its_articles_and_no_labelled_rows(folder: Path) -> None:
    read = read_source(folder)
    assert [article.path for article in read.articles] == ["articles/track-an-order.md"]
    assert (read.question_answers, read.refusals) == ((), ())


def test_a_skeleton_overwrites_nothing(folder: Path) -> None:
    with pytest.raises(ConflictError, match="is not empty"):
        write_skeleton(folder)
    (folder.parent / "file").write_text("mine")
    with pytest.raises(ConflictError, match="nothing is overwritten"):
        write_skeleton(folder.parent / "file")


def test_the_sample_company_has_nothing_to_warn_of() -> None:
    found = check_company(DEMO_FOLDER)
    assert found.of("error") == found.of("warning") == []
    assert found.counts["calibration_questions"] == 864
    (calibration,) = (one for one in found.of("note") if one.file == "calibration/questions.jsonl")
    assert calibration.words.endswith("with at most one wrong: 388 at 0.01, 194 at 0.02, 77 at 0.05")


def test_what_is_missing_or_wrong_is_an_error_with_its_file(folder: Path) -> None:
    (folder / "company.toml").write_text('name = "x"\n[[intents]]\nname = "order_status"\n')
    (folder / "training" / "intents.jsonl").unlink()
    write(folder, "calibration/questions.jsonl", [question(1, kind="maybe")])
    write(folder, "test/questions.jsonl", [question(2, articles=["gone"])])
    company, intents, calibration, test = words(folder, "error")
    assert company.endswith("intents.1.title: Field required")
    assert intents.startswith("training/intents.jsonl: it does not exist")
    assert "questions.jsonl:1: kind is 'maybe'" in calibration
    assert test.startswith("test/questions.jsonl: articles that articles/ does not have: article:gone")


def test_labels_that_the_company_does_not_name_and_a_single_one_are_errors(folder: Path) -> None:
    write(folder, "training/intents.jsonl", [{"text": "hi there", "label": "greet"}] * 2)
    assert words(folder, "error") == [
        "training/intents.jsonl: labels that company.toml does not name: greet",
        "training/intents.jsonl: all rows have one label; there is nothing to tell it from",
    ]


def test_what_contradicts_itself_is_a_warning(folder: Path) -> None:
    rows = [{"text": f"where is order {n}", "label": "order_status"} for n in range(20)]
    rows += [{"text": f"delete account {n}", "label": "delete_account"} for n in range(20)]
    rows.append({"text": "Where is order 7?", "label": "delete_account"})
    write(folder, "training/intents.jsonl", rows)
    human_only = question(1, text="please delete it", intent="delete_account")
    write(folder, "calibration/questions.jsonl", [human_only, question(2, text="when?", intent="unknown")])
    moved = question(3, text="WHERE IS ORDER 5", intent="delete_account")
    write(folder, "test/questions.jsonl", [question(3), moved])
    found = words(folder, "warning")
    for expected in (
        "intents.jsonl: 2 rows whose text has another label too (lines 8, 41)",
        "calibration/questions.jsonl: q1 is answerable, but company.toml says human_only of delete_account: "
        "the bot never answers it by an article",
        "calibration/questions.jsonl: intents that company.toml does not name: unknown",
        "test/questions.jsonl: ids that stand there twice: q3",
        "test/questions.jsonl: texts with another intent than in training/intents.jsonl: q3",
        "test/questions.jsonl: texts that are trained or calibrated on, so that they test nothing: q3, q3",
    ):
        assert expected in found


def test_an_intent_with_ten_times_the_usual_texts_is_named(folder: Path) -> None:
    toml = (folder / "company.toml").read_text()
    (folder / "company.toml").write_text(f'{toml}\n[[intents]]\nname = "third"\ntitle = "Third"\n')
    counts = {"order_status": 111, "delete_account": 11, "third": 10}
    rows = [{"text": f"{label} {n}", "label": label} for label, count in counts.items() for n in range(count)]
    write(folder, "training/intents.jsonl", rows)
    assert (
        "training/intents.jsonl: more than 10 times the median of 11 texts, which draws messages to it: "
        "order_status (111)"
    ) in words(folder, "warning")


@pytest.mark.parametrize(("answerable", "others", "own"), [(10, 10, True), (9, 11, False), (10, 9, False)])
def test_own_questions_count_once_a_confidence_can_be_fitted_on_them(
    folder: Path, answerable: int, others: int, own: bool
) -> None:
    rows = [question(n) for n in range(answerable)]
    rows += [question(n, "needs_person", intent="delete_account") for n in range(50, 50 + others)]
    write(folder, "calibration/questions.jsonl", rows)
    assert company_data(folder).own_questions == own
    instead = "how sure to be is learned from general questions instead"
    assert any(instead in one for one in words(folder, "warning")) != own


def test_too_few_answers_for_any_budget_are_named(folder: Path) -> None:
    rows = [question(n) for n in range(15)]
    rows += [question(n, "needs_person", intent="delete_account") for n in range(50, 60)]
    write(folder, "calibration/questions.jsonl", rows)
    expected = "15 questions with an answer: any risk budget takes 20 that are sure and right"
    assert f"calibration/questions.jsonl: {expected}" in words(folder, "warning")


def test_a_test_set_says_how_little_it_can_show(folder: Path) -> None:
    write(folder, "test/questions.jsonl", [question(n) for n in range(300, 320)])
    (note,) = (one for one in words(folder, "note") if one.startswith("test/"))
    assert "20 questions, 20 with an answer: were all of these answered right, up to 16.8%" in note
    write(folder, "test/questions.jsonl", [question(1, "out_of_scope", intent=None)])
    assert any("no held-out question with an answer" in one for one in words(folder, "warning"))


def test_a_folder_that_is_not_there_is_told_how_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder; make one: firstlast company new"):
        check_company(tmp_path / "nowhere")


@pytest.mark.parametrize(("strange", "said"), [(0, "no questions"), (9, "9 questions"), (10, None)])
def test_too_few_calibration_questions_that_are_none_of_the_business_are_warned_of(
    folder: Path, strange: int, said: str | None
) -> None:
    rows = [question(n) for n in range(20)]
    rows += [
        question(n, "out_of_scope", text=f"how high is mountain {n}", intent=None)
        for n in range(100, 100 + strange)
    ]
    write(folder, "calibration/questions.jsonl", rows)
    (warned,) = [one for one in words(folder, "warning") if "out_of_scope" in one] or [None]
    assert (warned is None) == (said is None)
    if warned is not None:
        assert warned.startswith(f"calibration/questions.jsonl: {said} of the kind out_of_scope: ")
        assert warned.endswith("(exact 95 % interval): 31% with 10, 17% with 20, 7% with 50, 4% with 100")
