"""Bad rows are named and left out; nothing in a file makes reading crash."""

import json
from pathlib import Path

import pytest

from eval.data.labelled import read_labelled_texts
from eval.data.problems import PROBLEM_KINDS, Problem, company_problems, normalised, read_checked
from knowledge.importing.files import MAX_LINE_BYTES
from model.errors import DataError

LINES = [
    b'{"text": "Where is it?", "label": "track"}',  # 1
    b'{"text": 7, "label": "track"}',
    b'{"text": null, "label": "track"}',
    b'{"text": ["a"], "label": "track"}',
    b'{"text": "   ", "label": "track"}',  # 5
    b'{"text": "a", "label": ""}',
    b'{"text": "a", "label": true}',
    b"not json",
    b"[1, 2]",
    b'{"text": "caf\xe9", "label": "track"}',  # 10
    b"",
    b'{"text": "  where IS it", "label": "track"}',
    b'{"text": "Where is it?", "label": "refund"}',
    b'{"text": "\\ud83d", "label": "track"}',
    b'{"text": "\xe6\xb3\xa8\xe6\x96\x87", "label": "track"}',  # 15
]


def by_kind(problems: tuple[Problem, ...]) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {one.kind: (one.count, one.examples) for one in problems}


def test_every_problem_is_counted_with_its_lines_and_the_other_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(LINES))
    found = read_checked(path)
    assert [(row.line, row.label) for row in found.rows] == [
        (1, "track"),
        (12, "track"),
        (13, "refund"),
        (15, "track"),
    ]
    assert by_kind(found.problems) == {
        "text_not_text": (3, ("2", "3", "4")),
        "text_empty": (1, ("5",)),
        "label_empty": (1, ("6",)),
        "label_not_text": (1, ("7",)),
        "not_json": (1, ("8",)),
        "not_an_object": (1, ("9",)),
        "unreadable_encoding": (2, ("10", "14")),
        "duplicate": (1, ("12",)),
        "contradictory": (3, ("1", "12", "13")),
        "class_with_one_row": (1, ("refund",)),
    }
    assert set(by_kind(found.problems)) <= set(PROBLEM_KINDS)
    assert not any("where" in str(problem).casefold() for problem in found.problems)


def test_a_csv_file_is_read_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        b'\xef\xbb\xbflabel,text,when\ntrack,"Where,\nis it?",x\n,no label \xc3\xb6,\ntrack,caf\xe9,\n'
    )
    found = read_checked(path)
    assert [(row.text, row.label, dict(row.fields)) for row in found.rows] == [
        ("Where,\nis it?", "track", {"when": "x"})
    ]
    assert by_kind(found.problems) == {
        "label_empty": (1, ("4",)),
        "unreadable_encoding": (1, ("5",)),
        "class_with_one_row": (1, ("track",)),
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            b'{"text": 1, "label": "a"}',
            r"no usable row: a\.jsonl: 1 row whose text is no string, left out \(line 1\)",
        ),
        ("a.jsonl", b"\x89PNG\x00", "binary: a zero byte at offset 4"),
        ("a.csv", b"text\nhello\n", "no column 'label' in its first line, only text; name"),
        (
            "a.csv",
            b"text,label\n" + b"a" * (MAX_LINE_BYTES + 1) + b",x\n",
            r"1 row of too many characters, left out \(line 2\)",
        ),
        (
            "a.csv",
            b'text,label\n"a,x\n',
            r"1 row with quotes that do not fit or more cells than columns, left out \(line 2\)",
        ),
    ],
)
def test_a_file_that_gives_nothing_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_checked(tmp_path / name)


def test_an_empty_file_has_no_rows_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert read_checked(tmp_path / "empty.jsonl").rows == ()
    with pytest.raises(DataError, match="cannot be read"):
        read_checked(tmp_path / "none.jsonl")


def test_an_intent_of_the_company_without_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    rows = [("x", "a"), ("y", "a")]
    (tmp_path / "training" / "intents.jsonl").write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
    )
    empty = Problem("class_without_rows", "company.toml", 2, ("b", "c"))
    assert company_problems(tmp_path, ["a", "b", "c"]) == [empty]
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "questions.jsonl").write_text(
        '{"id": "1", "text": "z", "kind": "needs_person", "intent": "b"}\n'
        '{"id": "2", "text": "z", "kind": "needs_person", "intent": null}\n'
    )
    assert company_problems(tmp_path, ["a", "b", "c"]) == [
        empty,
        Problem("label_only_in_test", "calibration/questions.jsonl", 1, ("b",)),
    ]


def test_texts_are_the_same_but_for_case_spacing_and_marks_at_the_ends() -> None:
    assert normalised('"Where  is IT?"') == normalised("where is it") == "where is it"


def test_texts_of_nothing_but_marks_are_the_same_only_when_they_are() -> None:
    assert normalised(":)") != normalised(":(")
    assert normalised(" ?! ") == "?!"


def test_labels_that_are_spelt_almost_alike_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    labels = ["lost card", "Lost_Card", "caf\u00e9", "cafe\u0301", "lost cards"]
    rows = [{"text": f"text {i} {label}", "label": label} for i, label in enumerate(labels * 2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    twins = ("Lost_Card", "cafe\u0301", "caf\u00e9", "lost card")
    assert by_kind(read_checked(path).problems) == {"labels_nearly_the_same": (4, twins)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"text;label\nwhere is my parcel;track\nhow do I pay;3\n"),
        ("a.csv", b"Text,Label\nwhere is my parcel,track\nhow do I pay,3\n"),
        ("a.csv", b"sep=;\r\nIntent;Utterance\r\ntrack;where is my parcel\r\n3;how do I pay\r\n"),
        ("a.csv", "Message\tCategory\r\nwhere is my parcel\ttrack\r\nhow do I pay\t3\r\n".encode("utf-16")),
        ("a.tsv", b"question\tintent\nwhere is my parcel\ttrack\nhow do I pay\t3\n"),
        (
            "a.jsonl",
            b'{"text": "where is my parcel", "label": "track"}\n{"Text": "how do I pay", "label": 3}\n',
        ),
        (
            "a.jsonl",
            b'{"message": "where is my parcel", "intent": "track"}\n{"text": "how do I pay", "label": 3.0}',
        ),
    ],
)
def test_texts_and_labels_are_found_under_the_names_and_separators_that_people_use(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_checked(tmp_path / name)
    assert [(row.text, row.label, dict(row.fields)) for row in found.rows] == [
        ("where is my parcel", "track", {}),
        ("how do I pay", "3", {}),
    ]
    assert set(by_kind(found.problems)) == {"class_with_one_row"}
    assert read_labelled_texts(tmp_path / name) == found.texts


def test_the_plain_names_come_before_others_and_those_stay_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("category,label,question,text\nshop,track,q,t\n")
    (row,) = read_checked(path).rows
    assert (row.text, row.label, row.fields) == ("t", "track", {"category": "shop", "question": "q"})


def test_rows_with_stray_quotes_or_too_many_cells_are_named_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\na,x\n"open,x\nwhere, then,x\nb,x\n')
    found = read_checked(path)
    assert [row.text for row in found.rows] == ["a", "b"]
    assert by_kind(found.problems) == {"not_csv": (2, ("3", "4"))}
    with pytest.raises(DataError, match=r"a\.csv:3: no CSV row: unexpected end of data"):
        read_labelled_texts(path)
