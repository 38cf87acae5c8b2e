"""Keeps the mood of a conversation; does not decide what to do about it."""

WEIGHT_OF_NEWEST = 0.5
"""Share of the newest message in the running average: two angry messages in a row are felt at once."""

LOW = -0.6
"""At or below this level a person should help."""

FALL = 0.9
"""So great a fall within one message calls for a person as well."""


def updated_mood(mood: float, sentiment_score: float, *, weight: float = WEIGHT_OF_NEWEST) -> float:
    """Exponential average of the customer's sentiment, in [-1, 1].

    `mood` is the value before the message, 0 at the start; `sentiment_score` is in [-1, 1].
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight must be in (0, 1], got {weight}")
    return (1 - weight) * mood + weight * sentiment_score


def mood_trigger(
    before: float, after: float, sentiment_score: float, *, low: float = LOW, fall: float = FALL
) -> str | None:
    """`mood_low` at or below the level, `mood_fall` after a steep fall into the negative, else `None`."""
    if after <= low:
        return "mood_low"
    if before - sentiment_score >= fall + max(0.0, -before) and after < 0 < before:
        return "mood_fall"
    return None
