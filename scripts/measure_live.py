"""Measures how soon an approved answer is live: until search finds it, and until the bot gives or offers it.

It runs the server on a copy of a home, approves proposals over HTTP one after the other, and asks.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from home_server import copied, served

from serving.company.accounts import create_agent, create_api_key
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, Message, Proposal, new_id
from serving.settings import Settings

THINGS = ("violet kettle", "folding canoe", "garden radio", "copper lantern", "rain barrel", "paper drone")
EMAIL, PASSWORD = f"{new_id()}@measure.example", new_id()
LONGEST_SECONDS = 20.0


def main() -> int:
    """0 once all approvals are measured and printed, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="A home with a model set; it stays as it is."
    )
    parser.add_argument("-n", type=int, default=50, help="How many approvals.")
    options = parser.parse_args()
    questions = [
        f"Does the {THINGS[number % len(THINGS)]} number {number} come with a spare part?"
        for number in range(options.n)
    ]
    with copied(options.home) as home:
        key, proposals = _prepare(home, questions)
        with (
            served(home) as address,
            httpx.Client(base_url=address) as agent,
            httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as server,
        ):
            signed = agent.post("/v1/agents/session", json={"email": EMAIL, "password": PASSWORD})
            signed.raise_for_status()
            pairs = zip(proposals, questions, strict=True)
            seconds = np.array([_measure(agent, server, proposal, question) for proposal, question in pairs])
    figures: dict[str, float] = {"n": options.n}
    for column, what in enumerate(("found", "answered")):
        for share in (50, 95):
            figures[f"{what}_p{share}_seconds"] = round(float(np.percentile(seconds[:, column], share)), 3)
    print(json.dumps(figures))
    return 0


def _prepare(home: Path, questions: list[str]) -> tuple[str, list[int]]:
    """Make an agent, a key, and a proposal for each question; the key's secret and the proposals' ids."""
    database = Database(Settings.load(home).database_url)
    database.migrate()
    with database.session() as session:
        create_agent(session, email=EMAIL, name="Ada", password=PASSWORD, role="agent")
        key = create_api_key(session, name="measure", scopes=["ask"]).secret
        contact = Contact()
        session.add(contact)
        session.flush()
        conversation = Conversation(contact_id=contact.id, client_id=new_id())
        session.add(conversation)
        session.flush()
        proposals = []
        for question in questions:
            reply = Message(conversation_id=conversation.id, author="agent", text="Yes, one is in the box.")
            session.add(reply)
            session.flush()
            drafted = {"kind": "new", "question": question, "answer": f"Yes. ({question})", "phrasings": []}
            place = {"conversation_id": conversation.id, "message_id": reply.id}
            # Released by the approval: no rule of the home may keep the question for people.
            proposals.append(Proposal(**place, **drafted, human_only=True))
        session.add_all(proposals)
        session.flush()
        ids = [proposal.id for proposal in proposals]
    database.close()
    return key, ids


def _measure(agent: httpx.Client, server: httpx.Client, proposal: int, question: str) -> tuple[float, float]:
    """Seconds from the approval until the answer is found, and until it is given or offered."""
    started = time.perf_counter()
    approved = agent.post(f"/v1/proposals/{proposal}/approve", json={})
    approved.raise_for_status()
    ref = f"learned_answer:{approved.json()['learned_answer_id']}"

    def is_found() -> bool:
        shown = server.get("/v1/suggest", params={"q": question}).json()["suggestions"]
        return ref in {suggestion["ref"] for suggestion in shown}

    def is_given() -> bool:
        answer = server.post("/v1/ask", json={"question": question})
        if answer.is_error:
            raise SystemExit(f"/v1/ask: {answer.text}")
        decision = answer.json()  # it may ask back, since the questions are alike
        return ref in {shown["ref"] for shown in (*decision["sources"], *decision["choices"])}

    return _until(is_found, started), _until(is_given, started)


def _until(happens: Callable[[], bool], started: float) -> float:
    while not happens():
        if time.perf_counter() - started > LONGEST_SECONDS:
            raise SystemExit(f"{happens.__name__}: not after {LONGEST_SECONDS:.0f} seconds")
        time.sleep(0.005)
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
