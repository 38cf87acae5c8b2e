"""No file makes an import crash or hang, however it was broken: it is read, refused or passed over."""

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


SAMPLES: dict[str, Callable[[], bytes]] = {
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


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_sample_is_read_as_long_as_it_is_whole(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(SAMPLES[suffix]())
    result = read_source(tmp_path / f"a{suffix}")
    assert result.articles or result.question_answers or result.held_back


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_broken_file_is_read_or_refused_within_two_seconds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(content=broken(SAMPLES[suffix]()))
    def check(content: bytes) -> None:
        is_read_or_refused(path, content)

    check()


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
