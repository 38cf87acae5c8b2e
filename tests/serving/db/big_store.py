"""A store with a long history, made in the database itself, and what its statements cost there."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

MESSAGES = 300_000
CONVERSATIONS = MESSAGES // 5
"""Five messages each: a question, its answer, another, its answer, a last word; every seventh by a person."""

BIG_TABLES = frozenset(
    {
        "contacts",
        "conversations",
        "messages",
        "decisions",
        "decision_traces",
        "events",
        "proposals",
        "feedback",
        "search_texts",
    }
)

MOST_ROWS = 2_000
"""What one statement may read: a page of any list with its messages, and no more."""
_STEPS_PER_ROW = 25
"""Instructions of SQLite's machine that reading and sorting a row takes, about."""

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
_HISTORY = (
    (CONVERSATIONS, "INSERT INTO contacts (id, attributes, created_at, last_seen_at)"
     " SELECT 'p' || i, '{}', {moment}, {moment} FROM n"),
    (CONVERSATIONS, "INSERT INTO conversations (id, contact_id, client_id, channel, status, team, mood,"
     " handed_over_at, resolution, created_at, updated_at)"
     " SELECT 'v' || i, 'p' || i, 'c' || i, 'messenger',"
     " CASE WHEN i % 700 = 0 THEN 'waiting' WHEN i % 7 = 0 THEN 'closed' ELSE 'bot' END,"
     " CASE WHEN i % 7 = 0 THEN 'billing' END, 0.0, CASE WHEN i % 7 = 0 THEN {moment} END,"
     " CASE WHEN i % 7 = 0 THEN 'human' WHEN i % 50 = 0 THEN 'none' ELSE 'assumed' END, {moment}, {moment}"
     " FROM n"),
    (CONVERSATIONS * 2, "INSERT INTO decisions (id, conversation_id, message_id, question, kind, confidence,"
     " threshold, sentiment, mood, wants_person, reasons, model, created_at)"
     " SELECT i, 'v' || ((i + 1) / 2), (i + 1) / 2 * 5 - 4 + (i + 1) % 2 * 2, 'A question?',"
     " CASE WHEN i % 14 = 0 THEN 'handoff' WHEN i % 100 = 0 THEN 'clarify' ELSE 'answer' END,"
     " 0.9, 0.8, 'neutral', 0.0, 0.0, '[]', 'set', {moment} FROM n"),
    (CONVERSATIONS * 2, "INSERT INTO decision_traces (decision_id, trace, created_at)"
     " SELECT i, '{}', {moment} FROM n"),
    (MESSAGES, "INSERT INTO messages (id, conversation_id, client_id, author, kind, text, decision_id,"
     " payload, created_at)"
     " SELECT i, 'v' || ((i + 4) / 5), 'm' || i,"
     " CASE WHEN i % 5 IN (2, 4) THEN 'bot' WHEN i % 35 = 0 THEN 'agent' ELSE 'customer' END, 'message',"
     " 'Some words of ordinary length, as people write them.',"
     " CASE i % 5 WHEN 2 THEN (i + 4) / 5 * 2 - 1 WHEN 4 THEN (i + 4) / 5 * 2 END, '{}', {moment} FROM n"),
    (MESSAGES, "INSERT INTO search_texts (message_id, conversation_id, words, who, tags)"
     " SELECT i, 'v' || ((i + 4) / 5), 'some words of ordinary length as people write them n' || (i % 9973),"
     " 'visitor p' || ((i + 4) / 5), '' FROM n"),
    (CONVERSATIONS, "INSERT INTO events (id, conversation_id, kind, agents_only, data, created_at)"
     " SELECT i, 'v' || i, 'feedback', {false}, '{\"message_id\": 1, \"helpful\": true}', {moment} FROM n"),
    (CONVERSATIONS // 2, "INSERT INTO feedback (message_id, conversation_id, helpful, created_at)"
     " SELECT i * 10 - 3, 'v' || (i * 2), {true}, {moment} FROM n"),
    (CONVERSATIONS // 7, "INSERT INTO proposals (id, kind, status, question, answer, phrasings,"
     " conversation_id, message_id, human_only, removed, in_doubt, created_at, decided_at)"
     " SELECT i, 'new', CASE WHEN i % 50 = 0 THEN 'pending' ELSE 'approved' END, 'How?', 'So.', '[]',"
     " 'v' || (i * 7), i * 35, {false}, '[]', '[]', {moment},"
     " CASE WHEN i % 50 <> 0 THEN {moment} END FROM n"),
)  # fmt: skip


def fill_with_history(engine: Engine) -> None:
    """Seed a store that was migrated and holds the team `billing`; takes some seconds."""
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(
            engine.url.database or ""
        ) as connection:  # foreign keys unchecked, which is faster
            connection.execute("PRAGMA synchronous=OFF")
            moment = "strftime('%Y-%m-%d %H:%M:%f000', 1767225600 + i * 20, 'unixepoch')"
            for count, statement in _HISTORY:
                connection.execute(_statement(count, statement, moment))
            connection.execute("ANALYZE")
        connection.close()
        return
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # foreign keys unchecked
        moment = "timestamptz '2026-01-01' + i * interval '20 seconds'"
        for count, statement in _HISTORY:
            connection.exec_driver_sql(_statement(count, statement, moment).replace("%", "%%"))
        for table in ("decisions", "messages", "events", "proposals"):
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        connection.exec_driver_sql("ANALYZE")


def _statement(count: int, statement: str, moment: str) -> str:
    for name, value in {"{moment}": moment, "{true}": "true", "{false}": "false"}.items():
        statement = statement.replace(name, value)
    return (_NUMBERS % count) + statement


@dataclass
class Statements:
    """What was sent to the store, with the parameters."""

    sent: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def selects(self) -> list[str]:
        return [statement for statement, _ in self.sent if statement.lstrip().startswith(("SELECT", "WITH"))]


@contextmanager
def recorded(engine: Engine) -> Iterator[Statements]:
    """Every statement of the engine while the block runs."""
    statements = Statements()

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def too_costly(engine: Engine, statements: Statements) -> list[str]:
    """The statements that read a big table from end to end or very many rows, each with why."""
    found: list[str] = []
    with engine.connect() as connection:
        for statement, parameters in dict(statements.sent).items():
            if not re.match(r"\s*(SELECT|UPDATE|DELETE)\b", statement):
                continue
            look = _look_in_sqlite if connection.dialect.name == "sqlite" else _look_in_postgres
            found.extend(
                f"{why}: {statement} {parameters}" for why in look(connection, statement, parameters)
            )
        connection.rollback()
    return found


def _look_in_sqlite(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all():
        step, _, rest = str(row[3]).partition(" ")
        if (
            step == "SCAN"
            and _table(rest.split()[0], statement) in BIG_TABLES
            and not _is_cut_short(rest, statement)
        ):
            yield str(row[3])
    steps: list[None] = []
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_progress_handler(lambda: steps.append(None), _STEPS_PER_ROW)
    connection.exec_driver_sql(statement, parameters).close()
    raw.set_progress_handler(None, 0)
    if len(steps) > MOST_ROWS:
        yield f"the work of {len(steps)} rows"


def _is_cut_short(scan: str, statement: str) -> bool:
    """Whether a scan follows an index or the numbers of the rows up to a limit: then its work says more."""
    return "USING" in scan or re.search(r"\sLIMIT\s", statement) is not None


def _look_in_postgres(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    [(plan,)] = cursor.fetchall()
    for node in _nodes(plan[0]["Plan"]):
        table = node.get("Relation Name")
        rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if table in BIG_TABLES and node["Node Type"] == "Seq Scan":
            yield f"Seq Scan {table}"
        if rows > MOST_ROWS:
            yield f"{rows:.0f} rows in {node['Node Type']}"


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _table(alias: str, statement: str) -> str:
    """The table that a plan calls by this alias."""
    named = re.search(rf"(?:FROM|JOIN|,) (\w+) AS {re.escape(alias)}\b", statement)
    return named[1] if named else alias
