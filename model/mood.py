"""Keeps the mood of a conversation, notices one that leads nowhere; does not decide what follows from it."""

from model.types import Vectors

WEIGHT_OF_NEWEST = 0.4
"""Share of the newest message in the running averages: one angry word does not outweigh a calm talk.

Chosen on the sample company's `calibration/moods.jsonl` (150 conversations, 88 of them calm), the levels on
`calibration/moods_seen.jsonl` beside it (254, 147 of them calm), so that many unhappy conversations are
noticed and at most 5 % of the calm ones."""

LOW = -0.52
"""At or below this level a person should help."""

FALL = 0.8
"""So great a fall within one message calls for a person as well."""

UNEASY = -0.2
"""Above this level a customer may repeat as much as they like: "ok", "ok" is no sign of trouble."""

UNRELATED = 0.1
"""Cosine of two messages that have nothing to do with each other: the mean over messages of different
conversations is .11."""

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


def mood_trigger(
    before: float,
    after: float,
    sentiment_score: float,
    *,
    repetition: float = 0.0,
    low: float = LOW,
    fall: float = FALL,
) -> str | None:
    """Why the mood calls for a person, else `None`.

    `mood_low` at or below the level; `getting_nowhere` when an uneasy mood lowered by the repetition is;
    `mood_fall` after a steep fall into the negative.
    """
    if after <= low:
        return "mood_low"
    if after <= UNEASY and after - repetition <= low:
        return "getting_nowhere"
    if before - sentiment_score >= fall + max(0.0, -before) and after < 0 < before:
        return "mood_fall"
    return None
