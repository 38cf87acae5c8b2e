"""Searching over messages, customers and tags, the same on both stores, whatever is typed."""

import importlib

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, text

from serving.contacts.erasure import delete_conversations
from serving.conversations import desk
from serving.conversations.search import Found, parse_query, search
from serving.db.search import forget_deleted_words, search_words
from serving.db.session import Database
from serving.db.tables import Contact, Conversation, Message, SearchText, Team
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer


@pytest.fixture
def filled(database: Database) -> Database:
    """Ána's conversation of 1 to 5 with the bot, Bo's of 6 and 7 that waits in billing."""
    with database.session() as session:
        session.add(Team(name="billing", title="Billing and refunds"))
        session.add(Contact(id="a", name="Ána Müller", email="ana@customer.example"))
        session.add(Contact(id="b", name="Bo"))
        session.flush()
        session.add(Conversation(id="va", contact_id="a", client_id="x"))
        session.add(Conversation(id="vb", contact_id="b", client_id="y", status="waiting", team="billing"))
        session.flush()
        for conversation, author, words in (
            ("va", "customer", "Ich möchte mein Geld zurück 🎉"),
            ("va", "customer", "card 4111 1111 1111 1111, thanks"),
            ("va", "bot", "The **refund** takes <5> days."),
            ("va", "customer", "退款 在哪里"),
            ("va", "customer", "שלום <b>עולם</b>"),
            ("vb", "customer", "No refund arrived"),
            ("vb", "agent", "secret: refunded twice"),
        ):
            kind = "note" if author == "agent" else "message"
            session.add(Message(conversation_id=conversation, author=author, kind=kind, text=words))
            session.flush()
    return database


def found(database: Database, typed: str, **more: object) -> Found:
    with database.reading() as session:
        return search(session, parse_query(typed, viewer_id="me"), limit=10, **more)


def ids(database: Database, typed: str) -> list[int | None]:
    return [hit.message.id if hit.message else None for hit in found(database, typed).hits]


@pytest.mark.parametrize(
    ("typed", "newest"),
    [
        ("refund", [7, 3]),
        ("REFUND takes", [3]),
        ("ref", [7, 3]),
        ("mochte", [1]),
        ("ana geld", [1]),
        ("ana@customer.example geld", [1]),
        ("from:mül", [5]),
        ("from:bo refund", [7]),
        ("from:refund", []),
        ("🎉", [1]),
        ("🎉" * 5_000, [1]),
        ("退", [4]),
        ("退款", [4]),
        ("שלום", [5]),
        ("4111", []),
        ("1111", [2]),
        ("refund status:waiting", [7]),
        ("refund team:bill", [7]),
        ("refund team:Devices", []),
        ("refund assignee:nobody", [7, 3]),
        ("refund assignee:me", []),
        ("status:bot", [5]),
        ("refund no arrived", [6]),
    ],
)
def test_words_find_the_newest_message_of_each_conversation(
    filled: Database, typed: str, newest: list[int]
) -> None:
    assert ids(filled, typed) == newest


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "\x00",
        '"',
        "'; DROP TABLE messages --",
        "AND OR NOT NEAR(",
        "words : x*",
        "a:b & | ! <-> :*",
        "(((",
        "^^^***",
        "\\",
        "%",
        "from:",
        "from:from:",
        'tag:"never closed',
        "x" * 20_000,
        "ab " * 7_000,
        "\u202eevil \u200f",
        "status:nonsense",
    ],
)
def test_whatever_is_typed_is_a_search(filled: Database, typed: str) -> None:
    assert ids(filled, typed) == []


def test_a_tag_is_found_by_its_words_and_as_a_filter(filled: Database) -> None:
    with filled.session() as session:
        desk.change_tags(session, session.get_one(Conversation, "va"), add=["VIP Customer"])
    assert ids(filled, "vip geld") == [1]
    assert ids(filled, 'tag:"vip customer" refund') == [3]
    with filled.session() as session:
        session.add(Message(conversation_id="va", author="customer", text="later"))
        session.flush()
        desk.change_tags(session, session.get_one(Conversation, "vb"), add=["vip customer"])
    assert ids(filled, "vip") == [8, 7]
    with filled.session() as session:
        desk.change_tags(session, session.get_one(Conversation, "va"), remove=["vip customer"])
    assert ids(filled, "vip") == [7]


def test_a_customer_is_found_by_the_new_name_and_no_more_by_the_old(filled: Database) -> None:
    with filled.session() as session:
        session.get_one(Contact, "a").name = "Zoë"
    assert ids(filled, "zoe") == [5]
    assert ids(filled, "muller") == []


def test_hits_are_marked_in_plain_text_and_cards_are_masked(filled: Database) -> None:
    [hit] = found(filled, "refund takes").hits
    assert [(part.text, part.hit) for part in hit.snippet] == [
        ("The ", False),
        ("refund", True),
        (" ", False),
        ("takes", True),
        (" <5> days.", False),
    ]
    [card] = found(filled, "card").hits
    assert "".join(part.text for part in card.snippet) == "card •••• 1111, thanks"


def test_a_long_text_is_cut_around_the_hit(filled: Database) -> None:
    with filled.session() as session:
        words = " ".join(["before"] * 100 + ["needle"] + ["behind"] * 100)
        session.add(Message(conversation_id="va", author="customer", text=words))
    [hit] = found(filled, "needle").hits
    line = "".join(part.text for part in hit.snippet)
    assert line.startswith("…")
    assert line.endswith("…")
    assert "before needle behind" in line
    assert len(line) <= 162


def test_pages_follow_each_other_and_may_show_older_messages_of_a_conversation(filled: Database) -> None:
    pages: list[Found] = []
    while not pages or pages[-1].next:
        with filled.reading() as session:
            after = str(pages[-1].next) if pages else ""
            pages.append(search(session, parse_query("refund"), after=after, limit=1))
    assert [hit.message and hit.message.id for page in pages for hit in page.hits] == [7, 6, 3]


def test_deleted_messages_take_their_words_with_them(filled: Database) -> None:
    with filled.session() as session:
        delete_conversations(session, ["vb"])
        forget_deleted_words(session)
    assert ids(filled, "arrived") == []
    assert ids(filled, "refund") == [3]
    with filled.reading() as session:
        assert session.query(SearchText).filter_by(conversation_id="vb").count() == 0
        if filled.engine.dialect.name == "sqlite":  # not even its parts still hold the word
            blocks = session.scalars(text("SELECT block FROM search_index_data")).all()
            assert not any(b"arrived" in block for block in blocks)


def test_what_is_rolled_back_is_not_found(filled: Database) -> None:
    def fail_late() -> None:
        with filled.session() as session:
            session.add(Message(conversation_id="va", author="customer", text="phantom"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert ids(filled, "phantom") == []


def test_a_store_from_before_finds_its_messages_after_migrating(filled: Database) -> None:
    migration = importlib.import_module("serving.db.migrations.versions.0017_search")
    with filled.session() as session:
        session.execute(delete(SearchText))
    assert ids(filled, "refund") == []
    with filled.engine.begin() as connection:
        migration.fill(connection)
    assert ids(filled, "refund") == [7, 3]
    assert ids(filled, "4111") == []


def test_words_are_folded_cut_and_apart() -> None:
    assert search_words("Straße, ÉTÉ! foo_bar a-b 1.5") == [
        "strasse",
        "ete",
        "foo",
        "bar",
        "a",
        "b",
        "1",
        "5",
    ]
    assert search_words("x" * 100) == ["x" * 40]


def test_customers_may_not_search_and_notes_stay_with_agents(
    client: TestClient, customer: Customer, agent: AgentAtWork, runtime: Runtime
) -> None:
    conversation_id = customer.start()
    customer.say(conversation_id, "Where is my zeppelin?")
    agent.say(conversation_id, "A zeppelin never left the dock", kind="note")
    assert customer.get("/v1/search?q=zeppelin").status_code == 403
    [hit] = agent.get("/v1/search?q=zepp+dock").json()["hits"]
    assert hit["conversation"]["id"] == conversation_id
    assert {"text": "zeppelin", "hit": True} in hit["snippet"]
    assert agent.get("/v1/search?q=a&after=x").status_code == 422
