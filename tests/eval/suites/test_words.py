"""The words shown are judged, at once and after a pick; what each of them counts as is worked out by hand."""

from collections.abc import Mapping

import pytest

from eval.data.words import TaughtAnswer, WordsKind, WordsQuestion
from eval.suites import taught, words
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.types import Decision, DecisionKind, Question, Source
from tests.serving.rules import decision

FEES, POST = "article:fees", "article:post"


def source(ref: str, excerpt: str = "") -> Source:
    return Source(ref=ref, kind="article", title=ref, heading_path=(), url="", excerpt=excerpt)


def said(
    kind: DecisionKind, text: str = "", *, given: tuple[str, ...] = (), offered: tuple[str, ...] = ()
) -> Decision:
    return decision(
        kind,
        text,
        reasons=(),
        sources=tuple(map(source, given)),
        choices=tuple(map(source, offered)),
    )


class Scripted:
    """Answers each text, or each pick, as written down; remembers what it was told."""

    def __init__(self, replies: Mapping[str, Decision]) -> None:
        self._replies = replies
        self.asked: list[Question] = []

    def resolve(self, question: Question) -> Decision:
        self.asked.append(question)
        return self._replies[question.chosen_ref or question.text]


def question(
    text: str, *facts: str, refs: tuple[str, ...] = (FEES,), kind: WordsKind = "answerable"
) -> WordsQuestion:
    return WordsQuestion(
        text, text, kind, frozenset(refs if facts else ()), tuple((fact,) for fact in facts), ""
    )


def outcome(asked: WordsQuestion, **replies: Decision) -> str:
    named = {
        FEES if key == "fees" else POST if key == "post" else key: reply for key, reply in replies.items()
    }
    return str(words.run([asked], resolver=Scripted(named)).items[0]["outcome"])


def test_an_answer_is_right_by_its_words_and_not_by_its_article() -> None:
    asked = question("q", "2 euros")
    assert outcome(asked, q=said("answer", "It costs **2 euros**.", given=(FEES,))) == "answered_words_right"
    assert (
        outcome(asked, q=said("answer", "This page is about fees.", given=(FEES,))) == "answered_words_wrong"
    )
    assert outcome(asked, q=said("answer", "It costs 2 euros.", given=(POST,))) == "answered_wrong_article"
    assert (
        outcome(question("q", kind="near_miss"), q=said("answer", "Hm.", given=(POST,)))
        == "answered_wrong_article"
    )


def test_the_first_right_choice_is_picked_as_the_messenger_sends_it() -> None:
    asked = question("q", "2 euros")
    offer = said("clarify", "Which?", offered=(POST, FEES))
    bot = Scripted({"q": offer, FEES: said("answer", "2 euros", given=(FEES,))})
    assert words.run([asked], resolver=bot).items[0]["outcome"] == "picked_words_right"
    first, pick = bot.asked
    assert (first.history, first.chosen_ref) == ((), None)
    assert (pick.text, pick.chosen_ref, pick.clarifications) == (FEES, FEES, 1)
    assert [(turn.author, turn.text) for turn in pick.history] == [("customer", "q"), ("bot", "Which?")]
    assert [answer.ref for answer in pick.history[1].offered] == [POST, FEES]


def test_what_becomes_of_a_pick_that_fails() -> None:
    asked = question("q", "2 euros")
    offer = said("clarify", offered=(FEES,))
    assert outcome(asked, q=offer, fees=said("answer", "Fees.", given=(FEES,))) == "picked_words_wrong"
    assert outcome(asked, q=offer, fees=said("handoff")) == "picked_handed_over"
    assert outcome(asked, q=said("clarify", offered=(POST,))) == "clarified_without"
    assert outcome(asked, q=said("handoff")) == "handed_over"
    assert outcome(asked, q=said("smalltalk", "Hello!")) == "smalltalk"


def test_two_questions_are_served_by_both_halves_together() -> None:
    asked = question("q", "2 euros", "four days", refs=(FEES, POST), kind="two_questions")
    half = said("answer", "2 euros", given=(FEES,))
    more = said("answer", "2 euros. And the other?", given=(FEES,), offered=(POST,))
    assert outcome(asked, q=half) == "answered_half"
    assert outcome(asked, q=more, post=said("answer", "four days", given=(POST,))) == "answered_words_right"
    assert outcome(asked, q=said("clarify", offered=(FEES,)), fees=half) == "picked_half"
    both = said("answer", "2 euros, four days", given=(FEES, POST))
    assert outcome(asked, q=both) == "answered_words_right"


def test_the_figures_are_shares_of_the_answerable_and_of_the_answers() -> None:
    asked = [
        question("right", "2 euros"),
        question("wrong", "2 euros"),
        question("later", "2 euros"),
        question("person", "2 euros"),
        question("alike", kind="near_miss"),
        question("other", kind="out_of_scope"),
    ]
    answers = {
        "right": said("answer", "2 euros", given=(FEES,)),
        "wrong": said("answer", "Fees.", given=(FEES,)),
        "later": said("clarify", offered=(FEES,)),
        FEES: said("answer", "2 euros", given=(FEES,)),
        "person": said("handoff"),
        "alike": said("answer", "2 euros", given=(FEES,)),
        "other": said("clarify"),
    }
    figures = words.run(asked, resolver=Scripted(answers)).figures
    assert (figures["n"], figures["n_answerable"], figures["n_answered"]) == (6, 4, 3)
    assert figures["self_served"] == 0.5
    assert figures["answered_words_right"] == figures["picked_words_right"] == figures["handed_over"] == 0.25
    assert figures["wrong_among_answered"] == pytest.approx(2 / 3)
    assert figures["look_alikes_answered"] == 0.5
    assert figures["by_kind"]["near_miss"] == {"answered_wrong_article": 1}
    with pytest.raises(DataError, match="no questions to ask"):
        words.run([], resolver=Scripted({}))


def test_rewordings_must_get_their_answer_and_look_alikes_none(encoder: OnnxEncoder) -> None:
    answers = [
        TaughtAnswer(
            "n", "Do you ship to Norway?", "Yes.", ("norway post?", "to oslo?", "oslo"), ("sweden?",)
        ),
        TaughtAnswer("p", "What is the price?", "Two euros.", ("cost?",), ("price of two?", "free?")),
    ]
    index = taught.taught_index(answers, encoder)
    assert [index.passages_of(f"learned_answer:{number}")[0].text for number in (0, 1)] == [
        "Yes.",
        "Two euros.",
    ]
    ship, price = "learned_answer:0", "learned_answer:1"
    bot = Scripted(
        {
            "norway post?": said("answer", "Yes.", given=(ship,)),
            "to oslo?": said("clarify", offered=(price, ship)),
            "oslo": said("handoff"),
            "sweden?": said("clarify", offered=(ship,)),
            "cost?": said("answer", "Yes.", given=(ship,)),
            "price of two?": said("answer", "Two euros.", given=(price,)),
            "free?": said("handoff"),
        }
    )
    figures = taught.run(answers, resolver=bot).figures
    assert (figures["n_rewordings"], figures["n_look_alikes"]) == (4, 3)
    assert figures["rewordings_answered"] == figures["rewordings_answered_wrong"] == 0.25
    assert (figures["rewordings_served"], figures["rewordings_to_person"]) == (0.5, 0.25)
    assert figures["look_alikes_answered"] == pytest.approx(1 / 3)
    assert figures["by_group"]["look_alikes"] == {
        "answered_right": 0,
        "answered_wrong": 1,
        "offered": 0,
        "clarified_without": 1,
        "to_person": 1,
    }
