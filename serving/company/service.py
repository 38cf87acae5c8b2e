"""Name, teams and intents, one by one or by a whole company file, each change with its history; no commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from model.types import IntentInfo
from serving.company import repository
from serving.company.file import Company, CompanyIntent, CompanyTeam
from serving.db.tables import CompanyChange, CompanyProfile, Intent, Team
from serving.settings import Settings

COMMAND_LINE = "command line"
"""The author of what a command changes."""


@dataclass(slots=True)
class ApplyReport:
    """What a company file changed; each list names `company`, `team NAME` and `intent NAME`."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    not_in_file: list[str] = field(default_factory=list)
    """What the store has beside the file, and keeps."""
    in_use: list[str] = field(default_factory=list)
    """Of these the teams that could not be removed, since something belongs to them."""


def company_name(session: Session, settings: Settings) -> str:
    """What customers are shown: the store's name, or the setting's as long as the store has none."""
    return repository.read_profile(session).name or settings.company_name


def read_stored_company(session: Session, settings: Settings) -> Company:
    """The company as the store has it."""
    return Company(
        name=company_name(session, settings),
        tagline=repository.read_profile(session).tagline,
        teams=tuple(_as_team(row) for row in repository.list_teams(session)),
        intents=tuple(_as_intent(row) for row in repository.list_intents(session)),
    )


def stored_infos(session: Session) -> dict[str, IntentInfo]:
    """Team and human-only flag of each intent the store knows."""
    return {row.name: IntentInfo(row.team, row.human_only) for row in repository.list_intents(session)}


def apply_company(
    session: Session, company: Company, *, author: str = COMMAND_LINE, prune: bool = False
) -> ApplyReport:
    """Bring the store to what the file says; applying it again changes nothing.

    What the store has beside the file stays and is named, or goes with `prune`, apart from teams that
    agents, intents or conversations belong to.
    """
    report = ApplyReport()
    if rename(session, name=company.name, tagline=company.tagline, author=author):
        report.changed.append("company")
    for team in company.teams:
        _tell(report, f"team {team.name}", put_team(session, team, author=author))
    for intent in company.intents:
        _tell(report, f"intent {intent.name}", put_intent(session, intent, author=author))
    known_intents, known_teams = ({one.name for one in some} for some in (company.intents, company.teams))
    for name in [row.name for row in repository.list_intents(session) if row.name not in known_intents]:
        if prune:
            remove_intent(session, name, author=author)
        (report.removed if prune else report.not_in_file).append(f"intent {name}")
    for name in [row.name for row in repository.list_teams(session) if row.name not in known_teams]:
        _prune_team(session, name, report, author=author, prune=prune)
    return report


def rename(session: Session, *, name: str | None, tagline: str | None, author: str) -> bool:
    """Give the company its name and tagline, `None` leaves either as it is; whether that changed anything."""
    profile = repository.lock_profile(session)
    before = _profile_json(profile)
    profile.name = profile.name if name is None else name
    profile.tagline = profile.tagline if tagline is None else tagline
    after = _profile_json(profile)
    if after != before:
        note_change(session, author, "company", before, after)
    return after != before


def put_team(session: Session, team: CompanyTeam, *, author: str) -> bool | None:
    """Add the team (`None`), or bring the one of its name to what it says; whether that changed anything."""
    repository.lock_profile(session)
    row, after = repository.find_team(session, team.name), team.model_dump(exclude={"name"})
    if row is None:
        session.add(Team(name=team.name, **after))
        session.flush()
        note_change(session, author, f"team {team.name}", None, after)
        return None
    before = _as_team(row).model_dump(exclude={"name"})
    if after == before:
        return False
    row.title, row.expected_wait_minutes = team.title, team.expected_wait_minutes
    note_change(session, author, f"team {team.name}", before, after)
    return True


def remove_team(session: Session, name: str, *, author: str) -> None:
    """Remove a team. Raises `NotFoundError`, or `ConflictError` while something belongs to it."""
    repository.lock_profile(session)
    row = repository.find_team(session, name)
    if row is None:
        raise NotFoundError(f"no team {name!r}")
    uses = repository.count_uses(session, name)
    if uses:
        told = ", ".join(f"{what}: {count}" for what, count in uses.items())
        raise ConflictError(f"team {name!r} is in use ({told}); give them to another team first")
    note_change(session, author, f"team {name}", _as_team(row).model_dump(exclude={"name"}), None)
    session.delete(row)
    session.flush()


def put_intent(session: Session, intent: CompanyIntent, *, author: str) -> bool | None:
    """Add the intent (`None`), or bring the one of its name to what it says; whether that changed anything.

    Raises `DataError` for a team that does not exist.
    """
    repository.lock_profile(session)
    if intent.team is not None and repository.find_team(session, intent.team) is None:
        raise DataError(f"intent {intent.name!r} names the unknown team {intent.team!r}; add the team first")
    row, after = repository.find_intent(session, intent.name), intent.model_dump(exclude={"name"})
    if row is None:
        session.add(Intent(name=intent.name, **after))
        session.flush()
        note_change(session, author, f"intent {intent.name}", None, after)
        return None
    before = _as_intent(row).model_dump(exclude={"name"})
    if after == before:
        return False
    row.title, row.team, row.human_only = intent.title, intent.team, intent.human_only
    session.flush()
    note_change(session, author, f"intent {intent.name}", before, after)
    return True


def remove_intent(session: Session, name: str, *, author: str) -> None:
    """Remove an intent; conversations keep its name. Raises `NotFoundError`."""
    repository.lock_profile(session)
    row = repository.find_intent(session, name)
    if row is None:
        raise NotFoundError(f"no intent {name!r}")
    note_change(session, author, f"intent {name}", _as_intent(row).model_dump(exclude={"name"}), None)
    session.delete(row)
    session.flush()


def note_change(
    session: Session,
    author: str,
    subject: str,
    before: Mapping[str, Any] | None,  # JSON
    after: Mapping[str, Any] | None,  # JSON
) -> None:
    """Keep who changed what; passwords and secrets are never part of it."""
    old, new = (None if one is None else dict(one) for one in (before, after))
    session.add(CompanyChange(author=author, subject=subject, before=old, after=new))


def _prune_team(session: Session, name: str, report: ApplyReport, *, author: str, prune: bool) -> None:
    if prune and not repository.count_uses(session, name):
        remove_team(session, name, author=author)
        report.removed.append(f"team {name}")
        return
    report.not_in_file.append(f"team {name}")
    if prune:
        report.in_use.append(f"team {name}")


def _tell(report: ApplyReport, what: str, changed: bool | None) -> None:
    if changed is None:
        report.added.append(what)
    elif changed:
        report.changed.append(what)


def _as_team(row: Team) -> CompanyTeam:
    return CompanyTeam(name=row.name, title=row.title, expected_wait_minutes=row.expected_wait_minutes)


def _as_intent(row: Intent) -> CompanyIntent:
    return CompanyIntent(name=row.name, title=row.title, team=row.team, human_only=row.human_only)


def _profile_json(profile: CompanyProfile) -> dict[str, Any]:  # JSON
    return {"name": profile.name, "tagline": profile.tagline}
