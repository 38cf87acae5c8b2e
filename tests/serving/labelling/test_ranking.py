"""The order of what to label, with gains worked out by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.labelling.ranking import choose, likenesses, most_gains, nearly_same, spoken_for


def at_angles(*cosines: float) -> NDArray[np.float32]:
    """Unit vectors in a plane, each with this cosine to the first axis."""
    return np.array([[cosine, math.sqrt(1 - cosine**2)] for cosine in cosines], np.float32)


def axes(*places: int, dim: int = 6) -> NDArray[np.float32]:
    """Unit vectors along these axes: the same place is the same question, others have nothing in common."""
    return np.eye(dim, dtype=np.float32)[list(places)]


def order(vectors: NDArray[np.float32], weights: list[float], n: int, labelled: tuple[int, ...] = ()) -> list:
    """Rows and gains, rounded, as the pool asks for them."""
    left = np.array(weights, np.float32)
    left[list(labelled)] = 0
    most = most_gains(vectors, left, vectors)
    most[list(labelled)] = 0
    known = spoken_for(vectors, vectors[list(labelled)])
    found = choose(vectors, left, most=most, known=known, n=n)
    return [(one.row, round(one.gain, 4)) for one in found.chosen]


def test_likeness_is_1_at_the_same_place_and_falls_to_0_at_a_cosine_of_six_tenths() -> None:
    found = likenesses(at_angles(1.0), at_angles(1.0, 0.9, 0.8, 0.6, 0.0))
    assert found[0] == pytest.approx([1, 0.75, 0.5, 0, 0], abs=1e-6)


def test_a_question_gains_what_the_bot_reads_wrongly_in_it_and_in_those_like_it() -> None:
    # To the first: itself .5, the second by .75 of .4, the third by .5 of .2; the last has nothing in common.
    vectors = at_angles(1.0, 0.9, 0.8, 0.0)
    gains = most_gains(vectors, np.array([0.5, 0.4, 0.2, 0.3], np.float32), vectors)
    assert gains[0] == pytest.approx(0.5 + 0.3 + 0.1, abs=1e-6)
    assert gains[3] == pytest.approx(0.3 + 0.0, abs=1e-6)


def test_asked_often_and_read_unsurely_comes_first_and_its_like_come_not_again() -> None:
    # Three times the same at .2 each, one at .5, one at .1: .6, then .5, then .1, then nothing is left.
    vectors = axes(0, 0, 0, 1, 2)
    assert order(vectors, [0.2, 0.2, 0.2, 0.5, 0.1], n=9) == [(0, 0.6), (3, 0.5), (4, 0.1)]


def test_a_question_half_like_a_chosen_one_gains_the_rest() -> None:
    vectors = np.concatenate([at_angles(1.0, 0.8), np.zeros((2, 0), np.float32)], axis=1)
    assert order(vectors, [1.0, 0.4], n=2) == [(0, 1.2), (1, 0.2)]


def test_what_is_labelled_speaks_for_its_like_and_is_not_asked_again() -> None:
    vectors = axes(0, 0, 1)
    assert order(vectors, [0.9, 0.9, 0.1], n=3, labelled=(0,)) == [(2, 0.1)]


def test_ties_go_to_the_question_asked_first() -> None:
    assert order(axes(3, 1, 2), [0.3, 0.3, 0.3], n=2) == [(0, 0.3), (1, 0.3)]


def test_without_questions_or_doubt_there_is_nothing_to_label() -> None:
    assert order(axes(), [], n=5) == []
    assert order(axes(0, 1), [0.0, 0.0], n=5) == []
    assert order(axes(0, 1), [0.5, 0.5], n=0) == []


def test_each_question_belongs_to_the_chosen_one_that_speaks_for_it_best() -> None:
    vectors = axes(0, 0, 1, 2)
    weights = np.array([0.5, 0.1, 0.4, 0.0], np.float32)
    most = most_gains(vectors, weights, vectors)
    found = choose(vectors, weights, most=most, known=np.zeros(4, np.float32), n=2)
    assert found.spoken_for.tolist() == [0, 0, 1, -1]


def test_the_lazy_order_is_that_of_trying_every_question_each_time() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = rng.random(300).astype(np.float32)
    best, expected = np.zeros(300, np.float32), []
    for _ in range(40):
        gains = np.maximum(likenesses(vectors, vectors) - best, 0) @ weights
        gains[expected] = 0
        expected.append(int(gains.argmax()))
        best = np.maximum(best, likenesses(vectors, vectors)[expected[-1]])
    assert [row for row, _ in order(vectors, list(weights), n=40)] == expected


def test_questions_that_ask_the_same_are_named_from_near_to_far_without_itself() -> None:
    vectors = at_angles(1.0, 0.91, 0.95, 0.89, 1.0)
    candidates = np.array([True, True, True, True, False])
    assert nearly_same(vectors, 0, candidates, above=0.9) == [2, 1]
