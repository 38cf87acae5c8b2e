"""The messenger in a real browser: nothing is lost, nothing doubled, nothing injected."""

import base64
import re
import time
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browsers import barriers
from tests.serving.messenger.stand_in import StandIn, running

ANSWER = {
    "kind": "answer",
    "sources": [
        {
            **{"ref": "article:skip-a-box", "kind": "article", "title": "Skip a box", "url": ""},
            **{"excerpt": "Open **Box**, then [Skip](skip.md).", "heading_path": []},
        },
        {
            **{"ref": "learned_answer:3", "kind": "learned_answer", "title": "Skipping twice", "url": ""},
            **{"excerpt": "Pause instead.", "heading_path": []},
        },
    ],
    "feedback": None,
}


def open_panel(page: Page, site: str) -> Locator:
    page.goto(site)
    page.get_by_role("button", name="Open the chat").click()
    return page.get_by_role("dialog", name="Help")


def send(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def bubbles(page: Page, author: str) -> Locator:
    return page.locator(f".log .{author} .bubble")


def test_a_message_is_shown_acknowledged_and_answered(page: Page, site: str, stand_in: StandIn) -> None:
    stand_in.answer = lambda m: stand_in.say(
        m["conversation_id"], "bot", "<p>Open <b>Box</b>.</p>", payload=ANSWER
    )
    panel = open_panel(page, site)
    send(page, "How do I skip a box?")
    expect(bubbles(page, "customer")).to_have_text(["How do I skip a box?"])
    expect(bubbles(page, "bot")).to_have_text(["Open Box."])
    expect(page.locator(".customer.sent")).to_have_count(1)
    sources = panel.get_by_role("list", name="Sources")
    expect(sources).to_contain_text("From our help centre")
    expect(sources).to_contain_text("Learned from our team")
    link = sources.get_by_role("link", name="Skip a box")
    expect(link).to_have_attribute("href", f"{site}/help/skip-a-box")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(panel.get_by_text("Open Box, then Skip.")).to_be_hidden()
    panel.get_by_text("Show the passage").first.click()
    expect(panel.get_by_text("Open Box, then Skip.")).to_be_visible()


def test_a_lost_acknowledgement_does_not_double_the_message(page: Page, site: str, stand_in: StandIn) -> None:
    stand_in.faults = ["lost", "503", "cut", "lost"]
    open_panel(page, site)
    send(page, "one")
    send(page, "two")
    expect(page.locator(".customer.sent .bubble")).to_have_text(["one", "two"])
    assert stand_in.texts() == ["one", "two"]


def test_a_message_written_while_the_server_is_away_arrives_after_a_reload(
    page: Page, site: str, stand_in: StandIn
) -> None:
    open_panel(page, site)
    send(page, "first")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.go_down()
    send(page, "second")
    expect(page.locator(".customer.sending .bubble")).to_have_text("second")
    page.reload()
    stand_in.is_down = False
    expect(page.locator(".customer.sent .bubble")).to_have_text(["first", "second"])
    assert stand_in.texts() == ["first", "second"]


def test_a_customer_who_writes_too_much_at_once_is_told_and_everything_arrives(
    page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.faults = ["429"]
    panel = open_panel(page, site)
    send(page, "one")
    expect(panel.get_by_text("That was a lot at once")).to_be_visible()
    expect(page.locator(".customer.sending .bubble")).to_have_text("one")
    send(page, "two")
    expect(page.locator(".customer.sent .bubble")).to_have_text(["one", "two"])
    expect(panel.get_by_text("That was a lot at once")).to_be_hidden()
    assert stand_in.texts() == ["one", "two"]


def test_offline_is_said_and_what_was_written_is_sent_once_back(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    page.context.set_offline(True)
    expect(panel.get_by_text("You are offline")).to_be_visible()
    send(page, "kept")
    expect(page.locator(".customer.sending")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.locator(".customer.sent .bubble")).to_have_text("kept")
    expect(panel.get_by_text("You are offline")).to_be_hidden()
    assert stand_in.texts() == ["kept"]


def test_events_that_come_twice_are_shown_once(page: Page, site: str, stand_in: StandIn) -> None:
    open_panel(page, site)
    send(page, "hello")
    expect(page.locator(".customer.sent")).to_have_count(1)
    reply = stand_in.say("c1", "bot", "<p>Hi.</p>")
    stand_in.tell("c1", "message", reply)
    stand_in.tell("c1", "message", stand_in.messages[0])
    stand_in.say("c1", "bot", "<p>Bye.</p>")
    expect(bubbles(page, "bot")).to_have_text(["Hi.", "Bye."])
    expect(bubbles(page, "customer")).to_have_text(["hello"])


def test_a_cut_stream_resumes_after_the_last_event(page: Page, site: str, stand_in: StandIn) -> None:
    open_panel(page, site)
    send(page, "hello")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.say("c1", "bot", "<p>one</p>")
    expect(bubbles(page, "bot")).to_have_text(["one"])
    stand_in.cut_streams()
    stand_in.say("c1", "bot", "<p>two</p>")
    expect(bubbles(page, "bot")).to_have_text(["one", "two"])
    for _ in range(100):  # the second message may still have come by the stream that is being cut
        opened = [
            headers.get("Last-Event-ID") for _, path, headers, _ in stand_in.requests if "events" in path
        ]
        if len(opened) > 1:
            break
        page.wait_for_timeout(100)
    assert opened[-1] in {"2", "3"}


def test_a_refused_message_shows_why_and_can_be_edited_or_tried_again(
    page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.faults = ["422", "422"]
    panel = open_panel(page, site)
    send(page, "too long")
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text("8000 characters are accepted")
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".customer.failed")).to_have_count(1)
    panel.get_by_role("alert").get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Your message")).to_have_value("too long")
    expect(page.locator(".log .message")).to_have_count(0)
    send(page, "short")
    expect(page.locator(".customer.sent .bubble")).to_have_text("short")
    assert stand_in.texts() == ["short"]


def test_markup_of_a_customer_is_text_and_markup_of_a_bot_is_stripped(
    page: Page, site: str, stand_in: StandIn
) -> None:
    attack = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
    evil = (
        f'<p>Safe {attack}<svg onload=window.hit=1></svg><a href="javascript:window.hit=1">bad</a>'
        '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>'
        '<a href="../deliveries" style="position:fixed" onclick="window.hit=1">good</a></p>'
    )
    stand_in.answer = lambda m: stand_in.say(m["conversation_id"], "bot", evil)
    open_panel(page, site)
    send(page, attack)
    expect(bubbles(page, "customer")).to_have_text([attack])
    expect(bubbles(page, "bot")).to_have_text("Safe badgood")
    inner = bubbles(page, "bot").inner_html()
    for forbidden in ("onerror", "onclick", "script", "svg", "iframe", "style", "javascript"):
        assert forbidden not in inner
    page.wait_for_timeout(100)
    assert page.evaluate("window.hit") is None


def test_feedback_choices_and_a_person_are_buttons(page: Page, site: str, stand_in: StandIn) -> None:
    panel = open_panel(page, site)
    send(page, "box")
    expect(page.locator(".customer.sent")).to_have_count(1)
    choices = [
        {"ref": "article:skip-a-box", "title": "Skip a box"},
        {"ref": "article:late-box", "title": "Late box"},
    ]
    stand_in.say("c1", "bot", "<p>Which?</p>", payload={"kind": "clarify", "choices": choices})
    panel.get_by_role("button", name="Late box").click()
    expect(page.locator(".customer.sent")).to_have_count(2)
    assert stand_in.asked("POST", "/messages")[-1]["choice"] == "article:late-box"
    answer = stand_in.say("c1", "bot", "<p>By the 25th.</p>", payload=ANSWER)
    with page.expect_response("**/feedback"):  # the buttons go before it comes
        panel.get_by_role("button", name="That did not help").click()
    expect(panel.get_by_role("button", name="That did not help")).to_have_count(0)
    expect(page.get_by_label("Your message")).to_be_focused()
    assert stand_in.asked("POST", "/feedback") == [{"message_id": answer["id"], "helpful": False}]
    stand_in.say("c1", "bot", "<p>Or else.</p>", payload=ANSWER)
    panel.get_by_role("button", name="Talk to a person").click()
    expect(panel.get_by_text("A person from Billing will answer")).to_be_visible()
    expect(panel.get_by_text("Billing team")).to_be_visible()


def test_whoever_is_asked_for_other_words_sees_no_choices_but_the_way_to_a_person(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    send(page, "asdf")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.say("c1", "bot", "<p>In other words?</p>", payload={"kind": "clarify"})
    expect(panel.get_by_role("button", name="Talk to a person")).to_be_visible()
    expect(page.locator(".choice")).to_have_count(0)
    expect(page.get_by_role("group", name="Which of these is it?")).to_have_count(0)


def test_an_answer_that_overtakes_the_acknowledgement_of_feedback_keeps_its_buttons(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    stand_in.answer = lambda m: stand_in.say(m["conversation_id"], "bot", "<p>Yes.</p>", payload=ANSWER)
    send(page, "Is it safe?")

    def answer_first(route: Route) -> None:
        acknowledged = route.fetch()
        stand_in.say("c1", "bot", "<p>Or else.</p>", payload=ANSWER)
        time.sleep(0.3)  # the answer is on the page by then
        route.fulfill(response=acknowledged)

    page.route("**/feedback", answer_first)
    with page.expect_response("**/feedback"):
        panel.get_by_role("button", name="That did not help").click()
    expect(panel.get_by_text("Or else.")).to_be_visible()
    page.wait_for_timeout(200)
    expect(panel.get_by_role("img", name="An answer is being written")).to_have_count(0)
    expect(panel.get_by_role("button", name="That helped")).to_be_visible()


def test_a_helpful_answer_and_a_closed_conversation_can_be_rated_or_skipped(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    stand_in.answer = lambda m: stand_in.say(m["conversation_id"], "bot", "<p>Yes.</p>", payload=ANSWER)
    send(page, "Is it safe?")
    panel.get_by_role("button", name="That helped").click()
    panel.get_by_role(
        "button", name="1 of 5: Very bad"
    ).click()  # a second click that meant the button before
    expect(panel.get_by_role("button", name="Send rating")).to_be_visible()
    assert stand_in.asked("POST", "/csat") == []
    panel.get_by_role("button", name="4 of 5: Good").click()
    panel.get_by_label("What could we do better?").fill("Be quicker.")
    with page.expect_response("**/csat"):
        panel.get_by_role("button", name="Send rating").click()
    expect(panel.get_by_text("Thank you for your rating.")).to_be_visible()
    assert stand_in.asked("POST", "/csat") == [{"score": 4, "comment": "Be quicker."}]
    panel.get_by_role("button", name="More").click()
    panel.get_by_role("button", name="New conversation").click()
    send(page, "Another thing")
    expect(page.locator(".customer.sent .bubble")).to_have_text("Another thing")
    stand_in.set_status("c2", status="closed")
    panel.get_by_role("button", name="Skip").click()
    expect(panel.get_by_role("group", name="How was this conversation?")).to_have_count(0)
    assert len(stand_in.asked("POST", "/csat")) == 1


def test_the_answer_to_an_earlier_conversation_is_found_after_a_new_one_was_begun(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    send(page, "Where is my parcel?")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.set_status("c1", status="waiting", team_title="Delivery")
    expect(panel.get_by_text("A person from Delivery will answer")).to_be_visible()
    panel.get_by_role("button", name="More").click()
    panel.get_by_role("button", name="New conversation").click()
    expect(panel.get_by_text("Your other question stays with our team")).to_be_visible()
    stand_in.say("c1", "agent", "<p>It comes today.</p>", agent={"name": "Mina"})
    page.reload()  # as after a minute: nothing is pressed
    entry = panel.get_by_role("button", name="It comes today.")
    expect(entry).to_contain_text("New")
    entry.click()
    expect(bubbles(page, "agent")).to_have_text(["It comes today."])
    expect(bubbles(page, "customer")).to_have_text(["Where is my parcel?"])
    assert stand_in.conversations["c1"]["read_message_id"] == 2


def test_whoever_waits_and_found_the_answer_ends_the_conversation(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    send(page, "person please")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.set_status("c1", status="waiting")
    expect(panel.get_by_text("Found the answer yourself?")).to_be_visible()
    send(page, "never mind, found it")
    expect(page.locator(".customer.sent")).to_have_count(2)
    stand_in.say("c1", "bot", "<p>Shall I end this?</p>", payload={"offers_end": True})
    offer = panel.get_by_role("group", name="End the conversation")
    offer.get_by_role("button", name="End the conversation").click()
    expect(panel.get_by_text("Ended. Write to pick it up again")).to_be_visible()
    assert stand_in.asked("POST", "/close") == [{}]


def test_articles_are_read_inside_the_window_and_back_leads_where_one_was(
    page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.articles["boxes/skip"] = {
        **{"slug": "boxes/skip", "title": "Skip a box"},
        "html": "<p>Open <b>Box</b>.</p><script>alert(1)</script>",
    }
    panel = open_panel(page, site)
    panel.get_by_role("button", name="Skip a box").click()
    article = panel.get_by_role("article")
    expect(article.get_by_role("heading", name="Skip a box")).to_be_visible()
    expect(article.get_by_text("Open Box.")).to_be_visible()
    expect(article.get_by_role("link")).to_have_attribute("href", f"{site}/help/boxes/skip")
    panel.get_by_role("button", name="Back").click()
    source = {"ref": "article:boxes/skip", "kind": "article", "title": "Skip a box", "url": "", "excerpt": ""}
    answer = {"kind": "answer", "sources": [source]}
    stand_in.answer = lambda m: stand_in.say(m["conversation_id"], "bot", "<p>Yes.</p>", payload=answer)
    send(page, "Can I skip?")
    panel.get_by_role("link", name="Skip a box").click()
    expect(article.get_by_text("Open Box.")).to_be_visible()
    panel.get_by_role("button", name="Back").click()
    expect(bubbles(page, "bot")).to_have_text(["Yes."])


def test_the_window_stays_open_on_the_next_page_and_closed_once_it_was_closed(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    page.reload()
    expect(panel).to_be_visible()
    expect(page.get_by_label("Your message")).not_to_be_focused()
    page.get_by_role("button", name="Close", exact=True).click()
    page.reload()
    expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
    expect(panel).to_be_hidden()


def test_a_transcript_is_taken_along_and_a_person_is_always_in_reach(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    send(page, "Hello")
    expect(page.locator(".customer.sent")).to_have_count(1)
    more = panel.get_by_role("button", name="More")
    more.click()
    with page.expect_download() as kept:
        panel.get_by_role("button", name="Download the transcript").click()
    assert kept.value.path().read_text() == "All that was said.\n"
    more.click()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(panel).to_be_visible()
    more.click()
    panel.get_by_role("button", name="Talk to a person").click()
    expect(panel.get_by_text("within 10 minutes")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de-AT", ["Team Billing", "Antwortet meist innerhalb von 10 Minuten."]),
        ("es", ["Equipo de Billing", "Suele responder en 10 minutos."]),
        ("id", ["Tim Billing", "Biasanya menjawab dalam 10 menit."]),
        ("xx", ["Billing team", "Usually answers within 10 minutes."]),
    ],
)
def test_the_messenger_speaks_the_language_of_the_page(
    page: Page, site: str, stand_in: StandIn, language: str, words: list[str]
) -> None:
    stand_in.language = language
    page.goto(site)
    page.locator(".launcher").click()
    page.locator(".composer textarea").fill("Hello")
    page.locator(".composer textarea").press("Enter")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.set_status("c1", status="waiting", team_title="Billing", expected_wait_minutes=10)
    for part in words:
        expect(page.get_by_text(part)).to_be_visible()


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_picture_goes_with_words_and_is_shown_and_what_may_not_be_sent_is_named(
    page: Page, site: str, stand_in: StandIn
) -> None:
    panel = open_panel(page, site)
    with page.expect_file_chooser() as chosen:
        panel.get_by_role("button", name="Attach a file").click()
    chosen.value.set_files(
        [
            {"name": "lamp.png", "mimeType": "image/png", "buffer": PICTURE},
            {"name": "run.png", "mimeType": "image/png", "buffer": b"MZ"},
        ]
    )
    expect(panel.get_by_text("'run.png' holds no picture")).to_be_visible()
    panel.get_by_role("button", name="Remove run.png").click()
    expect(panel.get_by_text("Sending…")).to_have_count(0)
    expect(panel.get_by_role("button", name="Send", exact=True)).to_be_disabled()  # the bot needs words
    send(page, "It flickers")
    expect(page.locator(".customer.sent .bubble")).to_have_text(["It flickers"])
    shown = panel.get_by_role("img", name="f1.png")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.naturalWidth") == 1
    assert stand_in.messages[0]["payload"]["attachments"][0]["id"] == "f1"
    expect(panel.get_by_role("button", name="Remove lamp.png")).to_have_count(0)


def test_details_that_people_want_are_asked_once_refused_in_words_and_skippable(
    page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.details = {
        "status": "asked",
        "fields": [
            {
                "name": "order",
                "label": "Order number",
                "kind": "order",
                "required": True,
                "pattern": "AB-####",
            },
            {"name": "size", "label": "Size", "kind": "choice", "choices": ["S", "L"], "required": False},
        ],
        "values": {},
    }
    panel = open_panel(page, site)
    send(page, "person please")
    expect(page.locator(".customer.sent")).to_have_count(1)
    stand_in.set_status("c1", status="waiting")
    stand_in.say("c1", "bot", "<p>Of course.</p>", payload={"details": True})
    form = panel.get_by_role("form", name="So that we can help you sooner:")
    form.get_by_label("Order number").fill("12")
    form.get_by_role("button", name="Send").click()
    expect(panel.get_by_text("'12' is no order number")).to_be_visible()
    form.get_by_label("Order number").fill("AB-1234")
    form.get_by_label("Size (optional)").select_option("L")
    stand_in.say("c1", "agent", "<p>One moment.</p>", agent={"name": "Mina"})  # what is typed stays
    expect(bubbles(page, "agent")).to_have_text(["One moment."])
    expect(form.get_by_label("Order number")).to_have_value("AB-1234")
    form.get_by_role("button", name="Send").click()
    expect(form).to_have_count(0)
    assert stand_in.asked("PUT", "/details")[-1] == {"values": {"order": "AB-1234", "size": "L"}}


def test_an_agent_is_named_and_a_closed_panel_counts_unread(page: Page, site: str, stand_in: StandIn) -> None:
    panel = open_panel(page, site)
    send(page, "person please")
    expect(page.locator(".customer.sent")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    launcher = page.get_by_role("button", name="Open the chat")
    expect(launcher).to_be_focused()
    stand_in.set_status("c1", status="open", team_title="Billing")
    stand_in.say("c1", "agent", "<p>Hello, this is Mina.</p>", agent={"name": "Mina"})
    expect(launcher).to_have_accessible_name("Open the chat, 1 unread")
    launcher.click()
    expect(panel.get_by_text("You are talking with Mina")).to_be_visible()
    expect(panel.get_by_text(re.compile(r"^Mina, Mina · "))).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()


def test_shift_enter_makes_a_line_and_enter_sends(page: Page, site: str, stand_in: StandIn) -> None:
    open_panel(page, site)
    field = page.get_by_label("Your message")
    field.press_sequentially("a")
    field.press("Shift+Enter")
    field.press_sequentially("b")
    field.press("Enter")
    expect(page.locator(".customer.sent")).to_have_count(1)
    assert stand_in.texts() == ["a\nb"]
    field.press("Enter")
    expect(page.locator(".log .message")).to_have_count(1)


def test_suggestions_are_reached_by_keyboard_and_sent_as_a_message(
    page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.suggestions = [{"ref": "article:skip-a-box", "title": "Skip a box", "kind": "article"}]
    panel = open_panel(page, site)
    page.get_by_label("Your message").press_sequentially("skip")
    expect(panel.get_by_role("list", name="Suggested questions")).to_be_visible()
    page.get_by_label("Your message").press("Home")
    page.get_by_label("Your message").press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".customer.sent .bubble")).to_have_text("Skip a box")
    before = [path for _, path, headers, _ in stand_in.requests if headers.get("Authorization") is None]
    assert before == ["/v1/help", "/v1/suggest", "/v1/customers/token"]  # no token for a mere visitor


def make_token_stale(page: Page) -> None:
    page.evaluate(
        """() => { const key = Object.keys(localStorage).find((k) => k.endsWith("token"));
            localStorage[key] = JSON.stringify({...JSON.parse(localStorage[key]), token: "stale"}) }"""
    )


def test_an_expired_token_is_exchanged_and_the_conversation_goes_on(
    page: Page, site: str, stand_in: StandIn
) -> None:
    open_panel(page, site)
    send(page, "one")
    expect(page.locator(".customer.sent")).to_have_count(1)
    make_token_stale(page)
    stand_in.expired["stale"] = stand_in.conversations["c1"]["contact"]
    send(page, "two")
    expect(page.locator(".customer.sent .bubble")).to_have_text(["one", "two"])
    assert [m["conversation_id"] for m in stand_in.messages] == ["c1", "c1"]
    assert {"refresh": "stale"} in stand_in.asked("POST", "/v1/customers/token")


def test_when_a_token_is_past_exchange_the_message_goes_to_a_new_conversation(
    page: Page, site: str, stand_in: StandIn
) -> None:
    open_panel(page, site)
    send(page, "one")
    expect(page.locator(".customer.sent")).to_have_count(1)
    make_token_stale(page)
    send(page, "two")
    expect(page.locator(".customer.sent .bubble")).to_have_text(["one", "two"])
    assert [(m["text"], m["conversation_id"]) for m in stand_in.messages] == [("one", "c1"), ("two", "c2")]


def test_blocked_storage_still_lets_a_customer_write(page: Page, site: str, stand_in: StandIn) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage',"
        " { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    open_panel(page, site)
    send(page, "hello")
    expect(page.locator(".customer.sent")).to_have_count(1)


def test_a_known_customer_finds_the_latest_conversation_on_another_device(
    browser: Browser, page: Page, site: str, stand_in: StandIn
) -> None:
    stand_in.attributes = 'identity="ada"'
    open_panel(page, site)
    send(page, "from my phone")
    expect(page.locator(".customer.sent")).to_have_count(1)
    assert stand_in.asked("POST", "/v1/customers/token") == [{"jwt": "ada"}]
    other = browser.new_context().new_page()
    open_panel(other, site)
    expect(bubbles(other, "customer")).to_have_text(["from my phone"])
    other.context.close()


def test_a_site_elsewhere_loads_it_with_one_script_tag(page: Page, site: str, stand_in: StandIn) -> None:
    elsewhere = StandIn()
    elsewhere.script_origin = site
    with running(elsewhere) as shop:
        open_panel(page, shop)
        send(page, "hello from a shop")
        expect(page.locator(".customer.sent")).to_have_count(1)
    assert stand_in.texts() == ["hello from a shop"]
    assert elsewhere.requests == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(page: Page, site: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    panel = open_panel(page, site)
    expect(panel).to_be_visible()
    surface, text = panel.evaluate("(p) => [getComputedStyle(p).backgroundColor, getComputedStyle(p).color]")
    expected = {
        "light": ("rgb(255, 255, 255)", "rgb(27, 31, 39)"),
        "dark": ("rgb(23, 26, 32)", "rgb(236, 238, 242)"),
    }
    assert (surface, text) == expected[scheme]


def test_on_a_phone_the_panel_fills_the_screen(page: Page, site: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    panel = open_panel(page, site)
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    panel.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Open the chat")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_the_window_keeps_anybody_out(
    page: Page, site: str, stand_in: StandIn, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    stand_in.articles["skip"] = {"slug": "skip", "title": "Skip a box", "html": "<h2>How</h2><p>Open it.</p>"}
    stand_in.suggestions = [{"ref": "article:skip", "title": "Skip a box", "kind": "article"}]
    stand_in.answer = lambda m: stand_in.say(m["conversation_id"], "bot", "<p>Yes.</p>", payload=ANSWER)
    found = {}
    panel = open_panel(page, site)
    expect(panel.get_by_role("button", name="Skip a box")).to_be_visible()
    found["home"] = barriers(page)
    page.get_by_label("Your message").press_sequentially("skip")
    expect(panel.get_by_role("list", name="Suggested questions")).to_be_visible()
    found["suggestions"] = barriers(page)
    send(page, "Can I skip?")
    expect(panel.get_by_role("button", name="That helped")).to_be_visible()
    found["answer"] = barriers(page)
    panel.get_by_role("button", name="That helped").click()
    panel.get_by_role("button", name="4 of 5: Good").click()
    found["rating"] = barriers(page)
    panel.get_by_role("link", name="Skip a box").click()
    found["article"] = barriers(page)
    panel.get_by_role("button", name="Back").click()
    panel.get_by_role("button", name="More").click()
    found["menu"] = barriers(page)
    page.keyboard.press("Escape")
    field = {"name": "order", "label": "Order", "kind": "text", "required": True}
    stand_in.details = {"status": "asked", "fields": [field], "values": {}}
    stand_in.set_status("c1", status="waiting", team_title="Billing", expected_wait_minutes=5)
    stand_in.say("c1", "bot", "<p>Of course.</p>", payload={"details": True})
    expect(panel.get_by_label("Order")).to_be_visible()
    found["waiting"] = barriers(page)
    panel.get_by_role("button", name="Back").click()
    found["conversations"] = barriers(page)
    assert {state: one for state, one in found.items() if one} == {}
