"""The suite on messages of known words: wishes, wishes in passing, negated ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eval.results import SuiteResult
from eval.suites import wants_person
from eval.suites.wants_person import Judged, Messages, read_wishes
from model.errors import DataError
from model.heads.head import Head, Linear
from tests.eval.eval_parts import WordEncoder

Write = Callable[..., Path]

ENCODER = WordEncoder(["human", "agent", "yellow", "pump"])
ROWS = [
    {"text": "human", "labels": ["handoff"], "fold": "0"},
    {"text": "pump", "labels": [], "fold": "0"},
    {"text": "yellow pump. a human", "labels": ["handoff", "pump"], "fold": "1"},
    {"text": "No, you don't transfer me to human", "labels": ["handoff", "deny"], "fold": "1"},
    {"text": "agent", "labels": ["handoff"], "fold": "1"},
    {"text": "human pump", "labels": ["pump"], "fold": "0"},
]


def word_head(**weights: float) -> Head:
    """Scores `person` by the words a message has."""
    row = np.zeros(ENCODER.dim, np.float32)
    for word, weight in weights.items():
        row += weight * ENCODER.encode_one(word)
    return Head(("no", "person"), Linear(np.stack([np.zeros_like(row), row]), np.zeros(2, np.float32)))


def run(path: Path) -> SuiteResult:
    rows = read_wishes(path)
    messages = Messages.read(rows, ENCODER)
    head = word_head(human=4.0, pump=-4.0)
    judged = Judged(messages.strongest(head), np.full(len(rows), 0.6))
    return wants_person.measure(rows, {"champion": judged})


def test_the_champion_is_judged_as_in_service(jsonl: Write) -> None:
    """The wish in passing is found in its own sentence; "agent" is unknown to it and missed."""
    figures = run(jsonl("rows.jsonl", ROWS)).figures
    assert (figures["n"], figures["wishes"], figures["negated"], figures["folds"]) == (6, 3, 1, 2)
    champion = figures["champion"]
    assert (champion["found"], champion["missed"], champion["imagined"]) == (2, 1, 1)
    assert champion["precision"] == champion["recall"] == champion["f1"] == pytest.approx(2 / 3)
    assert champion["limit"] == 0.6
    assert champion["negated_taken_for_wishes"] == 1


def test_every_share_has_its_interval_and_files_are_domains(jsonl: Write, tmp_path: Path) -> None:
    jsonl("set/bank.jsonl", ROWS[:3])
    jsonl("set/hotel.jsonl", ROWS[3:])
    figures = run(tmp_path / "set").figures
    for part in (figures["champion"], figures["champion"]["bank"], figures["champion"]["hotel"]):
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


def test_rows_of_one_fold_and_bad_rows_are_refused(jsonl: Write) -> None:
    with pytest.raises(DataError, match="3 rows of fewer than two folds"):
        read_wishes(jsonl("one.jsonl", ROWS[:2] + ROWS[5:]))
    with pytest.raises(DataError, match=r"bad.jsonl:2: expected a text, a list of labels and a fold"):
        read_wishes(jsonl("bad.jsonl", [ROWS[0], {"text": "x", "labels": "handoff", "fold": "1"}]))
