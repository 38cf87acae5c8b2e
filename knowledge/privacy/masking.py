"""Shows card numbers by their last four digits alone; what is stored stays as it was written."""

from knowledge.privacy.numbers import card_spans
from knowledge.privacy.places import digits_of

_SHOWN_DIGITS = 4


def cards_masked(text: str) -> str:
    """The text with each card number (by its check digit) as `•••• 1111`."""
    for begin, end in reversed(list(card_spans(text))):
        text = f"{text[:begin]}•••• {digits_of(text[begin:end])[-_SHOWN_DIGITS:]}{text[end:]}"
    return text
