"""Labelled conversations: read as written, and each bad row named with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.data.labelled import (
    SENTIMENTS,
    LabelledText,
    MoodConversation,
    read_labelled_texts,
    read_mood_conversations,
)
from knowledge import GENERAL_FOLDER
from model.errors import DataError
from model.types import Turn

ASKED = {"author": "customer", "text": "where is it"}
ANSWERED = {"author": "bot", "text": "On its way."}
GOOD = {"id": "a", "turns": [ASKED, ANSWERED, ASKED], "outcome": "leaves", "at": 2}


def written(folder: Path, *rows: object) -> Path:
    path = folder / "moods.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_conversation_is_read_with_its_turns_and_event(tmp_path: Path) -> None:
    calm = {"id": "b", "turns": [ASKED], "outcome": "neutral"}
    asked, answered = Turn("customer", "where is it"), Turn("bot", "On its way.")
    assert read_mood_conversations(written(tmp_path, GOOD, calm)) == [
        MoodConversation("a", (asked, answered, asked), "leaves", 2),
        MoodConversation("b", (asked,), "neutral", None),
    ]
    assert [one.is_calm for one in read_mood_conversations(written(tmp_path, GOOD, calm))] == [False, True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turns": []}, "turns is []"),
        ({"turns": "hello"}, "turns is 'hello'"),
        ({"turns": [{"author": "robot", "text": "hi"}]}, "turn 0: expected an author"),
        ({"turns": [ASKED, {"author": "bot", "text": " "}]}, "turn 1: text is ' '"),
        ({"turns": [ASKED, "hi"]}, "turn 1: expected an author"),
        ({"outcome": "angry"}, "outcome is 'angry', expected one of satisfied, neutral"),
        ({"at": None}, "at is None, expected the place of a customer's turn: [0, 2]"),
        ({"at": 1}, "at is 1, expected"),
        ({"at": 3}, "at is 3, expected"),
        ({"at": False}, "at is False, expected"),
        ({"at": "2"}, "at is '2', expected"),
        ({"outcome": "satisfied"}, "a satisfied conversation needs a customer's turn and no at, got 2"),
        ({"outcome": "neutral", "at": None, "turns": [ANSWERED]}, "needs a customer's turn"),
        ({"id": ""}, "id is ''"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = written(tmp_path, GOOD, GOOD | change)
    with pytest.raises(DataError) as found:
        read_mood_conversations(path)
    assert str(found.value).startswith(f"{path}:2: ")
    assert said in str(found.value)


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"outcome": "satisfied", "at": None}, (0, 2, 4)),
        ({"outcome": "asks_for_person", "at": 4}, (0, 2)),
        ({"outcome": "asks_for_person", "at": 2}, (0,)),
        ({"outcome": "leaves", "at": 4}, (0, 2, 4)),
        ({"outcome": "bad_rating", "at": 2}, (0, 2)),
    ],
)
def test_a_warning_may_come_up_to_the_event_but_not_in_the_wish_for_a_person(
    change: dict[str, Any], places: tuple[int, ...]
) -> None:
    turns = [
        Turn("customer", "a"),
        Turn("bot", "b"),
        Turn("customer", "c"),
        Turn("bot", "d"),
        Turn("customer", "e"),
    ]
    assert MoodConversation("x", tuple(turns), **change).before_event == places


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        read_mood_conversations(written(tmp_path))


def test_a_label_that_is_not_expected_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, {"text": "fine", "label": "neutral"}, {"text": "hm", "label": "mixed"})
    assert read_labelled_texts(path) == [LabelledText("fine", "neutral"), LabelledText("hm", "mixed")]
    with pytest.raises(DataError, match=r":2: label is 'mixed', expected one of negative, neutral, positive"):
        read_labelled_texts(path, labels=SENTIMENTS)


@pytest.mark.parametrize(
    ("file", "fewest_and_most"),
    [
        ("calibration/moods.jsonl", (2, 8)),
        ("test/moods.jsonl", (2, 6)),
    ],
)
def test_there_are_eighty_conversations_about_half_of_them_calm(
    file: str, fewest_and_most: tuple[int, int]
) -> None:
    found = read_mood_conversations(GENERAL_FOLDER / file)
    assert len(found) >= 80
    assert 0.4 <= sum(one.is_calm for one in found) / len(found) <= 0.6
    assert {one.outcome for one in found} == {
        "satisfied",
        "neutral",
        "asks_for_person",
        "bad_rating",
        "leaves",
    }
    assert len({one.id for one in found}) == len(found)
    customers_turns = [sum(turn.author == "customer" for turn in one.turns) for one in found]
    assert (min(customers_turns), max(customers_turns)) == fewest_and_most


def test_nothing_longer_than_two_words_is_said_both_in_the_test_and_where_numbers_are_chosen() -> None:
    def said(file: str) -> set[str]:
        found = read_mood_conversations(GENERAL_FOLDER / file)
        turns = (turn for one in found for turn in one.turns if turn.author == "customer")
        return {turn.text.casefold().strip(" .!?") for turn in turns if len(turn.text.split()) > 2}

    tested = said("test/moods.jsonl")
    assert tested.isdisjoint(said("calibration/moods.jsonl"))
    for name in ("sentiment", "mood"):
        trained = read_labelled_texts(GENERAL_FOLDER / "training" / f"{name}.jsonl", labels=SENTIMENTS)
        assert tested.isdisjoint(row.text.casefold().strip(" .!?") for row in trained)
