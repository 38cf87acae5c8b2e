"""A small home with a store, the real encoder and model sets of known habits; and sets to challenge them."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from eval.promotion.speed import Timing
from knowledge.importing.source import read_source
from model.encoder.onnx_encoder import OnnxEncoder
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet
from serving.db.session import Database
from serving.settings import Settings
from serving.transfer.article_import import import_source
from tests.forests import answering, stump
from tests.mlflow_files import give_mlflow
from training.heads.model_set import TrainedSet
from training.registry.model_sets import register

ARTICLES = {
    "yellow-leaves": "# Why do leaves turn yellow?\n\nFeed the plant every two weeks.\n",
    "loud-pump": "# The pump is loud\n\nFill the tank up to the line and clean the filter.\n",
    "refund": "# How do I get a refund?\n\nWrite to us within 45 days of the purchase.\n",
}
LEARNED = {
    "question": "Can I plant chillies outdoors?",
    "answer": "Yes, after the last frost.",
    "phrasings": ["chillies in the garden, is that possible?"],
}
QUESTIONS = [
    ("my basil has yellow leaves", "yellow-leaves"),
    ("why are the leaves yellow", "yellow-leaves"),
    ("leaves turning yellow on my plant", "yellow-leaves"),
    ("the pump makes so much noise, it is loud", "loud-pump"),
    ("how do I stop a loud pump", "loud-pump"),
    ("I want a refund", "refund"),
    ("get my money back, a refund please", "refund"),
]
"""Each is nearest to its article."""

ONCE_ALIKE = Timing(clock=count().__next__, least_pairs=1, least_rounds=1)
"""Puts each question once to both sets, by a clock on which all of them take a second."""

MOODS = [
    {
        "id": f"{outcome}-{number}",
        "turns": [{"author": "customer", "text": "the pump is loud"}] * 3,
        "outcome": outcome,
        **({} if outcome == "satisfied" else {"at": 2}),
    }
    for outcome in ("satisfied", "leaves")
    for number in range(5)
]
"""Five customers end calm and five leave, in the same words."""


SENTIMENTS = [
    {"text": f"{text} {number}", "label": label}
    for text, label in (("the pump is loud", "neutral"), ("the pump is awfully loud", "negative"))
    for number in range(5)
]
"""Five messages without a feeling and five with a bad one."""


def write_questions(folder: Path, questions: list[tuple[str, str]]) -> Path:
    """A company folder with these held-out questions and their articles, `MOODS` and `SENTIMENTS`."""
    rows = [
        {"id": f"q{i}", "text": text, "kind": "answerable", "intent": None, "articles": [slug]}
        for i, (text, slug) in enumerate(questions)
    ]
    (folder / "test").mkdir(parents=True)
    for name, held_out in (("questions", rows), ("moods", MOODS), ("sentiment", SENTIMENTS)):
        (folder / "test" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held_out))
    return folder


def make_home(home: Path, encoder_folder: Path, encoder: OnnxEncoder) -> None:
    """A home with knowledge and the champion `v1`, which answers with whatever is near."""
    settings = Settings.load(home)
    settings.encoder_folder.parent.mkdir(parents=True)
    settings.encoder_folder.symlink_to(encoder_folder)
    fill_store(settings, give_mlflow(home) / "knowledge")
    register(home, good_set("v1", encoder))


def fill_store(settings: Settings, folder: Path) -> None:
    """The articles and the learned answer, imported; the import writes two regression cases."""
    (folder / "articles").mkdir(parents=True)
    for slug, text in ARTICLES.items():
        (folder / "articles" / f"{slug}.md").write_text(text)
    (folder / "learned.jsonl").write_text(json.dumps(LEARNED) + "\n")
    database = Database(settings.database_url)
    database.migrate()
    with database.session() as session:
        for name in ("articles", "learned.jsonl"):
            import_source(session, read_source(folder / name, flat_slugs=True), source=name)
    database.close()


def good_set(version: str, encoder: OnnxEncoder, *, spare_bytes: int = 0) -> TrainedSet:
    """Answers with whatever is near; `spare_bytes` make it larger and nothing else."""
    return TrainedSet(
        ModelSet(
            version=version,
            encoder_fingerprint=encoder.fingerprint,
            heads={
                "sentiment": _head(encoder, "neutral", "negative", "positive"),
                "wants_person": _head(encoder, "no", "person"),
                "smalltalk": _head(encoder, "none", "greeting", "out_of_scope"),
            },
            scope=ScopeDetector(np.empty((0, encoder.dim), np.float32)),
            intents={},
            answering=answering(stump("dense_score", limit=0.25, below=0.1, above=0.9)),
            calibration=CalibrationSample(
                np.full(200, 0.5), np.ones(200, dtype=bool), np.zeros(200, dtype=bool)
            ),
            limits={
                "wants_person": 0.5,
                "human_only": 0.5,
                "human_only_in_passing": 0.5,
                "smalltalk": 0.5,
                "out_of_scope": 1.0,
            },
            card={"spare": "x" * spare_bytes},
        ),
        metrics={"wants_person.accuracy": 0.9},
        confusion={},
        parameters={"seed": 0},
    )


def timid_set(version: str, encoder: OnnxEncoder) -> TrainedSet:
    """Sure of nothing: it answers only the very questions that a person approved."""
    good = good_set(version, encoder)
    unsure = answering(stump("dense_score", limit=0.25, below=0.1, above=0.11))
    return replace(good, models=replace(good.models, answering=unsure))


def silent_set(version: str, encoder: OnnxEncoder) -> TrainedSet:
    """Calibrated on ten questions: however sure it is, no budget lets it answer."""
    good = good_set(version, encoder)
    ten = CalibrationSample(np.full(10, 0.995), np.ones(10, dtype=bool), np.zeros(10, dtype=bool))
    return replace(good, models=replace(good.models, calibration=ten))


def handing_over_set(version: str, encoder: OnnxEncoder) -> TrainedSet:
    """Takes every message for a wish to talk to a person."""
    good = good_set(version, encoder)
    heads = {**good.models.heads, "wants_person": _head(encoder, "person", "no")}
    return replace(good, models=replace(good.models, heads=heads))


def touchy_set(version: str, encoder: OnnxEncoder) -> TrainedSet:
    """Takes every message for an angry one."""
    return feeling_set(version, encoder, "negative")


def feeling_set(version: str, encoder: OnnxEncoder, felt: str) -> TrainedSet:
    """Reads this sentiment in every message."""
    good = good_set(version, encoder)
    others = sorted({"negative", "neutral", "positive"} - {felt})
    heads = {**good.models.heads, "sentiment": _head(encoder, felt, *others)}
    return replace(good, models=replace(good.models, heads=heads))


def _head(encoder: OnnxEncoder, *labels: str) -> Head:
    """Sure of the first label whatever is said."""
    bias = np.array([10.0, *(0.0 for _ in labels[1:])], dtype=np.float32)
    return Head(labels, Linear(np.zeros((len(labels), encoder.feature_dim), np.float32), bias))
