"""Heads taught without a fold, and the limits that they are held against."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.suites.wants_person import Messages, read_wishes
from tests.eval.eval_parts import WordEncoder
from training.commands import eval_wants_person
from training.commands.eval_wants_person import best_limit, cross_fitted_wishes

ENCODER = WordEncoder(["human", "agent", "yellow", "pump"])
ROWS = [
    *({"text": "human", "labels": ["handoff"], "fold": "0"} for _ in range(3)),
    *({"text": "pump", "labels": [], "fold": "0"} for _ in range(3)),
    *({"text": "human", "labels": ["handoff"], "fold": "1"} for _ in range(3)),
    *({"text": "pump", "labels": [], "fold": "1"} for _ in range(3)),
    {"text": "agent", "labels": ["handoff"], "fold": "1"},
]


def test_a_fold_is_asked_of_a_head_that_never_saw_it(
    jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[int] = []
    real = eval_wants_person.cross_fitted_kernel_head

    def counting(inputs: Any, labels: Any, **options: Any) -> Any:
        taught.append(len(labels))
        return real(inputs, labels, **options)

    monkeypatch.setattr(eval_wants_person, "cross_fitted_kernel_head", counting)
    rows = read_wishes(jsonl("rows.jsonl", ROWS))
    judged = cross_fitted_wishes(rows, Messages.read(rows, ENCODER), ENCODER, seed=0)
    assert taught[0] - taught[1] == 1  # without fold 0 seven of its rows are left, without fold 1 six
    assert len(set(judged.limits[:6])) == len(set(judged.limits[6:])) == 1
    assert judged.probabilities[0] > judged.probabilities[3]
    assert judged.probabilities[12] < judged.probabilities[6]  # nothing of fold 0 says "agent"


def test_the_best_limit_by_hand() -> None:
    wishes = np.array([True, False, True, False])
    # F1 of taking one, two, three, four: 2/3, 1/2, 4/5, 2/3
    assert best_limit(np.array([0.9, 0.8, 0.6, 0.2]), wishes) == pytest.approx(0.4)
    # equal ones cannot be parted: taking two 1/2, all four 2/3
    assert best_limit(np.array([0.9, 0.9, 0.4, 0.4]), wishes) == pytest.approx(0.2)
    assert best_limit(np.array([0.9, 0.8]), np.array([False, False])) == 0.5
