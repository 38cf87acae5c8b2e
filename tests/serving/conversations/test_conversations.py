"""What customers and agents do in a conversation, and what the bot says."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from serving.db.tables import (
    Contact,
    Conversation,
    DecisionRecord,
    Event,
    Intent,
    IntentLabel,
    Message,
    Team,
    new_id,
    now,
)
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import RuleResolver


def test_a_question_is_answered_with_its_source(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    asked = customer.say(conversation_id, "Do you ship on Mondays?")
    assert asked["author"] == "customer"
    assert asked["html"] == ""
    runtime.worker.run_once()
    answer = customer.messages(conversation_id)[1]
    assert answer["author"] == "bot"
    assert answer["text"] == "We ship **daily**."
    assert answer["html"] == "<p>We ship <strong>daily</strong>.</p>"
    assert answer["payload"]["kind"] == "answer"
    assert answer["payload"]["sources"] == [
        {
            "ref": "learned_answer:1",
            "kind": "learned_answer",
            "title": "1",
            "url": "https://tuckleaf.example/help",
            "excerpt": "An excerpt.",
            "heading_path": ["Top"],
        }
    ]
    shown = customer.conversation(conversation_id)
    assert (shown["status"], shown["intent"], shown["mood"]) == ("bot", "refund_policy", -0.25)
    assert shown["last_message"]["text"] == "We ship **daily**."


def test_messages_of_a_burst_are_answered_once_together(
    customer: Customer, runtime: Runtime, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    runtime.worker.run_once()
    customer.say(conversation_id, "one question")
    customer.say(conversation_id, "about a refund")
    resolver.questions.clear()
    runtime.worker.run_once()
    (question,) = resolver.questions
    assert question.text == "one question\nabout a refund"
    assert [(turn.author, turn.text) for turn in question.history] == [
        ("customer", "hello"),
        ("bot", "Hello! How can I help?"),
    ]
    assert question.mood == -0.25
    assert len(customer.messages(conversation_id)) == 5


def test_a_message_within_the_burst_puts_the_answer_off(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "refund")
    with runtime.database.session() as session:
        session.get_one(Conversation, conversation_id).answer_due_at = now() + timedelta(seconds=60)
    assert runtime.worker.answer(conversation_id) is False
    assert len(customer.messages(conversation_id)) == 1


def test_a_handoff_tells_why_to_whom_and_how_long(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "I want a person")
    runtime.worker.run_once()
    words = customer.messages(conversation_id)[-1]
    assert words["text"] == (
        "Of course. I am handing you over to our Billing team; an answer usually takes about 10 minutes."
    )
    waiting = words["payload"].pop("waiting")
    assert (waiting["open"], waiting["minutes"], waiting["basis"]) == (True, 10, "expected")
    assert words["payload"] == {"kind": "handoff", "expected_wait_minutes": 10}
    shown = customer.conversation(conversation_id)
    assert (shown["status"], shown["team"], shown["team_title"]) == ("waiting", "billing", "Billing")
    assert (shown["handoff_reason"], shown["expected_wait_minutes"]) == ("wants_person", 10)
    assert "contact" not in shown
    seen = agent.get(f"/v1/conversations/{conversation_id}").json()
    assert seen["contact"]["id"] == customer.contact_id
    assert seen["handoff_summary"] == {
        "question": "I want a person",
        "intent": "refund_policy",
        "team": "billing",
        "mood": -0.25,
        "reasons": ["wants_person"],
        "tried": [],
    }
    assert (seen["pending_proposals"], seen["priority"]) == (0, "normal")


def test_while_a_person_owns_the_conversation_the_bot_is_silent_but_follows_the_mood(
    customer: Customer, runtime: Runtime, agent: AgentAtWork, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "person please")
    runtime.worker.run_once()
    customer.say(conversation_id, "do you ship?")
    assert runtime.worker.answer(conversation_id) is True
    assert resolver.questions[-1].owned_by_person is True
    assert [m["author"] for m in customer.messages(conversation_id)] == ["customer", "bot", "customer"]
    agent.say(conversation_id, "Hi, I am here.")
    customer.say(conversation_id, "do you ship?")
    runtime.worker.run_once()
    assert customer.messages(conversation_id)[-1]["author"] == "customer"
    assert customer.conversation(conversation_id)["status"] == "open"


def test_who_is_upset_comes_first_also_while_waiting_until_the_matter_ends(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    def priority() -> str:
        shown: str = agent.get(f"/v1/conversations/{conversation_id}").json()["priority"]
        return shown

    conversation_id = customer.start()
    seen: list[str] = []
    for words in ("person please", "this is awful", "thank you"):
        customer.say(conversation_id, words)
        runtime.worker.run_once()
        seen.append(priority())
    assert seen == ["normal", "high", "high"]
    with runtime.database.reading() as session:
        events = session.query(Event).filter_by(conversation_id=conversation_id, kind="status").count()
    assert events == 3  # started, handed over, more pressing
    assert "priority" not in customer.conversation(conversation_id)
    assert agent.post(f"/v1/conversations/{conversation_id}/close").json()["priority"] == "normal"
    customer.say(conversation_id, "this is awful")
    runtime.worker.run_once()
    assert (priority(), customer.conversation(conversation_id)["handoff_reason"]) == ("high", "mood_low")


def test_in_danger_the_customer_is_told_what_to_do_at_once_and_people_look_first(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "sparks come out of the plug")
    runtime.worker.run_once()
    told = customer.messages(conversation_id)[-1]
    assert told["text"] == (
        "**Pull** the plug.\n\n"
        "Your safety comes first: if anyone is hurt or in danger, call your local emergency number now. "
        "I am handing you over to our Billing team and have asked them to look at this first; "
        "an answer usually takes about 10 minutes."
    )
    assert told["payload"]["kind"] == "handoff"
    assert [one["ref"] for one in told["payload"]["sources"]] == ["article:safety"]
    seen = agent.get(f"/v1/conversations/{conversation_id}").json()
    assert (seen["priority"], seen["status"], seen["handoff_reason"]) == ("urgent", "waiting", "danger")


def test_danger_while_a_person_has_the_conversation_is_silent_and_urgent(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    for words in ("person please", "now it is on fire", "this is awful"):
        customer.say(conversation_id, words)
        runtime.worker.run_once()
    seen = agent.get(f"/v1/conversations/{conversation_id}").json()
    assert (seen["priority"], seen["handoff_reason"]) == ("urgent", "wants_person")
    assert [m["author"] for m in customer.messages(conversation_id)].count("bot") == 1


def test_an_agents_first_reply_takes_the_conversation_and_closing_returns_it_to_the_bot(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "person please")
    runtime.worker.run_once()
    reply = agent.say(conversation_id, "Hello, *Ada* here.")
    assert reply["agent"] == {"name": "Ada"}
    assert reply["html"] == "<p>Hello, <em>Ada</em> here.</p>"
    with runtime.database.reading() as session:
        row = session.get_one(Conversation, conversation_id)
        assert (row.status, row.agent_id) == ("open", agent.id)
        assert row.first_response_at is not None
        first = row.first_response_at
    agent.say(conversation_id, "Anything else?")
    closed = agent.post(f"/v1/conversations/{conversation_id}/close").json()
    assert (closed["status"], closed["resolution"]) == ("closed", "human")
    with runtime.database.reading() as session:
        assert session.get_one(Conversation, conversation_id).first_response_at == first
    customer.say(conversation_id, "do you ship?")
    assert customer.conversation(conversation_id)["status"] == "bot"
    runtime.worker.run_once()
    assert customer.messages(conversation_id)[-1]["text"] == "We ship **daily**."


def test_an_agent_who_steps_in_silences_the_bot_before_it_has_answered(
    customer: Customer, runtime: Runtime, agent: AgentAtWork
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    agent.say(conversation_id, "Yes, we do.")
    runtime.worker.run_once()
    assert [m["author"] for m in customer.messages(conversation_id)] == ["customer", "agent"]
    assert customer.conversation(conversation_id)["handoff_reason"] == "agent_stepped_in"


def test_notes_stay_among_agents(customer: Customer, runtime: Runtime, agent: AgentAtWork) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "hello")
    agent.say(conversation_id, "looks like a regular", kind="note")
    assert [m["text"] for m in customer.messages(conversation_id)] == ["hello"]
    shown = customer.conversation(conversation_id)
    assert shown["last_message"]["text"] == "hello"
    assert shown["status"] == "bot"
    seen = agent.get(f"/v1/conversations/{conversation_id}/messages").json()["messages"]
    assert [(m["kind"], m["text"]) for m in seen] == [("message", "hello"), ("note", "looks like a regular")]
    refused = customer.post(
        f"/v1/conversations/{conversation_id}/messages", {"client_id": "n", "text": "x", "kind": "note"}
    )
    assert refused.status_code == 422


def test_an_answer_that_did_not_help_is_followed_by_another_and_then_by_a_person(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    feedback = f"/v1/conversations/{conversation_id}/feedback"
    first = customer.messages(conversation_id)[-1]
    assert first["text"] == "Within 45 days."
    said = customer.post(feedback, {"message_id": first["id"], "helpful": False})
    assert said.json() == {"resolution": "none"}
    runtime.worker.run_once()
    second = customer.messages(conversation_id)[-1]
    assert second["text"] == "It takes 5 days."
    assert customer.messages(conversation_id)[1]["payload"]["feedback"] is False
    customer.post(feedback, {"message_id": second["id"], "helpful": False})
    runtime.worker.run_once()
    last = customer.messages(conversation_id)[-1]
    assert last["payload"]["kind"] == "handoff"
    assert last["text"].startswith("I am sorry that my answer did not help.")
    assert customer.conversation(conversation_id)["handoff_reason"] == "no_other_answer"
    with runtime.database.reading() as session:
        summary = session.get_one(Conversation, conversation_id).handoff_summary
    assert summary is not None
    assert [tried["ref"] for tried in summary["tried"]] == ["article:refund-policy", "article:refund-time"]
    assert summary["question"] == "refund?"


def test_the_same_words_are_not_given_twice_when_the_customer_asks_again(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    for text in ("refund?", "no, the refund!", "REFUND"):
        customer.say(conversation_id, text)
        runtime.worker.run_once()
    bot = [m for m in customer.messages(conversation_id) if m["author"] == "bot"]
    assert [m["text"] for m in bot[:2]] == ["Within 45 days.", "It takes 5 days."]
    assert bot[2]["payload"]["kind"] == "handoff"


def test_feedback_repeated_or_on_an_older_answer_makes_the_bot_say_nothing_more(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    first = customer.messages(conversation_id)[-1]["id"]
    feedback = f"/v1/conversations/{conversation_id}/feedback"
    for _ in range(2):
        customer.post(feedback, {"message_id": first, "helpful": False})
        runtime.worker.run_once()
    customer.post(feedback, {"message_id": first, "helpful": True})
    customer.post(feedback, {"message_id": first, "helpful": False})
    runtime.worker.run_once()
    assert len(customer.messages(conversation_id)) == 3


def test_a_yes_confirms_the_resolution_and_thanks_do_not_undo_it(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    runtime.worker.run_once()
    answer = customer.messages(conversation_id)[-1]["id"]
    said = customer.post(
        f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": True}
    )
    assert said.json() == {"resolution": "confirmed"}
    customer.say(conversation_id, "hello and thanks")
    runtime.worker.run_once()
    assert customer.conversation(conversation_id)["resolution"] == "confirmed"


def test_after_a_yes_another_answer_is_no_resolution_yet(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "do you ship?")
    runtime.worker.run_once()
    answer = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": True})
    customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    assert customer.conversation(conversation_id)["resolution"] == "none"


def test_only_the_bots_messages_of_this_conversation_can_be_rated(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id, other = customer.start(), customer.start()
    own = customer.say(conversation_id, "refund?")["id"]
    runtime.worker.run_once()
    answer = customer.messages(conversation_id)[-1]["id"]
    feedback = f"/v1/conversations/{conversation_id}/feedback"
    assert customer.post(feedback, {"message_id": own, "helpful": True}).status_code == 409
    elsewhere = customer.post(f"/v1/conversations/{other}/feedback", {"message_id": answer, "helpful": True})
    assert elsewhere.status_code == 404


def test_all_messages_of_a_burst_are_asked_again_when_the_answer_did_not_help(
    customer: Customer, runtime: Runtime, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    for text in ("one question", "about a refund"):
        customer.say(conversation_id, text)
    runtime.worker.run_once()
    answer = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": False})
    runtime.worker.run_once()
    assert [question.text for question in resolver.questions[-2:]] == ["one question\nabout a refund"] * 2


def test_a_choice_that_did_not_help_is_not_taken_again(
    customer: Customer, runtime: Runtime, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    for text, more in (("unclear", {}), ("1", {"choice": "learned_answer:1"})):
        customer.say(conversation_id, text, **more)
        runtime.worker.run_once()
    answer = customer.messages(conversation_id)[-1]["id"]
    customer.post(f"/v1/conversations/{conversation_id}/feedback", {"message_id": answer, "helpful": False})
    runtime.worker.run_once()
    again = resolver.questions[-1]
    assert (again.chosen_ref, again.tried_refs) == (None, {"learned_answer:1"})


def test_whoever_writes_was_seen_just_then(customer: Customer, runtime: Runtime) -> None:
    long_ago = now() - timedelta(days=9)
    conversation_id = customer.start()
    for act in (customer.start, lambda: customer.say(conversation_id, "hello")):
        with runtime.database.session() as session:
            session.get_one(Contact, customer.contact_id).last_seen_at = long_ago
        act()
        with runtime.database.reading() as session:
            assert now() - session.get_one(Contact, customer.contact_id).last_seen_at < timedelta(days=1)


def test_a_choice_offered_is_answered_and_one_not_offered_is_refused(
    customer: Customer, runtime: Runtime, resolver: RuleResolver
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "unclear")
    runtime.worker.run_once()
    question = customer.messages(conversation_id)[-1]
    assert question["payload"] == {
        "kind": "clarify",
        "choices": [
            {"ref": "article:refund-policy", "title": "refund-policy"},
            {"ref": "learned_answer:1", "title": "1"},
        ],
    }
    refused = customer.post(
        f"/v1/conversations/{conversation_id}/messages",
        {"client_id": "c", "text": "that", "choice": "article:secret"},
    )
    assert refused.status_code == 422
    said = customer.say(conversation_id, "1", choice="learned_answer:1")
    assert said["payload"] == {"choice": "learned_answer:1"}
    runtime.worker.run_once()
    assert resolver.questions[-1].chosen_ref == "learned_answer:1"
    assert resolver.questions[-1].clarifications == 1
    assert customer.messages(conversation_id)[-1]["text"] == "We ship **daily**."


def test_the_bot_asks_back_once_and_then_hands_over(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    for _ in range(2):
        customer.say(conversation_id, "unclear")
        runtime.worker.run_once()
    assert customer.messages(conversation_id)[-1]["payload"]["kind"] == "handoff"


def test_a_failing_resolver_hands_over_and_loses_nothing(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "boom")
    runtime.worker.run_once()
    shown = customer.conversation(conversation_id)
    assert (shown["status"], shown["handoff_reason"]) == ("waiting", "bot_error")
    assert customer.messages(conversation_id)[-1]["text"].startswith("Something went wrong on my side")
    with runtime.database.reading() as session:
        record = session.query(DecisionRecord).filter_by(conversation_id=conversation_id).one()
    assert record.reasons == ["bot_error"]


def test_a_customer_may_always_ask_for_a_person_and_once_is_enough(
    customer: Customer, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    for _ in range(2):
        handed = customer.post(f"/v1/conversations/{conversation_id}/handoff", {})
        assert handed.json()["status"] == "waiting"
    assert [m["author"] for m in customer.messages(conversation_id)] == ["customer", "bot", "bot"]
    assert customer.conversation(conversation_id)["handoff_reason"] == "customer_request"


def test_the_latest_rating_counts_and_only_1_to_5_is_accepted(customer: Customer) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/csat"
    assert customer.post(path, {"score": 2}).json() == {"score": 2, "comment": ""}
    assert customer.post(path, {"score": 5, "comment": "quick"}).json() == {"score": 5, "comment": "quick"}
    assert customer.post(path, {"score": 6}).status_code == 422


def test_an_agent_assigns_to_itself_or_to_another(
    customer: Customer, agent: AgentAtWork, client: TestClient, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    other = AgentAtWork(client, runtime)
    path = f"/v1/conversations/{conversation_id}/assign"
    assert agent.post(path).json()["agent"]["id"] == agent.id
    assert agent.post(path, {"agent_id": other.id}).json()["agent"]["id"] == other.id
    assert agent.post(path, {"agent_id": "nobody"}).status_code == 404


def test_an_agent_says_what_the_customer_wanted_with_the_last_question(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/intent"
    assert agent.put(path, {"intent": "refund_policy"}).status_code == 409  # nothing was asked yet
    customer.say(conversation_id, "unclear: the shirt that shrank")
    runtime.worker.run_once()
    customer.say(conversation_id, "Refunds", choice="article:refund-policy")
    runtime.worker.run_once()
    customer.say(conversation_id, "hello")
    runtime.worker.run_once()

    assert agent.put(path, {"intent": None}).json()["intent"] is None
    assert agent.put(path, {"intent": "refund_policy"}).json()["intent"] == "refund_policy"
    unknown = agent.put(path, {"intent": "refunds"})
    assert (unknown.status_code, "'refunds'" in unknown.text) == (422, True)
    with runtime.database.reading() as session:
        [label] = session.query(IntentLabel).all()
        labelled = session.get_one(DecisionRecord, label.decision_id)
    assert (labelled.question, label.intent, label.agent_id) == (
        "unclear: the shirt that shrank",
        "refund_policy",
        agent.id,
    )


def test_a_corrected_intent_moves_the_conversation_to_its_team_where_the_agent_says_so(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/intent"
    customer.say(conversation_id, "person")
    runtime.worker.run_once()
    before = agent.get(f"/v1/conversations/{conversation_id}").json()["team"]
    with runtime.database.session() as session:
        session.add(Team(name="parcels", title="Parcels"))
        session.flush()
        session.add(Intent(name="lost_parcel", title="Lost parcel", team="parcels"))
        session.add(Intent(name="praise", title="Praise", team=None))

    assert agent.put(path, {"intent": "lost_parcel"}).json()["team"] == before
    assert agent.put(path, {"intent": "praise", "move_team": True}).json()["team"] == before
    assert agent.put(path, {"intent": None, "move_team": True}).json()["team"] == before
    moved = agent.put(path, {"intent": "lost_parcel", "move_team": True}).json()
    assert (moved["intent"], moved["team"]) == ("lost_parcel", "parcels")
    listed = agent.get("/v1/conversations?status=waiting&team=parcels").json()["conversations"]
    assert [row["id"] for row in listed] == [conversation_id]


def test_agents_list_by_status_and_team_the_latest_first(
    customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    first, second = customer.start(), customer.start()
    for conversation_id in (first, second):
        customer.say(conversation_id, "person")
        runtime.worker.run_once()
    listed = agent.get("/v1/conversations?status=waiting&team=billing").json()["conversations"]
    assert [row["id"] for row in listed][:2] == [second, first]
    assert agent.get("/v1/conversations?status=waiting&team=devices").json() == {
        "conversations": [],
        "next": None,
    }
    assert agent.get("/v1/conversations?status=lost").status_code == 422


def test_what_happens_in_a_conversation_brings_it_to_the_top_of_the_agents_list(
    customer: Customer, agent: AgentAtWork, client: TestClient, runtime: Runtime
) -> None:
    conversation_id, later = customer.start(), customer.start()
    colleague, path = AgentAtWork(client, runtime), f"/v1/conversations/{conversation_id}"
    acts = {
        "asked": lambda: customer.say(conversation_id, "do you ship?"),
        "answered by the bot": lambda: runtime.worker.answer(conversation_id),
        "answered by an agent": lambda: agent.say(conversation_id, "Yes, daily."),
        "closed": lambda: agent.post(f"{path}/close"),
        "handed over": lambda: customer.post(f"{path}/handoff", {}),
        "assigned": lambda: agent.post(f"{path}/assign", {"agent_id": colleague.id}),
    }
    for what, act in acts.items():
        with runtime.database.session() as session:
            session.get_one(Conversation, conversation_id).updated_at = now() - timedelta(minutes=2)
            session.get_one(Conversation, later).updated_at = now() - timedelta(minutes=1)
        act()
        listed = [row["id"] for row in agent.get("/v1/conversations").json()["conversations"]]
        assert listed.index(conversation_id) < listed.index(later), what


def test_a_customer_lists_own_conversations_newest_first(customer: Customer, client: TestClient) -> None:
    mine = [customer.start(), customer.start()]
    Customer(client).start()
    listed = customer.get("/v1/conversations").json()["conversations"]
    assert [row["id"] for row in listed] == mine[::-1]


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_a_message_that_says_nothing_is_refused(customer: Customer, text: str) -> None:
    conversation_id = customer.start()
    body = {"client_id": "e", "text": text}
    refused = customer.post(f"/v1/conversations/{conversation_id}/messages", body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == "text is empty; write at least one character"


def test_a_message_that_is_too_long_is_told_the_limit_and_its_size(customer: Customer) -> None:
    conversation_id = customer.start()
    path = f"/v1/conversations/{conversation_id}/messages"
    refused = customer.post(path, {"client_id": "l", "text": "a" * 8001})
    assert refused.status_code == 422
    assert (
        refused.json()["detail"] == "the message has 8,001 characters, at most 8,000 are accepted; shorten it"
    )
    assert customer.post(path, {"client_id": "l", "text": "ä" * 8000}).status_code == 201


def test_nul_characters_are_taken_out_and_other_characters_kept(customer: Customer) -> None:
    conversation_id = customer.start()
    assert customer.say(conversation_id, "a\x00b <script> 日本 🌿")["text"] == "ab <script> 日本 🌿"


def test_half_characters_become_question_marks(customer: Customer) -> None:
    conversation_id = customer.start()
    posted = customer.client.post(
        f"/v1/conversations/{conversation_id}/messages",
        headers={**customer.headers, "Content-Type": "application/json"},
        content=b'{"client_id": "s", "text": "a\\ud800b"}',
    )
    assert posted.json()["text"] == "a?b"


def test_the_html_of_an_agents_message_carries_no_script(customer: Customer, agent: AgentAtWork) -> None:
    conversation_id = customer.start()
    said = agent.say(conversation_id, "<script>alert(1)</script> [x](javascript:alert(1)) [y](/help/y)")
    assert said["html"] == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1)) "
        '<a href="/help/y" rel="noopener noreferrer">y</a></p>'
    )


def test_messages_come_in_pages(customer: Customer) -> None:
    conversation_id = customer.start()
    ids = [customer.say(conversation_id, f"hello {i}")["id"] for i in range(3)]
    page = customer.get(f"/v1/conversations/{conversation_id}/messages?after={ids[0]}&limit=1").json()
    assert [m["id"] for m in page["messages"]] == [ids[1]]
    assert customer.get(f"/v1/conversations/{conversation_id}/messages?after=-1").status_code == 422


def test_a_decision_is_stored_with_its_trace(customer: Customer, runtime: Runtime) -> None:
    conversation_id = customer.start()
    asked = customer.say(conversation_id, "refund?")
    runtime.worker.run_once()
    with runtime.database.reading() as session:
        record = session.query(DecisionRecord).filter_by(conversation_id=conversation_id).one()
        message = session.query(Message).filter_by(conversation_id=conversation_id, author="bot").one()
        assert record.trace is not None
        trace = record.trace.trace
    assert message.decision_id == record.id
    assert (record.message_id, record.kind, record.answer_ref) == (
        asked["id"],
        "answer",
        "article:refund-policy",
    )
    assert trace["milliseconds"] == {"total": 1.5}
    assert trace["intents"] == {"refund_policy": 0.9, "track_order": 0.1}


def test_an_unknown_conversation_is_not_found(customer: Customer, agent: AgentAtWork) -> None:
    for asker in (customer, agent):
        missing = asker.get(f"/v1/conversations/{new_id()}")
        assert missing.status_code == 404
        assert missing.json()["status"] == 404
