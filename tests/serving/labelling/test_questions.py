"""What is kept of questions as they come: repeats, growth, and the newest of many."""

import numpy as np
import pytest

from model.understanding.classifying import IntentsRead
from serving.labelling.questions import ReadQuestions, Rows
from serving.labelling.ranking import most_gains
from tests.serving.rules import HashReader


def read(*texts: str) -> Rows:
    """As a head of two labels reads them: half sure of the second, and more so the longer the text."""
    second = np.array([0.5 + len(text) / 100 for text in texts])
    probabilities = np.stack([1 - second, second], axis=1)
    vectors = HashReader().encode(texts)
    return Rows.of(IntentsRead("m", ("a", "b"), probabilities, np.zeros(len(texts), np.bool_), vectors))


def asked(questions: ReadQuestions, first_id: int, *texts: str) -> ReadQuestions:
    return questions.with_more(list(enumerate(texts, start=first_id)), read(*texts), ("a", "b"))


def test_the_same_words_are_one_row_with_all_their_decisions() -> None:
    questions = asked(ReadQuestions(), 1, "Where is it?", "stop", "where  is it?")
    questions = asked(questions, 4, "STOP", "new")
    assert questions.ids == ((1, 3), (2, 4), (5,))
    assert questions.asked.tolist() == [2, 2, 1]
    assert (questions.oldest, questions.newest) == (1, 5)
    assert questions.are_labelled({3, 99}).tolist() == [True, False, False]


def test_guesses_are_named_the_likeliest_first_and_the_error_is_what_it_leaves() -> None:
    questions = asked(ReadQuestions(), 1, "x" * 20)
    assert questions.named_guesses(0) == pytest.approx({"b": 0.7, "a": 0.3})
    assert list(questions.named_guesses(0)) == ["b", "a"]
    assert questions.rows.errors[0] == pytest.approx(0.3)


def test_gains_after_growing_bit_by_bit_are_those_of_reading_all_at_once() -> None:
    texts = ["my box is late", "my box is late today", "where is my box", "refund me", "MY box is late", "hi"]
    bit_by_bit = ReadQuestions()
    for number, text in enumerate(texts, start=1):
        bit_by_bit = asked(bit_by_bit, number, text)
    at_once = asked(ReadQuestions(), 1, *texts)
    rows = at_once.rows
    fresh = most_gains(rows.vectors, at_once.asked * rows.errors, rows.vectors)
    assert at_once.rows.most == pytest.approx(fresh, abs=1e-6)
    assert bit_by_bit.rows.most == pytest.approx(fresh, abs=1e-6)
    assert bit_by_bit.ids == at_once.ids


def test_only_the_newest_are_kept_with_gains_among_themselves() -> None:
    questions = asked(ReadQuestions(), 1, "box one", "box two", "box one", "box three")
    newest = questions.newest_only(3)
    assert newest.ids == ((1, 3), (4,))
    rows = newest.rows
    assert rows.most == pytest.approx(most_gains(rows.vectors, newest.asked * rows.errors, rows.vectors))
    assert questions.newest_only(4) is questions
    assert asked(newest, 5, "box two").ids == ((1, 3), (4,), (5,))


def test_before_any_intents_are_trained_every_question_may_be_wrong() -> None:
    nothing = IntentsRead("m", (), np.zeros((2, 0)), np.ones(2, np.bool_), HashReader().encode(["a", "b"]))
    questions = ReadQuestions().with_more([(1, "a"), (2, "b")], Rows.of(nothing), ())
    assert questions.rows.errors.tolist() == [1, 1]
    assert questions.named_guesses(0) == {}
