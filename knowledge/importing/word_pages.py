"""Word documents to articles: headings, lists, tables, links and pictures stay."""

import re
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

import mammoth
import mammoth.html
from lxml.etree import XMLParser, fromstring, tostring

from knowledge.documents import ArticleDocument, Attachment, Item
from knowledge.importing.archives import check_office_file
from knowledge.importing.attachments import ATTACHMENTS_PATH, PICTURES
from knowledge.importing.files import RefusedError, SourceFile
from knowledge.importing.html.pages import html_to_markdown
from knowledge.markdown import strip_tags
from knowledge.text import title_from

_TITLE_CLASS = "document-title"
_STYLES = f"""
p[style-name='Title'] => h1.{_TITLE_CLASS}:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
"""
_TOP_HEADING = re.compile(
    rf'<h1(?P<is_title> class="{_TITLE_CLASS}")?>(?P<words>(?:[^<]++|<(?!/h1>))*+)</h1>'
)
_PICTURE = re.compile(r"!\[[^\[\]]*+\]\([^()]*+\)")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OFF = ("0", "false", "off")
_CORE = "docProps/core.xml"
_CORE_TITLE = re.compile(r"<(?:\w{1,20}:)?title>([^<]{0,1000})</")
_NO_TITLE = re.compile(r"\A(?:microsoft word\b.*+|(?:document|dokument|documento) ?\d*+)\Z", re.IGNORECASE)


def docx_page(file: SourceFile) -> Iterator[Item]:
    """The article of a Word document; raises `RefusedError`.

    Its title is the paragraph in the style Title, else the one top heading, else the title among the file's
    properties, else the words of the file name. Comments, deleted and hidden text are left out. The pictures
    that a browser shows follow; of others their description stays.
    """
    content = file.read_bytes()
    check_office_file(content)
    try:
        pictures = _pictures(content, file.path)
        content = _without_hidden(content)
        shown = partial(_shown, pictures=pictures)
        converted = mammoth.convert_to_html(BytesIO(content), style_map=_STYLES, convert_image=shown)
        html = str(converted.value)
    except Exception as error:  # the library raises whatever the file's XML makes it raise
        raise RefusedError("the file is no Word document that can be read; save it again as .docx") from error
    title, rest = _title_and_rest(html)
    body = html_to_markdown(rest)
    if not _PICTURE.sub("", body).strip():
        raise RefusedError("the document holds no text; pictures of text cannot be read, write it out")
    yield ArticleDocument(
        slug=file.stem,
        title=title or _title_property(content) or title_from(file.stem),
        body=body,
        path=file.name,
    )
    yield from pictures.values()


def old_word_file(file: SourceFile) -> Iterator[Item]:
    """Refuses a document in the format before 2007, with the next step."""
    raise RefusedError(f"{file.suffix} is Word's old format, which is not read; save it as .docx")


def _without_hidden(content: bytes) -> bytes:
    """The document without the text that its writer hid, which mammoth would show."""
    with ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    hidden = [name for name, part in parts.items() if name.startswith("word/") and b"w:vanish" in part]
    if not hidden:
        return content
    for name in hidden:
        root = fromstring(parts[name], XMLParser(resolve_entities=False, no_network=True))
        for run in list(root.iter(f"{_WORD}r")):
            mark = run.find(f"{_WORD}rPr/{_WORD}vanish")
            parent = run.getparent()
            if mark is not None and mark.get(f"{_WORD}val") not in _OFF and parent is not None:
                parent.remove(run)
        parts[name] = tostring(root, encoding="UTF-8", xml_declaration=True)
    shown = BytesIO()
    with ZipFile(shown, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return shown.getvalue()


def _pictures(content: bytes, path: Path) -> dict[str, Attachment]:
    """The pictures in the document that a browser shows, by the SHA-256 of their content."""
    found: dict[str, Attachment] = {}
    with ZipFile(BytesIO(content)) as archive:
        for member in archive.namelist():
            suffix = PurePosixPath(member).suffix.lower()
            if suffix in PICTURES:
                digest = sha256(archive.read(member)).hexdigest()
                found[digest] = Attachment(f"{digest}{suffix}", path, member)
    return found


def _shown(image: Any, *, pictures: Mapping[str, Attachment]) -> list[Any]:  # mammoth is untyped
    """The picture; its description, in emphasis, where it cannot be shown, or nothing without one."""
    words = " ".join((image.alt_text or "").split())
    with image.open() as content:
        picture = pictures.get(sha256(content.read()).hexdigest())
    if picture is not None:
        address = f"{ATTACHMENTS_PATH}{picture.name}"
        return [mammoth.html.element("img", {"src": address, "alt": words})]
    return [mammoth.html.element("em", {}, [mammoth.html.text(words)])] if words else []


def _title_and_rest(html: str) -> tuple[str, str]:
    """The title, if it stands in the text, and the HTML without it; mammoth's tags are whole and in order."""
    headings = list(_TOP_HEADING.finditer(html))
    titles = [found for found in headings if found["is_title"]] or (headings if len(headings) == 1 else [])
    if not titles:
        return "", html
    words = " ".join(strip_tags(titles[0]["words"]).split())
    return words, html[: titles[0].start()] + html[titles[0].end() :]


def _title_property(content: bytes) -> str:
    """What the file's properties call it, unless a program named it."""
    with ZipFile(BytesIO(content)) as archive:
        try:
            properties = archive.read(_CORE).decode("utf-8")
        except (KeyError, BadZipFile, zlib.error, UnicodeDecodeError):  # none, or broken ones: no title there
            return ""
    found = _CORE_TITLE.search(properties)
    words = " ".join(unescape(found[1]).split()) if found else ""
    return "" if _NO_TITLE.match(words) else words
