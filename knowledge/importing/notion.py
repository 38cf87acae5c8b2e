"""Takes the identifiers that Notion's export appends off the names and links of its pages; reads no page."""

import re
from collections import defaultdict
from pathlib import Path

_TAILED = re.compile(
    r"\A(?P<title>.+) (?P<id>[0-9a-f]{32})(?P<all>_all)?(?P<suffix>\.[A-Za-z]{1,8})?\Z", re.DOTALL
)
_TAIL_IN_LINK = re.compile(rb"(?:%20| )([0-9a-f]{32})(?![0-9a-f])")
_LINKING_SUFFIXES = (".md", ".html", ".csv")
_MAX_LINKING_BYTES = 10_000_000
_SHORT_ID_CHARS = 6


def without_notion_tails(folder: Path) -> None:
    """Renames `Title 32hex.md` to `Title.md` wherever it stands below the folder, and the links to it.

    Of several pages with one title in a folder each keeps the beginning of its identifier. A database's
    `_all.csv`, the rows that its view hides, goes where the view itself is there.
    """
    paths = sorted(folder.rglob("*"))
    ids_by_title: dict[tuple[Path, str], set[str]] = defaultdict(set)
    for path in paths:
        if found := _TAILED.match(path.name):
            ids_by_title[path.parent, found["title"]].add(found["id"])
    tails = {
        identifier: f"-{identifier[:_SHORT_ID_CHARS]}" if len(ids) > 1 else ""
        for ids in ids_by_title.values()
        for identifier in ids
    }
    if not tails:
        return
    for path in paths:
        if path.is_file() and path.suffix.lower() in _LINKING_SUFFIXES:
            _relink(path, tails)
    for path in reversed(paths):  # what a folder holds before the folder itself
        if found := _TAILED.match(path.name):
            _rename(path, found, tails[found["id"]])


def _relink(path: Path, tails: dict[str, str]) -> None:
    if path.stat().st_size > _MAX_LINKING_BYTES:
        return
    content = path.read_bytes()

    def replaced(found: re.Match[bytes]) -> bytes:
        tail = tails.get(found[1].decode("ascii"))
        return found[0] if tail is None else tail.encode("ascii")

    changed = _TAIL_IN_LINK.sub(replaced, content)
    if changed != content:
        path.write_bytes(changed)


def _rename(path: Path, found: re.Match[str], tail: str) -> None:
    suffix = found["suffix"] or ""
    if found["all"] and path.with_name(f"{found['title']} {found['id']}{suffix}").exists():
        path.unlink()
        return
    target = path.with_name(f"{found['title'].strip()}{tail}{suffix}")
    if not target.exists():
        path.rename(target)
