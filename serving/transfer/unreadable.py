"""Which articles may hide behind an import's refusals, so that none is retired by mistake; imports none."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.documents import Refusal

PAGE_SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm"})
_LINE = re.compile(r":\d+$")
_NOT_SLUG = re.compile(r"[^\w]+|_")
_SLUG_LINE = re.compile(rb"^slug[ \t]*:[ \t]*([^\r\n]+)", re.MULTILINE)
_FRONT_MATTER_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read."""

    pages: tuple[frozenset[str], ...]
    """For each refused page the slugs that it may have had."""
    anything: bool
    """Whether a whole folder or part of a table was refused: then any identity may be in it."""

    def articles_to_keep(self, missing: Collection[str]) -> set[str]:
        """Those of the missing slugs that may be in what could not be read.

        A refused page that has none of them by its names may have been any: it was called otherwise before.
        """
        keep: set[str] = set(missing) if self.anything else set()
        for names in self.pages:
            named = {slug for slug in missing if slug in names or _plain(slug) in names}
            keep |= named or set(missing)
        return keep


def unreadable_parts(refusals: Sequence[Refusal]) -> Unreadable:
    """What the refusals of a reader stand for.

    A page stands for the slugs its path may give, and for the one it seems to name itself; a page that
    cannot be opened may name any. A refused row stands for any too, since its key could not be read.
    """
    pages: list[frozenset[str]] = []
    anything = False
    for refusal in refusals:
        path = Path(_LINE.sub("", refusal.path))
        named = _named_slug(path) if path.suffix.lower() in PAGE_SUFFIXES else None
        if named is None:
            anything = True
        else:
            pages.append(frozenset({*_possible_slugs(path), named}))
    return Unreadable(tuple(pages), anything)


def _possible_slugs(path: Path) -> set[str]:
    """Every tail of the path without its suffix, as it is and in plain form."""
    parts = [*path.parts[:-1], path.name.removesuffix(path.suffix)]
    tails = {"/".join(parts[start:]) for start in range(len(parts))}
    return tails | {_plain(tail) for tail in tails}


def _named_slug(path: Path) -> str | None:
    """The slug that stands in a broken page; empty for none, `None` when the page cannot be opened."""
    try:
        with path.open("rb") as file:
            line = _SLUG_LINE.search(file.read(_FRONT_MATTER_BYTES))
    except FileNotFoundError:
        return ""
    except OSError:
        return None
    return line.group(1).decode("utf-8", "replace").strip().strip("'\"") if line else ""


def _plain(text: str) -> str:
    return "/".join(_NOT_SLUG.sub("-", part).strip("-").casefold() for part in text.split("/"))
