"""Who did what is written down with the act, and any change of it is found."""

import json
import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, text

from serving.db.audit import Act, first_break, named_contact, record_act
from serving.db.session import Database
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
