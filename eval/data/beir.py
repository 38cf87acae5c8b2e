"""Reads a retrieval test set in BEIR layout; refuses the whole set for one bad row, naming its line."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.documents import ArticleDocument
from knowledge.importing.source import read_source
from knowledge.json_lines import read_json_lines
from model.errors import DataError
from model.refs import article_ref

_FILES = ("corpus.jsonl", "queries.jsonl")


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the answers judged to fit it."""

    id: str
    text: str
    gains: Mapping[str, float]
    """Gain above 0 by ref, `article:<_id of the corpus>`."""

    @property
    def cluster(self) -> str:
        """Equal for questions with the same answers, which are rewordings of each other."""
        return "\n".join(sorted(self.gains))


@dataclass(frozen=True, slots=True)
class BeirSet:
    """Articles, and the questions asked of them."""

    articles: tuple[ArticleDocument, ...]
    queries: tuple[Query, ...]
    """Those with a fitting answer, in the order of the file."""
    queries_without_answer: int
    """Queries left out: no judgement, or none above 0."""
    unknown_answers: int
    """Judgements above 0 of documents that the corpus does not hold; they count as never found."""


def read_beir(folder: Path, *, judgements: str = "test") -> BeirSet:
    """The set in `folder`: `corpus.jsonl`, `queries.jsonl` and `qrels/<judgements>.tsv`.

    Raises `DataError` that names the file, and the line of a bad row: each file's own errors, a judgement
    of a query that is not there, a query or judgement given twice. A benchmark short of some rows would
    be another benchmark.
    """
    files = (*_FILES, f"qrels/{judgements}.tsv")
    for name in files:
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing; a BEIR folder holds {', '.join(files)}")
    articles = _articles(folder / "corpus.jsonl")
    texts = _queries(folder / "queries.jsonl")
    gains = _gains(folder / files[-1], texts)
    known = {article_ref(article.slug) for article in articles}
    queries = tuple(Query(name, text, gains[name]) for name, text in texts.items() if name in gains)
    if not queries:
        raise DataError(f"{folder / files[-1]} judges no answer of any query above 0; check it")
    return BeirSet(
        articles=articles,
        queries=queries,
        queries_without_answer=len(texts) - len(queries),
        unknown_answers=sum(ref not in known for query in queries for ref in query.gains),
    )


def chosen_for_removal(names: Iterable[str], *, share: float, rng: np.random.Generator) -> frozenset[str]:
    """A random `share` in [0, 1] of the distinct names, rounded to a whole number of them."""
    distinct = sorted(set(names))
    picked = rng.permutation(len(distinct))[: round(share * len(distinct))]
    return frozenset(distinct[i] for i in picked)


def _articles(path: Path) -> tuple[ArticleDocument, ...]:
    corpus = read_source(path)
    if corpus.refusals:
        raise DataError(f"{corpus.refusals[0].path}: {corpus.refusals[0].reason}")
    if corpus.question_answers or not corpus.articles:
        raise DataError(f"{path} must hold rows with _id, title and text, and nothing else")
    return corpus.articles


def _queries(path: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    for where, row in read_json_lines(path):
        name = _text(row, "_id", where)
        if name in texts:
            raise DataError(f"{where}: query {name!r} is given twice; remove one")
        texts[name] = _text(row, "text", where)
    return texts


def _gains(path: Path, queries: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Gains above 0 by query and ref. The first line is a header when its third cell is no number."""
    judged: set[tuple[str, str]] = set()
    gains: defaultdict[str, dict[str, float]] = defaultdict(dict)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}; save it as UTF-8") from error
    filled = [(f"{path}:{number}", line) for number, line in enumerate(lines, start=1) if line.strip()]
    for place, (where, line) in enumerate(filled):
        cells = line.split("\t")
        if len(cells) != 3:
            raise DataError(f"{where}: {len(cells)} cells, expected query, document and score between tabs")
        query, document, score = (cell.strip() for cell in cells)
        gain = _number(score)
        if gain is None:
            if place == 0:
                continue
            raise DataError(f"{where}: score is {score!r}, expected a number")
        if query not in queries:
            raise DataError(f"{where}: query {query!r} is not in queries.jsonl; add it or remove the line")
        if (query, document) in judged:
            raise DataError(f"{where}: document {document!r} is judged twice for query {query!r}; remove one")
        judged.add((query, document))
        if gain > 0:
            gains[query][article_ref(document)] = gain
    return dict(gains)


def _text(row: Mapping[str, Any], key: str, where: str) -> str:  # JSON
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise DataError(f"{where}: {key} is {value!r}, expected a text")
    return str(value).strip()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
