"""Which articles may hide behind an import's refusals, so that none is retired by mistake; imports none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.documents import Refusal

_PAGE_SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm"})
_LINE = re.compile(r":\d+$")
_NOT_SLUG = re.compile(r"[^\w]+|_")
_SLUG_LINE = re.compile(rb"^slug[ \t]*:[ \t]*([^\r\n]+)", re.MULTILINE)
_FRONT_MATTER_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read."""

    page_names: frozenset[str]
    """Slugs that the unreadable pages may have."""
    anything: bool
    """Whether a whole folder or part of a table was refused: then any identity may be in it."""

    def may_hold_article(self, slug: str) -> bool:
        """Whether the article may be in what could not be read."""
        return self.anything or slug in self.page_names or _plain(slug) in self.page_names

    def may_hold_answers(self) -> bool:
        """Whether pairs of question and answer may be in what could not be read."""
        return self.anything


def unreadable_parts(refusals: Sequence[Refusal]) -> Unreadable:
    """What the refusals of a reader stand for.

    A page stands for the slugs its path may give, and for the one it seems to name itself; a page that
    cannot be opened may name any. A refused row stands for any too, since its key could not be read.
    """
    names: set[str] = set()
    anything = False
    for refusal in refusals:
        path = Path(_LINE.sub("", refusal.path))
        if path.suffix.lower() in _PAGE_SUFFIXES:
            names.update(_possible_slugs(path))
            named = _named_slug(path)
            anything = anything or named is None
            names.add(named or "")
        else:
            anything = True
    return Unreadable(frozenset(names), anything)


def _possible_slugs(path: Path) -> set[str]:
    """Every tail of the path without its suffix, as it is and in plain form."""
    parts = [*path.parts[:-1], path.name.removesuffix(path.suffix)]
    tails = {"/".join(parts[start:]) for start in range(len(parts))}
    return tails | {_plain(tail) for tail in tails}


def _named_slug(path: Path) -> str | None:
    """The slug that stands in a broken page; empty for none, `None` when the page cannot be opened."""
    try:
        with path.open("rb") as file:
            found = _SLUG_LINE.search(file.read(_FRONT_MATTER_BYTES))
    except FileNotFoundError:
        return ""
    except OSError:
        return None
    return found.group(1).decode("utf-8", "replace").strip().strip("'\"") if found else ""


def _plain(text: str) -> str:
    return "/".join(_NOT_SLUG.sub("-", part).strip("-").casefold() for part in text.split("/"))
