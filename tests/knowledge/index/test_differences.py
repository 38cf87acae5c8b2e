"""How a question differs from a known one: numbers, opposites, negation, and rare words."""

import time
from collections.abc import Sequence

import pytest

from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.differences import difference
from model.types import Difference

RARITIES = {"zed": 0.9, "cabl": 0.5, "charg": 0.4, "3": 0.2}
"""By stem; all others are 0.1."""


def differs(asked: str, question: str, answer: str = "Yes.", phrasings: Sequence[str] = ()) -> Difference:
    passages = learned_answer_passages(1, question, answer, phrasings)
    found = difference(asked, passages[0], passages, lambda term: RARITIES.get(term, 0.1))
    assert found is not None
    return found


def is_alike(found: Difference) -> bool:
    return not (found.other_number or found.opposite or found.negation)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("How do I reset the Lumo 500?", "How do I reset the Lumo 300?"),
        ("what are your hours on sunday", "What are your opening hours on Saturday?"),
        ("Can I downgrade from Pro?", "Can I upgrade to Pro?"),
        ("How long after the treatment may I not eat?", "How long before the treatment may I not eat?"),
        ("Why can't I pay by card?", "Can I pay by card?"),
        ("I don't want to pause my plan", "How do I pause my plan?"),
        ("can i pay without an account", "Can I pay with an account?"),
    ],
)
def test_another_number_an_opposite_or_a_negation_is_another_question(asked: str, question: str) -> None:
    assert not is_alike(differs(asked, question))


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("HOW DO I RESET THE lumo 300", "How do I reset the Lumo 300?"),
        ("my lumo is stuck, how do I get it going again", "How do I reset the Lumo 300?"),
        ("price for a saturday evening?", "What does a Saturday cost?"),
        ("do you open on saturdays or sundays", "What are your opening hours?"),
        ("I cannot sign in", "What if I can't sign in?"),
        ("is it 20 euros", "What does it cost?"),
    ],
)
def test_other_words_for_the_same_are_no_difference(asked: str, question: str) -> None:
    assert is_alike(differs(asked, question, "It costs 20 euros."))


def test_an_article_is_no_question_to_differ_from() -> None:
    passages = article_passages(ArticleDocument("lumo", "Resetting the Lumo 300", "Hold the button."))
    assert difference("How do I reset the Lumo 500?", passages[0], passages, lambda _: 0.5) is None


def test_the_negative_and_missing_numbers_have_a_direction() -> None:
    assert differs("why not", "why").negation == 1
    assert differs("why", "why not").negation == -1
    assert differs("reset the Lumo", "reset the Lumo 300").missing_number


@pytest.mark.parametrize(
    ("asked", "question", "asks_why", "past"),
    [
        ("Why was my order called off?", "How do I call my order off?", 1, 1),
        ("how come it's so dear", "What does it cost?", 1, 0),
        ("why is that", "Why is it so dear?", 0, 0),
        ("is it dear", "Why is it so dear?", -1, 0),
        ("I ordered two days ago", "How do I order?", 0, 1),
        ("it wasn’t there", "Where is it?", 0, 1),
        ("it didn't ring", "What if it does not ring?", 0, 1),
        ("has it come", "What if it has been stolen?", 0, -1),
        ("the wasp in Hadrian's sagoon", "Which wasps?", 0, 0),
    ],
)
def test_who_asks_why_or_tells_of_the_past_is_told_apart(
    asked: str, question: str, asks_why: int, past: int
) -> None:
    found = differs(asked, question)
    assert (found.asks_why, found.past) == (asks_why, past)


def test_words_weigh_by_their_rarity() -> None:
    # rarity of the question's words: zed .9, charg .4, hello .1; all but charg are not in the known one
    found = differs("hello, charging the Zed", "charging the cable")
    assert found.unheard == pytest.approx(1.0 / 1.4)
    assert found.rarest_unknown == 0.9
    # of the known question's, charg .4 and cabl .5, the cable is not said
    assert found.unsaid == pytest.approx(0.5 / 0.9)
    assert found.rarest_unsaid == 0.5


def test_a_word_of_the_answer_or_of_another_phrasing_is_known() -> None:
    found = differs("Zed cable", "charging", "The Zed has one.", ["which cable"])
    assert (found.unheard, found.unknown, found.rarest_unknown) == (1.0, 0.0, 0.0)


def test_a_question_does_not_differ_from_itself() -> None:
    same = differs("Can I charge my Zed 3?", "can i charge my zed 3")
    assert same == Difference(True, False, False, False, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("Where do you deliver?", "When do you deliver?"),
        ("deliver do you when", "when do you deliver"),
        ("?", "!"),
    ],
)
def test_other_words_or_another_order_or_no_words_are_not_the_same(asked: str, question: str) -> None:
    assert not differs(asked, question).same_words


def test_a_question_without_words_lacks_nothing_that_has_any() -> None:
    assert differs("???", "charging").unheard == 0.0


@pytest.mark.parametrize("unit", [" ", "a", "1", "not ", "don't ", "before after ", "中", "'"])
def test_a_long_text_takes_linear_time(unit: str) -> None:
    started = time.thread_time()
    differs((unit * 100_000)[:100_000], "Can I pay before?")
    assert time.thread_time() - started < 2
