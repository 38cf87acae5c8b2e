"""The console live in a browser: arrivals, replies, cards and drafts without reloading the page."""

import re
import threading
from collections.abc import Iterator
from queue import Queue
from typing import Literal

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, StorageState, expect
from sqlalchemy import select

from serving.app import create_app
from serving.db.tables import Conversation, LearnedAnswer
from serving.learned_answers.proposals import announce
from serving.macros.service import save_macro
from serving.runtime.assembly import Runtime
from serving.server import Server
from tests.browsers import barriers, open_browser
from tests.serving.console.sample import (
    PASSWORD,
    People,
    add_conversation,
    add_proposal,
    add_reply,
    fill,
    sample_runtime,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser program that all pages share."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The parts of a running server, over a filled store."""
    runtime = sample_runtime(tmp_path_factory.mktemp("live"))
    fill(runtime)
    yield runtime
    runtime.stop()


@pytest.fixture(scope="module")
def site(live: Runtime) -> Iterator[str]:
    """The address of the running server."""
    ready: Queue[str] = Queue()
    config = uvicorn.Config(
        create_app(live), host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=2
    )
    server = Server(config, live, on_ready=ready.put)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield ready.get(timeout=20)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: str) -> StorageState:
    """Ada's cookie, from signing in by the form."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    page.goto("/inbox")
    page.get_by_label("E-mail").fill(People().agent)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, site: str, signed_in: StorageState) -> Iterator[Page]:
    """Ada's page; an uncaught error or a refused script in it fails the test."""
    context = browser.new_context(base_url=site, storage_state=signed_in)
    context.set_default_timeout(8_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield opened
    context.close()
    assert errors == []


class Customer:
    """Somebody who writes through the API, as the messenger does."""

    def __init__(self, site: str) -> None:
        self._client = httpx.Client(base_url=site)
        token = self._client.post("/v1/customers/token", json={}).json()["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
        started = self._client.post("/v1/conversations", json={"client_id": "c1"}).json()
        self.conversation_id = str(started["id"])
        self._said = 0

    def say(self, text: str) -> None:
        self._said += 1
        body = {"client_id": f"m{self._said}", "text": text}
        address = f"/v1/conversations/{self.conversation_id}/messages"
        self._client.post(address, json=body).raise_for_status()

    def leave(self) -> None:
        self._client.close()


@pytest.fixture
def customer(site: str) -> Iterator[Customer]:
    """A customer in a conversation with the bot, which is never sure."""
    customer = Customer(site)
    yield customer
    customer.leave()


def waiting_conversation(live: Runtime, words: str) -> str:
    with live.database.session() as session:
        return add_conversation(session, words).id


def test_a_customer_who_needs_a_person_appears_by_itself_and_is_announced(
    page: Page, customer: Customer
) -> None:
    page.goto("/inbox")
    expect(page.locator("[data-live-stream=open]")).to_have_count(1)

    customer.say("Can my chillies go outdoors?")

    row = page.locator(f'[data-id="{customer.conversation_id}"]')
    expect(row).to_contain_text("Can my chillies go outdoors?")
    expect(row).to_contain_text("Unanswered")
    expect(page.locator("#announcer")).to_contain_text("waits for a person")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Inbox"))


def test_a_thread_grows_while_it_is_open_and_keeps_the_draft(page: Page, customer: Customer) -> None:
    customer.say("First question")
    page.goto(f"/inbox/{customer.conversation_id}")
    expect(page.locator("#thread")).to_contain_text("handing you over")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))
    reply.fill("Half a repl")

    customer.say("And another thing")

    expect(page.locator("#thread")).to_contain_text("And another thing")
    expect(reply).to_have_value("Half a repl")
    expect(reply).to_be_focused()
    page.reload()
    expect(reply).to_have_value("Half a repl")


def test_ctrl_enter_sends_without_leaving_the_page_and_clears_the_draft(page: Page, live: Runtime) -> None:
    page.goto(f"/inbox/{waiting_conversation(live, 'Answer by keyboard')}")
    page.evaluate("window.stayed = true")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))
    reply.fill("Of **course**.")

    reply.press("Control+Enter")

    expect(page.locator("#thread strong", has_text="course")).to_be_visible()
    expect(reply).to_have_value("")
    expect(reply).to_be_focused()
    expect(page.locator("#conversation-header")).to_contain_text("A person answers")
    assert page.evaluate("window.stayed")
    page.reload()
    expect(reply).to_have_value("")


def test_the_bot_asks_whether_it_may_learn_the_reply_that_was_just_sent(
    page: Page, customer: Customer
) -> None:
    customer.say("Can I grow seeds that I brought from my grandmother?")
    page.goto(f"/inbox/{customer.conversation_id}")
    expect(page.locator("#thread")).to_contain_text("handing you over")

    page.get_by_role("textbox", name=re.compile("Your reply")).fill(
        "Yes, plant them in blank pods. A pack of six costs nine dollars and is in the shop under pods."
    )
    page.get_by_role("button", name="Send reply").click()

    expect(page.locator("article[data-proposal]")).to_contain_text("Am I right")
    expect(page.locator("#announcer")).to_contain_text("may learn your reply")


def test_a_file_goes_with_a_reply_and_what_may_not_be_sent_is_named(page: Page, live: Runtime) -> None:
    page.goto(f"/inbox/{waiting_conversation(live, 'Send me the form')}")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Attach files").click()
    chosen.value.set_files(
        [
            {"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
            {"name": "run.exe", "mimeType": "application/pdf", "buffer": b"MZ\x00"},
        ]
    )
    expect(page.locator("#notice")).to_contain_text("'run.exe' holds no picture, document or text")
    expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(1)
    reply.fill("Here it is.")
    page.get_by_role("button", name="Send reply").click()
    sent = page.locator(".message--agent", has_text="Here it is.")
    expect(sent.get_by_role("link", name="form.pdf")).to_be_visible()
    expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(0)


def test_a_reply_that_cannot_be_sent_stays_in_its_field(page: Page, live: Runtime) -> None:
    page.goto(f"/inbox/{waiting_conversation(live, 'Answer offline')}")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))
    reply.fill("Do not lose me")
    page.route("**/messages", lambda route: route.abort())

    page.get_by_role("button", name="Send reply").click()

    expect(page.locator("#notice")).to_contain_text("What you wrote is still here")
    expect(reply).to_have_value("Do not lose me")


def test_when_the_session_has_ended_the_page_stays_with_what_was_written(page: Page, live: Runtime) -> None:
    page.goto(f"/inbox/{waiting_conversation(live, 'Answer too late')}")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))
    reply.fill("Still here")
    page.context.clear_cookies()

    page.get_by_role("button", name="Send reply").click()

    expect(page.locator("#notice")).to_contain_text("Your session has ended.")
    expect(page.locator("#notice").get_by_role("link", name="Sign in")).to_have_attribute("href", "/login")
    expect(reply).to_have_value("Still here")


def test_a_card_arrives_beside_the_reply_and_one_press_makes_it_live(page: Page, live: Runtime) -> None:
    with live.database.session() as session:
        conversation = add_conversation(session, "May chillies go outside?")
        reply = add_reply(session, conversation, "Yes, after the last frost. " * 60)
    page.goto(f"/inbox/{conversation.id}")
    with live.database.session() as session:
        announce(session, add_proposal(session, conversation, reply, question="May chillies go out?"))

    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="Approve", exact=True).click()

    card = page.locator("article[data-proposal]")
    expect(card).to_contain_text("Live. The bot will answer this from now on.")
    expect(card).to_be_focused()
    card.get_by_role("button", name="Undo").click()
    expect(card).to_contain_text("You can still decide.")


def test_words_being_edited_in_a_card_survive_a_live_update(page: Page, live: Runtime) -> None:
    with live.database.session() as session:
        conversation = add_conversation(session, "Edit while it changes")
        conversation_id = conversation.id
        add_proposal(session, conversation, add_reply(session, conversation, "Yes."), question="Edit me?")
    page.goto(f"/inbox/{conversation_id}")
    page.get_by_role("button", name="Edit").click()
    answer = page.get_by_role("textbox", name=re.compile("Answer"))
    answer.fill("Better words")

    page.get_by_label("Priority").select_option("high")
    page.get_by_role("button", name="Set", exact=True).click()

    expect(page.locator("#notice")).to_contain_text("Priority saved.")
    expect(answer).to_have_value("Better words")


def test_an_agent_works_through_the_inbox_by_keyboard_alone(page: Page, live: Runtime) -> None:
    first, second = (waiting_conversation(live, f"Keyboard journey {n}") for n in (1, 2))
    page.goto(f"/inbox/{first}?order=longest")
    expect(page.locator("[data-live-stream=open]")).to_have_count(1)
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))

    expect(page.locator("a, button, input, select").first).to_have_text("Skip to the reply")
    page.get_by_role("link", name="Skip to the reply").press("Enter")
    expect(reply).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("#composer-note")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#composer-note")).not_to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_label("Give it to")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("go to snoozed")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("status=snoozed"))
    page.goto(f"/inbox/{first}?order=longest")
    page.keyboard.press("s")
    page.get_by_role("textbox", name=re.compile("Why")).fill("later")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Snoozed.")
    page.goto(f"/inbox/{second}?order=longest")
    page.keyboard.press("e")
    expect(page.locator("#notice")).to_contain_text("Closed.")
    with live.database.reading() as session:
        states = [session.get_one(Conversation, one) for one in (first, second)]
        assert [(row.status, row.snoozed_until is None) for row in states] == [
            ("waiting", False),
            ("closed", True),
        ]


def test_a_saved_reply_comes_by_its_name_after_a_slash(page: Page, live: Runtime) -> None:
    with live.database.session() as session:
        save_macro(session, None, name="Greeting", text="Hello {first_name}, {agent} here.", team=None)
    page.goto(f"/inbox/{waiting_conversation(live, 'Greet me')}")
    reply = page.get_by_role("textbox", name=re.compile("Your reply"))

    reply.press_sequentially("/gree")
    expect(page.get_by_role("option", name=re.compile("Greeting"))).to_be_visible()
    reply.press("Enter")

    expect(reply).to_have_value("Hello Ana, Ada Moss here.")


def test_proposals_are_decided_by_keyboard(page: Page, live: Runtime) -> None:
    ids = []
    with live.database.session() as session:
        for words in ("Keyboard one?", "Keyboard two?", "Keyboard three?"):
            conversation = add_conversation(session, words)
            reply = add_reply(session, conversation, "Yes.")
            ids.append(add_proposal(session, conversation, reply, question=words).id)
    page.goto("/proposals")
    cards = [page.locator(f"#proposal-{proposal_id}") for proposal_id in ids]

    while not cards[0].evaluate("card => card === document.activeElement"):
        page.keyboard.press("j")
    page.keyboard.press("n")
    expect(cards[0]).to_contain_text("Not reusable. The reply stays in its conversation.")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(cards[1]).to_contain_text("Live. The bot will answer this from now on.")
    page.keyboard.press("j")
    page.keyboard.press("e")
    question = cards[2].get_by_role("textbox", name="Question")
    expect(question).to_be_focused()
    expect(question).to_have_value("Keyboard three?")
    page.keyboard.type("jan")
    expect(question).to_have_value(re.compile("jan"))
    page.keyboard.press("Escape")
    expect(cards[2]).to_be_focused()


def test_lists_are_searched_while_typing(page: Page) -> None:
    page.goto("/articles")

    page.get_by_role("searchbox").press_sequentially("tractor")
    expect(page.locator("#articles")).to_contain_text("No article matches this search.")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill("swap")
    expect(page.locator("#articles")).to_contain_text("Swap pods")
    assert page.url.endswith("/articles?q=swap&status=published")


@pytest.mark.parametrize("path", ["/inbox", "/proposals", "/learned-answers", "/articles"])
def test_nothing_is_wider_than_a_phone(page: Page, live: Runtime, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    waiting_conversation(live, "x" * 300)

    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_engineer_labels_a_question_on_a_phone_without_leaving_the_page(
    browser: Browser, site: str, live: Runtime
) -> None:
    asked = waiting_conversation(live, "watering schedule backwards")
    context = browser.new_context(base_url=site, viewport={"width": 360, "height": 740})
    context.set_default_timeout(8_000)
    page = context.new_page()
    page.goto("/labelling")
    page.get_by_label("E-mail").fill(People().engineer)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    card = page.locator("article", has=page.locator(f'a[href="/inbox/{asked}"]'))
    expect(card.get_by_role("heading")).to_have_text("watering schedule backwards")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.wait_for_load_state()  # until the script is there, forms leave the page
    page.evaluate("window.stayed = true")
    card.get_by_role("button", name="Swap pods").click()

    expect(page.locator("#notice")).to_contain_text("Saved. The next training learns from it.")
    expect(card).to_have_count(0)
    expect(page.locator("#labelling")).to_be_focused()
    assert page.evaluate("window.stayed")
    context.close()


def test_the_box_beside_a_corrected_intent_names_its_team(page: Page, live: Runtime) -> None:
    page.goto(f"/inbox/{waiting_conversation(live, 'Please swap my pods')}")
    page.get_by_text("Correct the intent").click()
    intents = page.get_by_label("What the customer wanted")

    intents.select_option("swap_pods")
    expect(page.get_by_label("Move it to Deliveries")).to_be_checked()
    intents.select_option("")
    expect(page.get_by_label(re.compile("Move it to"))).to_be_hidden()
    intents.select_option("refund_request")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#notice")).to_contain_text("Saved.")
    expect(page.locator("#details dt:text-is('Team') + dd")).to_have_text("Billing")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(page: Page, live: Runtime, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    conversation = waiting_conversation(live, "Is this for everybody?")
    with live.database.reading() as session:
        contact = session.get_one(Conversation, conversation).contact_id
        answer = session.scalars(select(LearnedAnswer.id).order_by(LearnedAnswer.id)).first()
    found = {}
    for path in (
        *("/inbox", f"/inbox/{conversation}", "/inbox?q=everybody", "/macros", "/contacts"),
        *(f"/contacts/{contact}", "/proposals", "/learned-answers", f"/learned-answers/{answer}"),
        *("/articles", "/account", "/no-such-page"),
    ):
        page.goto(path)
        found[path] = barriers(page)
    page.goto(f"/inbox/{conversation}")
    page.keyboard.press("?")
    found["shortcuts"] = barriers(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Snooze").or_(page.locator("summary", has_text="Snooze")).first.click()
    found["snooze"] = barriers(page)
    assert {path: one for path, one in found.items() if one} == {}
