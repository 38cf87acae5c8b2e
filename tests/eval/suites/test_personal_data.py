"""Precision and recall of the detector on planted texts, counted by hand, and on the set that comes along."""

import json
from pathlib import Path

import pytest

from eval.data.planted import read_planted
from eval.suites.personal_data import run
from knowledge import GENERAL_FOLDER
from model.errors import DataError

PLANTED = GENERAL_FOLDER / "test" / "privacy" / "planted.jsonl"


def written(folder: Path, *rows: object) -> Path:
    path = folder / "planted.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_places_found_missed_and_wrongly_found_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"text": "write to jane.doe@mail.example", "spans": [[9, 30, "email"]], "half": "a"},
        {"text": "the colour is blue", "spans": [[14, 18, "password"]], "half": "a"},
        {"text": "born on 4.5.1962 with MDVA-36718", "spans": [], "half": "b"},
        {
            "text": "MDVA-36718 for anna@x.example",
            "spans": [[15, 29, "email"]],
            "stays": [[0, 10]],
            "half": "b",
        },
    )
    figures = run(read_planted(path)).figures
    assert (figures["n"], figures["planted"], figures["found"]) == (4, 3, 3)
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["recall_interval"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
    assert figures["precision"] == pytest.approx(2 / 3)
    assert (figures["decoys"], figures["decoys_kept"]) == (2, 0.5)
    assert figures["by_kind"]["password"]["recall"] == 0.0
    assert figures["by_kind"]["birth_date"]["precision"] == 0.0
    assert (figures["halves"]["a"]["recall"], figures["halves"]["b"]["recall"]) == (0.5, 1.0)


def test_a_place_of_which_a_digit_is_left_is_not_found(tmp_path: Path) -> None:
    text = "call me on 07700 900123 5"
    result = run(read_planted(written(tmp_path, {"text": text, "spans": [[11, 25, "phone"]]})))
    assert result.figures["recall"] == 1.0
    short = written(tmp_path, {"text": "ask x07700 900123", "spans": [[4, 17, "phone"]]})
    assert run(read_planted(short)).figures["recall"] == 0.0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "short", "spans": [[0, 9, "email"]]}, r"planted.jsonl:1: \[0, 9\] lies outside"),
        ({"text": "short", "spans": [[0, 3, "shoe"]]}, "'shoe' is no kind of personal data"),
        ({"text": "short", "spans": [[0, 3]]}, r"spans must be \[begin, end, kind\]"),
    ],
)
def test_a_row_with_an_impossible_place_is_named(tmp_path: Path, row: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_planted(written(tmp_path, row))


def test_the_set_that_comes_along_is_found_as_promised() -> None:
    figures = run(read_planted(PLANTED)).figures
    assert (figures["n"], figures["planted"], figures["decoys"]) == (1015, 882, 237)
    for half in figures["halves"].values():
        assert half["recall"] >= 0.97
        assert half["precision"] >= 0.95
    assert figures["decoys_kept"] >= 0.97
