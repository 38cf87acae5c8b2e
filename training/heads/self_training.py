"""Intent heads that learn from texts nobody labelled too, by their own sure guesses; tunes no encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from model.heads.head import Head
from training.heads.blending import BlendParts, cross_fitted_blend, fit_parts_of
from training.heads.linear import (
    FittedHead,
    Recipe,
    are_few,
    fit_linear,
    folds_of,
    numbered,
    temperature_of,
)
from training.heads.ridge import fit_ridge_kernel

SURE = 0.8
"""A guess counts from this probability on. Accuracy on other training texts of BANKING77, ten a label being
known and 7,000 not: .8784 with .7, .8798 with .8, .8732 with .9, and .8635 without guesses."""
ROUNDS = 3
"""How often a head guesses, each time with what it learnt from its guesses before."""
SHARE = 0.85
"""Of the kernel, where few texts are labelled: guesses tell it more than they tell the linear head."""
MOST_WITH_GUESSES = 10_000
"""Labelled texts and guesses together: a kernel of so many takes seconds, of twice as many eight times that.
Guesses add nothing to so many labelled ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """The texts of which a head is sure, among those that nobody labelled."""

    rows: NDArray[np.intp]
    """Their positions, ascending."""
    classes: NDArray[np.intp]
    """The place of each one's guessed label among the head's."""


def chosen(n_unlabelled: int, *, beside: int, seed: int) -> NDArray[np.intp]:
    """Positions of the unlabelled texts to learn from, ascending; `beside` so many labelled ones.

    As many as `MOST_WITH_GUESSES` leaves room for, drawn by the seed where that is not all.
    """
    room = max(MOST_WITH_GUESSES - beside, 0)
    return np.sort(np.random.default_rng(seed).permutation(n_unlabelled)[:room])


def sure_guesses(head: Head, unlabelled: NDArray[np.float32]) -> Guesses:
    """Those of `(n_texts, n_inputs)` that the head gives one label with a probability of `SURE` or more."""
    probabilities = head.probabilities(unlabelled)
    rows = np.flatnonzero(probabilities.max(axis=1) >= SURE)
    return Guesses(rows, probabilities[rows].argmax(axis=1))


def fit_intent_head(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    unlabelled: NDArray[np.float32] | None = None,
) -> Head:
    """The head of `cross_fitted_intents`, without its held-out scores."""
    return cross_fitted_intents(inputs, labels, seed=seed, unlabelled=unlabelled).head


def cross_fitted_intents(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    unlabelled: NDArray[np.float32] | None = None,
) -> FittedHead:
    """`cross_fitted_blend` of labelled texts that goes on to learn from its guesses about others, if any.

    Self-training (Scudder 1965; Lee 2013): the head fitted to `inputs`, shape `(n_texts, n_inputs)`, guesses
    the labels of `unlabelled`, `(n_unlabelled, n_inputs)`, is fitted again with the guesses it is sure of,
    and so on for `ROUNDS` rounds. The temperature is found on labelled texts held out of all of it: the
    held-out scores are of heads that met neither their labels nor guesses made with them.

    Texts of no intent among the unlabelled do little harm, as few of them look sure. Those learned from are
    `chosen`. Raises `DataError` as `cross_fitted_blend`.
    """
    first = cross_fitted_blend(inputs, labels, seed=seed)
    if unlabelled is None:
        return first
    others = unlabelled[chosen(len(unlabelled), beside=len(inputs), seed=seed)]
    if not len(others):
        return first
    names, classes = numbered(labels)
    share = SHARE if are_few(classes) else first.kernel_share
    learner = _Learner(names, Recipe(first.strength, first.lower), share, first.head.temperature, seed)
    scores = np.full((len(inputs), len(names)), np.nan)
    folds = StratifiedKFold(folds_of(classes), shuffle=True, random_state=seed)
    for train, test in folds.split(inputs, classes):
        taught, _ = learner.taught(inputs[train], classes[train], others)
        scores[test] = taught.scores(inputs[test])
    head, guessed = learner.taught(inputs, classes, others)
    calibrated = replace(head, temperature=temperature_of(scores, classes))
    return FittedHead(calibrated, first.strength, scores, first.lower, share, guessed)


@dataclass(frozen=True, slots=True)
class _Learner:
    """What stays the same whatever part of the labelled texts is learned from."""

    names: tuple[str, ...]
    recipe: Recipe
    share: float
    temperature: float
    seed: int

    def taught(
        self, inputs: NDArray[np.float32], classes: NDArray[np.intp], others: NDArray[np.float32]
    ) -> tuple[Head, int]:
        """The head after the last round, and of how many of `others` it was sure before that.

        Until then the linear part stays as the labelled texts made it: it counts for little in a guess, and
        takes half the time.
        """
        parts = fit_parts_of(inputs, self.names, classes, self.recipe, seed=self.seed)
        texts, labels, guessed = inputs, classes, 0
        for _ in range(ROUNDS):
            guesses = sure_guesses(self._head(parts), others)
            guessed = len(guesses.rows)
            texts = np.concatenate([inputs, others[guesses.rows]])
            labels = np.concatenate([classes, guesses.classes])
            kernel = fit_ridge_kernel(texts, labels, n_labels=len(self.names), seed=self.seed)
            parts = replace(parts, kernel=kernel)
        linear = fit_linear(texts, labels, self.recipe)
        return self._head(replace(parts, linear=linear)), guessed

    def _head(self, parts: BlendParts) -> Head:
        return parts.blend(share=self.share, temperature=self.temperature)
