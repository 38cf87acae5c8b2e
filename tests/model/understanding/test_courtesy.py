"""What a message politely begins with is taken off; what it is about never is."""

import pytest

from model.understanding.courtesy import is_request_for_help, without_opening


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
