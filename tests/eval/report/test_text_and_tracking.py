"""Figures as text, and as a run in MLflow that stays in its folder."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from eval.metrics.intervals import Interval
from eval.report.charts import Chart, Curve, write_charts
from eval.report.text import as_text
from eval.report.tracking import log_run, numbers, open_client
from eval.results import data_sha256, figure, write_items
from model.errors import DataError

FIGURES = {
    "n": 4,
    **figure("hit@1", 0.75, Interval(0.3006, 0.9544)),
    **figure("oos_auroc", None, None),
    "guaranteed": False,
    "comparison": {"dense": {"hit@1": 0.5}},
}
LINE = Chart("A line", "answered", "wrong", (Curve("one", (0.0, 1.0), (0.0, 0.5)),))


def test_the_report_has_a_line_a_figure_with_its_interval() -> None:
    assert as_text(FIGURES).splitlines() == [
        "n           4",
        "hit@1       0.7500  [0.3006, 0.9544]",
        "oos_auroc   -",
        "guaranteed  no",
        "comparison",
        "  dense",
        "    hit@1   0.5000",
    ]


def test_a_curve_is_told_by_its_length_and_names_are_listed() -> None:
    figures = {"curve": [{"x": 0.0}, {"x": 1.0}], "unknown_labels": ["a", "b"], "none": []}
    assert as_text(figures).splitlines() == [
        "curve           2 points, all with --json",
        "unknown_labels  ['a', 'b']",
        "none            []",
    ]


def test_an_empty_report_is_empty() -> None:
    assert as_text({}) == ""


def test_only_numbers_are_tracked_by_names_that_the_tracker_accepts() -> None:
    assert numbers({**FIGURES, "version": "abc"}) == {
        "n": 4.0,
        "hit_at_1": 0.75,
        "hit_at_1_interval.low": 0.3006,
        "hit_at_1_interval.high": 0.9544,
        "guaranteed": 0.0,
        "comparison.dense.hit_at_1": 0.5,
    }


def test_items_are_written_one_a_line_and_not_only_in_english(tmp_path: Path) -> None:
    write_items(tmp_path / "items.jsonl", [{"text": "où est mon colis ?"}, {"text": "two\nlines"}])
    lines = (tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[0] == '{"text": "où est mon colis ?"}'
    assert json.loads(lines[1]) == {"text": "two\nlines"}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/items.jsonl cannot be written"):
        write_items(tmp_path / "nowhere" / "items.jsonl", [])


@pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations
def test_a_tracked_run_is_found_again_with_its_figures_and_items(tmp_path: Path) -> None:
    first = log_run(
        tmp_path, "eval x", params={"seed": 3}, metrics=FIGURES, items=[{"id": "a"}], charts={"line": LINE}
    )
    second = log_run(tmp_path, "eval x", params={}, metrics={})
    assert first != second
    client = open_client(tmp_path)
    run = client.get_run(first)
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"] == "3"
    assert run.data.params["version.numpy"] == np.__version__
    assert run.data.metrics["hit_at_1"] == 0.75
    assert run.info.experiment_id == client.get_run(second).info.experiment_id
    kept = list((tmp_path / "mlruns").rglob("items.jsonl"))
    assert any(path.read_text() == '{"id": "a"}\n' for path in kept)
    assert [path.name for path in (tmp_path / "mlruns").rglob("*.png")] == ["line.png"]
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "true"


def test_a_chart_is_a_picture_under_its_name(tmp_path: Path) -> None:
    (path,) = write_charts(tmp_path / "new", {"line": LINE})
    assert path.name == "line.png"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_digest_of_data_changes_with_bytes_and_names_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = data_sha256(tmp_path)
    assert data_sha256(tmp_path) == before
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = data_sha256(tmp_path)
    (tmp_path / "c").write_text("3")
    assert len({before, renamed, data_sha256(tmp_path)}) == 3
