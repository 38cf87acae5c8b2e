"""What the retrieval suite asks, and of which knowledge: reads files, searches nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.data.beir import Query, read_beir
from eval.data.labelled import read_labelled_questions, read_labelled_texts
from knowledge import DEMO_FOLDER
from knowledge.documents import ArticleDocument
from knowledge.importing.source import read_source
from knowledge.index.chunking import article_passages, learned_answer_passages
from model.errors import DataError
from model.refs import article_ref, learned_answer_ref
from model.types import Passage

SAMPLE_QUESTIONS = DEMO_FOLDER / "test" / "questions.jsonl"
PHRASINGS = 10


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Knowledge, and the questions asked of it."""

    passages: Mapping[str, Sequence[Passage]]
    """By ref."""
    queries: tuple[Query, ...]
    """Those with a fitting answer."""
    queries_without_answer: int = 0
    """Left out: nothing is known to answer them."""
    unknown_answers: int = 0
    """Answers that fit a query and are not there; they count as never found."""


def beir_set(folder: Path, *, answers_only: bool = False) -> RetrievalSet:
    """A BEIR folder, its corpus cut as articles are.

    With `answers_only` titles are left out, as if the question of an FAQ entry were not known. Raises
    `DataError` as `read_beir` does.
    """
    data = read_beir(folder)
    return RetrievalSet(
        article_refs(data.articles, answers_only=answers_only),
        data.queries,
        data.queries_without_answer,
        data.unknown_answers,
    )


def sample_set() -> RetrievalSet:
    """The sample company's articles and learned answers, and its test questions that they answer."""
    articles = read_source(DEMO_FOLDER / "articles", flat_slugs=True).articles
    learned = read_source(DEMO_FOLDER / "learned_answers.jsonl").question_answers
    passages: dict[str, list[Passage]] = {
        **article_refs(articles),
        **{
            learned_answer_ref(number): learned_answer_passages(
                number, one.question, one.answer, one.phrasings
            )
            for number, one in enumerate(learned, start=1)
        },
    }
    questions = read_labelled_questions(SAMPLE_QUESTIONS)
    queries = tuple(
        Query(question.id, question.text, dict.fromkeys(sorted(question.refs), 1.0))
        for question in questions
        if question.refs
    )
    unknown = sum(not passages.get(ref) for query in queries for ref in query.gains)
    return RetrievalSet(passages, queries, len(questions) - len(queries), unknown)


def phrasing_set(train: Path, test: Path, *, phrasings: int, seed: int) -> RetrievalSet:
    """Labelled texts as if each label were a learned answer, asked for in the words of `test`.

    It has `phrasings` texts of `train`, drawn with the seed, fewer where there are no more. Raises
    `DataError` for a bad row, or when no label of `test` is in `train`.
    """
    by_label: defaultdict[str, list[str]] = defaultdict(list)
    for row in read_labelled_texts(train):
        by_label[row.label].append(row.text)
    rng = np.random.default_rng(seed)
    passages: dict[str, list[Passage]] = {}
    ref_of: dict[str, str] = {}
    for number, label in enumerate(sorted(by_label), start=1):
        drawn = [by_label[label][row] for row in rng.permutation(len(by_label[label]))[:phrasings]]
        ref_of[label] = learned_answer_ref(number)
        passages[ref_of[label]] = learned_answer_passages(number, drawn[0], label, drawn[1:])
    rows = read_labelled_texts(test)
    queries = tuple(
        Query(f"row {number}", row.text, {ref_of[row.label]: 1.0})
        for number, row in enumerate(rows, 1)
        if row.label in ref_of
    )
    if not queries:
        raise DataError(f"no label of {test} is in {train}; give two files with the same labels")
    return RetrievalSet(passages, queries, len(rows) - len(queries))


def article_refs(
    articles: Sequence[ArticleDocument], *, answers_only: bool = False
) -> dict[str, list[Passage]]:
    """Passages of the articles by ref, as service would cut them; without any title for `answers_only`."""
    if not answers_only:
        return {article_ref(article.slug): article_passages(article) for article in articles}
    untitled = {article.slug: article_passages(replace(article, title="")) for article in articles}
    return {
        article_ref(slug): [passage for passage in passages if passage.search_text]
        for slug, passages in untitled.items()
    }
