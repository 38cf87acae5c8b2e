"""A message that asks several things is taken apart; one that asks one thing is left whole."""

import pytest

from model.understanding.several_questions import asking_sentence, split_questions


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (
            "Do you ship to islands? And can I pay cash?",
            ["Do you ship to islands?", "And can I pay cash?"],
        ),
        (
            "how long is the warranty and where do I send the lamp",
            ["how long is the warranty", "where do I send the lamp"],
        ),
        (
            "My lamp broke yesterday. What does a new one cost? Do you take the old one back?",
            ["My lamp broke yesterday. What does a new one cost?", "Do you take the old one back?"],
        ),
        (
            "Two things: 1) when do you open tomorrow 2) until when can I return it? Thanks!",
            ["Two things: 1) when do you open tomorrow", "2) until when can I return it? Thanks!"],
        ),
    ],
)
def test_each_question_has_its_words(text: str, questions: list[str]) -> None:
    joined = [" ".join(part.replace("1) ", "").replace("2) ", "").split()) for part in questions]
    assert list(split_questions(text)) == joined


@pytest.mark.parametrize(
    "text",
    [
        "where is my box",
        "I ordered the lamp and the desk on Friday. Where are they?",
        "Can I return it if it is open and used?",
        "It blinks and beeps and I do not know why",
        "is it big and is it red and is it new and is it old",
        "Could you help me, please? Where is my box?",
        "Where is my box? Thank you, have a nice day!",
        "",
        "?? !! ??",
    ],
)
def test_one_question_is_left_whole(text: str) -> None:
    assert list(split_questions(text)) == []


def test_the_only_sentence_that_asks_is_found() -> None:
    assert asking_sentence(["I moved house.", "Where is my box?", "Thanks!"]) == 1
    assert asking_sentence(["Can you help me?", "I need to change my address."]) == 1
    assert asking_sentence(["Where is my box?", "How long does it take?"]) is None
    assert asking_sentence(["My box is late.", "It was for Monday."]) is None
    assert asking_sentence([]) is None
