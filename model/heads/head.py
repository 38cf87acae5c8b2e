"""Classification heads on the encoder's output: labels, and a scorer of one of three kinds; fits nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactError


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """The scores of a multinomial logistic regression."""

    weights: NDArray[np.float32]
    """Shape `(n_labels, n_inputs)`."""
    bias: NDArray[np.float32]
    """Shape `(n_labels,)`."""

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or self.bias.shape != self.weights.shape[:1]:
            raise ArtifactError(
                f"a head has weights of shape {self.weights.shape} and bias of shape {self.bias.shape}; "
                "train the heads again: firstlast train heads"
            )

    @property
    def n_labels(self) -> int:
        """How many labels it scores."""
        return len(self.bias)

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Before softmax and temperature, shape `(n_texts, n_labels)`."""
        scores: NDArray[np.float64] = (inputs @ self.weights.T + self.bias).astype(np.float64)
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """Scores by likeness to landmarks: for a wish that no single direction of the features tells.

    The inputs, projected to fewer directions, are compared with each landmark by a Gaussian kernel, and a
    linear scorer works on those likenesses.
    """

    linear: Linear
    """Its weights have a column a landmark."""
    projection: NDArray[np.float32]
    """Shape `(n_directions, n_inputs)`."""
    landmarks: NDArray[np.float32]
    """Shape `(n_landmarks, n_directions)`."""
    gamma: float
    """A landmark at squared distance `d` has likeness `exp(-gamma * d)`."""
    _lengths: NDArray[np.float32] = field(init=False, repr=False)
    """Squared, of the landmarks: computed once, not for each text."""

    def __post_init__(self) -> None:
        expected = (self.linear.weights.shape[1], len(self.projection))
        if self.landmarks.shape != expected:
            raise ArtifactError(
                f"a kernel's landmarks have shape {self.landmarks.shape}, expected {expected}; "
                "train the heads again: firstlast train heads"
            )
        if not self.gamma > 0:
            raise ArtifactError(f"a kernel's gamma must be above 0, got {self.gamma}")
        for name in ("projection", "landmarks"):
            object.__setattr__(self, name, np.asfortranarray(getattr(self, name)))
        object.__setattr__(self, "_lengths", squared_lengths(self.landmarks))

    @property
    def n_labels(self) -> int:
        """How many labels it scores."""
        return self.linear.n_labels

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Before softmax and temperature, shape `(n_texts, n_labels)`."""
        directions = inputs @ self.projection.T
        return self.linear.scores(
            likenesses(directions, self.landmarks, gamma=self.gamma, lengths=self._lengths)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """Linear scores that also listen to what near training texts say, through a kernel.

    The linear part tells labels apart along the directions that matter in general, the kernel knows where
    single wordings are exceptions to that.
    """

    linear: Linear
    kernel: Kernel
    """Scores of a label's own texts near 1, of what it does not know near 0."""
    share: float
    """Of the kernel in the blend, in [0, 1]."""

    def __post_init__(self) -> None:
        if self.kernel.n_labels != self.linear.n_labels:
            raise ArtifactError(
                f"linear scores of {self.linear.n_labels} labels are blended with a kernel's of "
                f"{self.kernel.n_labels}; train the heads again: firstlast train heads"
            )
        if not 0 <= self.share <= 1:
            raise ArtifactError(f"a kernel's share must be in [0, 1], got {self.share}")

    @property
    def n_labels(self) -> int:
        """How many labels it scores."""
        return self.linear.n_labels

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Before softmax and temperature, shape `(n_texts, n_labels)`."""
        return blended(self.linear.scores(inputs), self.kernel.scores(inputs), share=self.share)


Scorer = Linear | Kernel | Blend
"""What scores labels: the kinds that a model set can hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Labels, what scores them, and a calibrated temperature."""

    labels: tuple[str, ...]
    scorer: Scorer
    temperature: float = 1.0
    """Divides the scores; above 1 makes the head less sure (Guo et al. 2017)."""

    def __post_init__(self) -> None:
        if self.scorer.n_labels != len(self.labels):
            raise ArtifactError(
                f"a head with {len(self.labels)} labels has a scorer of {self.scorer.n_labels}; "
                "train the heads again: firstlast train heads"
            )
        if not self.temperature > 0:
            raise ArtifactError(f"a head's temperature must be above 0, got {self.temperature}")

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape `(n_texts, n_labels)`, rows adding up to 1, columns in the order of `labels`."""
        return self.as_probabilities(self.scores(inputs))

    def as_probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities from `scores`, of the same shape."""
        return softmax(scores / self.temperature)

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Before softmax and temperature, shape `(n_texts, n_labels)`."""
        return self.scorer.scores(inputs)

    def read(self, inputs: NDArray[np.float32]) -> Mapping[str, float]:
        """Probability by label for one text, inputs of shape `(n_inputs,)`."""
        return self.named(self.probabilities(inputs[None, :])[0])

    def named(self, probabilities: NDArray[np.float64]) -> Mapping[str, float]:
        """Probability by label, from one text's, shape `(n_labels,)`."""
        return dict(zip(self.labels, map(float, probabilities), strict=True))


EVIDENCE_FLOOR = 0.03
"""A kernel score this high doubles the odds that none would give. Any from .01 to .1 did as well."""


def blended(linear: NDArray[np.float64], kernel: NDArray[np.float64], *, share: float) -> NDArray[np.float64]:
    """`(1 - share) * linear + share * log(1 + max(kernel, 0) / 0.03)`, each `(n_texts, n_labels)`.

    Kernel scores are shares of evidence, so their logarithm adds to log odds; no evidence adds 0.
    """
    blend: NDArray[np.float64] = (1 - share) * linear + share * evidence(kernel)
    return blend


def evidence(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of a kernel as log odds, at least 0, of the same shape."""
    odds: NDArray[np.float64] = np.log1p(np.maximum(kernel, 0) / EVIDENCE_FLOOR)
    return odds


def likenesses(
    inputs: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    *,
    gamma: float,
    lengths: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """`exp(-gamma * squared distance)` of each text to each landmark, `(n_texts, n_landmarks)`, in (0, 1].

    `lengths` are the `squared_lengths` of the landmarks, if they are known.
    """
    if lengths is None:
        lengths = squared_lengths(landmarks)
    squared = squared_lengths(inputs)[:, None] + lengths - 2 * inputs @ landmarks.T
    alike: NDArray[np.float32] = np.exp(-gamma * np.maximum(squared, 0)).astype(np.float32)
    return alike


def squared_lengths(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each row, `(n_rows,)`."""
    lengths: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows)
    return lengths


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of probabilities; stable for scores of any size."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
