"""Fits heads that blend logistic regression and kernel ridge regression; saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from model.heads.head import Blend, Head, Kernel, Linear, blended, evidence, softmax
from training.heads.linear import (
    RECIPES,
    SENTIMENT_RECIPES,
    FittedHead,
    Recipe,
    are_few,
    cross_fitted_head,
    fit_linear,
    numbered,
    temperature_of,
)
from training.heads.ridge import fit_ridge, fit_ridge_kernel

MOST_TEXTS = 20_000
"""With more texts than this the head is linear alone: the kernel would need more than 2 GB."""
SHARE_OF_FEW = 0.7
"""Share of the kernel where labels have fewer than `FEW_TEXTS` texts each: so few do not tell the best one.
With ten and five texts a label, on other training texts, shares found on held-out ones gave .8537 and .8203
on BANKING77 and .9368 and .9117 on CLINC150, this one .8557, .8239, .9369 and .9116, at the same log loss."""


def cross_fitted_sentiment(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    sample_weights: NDArray[np.float64] | None = None,
) -> FittedHead:
    """`cross_fitted_blend` with the recipes for sentiment."""
    return cross_fitted_blend(
        inputs, labels, seed=seed, recipes=SENTIMENT_RECIPES, sample_weights=sample_weights
    )


def cross_fitted_blend(
    inputs: NDArray[np.float32],
    labels: Sequence[str],
    *,
    seed: int,
    recipes: Sequence[Recipe] = RECIPES,
    sample_weights: NDArray[np.float64] | None = None,
) -> FittedHead:
    """A calibrated head on `inputs`, shape `(n_texts, n_inputs)`: the encoder's features, layer by layer.

    `cross_fitted_head` and `fit_ridge`, with the share and the temperature that make the labels of the
    held-out texts most likely. Right of 4,000 texts held out, by the linear head, the kernel and the
    blend: .906, .923 and .922 on BANKING77, .963, .958 and .964 on CLINC150; of the sample company's 1,367
    .679, .691 and .701; their log loss .33, .32, .29; .123, .142, .118; 1.03, 1.03, .95. Macro recall of its
    2,569 sentences by sentiment, held out a fifth at a time, .828 by the linear head and .837 by the blend,
    which alone is right of 69, the linear head of 45.

    Of more than `MOST_TEXTS` texts the head is linear. `sample_weights`, `(n_texts,)`, as in both. Raises
    `DataError` as `cross_fitted_head`.
    """
    linear = cross_fitted_head(inputs, labels, seed=seed, recipes=recipes, sample_weights=sample_weights)
    scorer = linear.head.scorer
    if len(labels) > MOST_TEXTS or not isinstance(scorer, Linear):
        return linear
    names, classes = numbered(labels)
    ridge = fit_ridge(inputs, classes, n_labels=len(names), seed=seed, sample_weights=sample_weights)
    parts = BlendParts(names, scorer, ridge.kernel, of_few=are_few(classes))
    share, temperature = parts.best_of(linear.held_out_scores, ridge.held_out_scores, classes)
    head = parts.blend(share=share, temperature=temperature)
    scores = blended(linear.held_out_scores, ridge.held_out_scores, share=share)
    return FittedHead(head, linear.strength, scores, linear.lower, share)


@dataclass(frozen=True, slots=True, eq=False)
class BlendParts:
    """The parts of a blend, fitted on the same texts, before anything says how much each counts."""

    labels: tuple[str, ...]
    linear: Linear
    kernel: Kernel | None
    """`None` where there were too many texts for one."""
    of_few: bool
    """Whether they were fitted on so few texts that the kernel's share is given: `SHARE_OF_FEW`."""

    def blend(self, *, share: float, temperature: float) -> Head:
        """The head with this share of the kernel, in [0, 1], if there is one."""
        scorer = self.linear if self.kernel is None else Blend(self.linear, self.kernel, share)
        return Head(self.labels, scorer, temperature)

    def best_on(self, inputs: NDArray[np.float32], classes: NDArray[np.intp]) -> tuple[float, float]:
        """Share and temperature that make the labels of texts held out most likely.

        `inputs` are `(n_texts, n_inputs)`, `classes` the places of their labels among the head's.
        """
        linear = self.linear.scores(inputs)
        if self.kernel is None:
            return 0.0, temperature_of(linear, classes)
        return self.best_of(linear, self.kernel.scores(inputs), classes)

    def best_of(
        self, linear: NDArray[np.float64], kernel: NDArray[np.float64], classes: NDArray[np.intp]
    ) -> tuple[float, float]:
        """The same from scores of the parts, each `(n_texts, n_labels)`; rows with NaN are left out."""
        if not self.of_few:
            return best_blend(linear, kernel, classes)
        return SHARE_OF_FEW, temperature_of(blended(linear, kernel, share=SHARE_OF_FEW), classes)


def fit_parts(
    inputs: NDArray[np.float32], labels: Sequence[str], recipes: Sequence[Recipe], *, seed: int
) -> list[BlendParts]:
    """Both parts on `inputs`, `(n_texts, n_inputs)`, for those who hold out texts themselves.

    One pair for each recipe of the linear part, in their order; the kernel is the same in all.
    """
    names, classes = numbered(labels)
    first = fit_parts_of(inputs, names, classes, recipes[0], seed=seed)
    others = (fit_linear(inputs, classes, recipe) for recipe in recipes[1:])
    return [first, *(replace(first, linear=linear) for linear in others)]


def fit_parts_of(
    inputs: NDArray[np.float32],
    names: tuple[str, ...],
    classes: NDArray[np.intp],
    recipe: Recipe,
    *,
    seed: int,
) -> BlendParts:
    """Both parts on texts whose labels are given by their place among `names`; each has one text at least."""
    linear = fit_linear(inputs, classes, recipe)
    many = len(classes) > MOST_TEXTS
    kernel = None if many else fit_ridge_kernel(inputs, classes, n_labels=len(names), seed=seed)
    return BlendParts(names, linear, kernel, of_few=are_few(classes))


def best_blend(
    linear: NDArray[np.float64], kernel: NDArray[np.float64], classes: NDArray[np.intp]
) -> tuple[float, float]:
    """Share of the kernel and temperature that make the held-out labels most likely.

    Scores are `(n_texts, n_labels)`; rows with NaN are left out. The log loss is convex in the two weights
    that share and temperature stand for, so the least is found from anywhere.
    """
    scored = ~np.isnan(linear[:, 0])
    parts = np.stack([linear[scored], evidence(kernel[scored])])
    true = classes[scored]
    rows = np.arange(len(true))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        probabilities = softmax(np.tensordot(weights, parts, axes=1))
        missing = -np.log(np.maximum(probabilities[rows, true], 1e-12)).mean()
        probabilities[rows, true] -= 1
        return float(missing), (parts * probabilities).sum(axis=2).mean(axis=1)

    least = minimize(loss, np.array([0.5, 0.5]), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2)
    total = max(float(least.x.sum()), 1e-3)
    return float(least.x[1] / total), 1 / total
