"""Reads a company folder's `company.toml`: teams and intents; stores and trains nothing."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from model.errors import DataError
from model.model_set import IntentInfo

DEMO_FOLDER = Path(__file__).parent / "demo"
"""The sample company's folder, inside the installed package."""


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


def _check_teams(company: Company, path: Path) -> None:
    known = {team.name for team in company.teams}
    for intent in company.intents:
        if intent.team not in known:
            raise DataError(f"{path}: intent {intent.name!r} names the unknown team {intent.team!r}")
