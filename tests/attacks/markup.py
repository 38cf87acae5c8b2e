"""Whether a page of ours carries anything that a stranger could have put there to run, load or lead."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import lxml.html

_NEVER = frozenset({"iframe", "object", "embed", "base", "style", "frame", "applet"})
_ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "xlink:href")
_FOLLOWED = frozenset({"", "http", "https", "mailto", "tel"})


def dangers(page: str) -> list[str]:
    """What may run, load or lead where it should not; a browser would read the page alike."""
    if not page.strip():
        return []
    tree = lxml.html.document_fromstring(page)
    return [told for element in tree.iter() if isinstance(element.tag, str) for told in _of(element)]


def _of(element: lxml.html.HtmlElement) -> Iterator[str]:
    tag = element.tag
    if tag in _NEVER or (tag == "meta" and element.get("http-equiv")):
        yield f"<{tag}>"
    if tag == "script" and (element.text or not (element.get("src") or "").startswith("/")):
        yield "<script> of its own"
    for name, value in element.attrib.items():
        if name.startswith("on") or name == "style":
            yield f"{tag} with {name}"
        if name in _ADDRESSES and urlsplit("".join(value.split())).scheme.lower() not in _FOLLOWED:
            yield f"{tag} with {name} {value[:40]}"
    source = element.get("src")
    if source is not None and (not source.startswith("/") or source.startswith("//")):
        yield f"{tag} loads {source[:60]}"
    action = element.get("action")
    if action is not None and (not action.startswith("/") or action.startswith("//")):
        yield f"form to {action[:60]}"
