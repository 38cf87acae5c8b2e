"""Rows of a JSONL file, with where they stand; one bad row refuses the file."""

from pathlib import Path

import pytest

from knowledge.json_lines import read_json_lines, read_texts
from model.errors import DataError


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_rows_come_with_file_and_line_and_empty_lines_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "a"}\n\n{"text": "b\xe2\x80\xa8c"}\n')
    assert read_json_lines(path) == [(f"{path}:1", {"text": "a"}), (f"{path}:3", {"text": "b\u2028c"})]
    assert read_texts(path) == ["a", "b\u2028c"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "a.jsonl:2: not JSON"),
        (b"[" * 100_000, "a.jsonl:2: not JSON"),
        (b"[1]", "a.jsonl:2: a JSON list, expected an object"),
        (b"\xff", "a.jsonl cannot be read"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, line: bytes, said: str) -> None:
    path = write(tmp_path / "a.jsonl", b'{"text": "a"}\n' + line)
    with pytest.raises(DataError, match=said):
        read_json_lines(path)


def test_a_row_without_a_text_and_a_file_without_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl:1: text is ' ', expected a text"):
        read_texts(write(tmp_path / "a.jsonl", b'{"text": " "}'))
    with pytest.raises(DataError, match=r"b\.jsonl has no rows"):
        read_texts(write(tmp_path / "b.jsonl", b""))
