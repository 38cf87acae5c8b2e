"""When a team is there and how long its customers wait; notes handovers and their ends, and never commits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from serving.company import repository as company
from serving.db.tables import CalendarRow, Conversation, Handover, Team, now
from serving.hours import repository
from serving.hours.calendar import Calendar
from serving.hours.waiting import SHARE, Told, Wait, told_wait, usual_wait
from serving.hours.written import CompanyCalendar


@dataclass(frozen=True, slots=True)
class Known:
    """A wait, and whether it goes on."""

    wait: Wait
    is_waiting: bool


_LOOKED_BACK = timedelta(days=90)
_GIVEN_UP = timedelta(days=14)
_ALWAYS = ZoneInfo("UTC")


def calendar_of(session: Session, team: Team | None) -> Calendar | None:
    """The team's calendar, else the company's; `None` when nothing is known of hours."""
    name = (team.calendar if team else None) or company.read_profile(session).calendar
    row = session.get(CalendarRow, name) if name else None
    return None if row is None else CompanyCalendar.model_validate(row, from_attributes=True).calendar()


def waiting_now(session: Session, team: Team | None, *, at: datetime | None = None) -> Told:
    """What somebody is told who has not asked yet, of one team or of the whole company."""
    calendar, moment = calendar_of(session, team), at or now()
    return _told(team, calendar, _waits(session, team, calendar, moment), moment)


def begin_handover(session: Session, conversation: Conversation, team: Team | None, *, at: datetime) -> Told:
    """Note that the conversation waits for people from now on; what its customer is told."""
    calendar = calendar_of(session, team)
    waits = _waits(session, team, calendar, at)
    told = _told(team, calendar, waits, at)
    measured = told.basis == "measured"
    handover = Handover(
        conversation_id=conversation.id,
        team=team.name if team else None,
        handed_over_at=at,
        was_open=told.is_open,
        hour_of_week=_hour_of_week(calendar, told.opens_at or at),
        ahead=_still_waiting(waits),
        told_minutes=told.minutes if measured else None,
        told_by=told.by if measured else None,
    )
    session.add(handover)
    return told


def end_handover(session: Session, conversation: Conversation, *, answered: bool, at: datetime) -> None:
    """Note that a person answered, or that the conversation ended without; once is enough."""
    handover = repository.find_waiting(session, conversation.id)
    if handover is None:
        return
    team = session.get(Team, handover.team) if handover.team else None
    handover.ended_at, handover.answered = at, answered
    handover.waited_minutes = _minutes(calendar_of(session, team), handover.handed_over_at, at)


@dataclass(frozen=True, slots=True)
class TeamWaiting:
    """How long a team's customers waited, and whether what they were told held."""

    team: str | None
    handed_over: int
    answered: int
    median_minutes: float | None
    """Opening minutes; `None` when nobody was answered."""
    nine_in_ten_minutes: float | None
    told: int
    """How many were told a time that was measured and has passed, or were answered before it did."""
    kept: float | None
    """Share of them answered by then; those who left without an answer before it are not counted."""


def waiting_report(session: Session, since: datetime) -> list[TeamWaiting]:
    """Each team's handovers since then, by name of the team."""
    by_team: dict[str | None, list[Handover]] = {}
    for row in repository.handovers_since(session, since):
        by_team.setdefault(row.team, []).append(row)
    moment = now()
    return [
        _team_waiting(team, by_team[team], moment) for team in sorted(by_team, key=lambda team: team or "")
    ]


def _team_waiting(team: str | None, rows: Sequence[Handover], at: datetime) -> TeamWaiting:
    minutes = sorted(row.waited_minutes or 0.0 for row in rows if row.answered)
    kept = [outcome for row in rows if (outcome := _is_kept(row, at)) is not None]
    return TeamWaiting(
        team=team,
        handed_over=len(rows),
        answered=len(minutes),
        median_minutes=round(median(minutes), 1) if minutes else None,
        nine_in_ten_minutes=round(minutes[math.ceil(SHARE * len(minutes)) - 1], 1) if minutes else None,
        told=len(kept),
        kept=round(sum(kept) / len(kept), 3) if kept else None,
    )


def _is_kept(row: Handover, at: datetime) -> bool | None:
    """Whether the answer came by the time told; `None` while that is open, or nobody can say."""
    if row.told_by is None:
        return None
    if row.answered and row.ended_at is not None:
        return row.ended_at <= row.told_by
    return False if (row.ended_at or at) > row.told_by else None


def _told(team: Team | None, calendar: Calendar | None, waits: Sequence[Known], at: datetime) -> Told:
    opens_at = (calendar.next_open(at) if calendar else at) or at
    usual = usual_wait(
        [known.wait for known in waits],
        was_open=opens_at <= at,
        hour_of_week=_hour_of_week(calendar, opens_at),
        ahead=_still_waiting(waits),
    )
    return told_wait(calendar, at, usual=usual, expected=team.expected_wait_minutes if team else None)


def _still_waiting(waits: Sequence[Known]) -> int:
    return sum(known.is_waiting for known in waits)


def _waits(session: Session, team: Team | None, calendar: Calendar | None, at: datetime) -> list[Known]:
    """Past waits, newest first, with those that go on; who has waited for weeks is waited for by nobody."""
    rows = [
        row
        for row in repository.list_waits(session, team.name if team else None, at - _LOOKED_BACK)
        if row.ended_at is not None or at - row.handed_over_at < _GIVEN_UP
    ]
    return [
        Known(
            Wait(
                minutes=_minutes(calendar, row.handed_over_at, at)
                if row.waited_minutes is None
                else row.waited_minutes,
                answered=row.answered,
                was_open=row.was_open,
                hour_of_week=row.hour_of_week,
                ahead=row.ahead,
            ),
            is_waiting=row.ended_at is None,
        )
        for row in rows
    ]


def _minutes(calendar: Calendar | None, begin: datetime, end: datetime) -> float:
    return calendar.open_minutes_between(begin, end) if calendar else (end - begin) / timedelta(minutes=1)


def _hour_of_week(calendar: Calendar | None, at: datetime) -> int:
    local = calendar.local(at) if calendar else at.astimezone(_ALWAYS)
    return local.weekday() * 24 + local.hour
