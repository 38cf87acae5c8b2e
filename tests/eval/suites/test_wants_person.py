"""The suite on messages of known words: wishes, negated ones, folds never taught and asked at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.data.labelled import LabelledText
from eval.results import SuiteResult
from eval.suites import wants_person
from eval.suites.wants_person import TaughtHead, best_limit, read_wishes
from model.errors import DataError
from model.heads.head import LinearHead
from tests.eval.eval_parts import WordEncoder
from tests.model.model_parts import model_set

Write = Callable[..., Path]

ENCODER = WordEncoder(["human", "agent", "yellow", "pump"])
OWN = [LabelledText("human", "person"), LabelledText("yellow", "no")]
ROWS = [
    {"text": "human", "labels": ["handoff"], "fold": "0"},
    {"text": "pump", "labels": [], "fold": "0"},
    {"text": "yellow pump. a human", "labels": ["handoff", "pump"], "fold": "1"},
    {"text": "No, you don't transfer me to human", "labels": ["handoff", "deny"], "fold": "1"},
    {"text": "agent", "labels": ["handoff"], "fold": "1"},
    {"text": "human pump", "labels": ["pump"], "fold": "0"},
]


def word_head(**weights: float) -> LinearHead:
    """Scores `person` by the words a message has."""
    row = np.zeros(ENCODER.dim, np.float32)
    for word, weight in weights.items():
        row += weight * ENCODER.encode_one(word)
    return LinearHead(("no", "person"), np.stack([np.zeros_like(row), row]), np.zeros(2, np.float32))


def fit(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> TaughtHead:
    """Ten times the direction from the other texts to the wishes."""
    wish = np.asarray(labels) == "person"
    row = 10 * (inputs[wish].mean(axis=0) - inputs[~wish].mean(axis=0))
    head = LinearHead(("no", "person"), np.stack([np.zeros_like(row), row]), np.zeros(2, np.float32))
    return TaughtHead(head, head.probabilities(inputs)[:, 1])


def run(path: Path, **options: object) -> SuiteResult:
    models = model_set()
    models = replace(
        models,
        heads=dict(models.heads) | {"wants_person": word_head(human=4.0, pump=-4.0)},
        limits=dict(models.limits) | {"wants_person": 0.6},
    )
    given = {"encoder": ENCODER, "models": models, "fit": fit, "own": OWN}
    return wants_person.run(path, **(given | options))  # type: ignore[arg-type]


def test_the_champion_is_judged_as_in_service(jsonl: Write) -> None:
    """The wish in passing is found in its own sentence; "agent" is unknown to it and missed."""
    figures = run(jsonl("rows.jsonl", ROWS)).figures
    assert (figures["n"], figures["wishes"], figures["negated"], figures["folds"]) == (6, 3, 1, 2)
    champion = figures["champion"]
    assert (champion["found"], champion["missed"], champion["imagined"]) == (2, 1, 1)
    assert champion["precision"] == champion["recall"] == champion["f1"] == pytest.approx(2 / 3)
    assert champion["limit"] == 0.6
    assert champion["negated_taken_for_wishes"] == 1


def test_a_fold_is_asked_of_a_head_that_never_saw_it(jsonl: Write) -> None:
    taught: list[int] = []

    def counting(inputs: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> TaughtHead:
        taught.append(len(inputs))
        return fit(inputs, labels, seed=seed)

    result = run(jsonl("rows.jsonl", ROWS), fit=counting)
    assert taught == [5, 5]  # the bot's two texts, and the three of the other fold
    # without fold 1 nothing says that "agent" is a wish, without fold 0 nothing that "pump" is none
    item = result.items[4]
    assert item["text"] == "agent"
    assert item["taught_wrong"] is True


def test_every_share_has_its_interval_and_files_are_domains(jsonl: Write, tmp_path: Path) -> None:
    jsonl("set/bank.jsonl", ROWS[:3])
    jsonl("set/hotel.jsonl", ROWS[3:])
    figures = run(tmp_path / "set").figures
    for part in (figures["champion"], figures["champion"]["bank"], figures["taught"]["hotel"]):
        for key in ("precision", "recall", "f1"):
            assert part[key] is None or part[f"{key}_interval"][0] <= part[key] <= part[f"{key}_interval"][1]
    assert (figures["champion"]["bank"]["n"], figures["champion"]["hotel"]["negated"]) == (3, 1)


@pytest.mark.parametrize(
    ("text", "labels", "wish", "negated"),
    [
        ("No, you don't need to transfer me to a person", ["handoff", "deny"], False, True),
        ("no, do not connect me", ["handoff", "deny"], False, True),
        ("No, I don't want to make a transfer, let me talk to someone", ["handoff", "deny"], True, False),
        ("you don't transfer me", ["handoff"], True, False),  # nothing is denied
        ("you don't transfer me", ["deny"], False, False),
    ],
)
def test_a_negated_wish_is_denied_right_before_its_verb(
    jsonl: Write, text: str, labels: list[str], wish: bool, negated: bool
) -> None:
    rows = [{"text": text, "labels": labels, "fold": "a"}, {"text": "x", "labels": [], "fold": "b"}]
    found = read_wishes(jsonl("rows.jsonl", rows))[0]
    assert (found.wish, found.negated) == (wish, negated)


def test_the_best_limit_by_hand() -> None:
    wishes = np.array([True, False, True, False])
    # F1 of taking one, two, three, four: 2/3, 1/2, 4/5, 2/3
    assert best_limit(np.array([0.9, 0.8, 0.6, 0.2]), wishes) == pytest.approx(0.4)
    # equal ones cannot be parted: taking two 1/2, all four 2/3
    assert best_limit(np.array([0.9, 0.9, 0.4, 0.4]), wishes) == pytest.approx(0.2)
    assert best_limit(np.array([0.9, 0.8]), np.array([False, False])) == 0.5


def test_rows_of_one_fold_and_bad_rows_are_refused(jsonl: Write) -> None:
    with pytest.raises(DataError, match="3 rows of fewer than two folds"):
        read_wishes(jsonl("one.jsonl", ROWS[:2] + ROWS[5:]))
    with pytest.raises(DataError, match=r"bad.jsonl:2: expected a text, a list of labels and a fold"):
        read_wishes(jsonl("bad.jsonl", [ROWS[0], {"text": "x", "labels": "handoff", "fold": "1"}]))
