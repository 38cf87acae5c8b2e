"""Tells how far a message leans on what was said before it, and weighs its two readings; searches nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.model_set import ModelSet
from model.types import ScoredCandidate, Understanding

ALONE = "alone"
"""Label of a message that says all by itself."""
LEANS = "leans"
"""Label of a message that needs what was said before it ("and for the yearly plan?")."""
UNHELPED = "unhelped"
"""Label of one that says that the last answer was not the right one ("that didn't work", "no, I meant …")."""

FOLLOW_UP_HEAD = "follow_up"
"""Reads the three labels off the features of the message."""
LEANING_HEAD = "leaning"
"""Weighs what the first head says with how the message fits what was said and what is known."""

_SURE = 0.9
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Leaning:
    """How a message is to be read."""

    share: float
    """Weight of its reading with what was said before it, in [0, 1]; the message alone has the rest."""
    unhelped: bool
    """Whether it says that the answers before it were not the right ones."""


def leaning(models: ModelSet, features: NDArray[np.float32], *, cosine: float, best_dense: float) -> Leaning:
    """How the message with these features `(feature_dim,)` is to be read.

    `cosine` is between the message alone and with what was said before it; `best_dense` is the greatest
    similarity of any answer to the message alone. From a probability of .9 on, one reading has all the
    weight. A set without the heads reads every message alone.
    """
    if FOLLOW_UP_HEAD not in models.heads or LEANING_HEAD not in models.heads:
        return Leaning(0.0, unhelped=False)
    says = models.heads[FOLLOW_UP_HEAD].read(features)
    inputs = leaning_inputs(says[ALONE], cosine=cosine, best_dense=best_dense)
    share = models.heads[LEANING_HEAD].read(inputs)[LEANS]
    if not 1 - _SURE <= share <= _SURE:
        share = float(round(share))
    return Leaning(share, unhelped=share >= _HALF and says[UNHELPED] >= _HALF)


def leaning_inputs(alone: float, *, cosine: float, best_dense: float) -> NDArray[np.float32]:
    """What the second head reads, shape `(3,)`: log odds of not being alone, and the two similarities."""
    kept = min(max(alone, 0.001), 0.999)
    return np.array([np.log((1 - kept) / kept), cosine, best_dense], np.float32)


def weighed_understanding(alone: Understanding, joined: Understanding, share: float) -> Understanding:
    """What both readings say of the matter; tone, and the wish for a person, are the message's own.

    What leans on an earlier message is no smalltalk, however short it is.
    """

    def mean(first: float, second: float) -> float:
        return (1 - share) * first + share * second

    heavier = joined if share >= _HALF else alone
    intents = {
        name: mean(probability, joined.intent_probabilities[name])
        for name, probability in alone.intent_probabilities.items()
    }
    return replace(
        alone,
        intent=heavier.intent,
        intent_confidence=intents[heavier.intent] if heavier.intent else 0.0,
        intent_probabilities=intents,
        out_of_scope_score=mean(alone.out_of_scope_score, joined.out_of_scope_score),
        human_only_probability=mean(alone.human_only_probability, joined.human_only_probability),
        human_only_in_passing=mean(alone.human_only_in_passing, joined.human_only_in_passing),
        human_only_intents=alone.human_only_intents | joined.human_only_intents,
        team=heavier.team,
        smalltalk=alone.smalltalk if share < _HALF else None,
    )


def weighed_candidates(
    alone: Sequence[ScoredCandidate], joined: Sequence[ScoredCandidate], share: float
) -> list[ScoredCandidate]:
    """The candidates of both readings with their mean confidences, most confident first.

    A candidate that one reading did not find has no confidence there. Its passage and features are those
    of the reading that gave it more; ties keep the order of the message alone.
    """
    parts: dict[str, list[ScoredCandidate]] = {}
    for weight, candidates in ((1 - share, alone), (share, joined)):
        for one in candidates if weight > 0 else ():
            part = replace(one, confidence=weight * one.confidence)
            parts.setdefault(one.candidate.ref, []).append(part)
    found = [
        replace(max(both, key=_confidence), confidence=sum(map(_confidence, both))) for both in parts.values()
    ]
    return sorted(found, key=lambda one: -one.confidence)


def _confidence(one: ScoredCandidate) -> float:
    return one.confidence
