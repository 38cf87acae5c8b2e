"""Classification heads on the encoder's output, linear and kernel; fitting them is training's job."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactError


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """Multinomial logistic regression with a calibrated temperature."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    """Shape `(n_labels, n_inputs)`."""
    bias: NDArray[np.float32]
    """Shape `(n_labels,)`."""
    temperature: float = 1.0
    """Divides the scores; above 1 makes the head less sure (Guo et al. 2017)."""

    def __post_init__(self) -> None:
        expected = (len(self.labels), self.weights.shape[-1])
        if self.weights.shape != expected or self.bias.shape != expected[:1]:
            raise ArtifactError(
                f"a head with {len(self.labels)} labels has weights of shape {self.weights.shape} and "
                f"bias of shape {self.bias.shape}; train the heads again: firstlast train heads"
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
        scores: NDArray[np.float64] = (inputs @ self.weights.T + self.bias).astype(np.float64)
        return scores

    def read(self, inputs: NDArray[np.float32]) -> Mapping[str, float]:
        """Probability by label for one text, inputs of shape `(n_inputs,)`."""
        return self.named(self.probabilities(inputs[None, :])[0])

    def named(self, probabilities: NDArray[np.float64]) -> Mapping[str, float]:
        """Probability by label, from one text's, shape `(n_labels,)`."""
        return dict(zip(self.labels, map(float, probabilities), strict=True))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KernelHead(LinearHead):
    """A head on likeness to landmarks: for a wish that no single direction of the features tells.

    The inputs, projected to fewer directions, are compared with each landmark by a Gaussian kernel, and
    the linear head works on those likenesses: `weights` has a column a landmark.
    """

    projection: NDArray[np.float32]
    """Shape `(n_directions, n_inputs)`."""
    landmarks: NDArray[np.float32]
    """Shape `(n_landmarks, n_directions)`."""
    gamma: float
    """A landmark at squared distance `d` has likeness `exp(-gamma * d)`."""

    def __post_init__(self) -> None:
        LinearHead.__post_init__(self)  # zero-argument super() does not work in a class with slots
        expected = (self.weights.shape[1], len(self.projection))
        if self.landmarks.shape != expected:
            raise ArtifactError(
                f"a kernel head's landmarks have shape {self.landmarks.shape}, expected {expected}; "
                "train the heads again: firstlast train heads"
            )
        if not self.gamma > 0:
            raise ArtifactError(f"a kernel head's gamma must be above 0, got {self.gamma}")

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Before softmax and temperature, shape `(n_texts, n_labels)`."""
        seen = inputs @ self.projection.T
        return LinearHead.scores(self, likenesses(seen, self.landmarks, gamma=self.gamma))


def likenesses(
    inputs: NDArray[np.float32], landmarks: NDArray[np.float32], *, gamma: float
) -> NDArray[np.float32]:
    """`exp(-gamma * squared distance)` of each text to each landmark, `(n_texts, n_landmarks)`, in (0, 1]."""
    lengths = np.einsum("ij,ij->i", landmarks, landmarks)
    squared = np.einsum("ij,ij->i", inputs, inputs)[:, None] + lengths - 2 * inputs @ landmarks.T
    alike: NDArray[np.float32] = np.exp(-gamma * np.maximum(squared, 0)).astype(np.float32)
    return alike


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of probabilities; stable for scores of any size."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
