"""Heads that learn from their own sure guesses: better than without, honest about how sure they are."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from model.errors import DataError
from model.heads.head import Blend, Head, Linear
from training.heads import self_training
from training.heads.self_training import (
    SHARE,
    SURE,
    chosen,
    cross_fitted_intents,
    fit_intent_head,
    sure_guesses,
)

N_LABELS = 6


def clouds(n: int, *, seed: int) -> tuple[NDArray[np.float32], list[str]]:
    """Texts of six labels around six corners of a cube of 40 directions, widely strewn."""
    corners = np.random.default_rng(99).choice([-1.0, 1.0], size=(N_LABELS, 40))
    rng = np.random.default_rng(seed)
    places = np.arange(n) % N_LABELS
    inputs = corners[places] + rng.normal(scale=1.8, size=(n, 40))
    return inputs.astype(np.float32), [f"label {place}" for place in places]


FEW, FEW_LABELS = clouds(4 * N_LABELS, seed=1)
OTHERS, _ = clouds(600, seed=2)
NEW, NEW_LABELS = clouds(1200, seed=3)


def accuracy(head: Head) -> float:
    found = np.array(head.labels)[head.scores(NEW).argmax(axis=1)]
    return float(np.mean(found == np.array(NEW_LABELS)))


def test_a_guess_counts_from_a_probability_of_four_fifths() -> None:
    # Probabilities of the first label for the three texts: 1 / (1 + e^-x) of 2, 1, -2 is .881, .731, .119.
    head = Head(("a", "b"), Linear(np.array([[1], [0]], np.float32), np.zeros(2, np.float32)))
    guesses = sure_guesses(head, np.array([[2], [1], [-2]], np.float32))
    assert SURE == 0.8
    assert (guesses.rows.tolist(), guesses.classes.tolist()) == ([0, 2], [0, 1])


def test_texts_nobody_labelled_help_to_tell_others_apart() -> None:
    alone = fit_intent_head(FEW, FEW_LABELS, seed=0)
    helped = cross_fitted_intents(FEW, FEW_LABELS, unlabelled=OTHERS, seed=0)
    assert accuracy(helped.head) > accuracy(alone) + 0.1
    assert 300 < helped.guessed <= len(OTHERS)
    assert isinstance(helped.head.scorer, Blend)
    assert helped.kernel_share == helped.head.scorer.share == SHARE


def test_every_labelled_text_is_held_out_once_and_the_temperature_found_on_those() -> None:
    helped = cross_fitted_intents(FEW, FEW_LABELS, unlabelled=OTHERS, seed=0)
    assert helped.held_out_scores.shape == (len(FEW), N_LABELS)
    assert not np.isnan(helped.held_out_scores).any()
    sure = helped.head.probabilities(NEW).max(axis=1)
    right = np.array(helped.head.labels)[helped.head.scores(NEW).argmax(axis=1)] == np.array(NEW_LABELS)
    assert abs(sure.mean() - right.mean()) < 0.06


def test_a_text_held_out_had_no_part_in_any_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one round there are three fits a fold, none of which meets the texts that it scores then."""
    monkeypatch.setattr(self_training, "ROUNDS", 1)
    fitted_on: list[set[bytes]] = []

    def noting(fit: Callable[..., object]) -> Callable[..., object]:
        def noted(inputs: NDArray[np.float32], *rest: object, **options: object) -> object:
            fitted_on.append({row.tobytes() for row in inputs} & few)
            return fit(inputs, *rest, **options)

        return noted

    few = {row.tobytes() for row in FEW}
    for name in ("fit_parts_of", "fit_ridge_kernel", "fit_linear"):
        monkeypatch.setattr(self_training, name, noting(getattr(self_training, name)))
    cross_fitted_intents(FEW, FEW_LABELS, unlabelled=OTHERS, seed=0)
    *folds, first, second, third = fitted_on
    assert first == second == third == few
    by_fold = list(zip(folds[::3], folds[1::3], folds[2::3], strict=True))
    assert all(one == two == three for one, two, three in by_fold)
    unseen = [few - seen for seen, _, _ in by_fold]
    assert sum(map(len, unseen)) == len(few)
    assert set.union(*unseen) == few


def test_the_same_seed_gives_the_same_head() -> None:
    one, two = (cross_fitted_intents(FEW, FEW_LABELS, unlabelled=OTHERS, seed=4).head for _ in range(2))
    np.testing.assert_array_equal(one.scores(NEW), two.scores(NEW))


def test_without_unlabelled_texts_the_head_is_the_blend() -> None:
    plain = cross_fitted_intents(FEW, FEW_LABELS, seed=0)
    empty = cross_fitted_intents(FEW, FEW_LABELS, seed=0, unlabelled=OTHERS[:0])
    np.testing.assert_array_equal(plain.head.scores(NEW), empty.head.scores(NEW))
    assert plain.guessed == empty.guessed == 0


def test_a_label_of_two_texts_is_fitted_on_one_where_the_other_is_held_out() -> None:
    rows = np.arange(20)
    labels = [*FEW_LABELS[:18], "rare", "rare"]
    found = cross_fitted_intents(FEW[rows], labels, unlabelled=OTHERS, seed=0)
    assert "rare" in found.head.labels


def test_a_single_label_is_refused() -> None:
    with pytest.raises(DataError, match="a head needs two labels with two texts each"):
        cross_fitted_intents(FEW, ["a"] * len(FEW), unlabelled=OTHERS, seed=0)


def test_as_many_unlabelled_texts_are_chosen_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_training, "MOST_WITH_GUESSES", 10)
    assert chosen(7, beside=3, seed=0).tolist() == list(range(7))
    drawn = chosen(100, beside=4, seed=0)
    assert len(drawn) == len(set(drawn.tolist())) == 6
    assert (np.diff(drawn) > 0).all()
    assert drawn.tolist() != list(range(6))
    assert chosen(100, beside=4, seed=0).tolist() == drawn.tolist()
    assert chosen(5, beside=11, seed=0).tolist() == []
