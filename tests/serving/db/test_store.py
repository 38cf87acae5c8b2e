"""The store: migrations, durability, order, and failing loudly."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import IntegrityError

from model.errors import ConfigurationError
from serving.conversations.log import told
from serving.db.session import Database, append_event, lock_log, newest_revision
from serving.db.tables import (
    Contact,
    Conversation,
    DecisionTrace,
    Event,
    Intent,
    KnowledgeChange,
    LearnedAnswer,
    Table,
    Team,
)
from tests.stores import fresh_postgres_url, sqlite_url

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    with database.session() as session:
        session.add(Contact(id="c1"))
        session.flush()
        session.add(Conversation(id="v1", contact_id="c1", client_id="x"))
    yield database
    database.close()


def event_of(number: int) -> Event:
    return Event(conversation_id="v1", kind="status", data={"n": number})


def test_migrating_makes_exactly_the_tables_and_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    with database.engine.connect() as connection:
        # The index of searching is each store's own: a virtual table with its parts, or an index.
        own = {"include_name": lambda name, _kind, _parents: not (name or "").startswith("search_index")}
        context = MigrationContext.configure(connection, opts=own)
        assert compare_metadata(context, Table.metadata) == []
        tables = {name for name in inspect(connection).get_table_names() if not name.startswith("search_i")}
        assert tables == {*Table.metadata.tables, "alembic_version"}


def test_the_newest_revision_told_from_the_files_is_the_one_migrating_leads_to(database: Database) -> None:
    with database.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == newest_revision()


def test_several_processes_may_migrate_at_once(database: Database, tmp_path: Path) -> None:
    if database.engine.dialect.name == "sqlite":
        url = sqlite_url(tmp_path)
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE not_migrated"))
        url = database.url.set(database="not_migrated").render_as_string(hide_password=False)
    code = "import sys; from serving.db.session import Database; Database(sys.argv[1]).migrate()"
    starts = [
        subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    errors = [start.communicate(timeout=60)[1].decode() for start in starts]
    assert [start.returncode for start in starts] == [0, 0], errors


def test_a_session_that_raises_changes_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.session() as session:
            session.add(Contact(id="lost"))
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_fail()
    with database.reading() as session:
        assert session.get(Contact, "lost") is None


def test_a_reading_session_refuses_to_write(database: Database) -> None:
    with database.reading() as session:
        session.add(Contact(id="never"))
        with pytest.raises(RuntimeError, match=r"only reads, but \['Contact'\] changed"):
            session.flush()


def test_sqlite_acknowledges_only_what_survives_power_loss(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL does so by default")
    with database.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_writers_that_read_first_wait_for_each_other_instead_of_failing(database: Database) -> None:
    with database.session() as session:
        session.add(Contact(id="counter", attributes={"n": 0}))
    errors: list[Exception] = []

    def count() -> None:
        try:
            for _ in range(5):
                with database.session() as session:
                    row = session.get(Contact, "counter", with_for_update=True)
                    assert row is not None
                    row.attributes = {"n": row.attributes["n"] + 1}
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reading() as session:
        assert session.get_one(Contact, "counter").attributes == {"n": 30}


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.session() as writer:
        writer.add(Contact(id="slow"))
        writer.flush()
        with database.reading() as reader:
            assert reader.get(Contact, "slow") is None
            assert reader.get(Contact, "c1") is not None


def test_events_become_visible_in_the_order_of_their_ids(database: Database) -> None:
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        cursor = 0
        while True:
            last_round = done.wait(0.002)  # without a pause it would keep the writers from their turn
            with database.reading() as session:
                ids = list(session.scalars(select(Event.id).where(Event.id > cursor).order_by(Event.id)))
            seen.extend(ids)
            cursor = ids[-1] if ids else cursor
            if last_round:
                return

    def write(start: int) -> None:
        for number in range(start, start + 50):
            with database.session() as session:
                append_event(session, event_of(number))

    follower = threading.Thread(target=follow)
    follower.start()
    writers = [threading.Thread(target=write, args=(1000 + 100 * n,)) for n in range(5)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    follower.join()
    assert len(seen) == 250
    assert seen == sorted(set(seen))


def test_listeners_hear_of_commits_that_wrote_to_a_log_and_of_no_others(database: Database) -> None:
    heard: list[str] = []
    database.on_events(lambda: heard.append("now"))
    with database.session() as session:
        session.add(Contact())
    assert heard == []
    with database.session() as session:
        append_event(session, event_of(1))
        with session.begin_nested():
            session.add(Contact())
        assert heard == []
    assert heard == ["now"]
    with database.session() as session:
        lock_log(session, "knowledge_changes")
        session.add(KnowledgeChange(ref="article:x"))
    assert heard == ["now", "now"]


def test_an_event_of_a_transaction_that_failed_is_never_written(database: Database) -> None:
    def write_and_fail() -> None:
        with database.session() as session:
            append_event(session, event_of(13))
            session.add(Contact(id="c1"))  # taken: the commit fails

    with pytest.raises(IntegrityError):
        write_and_fail()
    with database.reading() as session:
        numbers = [row.data["n"] for row in session.query(Event)]
    assert 13 not in numbers


def test_times_come_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.session() as session:
        session.add(Contact(id="timed", created_at=moment))
    with database.reading() as session:
        stored = session.get_one(Contact, "timed").created_at
    assert stored == datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert stored.tzinfo == UTC


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database_url names"):
        Database(url)


def test_a_store_that_is_away_is_not_reachable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")
    assert database.is_reachable() is False
    with pytest.raises(ConfigurationError, match="the store cannot be used"):
        database.migrate()


def test_learned_answers_and_proposals_from_before_are_released_to_nothing(tmp_path: Path) -> None:
    """A store of the first version, with rows in it, is brought to the newest."""
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    config = Config()
    config.set_main_option("script_location", str(ROOT / "serving" / "db" / "migrations"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert "released" not in {one["name"] for one in inspect(connection).get_columns("learned_answers")}
        connection.execute(
            text(
                "INSERT INTO learned_answers (question, answer, status, source, approved_at, created_at, "
                "updated_at) VALUES ('Q?', 'A.', 'approved', 'console', :at, :at, :at)"
            ),
            {"at": "2026-01-01 00:00:00"},
        )
    database.migrate()
    with database.reading() as session:
        assert [(row.question, row.released) for row in session.scalars(select(LearnedAnswer))] == [
            ("Q?", False)
        ]
    database.close()


def store_of_its_own(like: Database, folder: Path) -> Database:
    """An empty store on the same engine."""
    return Database(sqlite_url(folder) if like.engine.dialect.name == "sqlite" else fresh_postgres_url())


@contextmanager
def brought_back(store: Database, revision: str) -> Iterator[Connection]:
    """The store as it was at that revision, to put rows of then into."""
    store.migrate()
    config = Config()
    config.set_main_option("script_location", str(ROOT / "serving" / "db" / "migrations"))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        yield connection


def test_teams_that_others_belong_to_stay_when_a_store_is_brought_up_to_date(
    database: Database, tmp_path: Path
) -> None:
    older = store_of_its_own(database, tmp_path)
    with brought_back(older, "0015") as connection:
        connection.execute(text("INSERT INTO teams (name, title) VALUES ('desk', 'Desk')"))
        connection.execute(
            text("INSERT INTO intents (name, title, team, human_only) VALUES ('lost', 'Lost', 'desk', false)")
        )
    older.migrate()
    with older.reading() as session:
        (team,), (intent,) = session.query(Team).all(), session.query(Intent).all()
    assert (team.assignment, team.capacity, team.details, team.calendar) == ("manual", None, [], None)
    assert (intent.team, intent.details) == ("desk", [])
    older.close()


def test_traces_and_events_from_before_are_brought_to_their_new_form(
    database: Database, tmp_path: Path
) -> None:
    older = store_of_its_own(database, tmp_path)
    with brought_back(older, "0002") as connection:
        for statement in _OLDER_ROWS:
            connection.execute(text(statement.replace(":", "\\:")))
    older.migrate()
    with older.reading() as session:
        traces = {row.decision_id: row.trace for row in session.scalars(select(DecisionTrace))}
        events = [(row.kind, row.data) for row in session.scalars(select(Event).order_by(Event.id))]
        rows = session.scalars(select(Event).order_by(Event.id)).all()
        shown = told(session, rows)
    assert traces == {1: {"intents": {"refunds": 0.5}}}
    state = {
        "status": "waiting",
        "team": None,
        "team_title": None,
        "intent": None,
        "mood": -0.5,
        "handoff_reason": "unhappy",
        "expected_wait_minutes": None,
        "resolution": "none",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    assert events == [
        ("message", {"message_id": 5}),
        ("status", {**state, "last_message_id": 5}),
        ("proposal", {"id": 9, "status": "pending"}),
        ("feedback", {"message_id": 5, "helpful": True}),
    ]
    assert shown[1]["text"] == "Where is it?"
    assert (shown[2]["status"], shown[2]["mood"]) == ("waiting", -0.5)
    assert shown[2]["last_message"]["text"] == "Where is it?"
    older.close()


_AT = "'2026-01-01 00:00:00'"
_STATUS = (
    '{"id": "v1", "client_id": "x", "status": "waiting", "team": null, "team_title": null, "intent": null, '
    '"mood": -0.5, "handoff_reason": "unhappy", "expected_wait_minutes": null, "resolution": "none", '
    '"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", '
    '"last_message": {"author": "customer", "text": "Where is it?", "created_at": "2026-01-01T00:00:00Z"}}'
)
_OLDER_ROWS = (
    f"INSERT INTO contacts (id, attributes, created_at, last_seen_at) VALUES ('p1', '{{}}', {_AT}, {_AT})",
    "INSERT INTO conversations (id, contact_id, client_id, channel, status, mood, resolution, created_at, "
    f"updated_at) VALUES ('v1', 'p1', 'x', 'messenger', 'open', 0.0, 'none', {_AT}, {_AT})",
    *(
        "INSERT INTO decisions (id, conversation_id, message_id, question, kind, confidence, threshold, "
        "sentiment, mood, wants_person, reasons, trace, model, created_at) VALUES "
        f"({number}, 'v1', 5, 'Q?', '{kind}', 0.1, 0.9, 'neutral', 0.0, 0.0, '[]', '{trace}', 'set', {_AT})"
        for number, kind, trace in ((1, "answer", '{"intents": {"refunds": 0.5}}'), (2, "silent", '{"a": 1}'))
    ),
    "INSERT INTO messages (id, conversation_id, client_id, author, kind, text, payload, created_at) VALUES "
    f"(5, 'v1', 'm', 'customer', 'message', 'Where is it?', '{{}}', {_AT})",
    *(
        "INSERT INTO events (id, conversation_id, kind, agents_only, data, created_at) VALUES "
        f"({number}, 'v1', '{kind}', false, '{data}', {_AT})"
        for number, kind, data in (
            (1, "message", '{"id": 5, "text": "Where is it?", "author": "customer"}'),
            (2, "status", _STATUS),
            (3, "proposal", '{"id": 9, "status": "pending", "question": "Where?", "answer": "Here."}'),
            (4, "feedback", '{"message_id": 5, "helpful": true}'),
        )
    ),
)
