"""Limits are chosen on plain questions as well as on matters for people, worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion
from model.answering.confidence import QuestionSignals
from model.resolver import Read
from model.types import IntentInfo
from tests.model.parts import model_set, understanding
from training.confidence.calibration import limits_of

MODELS = replace(
    model_set(), intents={"cancel": IntentInfo("success", True), "order": IntentInfo("success", False)}
)


def asked(
    kind: str, intent: str | None, *, human_only: float = 0.0, wants: float = 0.0
) -> tuple[LabelledQuestion, Read]:
    question = LabelledQuestion("q", "text", kind, intent, frozenset())  # type: ignore[arg-type]
    read = understanding(human_only_probability=human_only, wants_person=wants)
    signals = QuestionSignals(1.0, 0.0, 0.0, 0.0, 1, {}, np.zeros(0, np.float32))
    return question, Read(read, signals, (), {})


def limits(rows: Sequence[tuple[LabelledQuestion, Read]]) -> dict[str, float]:
    questions, reads = zip(*rows, strict=True)
    return limits_of(MODELS, questions, reads)


PLAIN = [asked("answerable", "order", human_only=place / 1000) for place in range(100)]


def test_a_matter_is_surely_for_people_where_plain_questions_hardly_ever_come() -> None:
    sensitive = [asked("needs_person", "cancel", human_only=0.05 + place / 100) for place in range(90)]
    found = limits([*PLAIN, *sensitive])
    assert found["human_only_in_passing"] < 0.1  # nearly all of the real ones
    assert found["human_only"] == pytest.approx(np.quantile(np.arange(100) / 1000, 0.99))
    louder = [asked("answerable", "order", human_only=0.4) for _ in range(50)]
    assert limits([*PLAIN, *louder, *sensitive])["human_only"] == pytest.approx(0.4)


def test_a_row_for_people_on_an_ordinary_matter_moves_no_limit() -> None:
    sensitive = [asked("needs_person", "cancel", human_only=0.9) for _ in range(50)]
    ordinary = asked("needs_person", "order", human_only=0.0005)
    assert limits([*PLAIN, *sensitive, ordinary]) == limits([*PLAIN, *sensitive])


def test_no_limit_is_above_a_half() -> None:
    loud = [asked("answerable", "order", human_only=0.95) for _ in range(50)]
    wishes = [asked("needs_person", None, wants=0.99) for _ in range(5)]
    found = limits([*loud, *wishes])
    assert (found["human_only"], found["human_only_in_passing"], found["wants_person"]) == (0.5, 0.5, 0.5)
