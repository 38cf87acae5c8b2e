"""A person answers a question for the first and the last time: in browsers, against a real server."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import expect

from tests.end_to_end.people import AgentAtWork, Customer, signed_in_client
from tests.end_to_end.server_process import ServerProcess

pytestmark = pytest.mark.timeout(900)  # the home that all share may have to be trained first

ASKED = "Do you have an affiliate programme for bloggers?"
ASKED_OTHERWISE = "I am a blogger, do you have an affiliate programme?"
REPLY = """Hi there,

Yes, we do. You earn 8 % of every first box that is bought through your link. \
To join, fill in the form at the bottom of our home page.

Best regards,
Theo"""
LEARNED = (
    "Yes, we do. You earn 8 % of every first box that is bought through your link. "
    "To join, fill in the form at the bottom of our home page."
)
HANDED_OVER = re.compile(r"I am handing you over to our .+ team; an answer usually takes about \d+ minutes\.")
QUESTION_OF_THE_BOT = "I had not heard that before. Am I right that …?"
LIVE = "Live. The bot will answer this from now on."


def test_a_question_is_answered_by_a_person_once_and_by_the_bot_from_then_on(
    server: ServerProcess, new_customer: Callable[[], Customer], new_agent: Callable[[], AgentAtWork]
) -> None:
    server.start()
    agent, first = new_agent(), new_customer()
    expect(agent.page.get_by_text("New arrivals appear in the list by themselves.")).to_be_visible()

    first.ask(ASKED)
    expect(first.bubble("bot")).to_have_text(HANDED_OVER)
    expect(
        first.window.get_by_text(re.compile(r"An answer usually takes about \d+ minutes\."))
    ).to_be_visible()
    row = agent.sees_arrive(ASKED)
    expect(agent.page.get_by_text("Choose a conversation from the list.")).to_be_visible()
    agent.open(row)
    agent.reply(REPLY)
    first.sees("agent", LEARNED)
    expect(first.window.get_by_text("You are talking with Theo Marsh")).to_be_visible()

    card = agent.card()
    expect(card.get_by_role("heading", name=QUESTION_OF_THE_BOT)).to_be_in_viewport()
    expect(card).to_contain_text(ASKED)
    expect(card).to_contain_text(LEARNED)
    seconds = seconds_from_approval_to_answer(server, agent)
    print(f"approved and answering after {seconds:.3f} s")  # noqa: T201
    assert seconds < 10.0  # well under one on an idle machine: scripts/measure_live.py

    second = new_customer()
    second.ask(ASKED_OTHERWISE)
    second.sees("bot", LEARNED)
    sources = second.window.get_by_role("list", name="Sources")
    expect(sources).to_contain_text("Learned from our team")
    expect(sources).to_contain_text(ASKED)
    expect(second.window.get_by_text("Answers right away")).to_be_visible()
    expect(agent.page.locator(".row")).to_have_count(1)
    assert second.log() == [("customer", ASKED_OTHERWISE), ("bot", LEARNED)]


def test_nothing_is_lost_or_doubled_when_the_server_is_killed_between_all_steps(
    server: ServerProcess, new_customer: Callable[[], Customer], new_agent: Callable[[], AgentAtWork]
) -> None:
    server.start()
    agent, first, second = new_agent(), new_customer(), new_customer()

    first.ask(ASKED)
    restart(server)  # before the bot took its turn
    expect(first.bubble("bot")).to_have_text(HANDED_OVER, timeout=30_000)
    row = agent.sees_arrive(ASKED)
    restart(server)
    agent.open(row)
    restart(server)  # with the conversation open
    agent.reply(REPLY)
    restart(server)  # before or while the bot drafts
    first.sees("agent", LEARNED)
    card = agent.card()
    restart(server)
    card.get_by_role("button", name="Approve", exact=True).click()
    expect(card).to_contain_text(LIVE)
    server.kill()
    second.write(ASKED_OTHERWISE)
    server.start()
    second.sees("bot", LEARNED)

    [conversation] = waiting_or_open(server)
    _, handed_over, _ = said = said_in(server, conversation)
    assert said == [("customer", ASKED), handed_over, ("agent", REPLY)]
    shown = [("customer", ASKED), handed_over, ("agent", " ".join(REPLY.split()))]
    assert first.log() == agent.thread() == shown
    agent.page.reload()
    first.reload()
    first.sees("agent", LEARNED)
    assert first.log() == agent.thread() == shown
    expect(agent.card()).to_contain_text(LIVE)
    assert second.log() == [("customer", ASKED_OTHERWISE), ("bot", LEARNED)]


def test_the_approved_words_themselves_are_answered(server: ServerProcess) -> None:
    server.start()
    with signed_in_client(server.address, server.home, role="admin") as client:
        body = {"question": ASKED, "answer": LEARNED}
        client.post("/v1/learned-answers", json=body).raise_for_status()
        deadline = time.perf_counter() + 20  # under a second on an idle machine
        while (decision := client.post("/v1/ask", json={"question": ASKED}).json())["decision"] != "answer":
            assert time.perf_counter() < deadline, (decision["confidence"], decision["threshold"])
            time.sleep(0.05)


def restart(server: ServerProcess) -> None:
    server.kill()
    server.start()


def seconds_from_approval_to_answer(server: ServerProcess, agent: AgentAtWork) -> float:
    """Press Approve and ask through the API until the bot answers; counted from when the press left."""
    card = agent.card()
    with signed_in_client(server.address, server.home) as client, ThreadPoolExecutor(1) as pool:
        with agent.page.expect_request("**/approve") as pressed:
            answered = pool.submit(moment_of_answer, client)
            card.get_by_role("button", name="Approve", exact=True).click()
        expect(card).to_contain_text(LIVE)
        return answered.result() - float(pressed.value.timing["startTime"]) / 1000


def moment_of_answer(client: httpx.Client) -> float:
    """Ask until the bot answers; the time by the clock."""
    for _ in range(500):
        if client.post("/v1/ask", json={"question": ASKED_OTHERWISE}).json()["decision"] == "answer":
            return time.time()
        time.sleep(0.02)
    raise AssertionError("the bot never answered")


def waiting_or_open(server: ServerProcess) -> list[str]:
    """The conversations that went to a person."""
    with signed_in_client(server.address, server.home) as client:
        found = [listed(client, status) for status in ("waiting", "open")]
    return [conversation["id"] for part in found for conversation in part]


def listed(client: httpx.Client, status: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = client.get(f"/v1/conversations?status={status}").json()["conversations"]
    return rows


def said_in(server: ServerProcess, conversation_id: str) -> list[tuple[str, str]]:
    with signed_in_client(server.address, server.home) as client:
        messages = client.get(f"/v1/conversations/{conversation_id}/messages").json()["messages"]
    return [(message["author"], message["text"]) for message in messages]
