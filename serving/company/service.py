"""Name, words of danger, calendars, teams and intents, one by one or by a file, with history; no commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError, NotFoundError
from model.types import IntentInfo
from model.understanding.danger import DangerWords
from serving.company import repository
from serving.company.danger import GENERAL_DANGER
from serving.company.file import Company, CompanyDanger, CompanyIntent, CompanyTeam
from serving.company.repository import Kind
from serving.db.audit import Act, record_act
from serving.db.tables import CalendarRow, CompanyChange, CompanyProfile, Intent, Team
from serving.hours.written import CompanyCalendar
from serving.settings import Settings

COMMAND_LINE = "command line"
"""The author of what a command changes."""
Outcome = Literal["added", "changed", "unchanged"]
AnyEntry = CompanyCalendar | CompanyTeam | CompanyIntent
Pointer = Literal["calendar", "fallback_team"]
_POINTERS: Mapping[Pointer, Kind] = {"calendar": "calendar", "fallback_team": "team"}
_ENTRIES: Mapping[Kind, type[AnyEntry]] = {
    "calendar": CompanyCalendar,
    "team": CompanyTeam,
    "intent": CompanyIntent,
}


@dataclass(slots=True)
class ApplyReport:
    """What a company file changed; by `company`, `danger`, `calendar NAME`, `team NAME` and `intent NAME`."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    not_in_file: list[str] = field(default_factory=list)
    """What the store has beside the file, and keeps."""
    in_use: list[str] = field(default_factory=list)
    """Of these the teams and calendars that could not be removed, since something belongs to them."""


def company_name(session: Session, settings: Settings) -> str:
    """What customers are shown: the store's name, or the setting's as long as the store has none."""
    return repository.read_profile(session).name or settings.company_name


def read_stored_company(session: Session, settings: Settings) -> Company:
    """The company as the store has it."""
    profile = repository.read_profile(session)
    stored = {
        "name": profile.name or settings.company_name,
        "tagline": profile.tagline,
        "danger": _danger(profile),
        "calendar": profile.calendar,
        "fallback_team": profile.fallback_team,
        "calendars": tuple(repository.list_calendars(session)),
        "teams": tuple(repository.list_teams(session)),
        "intents": tuple(repository.list_intents(session)),
    }
    return Company.model_validate(stored, from_attributes=True)


def stored_infos(session: Session) -> dict[str, IntentInfo]:
    """Team and human-only flag of each intent the store knows."""
    return {row.name: IntentInfo(row.team, row.human_only) for row in repository.list_intents(session)}


def stored_danger(session: Session) -> DangerWords:
    """The words that tell of danger: the company's own, or the general ones."""
    own = repository.read_profile(session).danger
    return GENERAL_DANGER if own is None else DangerWords(tuple(own["phrases"]), tuple(own["harmless"]))


def apply_company(
    session: Session, company: Company, *, author: str = COMMAND_LINE, prune: bool = False
) -> ApplyReport:
    """Bring the store to what the file says; applying it again changes nothing.

    What the store has beside the file stays and is named, or goes with `prune`, apart from teams that
    agents, intents or conversations belong to.
    """
    report = ApplyReport()
    named = rename(session, name=company.name, tagline=company.tagline, author=author)
    _apply_danger(session, company.danger, report, author=author, prune=prune)
    in_file: dict[Kind, set[str]] = {"intent": set(), "team": set(), "calendar": set()}
    entries: list[AnyEntry] = [*company.calendars, *company.teams, *company.intents]
    for entry in entries:
        kind = _kind_of(entry)
        in_file[kind].add(entry.name)
        outcome = put_entry(session, entry, author=author)
        if outcome != "unchanged":
            (report.added if outcome == "added" else report.changed).append(f"{kind} {entry.name}")
    pointed = [
        _apply_pointer(session, name, company, report, author=author, prune=prune) for name in _POINTERS
    ]
    if named or any(pointed):
        report.changed.insert(0, "company")
    for kind, names in in_file.items():  # intents first, calendars last: each is what the next is kept for
        for name in repository.list_names(session, kind):
            if name not in names:
                _remove_or_keep(session, kind, name, report, author=author, prune=prune)
    return report


def _apply_pointer(
    session: Session, name: Pointer, company: Company, report: ApplyReport, *, author: str, prune: bool
) -> bool:
    """Whether the company points to another calendar or fallback team now."""
    value: str | None = getattr(company, name)
    if value is None and getattr(repository.read_profile(session), name) is not None:
        words = f"{name.replace('_', ' ')} of the company"
        (report.removed if prune else report.not_in_file).append(words)
    if value is None and not prune:
        return False
    return point_to(session, name, value, author=author)


def _apply_danger(
    session: Session, danger: CompanyDanger | None, report: ApplyReport, *, author: str, prune: bool
) -> None:
    if danger is not None:
        if change_danger(session, danger, author=author):
            report.changed.append("danger")
    elif repository.read_profile(session).danger is not None:
        if prune:
            change_danger(session, None, author=author)
        (report.removed if prune else report.not_in_file).append("danger")


def _remove_or_keep(
    session: Session, kind: Kind, name: str, report: ApplyReport, *, author: str, prune: bool
) -> None:
    try:
        if prune:
            remove_entry(session, kind, name, author=author)
            report.removed.append(f"{kind} {name}")
            return
    except ConflictError:
        report.in_use.append(f"{kind} {name}")
    report.not_in_file.append(f"{kind} {name}")


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


def point_to(session: Session, name: Pointer, value: str | None, *, author: str) -> bool:
    """Give the company a `calendar` or `fallback_team`, `None` for none; whether that changed anything.

    Raises `DataError` for one that does not exist.
    """
    profile = repository.lock_profile(session)
    kind = _POINTERS[name]
    if value is not None and repository.find_entry(session, kind, value) is None:
        raise DataError(f"the company names the unknown {kind} {value!r}; add the {kind} first")
    before: str | None = getattr(profile, name)
    setattr(profile, name, value)
    if value != before:
        note_change(session, author, "company", {name: before}, {name: value})
    return value != before


def change_danger(session: Session, danger: CompanyDanger | None, *, author: str) -> bool:
    """Give the company its own words of danger, `None` the general ones; whether that changed any."""
    profile = repository.lock_profile(session)
    before = _danger(profile)
    general = CompanyDanger.of(GENERAL_DANGER)
    own = None if danger in (None, general) else danger
    profile.danger = None if own is None else own.model_dump(mode="json")
    after = own or general
    if after != before:
        note_change(session, author, "danger", before.model_dump(mode="json"), after.model_dump(mode="json"))
    return after != before


def put_entry(session: Session, entry: AnyEntry, *, author: str) -> Outcome:
    """Add the calendar, team or intent, or bring the one of its name to what it says.

    Raises `DataError` for an intent whose team, or a team whose calendar, does not exist.
    """
    repository.lock_profile(session)
    kind = _kind_of(entry)
    team = entry.team if isinstance(entry, CompanyIntent) else None
    if team is not None and repository.find_entry(session, "team", team) is None:
        raise DataError(f"intent {entry.name!r} names the unknown team {team!r}; add the team first")
    if isinstance(entry, CompanyTeam):
        _check_calendar(session, entry)
    row, after = repository.find_entry(session, kind, entry.name), _json(entry)
    before = None if row is None else _fields(row)
    if after == before:
        return "unchanged"
    if row is None:
        session.add(repository.TABLES[kind](name=entry.name, **after))
    else:
        for field_name, value in after.items():
            setattr(row, field_name, value)
    session.flush()
    note_change(session, author, f"{kind} {entry.name}", before, after)
    return "added" if row is None else "changed"


def remove_entry(session: Session, kind: Kind, name: str, *, author: str) -> None:
    """Remove a calendar, a team or an intent, whose name conversations keep.

    Raises `NotFoundError`, and `ConflictError` while something belongs to the team or goes by the calendar.
    """
    repository.lock_profile(session)
    row = repository.find_entry(session, kind, name)
    if row is None:
        raise NotFoundError(f"no {kind} {name!r}")
    uses = repository.count_uses(session, kind, name)
    if uses:
        counts = ", ".join(f"{what}: {count}" for what, count in uses.items())
        raise ConflictError(f"{kind} {name!r} is in use ({counts}); give them to another {kind} first")
    note_change(session, author, f"{kind} {name}", _fields(row), None)
    session.delete(row)
    session.flush()


def note_change(
    session: Session,
    author: str,
    subject: str,
    before: Mapping[str, Any] | None,  # JSON
    after: Mapping[str, Any] | None,  # JSON
    *,
    what: str = "",
) -> None:
    """Keep who changed what, `what` in other words if given; passwords and secrets are never part of it."""
    states = {"before": before and dict(before), "after": after and dict(after)}
    session.add(CompanyChange(author=author, subject=subject, **states))
    record_act(session, Act(author, what or _deed(before, after), subject))


def _deed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:  # JSON
    """`added`, `removed`, or `changed` with the names of what changed: rights are among them."""
    if before is None or after is None:
        return "added" if before is None else "removed"
    return f"changed {', '.join(name for name in after if after[name] != before.get(name))}"


def _check_calendar(session: Session, team: CompanyTeam) -> None:
    calendar = team.calendar
    if calendar is not None and repository.find_entry(session, "calendar", calendar) is None:
        raise DataError(f"team {team.name!r} names the unknown calendar {calendar!r}; add the calendar first")


def _kind_of(entry: AnyEntry) -> Kind:
    return next(kind for kind, of_kind in _ENTRIES.items() if isinstance(entry, of_kind))


def _json(entry: AnyEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude={"name"})


def _fields(row: CalendarRow | Team | Intent) -> dict[str, Any]:  # JSON
    kind = next(kind for kind, table in repository.TABLES.items() if isinstance(row, table))
    return _json(_ENTRIES[kind].model_validate(row, from_attributes=True))


def _danger(profile: CompanyProfile) -> CompanyDanger:
    own = profile.danger
    return CompanyDanger.of(GENERAL_DANGER) if own is None else CompanyDanger.model_validate(own)


def _profile_json(profile: CompanyProfile) -> dict[str, Any]:  # JSON
    return {"name": profile.name, "tagline": profile.tagline}
