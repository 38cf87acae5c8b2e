"""PDF files come out as people read them: columns in order, headings, lists and tables, no running heads."""

import zlib
from pathlib import Path

import pytest

from knowledge.documents import ArticleDocument
from knowledge.importing.pdf import characters as pdf_characters
from knowledge.importing.source import read_source

Line = tuple[float, float, float, str, str]
"""Left, baseline, size, font (`F1` plain, `F2` bold), words."""


def pdf(*pages: list[Line], title: str = "", pack: bool = True) -> bytes:
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode()
        )
        content = b"".join(
            f"BT /{font} {size} Tf {left} {baseline} Td (".encode()
            + words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
            + b") Tj ET\n"
            for left, baseline, size, font, words in lines
        )
        packed = zlib.compress(content) if pack else content
        filtered = b" /Filter /FlateDecode" if pack else b""
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(packed), filtered, packed))
    objects.append(f"<< /Title ({title}) >>".encode())
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n"
        b"startxref\n%d\n%%%%EOF" % (len(objects) + 1, table, len(objects) + 1, len(objects), len(content))
    )


def below(top: float, *texts: str, left: float = 50, size: float = 10, font: str = "F1") -> list[Line]:
    """Lines below each other."""
    return [(left, top - 12 * place, size, font, text) for place, text in enumerate(texts)]


def article(folder: Path, content: bytes) -> ArticleDocument:
    (folder / "how-to-pay.pdf").write_bytes(content)
    result = read_source(folder / "how-to-pay.pdf")
    assert result.refusals == ()
    return result.articles[0]


def refusal(folder: Path, content: bytes) -> str:
    (folder / "a.pdf").write_bytes(content)
    (found,) = read_source(folder / "a.pdf").refusals
    return found.reason


LONG = ("You can pay by card or by invoice, and nothing is", "taken before the parcel has left our house.")
OTHER = ("Whoever pays by invoice has thirty days for it and", "gets a letter before anything else happens.")


def test_headings_are_told_by_size_and_weight_and_paragraphs_by_their_lines(tmp_path: Path) -> None:
    page = [
        *below(750, "Paying", size=24, font="F2"),
        *below(700, *LONG),
        *below(668, *OTHER),
        *below(620, "Cards", size=14),
        *below(600, *OTHER),
        *below(560, "Visa", font="F2"),
        *below(540, *LONG),
        *below(500, "Invoices", size=14),
        *below(480, *OTHER),
    ]
    found = article(tmp_path, pdf(page))
    assert (found.slug, found.title) == ("how-to-pay", "Paying")
    long, other = " ".join(LONG), " ".join(OTHER)
    assert found.body.split("\n\n") == [
        *(long, other, "## Cards", other, "### Visa", long, "## Invoices", other)
    ]


@pytest.mark.parametrize(
    ("property_title", "title"),
    [
        ("Paying  us", "Paying us"),
        ("Microsoft Word - pay.doc", "How to pay"),
        ("untitled", "How to pay"),
        ("", "How to pay"),
    ],
)
def test_without_a_large_heading_the_property_or_the_file_name_is_the_title(
    tmp_path: Path, property_title: str, title: str
) -> None:
    assert article(tmp_path, pdf(below(700, *LONG), title=property_title)).title == title


def test_columns_are_read_one_after_the_other_though_written_line_by_line(tmp_path: Path) -> None:
    left = ["The left column is read first", "and only then the right one,", "as people read it, from the"]
    left += ["first of its lines to the last.", "It ends down here, and then"]
    right = ["comes the right column, and", "it goes on where the left one", "had to stop. It is as narrow,"]
    right += ["and takes just as many lines", "as that, until it ends also."]
    both = zip(below(700, *left), below(700, *right, left=320), strict=True)
    last = "Below both columns stands one more line, which is long enough to cross the gap between them."
    page = [
        *below(750, "Over both columns stands this heading", size=18),
        *[line for pair in both for line in pair],
        *below(600, last),
    ]
    assert article(tmp_path, pdf(page)).body.split("\n\n") == [" ".join([*left, *right]), last]


def test_running_heads_page_numbers_and_contents_are_left_out(tmp_path: Path) -> None:
    def page(number: int, *lines: Line) -> list[Line]:
        return [*below(780, "Example Ltd - Handbook"), *lines, *below(20, f"Page {number} of 3", left=280)]

    first = page(1, *below(700, "Contents", size=16), *below(680, "Paying ........ 2", "Sending ........ 3"))
    second = page(2, *below(700, *LONG), *below(60, "the last words of a page go on"))
    third = page(3, *below(760, "on the next one."), *below(700, *OTHER))
    assert article(tmp_path, pdf(first, second, third)).body.split("\n\n") == [
        " ".join(LONG),
        "the last words of a page go on on the next one.",
        " ".join(OTHER),
    ]


def test_words_that_a_line_end_parts_are_joined_unless_they_have_a_hyphen(tmp_path: Path) -> None:
    page = below(
        700,
        "You get your money back with-",
        "in five days; a well-known way is the trans-",
        "fer, a well-",
        "known one.",
    )
    body = article(tmp_path, pdf(page)).body.replace("\n\n", " ")
    assert (
        body
        == "You get your money back within five days; a well-known way is the transfer, a well-known one."
    )


def test_lists_are_told_by_their_marks_and_levels(tmp_path: Path) -> None:
    page = [
        *below(700, "Before you pay, do this:"),
        *[(60.0, 680.0, 10.0, "F1", "•"), (75.0, 680.0, 10.0, "F1", "open the app on your phone or")],
        *[(75.0, 668.0, 10.0, "F1", "on the web")],
        *[(60.0, 650.0, 10.0, "F1", "• sign in")],
        *[(80.0, 635.0, 10.0, "F1", "– by password")],
        *[(60.0, 610.0, 10.0, "F1", "1. choose"), (60.0, 595.0, 10.0, "F1", "2. pay")],
    ]
    assert article(tmp_path, pdf(page)).body == (
        "Before you pay, do this:\n\n- open the app on your phone or on the web\n- sign in\n"
        "   - by password\n\n1. choose\n2. pay"
    )


def test_tables_are_told_by_their_cells(tmp_path: Path) -> None:
    rows = [("Country", "Fee", "Days"), ("Germany", "4,99 €", "2-3"), ("France", "6,99 €", "3 | 5")]
    page = [
        *below(700, *LONG),
        *[
            (left, 660 - 15 * place, 10.0, "F1", cell)
            for place, row in enumerate(rows)
            for left, cell in zip((60.0, 160.0, 240.0), row, strict=True)
        ],
        *[(60.0, 615.0, 10.0, "F1", "Italy"), (240.0, 615.0, 10.0, "F1", "4")],
        *below(570, *OTHER),
    ]
    assert article(tmp_path, pdf(page)).body.split("\n\n")[1] == (
        "| Country | Fee | Days |\n| --- | --- | --- |\n| Germany | 4,99 € | 2-3 |\n"
        "| France | 6,99 € | 3 \\| 5 |\n| Italy |  | 4 |"
    )


def test_signs_that_look_like_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    assert (
        article(tmp_path, pdf(below(700, "# 5 * 3 and *stars* and <b>"))).body
        == "\\# 5 * 3 and \\*stars\\* and \\<b>"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is no PDF; export it again"),
        (b"PK\x03\x04", "the file is no PDF; export it again"),
        (
            pdf([]),
            "the PDF holds no text, it may be scanned; run text recognition (OCR) on it, or import what it "
            "was made of",
        ),
        (pdf(below(700, *LONG))[:400], "the PDF is damaged; export it again from the program that wrote it"),
        (pdf(below(20, "7", left=300)), "the PDF holds nothing but page numbers and running heads"),
        (
            pdf([]).replace(
                b"/Root 1 0 R",
                b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ("
                + b"o" * 32
                + b") /U ("
                + b"u" * 32
                + b") >> /ID [(a) (a)]",
            ),
            "the PDF is protected by a password; save it without",
        ),
        (
            pdf([]).replace(b"/FlateDecode", b"[/FlateDecode /FlateDecode]"),
            "the PDF is packed twice over, as no program does; export it again",
        ),
    ],
    ids=["empty", "an archive", "scanned", "cut off", "page number", "encrypted", "packed twice"],
)
def test_what_cannot_be_read_is_refused_with_the_next_step(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refusal(tmp_path, content) == reason


def test_a_file_that_grows_too_big_or_has_too_many_pages_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pdf(below(700, *LONG), below(700, *OTHER))
    monkeypatch.setattr(pdf_characters, "MAX_PAGES", 1)
    assert refusal(tmp_path, content) == "the PDF has more than 1 pages; split it"
    monkeypatch.setattr(pdf_characters, "MAX_STREAM_BYTES", 100)
    assert refusal(tmp_path, content) == "unpacked the PDF has more than 100 bytes; split it"
