"""A queue that is shared out: to whom, how much, once, and back."""

import threading
from collections import Counter

from serving.conversations import desk
from serving.db.session import Database
from serving.db.tables import Agent, Conversation, Event
from serving.queues import assignment
from tests.serving.queues.conftest import Office


def test_each_conversation_goes_to_who_is_online_and_has_least(office: Office) -> None:
    office.agent("ana")
    office.agent("ben")
    office.agent("eve", online=False)
    office.agent("kim", team=None)
    given = [office.owner(office.wait()) for _ in range(4)]
    assert given == ["ana", "ben", "ana", "ben"]


def test_a_team_that_takes_by_hand_is_given_nothing(office: Office) -> None:
    office.team("night", assignment="manual")
    office.agent("ana", team="night")
    assert office.owner(office.wait(team="night")) is None


def test_nobody_is_given_more_than_fits_and_closing_makes_room(office: Office) -> None:
    office.team(capacity=1)
    office.agent("ana")
    first, second, urgent = office.wait(), office.wait(), office.wait(reasons=("danger",))
    assert [office.owner(one) for one in (first, second, urgent)] == ["ana", None, None]
    office.close(first)
    assert [office.owner(one) for one in (second, urgent)] == [None, "ana"]  # the pressing one first


def test_the_queue_is_drained_when_somebody_comes_and_told_to_everybody(office: Office) -> None:
    waiting = [office.wait() for _ in range(3)]
    office.agent("ana")
    assert {office.owner(one) for one in waiting} == {"ana"}
    with office.database.reading() as session:
        told = session.query(Event).filter_by(conversation_id=waiting[0], kind="status").count()
    assert told == 2  # handed over, given


def test_who_leaves_gives_back_what_they_were_given_and_have_not_answered(
    office: Office, database: Database
) -> None:
    office.agent("ana")
    given, answered, taken = office.wait(), office.wait(), office.wait()
    with database.session() as session:
        session.get_one(Conversation, answered).status = "open"
        row = session.get_one(Conversation, taken)
        assignment.set_owner(session, row, None)
        desk.assign(session, row, "ana")  # by a person
    office.agent("ben")
    office.comes("ana", online=False)
    assert [office.owner(one) for one in (given, answered, taken)] == ["ben", "ana", "ana"]


def test_a_session_that_ended_is_nobody_online(office: Office) -> None:
    office.agent("ana")
    office.signs_out("ana")
    assert office.owner(office.wait()) is None
    with office.database.reading() as session:
        assert session.get_one(Agent, "ana").online  # until the next look at the queues


def test_many_processes_give_each_conversation_once_and_to_everybody_alike(
    office: Office, database: Database
) -> None:
    office.team(capacity=4)
    for name in ("ana", "ben", "eve"):
        office.agent(name, online=False)
    waiting = [office.wait() for _ in range(15)]
    everybody_there = threading.Barrier(3)

    def come(name: str) -> None:
        everybody_there.wait()
        office.comes(name)

    threads = [threading.Thread(target=come, args=(name,)) for name in ("ana", "ben", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = Counter(office.owner(one) for one in waiting)
    assert given == {"ana": 4, "ben": 4, "eve": 4, None: 3}
    with database.reading() as session:
        told = Counter(event.conversation_id for event in session.query(Event).filter_by(kind="status"))
    assert sum(told.values()) == 15 + 12  # each handed over, twelve given, none twice
