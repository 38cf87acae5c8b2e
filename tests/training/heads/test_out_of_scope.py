"""How strange training texts look, each held out from its neighbours, by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from model.heads.head import Head, Linear
from model.types import Reading
from tests.eval.eval_parts import fit_centroids
from training.heads.out_of_scope import distances_of_known, held_out_scores


def test_a_training_text_is_not_its_own_neighbour() -> None:
    assert distances_of_known(np.eye(3, dtype=np.float32)).tolist() == [1.0, 1.0, 1.0]


def test_the_twin_of_a_training_text_is_its_neighbour() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert distances_of_known(vectors).tolist() == [0.5, 0.5, 1.0]


def test_of_many_training_texts_the_five_nearest_others_count() -> None:
    vectors = np.array([[1, 0]] * 7 + [[0, 1]] * 3, dtype=np.float32)
    assert distances_of_known(vectors).tolist() == [0.0] * 7 + [pytest.approx(0.6)] * 3
    assert distances_of_known(vectors, np.array([6, 9])).tolist() == [0.0, pytest.approx(0.6)]


def test_a_lone_training_text_has_no_neighbour() -> None:
    assert distances_of_known(np.ones((1, 2), dtype=np.float32)).tolist() == [1.0]


def test_a_fifth_of_each_label_is_held_out_of_the_fit() -> None:
    sizes: list[dict[str, int]] = []

    def fit(inputs: NDArray[np.float32], labels: Sequence[str]) -> Head:
        sizes.append({name: list(labels).count(name) for name in sorted(set(labels))})
        return fit_centroids(inputs, labels, seed=0)

    vectors = np.random.default_rng(0).random((15, 4)).astype(np.float32)
    labels = ["a"] * 10 + ["b"] * 3 + ["c"] * 2
    scores = held_out_scores(Reading(vectors, vectors), labels, fit, seed=0)
    assert sizes == [{"a": 8, "b": 2, "c": 2}]
    assert scores.shape == (3,)


def test_a_text_held_out_is_as_strange_as_its_neighbours_and_its_head_say() -> None:
    """Two labels of three equal texts each: one of each goes, its two twins and three others are near."""
    vectors = np.array([[1, 0]] * 3 + [[0, 1]] * 3, dtype=np.float32)

    def fit(inputs: NDArray[np.float32], labels: Sequence[str]) -> Head:
        return Head(("a", "b"), Linear(np.array([[2, 0], [0, 2]], np.float32), np.zeros(2, np.float32)))

    scores = held_out_scores(Reading(vectors, vectors), ["a"] * 3 + ["b"] * 3, fit, seed=0)
    # nearness 2/5; clearness 2 + half the lead of 2; 1 / (1 + .4 * 3)
    assert scores.tolist() == pytest.approx([1 / 2.2, 1 / 2.2])
