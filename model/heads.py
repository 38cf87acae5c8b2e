"""Linear classification heads on the encoder's output; fitting them is training's job."""

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


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of probabilities; stable for scores of any size."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
