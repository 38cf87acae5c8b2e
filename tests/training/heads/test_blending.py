"""Kernel ridge regression and its blend with a linear head: exact where a text is left out."""

import numpy as np
import pytest

from model.errors import DataError
from model.heads.head import Blend, Linear, evidence, likenesses
from training.heads import blending
from training.heads.blending import SHARE_OF_FEW, best_blend, cross_fitted_blend, fit_parts
from training.heads.linear import Recipe, cross_fitted_head, numbered, temperature_of
from training.heads.ridge import GAMMA, PENALTY, fit_ridge, fit_ridge_kernel


def patches(n: int, *, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Nine clouds on a grid, every second of the label `a`: no line separates the labels."""
    rng = np.random.default_rng(seed)
    corners = np.array([(x, y) for x in range(3) for y in range(3)], float)
    places = np.arange(n) % 9
    labels = ["a" if (place // 3 + place % 3) % 2 == 0 else "b" for place in places]
    return (corners[places] + rng.normal(scale=0.1, size=(n, 2))).astype(np.float32), labels


def right(scores: np.ndarray, labels: list[str]) -> float:
    names = np.unique(labels)
    return float(np.mean(names[scores.argmax(axis=1)] == np.array(labels)))


def test_a_ridge_of_two_texts_is_what_the_formula_gives() -> None:
    """Two texts at a mean squared distance of 1 from their middle are 2 apart, 4 squared.

    The kernel is [[1, e], [e, 1]] with e = exp(-4), its diagonal 1.1 with the penalty; the targets are 1 and
    -1, so a text's own weight is (1.1 + e) / (1.1^2 - e^2) = 1 / (1.1 - e).
    """
    ridge = fit_ridge(np.array([[5], [-3]], np.float32), np.array([0, 1]), n_labels=2, seed=0)
    e = np.exp(-4 * GAMMA)
    assert abs(ridge.kernel.landmarks[0, 0] - ridge.kernel.landmarks[1, 0]) == pytest.approx(2)
    np.testing.assert_allclose(np.abs(ridge.kernel.linear.weights), 1 / (1 + PENALTY - e), rtol=1e-5)
    assert ridge.kernel.linear.weights[0, 0] > 0 > ridge.kernel.linear.weights[0, 1]


def test_scores_of_a_text_left_out_are_those_of_a_fit_without_it() -> None:
    inputs, labels = patches(30)
    _, classes = numbered(labels)
    ridge = fit_ridge(inputs, classes, n_labels=2, seed=0)
    seen = ridge.kernel.landmarks.astype(np.float64)
    counts = np.bincount(classes)
    penalties = PENALTY * counts[classes] / counts.mean()
    for left_out in (0, 7, 29):
        rest = np.arange(30) != left_out
        kernel = likenesses(seen[rest], seen[rest], gamma=GAMMA) + np.diag(penalties[rest])
        targets = np.where(classes[rest, None] == np.arange(2), 1.0, -1.0)
        expected = likenesses(seen[[left_out]], seen[rest], gamma=GAMMA) @ np.linalg.solve(kernel, targets)
        np.testing.assert_allclose(ridge.held_out_scores[left_out], expected[0], atol=1e-4)


def test_a_ridge_without_left_out_scores_has_the_same_kernel() -> None:
    inputs, labels = patches(90)
    _, classes = numbered(labels)
    with_scores = fit_ridge(inputs, classes, n_labels=2, seed=0).kernel
    alone = fit_ridge_kernel(inputs, classes, n_labels=2, seed=0)
    np.testing.assert_allclose(alone.scores(inputs), with_scores.scores(inputs), atol=1e-4)


def test_a_label_with_few_texts_weighs_as_much_as_one_with_many() -> None:
    """Halfway between 40 texts of one label and 4 of another neither is preferred by its number."""
    rng = np.random.default_rng(1)
    many, few = rng.normal(-1, 0.3, (40, 1)), rng.normal(1, 0.3, (4, 1))
    inputs = np.concatenate([many, few]).astype(np.float32)
    ridge = fit_ridge(inputs, np.array([1] * 40 + [0] * 4), n_labels=2, seed=0)
    at = ridge.kernel.scores(np.array([[-1], [1]], np.float32)).argmax(axis=1)
    assert at.tolist() == [1, 0]


def test_the_blend_learns_what_no_line_tells() -> None:
    inputs, labels = patches(180)
    linear = cross_fitted_head(inputs, labels, seed=0)
    fitted = cross_fitted_blend(inputs, labels, seed=0)
    assert right(linear.held_out_scores, labels) < 0.7
    assert right(fitted.held_out_scores, labels) > 0.97
    assert fitted.kernel_share > 0.5
    fresh, theirs = patches(90, seed=9)
    assert right(fitted.head.scores(fresh), theirs) > 0.97


def test_held_out_texts_of_the_blend_were_not_fitted_on() -> None:
    """With random labels held-out texts can only be guessed, and the head learns to be unsure of them."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(90, 12)).astype(np.float32)
    labels = list(rng.permutation(["a", "b", "c"] * 30))
    fitted = cross_fitted_blend(inputs, labels, seed=0)
    assert right(fitted.held_out_scores, labels) < 0.5
    assert fitted.head.as_probabilities(fitted.held_out_scores).max(axis=1).mean() < 0.5


def test_a_part_that_says_nothing_gets_no_share() -> None:
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 2, 200)
    telling = np.where(classes[:, None] == np.arange(2), 0.8, 0.2) + rng.normal(scale=0.2, size=(200, 2))
    noise = rng.normal(size=(200, 2))
    share, _ = best_blend(noise, telling, classes)
    assert share > 0.9
    share, _ = best_blend(10 * telling, noise, classes)
    assert share < 0.1


def test_the_blend_has_the_least_log_loss_of_its_texts() -> None:
    """Beside it, on a grid of shares and temperatures, none is better."""
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 3, 150)
    truth = classes[:, None] == np.arange(3)
    linear, kernel = truth + rng.normal(size=(150, 3)), 0.3 * truth + rng.normal(scale=0.2, size=(150, 3))
    linear[:20] = np.nan  # not held out

    def loss(share: float, temperature: float) -> float:
        scores = ((1 - share) * linear[20:] + share * evidence(kernel[20:])) / temperature
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return float(-scores[np.arange(130), classes[20:]].mean())

    share, temperature = best_blend(linear, kernel, classes)
    grid = [loss(a, b) for a in np.linspace(0, 1, 21) for b in np.geomspace(0.1, 10, 41)]
    assert loss(share, temperature) <= min(grid) + 1e-9
    assert loss(share, temperature) == pytest.approx(min(grid), abs=0.01)


def test_so_few_texts_that_they_do_not_tell_the_share_get_a_given_one() -> None:
    few, labels = patches(28)  # fourteen texts a label
    fitted = cross_fitted_blend(few, labels, seed=0)
    assert fitted.kernel_share == SHARE_OF_FEW
    classes = numbered(labels)[1]
    assert fitted.head.temperature == pytest.approx(temperature_of(fitted.held_out_scores, classes))
    [parts] = fit_parts(few, labels, (Recipe(1.0),), seed=0)
    assert parts.best_on(few, classes)[0] == SHARE_OF_FEW
    many, labels = patches(32)
    assert cross_fitted_blend(many, labels, seed=0).kernel_share != SHARE_OF_FEW


def test_the_same_seed_gives_the_same_blend() -> None:
    inputs, labels = patches(60)
    one, two = (
        cross_fitted_blend(inputs, labels, seed=4).head,
        cross_fitted_blend(inputs, labels, seed=4).head,
    )
    np.testing.assert_array_equal(one.scores(inputs), two.scores(inputs))


def test_of_too_many_texts_for_a_kernel_the_head_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blending, "MOST_TEXTS", 50)
    inputs, labels = patches(51)
    assert isinstance(cross_fitted_blend(inputs, labels, seed=0).head.scorer, Linear)
    inputs, labels = patches(50)
    assert isinstance(cross_fitted_blend(inputs, labels, seed=0).head.scorer, Blend)


def test_texts_that_are_all_alike_are_fitted_all_the_same() -> None:
    head = cross_fitted_blend(np.ones((8, 3), np.float32), list("aaaabbbb"), seed=0).head
    np.testing.assert_allclose(head.probabilities(np.ones((1, 3), np.float32)), [[0.5, 0.5]], atol=1e-3)


def test_a_single_label_is_refused() -> None:
    with pytest.raises(DataError, match="a head needs two labels with two texts each"):
        cross_fitted_blend(np.ones((4, 3), np.float32), ["a"] * 4, seed=0)
