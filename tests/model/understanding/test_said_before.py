"""What was said before is found, and choices named by their place; sentences are read one by one."""

import pytest

from model.types import Offered, Question, Turn
from model.understanding.follow_up import (
    given_refs,
    in_context,
    named_choice,
    picked_question,
    said_before,
    said_by_customer,
    sentences,
)

HOLIDAY = Offered("article:holiday-mode", "Going away?")
PAUSE = Offered("article:pause", "How do I pause?")
SKIP = Offered("article:skip", "How do I skip?")
OFFER = Turn("bot", "Is it one of these?", (HOLIDAY, PAUSE, SKIP))


def asked(*lines: str) -> tuple[Turn, ...]:
    return tuple(Turn("customer", line) for line in lines)


def test_a_message_is_read_with_the_customers_last_one() -> None:
    history = (
        Turn("customer", "hello"),
        Turn("bot", "Hello! What can I help you with?"),
        Turn("customer", "What does the monthly plan cost?"),
        Turn("bot", "22 a month."),
    )
    question = Question("and for the yearly plan?", history)
    assert in_context(question) == "What does the monthly plan cost?\nand for the yearly plan?"


def test_a_last_message_of_less_than_five_words_is_read_with_the_one_before_it() -> None:
    assert said_before(asked("how do I pause", "until when")) == "how do I pause\nuntil when"
    assert said_before(asked("first", "how do I pause it", "until when exactly please sir")) == (
        "until when exactly please sir"
    )


def test_with_nothing_said_there_is_nothing_to_read_with() -> None:
    assert said_before(()) == ""
    assert in_context(Question("and for the yearly plan?")) is None
    assert in_context(Question("and for the yearly plan?", (Turn("bot", "Hello!"),))) is None


def test_a_click_says_all_by_itself() -> None:
    question = Question("How do I pause?", (*asked("going away"), OFFER), chosen_ref=PAUSE.ref)
    assert in_context(question) is None


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("the second one", PAUSE),
        ("1", HOLIDAY),
        ("First please!", HOLIDAY),
        ("no 2", PAUSE),
        ("number three", SKIP),
        ("#3", SKIP),
        ("the last one pls", SKIP),
        ("The latter.", SKIP),
        ("2nd", PAUSE),
    ],
)
def test_a_choice_is_named_by_its_place(text: str, choice: Offered) -> None:
    question = Question(text, (*asked("I am going away"), OFFER))
    assert named_choice(question) == choice
    assert in_context(question) == choice.title


@pytest.mark.parametrize(
    "text", ["", "4", "the second box is broken", "one pod is missing", "none", "no", "?"]
)
def test_other_words_name_no_choice(text: str) -> None:
    assert named_choice(Question(text, (*asked("I am going away"), OFFER))) is None


def test_a_place_beyond_the_last_choice_names_none() -> None:
    two = Turn("bot", "Is it one of these?", (HOLIDAY, PAUSE))
    assert named_choice(Question("the third", (*asked("I am going away"), two))) is None


def test_a_place_names_nothing_unless_the_bot_just_offered_choices() -> None:
    answered = Turn("bot", "Open the app.", given=(PAUSE,))
    assert named_choice(Question("1", (*asked("I am going away"), answered))) is None
    assert named_choice(Question("1", (OFFER, *asked("hm")))) is None
    assert named_choice(Question("1")) is None


def test_a_pick_stands_for_what_was_asked_before_the_choices_were_offered() -> None:
    history = (
        *asked("hello"),
        Turn("bot", "Hello!"),
        *asked("I am going away in May", "do I still pay"),
        OFFER,
    )
    question = Question(PAUSE.title, history, chosen_ref=PAUSE.ref)
    assert picked_question(question) == "I am going away in May\ndo I still pay"
    assert picked_question(Question(PAUSE.title, history)) is None


def test_a_second_pick_stands_for_the_same_question() -> None:
    answer = Turn("bot", "Open Plan. And for your other question?", (SKIP,), (PAUSE,))
    history = (*asked("how do I pause, and how do I skip"), OFFER, *asked(PAUSE.title), answer)
    second = Question(SKIP.title, history, chosen_ref=SKIP.ref)
    assert picked_question(second) == "how do I pause, and how do I skip"


def test_answers_given_are_told_from_answers_only_offered() -> None:
    history = (OFFER, Turn("bot", "Open the app.", given=(PAUSE,)), Turn("bot", "Hello!"))
    assert given_refs(history) == {"article:pause"}


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
