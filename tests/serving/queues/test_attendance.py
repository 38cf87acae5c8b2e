"""The look each minute: nothing waits in nobody's list."""

from datetime import timedelta

from serving.company import service as company
from serving.db.session import Database
from serving.db.tables import Agent, Conversation, Handover, Message, now
from serving.queues.attendance import attend_queues
from tests.serving.queues.conftest import Office


def test_what_waits_where_nobody_looks_is_marked_once_and_unmarked_when_somebody_joins(
    office: Office, database: Database
) -> None:
    nowhere, empty = office.wait(team=None), office.wait()
    assert attend_queues(database) == 2
    assert attend_queues(database) == 0
    assert [office.get(one).unattended for one in (nowhere, empty)] == [True, True]
    office.agent("ana", online=False)
    assert attend_queues(database) == 1
    assert [office.get(one).unattended for one in (nowhere, empty)] == [True, False]
    office.agent("kim", team=None, online=False)  # looks after all
    assert attend_queues(database) == 1
    assert not office.get(nowhere).unattended


def test_it_goes_to_the_fallback_team_with_a_note_that_says_why(office: Office, database: Database) -> None:
    office.team("night")
    office.agent("ana", team="night")
    with database.session() as session:
        company.point_to(session, "fallback_team", "night", author="me")
    waiting = office.wait()
    attend_queues(database)
    moved = office.get(waiting)
    assert (moved.team, moved.agent_id, moved.unattended) == ("night", "ana", False)
    with database.reading() as session:
        note = session.query(Message).filter_by(conversation_id=waiting, kind="note").one()
    assert note.text == "Nobody is in the team Desk, so this went to Night."


def test_a_fallback_team_that_is_empty_itself_takes_nothing(office: Office, database: Database) -> None:
    with database.session() as session:
        company.point_to(session, "fallback_team", "desk", author="me")
    waiting = office.wait(team=None)
    attend_queues(database)
    assert (office.get(waiting).team, office.get(waiting).unattended) == (None, True)


def test_who_closed_their_browser_gives_back_and_is_away(office: Office, database: Database) -> None:
    office.agent("ana")
    waiting = office.wait()
    office.signs_out("ana")
    office.agent("ben")
    assert office.owner(waiting) == "ana"
    attend_queues(database)
    assert office.owner(waiting) == "ben"
    with database.reading() as session:
        assert not session.get_one(Agent, "ana").online


def test_a_deactivated_account_keeps_nothing_that_people_answer(office: Office, database: Database) -> None:
    office.agent("ana")
    office.agent("ben", online=False)
    waiting = office.wait()
    with database.session() as session:
        session.get_one(Agent, "ana").active = False
    attend_queues(database)
    assert office.owner(waiting) is None
    assert not office.get(waiting).unattended


def test_what_waits_for_longer_than_its_customer_was_told_gets_priority(
    office: Office, database: Database
) -> None:
    office.agent("ana", team=None, online=False)
    late, in_time, told_nothing, answered = (office.wait() for _ in range(4))
    with database.session() as session:
        for waiting, minutes in ((late, -1), (in_time, 5), (answered, -1)):
            handover = session.query(Handover).filter_by(conversation_id=waiting).one()
            handover.told_by = now() + timedelta(minutes=minutes)
        session.get_one(Conversation, answered).status = "open"
    assert attend_queues(database) == 1
    assert attend_queues(database) == 0
    priorities = [office.get(one).priority for one in (late, in_time, told_nothing, answered)]
    assert priorities == ["high", "normal", "normal", "normal"]
