"""What is watched, what moved, and what to do about it, in plain words; it knows no counts and no store."""

from collections.abc import Mapping
from datetime import date

TITLES: Mapping[str, str] = {
    "intents": "What customers want",
    "out_of_scope": "Questions that fit no intent",
    "languages": "Languages",
    "confidence": "Confidence",
    "sentiment": "Tone of questions",
    "mood": "Mood of conversations",
    "answered": "First questions answered",
    "helped": "Answers that helped",
}
AGAINST: Mapping[str, str] = {"training": "the training", "last_month": "the month before"}
VERDICTS: Mapping[str, str] = {
    "steady": "Steady",
    "watch": "Watch",
    "moved": "Moved",
    "unknown": "Not compared",
}

_STEADY = "nothing to do"
_WATCH = "look again in some days: it may be chance"
_RISEN: Mapping[str, str] = {
    "intents": "more customers ask about {label}: read the examples, write an article or approve answers "
    "about it, and label more such questions: firstlast data next",
    "out_of_scope": "a new topic: see what the questions are about (firstlast data next), give them an "
    "intent, then firstlast retrain",
    "languages": "more customers write in {label}: import articles in that language",
    "confidence": "good news: questions fit what is known better than before",
    "sentiment": "more questions sound {label}: read the examples",
    "mood": "good news: conversations go better than before",
    "answered": "good news, as long as answers help: see that line",
    "helped": "good news: more answers help",
}
_FALLEN: Mapping[str, str] = {
    "intents": "fewer customers ask about {label}: nothing to do, unless you know that they still want it",
    "out_of_scope": "good news: more questions fit the intents",
    "languages": "fewer customers write in {label}: nothing to do",
    "confidence": "customers ask what the bot knows less about: read the examples, write an article about "
    "it, then firstlast train answering",
    "sentiment": "fewer questions sound {label}: nothing to do, unless others took their place",
    "mood": "customers leave less happy than before: read the examples",
    "answered": "more first questions go unanswered: read the examples, write an article or approve answers",
    "helped": "answers help less than before: read the examples and mend the answers given there",
}
TRAINING = (
    "the risk budget is promised for questions like those of the training: add questions of today to "
    "calibration/questions.jsonl, then firstlast retrain"
)
"""What to do, beside that, about questions unlike those of the training."""


def advice(signal: str, against: str, verdict: str, *, label: str, has_risen: bool) -> str:
    """What to do, without a full stop; `label` is the intent, the language or the tone that changed most."""
    if verdict == "steady":
        return _STEADY
    if verdict == "watch":
        return _WATCH
    words = (_RISEN if has_risen else _FALLEN)[signal].format(label=label)
    return f"{words}; {TRAINING}" if against == "training" else words


def evidence_words(digits: float, needed: float) -> str:
    """How strong evidence of so many decimal digits is, beside those that an alarm needs."""
    if needed and digits >= needed:
        return "beyond chance"
    if digits >= 2:
        return "strong, not yet beyond chance"
    return "some" if digits >= 1 else "none to speak of"


def change_words(signal: str, label: str, reference: float, now: float) -> str:
    """A change such as `refund_request from 5.1 % to 12 %`, the mood and the confidence as numbers."""
    if signal in ("mood", "confidence"):
        return f"from {reference:.2f} to {now:.2f}"
    numbers = f"from {share_words(reference)} to {share_words(now)}"
    return f"{label} {numbers}" if label else numbers


def share_words(share: float) -> str:
    """A share as `12.3 %`."""
    return f"{100 * share:.1f} %"


def set_words(model: str, since: date) -> str:
    """What to bear in mind where another set answered earlier in the time that is compared."""
    return (
        f"{model} answers since {since.isoformat()}, another set did before: what is read from questions may "
        "have moved with it"
    )
