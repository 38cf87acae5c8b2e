"""Reads a message with the heads: intent, team, sentiment, wish for a person, smalltalk."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from model.generation import NONE, OUT_OF_SCOPE
from model.heads.out_of_scope import clearness
from model.model_set import ModelSet
from model.types import IntentInfo, Reading, SentimentLabel, Understanding, Vector, Vectors
from model.understanding.follow_up import MOST_SENTENCES
from model.understanding.mood import UNHAPPY, UNHAPPY_HEAD, unhappy_inputs, updated_mood

PERSON = "person"
"""Label of the wish for a person."""

NO_PERSON = "no"
"""Label of everything else."""

_ASKED_IN_SMALLTALK = frozenset({"bot_identity", "how_are_you"})
_SURELY_SMALLTALK = 0.9
_NEGATIVE = -0.7
"""Sentiment of a complaint; "bye" and "lol" sound a little sad too."""


def understand(
    models: ModelSet,
    vector: Vector,
    features: NDArray[np.float32],
    sentence_features: NDArray[np.float32],
    *,
    mood: float,
    own: Mapping[str, Reading] | None = None,
    said_before: Vectors | None = None,
    asks: bool = False,
    telling: bool = True,
    infos: Mapping[str, IntentInfo] | None = None,
) -> Understanding:
    """What one message says, from its vector `(dim,)` and features `(feature_dim,)`.

    `own` has, for each head with an encoder of its own, what that encoder reads: the message's row, then
    those of its sentences.

    `sentence_features`, shape `(n_sentences, feature_dim)`, are its sentences': the wish for a person, and
    a matter for people in passing, are the strongest of the whole and of its sentences. `said_before`, shape
    `(n_messages, dim)`, are the vectors of the customer's messages before it, oldest first. `infos` has the
    intents whose team or human-only flag has changed since the training, or may have. `asks` says that the
    message has a question mark, `telling` that a word of it tells what it is about.
    """
    heads = models.heads
    known = {**models.intents, **(infos or {})}
    texts = np.vstack([features[None, :], sentence_features])
    read = own or {}
    about = read.get("intent") or Reading(vector[None, :], texts)
    intents, out_of_scope, matters = _intents(models, about, known)
    named = intents and out_of_scope <= models.limits["out_of_scope"]
    intent = max(intents, key=intents.__getitem__) if named else None
    sentiments = heads["sentiment"].read(read["sentiment"].features[0] if "sentiment" in read else features)
    genres_by_text = heads["smalltalk"].probabilities(texts)
    genres = heads["smalltalk"].named(genres_by_text[0])
    score = sentiments["positive"] - sentiments["negative"]
    by_intent = genres_by_text[:, heads["smalltalk"].labels.index(NONE), None] * matters
    human_only = by_intent.sum(axis=1)
    return Understanding(
        intent=intent,
        intent_confidence=intents[intent] if intent else 0.0,
        intent_probabilities=intents,
        out_of_scope_score=out_of_scope,
        human_only_probability=float(human_only[0]),
        human_only_in_passing=float(human_only.max()),
        human_only_intents=_human_only_intents(models, by_intent, known),
        team=_team(models, features, known[intent] if intent else None),
        sentiment=cast(SentimentLabel, max(sentiments, key=sentiments.__getitem__)),
        sentiment_score=score,
        mood=updated_mood(mood, score),
        wants_person=_wants_person(
            models, read["wants_person"].features if "wants_person" in read else texts
        ),
        smalltalk=_smalltalk(
            genres,
            limit=models.limits["smalltalk"],
            is_statement=not asks,
            telling=telling,
            is_negative=score <= _NEGATIVE,
        ),
        genre_probabilities=genres,
        unhappy=_unhappy(models, features, vector, said_before),
        telling=telling,
        sentiment_probabilities=sentiments,
    )


def without_smalltalk(
    models: ModelSet, sentences: Sequence[str], features: NDArray[np.float32]
) -> str | None:
    """The sentences without those that are surely smalltalk; `None` where none or nothing else is.

    `features` are theirs, shape `(n_sentences, feature_dim)`. A long message, of which these are the last
    sentences only, is left as it is.
    """
    if not 1 < len(sentences) < MOST_SENTENCES:
        return None
    head = models.heads["smalltalk"]
    kinds = [place for place, name in enumerate(head.labels) if name not in (NONE, OUT_OF_SCOPE)]
    is_smalltalk = head.probabilities(features)[:, kinds].sum(axis=1) >= _SURELY_SMALLTALK
    if not is_smalltalk.any() or is_smalltalk.all():
        return None
    return " ".join(text for text, drop in zip(sentences, is_smalltalk, strict=True) if not drop)


def _unhappy(
    models: ModelSet, features: NDArray[np.float32], vector: Vector, said_before: Vectors | None
) -> float:
    head = models.heads.get(UNHAPPY_HEAD)
    if head is None or said_before is None or not len(said_before):
        return 0.0
    return head.read(unhappy_inputs(features, np.vstack([said_before, vector[None, :]])))[UNHAPPY]


def _intents(
    models: ModelSet, texts: Reading, infos: Mapping[str, IntentInfo]
) -> tuple[Mapping[str, float], float, NDArray[np.float64]]:
    """Probability by intent and the scope's score, of the first text; each text's by human-only intent.

    The last, shape `(n_texts, n_human_only)`, is given that a text is about the business. Without trained
    intents: none, 1, and no columns.
    """
    head = models.heads.get("intent")
    if head is None:
        return {}, 1.0, np.zeros((len(texts.features), 0))
    scores = head.scores(texts.features)
    probabilities = head.as_probabilities(scores)
    strange = models.scope.score(texts.vectors[:1], clearness(scores[:1]))
    human_only = [head.labels.index(name) for name in _human_only_names(models, infos)]
    return head.named(probabilities[0]), float(strange[0]), probabilities[:, human_only]


def _human_only_names(models: ModelSet, infos: Mapping[str, IntentInfo]) -> list[str]:
    """The intents that only people handle, in the order of the head's labels."""
    return [name for name in models.heads["intent"].labels if infos[name].human_only]


def _human_only_intents(
    models: ModelSet, by_intent: NDArray[np.float64], infos: Mapping[str, IntentInfo]
) -> frozenset[str]:
    """The likeliest such intent of each text that is about one, from shape `(n_texts, n_human_only)`."""
    about = by_intent[by_intent.sum(axis=1) >= models.limits["human_only"]]
    return (
        frozenset(_human_only_names(models, infos)[place] for place in about.argmax(axis=1))
        if len(about)
        else frozenset()
    )


def _team(models: ModelSet, features: NDArray[np.float32], info: IntentInfo | None) -> str | None:
    if "team" not in models.heads:
        return info.team if info else None
    teams = models.heads["team"].read(features)
    return max(teams, key=teams.__getitem__)


def _wants_person(models: ModelSet, features: NDArray[np.float32]) -> float:
    head = models.heads["wants_person"]
    return float(head.probabilities(features)[:, head.labels.index(PERSON)].max())


def _smalltalk(
    genres: Mapping[str, float], *, limit: float, is_statement: bool, telling: bool, is_negative: bool
) -> str | None:
    """The kind of smalltalk; none in a complaint, nor in a question, unless smalltalk asks it.

    "Hello?" asks for nothing else.
    """
    kinds = {name: share for name, share in genres.items() if name not in (NONE, OUT_OF_SCOPE)}
    if sum(kinds.values()) < limit:
        return None
    kind = max(kinds, key=kinds.__getitem__)
    asked = _ASKED_IN_SMALLTALK if telling else _ASKED_IN_SMALLTALK | {"greeting"}
    return kind if not is_negative and (is_statement or kind in asked) else None
