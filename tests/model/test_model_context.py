"""Follow-ups are searched with what they lean on; sentences are read one by one."""

import pytest

from model.context import is_follow_up, said_by_customer, search_text, sentences
from model.types import Question, Turn


@pytest.mark.parametrize(
    "text",
    [
        "and for the yearly plan?",
        "What about Norway?",
        "how long does it take",
        "is that free?",
        "  and then?",
        "Why?",
        "does it work with batteries",
    ],
)
def test_short_messages_that_lean_on_the_last_one_are_follow_ups(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How do I pause my plan?",
        "android app crashes",
        "item missing from my box",
        "and when I opened the box this morning two of the pods were broken in half",
    ],
)
def test_messages_that_stand_alone_are_no_follow_ups(text: str) -> None:
    assert not is_follow_up(text)


def test_a_follow_up_is_searched_with_the_customers_last_message() -> None:
    history = (
        Turn("customer", "hello"),
        Turn("bot", "Hello! What can I help you with?"),
        Turn("customer", "What does the monthly plan cost?"),
        Turn("bot", "22 a month."),
    )
    question = Question("and for the yearly plan?", history)
    assert search_text(question) == "What does the monthly plan cost?\nand for the yearly plan?"


def test_a_message_that_stands_alone_is_searched_as_it_is() -> None:
    history = (Turn("customer", "What does the monthly plan cost?"),)
    assert search_text(Question("How do I pause my plan?", history)) == "How do I pause my plan?"


def test_a_follow_up_to_nothing_is_searched_as_it_is() -> None:
    assert search_text(Question("and for the yearly plan?")) == "and for the yearly plan?"
    bot_only = (Turn("bot", "Hello!"),)
    assert search_text(Question("and for the yearly plan?", bot_only)) == "and for the yearly plan?"


def test_one_sentence_has_no_parts() -> None:
    assert sentences("Where is my box?") == []
    assert sentences("   ") == []


def test_sentences_and_lines_are_parts() -> None:
    text = "My box is late. Forget it!\nlet me talk to someone"
    assert sentences(text) == ["My box is late.", "Forget it!", "let me talk to someone"]


def test_a_number_is_not_cut() -> None:
    assert sentences("It cost 3.50 on 1.2.2026") == []


def test_of_a_long_text_the_last_six_sentences_are_read() -> None:
    text = " ".join(f"Number {i}." for i in range(1, 10))
    assert sentences(text) == [f"Number {i}." for i in range(4, 10)]


def test_the_customers_last_six_messages_count_as_said_before() -> None:
    history = tuple(
        Turn(author, f"{author} {i}")
        for i in range(8)
        for author in ("customer", "bot")  # type: ignore[arg-type]
    )
    assert said_by_customer(Question("now", history)) == [f"customer {i}" for i in range(2, 8)]
    assert said_by_customer(Question("now")) == []
