"""Keeps what messages are found by in step with them, within the same transaction; it runs no search.

Each message has a row of plain folded words, the same on every store, written when the message is. The
store's own index follows that row: FTS5 by triggers on SQLite, a GIN index on PostgreSQL. A message that is
deleted takes its row with it; a customer who gets another name or e-mail address is found by that from then
on.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, event, func, insert, inspect, select, update
from sqlalchemy.orm import Mapper, Session

from knowledge.privacy.masking import cards_masked
from serving.db.tables import Contact, Conversation, ConversationTag, Message, SearchText

MAX_WORD_CHARS = 40
_MOST_CHARS = 100_000
"""Of one message; what comes behind is not found."""
_EACH_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u2600-\u27bf\U0001f300-\U0001faff"
"""Scripts without spaces, and emoji: each sign is a word."""
_WORD = re.compile(f"[{_EACH_ALONE}]|[^\\W_{_EACH_ALONE}]+")


def search_words(text: str) -> list[str]:
    """The words of a text in order: without case, accents and punctuation, each of at most 40 characters."""
    plain = unicodedata.normalize("NFKD", text[:_MOST_CHARS].casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return [word[:MAX_WORD_CHARS] for word in _WORD.findall(bare)]


def message_words(text: str) -> str:
    """What a message is found by; of card numbers only what is shown of them."""
    return _joined(search_words(cards_masked(text[:_MOST_CHARS])))


def customer_words(name: str | None, email: str | None) -> str:
    """What a customer is found by."""
    return _joined(search_words(f"{name or ''} {email or ''}"))


def index_tags(session: Session, conversation_id: str, tags: Iterable[str]) -> None:
    """Let the messages of the conversation be found by these tags, and by no others."""
    words = _joined(search_words(" ".join(tags)))
    own = update(SearchText).where(SearchText.conversation_id == conversation_id)
    session.execute(own.values(tags=words).execution_options(synchronize_session=False))


def forget_deleted_words(connection: Connection | Session) -> None:
    """Take words of deleted messages out of the files too: SQLite's index only marks them as gone.

    Takes time that grows with the index. PostgreSQL forgets them by itself when it is vacuumed.
    """
    bind = connection.connection() if isinstance(connection, Session) else connection
    if bind.dialect.name == "sqlite":
        bind.exec_driver_sql("INSERT INTO search_index(search_index) VALUES ('optimize')")


def _joined(words: Iterable[str]) -> str:
    return " ".join(words)


@event.listens_for(Message, "after_insert")
def _index_message(_mapper: Mapper[Any], connection: Connection, message: Message) -> None:
    if message.author == "system":
        return
    tags = (
        select(func.aggregate_strings(ConversationTag.tag, " "))
        .where(ConversationTag.conversation_id == message.conversation_id)
        .scalar_subquery()
    )
    about = connection.execute(
        select(Contact.name, Contact.email, tags)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Conversation.id == message.conversation_id)
    ).first()
    name, email, tagged = about or (None, None, None)
    connection.execute(
        insert(SearchText).values(
            message_id=message.id,
            conversation_id=message.conversation_id,
            words=message_words(message.text),
            who=customer_words(name, email),
            tags=_joined(search_words(tagged or "")),
        )
    )


@event.listens_for(Message, "after_update")
def _index_changed_message(_mapper: Mapper[Any], connection: Connection, message: Message) -> None:
    if inspect(message).attrs.text.history.has_changes():
        own = update(SearchText).where(SearchText.message_id == message.id)
        connection.execute(own.values(words=message_words(message.text)))


@event.listens_for(Contact, "after_update")
def _index_changed_contact(_mapper: Mapper[Any], connection: Connection, contact: Contact) -> None:
    state = inspect(contact)
    if not (state.attrs.name.history.has_changes() or state.attrs.email.history.has_changes()):
        return
    own = select(Conversation.id).where(Conversation.contact_id == contact.id)
    changed = update(SearchText).where(SearchText.conversation_id.in_(own))
    connection.execute(changed.values(who=customer_words(contact.name, contact.email)))
