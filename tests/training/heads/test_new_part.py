"""One part in place of the champion's: a set of its own whose card tells where it comes from."""

from dataclasses import replace

import numpy as np

from eval.metrics import confusion_matrix
from model.heads.head import Head, Linear
from tests.training.training_parts import trained_set
from training.heads.model_set import TrainedSet, with_new_part


def test_the_new_set_keeps_everything_but_the_part_and_its_figures() -> None:
    champion = replace(
        trained_set("v1").models,
        card={
            "metrics": {"sentiment.accuracy": 0.7, "wants_person.accuracy": 0.9},
            "parameters": {"seed": 3, "sentiment.texts": 10},
            "note": "kept",
            "reference": {"sentiment": {"neutral": 60}, "out_of_scope": {"no": 60}},
        },
    )
    labels = ("negative", "neutral", "positive")
    head = Head(labels, Linear(np.ones((3, 4), np.float32), np.zeros(3, np.float32)))
    confusion = {"sentiment": confusion_matrix(["neutral"], ["neutral"])}
    part = TrainedSet(
        replace(champion, heads={**champion.heads, "sentiment": head}),
        metrics={"sentiment.accuracy": 0.8},
        parameters={"sentiment.texts": 20},
        confusion=confusion,
    )
    got = with_new_part(champion, "sentiment", part)
    assert got.models.version != "v1"
    assert got.models.heads["sentiment"] is head
    assert got.models.heads["smalltalk"] is champion.heads["smalltalk"]
    assert got.metrics == {"sentiment.accuracy": 0.8, "wants_person.accuracy": 0.9}
    assert got.parameters == {
        "seed": 3,
        "sentiment.texts": 20,
        "replaced_in": "v1",
        "replaced_part": "sentiment",
    }
    assert got.models.card == {
        "metrics": got.metrics,
        "parameters": got.parameters,
        "note": "kept",
        "reference": {"out_of_scope": {"no": 60}},  # how often the old part read what is no reference now
    }
    assert got.confusion is confusion
    assert champion.card["metrics"]["sentiment.accuracy"] == 0.7
