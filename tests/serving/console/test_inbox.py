"""The inbox without script: reading, filtering, answering, noting, taking and closing."""

import re

from fastapi.testclient import TestClient
from sqlalchemy import select

from serving.console.inbox_help import suggestions
from serving.conversations.repository import messages_after
from serving.db.tables import Conversation, DecisionRecord, DecisionTrace, Intent, Message, Team
from serving.runtime.assembly import Runtime
from tests.serving.console.sample import add_conversation, add_reply, squeezed


def start(runtime: Runtime, words: str, **changes: object) -> str:
    with runtime.database.session() as session:
        return add_conversation(session, words, **changes).id


def messages(runtime: Runtime, conversation_id: str) -> list[Message]:
    with runtime.database.reading() as session:
        return messages_after(session, conversation_id, notes=True, limit=100)


def conversation(runtime: Runtime, conversation_id: str) -> Conversation:
    with runtime.database.reading() as session:
        return session.scalars(select(Conversation).where(Conversation.id == conversation_id)).one()


def nonce_of(html: str) -> str:
    return re.findall(r'name="nonce" value="(\w+)"', html)[0]


def fragment_in(page: str, element_id: str) -> int:
    return page.count(f'id="{element_id}"')


def test_script_that_a_customer_posts_is_only_text(runtime: Runtime, agent: TestClient) -> None:
    evil = "<script>alert('x')</script><img src=x onerror=alert(1)>"
    conversation_id = start(runtime, evil, name="<b>Eve</b>")

    for path in ("/inbox", f"/inbox/{conversation_id}"):
        page = agent.get(path).text
        assert "&lt;script&gt;alert" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>Eve</b>" not in page


def test_raw_html_in_an_agents_reply_is_only_text(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Hello")
    with runtime.database.session() as session:
        add_reply(
            session, session.get_one(Conversation, conversation_id), "<script>alert(2)</script> **yes**"
        )

    page = agent.get(f"/inbox/{conversation_id}").text

    assert "<script>alert(2)" not in page
    assert "<strong>yes</strong>" in page


def test_what_hardly_answers_is_not_suggested_as_a_reply(runtime: Runtime) -> None:
    trace = {"candidates": [{"ref": "article:swap-pods", "confidence": 0.02, "passage": {}}]}
    likelier = {"candidates": [{"ref": "article:swap-pods", "confidence": 0.43, "passage": {}}]}
    with runtime.database.reading() as session:
        assert suggestions(session, runtime, trace) == []
        (one,) = suggestions(session, runtime, likelier)
    assert (one.title, one.confidence) == ("Swap pods", 0.43)


def test_a_conversation_shows_who_why_and_what_was_tried(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Swap my mint please", mood=-0.6)

    page = squeezed(agent.get(f"/inbox/{conversation_id}").text)

    assert "Swap my mint please" in page
    assert "The answer did not help, and the bot knows no other" in page
    assert '<a href="/articles/swap-pods">Swap pods</a> <span class="hint">91 % sure</span>' in page
    assert "Customer: that did not help" in page
    assert "<dt>Plan</dt><dd>orchard</dd>" in page
    assert "<dt>Vip</dt><dd>yes</dd>" in page
    assert "<dt>Intent</dt><dd>Swap pods</dd>" in page
    assert "Mood: </span>Upset" in page


def test_the_longest_wait_stands_first_and_one_past_its_promise_is_marked(
    runtime: Runtime, agent: TestClient
) -> None:
    late = start(runtime, "waits long", minutes_ago=5000, team="billing")
    fresh = start(runtime, "waits short", minutes_ago=1, team="billing")

    page = squeezed(agent.get("/inbox?status=waiting&team=billing").text)

    assert page.index(late) < page.index(fresh)
    assert "longer than promised" in page[page.index(late) : page.index(fresh)]
    assert "longer than promised" not in page[page.index(f'data-id="{fresh}"') :]
    assert '<time datetime="' in page
    assert ">3 d</time>" in page


def test_the_most_pressing_of_those_who_wait_stand_first_and_say_so(
    runtime: Runtime, agent: TestClient
) -> None:
    usual = start(runtime, "waits long", minutes_ago=6000, team="billing")
    high = start(runtime, "is upset", minutes_ago=1, team="billing", priority="high")
    higher = start(runtime, "is upset for longer", minutes_ago=2, team="billing", priority="high")
    urgent = start(runtime, "smells smoke", minutes_ago=0, team="billing", priority="urgent")
    answered = start(runtime, "is served", status="open", team="billing", priority="urgent")

    page = squeezed(agent.get("/inbox?team=billing").text)

    places = [page.index(f'data-id="{each}"') for each in (urgent, higher, high, usual, answered)]
    assert places == sorted(places)
    assert '<span class="tag tag--bad">Urgent</span>' in page[places[0] : places[1]]
    assert '<span class="tag tag--bad">High priority</span>' in page[places[1] : places[2]]
    assert "priority" not in page[places[3] : places[4]].replace('data-priority="normal"', "")
    assert '<span class="tag tag--bad">Urgent</span>' in agent.get(f"/inbox/{urgent}").text


def test_the_list_can_be_narrowed_by_status_and_team(runtime: Runtime, agent: TestClient) -> None:
    waiting = start(runtime, "one", team="billing")
    with_bot = start(runtime, "two", status="bot", team="billing")
    elsewhere = start(runtime, "three", team="deliveries")

    usual = agent.get("/inbox").text
    bots = agent.get("/inbox?status=bot&team=billing").text

    assert waiting in usual
    assert elsewhere in usual
    assert with_bot not in usual
    assert with_bot in bots
    assert waiting not in bots
    assert agent.get("/inbox?status=nonsense&team=nobody").status_code == 200


def test_the_filters_stay_while_reading_and_answering(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "keep my filters", team="billing")
    address = f"/inbox/{conversation_id}?status=waiting&team=billing"
    page = agent.get(address).text

    action = f'action="/inbox/{conversation_id}/messages?status=waiting&amp;team=billing"'
    assert action in page
    sent = agent.post(
        f"/inbox/{conversation_id}/messages?status=waiting&team=billing",
        data={"text": "Here", "nonce": nonce_of(page)},
    )
    assert sent.headers["location"] == address


def test_a_reply_is_stored_once_and_takes_the_conversation(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Answer me")
    nonce = nonce_of(agent.get(f"/inbox/{conversation_id}").text)
    form = {"text": "First line\r\nsecond line", "nonce": nonce}

    first = agent.post(f"/inbox/{conversation_id}/messages", data=form)
    again = agent.post(f"/inbox/{conversation_id}/messages", data=form)

    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == f"/inbox/{conversation_id}"
    assert [row.text for row in messages(runtime, conversation_id)[2:]] == ["First line\nsecond line"]
    stored = conversation(runtime, conversation_id)
    assert (stored.status, stored.agent_id is not None) == ("open", True)


def test_other_words_in_the_same_form_are_another_message(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Go back and write again")
    nonce = nonce_of(agent.get(f"/inbox/{conversation_id}").text)

    for text in ("One", "Two"):
        agent.post(f"/inbox/{conversation_id}/messages", data={"text": text, "nonce": nonce})

    assert [row.text for row in messages(runtime, conversation_id)[2:]] == ["One", "Two"]


def test_a_note_is_for_agents_and_does_not_answer(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Note this")

    response = agent.post(
        f"/inbox/{conversation_id}/messages", data={"text": "Ask billing", "note": "1", "nonce": "n1"}
    )

    assert response.headers["location"] == f"/inbox/{conversation_id}?done=note"
    assert messages(runtime, conversation_id)[-1].kind == "note"
    assert conversation(runtime, conversation_id).status == "waiting"
    page = agent.get(response.headers["location"]).text
    assert "Note added. Only agents see it." in page
    assert "Note, only agents see it" in page


def test_a_reply_that_is_refused_stays_in_its_field(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Too long")
    text = "Long </textarea><script>" + "x" * 8_000

    response = agent.post(
        f"/inbox/{conversation_id}/messages", data={"text": text, "note": "1", "nonce": "n"}
    )

    assert response.status_code == 422
    assert "at most 8,000 are accepted; shorten it." in response.text
    assert "Long &lt;/textarea&gt;&lt;script&gt;xxx" in response.text
    assert 'id="composer-note" checked' in response.text
    assert len(messages(runtime, conversation_id)) == 2


def test_an_empty_reply_is_refused_in_the_page(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Nothing to say")

    response = agent.post(f"/inbox/{conversation_id}/messages", data={"text": " ", "nonce": "n"})

    assert response.status_code == 422
    assert 'role="alert">Text is empty; write at least one character.' in response.text


def test_taking_and_closing_are_plain_forms(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Take and close")

    taken = agent.post(f"/inbox/{conversation_id}/assign")
    assert taken.headers["location"] == f"/inbox/{conversation_id}?done=assigned"
    assert "Assign to me" not in agent.get(f"/inbox/{conversation_id}").text
    assert conversation_id in agent.get("/inbox?status=mine").text

    closed = agent.post(f"/inbox/{conversation_id}/close?status=mine")
    assert closed.headers["location"].endswith("?status=mine&done=closed")
    assert conversation_id not in closed.headers["location"]
    assert conversation(runtime, conversation_id).status == "closed"
    assert conversation_id not in agent.get("/inbox").text


def test_an_agent_corrects_the_intent_beside_the_conversation(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Where are the pods?")
    with runtime.database.session() as session:
        record = session.query(DecisionRecord).filter_by(conversation_id=conversation_id).first()
        assert record is not None
        read = {"swap_pods": 0.1, "gone": 0.3, "refund_request": 0.6}
        record.trace = DecisionTrace(trace={"intents": read})

    page = agent.get(f"/inbox/{conversation_id}").text
    guesses = page.index("Wants money back (60 %)"), page.index("Swap pods (10 %)")
    assert guesses[0] < guesses[1] < page.index('<optgroup label="All">')
    saved = agent.post(f"/inbox/{conversation_id}/intent", data={"intent": "swap_pods"})
    assert saved.headers["location"] == f"/inbox/{conversation_id}?done=labelled"
    assert conversation(runtime, conversation_id).intent == "swap_pods"
    agent.post(f"/inbox/{conversation_id}/intent", data={"intent": ""})
    assert conversation(runtime, conversation_id).intent is None


def test_correcting_the_intent_offers_its_team_unless_somebody_has_taken_the_conversation(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id = start(runtime, "Swap them for me")
    with runtime.database.session() as session:
        session.add(Team(name="growing", title="Growing <team>"))
        session.flush()
        session.get_one(Intent, "swap_pods").team = "growing"
        session.get_one(Conversation, conversation_id).agent_id = None

    page = agent.get(f"/inbox/{conversation_id}").text
    assert '<input type="checkbox" name="move_team" value="yes" checked>' in page
    assert 'data-team="Growing &lt;team&gt;"' in page
    agent.post(f"/inbox/{conversation_id}/intent", data={"intent": "swap_pods"})
    assert conversation(runtime, conversation_id).team != "growing"
    agent.post(f"/inbox/{conversation_id}/intent", data={"intent": "swap_pods", "move_team": "yes"})
    assert conversation(runtime, conversation_id).team == "growing"

    agent.post(f"/inbox/{conversation_id}/assign")
    page = agent.get(f"/inbox/{conversation_id}").text
    assert '<input type="checkbox" name="move_team" value="yes">' in page


def test_another_site_cannot_answer_in_the_agents_name(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Forged?")

    response = agent.post(
        f"/inbox/{conversation_id}/messages",
        data={"text": "forged", "nonce": "n"},
        headers={"Origin": "https://evil.example"},
    )

    assert response.status_code == 403
    assert len(messages(runtime, conversation_id)) == 2


def test_fragments_are_the_same_markup_as_in_the_page(runtime: Runtime, agent: TestClient) -> None:
    conversation_id = start(runtime, "Same markup")
    page = agent.get(f"/inbox/{conversation_id}").text

    for element_id in ("nav", "notice", "conversation-list", "conversation-header", "thread", "details"):
        fragment = agent.get(f"/inbox/{conversation_id}", headers={"X-Fragment": element_id}).text
        assert fragment_in(fragment, element_id) == 1
        assert "<html" not in fragment
        assert fragment.strip() in page

    both = agent.get(f"/inbox/{conversation_id}", headers={"X-Fragment": "thread nav"}).text
    assert both.index('id="thread"') < both.index('id="nav"')


def test_a_form_sent_by_script_answers_with_the_fragments_after_the_redirect(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id = start(runtime, "Live please")

    response = agent.post(
        f"/inbox/{conversation_id}/messages",
        data={"text": "Here I am", "nonce": "n"},
        headers={"X-Fragment": "composer thread"},
        follow_redirects=True,
    )

    assert response.status_code == 200
    assert "<html" not in response.text
    assert "Here I am" in response.text
    assert 'aria-describedby="composer-hint"' in response.text


def test_what_does_not_exist_is_a_page_too(runtime: Runtime, agent: TestClient) -> None:
    missing = agent.get("/inbox/nobody")
    fragment = agent.get(f"/inbox/{start(runtime, 'x')}", headers={"X-Fragment": "secrets"})

    assert (missing.status_code, fragment.status_code) == (404, 404)
    assert missing.headers["content-type"].startswith("text/html")
    assert "Back to the inbox" in missing.text
