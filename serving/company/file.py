"""The company file: who serves which questions, read from and written as TOML; it stores nothing.

Also writes the folder that a company begins with."""

import json
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from knowledge import SKELETON_FOLDER
from model.errors import ConflictError, DataError
from model.types import IntentInfo
from model.understanding.danger import DangerWords, checked_phrase
from serving.company.entries import Entry, Minutes, Name, Title
from serving.db.tables import Assignment
from serving.details.fields import DetailField, Details
from serving.hours.written import DAYS, CompanyCalendar
from serving.text import SafeText

COMPANY_FILE = "company.toml"


class CompanyTeam(Entry):
    """A team, with how long its customers usually wait; without a figure they are told none."""

    name: Name
    title: Title
    expected_wait_minutes: Minutes | None = None
    calendar: Name | None = None
    """When its people are there; `None` for the company's calendar."""
    assignment: Assignment = "manual"
    """`balanced` gives each conversation to who of the team is online and has least."""
    capacity: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """How many conversations an agent is given at a time; `None` for any number."""
    details: Details = ()
    """What customers are asked before a person of the team answers."""


class CompanyIntent(Entry):
    """What customers may want, the team that serves it, and whether only people may handle it."""

    name: Name
    title: Title
    team: Name | None = None
    human_only: bool = False
    details: Details = ()
    """What customers who want this are asked beforehand, in place of what the team asks."""


_Phrase = Annotated[SafeText, Field(max_length=100), AfterValidator(checked_phrase)]
_Phrases = Annotated[tuple[_Phrase, ...], Field(max_length=500)]


class CompanyDanger(Entry):
    """What customers say when something is dangerous; without any phrases nothing is."""

    phrases: _Phrases
    harmless: _Phrases = ()

    @classmethod
    def of(cls, words: DangerWords) -> Self:
        """The entry that has these words."""
        return cls(phrases=words.phrases, harmless=words.harmless)


class Company(Entry):
    """Who serves which questions, what only people handle, and which words tell of danger."""

    name: Title
    tagline: Annotated[SafeText, Field(max_length=500)] = ""
    danger: CompanyDanger | None = None
    """`None` says nothing about it: the general phrases, or those that the store has already."""
    calendar: Name | None = None
    """The calendar of teams without one; `None` says nothing about it."""
    fallback_team: Name | None = None
    """Where conversations go that wait for a team nobody is in; `None` says nothing about it."""
    calendars: tuple[CompanyCalendar, ...] = ()
    teams: tuple[CompanyTeam, ...] = ()
    intents: tuple[CompanyIntent, ...] = ()

    def intent_infos(self) -> dict[str, IntentInfo]:
        """Team and human-only flag by intent."""
        return {intent.name: IntentInfo(intent.team, intent.human_only) for intent in self.intents}

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        teams = {team.name for team in self.teams}
        _refuse_doubles("team", (team.name for team in self.teams))
        _refuse_doubles("intent", (intent.name for intent in self.intents))
        _refuse_doubles("calendar", (calendar.name for calendar in self.calendars))
        calendars = {calendar.name for calendar in self.calendars}
        for owner, name in [
            ("the company", self.calendar),
            *((f"team {t.name!r}", t.calendar) for t in self.teams),
        ]:
            if name is not None and name not in calendars:
                raise ValueError(f"{owner} names the unknown calendar {name!r}; add [[calendars]] for it")
        if self.fallback_team is not None and self.fallback_team not in teams:
            raise ValueError(
                f"fallback_team names the unknown team {self.fallback_team!r}; add [[teams]] for it"
            )
        for intent in self.intents:
            if intent.team is not None and intent.team not in teams:
                raise ValueError(f"intent {intent.name!r} names the unknown team {intent.team!r}")
        return self


def read_company(path: Path) -> Company:
    """The company of a file, or of `company.toml` in a folder. Raises `DataError` saying what is wrong."""
    file = path / COMPANY_FILE if path.is_dir() else path
    try:
        return Company.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist; a company folder needs one") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        raise DataError(f"{file}: {_first_problem(error)}") from error


def write_skeleton(folder: Path) -> list[str]:
    """Write a company folder to begin with; its files, by path.

    Raises `ConflictError` when something is there already.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ConflictError(f"{folder} exists and is not empty; name a new folder, nothing is overwritten")
    shutil.copytree(SKELETON_FOLDER, folder, dirs_exist_ok=True)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def as_toml(company: Company) -> str:
    """The company as a file that `read_company` reads back to the same."""
    lines = [f"name = {_quoted(company.name)}", f"tagline = {_quoted(company.tagline)}"]
    if company.calendar is not None:
        lines.append(f"calendar = {_quoted(company.calendar)}")
    if company.fallback_team is not None:
        lines.append(f"fallback_team = {_quoted(company.fallback_team)}")
    for calendar in company.calendars:
        lines += _calendar_lines(calendar)
    for team in company.teams:
        lines += ["", "[[teams]]", f"name = {_quoted(team.name)}", f"title = {_quoted(team.title)}"]
        if team.expected_wait_minutes is not None:
            lines.append(f"expected_wait_minutes = {team.expected_wait_minutes}")
        if team.calendar is not None:
            lines.append(f"calendar = {_quoted(team.calendar)}")
        if team.assignment != "manual":
            lines.append(f"assignment = {_quoted(team.assignment)}")
        if team.capacity is not None:
            lines.append(f"capacity = {team.capacity}")
        lines += _detail_lines("teams", team.details)
    for intent in company.intents:
        lines += ["", "[[intents]]", f"name = {_quoted(intent.name)}", f"title = {_quoted(intent.title)}"]
        if intent.team is not None:
            lines.append(f"team = {_quoted(intent.team)}")
        if intent.human_only:
            lines.append("human_only = true")
        lines += _detail_lines("intents", intent.details)
    if company.danger is not None:
        lines += ["", "[danger]"]
        lines += _phrase_lines("phrases", company.danger.phrases)
        lines += _phrase_lines("harmless", company.danger.harmless)
    return "\n".join(lines) + "\n"


def _calendar_lines(calendar: CompanyCalendar) -> list[str]:
    lines = ["", "[[calendars]]", f"name = {_quoted(calendar.name)}"]
    lines.append(f"time_zone = {_quoted(calendar.time_zone)}")
    for key, texts in (("holidays", calendar.holidays), ("closures", calendar.closures)):
        if texts:
            lines += _phrase_lines(key, texts)
    lines.append("[calendars.hours]")
    for day in DAYS:
        if day in calendar.hours:
            lines.append(f"{day} = [{', '.join(map(_quoted, calendar.hours[day]))}]")
    return lines


def _detail_lines(owners: str, details: Iterable[DetailField]) -> list[str]:
    lines: list[str] = []
    for detail in details:
        lines += ["", f"[[{owners}.details]]", f"name = {_quoted(detail.name)}"]
        lines += [f"label = {_quoted(detail.label)}", f"kind = {_quoted(detail.kind)}"]
        if detail.required:
            lines.append("required = true")
        if detail.choices:
            lines += _phrase_lines("choices", detail.choices)
        if detail.pattern is not None:
            lines.append(f"pattern = {_quoted(detail.pattern)}")
    return lines


def _phrase_lines(key: str, phrases: Iterable[str]) -> list[str]:
    return [f"{key} = [", *(f"    {_quoted(phrase)}," for phrase in phrases), "]"]


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's too, which wants one more character escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refuse_doubles(kind: str, names: Iterable[str]) -> None:
    doubles = [name for name, count in Counter(names).items() if count > 1]
    if doubles:
        raise ValueError(f"{kind} {doubles[0]!r} stands there twice; leave one of them out")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
