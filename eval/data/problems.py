"""Reads labelled rows leniently and names what is wrong with them; texts never stand in what it names.

`read_labelled_texts` refuses a file with a bad row, as a benchmark must. Here a bad row is left out, counted
and named by its line, so that a business can train on the rest.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from eval.data.labelled import LabelledText, read_labelled_questions
from eval.data.labelled_rows import BadRow, read_labelled_rows
from model.errors import DataError

ProblemKind = Literal[
    "unreadable_encoding",
    "too_long",
    "not_json",
    "not_csv",
    "not_an_object",
    "text_not_text",
    "text_empty",
    "label_not_text",
    "label_empty",
    "duplicate",
    "contradictory",
    "labels_nearly_the_same",
    "class_with_one_row",
    "class_without_rows",
    "label_only_in_test",
]
PROBLEM_KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)
"""The first nine leave a row out; the others leave every row in; the last four are about labels.

- `not_csv`: the row's quotes do not fit, or it has more cells than there are columns.
- `duplicate`: the row's text and label stand in an earlier row too, case and spacing ignored.
- `contradictory`: the row's text has another label too in the file; every such row counts.
- `labels_nearly_the_same`: labels that differ in case, spaces, `-` and `_`, or composed characters alone.
- They, `class_with_one_row`, `class_without_rows`, `label_only_in_test`: labels rather than rows are counted.
"""
BAD_ROW_KINDS = PROBLEM_KINDS[:9]
_LABEL_KINDS = PROBLEM_KINDS[-4:]
_IN_WORDS: dict[ProblemKind, tuple[str, str]] = {
    "unreadable_encoding": ("row", "in no readable encoding, left out"),
    "too_long": ("row", "of too many characters, left out"),
    "not_json": ("line", "without valid JSON, left out"),
    "not_csv": ("row", "with quotes that do not fit or more cells than columns, left out"),
    "not_an_object": ("line", "without a JSON object, left out"),
    "text_not_text": ("row", "whose text is no string, left out"),
    "text_empty": ("row", "without a text, left out"),
    "label_not_text": ("row", "whose label is no string, left out"),
    "label_empty": ("row", "without a label, left out"),
    "duplicate": ("row", "repeated from further up"),
    "contradictory": ("row", "whose text has another label too"),
    "labels_nearly_the_same": ("label", "spelt almost like another"),
    "class_with_one_row": ("label", "with a single row, too few to hold one out"),
    "class_without_rows": ("intent", "without rows to learn from"),
    "label_only_in_test": ("intent", "of questions, without rows to learn from"),
}
_LABELLED_FILES = ("intents", "sentiment", "wants_person", "smalltalk", "out_of_scope")
_NAMED = 5
"""Lines or labels named of each problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file."""

    kind: ProblemKind
    file: str
    count: int
    """Rows, or labels for the kinds that are about labels."""
    examples: tuple[str, ...]
    """The first line numbers, or the first labels."""

    def as_json(self) -> dict[str, Any]:  # JSON
        """The problem as the commands print it."""
        return {**asdict(self), "examples": list(self.examples)}

    def __str__(self) -> str:
        noun, what = _IN_WORDS[self.kind]
        one = self.count == 1
        where = "" if self.kind in _LABEL_KINDS else "line " if one else "lines "
        named = ", ".join((*self.examples, *(["…"] if self.count > len(self.examples) else [])))
        return f"{self.file}: {self.count} {noun}{'' if one else 's'} {what} ({where}{named})"


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row with where it stands."""

    text: str
    label: str
    line: int
    fields: Mapping[str, Any]  # JSON: whatever else the row holds


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """The usable rows of a file, in its order, and what is wrong with it."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    @property
    def texts(self) -> list[LabelledText]:
        """The rows as training takes them."""
        return [LabelledText(row.text, row.label) for row in self.rows]


def read_checked(path: Path) -> CheckedFile:
    """Rows of a JSONL file, or of a CSV or TSV file with a header line (by its suffix).

    An empty file has no rows. Raises `DataError` when the file cannot be read, or when of its rows none is
    usable.
    """
    rows = read_labelled_rows(path)
    return check_rows(((line, row.fault if isinstance(row, BadRow) else row) for line, row in rows), path)


def check_rows(
    lines: Iterable[tuple[int, Mapping[str, Any] | ProblemKind]], path: Path
) -> CheckedFile:  # JSON
    """Which rows, each with its line, are usable; raises `DataError` when there are rows and none is."""
    bad: dict[ProblemKind, list[int]] = defaultdict(list)
    rows: list[Row] = []
    for line, content in lines:
        row = content if isinstance(content, str) else _usable(content, line)
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad[row].append(line)
    problems = [
        Problem(kind, path.name, len(bad[kind]), tuple(map(str, bad[kind][:_NAMED])))
        for kind in BAD_ROW_KINDS
        if kind in bad
    ]
    if problems and not rows:
        named = "; ".join(map(str, problems))
        raise DataError(
            f'{path} has no usable row: {named}. Give lines such as {{"text": "…", "label": "…"}}'
        )
    return CheckedFile(tuple(rows), (*problems, *row_problems(rows, path.name)))


def row_problems(rows: Sequence[Row], file: str) -> list[Problem]:
    """What is wrong between rows: duplicates, contradictions, classes with one row."""
    pairs = [(normalised(row.text), row.label) for row in rows]
    counts = Counter(row.label for row in rows)
    by_kind: dict[ProblemKind, list[int]] = {
        "duplicate": duplicates(pairs),
        "contradictory": contradictions(pairs),
    }
    problems = [
        Problem(kind, file, len(places), tuple(str(rows[place].line) for place in places[:_NAMED]))
        for kind, places in by_kind.items()
    ]
    problems.append(about_labels("labels_nearly_the_same", file, _near_twins(counts)))
    single = (label for label, count in counts.items() if count == 1)
    problems.append(about_labels("class_with_one_row", file, single))
    return [problem for problem in problems if problem.count]


def _near_twins(labels: Iterable[str]) -> list[str]:
    """The labels that another one is spelt almost like."""
    by_spelling: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        plain = unicodedata.normalize("NFKC", label).casefold()
        by_spelling["".join(plain.replace("-", " ").replace("_", " ").split())].append(label)
    return [label for twins in by_spelling.values() if len(twins) > 1 for label in twins]


def about_labels(kind: ProblemKind, file: str, labels: Iterable[str]) -> Problem:
    """A problem of these labels."""
    named = sorted(labels)
    return Problem(kind, file, len(named), tuple(named[:_NAMED]))


def duplicates(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """Places of the pairs of normalised text and label that stand earlier too."""
    seen: set[tuple[str, str]] = set()
    repeated = []
    for place, pair in enumerate(pairs):
        if pair in seen:
            repeated.append(place)
        seen.add(pair)
    return repeated


def contradictions(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """Places of the pairs whose text has another label in another pair."""
    labels: dict[str, set[str]] = defaultdict(set)
    for text, label in pairs:
        labels[text].add(label)
    return [place for place, (text, _) in enumerate(pairs) if len(labels[text]) > 1]


def normalised(text: str) -> str:
    """What two texts have in common that differ only in case, spacing and marks at the ends.

    A text of nothing but marks stays as it is: ":)" is not ":(".
    """
    folded = " ".join(text.casefold().split())
    return folded.strip(" .,;:!?…\"'“”‘’()") or folded


def data_problems(data: Path | None) -> list[Problem]:
    """What is wrong with a file; nothing without one."""
    return list(read_checked(data).problems) if data is not None else []


def company_problems(folder: Path, intents: Collection[str]) -> list[Problem]:
    """Problems of a company folder's labelled files, of the company's intents that have no rows, and of the
    intents that its calibration questions name against those that have rows."""
    problems: list[Problem] = []
    labels: set[str] = set()
    for path in (folder / "training" / f"{name}.jsonl" for name in _LABELLED_FILES):
        if path.is_file():
            checked = read_checked(path)
            problems += checked.problems
            if path.stem == "intents":
                labels = {row.label for row in checked.rows}
    questions = folder / "calibration" / "questions.jsonl"
    asked = read_labelled_questions(questions) if questions.is_file() else []
    named = {question.intent for question in asked if question.intent is not None}
    without_rows = [
        about_labels("class_without_rows", "company.toml", set(intents) - labels),
        about_labels("label_only_in_test", "calibration/questions.jsonl", named - labels),
    ]
    return problems + [problem for problem in without_rows if labels and problem.count]


def _usable(row: Mapping[str, Any], line: int) -> Row | ProblemKind:  # JSON
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str):
        return "text_not_text"
    if not text.strip():
        return "text_empty"
    if not isinstance(label, str):
        return "label_not_text"
    if not label.strip():
        return "label_empty"
    if not (_is_unicode(text) and _is_unicode(label)):
        return "unreadable_encoding"
    others = {key: value for key, value in row.items() if key not in ("text", "label")}
    return Row(text, label.strip(), line, others)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
