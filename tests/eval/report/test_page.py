"""The report: past runs read back, what stands out in them, and one page that needs nothing else."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.metrics import Confusion
from eval.report.charts import Chart, Curve
from eval.report.findings import Mistake, confusions, worst_mistakes
from eval.report.history import TrackedRun, tracked_runs
from eval.report.page import as_page, trend
from eval.report.targets import Target, verdicts
from eval.report.tracking import log_run
from model.errors import NotFoundError
from tests.mlflow_files import give_mlflow
from training.commands.evaluate import app

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations

ITEMS = [
    {"text": "<script>alert(1)</script>", "label": "refund", "predicted": "delivery", "confidence": 0.9},
    {"text": "where is it", "label": "delivery", "predicted": "delivery", "confidence": 0.99},
    {"text": "money back", "label": "refund", "predicted": "delivery", "confidence": 0.95},
]


def tracked(home: Path, *, accuracy: float, data: str = "d1", items: list[dict[str, Any]] = ITEMS) -> str:
    figures = {"n": 3, "accuracy": accuracy, "accuracy_interval": [0.1, 0.9], "by": {"plain": 0.25}}
    charts = {"risk_coverage": Chart("c", "x", "y", (Curve("bot", (0.0, 1.0), (0.0, 0.5)),))}
    params = {"data_sha256": data}
    return log_run(home, "eval intents", params=params, metrics=figures, items=items, charts=charts)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one suite, the oldest on other data, and a run of no suite."""
    home = give_mlflow(tmp_path_factory.mktemp("home with spaces"))
    tracked(home, accuracy=0.2, data="d0")
    tracked(home, accuracy=0.5)
    tracked(home, accuracy=0.75)
    log_run(home, "heads", params={}, metrics={"n": 1})
    return home


def test_runs_are_read_back_newest_first_with_figures_items_and_pictures(home: Path) -> None:
    runs = tracked_runs(home)
    assert list(runs) == ["intents"]
    assert [run.figures["accuracy"] for run in runs["intents"]] == [0.75, 0.5, 0.2]
    newest = runs["intents"][0]
    assert newest.figures["accuracy_interval"] == [0.1, 0.9]
    assert [item["text"] for item in newest.items()][1] == "where is it"
    assert [path.name for path in newest.pictures()] == ["risk_coverage.png"]


def test_runs_whose_files_are_gone_are_left_out_and_none_at_all_is_said(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    tracked(give_mlflow(copy), accuracy=0.5)
    shutil.rmtree(tracked_runs(copy)["intents"][0].folder)
    with pytest.raises(NotFoundError, match="no tracked measurement"):
        tracked_runs(copy)
    with pytest.raises(NotFoundError, match="firstlast eval answers --track"):
        tracked_runs(tmp_path / "nowhere")


def test_the_page_holds_figures_curves_mistakes_and_runs_no_script(home: Path) -> None:
    page = as_page(tracked_runs(home), title="How good")
    assert "0.7500  [0.1000, 0.9000]" in page
    assert page.count("data:image/png;base64,") == 2  # the curve and the trend
    assert "1 earlier on the same data" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_each_setup_of_a_suite_has_its_own_section_and_trend(tmp_path: Path) -> None:
    give_mlflow(tmp_path)
    for shots, accuracy in (("None", 0.9), ("10", 0.6), ("None", 0.95), ("10", 0.65), ("5", 0.5)):
        params = {"data_sha256": "d", "train": "t.jsonl", "shots": shots, "version.numpy": str(accuracy)}
        log_run(tmp_path, "eval intents", params=params, metrics={"accuracy": accuracy})
    page = as_page(tracked_runs(tmp_path), title="How good")
    headings = re.findall(r'<h2 id="(.*?)">(.*?)</h2>\n(?:<p>(.*?)</p>)?', page)
    assert headings == [
        ("intents", "intents", "shots 5"),
        ("intents-2", "intents 2", "shots 10"),
        ("intents-3", "intents 3", ""),
    ]
    assert [figure for figure in ("0.5000", "0.6500", "0.9500", "0.6000", "0.9000") if figure in page] == [
        "0.5000",
        "0.6500",
        "0.9500",
    ]
    assert page.count("1 earlier on the same data") == 2
    assert page.count("0 earlier on the same data") == 1


def test_the_page_says_which_targets_are_missed(tmp_path: Path) -> None:
    figures = {"accuracy": 0.75, "accuracy_interval": [0.1, 0.9]}
    targets = [Target("accuracy", 0.7, at_least=True), Target("accuracy", 0.8, at_least=True)]
    metrics = {**figures, "targets": verdicts(figures, targets)}
    log_run(give_mlflow(tmp_path), "eval intents", params={}, metrics=metrics)
    page = as_page(tracked_runs(tmp_path), title="How good")
    assert "<td>accuracy at least 0.7</td><td>reached, 0.7500  [0.1000, 0.9000]" in page
    assert (
        '<td>accuracy at least 0.8</td><td class="missed">missed, 0.7500  [0.1000, 0.9000]; '
        "the interval holds the target</td>"
    ) in page


def test_targets_of_one_suite_are_told_apart_by_their_options(tmp_path: Path) -> None:
    give_mlflow(tmp_path)
    for shots in ("10", "5"):
        met = verdicts({"accuracy": 0.9}, [Target("accuracy", 0.7, at_least=True)])
        log_run(tmp_path, "eval intents", params={"shots": shots}, metrics={"accuracy": 0.9, "targets": met})
    page = as_page(tracked_runs(tmp_path), title="How good")
    assert '<td><a href="#intents">intents</a> <span class="dim">shots 5</span></td>' in page
    assert '<td><a href="#intents-2">intents 2</a> <span class="dim">shots 10</span></td>' in page


def test_a_page_without_targets_has_no_table_of_them(home: Path) -> None:
    assert 'id="targets"' not in as_page(tracked_runs(home), title="How good")


def test_the_trend_goes_from_the_oldest_run_to_the_newest(home: Path) -> None:
    chart = trend(tracked_runs(home)["intents"])
    assert chart is not None
    assert chart.curves == (Curve("accuracy", (1.0, 2.0, 3.0), (0.2, 0.5, 0.75)),)


def test_a_single_run_has_no_trend(home: Path) -> None:
    assert trend(tracked_runs(home)["intents"][:1]) is None


def test_a_figure_outside_the_axis_is_no_point_of_the_trend(home: Path) -> None:
    runs = tracked_runs(home)["intents"]
    seconds = [with_figures(run, {"seconds": 9.0, "seconds_interval": [8.0, 10.0]}) for run in runs]
    assert trend(seconds) is None


def with_figures(run: TrackedRun, figures: Mapping[str, Any]) -> TrackedRun:
    return TrackedRun(run.suite, run.run_id, run.started_at, run.params, figures, run.folder)


def test_mistakes_come_surest_first_whatever_the_suite() -> None:
    items = [
        *ITEMS,
        {"text": "a", "outcome": "answered_wrong", "ref": "x", "right_refs": ["y"], "confidence": 0.97},
        {"text": "b", "outcome": "answered_right", "ref": "y", "right_refs": ["y"], "confidence": 1.0},
        {"text": "c", "outcome": "answered_wrong", "ref": "x", "right_refs": [], "kind": "needs_person"},
        {"text": "d", "scores": {"hit@1": 0.0}, "relevant": {"y": 1.0}, "found": ["x", "y"]},
        {"text": "e", "scores": {"hit@1": 1.0}, "relevant": {"y": 1.0}, "found": ["y"]},
    ]
    assert worst_mistakes(items, most=9) == [
        Mistake("a", "y", "x", 0.97),
        Mistake("money back", "refund", "delivery", 0.95),
        Mistake("<script>alert(1)</script>", "refund", "delivery", 0.9),
        Mistake("c", "needs_person", "x", None),
        Mistake("d", "y", "x", None),
    ]
    assert worst_mistakes(items, most=1) == [Mistake("a", "y", "x", 0.97)]
    assert worst_mistakes([], most=5) == []


def test_confusions_are_counted_by_pair() -> None:
    assert confusions(ITEMS, most=5) == [Confusion("refund", "delivery", 2)]
    assert confusions([{"text": "no label"}], most=5) == []


def test_the_command_writes_the_page_and_says_where(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    result = CliRunner().invoke(app, ["report", "--home", str(home), "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    assert '"suites": {"intents": 3}' in result.stdout
    assert out.read_text().startswith("<!doctype html>")
    nowhere = CliRunner().invoke(
        app, ["report", "--home", str(home), "--out", str(tmp_path / "no" / "r.html")]
    )
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.stderr
