"""A stored decision made again: the bot is asked just what it was asked then."""

from eval.promotion.flips import read_past
from serving.bot.turn import past_turn
from serving.conversations import repository
from serving.db.tables import Message
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import RuleResolver


def test_each_past_turn_is_the_question_of_its_time(
    customer: Customer, agent: AgentAtWork, runtime: Runtime, resolver: RuleResolver
) -> None:
    asked: list[object] = []
    conversation_id = customer.start()

    def say(text: str, **more: object) -> None:
        customer.say(conversation_id, text, **more)
        answer()

    def answer() -> None:
        resolver.questions.clear()
        runtime.worker.run_once()
        asked.append(resolver.questions[0])

    say("where is my refund?")
    rated = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": rated, "helpful": False})
    answer()  # the same question again, without the answer that did not help
    say("this is unclear")
    say("that one", choice="learned_answer:1")
    say("a person please")
    agent.say(conversation_id, "Here I am.")
    agent.post(f"/v1/conversations/{conversation_id}/close")
    say("hello again")

    with runtime.database.reading() as session:
        records = repository.decisions_newest_first(session, conversation_id, limit=50)[::-1]
        turns = [past_turn(session, record, runtime.settings) for record in records]
    assert [turn.question for turn in turns] == asked
    assert [turn.is_retry for turn in turns] == [False, True, False, False, False, False]
    assert turns[1].question.tried_refs == {"article:refund-policy"}
    assert turns[3].question.chosen_ref == "learned_answer:1"


def test_past_decisions_come_newest_first_with_what_the_customer_said_of_them(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    for text, helpful in (("do you ship?", True), ("refund?", False)):
        customer.say(conversation_id, text)
        runtime.worker.run_once()
        with runtime.database.reading() as session:
            record = repository.decisions_newest_first(session, conversation_id, limit=1)[0]
            spoken: Message = repository.bot_messages_of(session, [record.id])[record.id]
        body = {"message_id": spoken.id, "helpful": helpful}
        customer.post(f"/v1/conversations/{conversation_id}/feedback", body)
    with runtime.database.reading() as session:
        refund, ship = read_past(session, runtime.settings, limit=2)
    assert (refund.turn.question.text, ship.turn.question.text) == ("refund?", "do you ship?")
    assert (refund.confirmed_ref, refund.rejected_ref) == (None, "article:refund-policy")
    assert (ship.confirmed_ref, ship.rejected_ref) == ("learned_answer:1", None)
