"""Keeps the mood of a conversation, and what tells one that goes badly; does not decide what follows."""

import numpy as np
from numpy.typing import NDArray

from model.reasons import Reason
from model.types import Vectors

UNHAPPY_HEAD = "unhappy"
"""Head on `unhappy_inputs`: whether a conversation ends unhappily. Its limit has the same name."""

CALM, UNHAPPY = "calm", "unhappy"
"""Labels of that head."""

WEIGHT_OF_NEWEST = 0.4
"""Share of the newest message in the running averages: one angry word does not outweigh a calm talk.

Chosen on 150 of the sample company's conversations in `calibration/moods.jsonl`, 88 of them calm."""

LOW = -0.7
"""At or below this level a person should help, whatever the head for unhappy conversations says."""

FALL = 1.3
"""So great a fall within one message calls for a person as well. Of the 271 calm conversations of
`calibration/moods.jsonl` three sink to that level and none falls so far."""

UNRELATED = 0.1
"""Cosine of two messages that have nothing to do with each other: the mean over messages of different
conversations is .11."""

REPETITION_SCALE = 7.0
"""What the repetition, whose standard deviation is .09, is multiplied with beside the features."""

LOOKED_BACK = 3
"""How many of the messages before it a message may repeat."""


def updated_mood(mood: float, sentiment_score: float, *, weight: float = WEIGHT_OF_NEWEST) -> float:
    """Exponential average of the customer's sentiment, in [-1, 1].

    `mood` is the value before the message, 0 at the start; `sentiment_score` is in [-1, 1].
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight must be in (0, 1], got {weight}")
    return (1 - weight) * mood + weight * sentiment_score


def repetition(vectors: Vectors, *, weight: float = WEIGHT_OF_NEWEST) -> float:
    """How much a customer comes back to the same thing, in [0, 1]; 0 for a first message.

    `vectors`, shape `(n_messages, dim)`, are those of the customer's messages, oldest first. Each message
    repeats as much as its greatest cosine to one of the three before it lies above that of unrelated ones;
    the exponential average of that, as for the mood, is 1 only for endless repetition word by word.
    """
    running = 0.0
    for place, similarities in enumerate(vectors @ vectors.T):
        nearest = float(similarities[max(0, place - LOOKED_BACK) : place].max(initial=-1.0))
        repeated = (min(1.0, max(UNRELATED, nearest)) - UNRELATED) / (1 - UNRELATED)
        running = (1 - weight) * running + weight * repeated
    return running


def unhappy_inputs(features: NDArray[np.float32], vectors: Vectors) -> NDArray[np.float32]:
    """What the head for unhappy conversations looks at, shape `(feature_dim + dim + 1,)`.

    The features of the newest message, `(feature_dim,)`; the mean vector of the customer's messages before
    it, zeros for a first one; how much they repeat themself. `vectors`, shape `(n_messages, dim)`, are those
    of all their messages, the newest last.
    """
    earlier = vectors[:-1].mean(axis=0) if len(vectors) > 1 else np.zeros_like(vectors[0])
    repeated = np.float32(REPETITION_SCALE * repetition(vectors))
    return np.concatenate([features, earlier, [repeated]]).astype(np.float32)


def mood_trigger(
    before: float, after: float, sentiment_score: float, *, low: float = LOW, fall: float = FALL
) -> Reason | None:
    """Why the mood calls for a person, else `None`.

    `mood_low` at or below the level; `mood_fall` after a steep fall into the negative.
    """
    if after <= low:
        return Reason.MOOD_LOW
    if before - sentiment_score >= fall + max(0.0, -before) and after < 0 < before:
        return Reason.MOOD_FALL
    return None
