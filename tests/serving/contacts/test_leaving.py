"""Export and erasure of a customer, by API and by the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from serving.contacts.commands import contacts_app
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, Message
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer
from tests.stores import sqlite_url


def test_an_admin_exports_and_erases_a_customer_and_their_token_ends(
    runtime: Runtime, client: TestClient, customer: Customer
) -> None:
    admin = AgentAtWork(client, runtime, "admin")
    conversation_id = customer.start()
    customer.post(f"/v1/conversations/{conversation_id}/messages", {"client_id": "m", "text": "where is it?"})
    with runtime.database.reading() as session:
        contact_id = session.get_one(Conversation, conversation_id).contact_id

    exported = admin.get(f"/v1/contacts/{contact_id}/export").json()
    assert exported["conversations"][0]["messages"][0]["text"] == "where is it?"
    tried = admin.delete(f"/v1/contacts/{contact_id}?dry_run=true").json()
    assert tried["dry_run"]
    assert customer.get(f"/v1/conversations/{conversation_id}").status_code == 200
    erased = admin.delete(f"/v1/contacts/{contact_id}").json()
    assert erased["contacts"] == [contact_id]
    assert erased["rows"]["conversations"] == 1
    assert erased["files"]["left"] == []
    assert customer.get(f"/v1/conversations/{conversation_id}").status_code in (401, 404)
    assert admin.get(f"/v1/contacts/{contact_id}/export").status_code == 404
    assert admin.delete(f"/v1/contacts/{contact_id}").status_code == 404


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command of `firstlast contacts` in a home with one customer."""
    home = tmp_path / "home"
    home.mkdir()
    database = Database(sqlite_url(home))
    database.migrate()
    with database.session() as session:
        session.add(Contact(id="c1", name="Ada Berg", email="ada@berg.example"))
        session.flush()
        session.add(Conversation(id="v1", contact_id="c1", client_id="x"))
        session.flush()
        session.add(Message(conversation_id="v1", author="customer", text="where is my parrot perch?"))
    database.close()

    def invoke(*arguments: object, input: str | None = None) -> Result:
        return CliRunner().invoke(contacts_app, [*map(str, arguments), "--home", str(home)], input=input)

    return invoke


def test_the_command_exports_to_a_file_that_only_its_owner_reads(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ada.json"
    done = run("export", "ada@berg.example", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text(encoding="utf-8"))["contacts"][0]["name"] == "Ada Berg"
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(done.stdout.splitlines()[-1])["conversations"] == 1


def test_the_command_asks_before_it_erases(run: Run) -> None:
    refused = run("erase", "c1", input="n\n")
    assert refused.exit_code == 1
    assert "1 contacts, 1 conversations, 1 messages would be erased" in refused.output
    assert run("export", "c1").exit_code == 0
    done = run("erase", "c1", "--yes", "--json")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == {"messages": 1, "conversations": 1, "contacts": 1}
    assert "backups" in told["note"]
    gone = run("erase", "c1", "--yes")
    assert gone.exit_code == 1
    assert "there is no contact with the id or e-mail address 'c1'" in " ".join(gone.output.split())


def test_a_dry_run_erases_nothing(run: Run) -> None:
    told = json.loads(run("erase", "ada@berg.example", "--dry-run", "--json").stdout.splitlines()[-1])
    assert told["rows"]["messages"] == 1
    assert run("export", "c1").exit_code == 0
