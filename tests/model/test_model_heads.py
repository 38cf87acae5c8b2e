"""Heads by hand: probabilities, temperature, and shapes that cannot be."""

import math

import numpy as np
import pytest

from model.errors import ArtifactError
from model.heads import LinearHead, softmax

LN3 = math.log(3)


def head(*, temperature: float = 1.0) -> LinearHead:
    """`yes` scores ln 3 per unit of the first input, `no` scores 0."""
    weights = np.array([[0, 0], [LN3, 0]], np.float32)
    return LinearHead(("no", "yes"), weights, np.zeros(2, np.float32), temperature)


def test_probabilities_follow_the_scores() -> None:
    # scores (0, ln 3) -> 1 : 3; scores (0, 2 ln 3) -> 1 : 9; scores (0, 0) -> 1 : 1
    got = head().probabilities(np.array([[1, 5], [2, 5], [0, 5]], np.float32))
    np.testing.assert_allclose(got, [[0.25, 0.75], [0.1, 0.9], [0.5, 0.5]], atol=1e-6)


def test_the_bias_is_added() -> None:
    biased = LinearHead(("no", "yes"), np.zeros((2, 1), np.float32), np.array([LN3, 0], np.float32))
    np.testing.assert_allclose(biased.probabilities(np.zeros((1, 1), np.float32)), [[0.75, 0.25]], atol=1e-6)


def test_a_temperature_of_two_halves_the_scores() -> None:
    got = head(temperature=2.0).read(np.array([2, 0], np.float32))
    assert got == pytest.approx({"no": 0.25, "yes": 0.75}, abs=1e-6)


def test_labels_are_read_in_their_order() -> None:
    assert list(head().read(np.array([1, 0], np.float32))) == ["no", "yes"]


def test_no_texts_give_no_rows() -> None:
    assert head().probabilities(np.empty((0, 2), np.float32)).shape == (0, 2)


def test_huge_scores_do_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e5, 0.0], [-1e5, -1e5]])), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("weights", "bias"),
    [((3, 2), (2,)), ((2, 2), (3,)), ((1, 2), (1,)), ((2,), (2,)), ((2, 2), (2, 1))],
)
def test_shapes_that_do_not_fit_the_labels_are_refused(
    weights: tuple[int, ...], bias: tuple[int, ...]
) -> None:
    with pytest.raises(ArtifactError, match="a head with 2 labels has weights of shape"):
        LinearHead(("no", "yes"), np.zeros(weights, np.float32), np.zeros(bias, np.float32))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_a_temperature_that_is_not_above_zero_is_refused(temperature: float) -> None:
    with pytest.raises(ArtifactError, match="temperature must be above 0"):
        head(temperature=temperature)
