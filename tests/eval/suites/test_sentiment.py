"""Sentiment figures by hand, on texts whose words are their sentiment."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.suites import sentiment
from eval.suites.classifiers import HeadClassifier
from eval.suites.sentiment import read_sentiments
from model.errors import DataError
from model.heads.head import Head, Linear
from tests.eval.eval_parts import WordEncoder

ENCODER = WordEncoder(["bad", "plain", "good"])
LABELS = ("positive", "negative", "neutral")


class ByWord:
    """Takes the first word for the sentiment, with probability .8."""

    labels = LABELS
    shared = False

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        columns = {"good": 0, "bad": 1, "plain": 2}
        found = np.full((len(texts), 3), 0.1)
        for row, text in zip(found, texts, strict=True):
            row[columns[text.split()[0]]] = 0.8
        return found


@pytest.fixture
def test_file(jsonl: Callable[..., Path]) -> Path:
    """Negative: 2 of 3 told; neutral: 1 of 2; positive: 3 of 3."""
    rows = [
        ("bad a", "negative"),
        ("bad b", "negative"),
        ("plain c", "negative"),
        ("plain d", "neutral"),
        ("good e", "neutral"),
        ("good f", "positive"),
        ("good g", "positive"),
        ("good h", "positive"),
    ]
    return jsonl("test.jsonl", [{"text": text, "label": label} for text, label in rows])


def test_the_figures_by_hand(test_file: Path) -> None:
    figures = sentiment.run(read_sentiments(test_file), ByWord()).figures
    assert figures["n"] == 8
    assert figures["accuracy"] == 6 / 8
    assert figures["macro_recall"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    # F1: negative 2*2/(3+2), neutral 2*1/(2+2), positive 2*3/(3+4)
    assert figures["macro_f1"] == pytest.approx((4 / 5 + 1 / 2 + 6 / 7) / 3)
    assert figures["ece"] == pytest.approx(0.05)
    assert figures["recall"]["negative"] == pytest.approx(2 / 3)
    assert (figures["recall"]["negative_n"], figures["recall"]["neutral_n"]) == (3, 2)
    assert figures["precision"]["positive"] == pytest.approx(3 / 4)
    assert figures["confusion"]["neutral"] == {"negative": 0, "neutral": 1, "positive": 1}
    for key in ("accuracy", "macro_recall", "macro_f1", "ece"):
        low, high = figures[f"{key}_interval"]
        assert 0 <= low < high <= 1


def test_the_same_seed_gives_the_same_intervals(test_file: Path) -> None:
    one, same, other = (
        sentiment.run(read_sentiments(test_file), ByWord(), seed=seed).figures for seed in (1, 1, 2)
    )
    assert one["ece_interval"] == same["ece_interval"] != other["ece_interval"]


def test_what_became_of_each_row_is_kept(test_file: Path) -> None:
    items = sentiment.run(read_sentiments(test_file), ByWord()).items
    assert len(items) == 8
    assert (items[4]["row"], items[4]["label"], items[4]["predicted"]) == (5, "neutral", "positive")
    assert items[4]["probabilities"] == {"positive": 0.8, "negative": 0.1, "neutral": 0.1}


def test_a_label_that_no_row_has_has_no_recall(jsonl: Callable[..., Path]) -> None:
    rows = jsonl("two.jsonl", [{"text": "good a", "label": "positive"}, {"text": "bad", "label": "negative"}])
    figures = sentiment.run(read_sentiments(rows), ByWord()).figures
    assert figures["macro_recall"] == 1.0
    assert figures["recall"]["neutral"] is figures["precision"]["neutral"] is None


def test_only_a_head_beside_the_others_has_a_time_of_its_own(test_file: Path) -> None:
    other = sentiment.run(read_sentiments(test_file), ByWord()).figures
    assert (other["head_p50_ms"], other["head_p95_ms"]) == (None, None)
    head = Head(LABELS, Linear(np.eye(3, 4, dtype=np.float32), np.zeros(3, np.float32)))
    beside = sentiment.run(read_sentiments(test_file), HeadClassifier(ENCODER, head)).figures
    assert 0 < beside["head_p50_ms"] <= beside["head_p95_ms"]
    assert beside["head_p50_ms"] < beside["p50_ms"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "fine", "label": "mixed"}, "label is 'mixed', expected one of negative, neutral, positive"),
        ({"text": 7, "label": "neutral"}, "text is 7"),
        ({"label": "neutral"}, "text is None"),
        ("fine", "expected an object"),
    ],
)
def test_a_bad_row_is_named(test_file: Path, row: object, said: str) -> None:
    with test_file.open("a") as file:
        file.write(json.dumps(row) + "\n")

    with pytest.raises(DataError, match=r"test\.jsonl:9: ") as found:
        read_sentiments(test_file)
    assert said in str(found.value)


def test_a_file_without_rows_is_refused(jsonl: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="has no rows"):
        read_sentiments(jsonl("none.jsonl", []))
