"""Pieces of HTML that stand within a line, as Markdown: text, emphasis, links, images, code."""

import re
from itertools import chain
from typing import Any

Element = Any
"""An element of lxml, which comes without types."""

_SPACE = re.compile(r"[ \t\r\n\f\v\xa0\u2000-\u200a\u202f\u3000]+")
_NOTHING = str.maketrans("", "", "\xad\u200b\u2060\ufeff\0")
_TARGET_SCHEME = re.compile(r"\A\s*(?:javascript|vbscript|data|about|blob)\s*:", re.IGNORECASE)
_ADDRESS = re.compile(r"\A[a-z][a-z+.-]{1,20}:[^\s<>]+\Z", re.IGNORECASE)
_ANCHOR_TEXTS = ("", "#", "¶", "§", "🔗", "\N{LINK SYMBOL}\ufe0f")
_CODE_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source|highlight)-([\w+#-]{1,20})")
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])|`|<(?=[A-Za-z/!?])|\](?=\()|~(?=~)|&(?=#?\w{1,40};)"
    r"|\*(?=\S)|(?<=\S)\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)"
)


def escaped(text: str | None) -> str:
    """The text on one line, what Markdown would take for markup escaped."""
    return _SPECIAL.sub(r"\\\g<0>", _plain(text)) if text else ""


def emphasised(element: Element, text: str, mark: str) -> str:
    """Each line between marks; without them where a letter that touches them would keep them from working."""
    inner = text.strip(" \n")
    if not inner:
        return text
    before, _, after = text.partition(inner)
    touching = (element.tail or "")[:1]
    if not after and touching.isalnum() and not inner[-1].isalnum():
        return text
    lines = (line.strip() for line in inner.split("\n"))
    return before + "\n".join(f"{mark}{line}{mark}" if line else "" for line in lines) + after


def bold(text: str) -> str:
    """The text in bold, once."""
    return text if text.startswith("**") else f"**{text}**"


def link(element: Element, text: str) -> str:
    """The link; its text alone where it leads nowhere, and nothing for the anchor of a heading."""
    inner = text.strip(" \n")
    target = (element.get("href") or "").strip()
    if inner in _ANCHOR_TEXTS or (target.startswith("#") and element.getparent().tag == "sup"):
        return " " if inner != text and not inner else ""
    if target in ("", "#") or _TARGET_SCHEME.match(target):
        return text
    target = "".join(target.split("\n")).replace("\r", "")
    if target == inner and _ADDRESS.match(target):
        written = f"<{target}>"
    else:
        written = f"[{' '.join(inner.split())}]({_destination(target)})"
    before, _, after = text.partition(inner)
    return f"{before}{written}{after}"


def image(element: Element) -> str:
    """The image by its address, its description where it has none, nothing for one of a single dot."""
    source = (element.get("data-src") or element.get("src") or "").strip()
    description = " ".join(escaped(element.get("alt")).split())
    if source.startswith("data:") or not source:
        return description
    if element.get("width") in ("0", "1") or element.get("height") in ("0", "1"):
        return ""
    if "emoji" in element.get("class", "") and description:
        return description
    return f"![{description.replace('[', '').replace(']', '')}]({_destination(source)})"


def code(element: Element) -> str:
    """What the element holds as code within a line."""
    text = " ".join(_plain(_raw_text(element)).split())
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def code_block(element: Element) -> str:
    """The fenced code of the element; empty when it holds none."""
    text = _raw_text(element).translate(_NOTHING).replace("\r\n", "\n").strip("\n").rstrip()
    if not text.strip():
        return ""
    classes = " ".join(found.get("class", "") for found in chain([element], element.iter("code")))
    language = _CODE_LANGUAGE.search(classes)
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language[1] if language else ''}\n{text}\n{fence}"


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text.translate(_NOTHING))


def _destination(target: str) -> str:
    """The target of a link as Markdown writes it."""
    target = target.replace("<", "%3C").replace(">", "%3E")
    return f"<{target}>" if re.search(r"[\s()]", target) else target


def _raw_text(element: Element) -> str:
    """The text as it is written, with its line breaks."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            parts.append("\n" if child.tag == "br" else _raw_text(child))
        parts.append(child.tail or "")
    return "".join(parts)
