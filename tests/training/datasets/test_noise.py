"""Confident learning on probabilities that can be worked out, and on rows whose mistakes are known."""

from collections.abc import Sequence

import numpy as np
import pytest

from model.errors import DataError
from model.heads.head import Head
from training.datasets.noise import (
    Noise,
    Suspect,
    class_thresholds,
    estimated_noise,
    find_noise,
    flip_figures,
    held_out_probabilities,
    with_flipped_labels,
)
from training.heads.linear import fit_head


def blobs(per_label: int = 20) -> tuple[np.ndarray, list[str], list[str]]:
    """Three labels around three axes, with a little noise; texts are numbers."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(3, 8), per_label, axis=0)
    features = (centres + rng.normal(0, 0.1, (3 * per_label, 8))).astype(np.float32)
    return (
        features,
        [name for name in "abc" for _ in range(per_label)],
        [str(i) for i in range(3 * per_label)],
    )


def test_thresholds_are_the_mean_probability_of_the_labels_own_rows() -> None:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.4, 0.6]])
    assert class_thresholds(probabilities, np.array([0, 0, 1])).tolist() == pytest.approx([0.7, 0.6])


def test_the_share_of_noise_weighs_each_label_by_its_rows() -> None:
    # label 0: 2 of 10 confident rows elsewhere, 30 rows; label 1: none of 5, 10 rows; label 2: none sure
    joint = np.array([[8, 2, 0], [0, 5, 0], [0, 0, 0]])
    assert estimated_noise(joint, np.array([30, 10, 5])) == pytest.approx(6 / 45)


def test_wrong_labels_are_found_with_the_right_ones_suggested() -> None:
    features, labels, texts = blobs()
    labels[3], labels[45] = "c", "a"
    found = find_noise(features, labels, texts, fit_head)
    assert {(one.row, one.given, one.suggested) for one in found.suspects} == {(3, "c", "a"), (45, "a", "c")}
    assert all(-1 <= one.margin < 0 for one in found.suspects)
    assert [one.margin for one in found.suspects] == sorted(one.margin for one in found.suspects)
    assert (found.n_judged, found.n_too_few) == (60, 0)
    assert 0.02 < found.estimated_share < 0.06


def test_labels_with_too_few_rows_are_counted_and_not_judged() -> None:
    features, labels, texts = blobs()
    labels[:3] = ["rare"] * 3
    found = find_noise(features, labels, texts, fit_head)
    assert (found.n_judged, found.n_too_few) == (57, 3)
    assert "rare" not in {one.suggested for one in found.suspects}


def test_a_repeated_text_cannot_confirm_its_own_wrong_label() -> None:
    features, labels, texts = blobs()
    for place in (3, 4, 5, 6):
        labels[place], texts[place], features[place] = "c", "Same words", features[3]
    texts[4] = "same  WORDS"
    held_out = held_out_probabilities(features, labels, texts, fit_head, seed=0)
    assert held_out.labels == ("a", "b", "c")
    assert (held_out.probabilities[3:7, 0] > held_out.probabilities[3:7, 2]).all()


def test_every_judged_row_is_held_out_once_with_probabilities() -> None:
    features, labels, texts = blobs(5)
    seen: list[int] = []

    def fit(inputs: np.ndarray, names: Sequence[str], *, seed: int) -> Head:
        seen.append(len(inputs))
        return fit_head(inputs, names, seed=seed)

    held_out = held_out_probabilities(features, labels, texts, fit, seed=0)
    assert sum(15 - count for count in seen) == 15
    assert held_out.probabilities.sum(axis=1) == pytest.approx(np.ones(15))


def test_one_label_alone_cannot_be_judged() -> None:
    with pytest.raises(DataError, match=r"1 label\(s\) have 4 rows or more"):
        find_noise(np.zeros((5, 2), np.float32), ["a"] * 4 + ["b"], list("vwxyz"), fit_head)


def test_flipped_labels_are_others_at_known_places() -> None:
    labels = ["a", "b", "c"] * 20
    changed, places = with_flipped_labels(labels, 0.1, seed=0)
    assert len(places) == 6
    assert [i for i in range(60) if changed[i] != labels[i]] == places.tolist()
    assert with_flipped_labels(labels, 0.1, seed=0)[0] == changed
    assert labels == ["a", "b", "c"] * 20


def test_what_was_found_is_counted_with_intervals() -> None:
    suspects = tuple(Suspect(row, "a", "b", -0.5) for row in (7, 1, 9, 2))
    noise = Noise(suspects, 10, 0, 0.0)
    figures = flip_figures(noise, np.array([1, 7, 8]), top=2)
    assert (figures["n_flipped"], figures["n_listed"], figures["n_found"]) == (3, 4, 2)
    assert figures["precision"] == 0.5
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["precision_at_flipped"] == pytest.approx(2 / 3)
    assert figures["precision_top"] == 1.0
    low, high = figures["recall_interval"]
    assert 0 < low < 2 / 3 < high < 1


def test_nothing_listed_has_no_precision() -> None:
    figures = flip_figures(Noise((), 10, 0, 0.0), np.array([1]), top=5)
    assert (figures["precision"], figures["precision_interval"], figures["recall"]) == (None, None, 0.0)
