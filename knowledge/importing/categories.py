"""The category of each article that names none: the folder it stands in, by the folder's own title."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import commonpath

from knowledge.documents import MAX_CATEGORY_CHARS, ArticleDocument
from knowledge.importing.languages import place_of
from knowledge.importing.markdown.site import data_of

_OPENING_PAGES = ("index", "_index", "readme")
"""Names of the page that opens a folder, whose title is the folder's."""
_CATEGORY_FILES = ("_category_.json", "_category_.yml", "_category_.yaml")
"""In which Docusaurus names a folder."""
_NUMBER = re.compile(r"\A\d{1,4}[-_. ]+(?=\S)")
"""Before a folder's name, for its order among the others."""

_Folder = tuple[str, ...]


def with_categories(articles: Sequence[ArticleDocument], root: Path) -> tuple[ArticleDocument, ...]:
    """The articles; those without a category get the titles of their folders below `root`, joined by ` / `.

    A folder's title is in its `_category_.json`, or is that of its index page, or is its name. Left out are
    folders that all pages share, and those of a language.
    """
    folders = [_own_folder(article.path) for article in articles]
    shared = len(PurePosixPath(commonpath(folders)).parts) if len(folders) > 1 else 0
    titles = _titles_of_opening_pages(articles)
    return tuple(
        article
        if article.category
        else replace(article, category=_category(article, own.parts[shared:], titles, root))
        for article, own in zip(articles, folders, strict=True)
    )


def _own_folder(path: str) -> PurePosixPath:
    """The page's folder without what is of its language or of the site."""
    return PurePosixPath(place_of(path).key).parent


def _titles_of_opening_pages(articles: Sequence[ArticleDocument]) -> dict[_Folder, str]:
    titles: dict[_Folder, str] = {}
    for article in articles:
        path = PurePosixPath(article.path)
        if path.stem.casefold() in _OPENING_PAGES:
            titles[path.parent.parts] = article.title
    return titles


def _category(article: ArticleDocument, own: _Folder, titles: dict[_Folder, str], root: Path) -> str:
    folder = PurePosixPath(article.path.partition("#")[0]).parent.parts
    levels = [folder[: len(folder) - left] for left in reversed(range(len(own)))]
    named = [
        _label(root.joinpath(*level)) or titles.get(level) or _NUMBER.sub("", level[-1]) for level in levels
    ]
    whole = " / ".join(named)
    return whole if len(whole) <= MAX_CATEGORY_CHARS else named[-1][:MAX_CATEGORY_CHARS]


def _label(folder: Path) -> str:
    """What Docusaurus calls the folder; empty when nothing says so."""
    for name in _CATEGORY_FILES:
        said = data_of(folder / name)
        label = said.get("label") if isinstance(said, dict) else None
        if isinstance(label, str) and label.strip():
            return label.strip()
    return ""
