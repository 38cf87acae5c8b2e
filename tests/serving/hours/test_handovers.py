"""What customers are told at handover, by the team's calendar and its real waits."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from serving.company import service as company
from serving.contacts.erasure import delete_conversations
from serving.db.tables import Contact, Conversation, Handover, Team, new_id, now
from serving.hours import service
from serving.hours.written import DAYS, CompanyCalendar
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

ALWAYS = {day: ["00:00-24:00"] for day in DAYS}


def set_hours(runtime: Runtime, **calendar: object) -> None:
    """Give the company this calendar."""
    with runtime.database.session() as session:
        company.put_entry(session, CompanyCalendar(name="office", time_zone="UTC", **calendar), author="me")
        company.point_to(session, "calendar", "office", author="me")


def handed_over(runtime: Runtime, customer: Customer) -> str:
    conversation = customer.start()
    customer.say(conversation, "a person please")
    runtime.worker.run_once()
    return conversation


def report(runtime: Runtime) -> list[service.TeamWaiting]:
    with runtime.database.reading() as session:
        return service.waiting_report(session, now() - timedelta(days=365))


@pytest.fixture(autouse=True)
def _begin_anew(runtime: Runtime) -> None:
    with runtime.database.session() as session:
        company.point_to(session, "calendar", None, author="me")
        session.query(Handover).delete()


def handover_of(runtime: Runtime, conversation: str) -> Handover:
    with runtime.database.reading() as session:
        return session.query(Handover).filter_by(conversation_id=conversation).one()


def test_while_the_company_is_closed_a_customer_hears_when_it_opens_in_one_message(
    runtime: Runtime, customer: Customer, client: TestClient
) -> None:
    tomorrow = DAYS[(now() + timedelta(days=1)).weekday()]
    set_hours(runtime, hours={tomorrow: ["09:00-17:00"]})
    conversation = handed_over(runtime, customer)
    said = [message["text"] for message in customer.messages(conversation) if message["author"] == "bot"]
    assert said == [
        "Of course. I am handing you over to our Billing team. We are closed now and open again tomorrow at "
        "09:00 (UTC); an answer usually comes by 09:15."
    ]
    waiting = customer.conversation(conversation)["waiting"]
    assert waiting["open"] is False
    assert waiting["opens_at"].endswith("T09:00:00Z")
    assert (waiting["minutes"], waiting["basis"], waiting["time_zone"]) == (10, "expected", "UTC")
    assert client.get("/v1/waiting?team=billing").json() == waiting
    assert client.get("/v1/waiting").json()["words"] == (
        "We are closed now and open again tomorrow at 09:00 (UTC)."
    )
    assert client.get("/v1/waiting?team=nobody").status_code == 404


def test_a_handover_is_measured_until_a_persons_first_word_in_opening_minutes(
    runtime: Runtime, customer: Customer, agent: AgentAtWork
) -> None:
    set_hours(runtime, hours=ALWAYS)
    conversation = handed_over(runtime, customer)
    with runtime.database.session() as session:
        session.query(Handover).one().handed_over_at = now() - timedelta(minutes=7)
    agent.say(conversation, "one moment", kind="note")
    assert handover_of(runtime, conversation).ended_at is None
    agent.say(conversation, "Here I am.")
    agent.say(conversation, "And again.")
    ended = handover_of(runtime, conversation)
    assert (ended.answered, ended.was_open, ended.ahead) == (True, True, 0)
    assert ended.waited_minutes == pytest.approx(7, abs=0.5)
    assert customer.conversation(conversation)["waiting"] is None


def test_a_conversation_closed_without_an_answer_is_no_answered_wait(
    runtime: Runtime, customer: Customer, agent: AgentAtWork
) -> None:
    conversation = handed_over(runtime, customer)
    agent.post(f"/v1/conversations/{conversation}/close")
    ended = handover_of(runtime, conversation)
    assert (ended.answered, ended.ended_at is not None) == (False, True)


def test_what_nine_in_ten_waited_is_told_once_twenty_were_answered(
    runtime: Runtime, customer: Customer
) -> None:
    moment = now()
    with runtime.database.session() as session:
        session.add(Contact(id="past"))
        session.flush()
        session.add(Conversation(id="past", contact_id="past", client_id="past"))
        session.flush()
        for minutes in range(1, 21):
            session.add(
                Handover(
                    conversation_id="past",
                    team="billing",
                    handed_over_at=moment - timedelta(days=minutes),
                    was_open=True,
                    hour_of_week=moment.weekday() * 24 + moment.hour,
                    ended_at=moment,
                    answered=True,
                    waited_minutes=float(minutes),
                )
            )
    conversation = handed_over(runtime, customer)
    assert "; nine in ten get an answer within 20 minutes." in customer.messages(conversation)[-1]["text"]
    measured = handover_of(runtime, conversation)
    assert measured.told_minutes == 20
    assert measured.told_by is not None
    assert timedelta(minutes=20) <= measured.told_by - measured.handed_over_at < timedelta(minutes=25)
    with runtime.database.session() as session:
        for place, told_by in enumerate([now(), now(), now() - timedelta(minutes=2)]):
            session.get_one(Handover, measured.id - 1 - place).told_by = told_by  # ended when this began
    (team,) = report(runtime)
    assert (team.team, team.handed_over, team.answered) == ("billing", 21, 20)
    assert (team.median_minutes, team.nine_in_ten_minutes) == (10.5, 18)
    assert (team.told, team.kept) == (3, 0.667)
    second = handed_over(runtime, customer)
    assert handover_of(runtime, second).ahead == 1
    assert "within 30 minutes" in customer.messages(second)[-1]["text"]  # 19 / 3 for each of 1 + 3
    with runtime.database.session() as session:
        delete_conversations(session, ["past", conversation])
        assert session.query(Handover).count() == 1


def test_a_team_goes_by_its_own_calendar_before_the_companys(runtime: Runtime) -> None:
    at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    set_hours(runtime, hours=ALWAYS)
    with runtime.database.session() as session:
        night = CompanyCalendar(name="night", time_zone="Asia/Tokyo", hours={"tuesday": ["22:00-30:00"]})
        company.put_entry(session, night, author="me")
        own = Team(name=new_id(), title="Night", calendar="night")
        assert not service.waiting_now(session, own, at=at).is_open
        assert service.waiting_now(session, own, at=at).opens_at == datetime(2026, 12, 1, 13, tzinfo=UTC)
        assert service.waiting_now(session, Team(name=new_id(), title="Day"), at=at).is_open
