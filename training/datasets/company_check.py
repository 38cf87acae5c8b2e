"""What is wrong with a company folder, and what so many rows let one expect; it trains and stores nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal, TypeVar

from eval.data.labelled import LabelledQuestion, read_labelled_questions
from eval.data.problems import CheckedFile, Problem, company_problems, normalised, read_checked
from eval.metrics.intervals import clopper_pearson
from knowledge.documents import ImportResult
from knowledge.importing.source import read_source
from model.answering.risk import FEWEST_ANSWERS, fewest_proving
from model.errors import DataError
from model.refs import article_ref, ref_kind
from serving.company.file import COMPANY_FILE, Company, read_company
from training.datasets.training_data import (
    FEWEST_ANSWERABLE,
    FEWEST_QUESTIONS,
    answerable_texts,
    enough_to_calibrate,
)

BUDGETS = (0.01, 0.02, 0.05)
SOUND_TEXTS = 10
"""Texts of an intent from which it is told apart soundly."""
FEWEST_OUT_OF_SCOPE = 10
"""Calibration questions that are none of the business, below which it is warned."""
_OUT_OF_SCOPE_ROWS = (10, 20, 50, 100)
_UNBALANCED = 10
"""An intent with so many times the texts of the median draws messages to itself."""
_NAMED = 5
_INTENTS, _CALIBRATION, _TEST, _ARTICLES = (
    "training/intents.jsonl",
    "calibration/questions.jsonl",
    "test/questions.jsonl",
    "articles",
)

Severity = Literal["error", "warning", "note"]
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a company folder that its owner should know."""

    severity: Severity
    """`error`: it cannot be trained on so; `warning`: it can, and something will be worse; `note`: what to
    expect."""
    file: str
    words: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}: {self.words}"


@dataclass(frozen=True, slots=True)
class CompanyCheck:
    """Everything found in a company folder, the worst first."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    """Of labelled files, as training lists them; each is a warning too."""
    counts: Mapping[str, int]

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of this severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def as_json(self) -> dict[str, Any]:  # JSON
        """The check as the command prints it."""
        return {
            **{
                f"{severity}s": [f"{one.file}: {one.words}" for one in self.of(severity)]
                for severity in ("error", "warning", "note")
            },
            "counts": dict(self.counts),
            "data_problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(slots=True)
class _Folder:
    """What could be read of a folder, and what could not."""

    company: Company | None = None
    intents: CheckedFile = field(default_factory=lambda: CheckedFile((), ()))
    calibration: Sequence[LabelledQuestion] = ()
    test: Sequence[LabelledQuestion] = ()
    knowledge: ImportResult = field(default_factory=ImportResult)
    problems: Sequence[Problem] = ()
    unreadable: list[Finding] = field(default_factory=list)

    def read(self, file: str, reader: Callable[[], _Read], otherwise: _Read) -> _Read:
        """What the reader gives; what it refuses is noted as an error of the file."""
        try:
            return reader()
        except DataError as error:
            self.unreadable.append(Finding("error", file, str(error)))
            return otherwise


def check_company(folder: Path) -> CompanyCheck:
    """Names what is missing, wrong, unbalanced or contradictory, and what to expect of so many rows.

    Raises `DataError` when there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; make one: firstlast company new {folder}")
    read = _read_folder(folder)
    found = [
        *read.unreadable,
        *_about_intents(read),
        *_about_questions(_CALIBRATION, read.calibration, read),
        *_about_questions(_TEST, read.test, read),
        *_about_overlaps(read),
        *_about_articles(read),
        *_expectations(read),
    ]
    order: tuple[Severity, ...] = ("error", "warning", "note")
    counts = {
        "intents": len(read.company.intents) if read.company else 0,
        "texts": len(read.intents.rows),
        "articles": len(read.knowledge.articles),
        "calibration_questions": len(read.calibration),
        "calibration_answerable": len(answerable_texts(read.calibration)),
        "test_questions": len(read.test),
        "test_answerable": len(answerable_texts(read.test)),
    }
    ordered = sorted(found, key=lambda finding: order.index(finding.severity))
    return CompanyCheck(tuple(ordered), tuple(read.problems), counts)


def _read_folder(folder: Path) -> _Folder:
    read = _Folder()
    read.company = read.read(COMPANY_FILE, lambda: read_company(folder), None)
    intents = folder / _INTENTS
    if not intents.is_file():
        words = "it does not exist; give rows with text and label, two for each intent at least"
        read.unreadable.append(Finding("error", _INTENTS, words))
    else:
        read.intents = read.read(_INTENTS, lambda: read_checked(intents), read.intents)
    read.calibration = _questions(read, folder, _CALIBRATION)
    read.test = _questions(read, folder, _TEST)
    if (folder / _ARTICLES).is_dir():
        read.knowledge = read.read(
            _ARTICLES, lambda: read_source(folder / _ARTICLES, flat_slugs=True), read.knowledge
        )
    if not read.unreadable:
        names = [intent.name for intent in read.company.intents] if read.company else []
        read.problems = read.read("training", lambda: company_problems(folder, names), ())
    return read


def _questions(read: _Folder, folder: Path, file: str) -> list[LabelledQuestion]:
    """The questions of a file; none where there is none."""
    path = folder / file
    return read.read(file, lambda: read_labelled_questions(path), []) if path.is_file() else []


def _about_intents(read: _Folder) -> Iterator[Finding]:
    yield from (Finding("warning", problem.file, _words(problem)) for problem in read.problems)
    counts = Counter(row.label for row in read.intents.rows)
    if not counts:
        return
    known = {intent.name for intent in read.company.intents} if read.company else set(counts)
    if unknown := sorted(set(counts) - known):
        yield Finding("error", _INTENTS, f"labels that {COMPANY_FILE} does not name: {_some(unknown)}")
    if len(counts) == 1:
        yield Finding("error", _INTENTS, "all rows have one label; there is nothing to tell it from")
    few = sorted(label for label, count in counts.items() if count < SOUND_TEXTS)
    if few:
        words = f"{len(few)} intents have fewer than {SOUND_TEXTS} texts: "
        yield Finding("warning", _INTENTS, words + _some([f"{name} ({counts[name]})" for name in few]))
    usual = median(counts.values())
    if many := [f"{name} ({count})" for name, count in counts.items() if count > _UNBALANCED * usual]:
        words = f"more than {_UNBALANCED} times the median of {usual:g} texts, which draws messages to it: "
        yield Finding("warning", _INTENTS, words + _some(many))
    if read.company and not any(intent.team for intent in read.company.intents):
        yield Finding("warning", COMPANY_FILE, "no intent has a team, so that nobody is told who serves it")


def _about_questions(file: str, questions: Sequence[LabelledQuestion], read: _Folder) -> Iterator[Finding]:
    known = {intent.name: intent for intent in read.company.intents} if read.company else None
    named = {question.intent for question in questions if question.intent is not None}
    if known is not None and (unknown := sorted(named - set(known))):
        yield Finding("warning", file, f"intents that {COMPANY_FILE} does not name: {_some(unknown)}")
    articles = {article_ref(article.slug) for article in read.knowledge.articles}
    refs = {ref for question in questions for ref in question.refs if ref_kind(ref) == "article"}
    if missing := sorted(refs - articles):
        words = f"articles that {_ARTICLES}/ does not have: {_some(missing)}"
        yield Finding("error", file, f"{words}; an article is named by its file without folder and ending")
    if doubles := [name for name, count in Counter(one.id for one in questions).items() if count > 1]:
        yield Finding("warning", file, f"ids that stand there twice: {_some(doubles)}")
    for one in questions:
        intent = known.get(one.intent or "") if known else None
        if intent is not None and intent.human_only and one.kind == "answerable":
            words = f"{one.id} is answerable, but {COMPANY_FILE} says human_only of {intent.name}: the bot "
            yield Finding("warning", file, f"{words}never answers it by an article")


def _about_overlaps(read: _Folder) -> Iterator[Finding]:
    """Texts that stand where they must not, or under two intents."""
    labels = {normalised(row.text): row.label for row in read.intents.rows}
    for file, questions in ((_CALIBRATION, read.calibration), (_TEST, read.test)):
        labelled = ((one, labels.get(normalised(one.text))) for one in questions if one.intent)
        other = [one.id for one, label in labelled if label not in (None, one.intent)]
        if other:
            yield Finding("warning", file, f"texts with another intent than in {_INTENTS}: {_some(other)}")
    trained = {*labels, *(normalised(one.text) for one in read.calibration)}
    if seen := [one.id for one in read.test if normalised(one.text) in trained]:
        words = f"texts that are trained or calibrated on, so that they test nothing: {_some(seen)}"
        yield Finding("warning", _TEST, words)


def _about_articles(read: _Folder) -> Iterator[Finding]:
    yield from (
        Finding("warning", f"{_ARTICLES}/{refusal.path}", refusal.reason)
        for refusal in read.knowledge.refusals
    )
    asked = {ref for one in (*read.calibration, *read.test) for ref in one.refs}
    published = [one.slug for one in read.knowledge.articles if not one.superseded_by]
    silent = [slug for slug in published if article_ref(slug) not in asked]
    if read.calibration and silent:
        words = f"{len(silent)} of {len(published)} are the answer to no question: "
        yield Finding("note", _ARTICLES, words + _some(sorted(silent)))


def _expectations(read: _Folder) -> Iterator[Finding]:
    counts = Counter(row.label for row in read.intents.rows)
    if counts:
        words = f"{len(read.intents.rows)} texts, {min(counts.values())} to {max(counts.values())} an intent"
        yield Finding("note", _INTENTS, f"{words}; {SOUND_TEXTS} tell most apart, 25 do well")
    yield from _about_calibration(read.calibration)
    answerable = len(answerable_texts(read.test))
    if not answerable:
        words = "no held-out question with an answer: models compare and promote judge no answers"
        yield Finding("warning", _TEST, words)
        return
    high = clopper_pearson(0, answerable).high
    words = (
        f"{len(read.test)} questions, {answerable} with an answer: were all of these answered right, up to "
    )
    yield Finding("note", _TEST, f"{words}{high:.1%} may still be wrong (exact 95 % interval)")


def _about_calibration(questions: Sequence[LabelledQuestion]) -> Iterator[Finding]:
    n, answerable = len(questions), len(answerable_texts(questions))
    if not enough_to_calibrate(questions):
        words = (
            f"{n} questions, {answerable} different ones with an answer: below {FEWEST_QUESTIONS} and "
            f"{FEWEST_ANSWERABLE} how sure to be is learned from general questions instead"
        )
        yield Finding("warning" if n else "note", _CALIBRATION, words)
        return
    strange = sum(question.kind == "out_of_scope" for question in questions)
    if strange < FEWEST_OUT_OF_SCOPE:
        left = ", ".join(f"{clopper_pearson(0, rows).high:.0%} with {rows}" for rows in _OUT_OF_SCOPE_ROWS)
        words = (
            f"{strange or 'no'} questions of the kind out_of_scope: how sure to be is learned from questions "
            "that are yours alone, and others may be answered or asked back as if they were. Add what people "
            "ask and neither an article nor an intent is about; of such questions, were none of the rows "
            f"answered, up to so many may be (exact 95 % interval): {left}"
        )
        yield Finding("warning", _CALIBRATION, words)
    if answerable < FEWEST_ANSWERS:
        words = f"{answerable} questions with an answer: any risk budget takes {FEWEST_ANSWERS} that are sure"
        yield Finding("warning", _CALIBRATION, f"{words} and right")
    proofs = ", ".join(f"{fewest_proving(budget)} at {budget:g}" for budget in BUDGETS)
    words = (
        f"{answerable} questions with an answer. To answer within a risk budget it takes {FEWEST_ANSWERS} "
        f"answers that are sure and right for an estimate; for a proof, with at most one wrong: {proofs}"
    )
    yield Finding("note", _CALIBRATION, words)


def _words(problem: Problem) -> str:
    return str(problem).removeprefix(f"{problem.file}: ")


def _some(names: Collection[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(list(names)[:_NAMED]) + more
