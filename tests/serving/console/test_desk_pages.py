"""The inbox's deeds as plain forms: owners, snoozing, tags, many at once, saved replies, search."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from model.errors import DataError
from serving.console.snoozing import snooze_until
from serving.db.tables import Agent, Conversation, DecisionRecord, DecisionTrace, Message
from serving.runtime.assembly import Runtime
from tests.serving.console.sample import People, add_conversation, add_reply, squeezed
from tests.serving.console.test_inbox import conversation, messages, nonce_of, start

FRIDAY = datetime(2026, 12, 4, 22, 30, tzinfo=UTC)


def agent_id(runtime: Runtime, email: str) -> str:
    with runtime.database.reading() as session:
        return session.query(Agent).filter_by(email=email).one().id


def owned_by_ada(runtime: Runtime, words: str) -> str:
    with runtime.database.session() as session:
        row = add_conversation(session, words)
        add_reply(session, row, "I look into it.")
        return row.id


def test_a_reply_into_anothers_conversation_asks_first_and_keeps_the_words(
    runtime: Runtime, editor: TestClient
) -> None:
    conversation_id = owned_by_ada(runtime, "Whose is this?")
    page = editor.get(f"/inbox/{conversation_id}").text
    assert "<strong>Ada Moss</strong> has this conversation. Your reply asks first" in squeezed(page)
    form = {"text": "Let <me> help", "nonce": nonce_of(page)}
    asked = editor.post(f"/inbox/{conversation_id}/messages", data=form)
    assert asked.status_code == 409
    assert "<strong>Ada Moss</strong> is answering this. Send your reply anyway?" in asked.text
    assert "Let &lt;me&gt; help</textarea>" in asked.text
    assert len(messages(runtime, conversation_id)) == 3
    sent = editor.post(f"/inbox/{conversation_id}/messages", data={**form, "anyway": "1"})
    assert sent.status_code == 303
    assert messages(runtime, conversation_id)[-1].text == "Let <me> help"
    assert conversation(runtime, conversation_id).agent_id == agent_id(runtime, People().agent)


def test_taking_anothers_conversation_warns_with_the_name(runtime: Runtime, editor: TestClient) -> None:
    conversation_id = owned_by_ada(runtime, "Mine now?")
    page = squeezed(editor.get(f"/inbox/{conversation_id}").text)
    assert "<strong>Ada Moss</strong> has this conversation.</p>" in page
    refused = editor.post(f"/inbox/{conversation_id}/assign", data={"to": "me"})
    assert (refused.status_code, "Ada Moss has this conversation" in refused.text) == (409, True)
    taken = editor.post(f"/inbox/{conversation_id}/assign", data={"to": "me", "anyway": "1"})
    assert taken.headers["location"].endswith("?done=assigned")
    assert conversation(runtime, conversation_id).agent_id == agent_id(runtime, People().editor)


def test_a_conversation_is_given_to_a_colleague_a_team_and_nobody(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id = owned_by_ada(runtime, "Hand me round")
    edith = agent_id(runtime, People().editor)
    for to, owner, team in (
        (f"agent:{edith}", edith, "deliveries"),
        ("nobody", None, "deliveries"),
        ("team:billing", None, "billing"),
    ):
        agent.post(f"/inbox/{conversation_id}/assign", data={"to": to, "anyway": "1"})
        stored = conversation(runtime, conversation_id)
        assert (stored.agent_id, stored.team) == (owner, team)
    assert agent.post(f"/inbox/{conversation_id}/assign", data={"to": "magic"}).status_code == 422


def test_closing_opens_the_next_one_of_the_list(runtime: Runtime, agent: TestClient) -> None:
    ids = [start(runtime, f"next {n}", team="billing", minutes_ago=90_000 - n) for n in range(3)]
    filters = "?team=billing&order=longest"
    closed = agent.post(f"/inbox/{ids[1]}/close{filters}")
    assert closed.headers["location"] == f"/inbox/{ids[2]}{filters}&done=closed"
    page = agent.get(closed.headers["location"]).text
    assert "Closed. The customer&#39;s next message goes to the bot." in page


def test_snoozing_is_a_form_with_a_reason_and_the_list_moves_on(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Put me off")
    form = {"until": "tomorrow", "reason": "Waits for <the> warehouse", "zone": "Asia/Jakarta"}
    snoozed = agent.post(f"/inbox/{conversation_id}/snooze", data=form)
    assert conversation_id not in snoozed.headers["location"]
    assert snoozed.headers["location"].endswith("done=snoozed")
    assert f'data-id="{conversation_id}"' not in agent.get("/inbox").text
    assert f'data-id="{conversation_id}"' in agent.get("/inbox?status=snoozed").text
    page = agent.get(f"/inbox/{conversation_id}").text
    assert "Waits for &lt;the&gt; warehouse" in page
    until = conversation(runtime, conversation_id).snoozed_until
    assert until is not None
    assert (until.hour, until.minute) == (2, 0)  # nine in Jakarta
    agent.post(f"/inbox/{conversation_id}/snooze", data={"until": "now"})
    assert f'data-id="{conversation_id}"' in agent.get("/inbox").text


@pytest.mark.parametrize(
    ("choice", "at", "zone", "until"),
    [
        ("later", "", "Europe/Berlin", datetime(2026, 12, 5, 1, 30, tzinfo=UTC)),
        ("tomorrow", "", "UTC", datetime(2026, 12, 5, 9, tzinfo=UTC)),
        ("tomorrow", "", "Asia/Jakarta", datetime(2026, 12, 6, 2, tzinfo=UTC)),  # Saturday there already
        ("next_week", "", "Europe/Berlin", datetime(2026, 12, 7, 8, tzinfo=UTC)),
        ("at", "2026-12-24T18:00", "Europe/Berlin", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        ("at", "2026-12-24T18:00", "Nowhere/../etc", datetime(2026, 12, 24, 18, tzinfo=UTC)),
    ],
)
def test_times_to_snooze_until_are_the_readers_own(choice: str, at: str, zone: str, until: datetime) -> None:
    assert snooze_until(choice, at, zone, FRIDAY) == until


def test_a_time_that_is_none_is_told_so() -> None:
    with pytest.raises(DataError, match="'soon' is no date and time"):
        snooze_until("at", "soon", "", FRIDAY)


def test_tags_and_priority_are_changed_beside_the_conversation(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Tag me")
    agent.post(f"/inbox/{conversation_id}/tags", data={"add": "VIP, <b>bold</b>"})
    agent.post(f"/inbox/{conversation_id}/priority", data={"priority": "urgent"})
    page = agent.get(f"/inbox/{conversation_id}").text
    assert 'aria-label="Take off the tag vip"' in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page
    assert '<option value="urgent" selected>' in page
    agent.post(f"/inbox/{conversation_id}/tags", data={"remove": "vip"})
    assert "Take off the tag vip" not in agent.get(f"/inbox/{conversation_id}").text


def test_the_ticked_are_changed_together(runtime: Runtime, agent: TestClient) -> None:
    ids = [start(runtime, f"tick {n}") for n in range(2)]
    done = agent.post("/inbox/bulk?team=deliveries", data={"ids": ids, "act": "me", "tag": "batch"})
    assert done.headers["location"] == "/inbox?team=deliveries&done=bulk"
    ada = agent_id(runtime, People().agent)
    assert [conversation(runtime, one).agent_id for one in ids] == [ada, ada]
    closed = agent.post("/inbox/bulk", data={"ids": [*ids, "nobody"], "act": "close"})
    assert closed.headers["location"] == "/inbox?done=bulk-some"
    assert [conversation(runtime, one).status for one in ids] == ["closed", "closed"]
    nothing = agent.post("/inbox/bulk", data={"act": "close"})
    assert (nothing.status_code, "tick some first" in nothing.text) == (422, True)


def test_a_saved_reply_is_written_offered_and_inserted_without_script(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id = start(runtime, "Greet me", name="Bo <Lind>")
    form = {"name": "Hello", "text": "Hi {first_name}, {agent} here."}
    assert agent.post("/macros", data=form).headers["location"] == "/macros?done=macro-saved"
    refused = agent.post("/macros", data={"name": "Bad", "text": "Dear {surname}"})
    assert refused.status_code == 422
    assert "Dear {surname}</textarea>" in refused.text
    page = agent.get(f"/inbox/{conversation_id}").text
    link = re.findall(r'href="(/inbox/[^"]*insert=macro[^"#]*)', page)[0]
    assert "Hi Bo, Ada Moss here.</textarea>" in agent.get(link).text
    number = re.findall(r'action="/macros/(\d+)/remove"', agent.get("/macros").text)[0]
    agent.post(f"/macros/{number}/remove")
    assert "insert=macro" not in agent.get(f"/inbox/{conversation_id}").text


def test_what_is_found_is_marked_and_leads_to_its_message(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "My <i>zeppelin</i> is late", name="Zed")
    page = squeezed(agent.get("/inbox?q=ZEPP").text)
    assert "My &lt;i&gt;<mark>zeppelin</mark>&lt;/i&gt; is late" in page
    message = messages(runtime, conversation_id)[0]
    assert f'href="/inbox/{conversation_id}?q=ZEPP#message-{message.id}"' in page
    for typed in ('"', "%00", "a" * 20_000, "tag:", "🎈", "\u202e"):
        assert agent.get("/inbox", params={"q": typed}).status_code == 200
    assert "Nothing was found." in agent.get("/inbox?q=nothinglikethis").text


def test_the_agent_sees_what_was_offered_with_scores_and_may_insert_it(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id = start(runtime, "Which pods?")
    with runtime.database.session() as session:
        asked = Message(conversation_id=conversation_id, author="customer", text="Which?")
        session.add(asked)
        session.flush()
        record = DecisionRecord(
            **{"conversation_id": conversation_id, "message_id": asked.id, "question": "Which?"},
            **{"kind": "clarify", "confidence": 0.4, "threshold": 0.9, "sentiment": "neutral"},
            **{"mood": 0.0, "wants_person": 0.0, "reasons": ["plausible"], "model": "none"},
        )
        candidates = [{"ref": "article:swap-pods", "passage": "x", "title": "Swap pods", "confidence": 0.41}]
        record.trace = DecisionTrace(trace={"candidates": candidates})
        session.add(record)
        session.flush()
        choices = [{"ref": "article:swap-pods", "title": "Swap pods"}]
        offer = {"kind": "clarify", "choices": choices}
        session.add(
            Message(
                conversation_id=conversation_id,
                author="bot",
                text="Which of these?",
                decision_id=record.id,
                payload=offer,
            )
        )
        answer = {"choice": "article:swap-pods"}
        session.add(
            Message(conversation_id=conversation_id, author="customer", text="Swap pods", payload=answer)
        )
    page = squeezed(agent.get(f"/inbox/{conversation_id}").text)
    assert "Offered 1 choice" in page
    assert '<a href="/articles/swap-pods">Swap pods</a> <span class="hint">41 % sure</span>' in page
    assert '<span class="tag tag--mine">picked</span>' in page
    inserted = agent.get(f"/inbox/{conversation_id}?insert=answer:article:swap-pods").text
    assert "Open the app, then **Box &gt; Swap**, until the 5th.</textarea>" in inserted


def test_lists_say_how_many_they_have_and_follow_each_other(runtime: Runtime, agent: TestClient) -> None:
    for number in range(52):
        start(runtime, f"many {number}", status="bot", team="billing")
    page = agent.get("/inbox?status=bot&team=billing")
    assert page.text.count('data-id="') == 50
    following = re.findall(r'href="(/inbox[^"]*after=[^"]*)" rel="next"', page.text)[0]
    rest = agent.get(following.replace("&amp;", "&"))
    assert rest.text.count('data-id="') >= 2
    assert "Show more" not in rest.text
    fragment = agent.get("/inbox", headers={"X-Fragment": "inbox-views"}).text
    assert 'data-view="needs_person"' in fragment
    with runtime.database.session() as session:
        session.query(Conversation).filter_by(team="billing", status="bot").update({"team": None})
