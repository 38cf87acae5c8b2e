"""Reads a message with the heads: intent, team, sentiment, wish for a person, smalltalk."""

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from model.artifacts import ModelSet
from model.mood import updated_mood
from model.smalltalk import NONE, OUT_OF_SCOPE
from model.types import SentimentLabel, Understanding, Vector

PERSON = "person"
"""Label of the wish for a person."""

NO_PERSON = "no"
"""Label of everything else."""


def understand(
    models: ModelSet,
    vector: Vector,
    features: NDArray[np.float32],
    sentence_features: NDArray[np.float32],
    *,
    mood: float,
) -> Understanding:
    """What one message says, from its vector `(dim,)` and features `(feature_dim,)`.

    `sentence_features`, shape `(n_sentences, feature_dim)`, are its sentences': the wish for a person, and
    a matter for people in passing, are the strongest of the whole and of its sentences.
    """
    heads = models.heads
    intents, out_of_scope = _intents(models, vector, features)
    named = intents and out_of_scope <= models.limits["out_of_scope"]
    intent = max(intents, key=intents.__getitem__) if named else None
    sentiments = heads["sentiment"].read(features)
    genres = heads["smalltalk"].read(features)
    score = sentiments["positive"] - sentiments["negative"]
    human_only = genres[NONE] * _human_only(models, intents)
    return Understanding(
        intent=intent,
        intent_confidence=intents[intent] if intent else 0.0,
        intent_probabilities=intents,
        out_of_scope_score=out_of_scope,
        human_only_probability=human_only,
        human_only_in_passing=max([human_only, *_human_only_by_sentence(models, sentence_features)]),
        team=_team(models, features, intent),
        sentiment=cast(SentimentLabel, max(sentiments, key=sentiments.__getitem__)),
        sentiment_score=score,
        mood=updated_mood(mood, score),
        wants_person=_wants_person(models, np.vstack([features[None, :], sentence_features])),
        smalltalk=_smalltalk(genres, limit=models.limits["smalltalk"]),
        genre_probabilities=genres,
    )


def _intents(
    models: ModelSet, vector: Vector, features: NDArray[np.float32]
) -> tuple[Mapping[str, float], float]:
    """Probability by intent, and the scope's score; none, and 1, when no intents are trained."""
    head = models.heads.get("intent")
    if head is None:
        return {}, 1.0
    scores = head.scores(features[None, :])
    strange = models.scope.score(vector[None, :], scores.max(axis=1))
    return head.named(head.as_probabilities(scores)[0]), float(strange[0])


def _human_only(models: ModelSet, intents: Mapping[str, float]) -> float:
    """Probability of a human-only matter, given that the message is about the business."""
    return sum(share for name, share in intents.items() if models.intents[name].human_only)


def _human_only_by_sentence(models: ModelSet, features: NDArray[np.float32]) -> list[float]:
    """The probability of each sentence, from features `(n_sentences, feature_dim)`."""
    head, genres = models.heads.get("intent"), models.heads["smalltalk"]
    if head is None or not len(features):
        return []
    columns = [i for i, label in enumerate(head.labels) if models.intents[label].human_only]
    matters = head.probabilities(features)[:, columns].sum(axis=1)
    about = genres.probabilities(features)[:, genres.labels.index(NONE)]
    probabilities: list[float] = (matters * about).tolist()
    return probabilities


def _team(models: ModelSet, features: NDArray[np.float32], intent: str | None) -> str | None:
    if "team" not in models.heads:
        return models.intents[intent].team if intent else None
    teams = models.heads["team"].read(features)
    return max(teams, key=teams.__getitem__)


def _wants_person(models: ModelSet, features: NDArray[np.float32]) -> float:
    head = models.heads["wants_person"]
    return float(head.probabilities(features)[:, head.labels.index(PERSON)].max())


def _smalltalk(genres: Mapping[str, float], *, limit: float) -> str | None:
    kinds = {name: share for name, share in genres.items() if name not in (NONE, OUT_OF_SCOPE)}
    if sum(kinds.values()) < limit:
        return None
    return max(kinds, key=kinds.__getitem__)
