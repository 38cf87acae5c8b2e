"""Titles are asked in five dresses; what each of them counts as is worked out by hand."""

from collections.abc import Mapping

import numpy as np
import pytest

from eval.suites import dressed
from model.errors import DataError
from model.refs import article_ref
from model.types import Decision, Question
from tests.eval.suites.test_words import said
from tests.serving.rules import decision

FEES, POST = article_ref("fees"), article_ref("post")


class Answering:
    """Decides each text as written down, all others alike."""

    def __init__(self, replies: Mapping[str, Decision], otherwise: Decision) -> None:
        self._replies, self._otherwise = replies, otherwise

    def resolve(self, question: Question) -> Decision:
        assert (question.history, question.chosen_ref) == ((), None)
        return self._replies.get(question.text, self._otherwise)


def dress(title: str) -> Mapping[dressed.Dress, str]:
    return dressed.dressed(title, np.random.default_rng(0))


def test_a_title_is_asked_in_five_dresses() -> None:
    texts = dress("How do I pause my subscription?")
    assert texts["exact"] == "How do I pause my subscription?"
    assert texts["lower"] == "how do i pause my subscription"
    assert texts["keywords"] == "pause subscription"
    assert texts["typo"] == "How do I pause my subscirption?"
    assert "ow do I pause my subscription?" in texts["polite"]
    assert len(texts["polite"].split()) > 6
    assert dress("How do I pause my subscription?") == texts


def test_the_letters_that_change_places_differ_and_are_within_the_word() -> None:
    assert dress("Wi-Fi book")["typo"] == "Wi-Fi book"  # "oo" stays "oo"
    assert dress("My plan")["typo"] == "My paln"
    assert dress("Fee balloons")["typo"] == "Fee balolons"
    assert dress("A VAT 12345")["typo"] == "A VAT 12345"
    assert dress("2024")["typo"] == "2024"


def test_a_title_of_stop_words_keeps_them_as_keywords() -> None:
    assert dress("Who are you?")["keywords"] == "Who are you?"


def test_only_a_word_that_is_written_small_elsewhere_starts_small_after_a_greeting() -> None:
    inside = [
        dressed.dressed(title, np.random.default_rng(seed))["polite"]
        for seed in range(50)
        for title in ("How do I pay", "I lost it", "VAT number?")
    ]
    assert any(text.startswith("Hello, how do I pay. ") for text in inside)
    assert any(text.startswith("Hello, I lost it. ") for text in inside)
    assert any(text.startswith("Hello, VAT number? ") for text in inside)
    assert not any("i lost" in text or "vAT" in text for text in inside)


def test_each_dress_has_its_shares_and_what_a_rule_handed_over() -> None:
    titles = {FEES: "What are the fees?", POST: "When is the post here?"}
    replies = {
        "What are the fees?": said("answer", "4 euros", given=(FEES,)),
        "When is the post here?": said("answer", "4 euros", given=(FEES,)),
        "what are the fees": said("clarify", offered=(POST, FEES)),
        "when is the post here": said("clarify", offered=(FEES,)),
        "fees": decision("handoff", reasons=("below_threshold",)),
        "post": decision("handoff", reasons=("human_only_intent",)),
    }
    result = dressed.run(titles, resolver=Answering(replies, said("smalltalk", "Hello!")))
    figures = result.figures
    assert (figures["n"], len(result.items)) == (2, 10)
    assert figures["exact"]["answered_right"] == figures["exact"]["answered_wrong"] == 0.5
    assert figures["lower"]["offered"] == figures["lower"]["clarified_without"] == 0.5
    assert (figures["keywords"]["to_person"], figures["keywords"]["to_person_by_rule"]) == (1.0, 0.5)
    assert figures["typo"]["outcomes"]["smalltalk"] == figures["polite"]["outcomes"]["smalltalk"] == 2
    assert figures["to_person_by_rule"] == 0.1
    by_rule = [item for item in result.items if item["by_rule"]]
    assert [(item["text"], item["reasons"]) for item in by_rule] == [("post", ("human_only_intent",))]
    with pytest.raises(DataError, match="no titles to ask"):
        dressed.run({}, resolver=Answering({}, said("handoff")))
