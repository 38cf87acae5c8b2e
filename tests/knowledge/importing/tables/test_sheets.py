"""Excel workbooks as people keep their answers in them; cells come out as people see them."""

from datetime import datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from knowledge.documents import ArticleDocument, HeldBack, HeldBackReason, ImportResult, PassedOver, Refusal
from knowledge.importing.source import read_source


def saved(folder: Path, sheets: dict[str, list[list[Any]]], name: str = "faq.xlsx") -> Path:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / name)
    return folder / name


def pairs(result: ImportResult) -> list[tuple[str, str, str]]:
    return [(pair.key, pair.question, pair.answer) for pair in result.question_answers]


def test_each_sheet_that_names_the_columns_is_read_and_others_are_not(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {
            "Billing": [["ID", "Question", "Answer"], [1, "How to pay?", "By card.\nOr by invoice."]],
            "Prices": [["Plan", "Price"], ["Basic", 9]],
            "Pages": [["Our pages"], [], ["Title", "Content"], ["Opening hours", "<b>9 to 5</b>"]],
        },
    )
    result = read_source(path)
    assert pairs(result) == [("Billing#1", "How to pay?", "By card.\nOr by invoice.")]
    assert result.articles == (
        ArticleDocument("opening-hours", "Opening hours", "**9 to 5**", path="faq.xlsx#Pages#opening-hours"),
    )
    assert (result.refusals, result.held_back) == ((), ())


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (3, "General", "3"),
        (3.0, "General", "3"),
        (0.1 + 0.2, "0.00", "0.30"),
        (2.5, "0", "3"),
        (9.99, '#,##0.00\\ "€"', "9.99 €"),
        (1234.5, "$#,##0.00", "$1,234.50"),
        (1234.5, "[$CHF-807]\\ #,##0.00;[Red]-[$CHF-807]\\ #,##0.00", "1,234.50 CHF"),
        (0.05, "0%", "5%"),
        (0.125, "0.0%", "12.5%"),
        (1234, "00000", "01234"),
        (12345678, "General", "12345678"),
        (1.5, "General", "1.5"),
        (True, "General", "yes"),
        (datetime(2026, 12, 31), "yyyy-mm-dd", "2026-12-31"),
        (datetime(2026, 12, 31, 9, 30), "dd.mm.yyyy hh:mm", "2026-12-31 09:30"),
        (time(9, 30), "hh:mm", "09:30"),
        (timedelta(hours=26), "[hh]:mm:ss", "1 day, 2:00:00"),
        ("=1+1", "General", None),
        ("01234", "General", "01234"),
    ],
)
def test_a_cell_is_what_people_see(tmp_path: Path, value: Any, number_format: str, text: str | None) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["question", "answer"])
    sheet.append(["q", value])
    sheet["B2"].number_format = number_format
    workbook.save(tmp_path / "a.xlsx")
    result = read_source(tmp_path / "a.xlsx")
    if text is None:  # a formula that was never worked out
        assert result.refusals == (Refusal("a.xlsx#Sheet:2", "answer is empty"),)
    else:
        assert [answer for _, _, answer in pairs(result)] == [text]


def test_hidden_sheets_are_held_back(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.worksheets[0].append(["question", "answer"])
    workbook.worksheets[0].append(["q", "a"])
    notes = workbook.create_sheet("Notes")
    notes.append(["question", "answer"])
    notes.append(["Which margin?", "40 %"])
    notes.sheet_state = "hidden"
    workbook.save(tmp_path / "a.xlsx")
    result = read_source(tmp_path / "a.xlsx")
    assert [question for _, question, _ in pairs(result)] == ["q"]
    assert result.held_back == (HeldBack("a.xlsx#Notes", HeldBackReason.INTERNAL),)


def test_bad_rows_are_refused_by_sheet_and_row_and_the_rest_is_read(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {
            "A": [
                ["question", "answer", "valid_until", "draft"],
                ["q1", "a1", datetime(2030, 1, 1), None],
                [None, "a2"],
                [None, None],
                ["q4", "#N/A"],
                ["q5", "a5", "some day"],
                ["q6", "a6", None, "yes"],
            ]
        },
    )
    result = read_source(path)
    assert [(pair.question, str(pair.valid_until)) for pair in result.question_answers] == [
        ("q1", "2030-01-01 00:00:00+00:00")
    ]
    assert [(refusal.path, refusal.reason) for refusal in result.refusals] == [
        ("faq.xlsx#A:3", "question is empty"),
        ("faq.xlsx#A:5", "cell B5 is #N/A; correct its formula"),
        ("faq.xlsx#A:6", "valid_until is 'some day'; write it as 2026-12-31T00:00:00Z"),
    ]
    assert [held.reason for held in result.held_back] == [HeldBackReason.DRAFT]


def test_a_workbook_without_the_columns_is_refused_alone_and_passed_over_in_a_folder(tmp_path: Path) -> None:
    path = saved(tmp_path, {"A": [["Plan", "Price"], ["Basic", 9]], "Empty": []})
    (tmp_path / "a.md").write_text("Text")
    reason = "no sheet names the columns question and answer, or title and body, in its first rows"
    assert read_source(path).refusals == (Refusal("faq.xlsx", reason),)
    assert read_source(tmp_path).passed_over == (PassedOver("faq.xlsx"),)


def test_a_header_alone_is_refused_and_the_other_sheets_are_read(tmp_path: Path) -> None:
    header = ["question", "answer"]
    result = read_source(saved(tmp_path, {"A": [header], "B": [header, ["q", "a"]]}))
    reason = "the table has no row below its header; add one"
    assert result.refusals == (Refusal("faq.xlsx#A", reason),)
    assert [question for _, question, _ in pairs(result)] == ["q"]


def zipped(**files: bytes) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is damaged or protected by a password; save it again without"),
        (b"question,answer\nq,a\n", "the file is damaged or protected by a password; save it again without"),
        (zipped(readme=b"x"), "the file is no Excel workbook that can be read; save it again as .xlsx"),
        (
            zipped(**{"xl/workbook.xml": bytes(210_000_000)}),
            "unpacked the file has 210000000 bytes, at most 200000000 are read; split it",
        ),
    ],
    ids=["empty", "text", "another archive", "bomb"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    assert read_source(tmp_path / "a.xlsx").refusals == (Refusal("a.xlsx", reason),)
