"""Rows of CSV and JSONL files to question/answer pairs and articles; refuses a row, never the rest."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from knowledge.documents import ArticleDocument, QuestionAnswer, Refusal
from knowledge.importing.files import MAX_LINE_BYTES, RefusedError, read_lines
from knowledge.importing.pages import without_site_markup

Row = tuple[str, "ArticleDocument | QuestionAnswer"]
"""Where it stands, `path:line`, and what it holds."""

_TITLE_CHARS = 80


def csv_rows(path: Path, refusals: list[Refusal]) -> Iterator[Row]:
    """Pairs of a CSV file with columns `question` and `answer`.

    Columns `id`, `phrasings`, `valid_until` and `released` (`yes` or `no`) may be there. Phrasings are
    separated by `|`. Comma, semicolon and tab are understood as separators.
    """
    # csv refuses fields over 128 kB unless told; the setting is the process's, so it is only ever raised
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    lines = read_lines(path, refusals)
    header = next((text for _, text in lines if text.strip()), "")
    columns = _columns(header)
    counted = _Counter(lines)
    reader = csv.reader(counted, delimiter=_separator(header), strict=True)
    while True:
        begin = counted.number + 1
        try:
            cells = next(reader)
            if any(cell.strip() for cell in cells):
                yield f"{path}:{counted.number}", _csv_pair(columns, cells)
        except StopIteration:
            return
        except csv.Error as error:
            refusals.append(Refusal(f"{path}:{begin}", f"no CSV row: {error}; check its quotes"))
        except RefusedError as error:
            refusals.append(Refusal(f"{path}:{counted.number}", str(error)))


def jsonl_rows(path: Path, refusals: list[Refusal]) -> Iterator[Row]:
    """Pairs with the keys of the CSV columns, and articles of a BEIR corpus (`_id`, `title`, `text`)."""
    for number, line in read_lines(path, refusals):
        if not line.strip():
            continue
        try:
            yield f"{path}:{number}", _json_row(line)
        except RefusedError as error:
            refusals.append(Refusal(f"{path}:{number}", str(error)))


class _Counter:
    """Passes lines on and remembers the number of the last one, which skipped lines shift."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            self.number = number
            yield text


def _separator(header: str) -> str:
    return max(",;\t", key=header.count)


def _columns(header: str) -> list[str]:
    columns = next(csv.reader([header], delimiter=_separator(header)), [])
    names = [column.strip().casefold() for column in columns]
    missing = [name for name in ("question", "answer") if name not in names]
    if missing:
        raise RefusedError(
            f"no column {' and no column '.join(missing)}; the first line must name question and answer, "
            f"it names: {', '.join(names) or 'nothing'}"
        )
    return names


def _csv_pair(columns: list[str], cells: list[str]) -> QuestionAnswer:
    if len(cells) > len(columns):
        raise RefusedError(
            f"{len(cells)} cells for {len(columns)} columns; put texts with separators in quotes"
        )
    row = dict(zip(columns, cells, strict=False))
    phrasings = tuple(text.strip() for text in row.get("phrasings", "").split("|"))
    return _pair(
        row.get("question", ""),
        row.get("answer", ""),
        row.get("id", ""),
        phrasings,
        valid_until=row.get("valid_until", ""),
        released=row.get("released", ""),
    )


def _json_row(line: str) -> ArticleDocument | QuestionAnswer:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise RefusedError(f"a JSON {type(row).__name__}, not an object with question and answer")
    if "_id" in row and ("text" in row or "title" in row):
        return _beir_article(_text(row, "_id"), _text(row, "title"), _text(row, "text"))
    if "question" not in row or "answer" not in row:
        keys = ", ".join(map(repr, row)) or "no keys"
        raise RefusedError(f"needs question and answer (or _id, title and text); has {keys}")
    phrasings = row.get("phrasings") or []
    if not isinstance(phrasings, list) or not all(isinstance(text, str) for text in phrasings):
        raise RefusedError("phrasings is not a list of texts")
    clean = tuple(_checked("phrasings", text) for text in phrasings)
    return _pair(
        _text(row, "question"),
        _text(row, "answer"),
        _text(row, "id"),
        clean,
        valid_until=_text(row, "valid_until"),
        released=_text(row, "released"),
    )


def _beir_article(slug: str, title: str, text: str) -> ArticleDocument:
    if not slug:
        raise RefusedError("_id is empty")
    body = without_site_markup(text).strip()
    if not title and not body:
        raise RefusedError("title and text are empty")
    return ArticleDocument(slug=slug, title=title or body[:_TITLE_CHARS].splitlines()[0].strip(), body=body)


def _pair(
    question: str, answer: str, key: str, phrasings: tuple[str, ...], *, valid_until: str, released: str
) -> QuestionAnswer:
    question, answer = _checked("question", question.strip()), _checked("answer", answer.strip())
    for name, text in (("question", question), ("answer", answer)):
        if not text:
            raise RefusedError(f"{name} is empty")
    folded = " ".join(question.casefold().split())
    return QuestionAnswer(
        key=key.strip() or hashlib.sha256(folded.encode("utf-8")).hexdigest()[:16],
        question=question,
        answer=answer,
        phrasings=tuple(text.strip() for text in phrasings if text.strip()),
        valid_until=_moment(valid_until.strip()),
        released=_yes_or_no("released", released.strip()),
    )


def _yes_or_no(name: str, text: str) -> bool:
    """Whether it says yes; nothing means no."""
    if text.casefold() not in {"yes", "no", ""}:
        raise RefusedError(f"{name} is {text[:40]!r}; write yes or no")
    return text.casefold() == "yes"


def _moment(text: str) -> datetime | None:
    """The time written as ISO 8601, UTC when no zone is given; refused when it is none."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise RefusedError(f"valid_until is {text[:40]!r}; write it as 2026-12-31T00:00:00Z") from error
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _text(row: dict[str, object], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise RefusedError(f"{name} is a JSON {type(value).__name__}, not a text")
    return _checked(name, str(value).strip())


def _checked(name: str, text: str) -> str:
    """The text; refused when no store could keep it."""
    if "\0" in text:
        raise RefusedError(f"{name} holds a zero character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RefusedError(f"{name} holds half a character (a lone surrogate) at {error.start}") from error
    return text
