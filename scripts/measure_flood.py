"""Measures what a flood of one visitor costs everybody else, and what long histories cost in memory.

It runs the server on a copy of a home. A visitor writes in many conversations at once, then another asks; and
many requests with long histories come at the same time.
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from home_server import copied, served

from serving.db.tables import new_id

QUESTION = "How long do I have to return a device that I have not opened?"
LONGEST_SECONDS = 120.0


class Visitor:
    """A customer with a token."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=LONGEST_SECONDS)
        token = self.client.post("/v1/customers/token").raise_for_status().json()["token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def start(self) -> str:
        """The id of a new conversation."""
        made = self.client.post("/v1/conversations", json={"client_id": new_id()}).raise_for_status()
        return str(made.json()["id"])

    def say(self, conversation: str, text: str) -> None:
        """Send a message."""
        body = {"client_id": new_id(), "text": text}
        self.client.post(f"/v1/conversations/{conversation}/messages", json=body).raise_for_status()

    def seconds_until_answered(self, conversation: str) -> float:
        """From now until the bot has said something."""
        started = time.perf_counter()
        while time.perf_counter() - started < LONGEST_SECONDS:
            told = self.client.get(f"/v1/conversations/{conversation}/messages").raise_for_status().json()
            if any(message["author"] == "bot" for message in told["messages"]):
                return time.perf_counter() - started
            time.sleep(0.02)
        return LONGEST_SECONDS


def main() -> int:
    """0 once everything is measured and printed, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="A home with a model set; it stays as it is."
    )
    parser.add_argument("--threads", type=int, default=12, help="Conversations of the visitor who floods.")
    parser.add_argument("--asks", type=int, default=20, help="Requests with long histories at once.")
    options = parser.parse_args()
    with copied(options.home) as home:
        limits = ("limit_messages", "limit_conversations", "limit_ask")
        with (home / "firstlast.toml").open("a") as settings:
            settings.writelines(f'{name} = ""\n' for name in limits)
        with served(home) as address:
            print(json.dumps(_flood(address, options.threads) | _histories(address, options.asks)))
    return 0


def _flood(address: str, threads: int) -> dict[str, float]:
    visitor, other = Visitor(address), Visitor(address)
    quiet = [other.start() for _ in range(3)]
    other.say(quiet[0], QUESTION)  # the first answer loads what the later ones have
    other.seconds_until_answered(quiet[0])
    other.say(quiet[1], QUESTION)
    alone = other.seconds_until_answered(quiet[1])
    flood = [visitor.start() for _ in range(threads)]
    long = " ".join(f"{QUESTION} And part {number} of it?" for number in range(100))[:7_900]
    for conversation in flood:
        visitor.say(conversation, long)
    other.say(quiet[2], QUESTION)
    return {
        "alone_seconds": round(alone, 2),
        "in_flood_seconds": round(other.seconds_until_answered(quiet[2]), 2),
        "flood_seconds": round(max(visitor.seconds_until_answered(one) for one in flood), 2),
    }


def _histories(address: str, asks: int) -> dict[str, float]:
    before = _server_mb()
    turn = "the garden was delivered and one of the parts does not fit; " * 130
    statuses: list[int] = []
    peak = before
    with ThreadPoolExecutor(asks) as pool:
        for chars, turns in ((39_000, 5), (400_000, 50)):  # as much as is accepted now, and much more
            history = [{"author": "customer", "text": turn[: chars // turns]}] * turns
            visitors = [Visitor(address) for _ in range(asks)]
            body = {"question": QUESTION, "history": history}
            running = [pool.submit(one.client.post, "/v1/ask", json=body) for one in visitors]
            while not all(one.done() for one in running):
                peak = max(peak, _server_mb())
                time.sleep(0.01)
            statuses += [one.result().status_code for one in running]
    return {
        "before_mb": before,
        "peak_mb": peak,
        "after_mb": _server_mb(),
        **{f"asks_{status}": statuses.count(status) for status in sorted(set(statuses))},
    }


def _server_mb() -> int:
    """What the server, the greatest of this process's children, has in memory now."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    raise SystemExit(main())
