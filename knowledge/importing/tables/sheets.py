"""Sheets of Excel workbooks to question/answer pairs and articles, cells as people see them."""

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from itertools import islice
from typing import Any

from knowledge.documents import HeldBack, HeldBackReason, Item, QuestionAnswer, Refusal
from knowledge.importing.archives import check_office_file
from knowledge.importing.files import NotKnowledgeError, RefusedError, SourceFile
from knowledge.importing.tables.records import COLUMNS, holds_knowledge, table_items
from knowledge.importing.tables.text import Row, known_columns

MAX_CELLS = 2_000_000
"""Of a workbook; more is a database, not an answer list."""
MAX_COLUMNS = 200
MAX_ROWS = 1_048_576
_HEADER_ROWS = 10
"""A header may stand below a title and a line or two of explanation."""
_CURRENCY = re.compile(r"\[\$(?P<in_brackets>[^\]-]{1,8}+)[^\]]{0,20}+\]|(?P<plain>[€$£¥₹])")
_DECIMALS = re.compile(r"[0#]\.(0+)")
_MAX_DECIMALS = 10


def xlsx_rows(file: SourceFile) -> Iterator[Item]:
    """Pairs and articles of each sheet that names the columns, as in CSV files, in one of its first rows.

    Formulas give the value they had when the workbook was saved. Hidden sheets are held back; refused rows
    are called by file, sheet and row. Raises `RefusedError`, and `NotKnowledgeError` when no sheet fits.
    """
    from openpyxl import load_workbook  # a tenth of a second, which who imports no workbook need not wait

    content = file.read_bytes()
    check_office_file(content)
    try:
        with warnings.catch_warnings(action="ignore"):  # of styles and extensions that do not matter here
            workbook = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # the library raises whatever the file's XML makes it raise
        raise RefusedError(
            "the file is no Excel workbook that can be read; save it again as .xlsx"
        ) from error
    fits = False
    for sheet in workbook.worksheets:
        try:
            for item in _sheet_items(sheet, file.name):
                fits = True
                yield item
        except RefusedError as error:
            fits = True
            yield Refusal(f"{file.name}#{sheet.title}", str(error))
    if not fits:
        raise NotKnowledgeError(
            "no sheet names the columns question and answer, or title and body, in its first rows"
        )


def old_excel_file(file: SourceFile) -> Iterator[Item]:
    """Refuses a workbook in the format before 2007, with the next step."""
    raise RefusedError(f"{file.suffix} is Excel's old format, which is not read; save it as .xlsx")


def _sheet_items(sheet: Any, file_name: str) -> Iterator[Item]:  # openpyxl is untyped
    rows = _filled_rows(sheet)
    header = next((row for row in islice(rows, _HEADER_ROWS) if _is_header(row)), None)
    if header is None:
        return
    name = f"{file_name}#{sheet.title}"
    if sheet.sheet_state != "visible":
        yield HeldBack(name, HeldBackReason.INTERNAL)
        return
    wanted = known_columns(_texts(header), COLUMNS).values()
    table = (_row(row, frozenset(wanted)) for row in rows)
    for item in table_items(Row(header.number, _texts(header)), table, name):
        yield replace(item, key=f"{sheet.title}#{item.key}") if isinstance(item, QuestionAnswer) else item


@dataclass(frozen=True, slots=True)
class _SheetRow:
    number: int
    cells: Sequence[Any]  # of openpyxl, which is untyped


def _filled_rows(sheet: Any) -> Iterator[_SheetRow]:
    """The rows that hold anything; raises `RefusedError` for too many, and for XML that cannot be read."""
    sheet.reset_dimensions()  # what a file says of its size is often wrong
    filled_cells = 0
    rows = enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1)
    while True:
        try:
            number, cells = next(rows)
        except StopIteration:
            return
        except Exception as error:  # as above
            raise RefusedError(f"sheet {sheet.title!r} cannot be read; save the workbook again") from error
        filled = sum(cell.value is not None for cell in cells)
        filled_cells += filled
        if filled_cells > MAX_CELLS or number > MAX_ROWS:
            raise RefusedError(
                f"sheet {sheet.title!r} has more than {MAX_CELLS} cells or {MAX_ROWS} rows; split it"
            )
        if filled:
            yield _SheetRow(number, cells)


def _is_header(row: _SheetRow) -> bool:
    return holds_knowledge(known_columns(_texts(row), COLUMNS))


def _row(row: _SheetRow, wanted: frozenset[int]) -> Row:
    """The row's texts; a problem when a cell that matters holds an error of its formula."""
    for place in sorted(wanted):
        if place < len(row.cells) and row.cells[place].data_type == "e":
            cell = row.cells[place]
            return Row(row.number, (), f"cell {cell.coordinate} is {cell.value}; correct its formula")
    return Row(row.number, _texts(row))


def _texts(row: _SheetRow) -> tuple[str, ...]:
    return tuple(
        _text(cell.value, cell.number_format) if cell.value is not None else "" for cell in row.cells
    )


def _text(value: object, number_format: str) -> str:
    """What a person would write for it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    return str(value).replace("_x000D_", "")  # how Excel keeps a carriage return


def _number(value: float, number_format: str) -> str:
    """With the percent sign, currency, decimals, thousands and leading zeros that its format gives it."""
    shown = number_format.split(";")[0]
    if not math.isfinite(value):
        return ""
    if len(shown) > 1 and set(shown) == {"0"}:
        return f"{value:0{len(shown)}.0f}"
    is_percent = "%" in shown
    number = Decimal(repr(value)) * (100 if is_percent else 1)
    if decimals := _DECIMALS.search(shown):
        places = min(len(decimals[1]), _MAX_DECIMALS)
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    elif is_percent or "0" in shown.replace("E+0", ""):
        number = number.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    else:
        number = number.normalize()
    text = f"{number:,f}" if "#,##" in shown else f"{number:f}"
    if is_percent:
        return f"{text}%"
    currency = _CURRENCY.search(shown)
    if currency is None:
        return text
    sign = currency["in_brackets"] or currency["plain"]
    stands_before = re.search("[0#]", shown[currency.end() :]) is not None
    return f"{sign}{text}" if stands_before and len(sign) == 1 else f"{text} {sign}"
