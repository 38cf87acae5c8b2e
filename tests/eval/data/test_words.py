"""Questions with facts and taught answers are read strictly; a file of two centres is told apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.data.words import questions_of_centre, read_taught_answers, read_words_questions
from model.errors import DataError


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def question(number: str, centre: str, article: str | None) -> dict[str, Any]:
    known = [article] if article else []
    facts = [["four days"]] if article else []
    kind = "answerable" if article else "near_miss"
    return {
        "id": number,
        "centre": centre,
        "kind": kind,
        "question": "how long?",
        "articles": known,
        "facts": facts,
    }


def test_only_questions_to_the_centre_at_hand_are_asked(tmp_path: Path) -> None:
    path = written(
        tmp_path / "q.jsonl",
        question("1", "shop", "article:post"),
        question("2", "shop", None),
        question("3", "bank", "article:fees"),
    )
    asked, elsewhere = questions_of_centre(read_words_questions(path), {"article:post", "article:other"})
    assert ([one.id for one in asked], elsewhere) == (["1", "2"], 1)
    with pytest.raises(DataError, match="none of the 2 answers that the questions name is in the folder"):
        questions_of_centre(read_words_questions(path), {"article:unknown"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "riddle"}, "kind is 'riddle'"),
        ({"facts": []}, "articles is .*give both or neither"),
        ({"question": " "}, "question is ' ', expected a text"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = written(tmp_path / "q.jsonl", question("1", "shop", "post") | change)
    with pytest.raises(DataError, match=f"q.jsonl:1: {said}"):
        read_words_questions(path)


def test_taught_answers_come_with_rewordings_and_look_alikes(tmp_path: Path) -> None:
    row = {"id": "a", "question": "Do you ship to Norway?", "answer": "Yes.", "rewordings": ["norway post"]}
    answers = read_taught_answers(written(tmp_path / "t.jsonl", row | {"lookalikes": ["ship to Sweden?"]}))
    assert (answers[0].rewordings, answers[0].look_alikes) == (("norway post",), ("ship to Sweden?",))
    with pytest.raises(DataError, match=r"t.jsonl:1: lookalikes is 'Sweden', expected a list of texts"):
        read_taught_answers(written(tmp_path / "t.jsonl", row | {"lookalikes": "Sweden"}))
    with pytest.raises(DataError, match="has no rows"):
        read_taught_answers(written(tmp_path / "empty.jsonl"))
