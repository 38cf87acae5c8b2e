"""What past questions say of a new one, by hand."""

import numpy as np
import pytest

from model.answering.past_questions import NEIGHBOURS, PastQuestions

PAST = PastQuestions(
    np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], np.float32),
    [["article:a", "article:b"], ["article:b"], [], ["article:c"]],
    ["refund", "delivery", None, "refund"],
)
RIGHT = np.array([1, 0], np.float32)


def test_the_nearest_vote_with_the_fourth_power_of_their_cosine() -> None:
    # cosines 1, .8, 0 and, clipped, 0: votes 1 and .4096
    shares, unanswered = PAST.shares(RIGHT, ["article:a", "article:b", "article:c"])
    assert shares == pytest.approx([1 / 1.4096, 1.0, 0.0], abs=1e-6)
    assert unanswered == 0.0


def test_questions_that_nothing_resolved_vote_for_no_answer() -> None:
    # (.6, .8) meets the four at .6, .96, .8 and, clipped, 0
    votes = np.array([0.6, 0.96, 0.8]) ** 4
    shares, unanswered = PAST.shares(np.array([0.6, 0.8], np.float32), ["article:a"])
    assert unanswered == pytest.approx(votes[2] / votes.sum(), abs=1e-6)
    assert shares == pytest.approx([votes[0] / votes.sum()], abs=1e-6)


def test_an_answer_nobody_asked_for_is_unknown_rather_than_unlikely() -> None:
    shares, _ = PAST.shares(RIGHT, ["article:new"])
    assert np.isnan(shares).all()


def test_an_answer_known_from_the_question_itself_alone_is_unknown() -> None:
    shares, _ = PAST.shares(RIGHT, ["article:a", "article:b"], without=0)
    assert np.isnan(shares[0])
    assert shares[1] == pytest.approx(1.0)
    assert PAST.intents_of("article:b", without=0) == {"refund": 0, "delivery": 1}


def test_only_the_nearest_are_listened_to() -> None:
    n = NEIGHBOURS + 4
    cosines = np.linspace(0.9, 0.5, n)
    vectors = np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1).astype(np.float32)
    past = PastQuestions(
        vectors, [["article:far"] if i >= NEIGHBOURS else ["article:near"] for i in range(n)], [None] * n
    )
    shares, _ = past.shares(RIGHT, ["article:near", "article:far"])
    assert shares == pytest.approx([1.0, 0.0])


def test_without_a_past_nothing_is_known() -> None:
    shares, unanswered = PastQuestions.none().shares(RIGHT, ["article:a"])
    assert np.isnan(shares).all()
    assert np.isnan(unanswered)
    assert PastQuestions.none().intents_of("article:a") == {}


def test_a_past_of_unequal_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="1 vectors, 2 refs, 1 intents must be as many"):
        PastQuestions(np.ones((1, 2), np.float32), [[], []], [None])
