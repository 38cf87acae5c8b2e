"""A month of service through the loop: what people make known makes the bot better, shuffled it does not.

The longer version, with all general texts, is `python scripts/simulate_month.py`.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion
from model.encoder.onnx_encoder import OnnxEncoder
from training.confidence.fitting import fit_confidence
from training.datasets.service_rows import ServedQuestion, ServiceRow, ServiceRows

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import simulate_month  # noqa: E402
from service_month import Habits, beginning  # noqa: E402


@pytest.fixture(scope="module")
def _fewer_trees() -> Iterator[None]:
    """What people teach shows in a forest of 30 trees as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fit_confidence.__kwdefaults__, "trees", 30)
        yield


@pytest.fixture(scope="module")
def loop(
    _fewer_trees: None, encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory
) -> simulate_month.Loop:
    """360 conversations with a company that began with four texts an intent and 40 calibration questions."""
    start = beginning(
        texts_an_intent=4, calibration=40, conversations=360, general_share=0.1, rng=np.random.default_rng(0)
    )
    folder = tmp_path_factory.mktemp("month")
    return simulate_month.run(start, encoder, folder, habits=Habits(), seed=0)


def test_intents_teams_and_answers_at_the_budget_rise_with_what_service_taught(
    loop: simulate_month.Loop,
) -> None:
    gain = loop.after.gain(loop.before, seed=0)
    assert {name: gain[name]["low"] > 0 for name in ("intent", "team", "answered_right")} == {
        "intent": True,
        "team": True,
        "answered_right": True,
    }, gain


def test_the_budget_is_kept(loop: simulate_month.Loop) -> None:
    wrong, right = loop.after.answered_wrong.sum(), loop.after.answered_right.sum()
    assert right >= 20
    assert wrong / (wrong + right) <= simulate_month.RISK


def test_nothing_rises_with_shuffled_labels(loop: simulate_month.Loop) -> None:
    gain = loop.shuffled.gain(loop.before, seed=0)
    assert {name: gain[name]["mean"] <= 0 for name in ("intent", "team", "answered_right")} == {
        "intent": True,
        "team": True,
        "answered_right": True,
    }, gain


def test_every_source_but_what_nobody_did_gave_rows(loop: simulate_month.Loop) -> None:
    taken = {(one["teaches"], one["source"]) for one in loop.from_service["taken"]}
    assert taken == {
        ("intents", "agent"),
        ("out_of_scope", "agent"),
        ("teams", "answering_team"),
        ("wants_person", "confirmed"),
        ("wants_person", "pressed"),
        ("sentiment", "rating"),
        ("moods", "rating"),
        ("confidence", "approved_phrasing"),
        ("confidence", "confirmed"),
        ("confidence", "picked"),
        ("confidence", "unresolved"),
    }


def test_a_shuffle_keeps_rows_and_labels_and_parts_them() -> None:
    texts = tuple(ServiceRow("intents", "agent", f"text {n}", f"label {n}") for n in range(20))
    questions = tuple(
        ServedQuestion(
            "picked", LabelledQuestion(str(n), f"text {n}", "answerable", None, frozenset({f"article:{n}"}))
        )
        for n in range(20)
    )
    mixed = simulate_month.shuffled(ServiceRows(texts, questions=questions), np.random.default_rng(0))
    assert [row.text for row in mixed.texts] == [row.text for row in texts]
    assert sorted(row.label for row in mixed.texts) == sorted(row.label for row in texts)
    assert sum(row == before for row, before in zip(mixed.texts, texts, strict=True)) < 5
    assert [replace(one.question, refs=frozenset()) for one in mixed.questions] == [
        replace(one.question, refs=frozenset()) for one in questions
    ]
    assert {one.question.refs for one in mixed.questions} == {one.question.refs for one in questions}
