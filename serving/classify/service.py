"""Tells what texts say: intents, team, sentiment, wish for a person, language, mood; it stores nothing."""

import time
from collections.abc import Mapping, Sequence
from heapq import nlargest
from operator import itemgetter

from knowledge.language import language_of
from model.types import IntentInfo, Understanding
from model.understanding.mood import updated_mood
from serving.classify.schemas import ClassifiedText, ClassifyOut, IntentProbability, Sentiments
from serving.runtime.in_service import ResolverBox

LEAST_SURE = 0.5
"""A language less probable than this is not told."""


def classify(
    box: ResolverBox,
    texts: Sequence[str],
    *,
    intents: Mapping[str, IntentInfo],
    top_k: int,
    conversation: bool = False,
) -> ClassifyOut:
    """What each text says, in their order; `intents` are those that the business has now.

    Raises `NotReadyError` and `ArtifactError` as `ResolverBox.resolve`.
    """
    started = time.perf_counter()
    found = box.classify(texts, intents=intents)
    shown = []
    mood = 0.0
    for text, read in zip(texts, found.understandings, strict=True):
        mood = updated_mood(mood, read.sentiment_score)
        shown.append(
            _shown(
                text,
                read,
                top_k=top_k,
                asks_for_person=read.wants_person >= found.wants_person_limit,
                mood=mood if conversation else None,
            )
        )
    return ClassifyOut(
        model=found.model, texts=shown, milliseconds=round((time.perf_counter() - started) * 1000, 3)
    )


def _shown(
    text: str, read: Understanding, *, top_k: int, asks_for_person: bool, mood: float | None
) -> ClassifiedText:
    likeliest = nlargest(top_k, read.intent_probabilities.items(), key=itemgetter(1))
    language = language_of(text)
    is_sure = bool(language.tag) and language.probability >= LEAST_SURE
    return ClassifiedText(
        intent=read.intent,
        intents=[IntentProbability(name=name, probability=probability) for name, probability in likeliest],
        out_of_scope=read.intent is None,
        out_of_scope_score=read.out_of_scope_score,
        team=read.team,
        sentiment=read.sentiment,
        sentiments=Sentiments(**read.sentiment_probabilities),
        wants_person=read.wants_person,
        asks_for_person=asks_for_person,
        language=language.tag if is_sure else None,
        language_probability=language.probability,
        mood=mood,
    )
