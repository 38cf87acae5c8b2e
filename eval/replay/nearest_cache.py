"""A semantic cache as the simplest rival: the nearest known question's answer, from a threshold on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.metrics import wrong_among_answered
from model.types import Vectors

THRESHOLDS = tuple(round(0.3 + 0.01 * step, 2) for step in range(71))
"""Cosines tried: .30 to 1.00."""


@dataclass(frozen=True, slots=True, eq=False)
class CacheRun:
    """What one threshold would have come to, question by question."""

    threshold: float
    needs_person: NDArray[np.bool_]
    """Nothing near enough was known; a person answered and the question was cached. Shape `(n,)`."""
    wrong: NDArray[np.bool_]
    """The nearest known question had another need. Shape `(n,)`."""

    @property
    def wrong_share(self) -> float:
        """Of all questions."""
        return float(self.wrong.mean())

    @property
    def wrong_among_answered(self) -> float | None:
        """Of the answers given; `None` when none was given."""
        return wrong_among_answered(int(self.wrong.sum()), int((~self.needs_person).sum()))


def cache_runs(
    vectors: Vectors, labels: Sequence[str], *, thresholds: Sequence[float] = THRESHOLDS
) -> list[CacheRun]:
    """The stream of questions, in order of arrival, at each threshold; all start empty.

    A question whose nearest cached one has a cosine of at least the threshold gets that one's answer, the
    earliest of equals; an answer given is not cached, right or wrong.
    """
    limits = np.asarray(thresholds, dtype=np.float64)
    needs = np.asarray(np.unique(np.asarray(labels, dtype=str), return_inverse=True)[1], dtype=np.intp)
    cached = np.zeros((len(limits), len(needs)), dtype=np.bool_)
    wrong = np.zeros_like(cached)
    for i in range(len(needs)):
        cosines = np.round((vectors[:i] @ vectors[i]).astype(np.float64), 6)
        masked = np.where(cached[:, :i], cosines, -np.inf)
        nearest = masked.argmax(axis=1) if i else np.zeros(len(limits), dtype=np.intp)
        hit = masked[np.arange(len(limits)), nearest] >= limits if i else np.zeros(len(limits), dtype=bool)
        cached[:, i] = ~hit
        wrong[:, i] = hit & (needs[nearest] != needs[i])
    return [CacheRun(float(t), cached[row], wrong[row]) for row, t in enumerate(limits)]


def best_run(
    runs: Sequence[CacheRun], *, most_wrong: float, share: Callable[[CacheRun], float | None]
) -> CacheRun | None:
    """The run that needs a person most rarely among those whose wrong share keeps to `most_wrong`.

    `share` is the wrong share meant; a run without one (`None`) is left out. The strictest threshold of
    equals; `None` when no run keeps to it.
    """
    allowed = [run for run in runs if (wrong := share(run)) is not None and wrong <= most_wrong]
    return min(allowed, key=lambda run: (int(run.needs_person.sum()), -run.threshold), default=None)
