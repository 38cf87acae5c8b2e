"""Near questions are told apart by numbers, opposites and negation; other words may differ."""

import time

import pytest

from knowledge.documents import ArticleDocument
from knowledge.index.chunking import article_passages, learned_answer_passages
from knowledge.index.look_alikes import looks_alike
from model.types import Passage


def known(question: str, answer: str = "Yes.") -> Passage:
    return learned_answer_passages(1, question, answer, ())[0]


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
    assert looks_alike(asked, known(question))


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
    assert not looks_alike(asked, known(question, "It costs 20 euros."))


def test_an_article_is_no_question_to_differ_from() -> None:
    article = article_passages(ArticleDocument("lumo", "Resetting the Lumo 300", "Hold the button."))
    assert not any(looks_alike("How do I reset the Lumo 500?", passage) for passage in article)


@pytest.mark.parametrize("unit", [" ", "a", "1", "not ", "don't ", "before after ", "中", "'"])
def test_a_long_text_takes_linear_time(unit: str) -> None:
    passage = known("Can I pay before?")
    started = time.thread_time()
    looks_alike((unit * 100_000)[:100_000], passage)
    assert time.thread_time() - started < 2
