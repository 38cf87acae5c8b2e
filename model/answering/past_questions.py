"""What past questions say of a new one: which answers resolved those most like it; learns nothing itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.types import Vector, Vectors

NEIGHBOURS = 8
"""Past questions listened to."""
_SHARPNESS = 4
"""Power of the cosine that a past question counts with: the nearest say the most."""


class PastQuestions:
    """Questions whose answers are known, as vectors; a question that nothing resolved has no refs."""

    def __init__(
        self, vectors: Vectors, refs: Sequence[Sequence[str]], intents: Sequence[str | None]
    ) -> None:
        if not len(vectors) == len(refs) == len(intents):
            raise ValueError(
                f"{len(vectors)} vectors, {len(refs)} refs, {len(intents)} intents must be as many"
            )
        self.vectors = vectors
        """Unit vectors, shape `(n_questions, dim)`."""
        self.refs = tuple(tuple(one) for one in refs)
        """The answers that resolved each question."""
        self.intents = tuple(intents)

    @classmethod
    def none(cls) -> "PastQuestions":
        """No past: nothing is known of any answer."""
        return cls(np.empty((0, 0), np.float32), (), ())

    def __len__(self) -> int:
        return len(self.refs)

    def shares(
        self, vector: Vector, refs: Sequence[str], *, without: int | None = None
    ) -> tuple[NDArray[np.float64], float]:
        """How much of the vote of the nearest past questions each answer has, and how much none has.

        The 8 nearest vote, each with the fourth power of its cosine. Shares are in [0, 1], shape
        `(n_refs,)`; two answers may share a question. NaN for an answer that no past question had, and
        for everything when there is no past. `without` is left out: a question is not its own past.
        """
        cosines = np.maximum(self.vectors @ vector, 0.0) if len(self) else np.empty(0)
        if without is not None:
            cosines[without] = 0.0
        nearest = np.argsort(-cosines, kind="stable")[:NEIGHBOURS]
        votes = cosines[nearest].astype(np.float64) ** _SHARPNESS
        total = votes.sum()
        if total == 0:
            return np.full(len(refs), np.nan), np.nan
        by_ref: dict[str, float] = {}
        unanswered = 0.0
        for i, vote in zip(nearest.tolist(), votes.tolist(), strict=True):
            unanswered += 0.0 if self.refs[i] else vote
            for ref in self.refs[i]:
                by_ref[ref] = by_ref.get(ref, 0.0) + vote
        shares = [by_ref.get(ref, 0.0) / total if self._known(ref, without) else np.nan for ref in refs]
        return np.array(shares, dtype=np.float64), unanswered / total

    def intents_of(self, ref: str, *, without: int | None = None) -> Mapping[str, int]:
        """How often the past questions that the answer resolved had which intent."""
        counts = dict(self._intent_counts.get(ref, {}))
        if without is not None and ref in self.refs[without]:
            own = self.intents[without]
            if own is not None:
                counts[own] -= 1
        return counts

    def _known(self, ref: str, without: int | None) -> bool:
        own = without is not None and ref in self.refs[without]
        return self._times[ref] > int(own)

    @cached_property
    def _times(self) -> Counter[str]:
        return Counter(ref for refs in self.refs for ref in refs)

    @cached_property
    def _intent_counts(self) -> Mapping[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {}
        for refs, intent in zip(self.refs, self.intents, strict=True):
            for ref in refs:
                counts.setdefault(ref, Counter()).update([] if intent is None else [intent])
        return counts
