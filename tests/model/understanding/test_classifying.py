"""Many messages read at once are read as the resolver reads each of them."""

from dataclasses import replace

import numpy as np
import pytest

from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import ModelSet
from model.resolver import Resolver
from model.types import IntentInfo, Question
from model.understanding.classifying import classify, read_intents
from tests.model.parts import flat_head, model_set

KNOWN = {"refund": "I want my money back", "delivery": "where is my parcel?"}
TEXTS = [
    "Hello! I want my money back. Thank you!",
    "where is my parcel?",
    "hi",
    "Good morning. How are you? My parcel is late. I waited for a week. Thanks a lot.",
    "I want my money back, a refund please",
]


@pytest.fixture(scope="module")
def models(encoder: OnnxEncoder) -> ModelSet:
    """Takes a message for the known one that it is nearest to; a greeting for smalltalk."""
    inputs = encoder.feature_dim

    def near(texts: dict[str, str]) -> Head:
        features = encoder.read(list(texts.values())).features
        return Head(tuple(texts), Linear(20 * features, np.zeros(len(texts), np.float32)))

    smalltalk = {"greeting": "hello, good morning", "none": "my parcel, money", "out_of_scope": "the moon"}
    return replace(
        model_set(),
        encoder_fingerprint=encoder.fingerprint,
        heads={
            "intent": near(KNOWN),
            "sentiment": flat_head("negative", "neutral", "positive", n_inputs=inputs, favours="neutral"),
            "wants_person": flat_head("no", "person", n_inputs=inputs, favours="no"),
            "smalltalk": near(smalltalk),
        },
        scope=ScopeDetector(encoder.encode(list(KNOWN.values()))),
        intents={"refund": IntentInfo("billing", True), "delivery": IntentInfo("parcels", False)},
        limits={**model_set().limits, "out_of_scope": 0.9},
        head_encoders={"sentiment": encoder.fingerprint},
    )


def test_messages_are_read_as_in_service_in_their_order(encoder: OnnxEncoder, models: ModelSet) -> None:
    own = {encoder.fingerprint: encoder}
    resolver = Resolver(encoder, models, KnowledgeIndex(encoder), head_encoders=own)
    together = classify(models, encoder, TEXTS, head_encoders=own)
    assert [read.intent for read in together] == [
        "refund",
        "delivery",
        together[2].intent,
        "delivery",
        "refund",
    ]
    for text, read in zip(TEXTS, together, strict=True):
        alone = resolver.read(Question(text)).understanding
        assert (read.intent, read.team, read.smalltalk, read.telling) == (
            alone.intent,
            alone.team,
            alone.smalltalk,
            alone.telling,
        )
        assert read.intent_confidence == pytest.approx(alone.intent_confidence, abs=1e-4)
        assert read.out_of_scope_score == pytest.approx(alone.out_of_scope_score, abs=1e-4)
        assert read.human_only_in_passing == pytest.approx(alone.human_only_in_passing, abs=1e-4)


def test_teams_are_those_that_the_business_has_now(encoder: OnnxEncoder, models: ModelSet) -> None:
    own = {encoder.fingerprint: encoder}
    infos = {"refund": IntentInfo("money", False)}
    (read,) = classify(models, encoder, ["I want my money back"], head_encoders=own, infos=infos)
    assert (read.team, read.human_only_probability) == ("money", 0.0)


def test_no_messages_say_nothing(encoder: OnnxEncoder, models: ModelSet) -> None:
    assert classify(models, encoder, [], head_encoders={}) == []


@pytest.mark.parametrize("own", [{}, {"intent": "its own"}])
def test_intents_alone_are_those_that_classify_reads(
    encoder: OnnxEncoder, models: ModelSet, own: dict[str, str]
) -> None:
    readers = dict.fromkeys(("its own", encoder.fingerprint), encoder)
    set_of = replace(models, head_encoders={**models.head_encoders, **own})
    texts = TEXTS[:3] + TEXTS[4:]  # without smalltalk beside the matter, which classify leaves out
    read = read_intents(set_of, encoder, texts, head_encoders=readers)
    expected = classify(set_of, encoder, texts, head_encoders=readers)
    assert read.labels == ("refund", "delivery")
    found = [dict(zip(read.labels, row, strict=True)) for row in read.probabilities]
    assert found == [pytest.approx(dict(one.intent_probabilities), abs=1e-5) for one in expected]
    assert read.out_of_scope.tolist() == [one.intent is None for one in expected]
    assert read.vectors.shape == (4, encoder.dim)


def test_a_set_without_intents_reads_none_and_finds_everything_out_of_scope(
    encoder: OnnxEncoder, models: ModelSet
) -> None:
    heads = {name: head for name, head in models.heads.items() if name != "intent"}
    read = read_intents(replace(models, heads=heads), encoder, TEXTS[:2], head_encoders={})
    assert (read.labels, read.probabilities.shape, read.out_of_scope.tolist()) == ((), (2, 0), [True, True])
    nothing = read_intents(models, encoder, [], head_encoders={})
    assert (nothing.probabilities.shape, len(nothing.vectors)) == ((0, 2), 0)
