"""What a message politely begins with is taken off; what it is about never is."""

import pytest

from model.understanding.courtesy import is_request_for_help, needs_nobody, without_opening


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hello, how do I pay?", "how do I pay?"),
        ("hi how do I pay", "how do I pay"),
        ("Hey there! My lamp is broken", "My lamp is broken"),
        ("Dear team,\n\nwhere is it?", "where is it?"),
        ("Good evening \nwhere is it?", "where is it?"),
        ("Good morning, I hope you are doing well. Where is it?", "Where is it?"),
        ("Hello, could you please help me? Where is it?", "Where is it?"),
        ("Hi, I have a quick question: where is it?", "where is it?"),
        ("a question - where is it?", "where is it?"),
        ("I need your help. Where is it?", "Where is it?"),
    ],
)
def test_an_opening_is_taken_off(text: str, rest: str) -> None:
    assert without_opening(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello!",
        "Hi there!",
        "Hello, can you help me?",
        "hi-fi sets",
        "Hi-Fi",
        "highlights",
        "Good morning America tickets",
        "Can you help me move my garden?",
        "Can someone help me? The box is wet.",
        "I need help with my box.",
        "A question of price",
        "Dear customer service of yours",
        "Where is it? Hello?",
    ],
)
def test_what_is_no_opening_stays(text: str) -> None:
    assert without_opening(text) == text


def test_a_request_for_help_says_not_with_what() -> None:
    assert is_request_for_help("Could you help me, please?")
    assert is_request_for_help("Could you help me out please?")
    assert is_request_for_help("Please help me!")
    assert not is_request_for_help("Can you help me move?")


@pytest.mark.parametrize(
    "text",
    [
        "never mind, found it",
        "NVM!",
        "I’ve found the answer myself, thank you",
        "oh sorry, solved it already",
        "it's working again, thanks anyway",
        "no longer needed",
        "please ignore my message",
        "ok, it's all sorted now. Cheers",
        "don't need help any more",
    ],
)
def test_words_that_nobody_is_needed_any_more_are_known(text: str) -> None:
    assert needs_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        "never mind the callback, where is my parcel?",
        "it works now but the lamp is off",
        "I found it broken",
        "I found it hard to use",
        "I don't need this plan, cancel it",
        "is it fixed?",
        "never mind that, I want a refund",
        "thanks",
        "",
    ],
)
def test_whoever_says_anything_else_is_still_waiting(text: str) -> None:
    assert not needs_nobody(text)


@pytest.mark.parametrize("part", ["never mind ", "thanks ", "it it ", " ", "found it "])
def test_long_hostile_words_are_read_at_once(part: str) -> None:
    assert not needs_nobody(part * 20_000 + "x")
