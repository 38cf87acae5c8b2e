"""Deciding on proposals without script, on their page and beside the reply."""

import re

from fastapi.testclient import TestClient

from serving.db.tables import LearnedAnswer, Proposal
from serving.runtime.assembly import Runtime
from tests.serving.console.sample import add_conversation, add_learned_answer, add_proposal, add_reply


def propose(runtime: Runtime, **changes: object) -> tuple[str, int]:
    """Ids of a conversation and of the proposal drafted from its reply."""
    with runtime.database.session() as session:
        conversation = add_conversation(session, "hi, chillies outside <ok>?")
        reply = add_reply(session, conversation, "Hello! Yes, after the **last frost**. Ada")
        return conversation.id, add_proposal(session, conversation, reply, **changes).id


def proposal(runtime: Runtime, proposal_id: int) -> Proposal:
    with runtime.database.reading() as session:
        return session.get_one(Proposal, proposal_id)


def learned_answer(runtime: Runtime, learned_answer_id: int | None) -> LearnedAnswer:
    with runtime.database.reading() as session:
        row = session.get_one(LearnedAnswer, learned_answer_id)
        assert row.phrasings is not None
        return row


def test_a_new_answer_is_asked_about_beside_the_reply(runtime: Runtime, agent: TestClient) -> None:
    conversation_id, proposal_id = propose(runtime, question="Beside?")

    page = agent.get(f"/inbox/{conversation_id}").text

    assert "I had not heard that before. Am I right that …?" in page
    assert page.index('<div class="message__text prose"><p>Hello!') < page.index(
        f'id="proposal-{proposal_id}"'
    )
    assert f'action="/inbox/{conversation_id}/proposals/{proposal_id}/approve"' in page
    assert "1 proposal to decide" in page


def test_the_page_of_proposals_quotes_customer_and_agent(runtime: Runtime, agent: TestClient) -> None:
    conversation_id, proposal_id = propose(runtime, question="Quoted?")

    page = agent.get("/proposals").text
    card = page[page.index(f'id="proposal-{proposal_id}"') :]

    assert "hi, chillies outside &lt;ok&gt;?" in card
    assert "Hello! Yes, after the <strong>last frost</strong>. Ada" in card
    assert f'href="/inbox/{conversation_id}#message-' in card


def test_approving_beside_the_reply_makes_it_live_and_undo_takes_it_back(
    runtime: Runtime, agent: TestClient
) -> None:
    conversation_id, proposal_id = propose(runtime, question="Live and undone?")
    base = f"/inbox/{conversation_id}/proposals/{proposal_id}"

    approved = agent.post(f"{base}/approve")
    assert approved.headers["location"] == f"/inbox/{conversation_id}#proposal-{proposal_id}"
    page = agent.get(f"/inbox/{conversation_id}").text
    assert "Live. The bot will answer this from now on." in page
    made = proposal(runtime, proposal_id).learned_answer_id
    assert learned_answer(runtime, made).status == "approved"
    assert f'href="/learned-answers/{made}"' in page

    agent.post(f"{base}/undo")
    page = agent.get(f"/inbox/{conversation_id}").text
    assert "Undone. The bot no longer uses this. You can still decide." in page
    assert learned_answer(runtime, made).status == "retired"


def test_edited_words_are_approved_one_phrasing_a_line(runtime: Runtime, agent: TestClient) -> None:
    _, proposal_id = propose(runtime, question="To be edited?")
    fields = {
        "question": "May chillies go outside?",
        "answer": "After the last frost.\r\nIn the sun.",
        "phrasings": "chillies outside\r\n\r\n  peppers on the balcony ",
    }

    response = agent.post(f"/proposals/{proposal_id}/approve", data=fields)

    assert response.headers["location"] == f"/proposals?decided={proposal_id}"
    made = learned_answer(runtime, proposal(runtime, proposal_id).learned_answer_id)
    assert made.answer == "After the last frost.\nIn the sun."
    texts = {row.text for row in made.phrasings}
    assert {"May chillies go outside?", "chillies outside", "peppers on the balcony"} <= texts
    assert "" not in texts
    page = agent.get(response.headers["location"]).text
    assert "Live. The bot will answer this from now on." in page


def test_refused_words_stay_in_their_open_fields(runtime: Runtime, agent: TestClient) -> None:
    conversation_id, proposal_id = propose(runtime, question="Refused?")
    fields = {"question": "Kept <question>?", "answer": "  ", "phrasings": "one\ntwo"}

    for base in (f"/proposals/{proposal_id}", f"/inbox/{conversation_id}/proposals/{proposal_id}"):
        response = agent.post(f"{base}/approve", data=fields)
        assert response.status_code == 422
        assert "Answer is empty; write at least one word." in response.text
        assert "Kept &lt;question&gt;?</textarea>" in response.text
        assert f'id="proposal-{proposal_id}-edit" open' in response.text
    assert proposal(runtime, proposal_id).status == "pending"


def test_not_reusable_and_rejected_learn_nothing_and_can_be_undone(
    runtime: Runtime, agent: TestClient
) -> None:
    _, first = propose(runtime, question="Only for one?")
    _, second = propose(runtime, question="Wrong?")

    agent.post(f"/proposals/{first}/not-reusable")
    agent.post(f"/proposals/{second}/reject")

    assert proposal(runtime, first).status == "not_reusable"
    assert proposal(runtime, second).status == "rejected"
    decided = agent.get("/proposals?tab=decided").text
    assert "Not reusable. The reply stays in its conversation." in decided
    assert "Rejected. Nothing was learned from the reply." in decided
    assert f'id="proposal-{first}"' not in agent.get("/proposals").text
    agent.post(f"/proposals/{first}/undo")
    assert f'id="proposal-{first}"' in agent.get("/proposals").text


def test_deciding_what_somebody_else_decided_otherwise_says_so(
    runtime: Runtime, agent: TestClient, editor: TestClient
) -> None:
    _, proposal_id = propose(runtime, question="Two people?")
    editor.post(f"/proposals/{proposal_id}/reject")

    response = agent.post(f"/proposals/{proposal_id}/approve")

    assert response.status_code == 409
    assert "is already rejected; undo that first." in response.text


def test_new_words_for_something_known_name_what_is_known(runtime: Runtime, agent: TestClient) -> None:
    with runtime.database.session() as session:
        known = add_learned_answer(session, "Do basil seeds keep?", "For 18 months.").id
    conversation_id, proposal_id = propose(
        runtime,
        kind="phrasing",
        question="shelf life of basil",
        answer="For 18 months.",
        similar_ref=f"learned_answer:{known}",
    )

    page = agent.get(f"/inbox/{conversation_id}").text
    assert "This looks like something I know, asked in new words. Am I right?" in page
    assert f'<a href="/learned-answers/{known}">Do basil seeds keep?</a>' in page

    agent.post(f"/inbox/{conversation_id}/proposals/{proposal_id}/approve")
    texts = [row.text for row in learned_answer(runtime, known).phrasings]
    assert "shelf life of basil" in texts
    assert "The bot understands these words from now on." in agent.get(f"/inbox/{conversation_id}").text


def test_a_correction_shows_both_and_supersedes_the_old_one(runtime: Runtime, agent: TestClient) -> None:
    with runtime.database.session() as session:
        known = add_learned_answer(session, "How long is the warranty on lamps?", "Two years.").id
    conversation_id, proposal_id = propose(
        runtime,
        kind="correction",
        question="How long is the warranty on lamps?",
        answer="Three years.",
        similar_ref=f"learned_answer:{known}",
    )

    page = agent.get(f"/inbox/{conversation_id}").text
    assert "This differs from what I know. Which is true?" in page
    assert page.index("<p>Two years.</p>") < page.index("<p>Three years.</p>")

    agent.post(f"/inbox/{conversation_id}/proposals/{proposal_id}/approve")
    assert learned_answer(runtime, known).status == "superseded"
    history = agent.get(f"/learned-answers/{known}").text
    assert "Replaced by <a" in history


def test_the_list_of_proposals_is_the_same_fragment_as_in_the_page(
    runtime: Runtime, agent: TestClient
) -> None:
    propose(runtime, question="Same?")

    page = agent.get("/proposals").text
    fragment = agent.get("/proposals", headers={"X-Fragment": "proposals"}).text

    assert fragment.strip() in page
    assert "<html" not in fragment


def test_an_unknown_proposal_or_deed_is_a_page(agent: TestClient) -> None:
    assert agent.post("/proposals/999999/approve").status_code == 404
    assert agent.post("/proposals/1/explode").status_code == 422


def test_the_card_asks_whether_to_release_the_answer_where_only_people_handle_the_matter(
    runtime: Runtime, agent: TestClient
) -> None:
    notice = "Only people handle matters like this"
    plain, _ = propose(runtime, question="A plain matter?")
    assert notice not in agent.get(f"/inbox/{plain}").text

    conversation_id, proposal_id = propose(runtime, question="A sponsored garden?", human_only=True)
    page = agent.get(f"/inbox/{conversation_id}").text
    assert page.index(notice) < page.index(f"/proposals/{proposal_id}/approve")
    [box, *_] = re.findall(r'<input type="checkbox" name="release"[^>]*>', page)
    assert f'form="proposal-{proposal_id}-approve"' in box
    assert "checked" not in box
    agent.post(f"/proposals/{proposal_id}/approve")
    learned_id = proposal(runtime, proposal_id).learned_answer_id
    assert learned_answer(runtime, learned_id).released is False

    agent.post(f"/proposals/{proposal_id}/undo")
    agent.post(f"/proposals/{proposal_id}/approve", data={"release": "yes"})
    learned_id = proposal(runtime, proposal_id).learned_answer_id
    assert learned_answer(runtime, learned_id).released is True
    assert "Released by " in agent.get(f"/learned-answers/{learned_id}").text


def test_the_same_reply_to_another_question_may_join_the_first_on_the_card(
    runtime: Runtime, agent: TestClient
) -> None:
    with runtime.database.session() as session:
        known = add_learned_answer(session, "Do chillies like <sun>?", "As much as they can get.").id
    _, joined = propose(runtime, question="Chillies on a balcony?", answer="As much as they can get.")
    _, apart = propose(runtime, question="Chillies in the shade?", answer="As much as they can get.")

    card = agent.get("/proposals").text
    card = card[card.index(f'id="proposal-{joined}"') : card.index(f'id="proposal-{apart}"')]
    assert "You gave this very answer before, to another question. Shall both have one answer?" in card
    assert f'<a href="/learned-answers/{known}">Do chillies like &lt;sun&gt;?</a>' in card
    assert f'<input type="hidden" name="join" value="learned_answer:{known}">' in card
    agent.post(f"/proposals/{joined}/approve", data={"join": f"learned_answer:{known}"})
    agent.post(f"/proposals/{apart}/approve")

    assert proposal(runtime, joined).learned_answer_id == known
    assert "Chillies on a balcony?" in {row.text for row in learned_answer(runtime, known).phrasings}
    assert proposal(runtime, apart).learned_answer_id != known


def test_a_card_says_what_was_left_out_and_what_to_check(runtime: Runtime, agent: TestClient) -> None:
    _, proposal_id = propose(
        runtime,
        question="Left out?",
        removed=[{"field": "question", "kind": "pin"}, {"field": "answer", "kind": "name"}],
        in_doubt=[{"field": "answer", "kind": "number", "words": "41778<8123"}],
    )
    page = agent.get("/proposals").text
    card = page[page.index(f'id="proposal-{proposal_id}"') :]
    assert "Left out because it points to a person, of the question: a PIN; the answer: a name." in card
    assert "“41778&lt;8123” in the answer, perhaps an order, customer or other long number" in card


def test_a_reply_that_taught_nothing_says_why(runtime: Runtime, agent: TestClient) -> None:
    with runtime.database.session() as session:
        conversation = add_conversation(session, "is my card 4111 1111 1111 1111 fine?")
        reply = add_reply(session, conversation, "Yes.")
        reply.payload = {"nothing_learned": {"reason": "one_case", "removed": []}}
        conversation_id = conversation.id
    page = agent.get(f"/inbox/{conversation_id}").text
    assert "Nothing learned from this reply: it says nothing that would help the next customer too." in page


def test_cards_are_shown_by_their_last_digits_in_list_and_thread(runtime: Runtime, agent: TestClient) -> None:
    with runtime.database.session() as session:
        conversation_id = add_conversation(session, "paid with 4111 1111 1111 1111 twice").id
    for address in (f"/inbox/{conversation_id}", "/inbox?status=waiting", "/inbox"):
        page = agent.get(address).text
        assert "4111 1111" not in page
    assert "paid with •••• 1111 twice" in agent.get(f"/inbox/{conversation_id}").text
