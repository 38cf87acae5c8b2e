"""What a text weighs beside others when a head is fitted; by heads of every kind."""

from collections.abc import Callable

import numpy as np
import pytest

from training.heads.blending import cross_fitted_blend
from training.heads.kernel import cross_fitted_kernel_head
from training.heads.linear import FittedHead, cross_fitted_head

HEADS = [cross_fitted_head, cross_fitted_kernel_head, cross_fitted_blend]


def clouds() -> tuple[np.ndarray, list[str]]:
    """Twenty texts around -1 and twenty around 1; the last ten of these have the other's label."""
    rng = np.random.default_rng(5)
    inputs = np.concatenate([rng.normal(-1, 0.3, (20, 4)), rng.normal(1, 0.3, (20, 4))])
    return inputs.astype(np.float32), ["no"] * 20 + ["person"] * 10 + ["no"] * 10


@pytest.mark.parametrize("fit", HEADS)
def test_weights_that_are_all_alike_change_nothing(fit: Callable[..., FittedHead]) -> None:
    inputs, labels = clouds()
    without = fit(inputs, labels, seed=0)
    alike = fit(inputs, labels, seed=0, sample_weights=np.ones(40))
    np.testing.assert_allclose(alike.held_out_scores, without.held_out_scores, atol=1e-5)
    np.testing.assert_allclose(alike.head.scores(inputs), without.head.scores(inputs), atol=1e-5)


@pytest.mark.parametrize("fit", HEADS)
def test_wrong_labels_that_are_hardly_believed_hardly_count(fit: Callable[..., FittedHead]) -> None:
    inputs, labels = clouds()
    weights = np.where(np.arange(40) < 30, 1.0, 0.01)
    middle = np.ones((1, 4), np.float32)

    def margin(fitted: FittedHead) -> float:
        scores = dict(zip(fitted.head.labels, fitted.head.scores(middle)[0], strict=True))
        return float(scores["person"] - scores["no"])

    believed = margin(fit(inputs, labels, seed=0))
    doubted = margin(fit(inputs, labels, seed=0, sample_weights=weights))
    assert doubted > 0
    assert doubted > believed + 0.2
