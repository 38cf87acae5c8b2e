"""Many texts read at once: the numbers of the bot's own reading, and no more passes than are needed."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest

from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import ModelSet
from model.resolver import Resolver
from model.types import IntentInfo, Question, Reading
from tests.model.parts import head, model_set

GREETING = "Hello there, good morning to you all!"
TEXTS = (
    "where is my parcel?",
    "I was charged twice. Please give the money back. This is the worst shop ever.",
    f"{GREETING} Where is my parcel?",
    "",
    GREETING,
    "wo ist mein Paket",
)


class CountedReader:
    """The encoder under another name; remembers how many texts it was given at once."""

    def __init__(self, encoder: OnnxEncoder, fingerprint: str) -> None:
        self._encoder = encoder
        self.fingerprint = fingerprint
        self.dim, self.words = encoder.dim, encoder.words
        self.encode, self.encode_one, self.pieces = encoder.encode, encoder.encode_one, encoder.pieces
        self.passes: list[int] = []

    def read(self, texts: Sequence[str]) -> Reading:
        self.passes.append(len(texts))
        return self._encoder.read(texts)


@pytest.fixture(scope="module")
def models(encoder: OnnxEncoder) -> ModelSet:
    """Heads of any weights; that for smalltalk takes the greeting for one, and all else for none."""
    hello = encoder.read([GREETING]).features[0]
    weights = np.stack([hello, np.zeros_like(hello), np.zeros_like(hello)]) * 60 / (hello @ hello)
    sizes = {"n_inputs": encoder.feature_dim}
    return replace(
        model_set(),
        encoder_fingerprint=encoder.fingerprint,
        heads={
            "intent": head("delivery", "refund", "warranty", seed=1, **sizes),
            "team": head("billing", "deliveries", seed=2, **sizes),
            "sentiment": head("negative", "neutral", "positive", seed=3, **sizes),
            "wants_person": head("no", "person", seed=4, **sizes),
            "smalltalk": Head(
                ("greeting", "none", "out_of_scope"), Linear(weights, np.array([-45, 0, -10], np.float32))
            ),
        },
        scope=ScopeDetector(encoder.encode(["my parcel is late", "I want my money back"])),
        intents={name: IntentInfo(None, False) for name in ("delivery", "refund", "warranty")},
        limits={**model_set().limits, "out_of_scope": 0.9},
    )


def test_each_text_is_read_as_the_bot_reads_it_alone(encoder: OnnxEncoder, models: ModelSet) -> None:
    own = CountedReader(encoder, "encoder-b")
    resolver = Resolver(encoder, models, KnowledgeIndex(encoder), head_encoders={"encoder-b": own})
    got = resolver.classify(TEXTS, intents={})
    assert (got.model, got.wants_person_limit) == ("v1", 0.4)
    for text, read in zip(TEXTS, got.understandings, strict=True):
        alone = asdict(resolver.read(Question(text)).understanding)
        for name, value in asdict(read).items():
            is_number = isinstance(value, float | dict)
            assert alone[name] == (pytest.approx(value, abs=1e-4) if is_number else value), (text, name)
        assert sum(read.sentiment_probabilities.values()) == pytest.approx(1)
    assert got.understandings[2].smalltalk is None
    assert got.understandings[2].intent_probabilities == pytest.approx(
        got.understandings[0].intent_probabilities, abs=0.05
    )
    assert got.understandings[4].smalltalk == "greeting"


def test_texts_go_through_each_encoder_together(encoder: OnnxEncoder, models: ModelSet) -> None:
    shared, own = CountedReader(encoder, encoder.fingerprint), CountedReader(encoder, "encoder-b")
    resolver = Resolver(shared, models, KnowledgeIndex(encoder), head_encoders={"encoder-b": own})
    resolver.classify(["where is it?", "It is late. I am angry."], intents={})
    assert (shared.passes, own.passes) == ([4], [4])  # two texts, and two sentences of one
    shared.passes.clear()
    own.passes.clear()
    resolver.classify(["where is it?", f"{GREETING} Where is it?"], intents={})
    assert (shared.passes, own.passes) == ([4], [4])  # without its greeting the second is its last sentence
    shared.passes.clear()
    resolver.classify([f"{GREETING} I waited for a week. Where is it?"] * 3, intents={})
    assert shared.passes == [4, 1]  # the text without its greeting is new, its sentences are not
    assert resolver.classify([], intents={}).understandings == ()


def test_an_intent_belongs_to_the_team_that_the_business_gave_it_to(
    encoder: OnnxEncoder, models: ModelSet
) -> None:
    heads = {name: one for name, one in models.heads.items() if name != "team"}
    resolver = Resolver(encoder, replace(models, heads=heads, head_encoders={}), KnowledgeIndex(encoder))
    (before,) = resolver.classify(["where is my parcel?"], intents={}).understandings
    assert before.intent is not None
    assert before.team is None
    intents = {before.intent: IntentInfo("deliveries", human_only=True)}
    (after,) = resolver.classify(["where is my parcel?"], intents=intents).understandings
    assert (after.intent, after.team) == (before.intent, "deliveries")
    assert after.human_only_probability == pytest.approx(
        after.intent_probabilities[before.intent] * after.genre_probabilities["none"]
    )
