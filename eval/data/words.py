"""Reads questions with the words that answer them, and learned answers with rewordings and look-alikes."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from eval.data.facts import Facts, facts_of
from eval.data.labelled import article_refs_of
from knowledge.json_lines import read_json_lines, text_of
from model.errors import DataError

WordsKind = Literal["answerable", "near_miss", "two_questions", "negation", "out_of_scope"]
WORDS_KINDS: tuple[WordsKind, ...] = get_args(WordsKind)


@dataclass(frozen=True, slots=True)
class WordsQuestion:
    """A customer's message with what a text must hold to answer it."""

    id: str
    text: str
    kind: WordsKind
    refs: frozenset[str]
    """The answers that hold it; empty where nothing answers, and only asking back or a person is right."""
    facts: Facts
    """One group a half for two questions, in their order."""
    centre: str
    """The help centre it is asked of; empty in a file of one."""


@dataclass(frozen=True, slots=True)
class TaughtAnswer:
    """A learned answer, other words for its question, and questions that only look like it."""

    id: str
    question: str
    answer: str
    rewordings: tuple[str, ...]
    look_alikes: tuple[str, ...]
    company: str = ""
    """Whose answer it is; empty in a file of one company."""


def read_words_questions(path: Path) -> list[WordsQuestion]:
    """Rows `{"id", "question", "kind", "articles", "facts", "centre"}` of a JSONL file.

    `articles` are slugs or refs; `centre` may be left out. Raises `DataError` naming file and line, also for
    facts without an article or the other way round.
    """
    questions = [_words_question(row, where) for where, row in read_json_lines(path)]
    if not questions:
        raise DataError(f"{path} has no rows; give a JSONL file with one question per line")
    return questions


def questions_of_centre(
    questions: Sequence[WordsQuestion], known: Collection[str]
) -> tuple[list[WordsQuestion], int]:
    """The questions to the help centre whose answers are `known`, and how many are for another one.

    A file of several is told apart by the answers it names: the centre with the most of them known is it.
    Raises `DataError` when none is known.
    """
    known_by_centre = Counter(
        question.centre for question in questions if not question.refs.isdisjoint(known)
    )
    if not known_by_centre:
        named = sorted(frozenset[str]().union(*(question.refs for question in questions)))
        raise DataError(
            f"none of the {len(named)} answers that the questions name is in the folder"
            + (f", such as {named[0]}" if named else "")
            + "; give the folder that these questions were written for"
        )
    centre = known_by_centre.most_common(1)[0][0]
    asked = [question for question in questions if question.centre == centre]
    return asked, len(questions) - len(asked)


def read_taught_answers(path: Path) -> list[TaughtAnswer]:
    """Rows `{"id", "question", "answer", "rewordings", "lookalikes", "company"}` of a JSONL file.

    `company` may be left out. Raises `DataError` naming file and line.
    """
    answers = [
        TaughtAnswer(
            text_of(row, "id", where),
            text_of(row, "question", where),
            text_of(row, "answer", where),
            _texts(row, "rewordings", where),
            _texts(row, "lookalikes", where),
            str(row.get("company", "")),
        )
        for where, row in read_json_lines(path)
    ]
    if not answers:
        raise DataError(f"{path} has no rows; give a JSONL file with one learned answer per line")
    return answers


def _words_question(row: dict[str, Any], where: str) -> WordsQuestion:  # JSON
    kind = text_of(row, "kind", where)
    if kind not in WORDS_KINDS:
        raise DataError(f"{where}: kind is {kind!r}, expected one of {', '.join(WORDS_KINDS)}")
    articles, facts = row.get("articles", []), facts_of(row.get("facts", []), where)
    if not isinstance(articles, list) or bool(articles) != bool(facts):
        raise DataError(f"{where}: articles is {articles!r}, facts {facts!r}; give both or neither")
    return WordsQuestion(
        id=text_of(row, "id", where),
        text=text_of(row, "question" if "question" in row else "text", where),
        kind=kind,
        refs=article_refs_of(articles),
        facts=facts,
        centre=str(row.get("centre", "")),
    )


def _texts(row: dict[str, Any], key: str, where: str) -> tuple[str, ...]:  # JSON
    texts = row.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise DataError(f"{where}: {key} is {texts!r}, expected a list of texts")
    return tuple(texts)
