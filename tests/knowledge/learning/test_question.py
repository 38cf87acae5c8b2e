"""Which question a reply answers, told by meaning."""

import pytest

from knowledge.learning.cleaning import only_stalls
from knowledge.learning.question import pick_question
from model.encoder.onnx_encoder import OnnxEncoder
from tests.knowledge.learning.exchanges import DEVELOPED_ON, HELD_OUT, Exchange


def is_right(exchange: Exchange, picked: str) -> bool:
    text = picked.lower()
    return exchange.about in text and not any(other in text for other in exchange.not_about)


@pytest.mark.parametrize(
    ("exchanges", "most", "by_the_last"), [(DEVELOPED_ON, 20, 7), (HELD_OUT, 19, 3)], ids=["seen", "held out"]
)
def test_the_reply_finds_its_question_among_all_that_was_said(
    encoder: OnnxEncoder, exchanges: tuple[Exchange, ...], most: int, by_the_last: int
) -> None:
    """`-s` prints the counts; the last message with substance alone is what was taken before."""
    by_meaning = sum(
        is_right(one, pick_question(one.said, answer=one.reply, encoder=encoder).text) for one in exchanges
    )
    before = sum(is_right(one, pick_question(one.said).text) for one in exchanges)
    print(f"right of {len(exchanges)}: {by_meaning} by meaning, {before} by the last message")  # noqa: T201
    assert by_meaning >= most
    assert before <= by_the_last


def test_a_part_that_says_more_of_the_same_joins_its_question(encoder: OnnxEncoder) -> None:
    said = ["my pump is loud", "since yesterday", "what can I do?", "do you ship to Malta?"]
    reply = "A loud pump has taken in air: switch it off for a minute, then fill the tank."
    assert pick_question(said, answer=reply, encoder=encoder).text.startswith("My pump is loud")
    reply = "Yes, we ship to Malta and Cyprus within ten days."
    assert pick_question(said, answer=reply, encoder=encoder).text == "Do you ship to Malta?"


def test_a_reply_that_is_near_to_nothing_answers_what_was_said_last(encoder: OnnxEncoder) -> None:
    said = ["how do I skip a box?", "where do I find old invoices?"]
    assert pick_question(said, answer="Blue.", encoder=encoder).text == "Where do I find old invoices?"
    assert pick_question([], answer="Blue.", encoder=encoder).text == ""
    assert pick_question(["hello?"], answer="Blue.", encoder=encoder).text == ""


@pytest.mark.parametrize(
    ("reply", "stalls"),
    [
        ("Hi Anna! One moment please, I'll have a look. Tom", True),
        ("Thanks for waiting. Which order is it?", True),
        ("You're welcome!", True),
        ("Let me check.\n\nBest,\nTom", True),
        ("I have refunded your order.", False),
        ("One moment. Pots go to Malta by ship.", False),
    ],
)
def test_who_wins_time_or_asks_back_has_answered_nothing(reply: str, stalls: bool) -> None:
    assert only_stalls(reply, agent_names=["Tom"]) == stalls
