"""Reads a company folder: teams, intents and labelled messages; stores and trains nothing."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from model.artifacts import IntentInfo
from model.errors import DataError

DEMO_FOLDER = Path(__file__).parent / "demo"
"""The sample company's folder, inside the installed package."""

QuestionKind = Literal["answerable", "needs_person", "out_of_scope", "smalltalk"]
_KINDS = ("answerable", "needs_person", "out_of_scope", "smalltalk")


@dataclass(frozen=True, slots=True)
class TeamInfo:
    """A team, as the company file names it."""

    name: str
    title: str
    expected_wait_minutes: int | None


@dataclass(frozen=True, slots=True)
class CompanyIntent:
    """An intent, as the company file names it."""

    name: str
    title: str
    team: str
    human_only: bool


@dataclass(frozen=True, slots=True)
class Company:
    """Who serves which questions, and what only people handle."""

    name: str
    tagline: str
    teams: tuple[TeamInfo, ...]
    intents: tuple[CompanyIntent, ...]

    def intent_infos(self) -> dict[str, IntentInfo]:
        """Team and human-only flag by intent."""
        return {intent.name: IntentInfo(intent.team, intent.human_only) for intent in self.intents}


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its one label."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A customer's message with what should become of it."""

    id: str
    text: str
    kind: QuestionKind
    intent: str | None
    refs: frozenset[str]
    """The answers that resolve it, `article:<slug>`; empty unless `kind` is `answerable`."""


def read_company(folder: Path) -> Company:
    """The company described by `company.toml` in `folder`. Raises `DataError` saying what is wrong."""
    path = folder / "company.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        teams = tuple(
            TeamInfo(team["name"], team["title"], team.get("expected_wait_minutes"))
            for team in table.get("teams", [])
        )
        intents = tuple(
            CompanyIntent(one["name"], one["title"], one["team"], bool(one.get("human_only", False)))
            for one in table.get("intents", [])
        )
        company = Company(table["name"], table.get("tagline", ""), teams, intents)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; a company folder needs one") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    except KeyError as error:
        raise DataError(f"{path} has an entry without {error}; add it") from error
    _check_teams(company, path)
    return company


def read_labelled_texts(path: Path) -> list[LabelledText]:
    """Rows `{"text", "label"}` of a JSONL file. Raises `DataError` naming file and line."""
    return [
        LabelledText(_string(row, "text", where), _string(row, "label", where)) for where, row in _rows(path)
    ]


def read_labelled_questions(path: Path) -> list[LabelledQuestion]:
    """Rows `{"id", "text", "kind", "intent", "articles"}` of a JSONL file. Raises `DataError`."""
    return [_question(row, where) for where, row in _rows(path)]


def read_texts(path: Path) -> list[str]:
    """The `text` of each row of a JSONL file. Raises `DataError` naming file and line, or for no rows."""
    texts = [_string(row, "text", where) for where, row in _rows(path)]
    if not texts:
        raise DataError(f"{path} has no rows; give a JSONL file with a text a line")
    return texts


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:  # JSON
    """The objects of a JSONL file, each with its `file:line`. Raises `DataError` naming file and line."""
    return _rows(path)


def _question(row: dict[str, Any], where: str) -> LabelledQuestion:  # JSON
    kind = _string(row, "kind", where)
    if kind not in _KINDS:
        raise DataError(f"{where}: kind is {kind!r}, expected one of {', '.join(_KINDS)}")
    articles = row.get("articles", [])
    if not isinstance(articles, list) or (kind == "answerable") != bool(articles):
        raise DataError(
            f"{where}: articles is {articles!r}; name them for answerable questions, and only there"
        )
    return LabelledQuestion(
        id=_string(row, "id", where),
        text=_string(row, "text", where),
        kind=cast(QuestionKind, kind),
        intent=row.get("intent"),
        refs=frozenset(one if ":" in one else f"article:{one}" for one in articles),
    )


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:  # JSON
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a text may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: not JSON ({error})") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: expected an object, got {line[:60]!r}")
        yield f"{path}:{number}", row


def _string(row: dict[str, Any], key: str, where: str) -> str:  # JSON
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} is {value!r}, expected a text")
    return value


def _check_teams(company: Company, path: Path) -> None:
    known = {team.name for team in company.teams}
    for intent in company.intents:
        if intent.team not in known:
            raise DataError(f"{path}: intent {intent.name!r} names the unknown team {intent.team!r}")
