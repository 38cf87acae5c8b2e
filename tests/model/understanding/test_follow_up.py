"""A message's two readings are weighed: what is sure is taken whole, what is not is mixed."""

from dataclasses import replace

import numpy as np
import pytest

from model.heads.head import Head, Linear
from model.model_set import ModelSet
from model.understanding.follow_up import (
    ContextDependence,
    context_dependence,
    context_inputs,
    weighed_candidates,
    weighed_understanding,
)
from tests.model.parts import flat_head, model_set, scored, understanding

NO_FEATURES = np.zeros(3, np.float32)


def models(*, says: str, share: float) -> ModelSet:
    """The first head always `says` the same, the second gives leaning this probability."""
    odds = np.array([0.0, np.log(share / (1 - share))], np.float32)
    heads = {
        "follow_up": flat_head("alone", "leans", "unhelped", n_inputs=3, favours=says),
        "context_dependence": Head(("alone", "leans"), Linear(np.zeros((2, 3), np.float32), odds)),
    }
    return replace(model_set(), heads={**model_set().heads, **heads})


def read(*, says: str, share: float) -> ContextDependence:
    return context_dependence(models(says=says, share=share), NO_FEATURES, cosine=0.5, best_dense=0.5)


def test_between_a_tenth_and_nine_tenths_both_readings_count() -> None:
    assert read(says="leans", share=0.8).share == pytest.approx(0.8)
    assert read(says="leans", share=0.2).share == pytest.approx(0.2)


@pytest.mark.parametrize(("share", "whole"), [(0.91, 1.0), (0.09, 0.0)])
def test_beyond_that_one_reading_has_all_the_weight(share: float, whole: float) -> None:
    assert read(says="leans", share=share).share == whole


def test_an_answer_is_ruled_out_only_by_a_message_that_leans_on_it() -> None:
    assert read(says="unhelped", share=0.8).unhelped
    assert not read(says="unhelped", share=0.4).unhelped
    assert not read(says="leans", share=0.95).unhelped


def test_without_the_heads_every_message_is_alone() -> None:
    assert context_dependence(model_set(), NO_FEATURES, cosine=1.0, best_dense=0.0) == ContextDependence(
        0.0, unhelped=False
    )


def test_the_second_head_reads_log_odds_and_both_similarities() -> None:
    assert context_inputs(0.2, cosine=0.6, best_dense=0.3).tolist() == pytest.approx([np.log(4), 0.6, 0.3])
    assert context_inputs(0.0, cosine=0.0, best_dense=0.0)[0] == pytest.approx(np.log(999))


def test_confidences_are_weighed_by_answer() -> None:
    alone = [scored("article:a", 0.8), scored("article:b", 0.4)]
    joined = [scored("article:b", 0.9), scored("article:c", 0.2)]
    found = weighed_candidates(alone, joined, 0.75)
    assert [one.candidate.ref for one in found] == ["article:b", "article:a", "article:c"]
    assert [one.confidence for one in found] == pytest.approx([0.775, 0.2, 0.15])


def test_a_reading_without_weight_adds_no_candidate() -> None:
    found = weighed_candidates([scored("article:a", 0.8)], [scored("article:b", 0.9)], 1.0)
    assert [(one.candidate.ref, one.confidence) for one in found] == [("article:b", 0.9)]


def test_equal_confidences_keep_the_order_of_the_message_alone() -> None:
    pair = [scored("article:b", 0.5), scored("article:a", 0.5)]
    found = weighed_candidates(pair, list(reversed(pair)), 0.5)
    assert [one.candidate.ref for one in found] == ["article:b", "article:a"]


def test_the_matter_is_weighed_and_the_tone_is_the_messages_own() -> None:
    alone = understanding(human_only_probability=0.9, sentiment="negative", wants_person=0.3)
    joined = understanding(
        intent="delivery",
        intent_probabilities={"refund": 0.1, "delivery": 0.9},
        human_only_probability=0.1,
        human_only_in_passing=0.5,
        team="deliveries",
        sentiment="positive",
        wants_person=0.9,
    )
    got = weighed_understanding(alone, joined, 0.75)
    assert (got.intent, got.team, got.sentiment, got.wants_person) == (
        "delivery",
        "deliveries",
        "negative",
        0.3,
    )
    assert got.intent_confidence == pytest.approx(0.75 * 0.9 + 0.25 * 0.1)
    assert got.human_only_probability == pytest.approx(0.3)
    assert got.human_only_in_passing == pytest.approx(0.375)


@pytest.mark.parametrize(("share", "smalltalk"), [(0.4, "thanks"), (0.6, None)])
def test_what_leans_on_what_was_said_is_no_smalltalk(share: float, smalltalk: str | None) -> None:
    got = weighed_understanding(understanding(smalltalk="thanks"), understanding(), share)
    assert got.smalltalk == smalltalk


def test_without_intents_none_is_named() -> None:
    bare = understanding(intent=None, intent_probabilities={}, intent_confidence=0.0)
    got = weighed_understanding(bare, bare, 0.5)
    assert (got.intent, got.intent_confidence) == (None, 0.0)
