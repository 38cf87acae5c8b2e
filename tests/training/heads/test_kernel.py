"""A kernel head tells what no line does, judged on texts it never saw, and refuses more than two labels."""

import numpy as np
import pytest

from model.errors import DataError
from training.heads.kernel import cross_fitted_kernel_head


def rings(n: int) -> tuple[np.ndarray, list[str]]:
    """A cloud around the origin, and a ring around it: no line separates them."""
    rng = np.random.default_rng(3)
    angles = rng.uniform(0, 2 * np.pi, n)
    ring = 3 * np.column_stack([np.cos(angles), np.sin(angles)])
    cloud = rng.normal(scale=0.3, size=(n, 2))
    return np.vstack([cloud, ring]).astype(np.float32), ["no"] * n + ["person"] * n


def held_out_of_a_wish(inputs: np.ndarray, labels: list[str]) -> np.ndarray:
    """The probability of a wish for each text, by heads that did not see it."""
    fitted = cross_fitted_kernel_head(inputs, labels, seed=0)
    return fitted.head.as_probabilities(fitted.held_out_scores)[:, fitted.head.labels.index("person")]


def test_what_lies_around_another_label_is_told_from_it() -> None:
    inputs, labels = rings(40)
    fitted = cross_fitted_kernel_head(inputs, labels, seed=0)
    held_out = np.array(fitted.head.labels)[fitted.held_out_scores.argmax(axis=1)]
    assert np.mean(held_out == labels) == 1.0
    assert fitted.head.read(np.zeros(2, np.float32))["no"] > 0.9
    assert fitted.head.read(np.array([0, 3], np.float32))["person"] > 0.9


def test_held_out_probabilities_are_of_the_wish() -> None:
    inputs, labels = rings(30)
    held_out = held_out_of_a_wish(inputs, labels)
    assert held_out.shape == (60,)
    assert held_out[:30].max() < 0.5 < held_out[30:].min()


def test_random_labels_are_only_guessed_on_texts_held_out() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(80, 6)).astype(np.float32)
    labels = list(rng.permutation(["no", "person"] * 40))
    held_out = held_out_of_a_wish(inputs, labels) > 0.5
    assert np.mean(held_out == (np.array(labels) == "person")) < 0.7


def test_the_same_seed_gives_the_same_head() -> None:
    inputs, labels = rings(20)
    one, two = (cross_fitted_kernel_head(inputs, labels, seed=2).head for _ in range(2))
    np.testing.assert_array_equal(one.scores(inputs), two.scores(inputs))


def test_three_labels_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="tells two labels apart, got 3: a, b, c"):
        cross_fitted_kernel_head(np.eye(6, dtype=np.float32), list("aabbcc"), seed=0)
