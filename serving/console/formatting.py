"""What templates make of rows: texts as HTML or in short, names, and addresses that are safe to follow."""

from urllib.parse import quote, urlsplit

from markupsafe import Markup

from model.refs import article_slug, learned_answer_id
from serving.db.tables import Contact, Message
from serving.rendering import render_markdown
from serving.text import without_directions

SNIPPET_CHARS = 140


def shorten(text: str, max_chars: int = SNIPPET_CHARS) -> str:
    """The text on one line, cut at `max_chars` with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def markdown(text: str, *, line_breaks: bool = True) -> Markup:
    """Markdown as safe HTML."""
    return Markup(render_markdown(text, line_breaks=line_breaks))  # noqa: S704


def plain_text(text: str) -> str:
    """Markdown as plain text."""
    return markdown(text, line_breaks=False).striptags()


def article_href(slug: str) -> str:
    """Where an agent reads the article; a slug may hold `/`."""
    return f"/articles/{quote(slug)}"


def ref_href(ref: str) -> str:
    """Where an agent reads the answer that `ref` names; empty for a ref of another kind."""
    slug, row_id = article_slug(ref), learned_answer_id(ref)
    if slug:
        return article_href(slug)
    return f"/learned-answers/{row_id}" if row_id is not None else ""


def file_size(size: int) -> str:
    """A number of bytes as people say it: `2.4 MB`, `12 kB`."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def web_address(url: str) -> str:
    """The address if a browser may follow it, else nothing: `javascript:` and the like never become links."""
    return url if urlsplit(url).scheme in {"http", "https"} else ""


def customer_name(contact: Contact) -> str:
    """The name, else the e-mail address, else `Visitor` with the start of the contact's id."""
    return without_directions(contact.name or contact.email or f"Visitor {contact.id[:4]}")


def author_name(message: Message, customer: str) -> str:
    """Who wrote the message."""
    agent = message.agent.name if message.agent else "Agent"
    return {"customer": customer, "agent": agent, "bot": "Bot"}.get(message.author, "")
