"""Reads a company folder: teams, intents and labelled messages; stores and trains nothing."""

import json
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from model.artifacts import IntentInfo
from model.errors import DataError
from model.types import SentimentLabel, Turn

DEMO_FOLDER = Path(__file__).parent / "demo"
"""The sample company's folder, inside the installed package."""

SENTIMENTS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")

Outcome = Literal["satisfied", "neutral", "asks_for_person", "bad_rating", "leaves"]
CALM_OUTCOMES = ("satisfied", "neutral")
UNHAPPY_OUTCOMES = ("asks_for_person", "bad_rating", "leaves")

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


@dataclass(frozen=True, slots=True)
class MoodConversation:
    """A conversation with how it ended for the customer."""

    id: str
    turns: tuple[Turn, ...]
    outcome: Outcome
    at: int | None
    """The turn in which the customer asks for a person, or after which they leave or rate badly; `None` for
    a calm conversation."""

    @property
    def is_calm(self) -> bool:
        """Whether nobody needed a warning: the customer ends satisfied, or at least not unhappy."""
        return self.at is None

    @property
    def before_event(self) -> tuple[int, ...]:
        """Places of the customer's turns before what a warning is for; all theirs in a calm conversation.

        A wish for a person is made within its turn, a bad rating or a farewell follows on its turn.
        """
        end = len(self.turns) if self.at is None else self.at + (self.outcome != "asks_for_person")
        return tuple(place for place in range(end) if self.turns[place].author == "customer")


def own_or_sample(folder: Path, name: str) -> Path:
    """The file that a company folder has by this path in it, or the sample company's where it has none."""
    own = folder / name
    return own if own.is_file() else DEMO_FOLDER / name


def read_labelled_texts(path: Path, *, labels: Collection[str] | None = None) -> list[LabelledText]:
    """Rows `{"text", "label"}` of a JSONL file.

    Raises `DataError` naming file and line, also for a label that is not among `labels`, if given.
    """
    found = []
    for where, row in _rows(path):
        label = _string(row, "label", where)
        if labels is not None and label not in labels:
            raise DataError(f"{where}: label is {label!r}, expected one of {', '.join(labels)}")
        found.append(LabelledText(_string(row, "text", where), label))
    return found


def read_mood_conversations(path: Path) -> list[MoodConversation]:
    """Rows `{"id", "turns": [{"author", "text"}], "outcome", "at"}` of a JSONL file.

    `at` is left out of calm conversations. Raises `DataError` naming file and line, or for no rows.
    """
    conversations = [_mood_conversation(row, where) for where, row in _rows(path)]
    if not conversations:
        raise DataError(f"{path} has no rows; give a JSONL file with a conversation a line")
    return conversations


def read_labelled_questions(path: Path) -> list[LabelledQuestion]:
    """Rows `{"id", "text", "kind", "intent", "articles"}` of a JSONL file. Raises `DataError`."""
    return [_question(row, where) for where, row in _rows(path)]


def read_texts(path: Path) -> list[str]:
    """The `text` of each row of a JSONL file. Raises `DataError` naming file and line, or for no rows."""
    texts = [_string(row, "text", where) for where, row in _rows(path)]
    if not texts:
        raise DataError(f"{path} has no rows; give a JSONL file with a text a line")
    return texts


def read_json_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:  # JSON
    """The objects of a JSONL file, each with its file and line. Raises `DataError` naming them."""
    return list(_rows(path))


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


def _mood_conversation(row: dict[str, Any], where: str) -> MoodConversation:  # JSON
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns:
        raise DataError(f"{where}: turns is {turns!r}, expected a list of objects with author and text")
    found = tuple(_turn(turn, f"{where}: turn {place}") for place, turn in enumerate(turns))
    outcome, at = row.get("outcome"), row.get("at")
    if outcome not in (*CALM_OUTCOMES, *UNHAPPY_OUTCOMES):
        expected = ", ".join((*CALM_OUTCOMES, *UNHAPPY_OUTCOMES))
        raise DataError(f"{where}: outcome is {outcome!r}, expected one of {expected}")
    by_customer = [place for place, turn in enumerate(found) if turn.author == "customer"]
    if outcome in CALM_OUTCOMES and (at is not None or not by_customer):
        raise DataError(f"{where}: a {outcome} conversation needs a customer's turn and no at, got {at!r}")
    if outcome in UNHAPPY_OUTCOMES and (isinstance(at, bool) or at not in by_customer):
        raise DataError(f"{where}: at is {at!r}, expected the place of a customer's turn: {by_customer}")
    return MoodConversation(_string(row, "id", where), found, cast(Outcome, outcome), at)


def _turn(turn: object, where: str) -> Turn:
    if not isinstance(turn, dict) or turn.get("author") not in ("customer", "bot", "agent"):
        raise DataError(f"{where}: expected an author (customer, bot or agent) and a text, got {turn!r}")
    return Turn(turn["author"], _string(turn, "text", where))


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
