"""Heads are learned from separable data, judged on texts they never saw, and refuse too little."""

import numpy as np
import pytest

from model.errors import DataError
from model.heads.head import softmax
from training.heads.linear import Recipe, cross_fitted_head, fit_head


def clusters(*, per_label: int, spread: float = 0.1) -> tuple[np.ndarray, list[str]]:
    """Texts around three corners of a cube, with the names of the corners."""
    generator = np.random.default_rng(5)
    corners = np.eye(3)
    rows = np.repeat(corners, per_label, axis=0) + generator.normal(scale=spread, size=(3 * per_label, 3))
    return rows.astype(np.float32), [name for name in ("plant", "box", "bill") for _ in range(per_label)]


def test_separable_labels_are_learned() -> None:
    inputs, labels = clusters(per_label=20)
    head = fit_head(inputs, labels, seed=0)
    assert head.labels == ("bill", "box", "plant")
    predicted = [head.labels[i] for i in head.probabilities(inputs).argmax(axis=1)]
    assert predicted == labels
    assert max(head.read(np.array([0, 1, 0], np.float32)).items(), key=lambda pair: pair[1])[0] == "box"


def test_two_labels_get_a_row_each() -> None:
    inputs = np.array([[0, 1], [0, 0.9], [1, 0], [0.9, 0]] * 5, np.float32)
    head = fit_head(inputs, ["no", "no", "yes", "yes"] * 5, seed=0)
    assert head.scorer.weights.shape == (2, 2)
    np.testing.assert_allclose(head.scorer.weights[0], -head.scorer.weights[1])
    assert head.read(np.array([1, 0], np.float32))["yes"] > 0.9


def test_every_text_is_scored_by_a_head_that_never_saw_it() -> None:
    """With random labels the fit knows its texts by heart, held out it can only guess."""
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(60, 80)).astype(np.float32)
    labels = list(generator.permutation(["a", "b"] * 30))
    fitted = cross_fitted_head(inputs, labels, seed=0)
    seen = np.array(fitted.head.labels)[fitted.head.probabilities(inputs).argmax(axis=1)]
    held_out = np.array(fitted.head.labels)[fitted.held_out_scores.argmax(axis=1)]
    assert fitted.held_out_scores.shape == (60, 2)
    assert np.mean(seen == labels) == 1.0
    assert np.mean(held_out == labels) < 0.75


def test_the_temperature_makes_a_head_less_sure_of_noise() -> None:
    generator = np.random.default_rng(2)
    inputs = generator.normal(size=(80, 60)).astype(np.float32)
    labels = list(generator.permutation(["a", "b"] * 40))
    fitted = cross_fitted_head(inputs, labels, seed=0)
    assert fitted.head.temperature > 1
    assert softmax(fitted.held_out_scores / fitted.head.temperature).max(axis=1).mean() < 0.75


def test_the_same_seed_gives_the_same_head() -> None:
    inputs, labels = clusters(per_label=15, spread=0.6)
    one, two = fit_head(inputs, labels, seed=4), fit_head(inputs, labels, seed=4)
    np.testing.assert_array_equal(one.scorer.weights, two.scorer.weights)
    assert one.temperature == two.temperature


def test_a_rare_label_weighs_as_much_as_a_frequent_one() -> None:
    generator = np.random.default_rng(3)
    frequent = generator.normal([0, 0], 1, size=(190, 2))
    rare = generator.normal([1.5, 0], 1, size=(10, 2))
    inputs = np.vstack([frequent, rare]).astype(np.float32)
    head = fit_head(inputs, ["frequent"] * 190 + ["rare"] * 10, seed=0)
    # half way between the two the labels are about equally likely, whatever their numbers
    assert head.read(np.array([0.75, 0], np.float32))["rare"] == pytest.approx(0.5, abs=0.2)


def test_a_label_with_two_texts_is_enough() -> None:
    inputs = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    assert fit_head(inputs, ["a", "a", "b", "b"], seed=0).labels == ("a", "b")


@pytest.mark.parametrize("labels", [["a", "a", "a"], ["a", "a", "b"]])
def test_fewer_than_two_labels_with_two_texts_are_refused_with_their_counts(labels: list[str]) -> None:
    found = r"\{'a': 3\}" if labels[-1] == "a" else r"\{'a': 2, 'b': 1\}"
    with pytest.raises(DataError, match=f"a head needs two labels with two texts each, got {found}"):
        fit_head(np.eye(3, dtype=np.float32), labels, seed=0)


def test_no_texts_are_refused() -> None:
    with pytest.raises(DataError, match="a head needs two labels"):
        fit_head(np.empty((0, 3), np.float32), [], seed=0)


def layers(per_label: int) -> tuple[np.ndarray, list[str]]:
    """Four layers of ten inputs; the last tells the two labels apart, the lower ones are noise."""
    rng = np.random.default_rng(7)
    labels = ["a", "b"] * per_label
    inputs = rng.normal(size=(2 * per_label, 40))
    inputs[:, 30] = np.where(np.array(labels) == "a", -1.0, 1.0)
    return inputs.astype(np.float32), labels


def test_lower_layers_that_tell_nothing_count_less() -> None:
    inputs, labels = layers(15)
    recipes = (Recipe(1.0), Recipe(1.0, lower=0.1))
    fitted = cross_fitted_head(inputs, labels, seed=0, recipes=recipes)
    assert fitted.lower == 0.1
    assert cross_fitted_head(inputs, labels, seed=0, recipes=recipes[:1]).lower == 1.0


def test_the_weight_of_the_layers_is_part_of_the_heads_weights() -> None:
    """Held-out scores and the head's own scores are on the same scale, for inputs as they come."""
    inputs, labels = layers(15)
    head = cross_fitted_head(inputs, labels, seed=0, recipes=(Recipe(1.0, lower=0.1),)).head
    scaled = inputs.copy()
    scaled[:, :30] *= 0.1
    plain = cross_fitted_head(scaled, labels, seed=0, recipes=(Recipe(1.0),)).head
    np.testing.assert_allclose(head.scores(inputs), plain.scores(scaled), atol=1e-4)
