"""Small parts that tests of training are made of: reads, a set that nothing trained, interruptions."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from eval.metrics import confusion_matrix
from eval.results import T, Track
from model.answering.confidence import QuestionSignals
from model.heads.head import Head, Linear
from model.heads.out_of_scope import ScopeDetector
from model.model_set import CalibrationSample, ModelSet
from model.resolver import Read
from model.types import Candidate, Passage, Understanding
from tests.forests import answering, stump
from training.heads.model_set import TrainedSet

ROOT = Path(__file__).parents[2]


def candidate(ref: str, dense: float, rank: int) -> Candidate:
    passage = Passage(f"{ref}#0", ref, "article", ref, (), "Words.", "words", "")
    return Candidate(
        passage=passage,
        dense_score=dense,
        second_score=dense,
        lexical_score=0.0,
        fused_score=1 / rank,
        coverage=0.0,
        dense_rank=rank,
        lexical_rank=3,
        whole_score=dense,
    )


def a_read(*candidates: Candidate, wants_person: float = 0.0) -> Read:
    """What the resolver reads of a calm question, with these candidates."""
    understanding = Understanding(
        intent=None,
        intent_confidence=0.0,
        intent_probabilities={},
        out_of_scope_score=0.2,
        human_only_probability=0.0,
        human_only_in_passing=0.0,
        team=None,
        sentiment="neutral",
        sentiment_score=0.0,
        mood=0.0,
        wants_person=wants_person,
        smalltalk=None,
        genre_probabilities={"none": 1.0, "out_of_scope": 0.0},
    )
    return Read(
        understanding, QuestionSignals(0.8, 0.0, 0.0, 0.0, 5, {}, np.ones(1, np.float32)), candidates, {}
    )


def trained_set(version: str, *, accuracy: float = 0.9) -> TrainedSet:
    """A set whose heads know nothing, with figures and a confusion matrix."""

    def head(*labels: str) -> Head:
        return Head(labels, Linear(np.zeros((len(labels), 4), np.float32), np.zeros(len(labels), np.float32)))

    models = ModelSet(
        version=version,
        encoder_fingerprint="encoder-a",
        heads={
            "sentiment": head("negative", "neutral", "positive"),
            "wants_person": head("no", "person"),
            "smalltalk": head("greeting", "none", "out_of_scope"),
        },
        scope=ScopeDetector(np.empty((0, 4), np.float32)),
        intents={},
        answering=answering(stump("dense_score", limit=0.5, below=0.1, above=0.9)),
        calibration=CalibrationSample(np.array([0.5]), np.array([True]), np.array([False])),
        limits={
            "wants_person": 0.5,
            "human_only": 0.5,
            "human_only_in_passing": 0.5,
            "smalltalk": 0.5,
            "out_of_scope": 1.0,
        },
    )
    confusion = confusion_matrix(np.array(["no", "person", "no"]), np.array(["no", "no", "no"]))
    return TrainedSet(
        models,
        {"wants_person.accuracy": accuracy},
        {"wants_person": confusion},
        {"seed": 0, "data_sha256": "ab"},
    )


def as_installed(folder: Path) -> dict[str, str]:
    """The environment of a process that finds this version installed, whatever is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = folder / f"firstlast-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: firstlast\nVersion: {project['version']}\n"
    )
    plugins = project["entry-points"]["mlflow.artifact_repository"].items()
    lines = ["[mlflow.artifact_repository]", *(f"{name} = {place}" for name, place in plugins)]
    (about / "entry_points.txt").write_text("\n".join(lines))
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def interrupted_after(steps: int, *, of: str) -> Track:
    """Somebody presses Ctrl-C after so many steps of this work; all other work is done."""

    def track(items: Sequence[T], *, doing: str) -> Iterator[T]:
        if doing != of:
            yield from items
            return
        yield from items[:steps]
        raise KeyboardInterrupt

    return track


class Counted:
    """How many steps were taken, by the work."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}

    def __call__(self, items: Sequence[T], *, doing: str) -> Iterable[T]:
        self.steps[doing] = 0
        for item in items:
            self.steps[doing] += 1
            yield item
