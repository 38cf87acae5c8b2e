"""A home of the sample company with things that no stranger may learn or change, and whether that holds."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text

from serving.app import create_app
from serving.db.tables import Contact, Conversation, Message, Proposal
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings
from tests.attacks.attack import Attack, Outcome
from tests.attacks.markup import dangers
from tests.serving.parts import IDENTITY_SECRET, AgentAtWork, Customer

SECRETS = {
    "QUAYLE-7731": "what another customer wrote",
    "NOTE-4482": "a note between agents",
    "DOOR-9920": "a retired article",
    "PENDING-3310": "an answer that nobody approved",
    "OUTSIDE-6001": "a file outside",
    "$argon2": "a password's hash",
}
_COUNTED = (
    "SELECT count(*) FROM learned_answers WHERE status = 'approved'",
    "SELECT count(*) FROM phrasings JOIN learned_answers ON learned_answers.id = learned_answer_id"
    " WHERE status = 'approved' AND origin != 'pick'",
    "SELECT count(*) FROM articles WHERE status = 'published'",
    "SELECT count(*) FROM agents WHERE role = 'admin'",
    "SELECT count(*) FROM agents",
    "SELECT count(*) FROM api_keys",
    "SELECT count(*) FROM company_changes",
    "SELECT count(*) FROM proposals WHERE status = 'approved'",
    "SELECT count(*) FROM messages WHERE text LIKE '%QUAYLE-7731%'",
)
"""What no stranger changes: what the bot says, who may do what, and what others wrote."""


def copied(home: Path, folder: Path) -> Path:
    """A copy of the home in the folder, with its store and models, without what training left."""
    shutil.copytree(home, folder / "home", ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    return folder / "home"


class AttackedHome:
    """The running parts, an agent, an editor and an admin at work, and what may not get out."""

    def __init__(self, home: Path) -> None:
        self.path = home
        (home.parent / "outside.md").write_text("# Outside\n\nOUTSIDE-6001")
        settings = Settings.load(home, identity_secret=IDENTITY_SECRET, burst_milliseconds=0)
        self.runtime: Runtime = build_runtime(settings)
        self.client = TestClient(create_app(self.runtime), raise_server_exceptions=False)
        self.editor, self.admin = (
            AgentAtWork(self.client, self.runtime, role) for role in ("editor", "admin")
        )
        self.other = Customer(self.client)
        self.names = self._plant()

    def close(self) -> None:
        """Stop the running parts."""
        self.runtime.stop()

    def catch_up(self) -> None:
        """Let the index know what was changed, as a running server does by itself."""
        self.runtime.knowledge.sync.follow_once()

    def answer(self) -> None:
        """Let the bot answer and draft all that is due."""
        for _ in range(3):
            if not self.runtime.worker.run_once():
                return

    def state(self) -> tuple[int, ...]:
        """What no stranger changes, counted."""
        with self.runtime.database.reading() as session:
            return tuple(int(session.execute(text(count)).scalar_one()) for count in _COUNTED)

    def faults(self, attack: Attack, outcome: Outcome, before: tuple[int, ...]) -> list[str]:
        """Why the attack did not hold; empty where it did."""
        found = list(outcome.wrong)
        everything = "\n".join(outcome.said)
        found += [f"{word!r} came out" for word in attack.must_not if word in everything]
        found += [f"{what} came out" for secret, what in SECRETS.items() if secret in everything]
        secret_key = self.runtime.settings.secret_key.get_secret_value()
        found += ["the secret key came out"] if secret_key in everything else []
        found += [f"a page has {danger}" for page in outcome.pages for danger in dangers(page)]
        after = self.state()
        found += [
            f"{count.removeprefix('SELECT count(*) FROM ')}: {old}, then {new}"
            for count, old, new in zip(_COUNTED, before, after, strict=True)
            if old != new
        ]
        return found

    def _plant(self) -> dict[str, Any]:
        """Another customer's conversation with a note, a retired article, and an answer that waits."""
        with self.runtime.database.session() as session:
            contact = session.get_one(Contact, self.other.contact_id)
            contact.name, contact.email = "Rosalind Quayle", "rosalind@quayle.example"
            conversation = Conversation(contact_id=contact.id, client_id="planted", status="closed")
            session.add(conversation)
            session.flush()
            asked = Message(
                conversation_id=conversation.id, author="customer", text="My order QUAYLE-7731 is late."
            )
            note = Message(
                conversation_id=conversation.id, author="agent", kind="note", text="Give her NOTE-4482."
            )
            session.add_all([asked, note])
            session.flush()
            proposal = Proposal(
                conversation_id=conversation.id,
                message_id=asked.id,
                kind="new",
                question="What is the wholesale discount for resellers of the north?",
                answer="Resellers of the north get forty percent, code PENDING-3310.",
                phrasings=[],
            )
            session.add(proposal)
            session.flush()
            names = {"other": conversation.id, "contact": contact.id, "proposal": proposal.id}
        fields = {"title": "The warehouse door code", "body": "The warehouse door code is DOOR-9920."}
        self.editor.put("/v1/articles/warehouse-door", fields)
        self.editor.delete("/v1/articles/warehouse-door")
        self.catch_up()
        with suppress(OSError):
            Path("/tmp/yaml-attack").unlink()
        return {**names, "agent": self.editor.id}
