"""The ways by which an attack enters; each lets it in as it would come, and gives what the other side sees.

A new channel, mail or generated answers, is one more function here and rows that name it in `attacks.jsonl`.
"""

import io
import socket
import time
import zipfile
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import jwt
from sqlalchemy import select

from knowledge.importing.source import reading
from knowledge.importing.web.host import Host
from model.errors import FirstlastError
from serving.db.tables import Article, new_id
from serving.transfer.article_import import import_source, keep_attachments
from serving.transfer.sources import retire_source
from tests.attacks.attack import Attack, Outcome
from tests.attacks.home import AttackedHome
from tests.serving.parts import IDENTITY_SECRET, Customer

Channel = Callable[[AttackedHome, Attack], Outcome]


def message(home: AttackedHome, attack: Attack) -> Outcome:
    """A customer writes, the bot answers, an agent looks."""
    customer = Customer(home.client)
    conversation = customer.start()
    for words in attack.says:
        customer.say(conversation, words)
        home.answer()
    return _shown(home, customer, conversation)


def ask(home: AttackedHome, attack: Attack) -> Outcome:
    """A customer's question by the API, with a history that the customer wrote."""
    answer = Customer(home.client).post("/v1/ask", attack.says)
    wrong = [f"status {answer.status_code}"] if answer.status_code not in (200, 422) else []
    if answer.status_code != 200:  # what was refused is told again, to whoever sent it
        return Outcome(wrong=wrong)
    told = answer.json()
    return Outcome(said=[told["answer"], *map(str, told["sources"])], wrong=wrong)


def article(home: AttackedHome, attack: Attack) -> Outcome:
    """An editor publishes it; readers, agents and customers who ask see it. Then it is retired again."""
    made = home.editor.put("/v1/articles/kettle-attacked", attack.says)
    if made.status_code == 422:
        return Outcome()
    outcome = Outcome(wrong=[f"status {made.status_code}"] if made.status_code not in (200, 201) else [])
    home.catch_up()
    customer = Customer(home.client)
    conversation = customer.start()
    customer.say(conversation, str(attack.says["title"]))
    home.answer()
    asked = _shown(home, customer, conversation)
    pages = [
        home.client.get(path, headers=home.editor.headers)
        for path in ("/help/kettle-attacked", "/help", "/articles/kettle-attacked", "/articles")
    ]
    outcome.wrong += [f"{page.url.path} is {page.status_code}" for page in pages if page.status_code != 200]
    outcome.pages = [page.text for page in pages] + asked.pages
    outcome.said = outcome.pages
    _take_back(home, "/v1/articles/kettle-attacked")
    return outcome


def reply(home: AttackedHome, attack: Attack) -> Outcome:
    """An agent's reply becomes a proposal, a person approves it, and another customer is answered by it."""
    outcome, proposal = _drafted(home, attack)
    if proposal is None:
        outcome.wrong.append("nothing was drafted, so that nothing was tried")
        return outcome
    approved = home.editor.post(f"/v1/proposals/{proposal['id']}/approve", {})
    home.catch_up()
    customer = Customer(home.client)
    conversation = customer.start()
    customer.say(conversation, attack.says["asked"])
    home.answer()
    asked = _shown(home, customer, conversation)
    known = home.client.get("/learned-answers", headers=home.editor.headers).text
    outcome.pages += [*asked.pages, known]
    outcome.said += asked.pages[1:]
    if approved.status_code == 200:
        home.editor.post(f"/v1/proposals/{proposal['id']}/undo")
        home.catch_up()
    return outcome


def teach(home: AttackedHome, attack: Attack) -> Outcome:
    """A customer's words go before an agent's plain reply; nothing of it is told before a person approves."""
    outcome, _ = _drafted(home, attack)
    customer = Customer(home.client)
    conversation = customer.start()
    customer.say(conversation, attack.says["asked"])
    home.answer()
    told = [one["text"] for one in customer.messages(conversation) if one["author"] == "bot"]
    if any(attack.says["reply"] in words for words in told):
        outcome.wrong.append("the reply was told to others before a person approved it")
    return outcome


def file(home: AttackedHome, attack: Attack) -> Outcome:
    """A folder or an archive is imported; its articles are shown, then it is retired."""
    outcome = Outcome()
    with TemporaryDirectory(dir=home.path.parent) as made:
        folder = Path(made) / "import"
        folder.mkdir()
        source = _written(folder, attack.says)
        around = _files_around(home)
        try:
            with reading(source) as result, home.runtime.database.session() as session:
                keep_attachments(result.attachments, home.runtime.settings.files_folder)
                import_source(session, result, source="attacked")
        except FirstlastError:
            return outcome
        outcome.wrong += [f"{name} was made" for name in _files_around(home) - around]
    with home.runtime.database.reading() as session:
        own = select(Article).where(Article.source == "attacked", Article.status == "published")
        stored = [(one.slug, f"{one.slug} {one.source_path}\n{one.body}") for one in session.scalars(own)]
    for slug, words in stored:
        page = home.client.get(f"/help/{quote(slug)}")
        outcome.wrong += [] if page.status_code == 200 else [f"/help/{slug} is {page.status_code}"]
        outcome.pages.append(page.text)
        outcome.said += [escape(words), page.text]
    outcome.pages.append(home.client.get("/imports", headers=home.editor.headers).text)
    outcome.pages.append(home.client.get("/help").text)
    with home.runtime.database.session() as session:
        retire_source(session, "attacked")
    return outcome


def address(_home: AttackedHome, attack: Attack) -> Outcome:
    """The command `import` is given an address; nothing is connected to that is not public."""
    called: list[object] = []

    def resolved(name: str, port: int, **more: Any) -> list[Any]:
        found = attack.says["resolves"]
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (found, port))]

    names = patch("socket.getaddrinfo", resolved) if attack.says["resolves"] else patch("socket.herror")
    with names, patch("socket.create_connection", lambda place, **_: called.append(place) or _no_network()):
        try:
            host = Host(attack.says["address"], pause_seconds=0, timeout_seconds=1, allow_private=False)
            host.get("/", wanted=lambda _: True, limit=1_000)
        except (FirstlastError, OSError):
            pass
        except Exception as error:  # of the importer's own kind
            if type(error).__name__ != "WebError":
                return Outcome(wrong=[f"{type(error).__name__}: {error}"])
    return Outcome(wrong=[f"it called {place}" for place in called])


def attributes(home: AttackedHome, attack: Attack) -> Outcome:
    """The business signs something about a customer, who writes; an agent looks."""
    claims = {"sub": new_id(), "exp": time.time() + 600, **attack.says}
    customer = Customer(home.client, {"jwt": jwt.encode(claims, IDENTITY_SECRET, algorithm="HS256")})
    conversation = customer.start()
    customer.say(conversation, "I want to talk to a person, please.")
    home.answer()
    outcome = _shown(home, customer, conversation)
    outcome.said += outcome.pages
    for path in ("/v1/agents", "/v1/conversations/none"):
        if customer.get(path).status_code not in (403, 404):
            outcome.wrong.append(f"{path} was let through")
    return outcome


def request(home: AttackedHome, attack: Attack) -> Outcome:
    """A customer sends a request that is not theirs to send; it is refused and tells nothing."""
    customer = Customer(home.client)
    path = attack.says["path"].format(**home.names, own=customer.start())
    answer = home.client.request(
        attack.says["method"],
        path,
        json=attack.says["body"],
        headers=customer.headers,
        follow_redirects=False,
    )
    refused = answer.status_code in (401, 403, 404, 405, 409, 422)
    as_customer = answer.status_code == 201 and answer.json().get("author") == "customer"
    is_plain = as_customer and answer.json().get("kind") == "message"
    wrong = [] if refused or is_plain else [f"status {answer.status_code}"]
    return Outcome(said=[answer.text], wrong=wrong)


CHANNELS: Mapping[str, Channel] = {
    one.__name__: one for one in (message, ask, article, reply, teach, file, address, attributes, request)
}


def run(home: AttackedHome, attack: Attack) -> list[str]:
    """Let the attack in; why it did not hold, empty where it did."""
    before = home.state()
    return home.faults(attack, CHANNELS[attack.enters](home, attack), before)


def _shown(home: AttackedHome, customer: Customer, conversation: str) -> Outcome:
    """What the bot said, and the page on which an agent reads it."""
    bot = [one for one in customer.messages(conversation) if one["author"] in ("bot", "system")]
    page = home.client.get(f"/inbox/{conversation}", headers=home.admin.headers)
    wrong = [] if page.status_code == 200 else [f"the inbox is {page.status_code}"]
    html = [str(one.get("html") or "") for one in bot]
    return Outcome(said=[one["text"] for one in bot], pages=[page.text, *html], wrong=wrong)


def _drafted(home: AttackedHome, attack: Attack) -> tuple[Outcome, dict[str, Any] | None]:
    """The proposal that an agent's reply gave, with the pages on which it is decided."""
    customer = Customer(home.client)
    conversation = customer.start()
    customer.say(conversation, attack.says["asked"])
    home.answer()
    customer.post(f"/v1/conversations/{conversation}/handoff", {})
    home.editor.say(conversation, attack.says["reply"])
    home.answer()
    found = home.editor.get(f"/v1/proposals?conversation_id={conversation}").json()["proposals"]
    pages = [
        home.client.get(path, headers=home.editor.headers).text
        for path in (f"/inbox/{conversation}", "/proposals")
    ]
    drafts = [escape(f"{one['question']} {one['answer']} {one['phrasings']}") for one in found]
    return Outcome(said=drafts, pages=pages), found[0] if found else None


def _take_back(home: AttackedHome, path: str) -> None:
    home.editor.delete(path)
    home.catch_up()


def _written(folder: Path, says: Mapping[str, Any]) -> Path:
    """The folder or archive as the attack has it."""
    for name, words in says.get("files", {}).items():
        (folder / name).write_text(words, encoding="utf-8")
    if "link" in says:
        (folder / "linked.md").symlink_to(folder.parent.parent / says["link"])
        (folder / "fine.md").write_text("# Fine kettle\n\nFine.")
    if "zip" in says:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, words in says["zip"].items():
                archive.writestr(name, words)
        (folder / "attack.zip").write_bytes(packed.getvalue())
        return folder / "attack.zip"
    return folder


def _files_around(home: AttackedHome) -> set[str]:
    """Names beside the home, in it where imports have no business, and where an attack would write."""
    watched = (home.path.parent, home.path)
    names = {str(path) for folder in watched for path in folder.iterdir() if not path.is_dir()}
    return names | {str(path) for path in Path("/tmp").glob("*-attack*") if path.is_file()}


def _no_network() -> socket.socket:
    raise OSError("no network here")
