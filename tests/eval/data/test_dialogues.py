"""Labelled dialogues are read strictly, and their answers found among those that are known."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from eval.data.dialogues import Dialogue, DialogueTurn, history_of, read_dialogues
from model.errors import DataError
from model.types import Offered, Turn

CUSTOMER = {"author": "customer", "text": "how do I pause?"}
ANSWER = {"author": "bot", "ref": "article:pause"}
LAST = {"author": "customer", "text": "until when?"}
ROW = {"id": "d1", "turns": [CUSTOMER, ANSWER, LAST], "kind": "follow_up", "articles": ["pause", "skip"]}


def written(folder: Path, *rows: Mapping[str, object]) -> Path:
    path = folder / "dialogues.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_dialogue_has_what_was_said_before_and_the_answers(tmp_path: Path) -> None:
    row = ROW | {"learned_answers": ["Is it vegan?"]}
    assert read_dialogues(written(tmp_path, row)) == [
        Dialogue(
            id="d1",
            kind="follow_up",
            before=(
                DialogueTurn("customer", "how do I pause?"),
                DialogueTurn("bot", "", ("article:pause",)),
            ),
            text="until when?",
            refs=frozenset({"article:pause", "article:skip", "learned_answer:Is it vegan?"}),
        )
    ]


def test_a_bots_turn_is_words_an_answer_or_choices(tmp_path: Path) -> None:
    turns = [
        CUSTOMER,
        {"author": "bot", "text": "Hello!"},
        {"author": "bot", "choices": ["article:pause", "learned_answer:Is it vegan?"]},
        LAST,
    ]
    (found,) = read_dialogues(written(tmp_path, ROW | {"turns": turns}))
    known = {
        "article:pause": Offered("article:pause", "Pausing"),
        "learned_answer:Is it vegan?": Offered("learned_answer:7", "Is it vegan?"),
    }
    assert history_of(found, known)[1:] == (
        Turn("bot", "Hello!"),
        Turn("bot", "Pausing\nIs it vegan?", tuple(known.values())),
    )


def test_an_answer_that_is_not_known_is_named(tmp_path: Path) -> None:
    (found,) = read_dialogues(written(tmp_path, ROW))
    with pytest.raises(DataError, match="dialogue d1: 'article:pause' is not known"):
        history_of(found, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "chat"}, "kind is 'chat'"),
        ({"turns": [LAST]}, "at least two"),
        ({"turns": [CUSTOMER, ANSWER]}, "last turn"),
        ({"turns": [ANSWER, LAST]}, "must be the customer's"),
        ({"turns": [CUSTOMER, {"author": "agent", "text": "hi"}, LAST]}, "needs an author"),
        ({"turns": [CUSTOMER, {"author": "bot"}, LAST]}, "choices is None"),
        ({"turns": [CUSTOMER, {"author": "bot", "choices": ["article:a"]}, LAST]}, "two choices"),
        ({"turns": [CUSTOMER, {"author": "customer", "text": " "}]}, "text is ' '"),
        ({"articles": "pause"}, "articles is 'pause'"),
        ({"id": 7}, "id is 7"),
        ({"kind": "did_not_work"}, "given already"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        read_dialogues(written(tmp_path, ROW, ROW | change))
    assert "dialogues.jsonl:2" in str(raised.value)


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        read_dialogues(written(tmp_path))
