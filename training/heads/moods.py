"""Fits the head that tells conversations which end unhappily, and its limit; saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from eval.data.labelled import MoodConversation
from model.errors import DataError
from model.heads.head import Head, Linear
from model.interfaces import Reader
from model.types import Reading
from model.understanding.follow_up import MOST_EARLIER
from model.understanding.mood import CALM, UNHAPPY, unhappy_inputs
from training.heads.linear import fitted, temperature_of

FALSE_ALARMS = 0.05
"""Share of calm conversations that the limit lets call for a person."""
STRENGTH = 1.0
"""Inverse regularisation; 3 is as good, and so is ridge regression."""
WEIGHT_OF_SENTENCE = 0.3
"""Of a sentence without a conversation, where a conversation as a whole weighs 1. Held out, weights of .1 to
.3 notice as many unhappy conversations; the greater it is, the sooner plain anger is noticed."""
LEAST_LIMIT = 0.5
"""No conversation goes to a person that is not more likely than not to end unhappily."""
_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class FittedMoods:
    """The head, its limit, and what both do to conversations that the head was not fitted on."""

    head: Head
    """On `model.understanding.mood.unhappy_inputs`; calibrated."""
    limit: float
    """The least probability that calls for a person."""
    false_alarms: float
    """Share of calm conversations in which it is reached."""
    warned: float
    """Share of unhappy conversations in which it is reached before the event."""


@dataclass(frozen=True, slots=True, eq=False)
class _Turns:
    """The customer's turns before the event, of all conversations."""

    inputs: NDArray[np.float32]
    """`(n_turns, n_inputs)`."""
    conversation: NDArray[np.intp]
    """Each turn's, by its place, `(n_turns,)`."""
    unhappy: NDArray[np.bool_]
    """Of each turn's conversation, `(n_turns,)`."""
    weights: NDArray[np.float64]
    """Adding up to 1 over a conversation, `(n_turns,)`."""

    @property
    def first(self) -> NDArray[np.intp]:
        """Places of the turns that nothing was said before, `(n_conversations,)`."""
        return np.unique(self.conversation, return_index=True)[1]


def fit_moods(
    conversations: Sequence[MoodConversation],
    encoder: Reader,
    *,
    sentences: Reading,
    negative: NDArray[np.bool_],
    seed: int,
) -> FittedMoods:
    """A logistic regression on every customer's turn before the event: will this conversation end unhappily?

    `sentences`, as the encoder read them, are learned from too, as first messages: those that are `negative`,
    `(n_sentences,)`, as unhappy. Conversations are held out whole, a fifth at a time; on their scores the
    temperature is found, and the limit: the least that at most `FALSE_ALARMS` of the calm ones reach. Raises
    `DataError` for fewer than two conversations of either kind with a turn before the event.
    """
    turns = _turns([conversation for conversation in conversations if conversation.before_event], encoder)
    rows = zip(sentences.features, sentences.vectors, strict=True)
    alone = np.stack([unhappy_inputs(features, vector[None, :]) for features, vector in rows])
    scores = np.empty((len(turns.unhappy), 2))
    for rest, held_out in _folds(turns, seed):
        head = _fitted(turns, rest, alone, negative)
        scores[held_out] = head.scores(turns.inputs[held_out])
    head = _fitted(turns, np.arange(len(turns.unhappy)), alone, negative)
    head = replace(head, temperature=temperature_of(scores, turns.unhappy.astype(np.intp)))
    highest, unhappy = _highest(turns, head.as_probabilities(scores)[:, 1])
    limit = limit_for_false_alarms(highest[~unhappy])
    return FittedMoods(
        head,
        limit,
        false_alarms=float((highest[~unhappy] >= limit).mean()),
        warned=float((highest[unhappy] >= limit).mean()),
    )


def limit_for_false_alarms(highest: NDArray[np.float64], *, most: float = FALSE_ALARMS) -> float:
    """The least limit, from `LEAST_LIMIT` on, that at most this share of calm conversations reach.

    `highest` has the greatest probability of each, at least one. As many as are allowed lie at or above it,
    of equal ones none: the limit is just above the greatest that may not reach it.
    """
    descending = np.sort(highest)[::-1]
    return max(LEAST_LIMIT, float(np.nextafter(descending[int(most * len(highest))], np.inf)))


def _turns(conversations: Sequence[MoodConversation], encoder: Reader) -> _Turns:
    kinds = [conversation.is_calm for conversation in conversations]
    if min(sum(kinds), len(kinds) - sum(kinds)) < 2:
        raise DataError(
            f"there are {sum(kinds)} calm and {len(kinds) - sum(kinds)} unhappy conversations in which the "
            "customer says something before the event, and two of each are needed to tell them apart; give "
            "more in calibration/moods.jsonl, or leave the file out"
        )
    texts_by_conversation = [
        [conversation.turns[place].text for place in conversation.before_event]
        for conversation in conversations
    ]
    reading = encoder.read([text for texts in texts_by_conversation for text in texts])
    inputs, begin = [], 0
    for texts in texts_by_conversation:
        for turn in range(begin, begin + len(texts)):
            seen = reading.vectors[max(begin, turn - MOST_EARLIER) : turn + 1]
            inputs.append(unhappy_inputs(reading.features[turn], seen))
        begin += len(texts)
    counts = np.array([len(texts) for texts in texts_by_conversation])
    return _Turns(
        inputs=np.stack(inputs),
        conversation=np.repeat(np.arange(len(counts)), counts),
        unhappy=np.repeat(~np.array(kinds), counts),
        weights=np.repeat(1 / counts, counts),
    )


def _folds(turns: _Turns, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    of_kind = np.bincount(turns.unhappy[turns.first], minlength=2)
    splitter = StratifiedGroupKFold(min(_FOLDS, int(of_kind.min())), shuffle=True, random_state=seed)
    return list(splitter.split(turns.inputs, turns.unhappy, turns.conversation))


def _fitted(
    turns: _Turns, rows: NDArray[np.intp], alone: NDArray[np.float32], negative: NDArray[np.bool_]
) -> Head:
    """A head at temperature 1 on these turns and all sentences."""
    inputs = np.concatenate([turns.inputs[rows], alone])
    unhappy = np.concatenate([turns.unhappy[rows], negative])
    sample_weights = np.concatenate([turns.weights[rows], np.full(len(alone), WEIGHT_OF_SENTENCE)])
    weights, bias = fitted(inputs, unhappy.astype(np.intp), STRENGTH, sample_weights=sample_weights)
    return Head((CALM, UNHAPPY), Linear(weights, bias))


def _highest(
    turns: _Turns, probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The greatest probability of each conversation, its first turn not counted; which are unhappy."""
    first = turns.first
    counted = probabilities.copy()
    counted[first] = 0
    return np.maximum.reduceat(counted, first), turns.unhappy[first]
