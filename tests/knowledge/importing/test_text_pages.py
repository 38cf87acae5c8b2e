"""Text files keep what their writer meant: headings, lists, paragraphs and signs that are no markup."""

from pathlib import Path

import pytest

from knowledge.documents import ArticleDocument
from knowledge.importing.source import read_source
from knowledge.markdown import plain_text


def article(folder: Path, text: str) -> ArticleDocument:
    (folder / "opening-hours.txt").write_text(text)
    return read_source(folder / "opening-hours.txt").articles[0]


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("When we are open\n\nFrom 9 to 5.\n", "When we are open", "From 9 to 5."),
        ("When we are open\n================\nFrom 9 to 5.\n", "When we are open", "From 9 to 5."),
        (
            "We are open from 9 to 5,\nalso in winter.\n",
            "Opening hours",
            "We are open from 9 to 5,\nalso in winter.",
        ),
        ("From 9 to 5.", "Opening hours", "From 9 to 5."),
        (f"{'Long words ' * 12}\n\nEnd.", "Opening hours", f"{('Long words ' * 12).strip()}\n\nEnd."),
        ("- Monday\n\nand more", "Opening hours", "- Monday\n\nand more"),
    ],
)
def test_the_title_is_a_short_or_underlined_first_line_else_the_file_name(
    tmp_path: Path, text: str, title: str, body: str
) -> None:
    found = article(tmp_path, text)
    assert (found.slug, found.title, found.body) == ("opening-hours", title, body)


def test_underlined_lines_are_headings_by_the_order_of_their_signs(tmp_path: Path) -> None:
    text = "T\n\nA\n---\none\n\nB\n~~~\ntwo\n\nC\n---\nthree\n\n-----\n\nfour"
    assert article(tmp_path, text).body == "## A\n\none\n\n### B\n\ntwo\n\n## C\n\nthree\n\nfour"


def test_lists_stay_lists_with_their_levels_and_further_lines(tmp_path: Path) -> None:
    text = "T\n\nSteps:\n1) Pack it\n   well.\n2) Send it\n  • by post\n  • by courier\n\nThen wait.\n"
    assert article(tmp_path, text).body == (
        "Steps:\n\n1. Pack it well.\n2. Send it\n   - by post\n   - by courier\n\nThen wait."
    )


def test_line_breaks_that_no_width_asks_for_are_meant(tmp_path: Path) -> None:
    wrapped = "This is a paragraph that is wrapped at forty\nsigns or so."
    text = f"T\n\n{wrapped}\n\nExample Ltd\n12 High Street\nLondon\n"
    assert article(tmp_path, text).body == f"{wrapped}\n\nExample Ltd  \n12 High Street  \nLondon"


@pytest.mark.parametrize(
    "line",
    [
        "5 * 3 and *stars* and **more**",
        "snake_case and _under_",
        "# no heading",
        "> no quote",
        "+ is a plus, = is not",
        "<b> and <!-- hidden? --> and <your name>",
        "[a](b) and [c]: d",
        "`code` ~~gone~~ &amp; AT&T",
        "C:\\*.txt",
        "3 < 5 > 2",
    ],
)
def test_signs_are_shown_as_they_were_written(tmp_path: Path, line: str) -> None:
    assert plain_text(article(tmp_path, f"T\n\nAs it is: {line}\n").body) == f"As it is: {line}"
    assert plain_text(article(tmp_path, f"T\n\n{line}\n\nx\n").body).split("\n")[0].lstrip(
        "- "
    ) == line.lstrip("+ ")
