"""What was said before a message, words to read it with, how far it leans on them; searches nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from model.model_set import ModelSet
from model.types import Offered, Question, ScoredCandidate, Turn, Understanding

ALONE = "alone"
"""Label of a message that says all by itself."""
LEANS = "leans"
"""Label of a message that needs what was said before it ("and for the yearly plan?")."""
UNHELPED = "unhelped"
"""Label of one that says that the last answer was not the right one ("that didn't work", "no, I meant …")."""

FOLLOW_UP_HEAD = "follow_up"
"""Reads the three labels off the features of the message."""
CONTEXT_DEPENDENCE_HEAD = "context_dependence"
"""Weighs what the first head says with how the message fits what was said and what is known."""

_SURE = 0.9
_HALF = 0.5

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
MOST_SENTENCES = 6
_FEWEST_WORDS = 5
"""Shorter words of the customer are read with those before them. On the sample company's calibration
dialogues 3 to 5 found the same right answers, 0 and 6 one fewer."""

_PLACES: tuple[tuple[str, int], ...] = (
    ("1|one|first|1st|former", 0),
    ("2|two|second|2nd", 1),
    ("3|three|third|3rd", 2),
    ("last|latter", -1),
)
_PLACE = re.compile(
    r"\A\W*+(?:the\s+|no\.?\s*|nr\.?\s*|number\s+|option\s+|#\s*)*+"
    + "(?:"
    + "|".join(f"({words})" for words, _ in _PLACES)
    + r")(?:\s+one)?(?:\s+(?:please|pls|thanks|thx))?\W*",
    re.IGNORECASE,
)
MOST_EARLIER = 6


def said_before(history: Sequence[Turn]) -> str:
    """The customer's last message; while it has fewer than five words, with the one before it.

    Oldest first, a line each; empty when the customer said nothing yet.
    """
    lines: list[str] = []
    for turn in reversed(history):
        if len(" ".join(lines).split()) >= _FEWEST_WORDS:
            break
        if turn.author == "customer":
            lines.insert(0, turn.text)
    return "\n".join(lines)


def in_context(question: Question) -> str | None:
    """The message as it reads with what was said before it; `None` when there is nothing to read it with.

    It is the title of the choice that the message names, or else the customer's words before it and its own.
    What a customer chose by a click says all by itself.
    """
    if question.chosen_ref is not None:
        return None
    choice = named_choice(question)
    if choice is not None:
        return choice.title
    said = said_before(question.history)
    return f"{said}\n{question.text}" if said else None


def named_choice(question: Question) -> Offered | None:
    """The choice that the message names by its place ("the second one"), if the bot just offered several."""
    asked = question.history[-1] if question.history else None
    named = _PLACE.fullmatch(question.text)
    if asked is None or asked.author != "bot" or len(asked.offered) < 2 or named is None:
        return None
    place = next(at for (_, at), word in zip(_PLACES, named.groups(), strict=True) if word)
    return asked.offered[place] if place < len(asked.offered) else None


def picked_question(question: Question) -> str | None:
    """What the customer had asked before picking an answer to it by a click; `None` without such a pick.

    It is what they said before the bot offered that answer, back to what the bot said before. Where that
    was a pick too, it is what they had asked before that one.
    """
    if question.chosen_ref is None:
        return None
    lines: list[str] = []
    picked = question.chosen_ref
    for turn in reversed(question.history):
        offered = {offer.ref: offer.title for offer in turn.offered}
        if turn.author == "bot" and picked in offered:
            lines = []
        elif turn.author != "customer" and lines:
            earlier = next((offer.ref for offer in turn.offered if [offer.title] == lines), None)
            if earlier is None:
                break
            picked, lines = earlier, []
        elif turn.author == "customer":
            lines.insert(0, turn.text)
    return "\n".join(lines) or None


def given_refs(history: Sequence[Turn]) -> frozenset[str]:
    """The answers that the bot has given, without those it only offered to choose from."""
    return frozenset(answer.ref for turn in history for answer in turn.given)


def said_by_customer(question: Question) -> list[str]:
    """The customer's messages before this one, oldest first, the last six of them."""
    return [turn.text for turn in question.history if turn.author == "customer"][-MOST_EARLIER:]


def sentences(text: str) -> list[str]:
    """The sentences of a message of more than one, the last few of a long one; else none.

    A wish in passing ("… forget it, let me talk to someone") is clearer in its own sentence.
    """
    parts = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
    return parts[-MOST_SENTENCES:] if len(parts) > 1 else []


@dataclass(frozen=True, slots=True)
class ContextDependence:
    """How far a message depends on what was said before it."""

    share: float
    """Weight of its reading with what was said before it, in [0, 1]; the message alone has the rest."""
    unhelped: bool
    """Whether it says that the answers before it were not the right ones."""


def context_dependence(
    models: ModelSet, features: NDArray[np.float32], *, cosine: float, best_dense: float
) -> ContextDependence:
    """How far the message with these features `(feature_dim,)` depends on what was said before it.

    `cosine` is between the message alone and with what was said before it; `best_dense` is the greatest
    similarity of any answer to the message alone. From a probability of .9 on, one reading has all the
    weight. A set without the heads reads every message alone.
    """
    if FOLLOW_UP_HEAD not in models.heads or CONTEXT_DEPENDENCE_HEAD not in models.heads:
        return ContextDependence(0.0, unhelped=False)
    says = models.heads[FOLLOW_UP_HEAD].read(features)
    inputs = context_inputs(says[ALONE], cosine=cosine, best_dense=best_dense)
    share = models.heads[CONTEXT_DEPENDENCE_HEAD].read(inputs)[LEANS]
    if not 1 - _SURE <= share <= _SURE:
        share = float(round(share))
    return ContextDependence(share, unhelped=share >= _HALF and says[UNHELPED] >= _HALF)


def stands_by_itself(
    models: ModelSet, features: NDArray[np.float32], *, cosine: float, best_dense: float
) -> bool:
    """Whether a sentence surely says all without those around it; never in a set that cannot tell.

    The sentence is held against the message as a message is against what was said before it.
    """
    if FOLLOW_UP_HEAD not in models.heads or CONTEXT_DEPENDENCE_HEAD not in models.heads:
        return False
    return context_dependence(models, features, cosine=cosine, best_dense=best_dense).share == 0


def context_inputs(alone: float, *, cosine: float, best_dense: float) -> NDArray[np.float32]:
    """What the second head reads, shape `(3,)`: log odds of not being alone, and the two similarities."""
    clipped = min(max(alone, 0.001), 0.999)
    return np.array([np.log((1 - clipped) / clipped), cosine, best_dense], np.float32)


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
        for scored in candidates if weight > 0 else ():
            part = replace(scored, confidence=weight * scored.confidence)
            parts.setdefault(scored.candidate.ref, []).append(part)
    confidence = attrgetter("confidence")
    weighed = [
        replace(max(both, key=confidence), confidence=sum(map(confidence, both))) for both in parts.values()
    ]
    return sorted(weighed, key=confidence, reverse=True)
