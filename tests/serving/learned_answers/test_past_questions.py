"""Earlier questions that a new answer would now get: found, offered, ticked, taken back, and erased."""

import pytest

from model.errors import DataError
from serving.contacts.erasure import delete_conversations
from serving.db.tables import Contact, Conversation, DecisionRecord, Message, Proposal
from serving.learned_answers import drafting, proposals
from serving.learned_answers.exchange import read_exchange
from serving.learned_answers.schemas import Approval, proposal_out
from tests.serving.stand import Stand

ASKED = "Can I water the garden with rain water?"
ANSWER = "Yes, filtered rain water is fine. Change the tank every three weeks."


def ask_before(stand: Stand, *questions: str, kind: str = "handoff") -> list[int]:
    """Earlier questions of another customer, on each of which the bot decided; the decisions."""
    with stand.database.session() as session:
        session.merge(Contact(id="earlier", name="Jonas Feld"))
        session.flush()
        made = []
        for number, text in enumerate(questions):
            name = f"earlier-{kind}-{number}"
            session.add(Conversation(id=name, contact_id="earlier", client_id=name))
            session.flush()
            message = Message(conversation_id=name, author="customer", text=text)
            session.add(message)
            session.flush()
            decision = DecisionRecord(
                conversation_id=name,
                message_id=message.id,
                question=text,
                kind=kind,
                confidence=0.1,
                threshold=0.8,
                sentiment="neutral",
                mood=0.0,
                wants_person=0.0,
                reasons=[],
                model="m",
            )
            session.add(decision)
            session.flush()
            made.append(decision.id)
        return made


def draft(stand: Stand) -> Proposal:
    reply = stand.say(("customer", ASKED), ("agent", ANSWER))
    stand.follow()
    with stand.database.reading() as session:
        prepared = drafting.prepare_proposal(session, stand, "conversation", reply)
    with stand.database.session() as session:
        assert prepared is not None
        stored = drafting.store_proposal(session, prepared)
        assert stored is not None
        return stored


def test_those_alike_are_offered_and_the_ticked_become_ways_to_ask(stand: Stand) -> None:
    stand.learn("How do I clean the water tank?", "With vinegar, once a month.")
    same, name, _, _ = ask_before(
        stand,
        "is rain water ok for my garden?",
        "I'm Jonas Feld and I'd like to water my garden with rain water, may I?",
        "how can I clean the water tank",  # has its own answer
        "Where is my parcel?",
    )
    ask_before(stand, "may I use rain water in the garden", kind="answer")  # needed nobody
    proposal = draft(stand)
    assert set(proposal.past_questions) == {same, name}
    with stand.database.reading() as session:
        shown = proposal_out(session, session.get_one(Proposal, proposal.id)).past_questions
    assert "Is rain water ok for my garden?" in [one.text for one in shown]
    assert not any("Jonas" in one.text for one in shown)
    learned = stand.learned(stand.approve(proposal.id, past_questions=[same]))
    assert [(row.text, row.origin) for row in learned.phrasings] == [
        (ASKED, "question"),
        ("Is rain water ok for my garden?", "customer"),
    ]
    with stand.database.session() as session:
        proposals.approve(
            session, proposal.id, "ana", Approval(past_questions=[same])
        )  # again changes nothing
        undone = proposals.undo(session, proposal.id, "ana")
        assert undone.phrasings == []


def test_only_what_is_offered_can_be_ticked(stand: Stand) -> None:
    (other,) = ask_before(stand, "Where is my parcel?")
    proposal = draft(stand)
    assert proposal.past_questions == []
    with pytest.raises(DataError, match=rf"past question {other} is not offered with proposal {proposal.id}"):
        stand.approve(proposal.id, past_questions=[other])


def test_words_of_a_customer_who_was_erased_are_offered_no_more(stand: Stand) -> None:
    (same,) = ask_before(stand, "is rain water ok for my garden?")
    proposal = draft(stand)
    assert proposal.past_questions == [same]
    with stand.database.session() as session:
        delete_conversations(session, ["earlier-handoff-0"])
    with stand.database.reading() as session:
        assert proposal_out(session, session.get_one(Proposal, proposal.id)).past_questions == []
    assert len(stand.learned(stand.approve(proposal.id, past_questions=[same])).phrasings) == 1


def test_who_wins_time_or_asks_back_leaves_the_question_open(stand: Stand) -> None:
    reply = stand.say(
        ("customer", ASKED),
        ("agent", "One moment please."),
        ("customer", "ok, no hurry"),
        ("agent", "Which garden do you have?"),
        ("customer", "the big one"),
        ("agent", ANSWER),
    )
    with stand.database.reading() as session:
        exchange = read_exchange(session, session.get_one(Message, reply))
        prepared = drafting.prepare_proposal(session, stand, "conversation", reply)
    assert exchange.customer_messages == (ASKED, "ok, no hurry", "the big one")
    assert isinstance(prepared, drafting.PreparedProposal)
    assert prepared.draft.question == ASKED
