"""Who did what is written down with the act, and any change of it is found."""

import json
import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select, text

from serving.agents.attempts import Attempt
from serving.db.audit import Act, first_break, named_contact, record_act
from serving.db.session import Database
from serving.db.tables import AuditEntry
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer

Damage = Callable[[Connection], object]


def act(database: Database, number: int) -> None:
    with database.session() as session:
        record_act(session, Act("ada@help.example", "changed", f"team {number}"))


def break_of(database: Database) -> int | None:
    with database.reading() as session:
        return first_break(session)


def execute(statement: str) -> Damage:
    return lambda connection: connection.execute(text(statement))


def swap(connection: Connection) -> None:
    """Let the second and the third change places, digests and all."""
    for change in ("id = 99 WHERE id = 2", "id = 2 WHERE id = 3", "id = 3 WHERE id = 99"):
        connection.execute(text(f"UPDATE audit SET {change}"))


@pytest.mark.parametrize(
    ("damage", "first"),
    [
        (execute("UPDATE audit SET who = 'ben@help.example' WHERE id = 3"), 3),
        (execute("UPDATE audit SET what = 'removed' WHERE id = 1"), 1),
        (execute("""UPDATE audit SET "on" = 'team 9' WHERE id = 5"""), 5),
        (execute("UPDATE audit SET created_at = '2020-01-01 00:00:00' WHERE id = 2"), 2),
        (execute("UPDATE audit SET digest = (SELECT digest FROM audit WHERE id = 1) WHERE id = 4"), 4),
        (execute("DELETE FROM audit WHERE id = 1"), 1),
        (execute("DELETE FROM audit WHERE id = 3"), 3),
        (execute("DELETE FROM audit WHERE id = 5"), 5),
        (execute("DELETE FROM audit"), 1),
        (swap, 2),
        (execute("UPDATE audit_head SET count = 4 WHERE id = 1"), 6),
        (execute("DELETE FROM audit_head"), 6),
    ],
)
def test_a_changed_removed_or_moved_entry_is_found(database: Database, damage: Damage, first: int) -> None:
    for number in range(5):
        act(database, number)
    assert break_of(database) is None
    with database.engine.begin() as connection:
        damage(connection)
    assert break_of(database) == first


def test_an_empty_log_is_whole(database: Database) -> None:
    assert break_of(database) is None


def test_an_act_that_failed_is_not_written_down(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            record_act(session, Act("ada@help.example", "changed", "team 1"))
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        fail()
    act(database, 2)
    with database.reading() as session:
        assert session.execute(text('SELECT id, "on" FROM audit')).all() == [(1, "team 2")]


def test_acts_of_many_at_once_make_one_chain(database: Database) -> None:
    begin = threading.Barrier(5)

    def many(thread: int) -> None:
        begin.wait(30)
        for number in range(8):
            act(database, 10 * thread + number)

    threads = [threading.Thread(target=many, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert break_of(database) is None
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM audit")) == 40


def test_what_people_do_is_shown_to_admins_and_to_nobody_else(
    client: TestClient, runtime: Runtime, customer: Customer
) -> None:
    admin, ada = AgentAtWork(client, runtime, "admin"), AgentAtWork(client, runtime)
    admin.put("/v1/teams/repairs", {"title": "Repairs"})
    made = admin.post("/v1/api-keys", {"name": "shop", "scopes": ["ask"]}).json()
    admin.delete(f"/v1/api-keys/{made['id']}")
    ada.put(f"/v1/contacts/{customer.contact_id}/access", {"blocked": True})
    shown = admin.get("/v1/audit?limit=5").json()
    assert [(one["who"], one["what"], one["on"]) for one in shown["entries"]] == [
        (ada.email, "blocked", named_contact(customer.contact_id)),
        (admin.email, "removed", "key shop"),
        (admin.email, "added", "key shop"),
        (admin.email, "added", "team repairs"),
        (ada.email, "signed in", f"agent {ada.email}"),
    ]
    following = admin.get(f"/v1/audit?limit=1&before={shown['next']}").json()["entries"]
    assert [(one["who"], one["what"]) for one in following] == [("command line", "added")]
    assert ada.get("/v1/audit").status_code == 403
    assert made["key"] not in json.dumps(shown)
    assert break_of(runtime.database) is None


def test_what_was_changed_about_an_agent_is_named_and_a_link_is_no_new_password(
    client: TestClient, runtime: Runtime
) -> None:
    admin, ada = AgentAtWork(client, runtime, "admin"), AgentAtWork(client, runtime)
    admin.patch(f"/v1/agents/{ada.id}", {"role": "editor", "active": True})
    admin.post(f"/v1/agents/{ada.id}/reset-link")
    admin.patch(f"/v1/agents/{ada.id}", {"password": "another long one"})
    admin.delete("/v1/agents/session")
    again = AgentAtWork(client, runtime, "admin")
    entries = again.get("/v1/audit?limit=6").json()["entries"]
    assert [(one["who"], one["what"]) for one in entries[2:]] == [
        (admin.email, "signed out"),
        (admin.email, "changed password"),
        (admin.email, "made a reset link"),
        (admin.email, "changed role"),
    ]


def test_who_changed_what_the_bot_says_is_written_down(client: TestClient, runtime: Runtime) -> None:
    edith, admin = AgentAtWork(client, runtime, "editor"), AgentAtWork(client, runtime, "admin")
    edith.put("/v1/articles/pump", {"title": "The pump", "body": "Fill it."})
    edith.put("/v1/articles/pump", {"title": "The pump", "body": "Fill it."})  # changes nothing
    edith.put("/v1/articles/pump", {"title": "The pump", "body": "Empty it."})
    edith.delete("/v1/articles/pump")
    made = edith.post("/v1/learned-answers", {"question": "Is it loud?", "answer": "No."}).json()["id"]
    edith.put(f"/v1/learned-answers/{made}", {"answer": "Hardly."})
    edith.post(f"/v1/learned-answers/{made}/retire")
    edith.post(f"/v1/learned-answers/{made}/restore")
    entries = admin.get("/v1/audit?limit=7").json()["entries"]
    assert [(one["who"], one["what"], one["on"]) for one in reversed(entries)] == [
        (edith.email, "added", "article pump"),
        (edith.email, "changed", "article pump"),
        (edith.email, "retired", "article pump"),
        (edith.email, "added", f"learned answer {made}"),
        (edith.email, "changed", f"learned answer {made}"),
        (edith.email, "retired", f"learned answer {made}"),
        (edith.email, "restored", f"learned answer {made}"),
    ]


def test_failed_sign_ins_are_written_down_with_the_address_and_made_up_names_are_not(
    client: TestClient, runtime: Runtime
) -> None:
    admin = AgentAtWork(client, runtime, "admin")
    runtime.counters.reset()
    for email in (admin.email, "my password by mistake"):
        body = {"email": email, "password": "wrong"}
        stranger = TestClient(client.app, client=("198.51.100.7", 50_000))
        assert stranger.post("/v1/agents/session", json=body).status_code == 401
    entries = admin.get("/v1/audit?limit=2").json()["entries"]
    assert [(one["who"], one["what"], one["on"]) for one in entries] == [
        ("somebody", "failed to sign in", "no agent from 198.51.100.7"),
        (admin.email, "failed to sign in", f"agent {admin.email} from 198.51.100.7"),
    ]


def test_a_flood_of_failed_sign_ins_fills_no_store_and_still_shows(runtime: Runtime) -> None:
    attempts = runtime.sign_in_attempts
    runtime.counters.reset()
    before = count_of(runtime.database)
    for number in range(1_000):
        attempts.failed(Attempt(f"{number}@made-up.example", "198.51.100.8", None), is_known=number % 2 == 0)
    assert count_of(runtime.database) - before == 60 + 4  # and the 64th, 128th, 256th and 512th
    with runtime.database.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert last.on == "no agent from 198.51.100.8, the 512th within an hour"
    runtime.counters.reset()


def count_of(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(text("SELECT count FROM audit_head")) or 0
