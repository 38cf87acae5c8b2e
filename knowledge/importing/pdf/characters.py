"""Characters of PDF pages with their place, size and weight; knows nothing of lines and paragraphs."""

import logging
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar, LTContainer
from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser

from knowledge.importing.files import RefusedError

MAX_PAGES = 1_000
MAX_CHARACTERS = 3_000_000
MAX_STREAM_BYTES = 200_000_000
"""Of all parts of the file together, unpacked."""
_STREAM = re.compile(rb"stream\r?\n")
_TWICE_PACKED = re.compile(rb"/Filter\s*\[[^\]]{0,200}Flate[^\]]{0,200}Flate")
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_UNKNOWN = re.compile(r"\A\(cid:\d+\)\Z")
_MAX_UNKNOWN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Character:
    """A character, or the few that a sign such as `ﬁ` stands for. Lengths are points, from the lower left."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool


@dataclass(frozen=True, slots=True)
class CharacterPage:
    """What is written on a page, from left to right; turned and vertical text is left out."""

    width: float
    height: float
    characters: tuple[Character, ...]


@dataclass(frozen=True, slots=True)
class PdfText:
    """The pages of a file, and the title among its properties, empty for none."""

    pages: tuple[CharacterPage, ...]
    title: str


def pdf_text(content: bytes) -> PdfText:
    """What is written in a PDF file; raises `RefusedError`, also for pictures of text alone."""
    if b"%PDF-" not in content[:1024]:
        raise RefusedError("the file is no PDF; export it again")
    _refuse_bomb(content)
    logging.getLogger("pdfminer").setLevel(
        logging.CRITICAL
    )  # it remarks on every font and page that is unusual
    try:
        document = PDFDocument(PDFParser(BytesIO(content)))
        pages = tuple(_pages(document))
        title = _title(document)
    except RefusedError:
        raise
    except (PDFPasswordIncorrect, PDFEncryptionError) as error:
        raise RefusedError("the PDF is protected by a password; save it without") from error
    except Exception as error:  # the library raises whatever the file makes it raise
        raise RefusedError("the PDF is damaged; export it again from the program that wrote it") from error
    texts = [character.text for page in pages for character in page.characters]
    if not "".join(texts).strip():
        raise RefusedError(
            "the PDF holds no text, it may be scanned; run text recognition (OCR) on it, or import what it "
            "was made of"
        )
    if sum(text == "\ufffd" for text in texts) > _MAX_UNKNOWN_SHARE * len(texts):
        raise RefusedError(
            "the PDF does not say which letters it shows; export it again with its fonts, or import what it "
            "was made of"
        )
    return PdfText(pages, title)


def _pages(document: PDFDocument) -> Iterator[CharacterPage]:
    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=None)
    interpreter = PDFPageInterpreter(resources, device)
    count = 0
    for number, page in enumerate(PDFPage.create_pages(document), start=1):
        if number > MAX_PAGES:
            raise RefusedError(f"the PDF has more than {MAX_PAGES} pages; split it")
        interpreter.process_page(page)
        layout = device.get_result()
        characters = tuple(_characters(layout))
        count += len(characters)
        if count > MAX_CHARACTERS:
            raise RefusedError(f"the PDF has more than {MAX_CHARACTERS} characters; split it")
        yield CharacterPage(layout.width, layout.height, characters)


def _characters(container: Any) -> Iterator[Character]:  # pdfminer's types are loose
    for element in container:
        if isinstance(element, LTChar):
            if element.upright and element.matrix[1] == 0 and element.matrix[0] > 0:
                text = element.get_text()
                yield Character(
                    "\ufffd" if _UNKNOWN.match(text) else text.replace("\0", ""),
                    element.x0,
                    element.x1,
                    element.matrix[5],
                    element.size,
                    _BOLD.search(element.fontname) is not None,
                )
        elif isinstance(element, LTContainer):
            yield from _characters(element)


def _title(document: PDFDocument) -> str:
    for info in document.info:
        title = info.get("Title")
        if isinstance(title, bytes):
            is_utf_16 = title.startswith((b"\xfe\xff", b"\xff\xfe"))
            return " ".join(title.decode("utf-16" if is_utf_16 else "cp1252", errors="ignore").split())
    return ""


def _refuse_bomb(content: bytes) -> None:
    """Raises `RefusedError` when what is packed in the file would grow too big; pdfminer unpacks it all."""
    if _TWICE_PACKED.search(content):
        raise RefusedError("the PDF is packed twice over, as no program does; export it again")
    size = 0
    for found in _STREAM.finditer(content):
        end = content.find(b"endstream", found.end())
        packed = content[found.end() : end if end >= 0 else None]
        try:
            size += len(zlib.decompressobj().decompress(packed, MAX_STREAM_BYTES - size + 1))
        except zlib.error:  # not packed, or packed otherwise
            continue
        if size > MAX_STREAM_BYTES:
            raise RefusedError(f"unpacked the PDF has more than {MAX_STREAM_BYTES} bytes; split it")
