"""Pictures and other files that articles show or link to: found beside them, named by their content."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from zipfile import ZipFile

from knowledge.documents import ArticleDocument, Attachment, MissingFile
from knowledge.importing.files import MAX_FILE_BYTES
from knowledge.importing.markdown.code import Code
from model.manifests import file_sha256

ATTACHMENTS_PATH = "/files/"
"""Where a server keeps them; an address below it is `/files/<SHA-256>.<suffix>`."""
PICTURES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"))
_DOCUMENTS = frozenset((".pdf", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".csv", ".txt", ".zip", ".mp4"))
_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<text>[^\[\]]{0,1000}+)\]\(\s{0,9}+<?(?P<target>[^\s()<>]{1,2000}+)>?"
    r"(?P<title>\s++(?:\"[^\"\n]{0,500}+\"|'[^'\n]{0,500}+'))?\s{0,9}+\)"
)
_SITE_FOLDERS = ("", "static", "public", "assets", "images", "img", "docs", "src", ".gitbook/assets")


@dataclass(frozen=True, slots=True)
class WithAttachments:
    """Articles whose pictures and files are named by their content."""

    articles: tuple[ArticleDocument, ...]
    attachments: tuple[Attachment, ...]
    """Each file once, in order of its name."""
    missing: tuple[MissingFile, ...]
    """Pictures that are not beside their articles."""
    used: frozenset[Path]
    """The files that became attachments."""


def with_attachments(
    articles: Iterable[ArticleDocument], root: Path, *, embedded: Iterable[Attachment] = ()
) -> WithAttachments:
    """The articles with each picture and file of the source under the address that a server gives it.

    Pictures `embedded` in documents have that address already. A picture that is not in the source goes; one
    that stands elsewhere on the web becomes a link.
    """
    finder = _Finder(root, embedded)
    changed = tuple(finder.changed(article) for article in articles)
    attachments = sorted(finder.attachments.values(), key=lambda attachment: attachment.name)
    return WithAttachments(changed, tuple(attachments), tuple(finder.missing), frozenset(finder.used))


def content_of(attachment: Attachment) -> bytes:
    """What the file holds. Raises `OSError` when it is no longer there."""
    if not attachment.member:
        return attachment.path.read_bytes()
    with ZipFile(attachment.path) as document:
        return document.read(attachment.member)


class _Finder:
    def __init__(self, root: Path, embedded: Iterable[Attachment]) -> None:
        self._root = root.resolve()
        self._embedded = {f"{ATTACHMENTS_PATH}{attachment.name}": attachment for attachment in embedded}
        self.attachments: dict[str, Attachment] = {}
        self.missing: list[MissingFile] = []
        self.used: set[Path] = set()

    def changed(self, article: ArticleDocument) -> ArticleDocument:
        if "](" not in article.body:
            return article
        code = Code()
        body = _LINK.sub(lambda link: self._link(link, article), code.hidden(article.body))
        return replace(article, body=code.shown(body))

    def _link(self, link: re.Match[str], article: ArticleDocument) -> str:
        target, is_picture = link["target"], bool(link["picture"])
        if target in self._embedded:
            self.attachments.setdefault(self._embedded[target].name, self._embedded[target])
            return link[0]
        if target.startswith(("http://", "https://", "//")):
            return f"[{link['text'] or 'picture'}]({target})" if is_picture else link[0]
        suffix = PurePosixPath(unquote(target.split("#")[0].split("?")[0])).suffix.lower()
        if suffix not in PICTURES and (is_picture or suffix not in _DOCUMENTS):
            return "" if is_picture else link[0]
        path = self._path_of(target, article)
        if path is None:
            if is_picture:
                self.missing.append(MissingFile(target, article.path))
            return "" if is_picture else link[0]
        name = f"{file_sha256(path)}{suffix}"
        self.attachments.setdefault(name, Attachment(name, path))
        self.used.add(path)
        return f"{link['picture']}[{link['text']}]({ATTACHMENTS_PATH}{name}{link['title'] or ''})"

    def _path_of(self, target: str, article: ArticleDocument) -> Path | None:
        """The file that the article means, within the source; `None` when there is none that fits."""
        name = unquote(target.split("#")[0].split("?")[0]).removeprefix("@site/")
        for candidate in self._candidates(name, PurePosixPath(article.path.split("#")[0]).parent):
            try:
                path = candidate.resolve()
                inside = path.is_relative_to(self._root)
                if inside and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
                    return path
            except (OSError, ValueError):
                continue
        return None

    def _candidates(self, name: str, page_folder: PurePosixPath) -> Iterator[Path]:
        if not name.startswith("/"):
            yield self._root / page_folder / name
        for folder in _SITE_FOLDERS:
            yield self._root / folder / name.lstrip("/")
