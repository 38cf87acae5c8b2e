"""No file makes an import crash or hang, however it was broken: it is read, refused or passed over."""

import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.importing.files import RefusedError, SourceFile
from knowledge.importing.source import READERS, read_source
from model.errors import DataError
from tests.knowledge.importing.pdf.test_pages import LONG, below, pdf
from tests.knowledge.importing.test_archives import packed
from tests.knowledge.importing.test_word_pages import document, item, par, run, table

MAX_SECONDS = 2.0
MAX_KILOBYTES = 500_000
TEXT = (
    'question,answer,status\n"How to\npay?","By ""card"", *now*",draft\n\n'
    "Title\n=====\n\n.. note:: x\n\n   - a\n   - b |c| :ref:`d`\n\n* e\n  1) f\n\n<b>é</b>\t€\n"
)


@cache
def workbook() -> bytes:
    book, content = Workbook(), BytesIO()
    book.worksheets[0].append(["question", "answer"])
    book.worksheets[0].append(["How much?", 9.99])
    book.save(content)
    return content.getvalue()


MARKDOWN = (
    "---\ntitle: How to pay\ntags: [a]\n---\nimport X from '@x'\n\n:::warning Mind\n\nNot `cash`.\n\n:::\n\n"
    '=== "Card"\n\n    Tap it.\n\n{% if a %}One{% else %}Two{% endif %} {{ site.fee }}\n\n'
    '<Price of="x">y</Price>\n\n'
    "<details><summary>More</summary>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</details>\n\n![p](p.png) [^1]\n"
)
HTML = (
    '<!doctype html><meta charset="utf-8"><nav>Menu</nav><article><h1>Pay</h1><p>By <b>card</b>.</p>'
    "<table><tr><th>a<td>b<tr><td>1<td>2</table><details><summary>More</summary><ul><li>x<ol><li>y</ol></ul>"
    "</details><pre><code>a &lt; b</code></pre></article><script>x()</script>"
)
EXPORT = (
    '{"articles": [{"id": 7, "title": "Pay", "body": "<p>By <b>card</b>.</p>", "draft": false,'
    ' "locale": "en-us", "section_id": 3, "html_url": "https://h.example/7"}, {"id": 8, "title": "Go",'
    ' "body": "<p>Home.</p>", "draft": true, "locale": "en-us", "section_id": 3, "html_url": "https://h.example/8"}]}'
)


SAMPLES: dict[str, Callable[[], bytes]] = {
    ".md": MARKDOWN.encode,
    ".mdx": MARKDOWN.encode,
    ".html": HTML.encode,
    ".json": EXPORT.encode,
    ".csv": TEXT.encode,
    ".tsv": lambda: TEXT.replace(",", "\t").encode("utf-16"),
    ".jsonl": lambda: (
        b'{"question": "q", "answer": "a", "phrasings": ["p"], "draft": false}\n{"_id": "1", "text": "t"}\n'
    ),
    ".txt": lambda: TEXT.encode("cp1252"),
    ".rst": TEXT.encode,
    ".xlsx": workbook,
    ".docx": lambda: document(par(run("a"), style="Title"), item("b"), table(("c", "d"))),
    ".pdf": lambda: pdf(below(700, *LONG), title="x", pack=False),
}


@st.composite
def broken(draw: st.DrawFn, sample: bytes) -> bytes:
    """Bytes of any kind, or the sample cut off, with parts doubled, moved, or replaced by other bytes."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=2_000))
    content = sample
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(content)))
        end = draw(st.integers(begin, min(len(content), begin + 200)))
        replacement = draw(
            st.sampled_from(
                [b"", content[begin:end] * 2, content[:100], b'"', b"\r", b"\xff\xfe", b"<", b"  \n"]
            )
            | st.binary(max_size=8)
        )
        content = content[:begin] + replacement + content[end:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


def is_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    started = time.thread_time()
    with suppress(RefusedError):
        list(READERS[path.suffix](SourceFile(path, path.name)))
    assert time.thread_time() - started < MAX_SECONDS


def peak_kilobytes() -> int:
    """The most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_sample_is_read_as_long_as_it_is_whole(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(SAMPLES[suffix]())
    result = read_source(tmp_path / f"a{suffix}")
    assert result.articles or result.question_answers or result.held_back


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_broken_file_is_read_or_refused_within_two_seconds_and_half_a_gigabyte(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(content=broken(SAMPLES[suffix]()))
    def check(content: bytes) -> None:
        is_read_or_refused(path, content)

    before = peak_kilobytes()
    check()
    assert peak_kilobytes() - before < MAX_KILOBYTES


def test_a_broken_archive_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(content=broken(packed({"a/b.md": "Text " * 50, "c.csv": "question,answer\nq,a\n"})))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        with suppress(DataError):
            read_source(path)

    check()


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".rst", ".jsonl"])
@pytest.mark.parametrize(
    "again", ['"', "\n", "a,", "- ", "`", "|x|", "*", "  ", "[", "==\n", "\x00", "é", "\r"]
)
def test_a_file_of_one_thing_over_and_over_is_read_or_refused_within_two_seconds(
    tmp_path: Path, suffix: str, again: str
) -> None:
    content = ("question,answer\n" + again * (20_000 // len(again))).encode()
    is_read_or_refused(tmp_path / f"a{suffix}", content)
