"""Word documents come out as formatted text with their title; what is no document is refused."""

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from knowledge.documents import ArticleDocument, Refusal
from knowledge.importing.attachments import content_of
from knowledge.importing.source import read_source

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
    for name in ("Title", "heading 1", "heading 2", "Quote")
)
NUMBERING = "".join(
    f'<w:abstractNum w:abstractNumId="{number}">'
    + "".join(f'<w:lvl w:ilvl="{level}"><w:numFmt w:val="{kind}"/></w:lvl>' for level in (0, 1))
    + f'</w:abstractNum><w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'
    for number, kind in ((1, "bullet"), (2, "decimal"))
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def par(*runs: str, style: str = "", numbering: str = "") -> str:
    of_style = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{of_style}{numbering}</w:pPr>{''.join(map(str, runs))}</w:p>"


def item(text: str, number: int = 1, level: int = 0) -> str:
    return par(
        run(text), numbering=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    )


def table(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<w:tc>{par(run(cell))}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def picture(target: str, description: str = "") -> str:
    """A run that shows the picture with this relationship."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    return (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{drawing}/wordprocessingDrawing">'
        f'<wp:docPr id="1" name="p" descr="{description}"/>'
        f'<a:graphic xmlns:a="{drawing}/main"><a:graphicData>'
        f'<pic:pic xmlns:pic="{drawing}/picture"><pic:blipFill><a:blip r:embed="{target}"/></pic:blipFill>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def document(*blocks: str, title: str | None = None, media: Mapping[str, bytes] | None = None) -> bytes:
    """A Word file; each of the `media` has its name as its relationship."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="png" ContentType="image/png"/>'
        '<Default Extension="emf" ContentType="image/x-emf"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="n" Type="{OFFICE}/numbering" Target="numbering.xml"/>'
        f'<Relationship Id="link" Type="{OFFICE}/hyperlink" Target="https://h.example/pay" '
        'TargetMode="External"/>'
        + "".join(
            f'<Relationship Id="{name}" Type="{OFFICE}/image" Target="media/{name}"/>' for name in media or {}
        )
        + "</Relationships>",
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{STYLES}</w:styles>',
        "word/numbering.xml": f'<w:numbering xmlns:w="{WORD}">{NUMBERING}</w:numbering>',
        "word/document.xml": f'<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}"><w:body>{"".join(blocks)}'
        "</w:body></w:document>",
    }
    if title is not None:
        parts["docProps/core.xml"] = (
            f'<p:coreProperties xmlns:p="{PACKAGE}/metadata/core-properties" '
            f'xmlns:d="http://purl.org/dc/elements/1.1/"><d:title>{title}</d:title></p:coreProperties>'
        )
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        for name, picture_data in (media or {}).items():
            archive.writestr(f"word/media/{name}", picture_data)
    return content.getvalue()


def article(folder: Path, content: bytes) -> ArticleDocument:
    (folder / "how-to-pay.docx").write_bytes(content)
    return read_source(folder / "how-to-pay.docx").articles[0]


def test_a_document_comes_out_as_formatted_text(tmp_path: Path) -> None:
    link = f'<w:hyperlink r:id="link">{run("Billing")}</w:hyperlink>'
    found = article(
        tmp_path,
        document(
            par(run("Paying"), style="Title"),
            par(
                run("Open "), link, run(" and "), run("confirm", "<w:b/>"), run(", "), run("twice", "<w:i/>")
            ),
            par(run("Cards"), style="heading1"),
            item("Visa", 2),
            item("Mastercard", 2),
            item("debit too", 1, 1),
            table(("Country", "Fee"), ("France", "1,50 €")),
            par(run("Abroad"), style="heading2"),
            par(run("Ask your bank."), style="Quote"),
        ),
    )
    assert (found.slug, found.title, found.path) == ("how-to-pay", "Paying", "how-to-pay.docx")
    assert found.body == (
        "Open [Billing](https://h.example/pay) and **confirm**, *twice*\n\n# Cards\n\n"
        "1. Visa\n2. Mastercard\n   - debit too\n\n| Country | Fee |\n| --- | --- |\n| France | 1,50 € |\n\n"
        "## Abroad\n\n> Ask your bank."
    )


@pytest.mark.parametrize(
    ("blocks", "property_title", "title"),
    [
        ((par(run("Cards"), style="heading1"), par(run("Any."))), "Other", "Cards"),
        (
            (par(run("Cards"), style="heading1"), par(run("Cash"), style="heading1")),
            "Ways to pay",
            "Ways to pay",
        ),
        ((par(run("Any card.")),), "Microsoft Word - pay.docx", "How to pay"),
        ((par(run("Any card.")),), "Document1", "How to pay"),
        ((par(run("Any card.")),), None, "How to pay"),
        ((par(run("Any card.")),), "  Our  cards ", "Our cards"),
    ],
)
def test_without_a_title_in_the_text_the_heading_property_or_file_name_is_it(
    tmp_path: Path, blocks: tuple[str, ...], property_title: str | None, title: str
) -> None:
    assert article(tmp_path, document(*blocks, par(run("x")), title=property_title)).title == title


def test_pictures_stay_where_they_are_and_those_no_browser_shows_become_their_description(
    tmp_path: Path,
) -> None:
    blocks = (
        par(run("Press the red button."), picture("button.png", "the red button")),
        par(picture("plan.emf", "Where the button is"), picture("line.emf")),
    )
    media = {"button.png": b"\x89PNG button", "plan.emf": b"plan", "line.emf": b"line"}
    (tmp_path / "reset.docx").write_bytes(document(*blocks, media=media))
    name = f"{sha256(media['button.png']).hexdigest()}.png"
    found = read_source(tmp_path)
    assert found.articles[0].body == (
        f"Press the red button.![the red button](/files/{name})\n\n*Where the button is*"
    )
    assert [attachment.name for attachment in found.attachments] == [name]
    assert content_of(found.attachments[0]) == media["button.png"]
    assert found.missing_files == ()


def test_a_document_of_nothing_but_a_picture_is_refused(tmp_path: Path) -> None:
    content = document(par(picture("scan.png", "page 1")), media={"scan.png": b"\x89PNG scan"})
    (tmp_path / "scan.docx").write_bytes(content)
    found = read_source(tmp_path)
    assert [refusal.reason for refusal in found.refusals] == [
        "the document holds no text; pictures of text cannot be read, write it out"
    ]


def test_deleted_text_is_left_out_and_inserted_text_is_in(tmp_path: Path) -> None:
    deleted = "<w:del><w:r><w:delText>40</w:delText></w:r></w:del>"
    content = document(par(run("Within "), deleted, f"<w:ins>{run('45')}</w:ins>", run(" days.")))
    assert article(tmp_path, content).body == "Within 45 days."


def test_hidden_text_is_left_out(tmp_path: Path) -> None:
    runs = (
        run("Within 45 days"),
        run(" (60 if they complain)", "<w:vanish/>"),
        run(".", '<w:vanish w:val="0"/>'),
    )
    assert (
        article(tmp_path, document(par(*runs), par(run("Secret", "<w:vanish/>")))).body == "Within 45 days."
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.doc", ".doc is Word's old format, which is not read; save it as .docx"),
        ("a.XLS", ".xls is Excel's old format, which is not read; save it as .xlsx"),
    ],
)
def test_old_formats_are_refused_with_the_next_step(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "b.md").write_text("Text")
    assert read_source(tmp_path).refusals == (Refusal(name, reason),)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is damaged or protected by a password; save it again without"),
        (b"\xd0\xcf\x11\xe0", "the file is damaged or protected by a password; save it again without"),
        (document(), "the document holds no text; pictures of text cannot be read, write it out"),
        (
            document("<w:p>"),
            "the file is no Word document that can be read; save it again as .docx",
        ),
    ],
    ids=["empty", "old or encrypted", "no text", "broken XML"],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.docx").write_bytes(content)
    assert read_source(tmp_path / "a.docx").refusals == (Refusal("a.docx", reason),)
