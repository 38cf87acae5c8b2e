"""The mood as a warning, on conversations whose moods are worked out by hand; and with the real champion."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.data.labelled import MoodConversation, Outcome
from eval.home import open_resolver
from eval.suites import mood
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet
from model.policy import PolicySettings
from model.resolver import Resolver
from model.types import Turn
from serving.settings import Settings
from tests.eval.eval_parts import WordEncoder
from tests.forests import answering, stump

ENCODER = WordEncoder(["awful", "great", "pump", "tank", "leaves", "plant", "lamp"])


def conversation(name: str, outcome: Outcome, *said: str, at: int | None = None) -> MoodConversation:
    """The bot answers each message but the last; `at` counts the customer's messages."""
    turns = [turn for text in said for turn in (Turn("customer", text), Turn("bot", "Hm."))][:-1]
    return MoodConversation(name, tuple(turns), outcome, None if at is None else 2 * at)


# "awful" is read as -1, all else as 0: moods -.4, -.64, -.784. Two messages that share one of two words have
# a cosine of .5, a repetition of .4 * 4 / 9 = .178 and, once more, of .284; a word within two one of .707,
# a repetition of .4 * .6746 = .27. "Unhappy" is 4 (awful now + awful before - 1) + 7 repetition, as log odds;
# "awful" is .707 of "awful leaves": a second such message .95, a third one .97, a first message is always 0
CALM = conversation("calm", "neutral", "pump", "tank", "leaves")
HELPED = conversation("helped", "satisfied", "awful leaves", "awful plant", "great")  # .95 at the second
ASKS = conversation("asks", "asks_for_person", "awful leaves", "awful plant", "pump", at=2)
RATES = conversation("rates", "bad_rating", "awful leaves", "awful plant", "pump", at=2)
LEAVES = conversation("leaves", "leaves", "pump", "tank", "leaves", at=2)  # never a bad word
REPEATS = conversation("repeats", "asks_for_person", "pump", "awful pump", "leaves", "plant", at=3)
ENDLESS = conversation(
    "endless", "asks_for_person", "awful leaves", "awful plant", "awful lamp", "tank", at=3
)
ALL = [CALM, HELPED, ASKS, RATES, LEAVES, REPEATS, ENDLESS]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    def sure(*labels: str) -> Head:
        bias = np.array([20.0] + [0.0] * (len(labels) - 1), np.float32)
        return Head(labels, Linear(np.zeros((len(labels), ENCODER.dim), np.float32), bias))

    by_word = np.zeros((3, ENCODER.dim), np.float32)
    by_word[1, 0], by_word[2, 1] = 60, 60
    unhappy = np.zeros((2, 2 * ENCODER.dim + 1), np.float32)
    unhappy[1, [0, ENCODER.dim]], unhappy[1, -1] = 4, 1
    models = ModelSet(
        version="words",
        encoder_fingerprint=ENCODER.fingerprint,
        heads={
            "sentiment": Head(
                ("neutral", "negative", "positive"), Linear(by_word, np.array([20, 0, 0], np.float32))
            ),
            "wants_person": sure("no", "person"),
            "smalltalk": sure("none", "greeting", "out_of_scope"),
            "unhappy": Head(("calm", "unhappy"), Linear(unhappy, np.array([0, -4], np.float32))),
        },
        scope=ScopeDetector(np.empty((0, ENCODER.dim), np.float32)),
        intents={},
        answering=answering(stump("dense_score", limit=0.25, below=0.1, above=0.9)),
        calibration=CalibrationSample.none(),
        limits={
            "wants_person": 0.5,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 1.0,
            "unhappy": 0.5,
        },
    )
    return Resolver(ENCODER, models, KnowledgeIndex(ENCODER))


def test_warnings_false_alarms_and_turns_before_by_hand(resolver: Resolver) -> None:
    figures = mood.run(ALL, resolver=resolver).figures
    assert (figures["n"], figures["n_calm"], figures["n_unhappy"]) == (7, 2, 5)
    assert figures["false_alarms"] == 1 / 2  # HELPED
    assert figures["warned"] == 4 / 5  # all but LEAVES
    assert figures["precision"] == 4 / 5
    assert figures["turns_before"] == pytest.approx((1 + 2 + 2 + 2) / 4)
    assert figures["turns_before_median"] == 2
    assert figures["reasons"] == {"unhappy": 5}
    assert figures["warned_by_outcome"]["asks_for_person"] == {"n": 3, "warned": 3}
    low, high = figures["warned_interval"]
    assert 0.3 < low < 4 / 5 < high < 1


def test_the_items_say_where_and_why(resolver: Resolver) -> None:
    result = mood.run(ALL, resolver=resolver)
    repeats = result.items[5]
    assert (repeats["warned_at"], repeats["reason"], repeats["turns_before"]) == (2, "unhappy", 2)
    assert repeats["moods"] == pytest.approx([0, -0.4, -0.24, -0.144], abs=1e-3)
    # log odds 4 * (.707 - 1) + 7 * .2698, 4 * (.354 - 1) + 7 * .1619, 4 * (.236 - 1) + 7 * .0971
    assert repeats["unhappy"] == pytest.approx([0, 0.672, 0.190, 0.085], abs=1e-3)
    assert (result.items[0]["warned_at"], result.items[1]["turns_before"]) == (None, None)


def test_a_warning_in_the_turn_of_the_event_is_too_late_only_where_a_person_is_asked_for(
    resolver: Resolver,
) -> None:
    asks = conversation("a", "asks_for_person", "awful leaves", "awful plant", at=1)
    leaves = replace(asks, outcome="leaves")
    figures = mood.run([asks, leaves], resolver=resolver).figures
    assert [one["warned_at"] for one in mood.run([asks, leaves], resolver=resolver).items] == [None, 2]
    assert (figures["warned"], figures["turns_before"]) == (1 / 2, 1)
    assert (figures["false_alarms"], figures["precision"]) == (None, 1.0)


def test_without_a_warning_there_is_nothing_to_average(resolver: Resolver) -> None:
    figures = mood.run([CALM, LEAVES], resolver=resolver).figures
    assert (figures["warned"], figures["false_alarms"]) == (0.0, 0.0)
    assert (figures["precision"], figures["turns_before"], figures["turns_before_interval"]) == (
        None,
        None,
        None,
    )


def test_the_homes_own_levels_decide(resolver: Resolver) -> None:
    settings = PolicySettings(mood_low=-0.3, mood_fall=2)
    touchy = Resolver(ENCODER, resolver.models, KnowledgeIndex(ENCODER), policy=settings)
    figures = mood.run(ALL, resolver=touchy).figures
    assert figures["reasons"] == {"mood_low": 5}
    assert (figures["warned"], figures["false_alarms"], figures["mood_low"]) == (4 / 5, 1 / 2, -0.3)


def test_the_champion_of_the_sample_company_warns_of_anger_and_leaves_calm_customers_alone(
    trained_home: Path, encoder: OnnxEncoder
) -> None:
    champion = open_resolver(
        Settings.load(trained_home), encoder, risk=0.02, retriever=KnowledgeIndex(encoder)
    )
    calm = conversation(
        "calm", "satisfied", "how do I skip a box", "and until which day", "perfect, thank you!"
    )
    angry = conversation(
        "angry",
        "asks_for_person",
        "the box is late again, I am so fed up with you",
        "you told me that yesterday, this is useless!",
        "get me a person",
        at=2,
    )
    figures = mood.run([calm, angry], resolver=champion).figures
    assert (figures["false_alarms"], figures["warned"], figures["turns_before"]) == (0.0, 1.0, 1.0)
