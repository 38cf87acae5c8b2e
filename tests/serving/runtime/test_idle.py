"""A server with nothing to do asks the store next to nothing, and hears of other processes all the same."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.db.session import Database
from serving.indexing.changes import record_changes
from serving.runtime.assembly import Runtime
from serving.settings import Settings
from tests.serving.db.big_store import Statements, recorded
from tests.serving.parts import Customer, LiveServer, take_until

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60
_WRITE = """
import sys
from serving.indexing.changes import record_changes
from serving.db.session import Database, append_event
from serving.db.tables import Event
database = Database(sys.argv[1])
for line in sys.stdin:
    with database.session() as session:
        if line.startswith("event"):
            event = Event(conversation_id=line.split()[1], kind="feedback", data={"message_id": 1})
            append_event(session, event)
        else:
            record_changes(session, [line.strip()])
    print("written", flush=True)
"""


@pytest.fixture
def other_process(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Writes to the store what it is told."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITE, settings.database_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "written\n"


def until_quiet(statements: Statements) -> int:
    """How many statements there were once none came for two seconds."""
    for _ in range(PATIENCE_SECONDS):
        before = len(statements.sent)
        time.sleep(2)
        if len(statements.sent) == before:
            return before
    raise AssertionError(f"never quiet: {statements.sent[-20:]}")


def test_an_idle_server_asks_the_store_next_to_nothing(live: LiveServer) -> None:
    with recorded(live.runtime.database.engine) as statements:
        before = until_quiet(statements)
        time.sleep(6)
    # each of three followers may look once in ten seconds, and the housekeeping once a minute
    assert len(statements.sent) - before <= 30


def test_what_another_process_writes_is_told_at_once(
    live: LiveServer, other_process: subprocess.Popen[str]
) -> None:
    customer = Customer(live.client)
    conversation_id = customer.start()
    with live.stream(f"/v1/conversations/{conversation_id}/events", customer.headers) as events:
        take_until(events, "status")
        tell(other_process, f"event {conversation_id}")
        started = time.monotonic()
        take_until(events, "feedback")
    assert time.monotonic() - started < 5  # a quarter of a second; ten where nobody told


def test_knowledge_that_another_process_changes_is_followed_at_once(
    live: LiveServer, other_process: subprocess.Popen[str]
) -> None:
    sync = live.runtime.knowledge.sync
    before = sync.last_change
    tell(other_process, "article:unknown")
    started = time.monotonic()
    while sync.last_change == before:
        assert time.monotonic() - started < 5  # a quarter of a second; ten where nobody told
        time.sleep(0.02)


def test_listeners_hear_of_other_processes_as_long_as_somebody_watches(
    runtime: Runtime, settings: Settings
) -> None:
    other, heard = Database(settings.database_url), threading.Event()
    watching = Database(settings.database_url)
    watching.on_events(heard.set)

    def change() -> None:
        with other.session() as session:
            record_changes(session, ["article:unknown"])

    for _ in range(2):
        watching.watch()
    assert heard.wait(PATIENCE_SECONDS)  # at the beginning, for what was before
    heard.clear()
    watching.unwatch()
    change()
    assert heard.wait(PATIENCE_SECONDS)
    watching.unwatch()
    heard.clear()
    change()
    assert not heard.wait(1)
    other.close()
    watching.close()


def test_own_commits_are_not_heard_a_second_time_on_postgresql(settings: Settings, runtime: Runtime) -> None:
    if runtime.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite does not say whose commit it was")
    database, heard = Database(settings.database_url), []
    database.on_events(lambda: heard.append(1))
    database.watch()
    while not heard:
        time.sleep(0.01)
    with database.session() as session:
        record_changes(session, ["article:unknown"])
    time.sleep(1)
    assert len(heard) == 2
    database.unwatch()
    database.close()
