"""What a customer and an agent do and see in their browsers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Locator, expect

Said = tuple[str, str]
"""An author and what they said, in single spaces."""
_PATIENCE_MS = 30_000
"""A reconnection waits up to some seconds, on a busy machine longer."""


class Customer:
    """Somebody on the shop's page with the messenger open, in a profile of their own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.page.goto(address)
        self.window = self.page.get_by_role("dialog", name="Tuckleaf help")
        self._open()

    def reload(self) -> None:
        """Come back to the page."""
        self.page.reload()
        self._open()

    def write(self, text: str) -> None:
        """Send a message; it need not arrive yet."""
        self.page.get_by_label("Your message").fill(text)
        self.page.get_by_label("Your message").press("Enter")

    def ask(self, text: str) -> None:
        """Send a message, and wait until the server has it."""
        arrived = self.page.locator(".log .customer.sent")
        before = arrived.count()
        self.write(text)
        expect(arrived).to_have_count(before + 1, timeout=_PATIENCE_MS)

    def bubble(self, author: str) -> Locator:
        """The latest words of an author."""
        return self.page.locator(f".log .{author} .bubble").last

    def sees(self, author: str, words: str) -> None:
        """Wait for these words."""
        expect(self.bubble(author)).to_contain_text(words, timeout=_PATIENCE_MS)

    def log(self) -> list[Said]:
        """All that is shown, in order."""
        messages = self.page.locator(".log .message").all()
        return [(_author_of(message), _words(message.locator(".bubble"))) for message in messages]

    def _open(self) -> None:
        """Open the window, unless it is open still from the page before."""
        launcher = self.page.get_by_role("button", name=re.compile("^(Open|Close) the chat"))
        expect(launcher).to_be_visible()
        if launcher.get_attribute("aria-expanded") == "false":
            launcher.click()


class AgentAtWork:
    """A signed-in agent in front of the inbox."""

    def __init__(self, context: BrowserContext, address: str, home: Path) -> None:
        login = login_of(home, "agent")
        self.page = context.new_page()
        self.page.goto(f"{address}/inbox")
        self.page.get_by_label("E-mail").fill(login.email)
        self.page.get_by_label("Password").fill(login.password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def sees_arrive(self, words: str) -> Locator:
        """Wait for a conversation in the list."""
        row = self.page.locator(".row").filter(has_text=words)
        expect(row).to_be_visible(timeout=_PATIENCE_MS)
        return row

    def open(self, row: Locator) -> None:
        """Read the conversation; done when the page is live, for without its scripts it stays as it is."""
        row.get_by_role("link").click()
        expect(self.page.get_by_label("Your reply to")).to_be_visible()
        expect(self.page.locator("[data-live-stream=open]")).to_have_count(1)

    def reply(self, text: str) -> None:
        """Answer the customer; done when the thread shows it."""
        shown = self.page.locator(".thread .message--agent")
        before = shown.count()
        self.page.get_by_label("Your reply to").fill(text)
        self.page.get_by_role("button", name="Send reply").click()
        expect(shown).to_have_count(before + 1)

    def card(self) -> Locator:
        """The question whether the bot may learn the reply."""
        card = self.page.locator("article[data-proposal]")
        expect(card).to_be_visible(timeout=_PATIENCE_MS)
        return card

    def thread(self) -> list[Said]:
        """All that the open conversation shows, in order."""
        messages = self.page.locator(".thread .message").all()
        return [(_author_of(message), _words(message.locator(".message__text"))) for message in messages]


@dataclass(frozen=True)
class Login:
    """An account of the sample company."""

    email: str
    password: str


def login_of(home: Path, role: str) -> Login:
    """The account that the sample company's home was made with."""
    for line in (home / "demo-logins.txt").read_text().splitlines():
        email, password, its_role = line.split(" ")
        if its_role == role:
            return Login(email, password)
    raise AssertionError(f"{home} has no {role}")


@contextmanager
def signed_in_client(address: str, home: Path, *, role: str = "agent") -> Iterator[httpx.Client]:
    """The API as somebody of that role."""
    login = login_of(home, role)
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=20) as client:
        body = {"email": login.email, "password": login.password}
        client.post("/v1/agents/session", json=body).raise_for_status()
        yield client


def _author_of(message: Locator) -> str:
    classes = (message.get_attribute("class") or "").replace("message--", "").split()
    return next(name for name in ("customer", "bot", "agent", "system") if name in classes)


def _words(place: Locator) -> str:
    return " ".join(place.inner_text().split())
