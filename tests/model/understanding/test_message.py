"""What is read from a message, with heads whose scores are written by hand; scope and smalltalk by hand."""

from dataclasses import replace

import numpy as np
import pytest

from model.generation import smalltalk_reply
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector, clearness, guided_scores
from model.model_set import ModelSet
from model.types import IntentInfo, Reading, Understanding
from model.understanding.message import understand
from tests.model.parts import flat_head, model_set

NEAR, FAR = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
NO_SENTENCES = np.empty((0, 2), np.float32)
LN3 = float(np.log(3))


def sure(*labels: str) -> Head:
    """Three times likelier is the second label when the first input is 1, the first when it is 0."""
    weights = np.array([[0, 0], [2 * LN3, 0]], np.float32)
    return Head(labels, Linear(weights, np.array([LN3, 0], np.float32)))


def two_inputs(**heads: Head) -> ModelSet:
    given = {
        "sentiment": flat_head("negative", "neutral", "positive", n_inputs=2, favours="neutral"),
        "wants_person": flat_head("no", "person", n_inputs=2, favours="no"),
        "smalltalk": flat_head("greeting", "none", "out_of_scope", n_inputs=2, favours="none"),
    }
    return replace(
        model_set(),
        heads=given | heads,
        scope=ScopeDetector(NEAR[None, :]),
        intents={"delivery": IntentInfo("deliveries", False), "refund": IntentInfo("billing", True)},
    )


def read(models: ModelSet, features: np.ndarray, *, sentences: np.ndarray = NO_SENTENCES) -> Understanding:
    return understand(models, NEAR, features, sentences, mood=0.4)


def test_intent_and_human_only_probability_by_hand() -> None:
    got = read(two_inputs(intent=sure("delivery", "refund")), NEAR)
    assert (got.intent, got.team) == ("refund", "billing")
    assert got.intent_probabilities == pytest.approx({"delivery": 0.25, "refund": 0.75}, abs=1e-4)
    assert got.human_only_probability == pytest.approx(0.75, abs=1e-3)


def test_a_matter_for_people_in_one_sentence_is_noticed_in_passing() -> None:
    models = two_inputs(intent=sure("delivery", "refund"))
    got = read(models, FAR, sentences=np.stack([FAR, NEAR]))
    assert got.human_only_probability == pytest.approx(0.25, abs=1e-3)
    assert got.human_only_in_passing == pytest.approx(0.75, abs=1e-3)
    assert read(models, FAR).human_only_in_passing == pytest.approx(0.25, abs=1e-3)
    assert read(two_inputs(), FAR, sentences=np.stack([NEAR])).human_only_in_passing == 0.0


def test_what_the_business_says_of_an_intent_now_counts_more_than_what_was_trained() -> None:
    models = two_inputs(intent=sure("delivery", "refund"))
    now = {"refund": IntentInfo("desk", human_only=False), "unknown": IntentInfo("desk", human_only=True)}
    got = understand(models, NEAR, NEAR, NO_SENTENCES, mood=0.0, infos=now)
    assert (got.intent, got.team, got.human_only_probability) == ("refund", "desk", 0.0)
    both = now | {"refund": IntentInfo("desk", True), "delivery": IntentInfo("desk", True)}
    got = understand(models, NEAR, NEAR, NO_SENTENCES, mood=0.0, infos=both)
    assert got.human_only_probability == pytest.approx(1.0, abs=1e-3)


def test_the_team_head_decides_the_team_when_there_is_one() -> None:
    heads = {"intent": sure("delivery", "refund"), "team": sure("success", "billing")}
    assert read(two_inputs(**heads), FAR).team == "success"


def test_without_intents_there_is_no_intent_and_no_team() -> None:
    got = read(two_inputs(), NEAR)
    assert got.out_of_scope_score == 1.0
    assert (got.intent, got.intent_confidence, got.team, got.human_only_probability) == (None, 0.0, None, 0.0)
    assert dict(got.intent_probabilities) == {}


def test_a_head_with_an_encoder_of_its_own_reads_that_alone() -> None:
    happy_when_second = Head(
        ("negative", "neutral", "positive"),
        Linear(np.array([[0, 0], [0, 0], [0, 9]], np.float32), np.zeros(3, np.float32)),
    )
    models = two_inputs(sentiment=happy_when_second, intent=sure("delivery", "refund"))
    own = {
        "sentiment": Reading(NEAR[None, :], FAR[None, :]),
        "intent": Reading(NEAR[None, :], np.stack([FAR, NEAR])),
    }
    shared = read(models, NEAR)
    assert (shared.sentiment, shared.intent) == ("negative", "refund")  # the first of equals
    got = understand(models, FAR, NEAR, np.stack([FAR]), mood=0.0, own=own)
    assert (got.sentiment, got.intent) == ("positive", "delivery")
    assert got.human_only_in_passing == pytest.approx(0.75, abs=1e-3)  # its sentence, as its encoder reads it
    # the known text is near in its encoder's vectors, delivery is log 3 ahead: 1 / (1 + 1 * (1 + .5) * log 3)
    assert got.out_of_scope_score == pytest.approx(1 / (1 + 1.5 * LN3))


def test_a_message_is_read_with_those_before_it() -> None:
    # the last input is 7 times the repetition: log odds 7 * .4 for the same once more
    weights = np.zeros((2, 5), np.float32)
    weights[1, -1] = 1
    head = Head(("calm", "unhappy"), Linear(weights, np.zeros(2, np.float32)))
    models = two_inputs(unhappy=head)
    same = understand(models, NEAR, NEAR, NO_SENTENCES, mood=0.0, said_before=np.stack([NEAR]))
    assert same.unhappy == pytest.approx(1 / (1 + np.exp(-2.8)))
    for nothing in (None, np.empty((0, 2), np.float32)):
        first = understand(models, NEAR, NEAR, NO_SENTENCES, mood=0.0, said_before=nothing)
        assert first.unhappy == 0.0  # whatever it says


def test_without_a_head_for_it_no_conversation_is_unhappy() -> None:
    assert read(two_inputs(), NEAR).unhappy == 0.0


def test_the_mood_moves_four_tenths_of_the_way_to_the_sentiment() -> None:
    angry = flat_head("negative", "neutral", "positive", n_inputs=2, favours="negative")
    got = read(two_inputs(sentiment=angry), NEAR)
    assert got.sentiment == "negative"
    assert got.sentiment_score == pytest.approx(-1, abs=1e-3)
    assert got.mood == pytest.approx(-0.16, abs=1e-3)  # from .4


def test_a_wish_in_one_sentence_is_a_wish_of_the_message() -> None:
    models = two_inputs(wants_person=sure("no", "person"))
    assert read(models, FAR).wants_person == pytest.approx(0.25)
    assert read(models, FAR, sentences=np.stack([FAR, NEAR])).wants_person == pytest.approx(0.75)


def test_smalltalk_is_named_when_its_kinds_together_reach_the_limit() -> None:
    # greeting .3, thanks .3, none .4: together .6, the first of equals is named
    bias = np.log(np.array([0.3, 0.4, 0.0001, 0.3], np.float32))
    genres = Head(("greeting", "none", "out_of_scope", "thanks"), Linear(np.zeros((4, 2), np.float32), bias))
    assert read(two_inputs(smalltalk=genres), NEAR).smalltalk == "greeting"


def test_business_is_no_smalltalk() -> None:
    assert read(two_inputs(), NEAR).smalltalk is None


def test_the_distance_is_one_less_the_mean_cosine_to_the_nearest_texts() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8]], np.float32)
    np.testing.assert_allclose(ScopeDetector(vectors).distance(NEAR[None, :]), [0.2], atol=1e-6)


def test_only_the_five_nearest_texts_count() -> None:
    vectors = np.stack([NEAR] * 5 + [FAR] * 20)
    np.testing.assert_allclose(ScopeDetector(vectors).distance(NEAR[None, :]), [0], atol=1e-6)


def test_the_scope_score_by_hand() -> None:
    # 1 / (1 + .8 * 2.5) = 1/3; a head that points nowhere leaves 1, however near the texts
    np.testing.assert_allclose(guided_scores(np.array([0.2, 0.2]), np.array([2.5, -4.0])), [1 / 3, 1])


def test_a_clear_message_scores_high_and_leads() -> None:
    # 4 + (4 - 1) / 2, 4 + 0 for a tie, -1 + (3 - 1) / 2
    scores = np.array([[1.0, 4.0, 0.0], [4.0, 4.0, 0.0], [-1.0, -3.0, -5.0]])
    np.testing.assert_allclose(clearness(scores), [5.5, 4.0, 0.0])


def test_without_training_texts_everything_is_out_of_scope() -> None:
    detector = ScopeDetector(np.empty((0, 2), np.float32))
    np.testing.assert_array_equal(detector.score(np.stack([NEAR, FAR]), np.array([9.0, 0.0])), [1, 1])


def test_no_intent_is_named_out_of_scope() -> None:
    # the vector is the training text itself, the head's greatest score 2 ln 3 (near) or ln 3 (far)
    # and the other ln 3 or 0: with half the lead 2.5 ln 3 or 1.5 ln 3
    models = two_inputs(intent=sure("delivery", "refund"))
    strict = replace(models, limits=dict(models.limits) | {"out_of_scope": 0.35})
    assert read(strict, NEAR).out_of_scope_score == pytest.approx(1 / (1 + 2.5 * LN3), abs=1e-5)
    assert read(strict, NEAR).intent == "refund"
    got = read(strict, FAR)
    assert got.out_of_scope_score == pytest.approx(1 / (1 + 1.5 * LN3), abs=1e-5)
    assert (got.intent, got.intent_confidence, got.team) == (None, 0.0, None)
    assert got.intent_probabilities["delivery"] == pytest.approx(0.75)


def test_every_kind_of_smalltalk_has_words() -> None:
    assert smalltalk_reply("thanks") == "You're welcome! Is there anything else?"
    assert smalltalk_reply("weather_in_klingon") == "I'm here. What can I help you with?"
