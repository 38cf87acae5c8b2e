"""What messages are found by: a row of plain words each, and an index over these rows."""

import sqlalchemy as sa
from alembic import op

from serving.db.search import customer_words, message_words

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000
_COLUMNS = "words, who, tags"
_NEW, _OLD = (", ".join(f"{row}.{name}" for name in ("words", "who", "tags")) for row in ("new", "old"))
_PUT = f"INSERT INTO search_index({{}}rowid, {_COLUMNS}) VALUES "
_GONE = (
    f"INSERT INTO search_index(search_index, rowid, {_COLUMNS}) VALUES ('delete', old.message_id, {_OLD});"
)
_COME = _PUT.format("") + f"(new.message_id, {_NEW});"


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "search_texts",
        sa.Column("message_id", row_id, primary_key=True, autoincrement=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_search_texts_message_id_messages", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_search_texts_conversation_id", "search_texts", ["conversation_id"])
    fill(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        _index_in_sqlite()
    else:
        _index_in_postgres()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_texts")


def fill(connection: sa.Connection) -> None:
    """Give every message its row; the texts are read and folded some thousand at a time."""
    read = sa.text(
        "SELECT messages.id, conversation_id, text, name, email FROM messages"
        " JOIN conversations ON conversations.id = conversation_id"
        " JOIN contacts ON contacts.id = contact_id"
        " WHERE author <> 'system' AND messages.id > :after ORDER BY messages.id LIMIT :limit"
    )
    write = sa.text(
        "INSERT INTO search_texts (message_id, conversation_id, words, who, tags)"
        " VALUES (:message_id, :conversation_id, :words, :who, '')"
    )
    after = -1
    while rows := connection.execute(read, {"after": after, "limit": _AT_ONCE}).all():
        connection.execute(
            write,
            [
                {
                    "message_id": row.id,
                    "conversation_id": row.conversation_id,
                    "words": message_words(row.text),
                    "who": customer_words(row.name, row.email),
                }
                for row in rows
            ],
        )
        after = rows[-1].id


def _index_in_sqlite() -> None:
    # The words are plain already: `ascii` takes each run between spaces as it is, in any script.
    op.execute(
        f"CREATE VIRTUAL TABLE search_index USING fts5({_COLUMNS}, content='search_texts',"
        " content_rowid='message_id', tokenize='ascii', prefix='2 3', columnsize=0)"
    )
    for name, when, does in (
        ("come", "INSERT", _COME),
        ("gone", "DELETE", _GONE),
        ("changed", f"UPDATE OF {_COLUMNS}", _GONE + _COME),
    ):
        op.execute(f"CREATE TRIGGER search_{name} AFTER {when} ON search_texts BEGIN {does} END")
    op.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")


def _index_in_postgres() -> None:
    # `array_to_tsvector` takes words as they are, in any script.
    vector = "array_to_tsvector(array_remove(string_to_array({}, ' '), ''))"
    everything, who = vector.format("words || ' ' || who || ' ' || tags"), vector.format("who")
    op.execute(f"CREATE INDEX search_index ON search_texts USING gin (({everything}), ({who}))")
