"""Small data sets, and an encoder that knows their words."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.eval.eval_parts import WordEncoder


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows to a JSONL file in the test's folder."""

    def write(name: str, rows: Sequence[Mapping[str, object]]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def beir(jsonl: Callable[..., Path], tmp_path: Path) -> Path:
    """Three articles; four queries, one of them without a judgement."""
    jsonl(
        "set/corpus.jsonl",
        [
            {"_id": "leaves", "title": "Yellow leaves", "text": "Feed the plant."},
            {"_id": "pump", "title": "Loud pump", "text": "Fill the tank."},
            {"_id": "refund", "title": "Refund", "text": "Write to us within 45 days."},
        ],
    )
    jsonl(
        "set/queries.jsonl",
        [
            {"_id": "q1", "text": "yellow leaves"},
            {"_id": "q2", "text": "pump loud"},
            {"_id": "q3", "text": "refund"},
            {"_id": "q4", "text": "nobody judged this"},
        ],
    )
    (tmp_path / "set" / "qrels").mkdir()
    (tmp_path / "set" / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tleaves\t1\nq2\tpump\t1\nq3\tleaves\t1\nq3\trefund\t0\n",
        encoding="utf-8",
    )
    return tmp_path / "set"


@pytest.fixture
def word_encoder() -> WordEncoder:
    """Knows the words of the small data sets here."""
    return WordEncoder(["yellow", "leaves", "loud", "pump", "refund", "money", "plant", "tank"])
