"""What an agent's reply is worth: which words it answered, and when nothing is learned."""

import pytest

from knowledge.documents import ArticleDocument
from serving.db.tables import (
    CompanyProfile,
    Conversation,
    DecisionRecord,
    Event,
    Feedback,
    LearnedAnswer,
    Message,
    Proposal,
)
from serving.learned_answers import drafting, repository, service
from serving.learned_answers.exchange import read_exchange
from serving.learned_answers.proposals import announced_proposals
from tests.serving.stand import SCHOOLS, Stand

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the kind of store."""

ASKED = "Can I water the garden with rain water?"
ANSWER = "Yes, filtered rain water is fine. Pour it in slowly and change the tank every three weeks."


def propose(stand: Stand, message_id: int) -> Proposal | None:
    """Both steps, as the worker takes them; the proposal stored for the reply, now or before."""
    with stand.database.reading() as session:
        prepared = drafting.prepare_proposal(session, stand, "conversation", message_id)
    with stand.database.session() as session:
        if prepared is not None:
            return drafting.store_proposal(session, prepared)
        return repository.get_proposal_of_message(session, message_id)


def exchange_words(stand: Stand, message_id: int) -> tuple[str, ...]:
    with stand.database.reading() as session:
        reply = session.get(Message, message_id)
        assert reply is not None
        return read_exchange(session, reply).customer_messages


def proposals(stand: Stand) -> list[Proposal]:
    with stand.database.reading() as session:
        return repository.list_proposals(session)


def test_a_reply_to_a_new_question_is_proposed_and_agents_are_told(stand: Stand) -> None:
    reply = stand.say(("customer", ASKED), ("bot", "I am handing you over."), ("agent", ANSWER))

    proposal = propose(stand, reply)

    assert proposal is not None
    assert (proposal.kind, proposal.status, proposal.message_id) == ("new", "pending", reply)
    assert proposal.question == ASKED
    assert "filtered rain water" in proposal.answer
    with stand.database.reading() as session:
        [event] = session.query(Event).all()
        told = announced_proposals(session, [event.data["id"]])[proposal.id]
    assert (event.kind, event.agents_only) == ("proposal", True)
    assert event.data == {"id": proposal.id, "status": "pending"}
    assert told["question"] == ASKED


def test_asking_twice_for_one_reply_gives_one_proposal(stand: Stand) -> None:
    reply = stand.say(("customer", ASKED), ("agent", ANSWER))

    first, second = propose(stand, reply), propose(stand, reply)

    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert len(proposals(stand)) == 1


@pytest.mark.parametrize(
    "text",
    ["One moment please.", "", "   ", "\x00", "🙂" * 3, "\ud800?!", "x" * 30_000, "<b>**`[(", "?\n\n?"],
)
def test_a_reply_that_teaches_nothing_raises_nothing(stand: Stand, text: str) -> None:
    reply = stand.say(("customer", ASKED), ("agent", storable(text)))

    assert propose(stand, reply) is None
    assert proposals(stand) == []


def storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


@on_sqlite
@pytest.mark.parametrize(("words", "is_proposed"), [(100, True), (250, False)])
def test_a_question_longer_than_any_may_be_is_not_proposed(
    stand: Stand, words: int, is_proposed: bool
) -> None:
    asked = "Can I water " + "these " * words + "plants with rain water?"  # 1,000 characters are allowed
    reply = stand.say(("customer", asked), ("agent", ANSWER))
    assert (propose(stand, reply) is not None) is is_proposed


@on_sqlite
def test_a_reply_without_a_question_before_it_is_not_learned_from(stand: Stand) -> None:
    reply = stand.say(("agent", ANSWER))

    assert propose(stand, reply) is None


def test_a_note_or_another_authors_message_is_not_learned_from(stand: Stand) -> None:
    bot = stand.say(("customer", ASKED), ("bot", ANSWER))
    assert propose(stand, bot) is None
    with stand.database.session() as session:
        note = Message(conversation_id="conversation", author="agent", kind="note", text=ANSWER)
        session.add(note)
        session.flush()
        assert drafting.prepare_proposal(session, stand, "conversation", note.id) is None
        assert drafting.prepare_proposal(session, stand, "another", bot) is None
        assert drafting.prepare_proposal(session, stand, "conversation", 10_000) is None


@on_sqlite
def test_personal_data_stays_out_of_the_proposal(stand: Stand) -> None:
    reply = stand.say(
        ("customer", f"Hi, Maya Lindqvist here, maya@lindqvist.example. {ASKED}"),
        ("agent", f"Hello Maya,\n\n{ANSWER}\n\nBest wishes\nAna"),
    )

    proposal = propose(stand, reply)

    assert proposal is not None
    for text in (proposal.question, proposal.answer, *proposal.phrasings):
        assert "Maya" not in text
        assert "lindqvist" not in text.lower()
        assert "Ana" not in text.split()


@on_sqlite
def test_a_stalling_message_before_the_answer_does_not_hide_the_question(stand: Stand) -> None:
    stalling = stand.say(("customer", ASKED), ("agent", "One moment please."))
    assert propose(stand, stalling) is None

    answering = stand.say(("agent", ANSWER))
    proposal = propose(stand, answering)

    assert proposal is not None
    assert proposal.question == ASKED


@on_sqlite
def test_a_reply_in_two_messages_makes_one_proposal_that_grows(stand: Stand) -> None:
    first = stand.say(("customer", ASKED), ("agent", "Yes, filtered rain water is fine for every garden."))
    propose(stand, first)

    second = stand.say(("agent", "Change the tank every three weeks, so that no algae grow in it."))
    grown = propose(stand, second)

    assert grown is not None
    assert grown.message_id == first
    assert "filtered rain water" in grown.answer
    assert "every three weeks" in grown.answer
    assert len(proposals(stand)) == 1


def test_a_draft_is_prepared_without_writing_and_stored_later(stand: Stand) -> None:
    reply = stand.say(("customer", ASKED), ("agent", ANSWER))
    with stand.database.reading() as session:
        prepared = drafting.prepare_proposal(session, stand, "conversation", reply)
    assert prepared is not None
    assert proposals(stand) == []

    with stand.database.session() as session:
        first = drafting.store_proposal(session, prepared)
    with stand.database.session() as session:
        again = drafting.store_proposal(session, prepared)

    assert first is not None
    assert again is not None
    assert first.id == again.id
    with stand.database.reading() as session:
        assert drafting.prepare_proposal(session, stand, "conversation", reply) is None


@on_sqlite
def test_only_words_since_a_person_last_spoke_are_considered(stand: Stand) -> None:
    reply = stand.say(
        ("customer", "Where is my box?"),
        ("agent", "On its way."),
        ("customer", ASKED),
        ("customer", "It is from the roof."),
        ("agent", ANSWER),
    )

    assert exchange_words(stand, reply) == (ASKED, "It is from the roof.")


def answered_by_bot(stand: Stand, *, kind: str = "answer") -> int:
    bot = stand.say(("customer", ASKED), ("bot", "Use tap water."))
    with stand.database.session() as session:
        message = session.get(Message, bot)
        assert message is not None
        message.payload = {"kind": kind}
    return bot


@on_sqlite
def test_what_the_bot_answered_is_left_out_when_something_else_is_asked(stand: Stand) -> None:
    answered_by_bot(stand)
    reply = stand.say(("customer", "Do you sell to schools?"), ("bot", "Handing over."), ("agent", "Yes."))

    assert exchange_words(stand, reply) == ("Do you sell to schools?",)


@on_sqlite
def test_a_question_whose_answer_did_not_help_is_still_open(stand: Stand) -> None:
    bot = answered_by_bot(stand)
    with stand.database.session() as session:
        session.add(Feedback(message_id=bot, conversation_id="conversation", helpful=False))
    reply = stand.say(("bot", "Handing over."), ("agent", ANSWER))

    assert exchange_words(stand, reply) == (ASKED,)


@on_sqlite
def test_a_question_whose_answer_helped_is_closed(stand: Stand) -> None:
    bot = answered_by_bot(stand)
    with stand.database.session() as session:
        session.add(Feedback(message_id=bot, conversation_id="conversation", helpful=True))
    reply = stand.say(("agent", "Glad that this was of help to you."))

    assert exchange_words(stand, reply) == ()


@on_sqlite
def test_a_wish_for_a_person_leads_back_to_the_question_before_it(stand: Stand) -> None:
    answered_by_bot(stand)
    wish = stand.say(("customer", "let me talk to a person"))
    with stand.database.session() as session:
        conversation = session.get(Conversation, "conversation")
        assert conversation is not None
        conversation.handoff_reason = "wants_person"
        session.add(
            DecisionRecord(
                conversation_id="conversation",
                message_id=wish,
                question="",
                kind="handoff",
                confidence=0.1,
                threshold=0.9,
                sentiment="neutral",
                mood=0.0,
                wants_person=0.99,
                reasons=["wants_person"],
                model="test",
            )
        )
    reply = stand.say(("bot", "Of course."), ("agent", ANSWER))

    assert exchange_words(stand, reply) == (ASKED,)


@on_sqlite
def test_a_clicked_choice_is_not_taken_for_the_customers_words(stand: Stand) -> None:
    answered_by_bot(stand, kind="clarify")
    choice = stand.say(("customer", "Water and refilling"))
    with stand.database.session() as session:
        message = session.get(Message, choice)
        assert message is not None
        message.payload = {"choice": "article:water"}
    reply = stand.say(("agent", ANSWER))

    assert exchange_words(stand, reply) == (ASKED,)


def test_the_whole_way_from_a_reply_to_a_better_answer_next_time(stand: Stand) -> None:
    stand.load(SCHOOLS)
    assert stand.best("may I use rain water for my garden") == "learned_answer:1"
    proposal = propose(stand, stand.say(("customer", ASKED), ("agent", ANSWER)))
    assert proposal is not None

    learned_id = stand.approve(proposal.id, question="Is rain water safe for the garden?")

    assert stand.best("may I use rain water for my garden") == f"learned_answer:{learned_id}"
    row = stand.learned(learned_id)
    assert [(phrasing.text, phrasing.origin) for phrasing in row.phrasings] == [
        ("Is rain water safe for the garden?", "question"),
        (ASKED, "customer"),
    ]
    assert (row.source, row.source_conversation_id, row.approved_by) == (
        "conversation",
        "conversation",
        "ana",
    )


@on_sqlite
@pytest.mark.parametrize(
    "asked",
    [
        f"{ASKED} Call +1 202 555 0182.",
        f"My phone is +12025550182, {ASKED}",
        f"{ASKED} Write to maya@lindqvist.example",
    ],
)
def test_no_contact_data_reaches_the_learned_answers(stand: Stand, asked: str) -> None:
    proposal = propose(stand, stand.say(("customer", asked), ("agent", f"Dear Maya, {ANSWER}")))
    assert proposal is not None
    stand.approve(proposal.id)

    with stand.database.reading() as session:
        [row] = session.query(LearnedAnswer).all()
        texts = [row.question, row.answer, *(phrasing.text for phrasing in row.phrasings)]
    assert all(text.startswith(ASKED) for text in (texts[0], texts[2]))
    assert not any("555" in text or "Maya" in text or "@" in text for text in texts)


def left_to_people(stand: Stand, message_id: int, *reasons: str) -> None:
    """The bot decided so on the customer's message."""
    with stand.database.session() as session:
        session.add(
            DecisionRecord(
                conversation_id="conversation",
                message_id=message_id,
                question=ASKED,
                kind="handoff",
                confidence=0.0,
                threshold=0.8,
                sentiment="neutral",
                mood=0.0,
                wants_person=0.0,
                reasons=list(reasons),
                model="m",
            )
        )


@pytest.mark.parametrize(
    ("reason", "human_only"), [("human_only_intent", True), ("below_threshold", False), ("mood_low", False)]
)
@on_sqlite
def test_a_proposal_tells_whether_only_people_handle_the_matter(
    stand: Stand, reason: str, human_only: bool
) -> None:
    left_to_people(stand, stand.say(("customer", ASKED)), reason)
    proposal = propose(stand, stand.say(("agent", ANSWER)))
    assert proposal is not None
    assert proposal.human_only is human_only


@on_sqlite
def test_a_matter_for_people_of_an_earlier_question_is_none_of_this_one(stand: Stand) -> None:
    left_to_people(stand, stand.say(("customer", "I want to cancel")), "human_only_intent")
    proposal = propose(
        stand, stand.say(("agent", "Done, it is cancelled."), ("customer", ASKED), ("agent", ANSWER))
    )
    assert proposal is not None
    assert (proposal.question, proposal.human_only) == (ASKED, False)


@on_sqlite
def test_a_known_answer_to_a_matter_for_people_is_proposed_until_it_is_released(stand: Stand) -> None:
    known = stand.learn(ASKED, ANSWER)
    stand.follow()
    left_to_people(stand, stand.say(("customer", ASKED)), "human_only_intent")
    reply = stand.say(("agent", ANSWER))
    with stand.database.reading() as session:
        prepared = drafting.prepare_proposal(session, stand, "conversation", reply)
    assert prepared is not None
    assert (prepared.draft.kind, prepared.draft.similar_ref) == ("phrasing", f"learned_answer:{known}")

    with stand.database.session() as session:
        service.edit(session, known, released=True)
    stand.follow()
    assert propose(stand, reply) is None


@on_sqlite
def test_a_draft_says_what_was_left_out_and_what_may_point_to_a_person(stand: Stand) -> None:
    reply = stand.say(
        ("customer", f"My PIN is 4821 and my code 331122. {ASKED}"),
        ("agent", f"{ANSWER} The pump counts to 417788123. Ask Mr Novak on 020 7946 0123."),
    )
    proposal = propose(stand, reply)
    assert proposal is not None
    assert proposal.question == ASKED
    assert proposal.removed == [
        {"field": "question", "kind": "pin"},
        {"field": "question", "kind": "one_time_code"},
        {"field": "answer", "kind": "name"},
        {"field": "answer", "kind": "phone"},
    ]
    assert proposal.in_doubt == [{"field": "answer", "kind": "number", "words": "417788123"}]


@on_sqlite
def test_the_companys_own_name_is_no_persons(stand: Stand) -> None:
    with stand.database.session() as session:
        session.get_one(CompanyProfile, 1).name = "Clara Kowalska"
    reply = stand.say(("customer", ASKED), ("agent", f"{ANSWER} Clara Kowalska sells the tubes."))
    proposal = propose(stand, reply)
    assert proposal is not None
    assert proposal.answer.endswith("Clara Kowalska sells the tubes.")


@on_sqlite
def test_product_codes_big_numbers_and_article_addresses_are_kept(stand: Stand) -> None:
    asked = "Does the MDVA-36718 show ERR-50012 after 1500000 litres?"
    answer = "Yes, see https://help.example/articles/360012345678-errors for the MDVA-36718, version 4.18.2."
    proposal = propose(stand, stand.say(("customer", asked), ("agent", answer)))
    assert proposal is not None
    assert (proposal.question, proposal.answer) == (asked, answer)
    assert (proposal.removed, proposal.in_doubt) == ([], [])


def test_a_hotline_that_stands_in_an_article_is_kept_and_not_in_doubt(stand: Stand) -> None:
    hotline = ArticleDocument(slug="hotline", title="Hotline", body="Call 0161 496 0777 on weekdays.")
    stand.load(hotline)
    reply = stand.say(("customer", ASKED), ("agent", f"{ANSWER} The growers know more: 0161 496 0777."))
    proposal = propose(stand, reply)
    assert proposal is not None
    assert proposal.answer.endswith("The growers know more: 0161 496 0777.")
    assert (proposal.removed, proposal.in_doubt) == ([], [])


def test_a_reply_that_teaches_nothing_says_why_beside_it(stand: Stand) -> None:
    reply = stand.say(("customer", ASKED), ("agent", "Call Mr Novak on 020 7946 0123."))
    assert propose(stand, reply) is None
    with stand.database.reading() as session:
        payload = session.get_one(Message, reply).payload
        [event] = session.query(Event).all()
    assert payload["nothing_learned"] == {
        "reason": "only_personal",
        "removed": [{"field": "answer", "kind": "name"}, {"field": "answer", "kind": "phone"}],
    }
    assert event.agents_only
    assert event.data == {"id": 0, "status": "nothing_learned", "message_id": reply}
