"""All tracked measurements as one HTML page that needs nothing else; measures nothing."""

import base64
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.metrics import Confusion
from eval.report.charts import Chart, Curve, draw
from eval.report.findings import Mistake, confusions, worst_mistakes
from eval.report.history import TrackedRun
from eval.report.targets import TARGETS, in_words
from eval.report.text import figure_rows
from eval.results import INTERVAL

_SHOWN_MISTAKES = 25
_SHOWN_CONFUSIONS = 20
_UNSET = ("None", "False", "")
"""What a parameter that was not given is kept as."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture inside the page."""

    name: str
    source: str
    """A `data:` address."""


@dataclass(frozen=True, slots=True)
class Section:
    """What the page tells of one measurement: its newest run, and how it came about."""

    name: str
    """The suite, unlike any other section's: numbered from the second setup on."""
    setup: str
    """What this setup has otherwise than the suite's others: `shots 10, repeats 5`; may be empty."""
    run: TrackedRun
    figures: Sequence[tuple[str, str]]
    """Name, and value with interval."""
    pictures: Sequence[Picture]
    trend: Picture | None
    """Headline figures over the runs on the same data; `None` with a single one."""
    earlier: int
    """Runs on the same data before this one."""
    targets: Sequence[Mapping[str, Any]]  # JSON
    """As `eval.report.targets.verdicts`."""
    confusions: Sequence[Confusion]
    mistakes: Sequence[Mistake]

    @property
    def anchor(self) -> str:
        """Where links find it on the page."""
        return self.name.replace(" ", "-")


def as_page(runs: Mapping[str, Sequence[TrackedRun]], *, title: str) -> str:
    """The page for the runs of each suite, newest first; what customers wrote is escaped.

    Each setup of a suite has a section of its own, told by its newest run.
    """
    sections = [section for suite, of_suite in runs.items() for section in _sections(suite, of_suite)]
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    template = _environment().get_template("report.html")
    return template.render(title=title, sections=sections, made_at=made_at)


def trend(runs: Sequence[TrackedRun]) -> Chart | None:
    """The figures with an interval over the runs, oldest first; `None` for fewer than two runs.

    Of nested figures none is drawn. Only figures in [0, 1] share the axis; others are left out.
    """
    if len(runs) < 2:
        return None
    oldest_first = list(reversed(runs))
    names = [key.removesuffix(INTERVAL) for key in runs[0].figures if key.endswith(INTERVAL)]
    curves = [
        Curve(name, tuple(at for at, _ in points), tuple(value for _, value in points))
        for name in names
        if len(points := _points(oldest_first, name)) > 1
    ]
    return Chart("Trend on the same data", "run", "figure", tuple(curves)) if curves else None


def _points(runs: Sequence[TrackedRun], name: str) -> list[tuple[float, float]]:
    values = [(float(at), run.figures.get(name)) for at, run in enumerate(runs, start=1)]
    return [(at, float(value)) for at, value in values if isinstance(value, int | float) and 0 <= value <= 1]


def _sections(suite: str, runs: Sequence[TrackedRun]) -> Iterator[Section]:
    by_setup: defaultdict[frozenset[tuple[str, str]], list[TrackedRun]] = defaultdict(list)
    for run in runs:
        by_setup[frozenset(run.setup.items())].append(run)
    common = frozenset.intersection(*by_setup)
    for number, (setup, alike) in enumerate(by_setup.items(), start=1):
        own = sorted(f"{name} {value}" for name, value in setup - common if value not in _UNSET)
        yield _section(suite if number == 1 else f"{suite} {number}", ", ".join(own), alike)


def _section(name: str, setup: str, runs: Sequence[TrackedRun]) -> Section:
    newest = runs[0]
    alike = [run for run in runs if run.data == newest.data]
    chart = trend(alike)
    drawn = BytesIO()
    if chart is not None:
        draw(chart).savefig(drawn, format="png", dpi=110)
    items = list(newest.items())
    figures = dict(newest.figures)
    targets = figures.pop(TARGETS, [])
    return Section(
        name=name,
        setup=setup,
        run=newest,
        figures=figure_rows(figures),
        pictures=[_picture(path.stem.replace("_", " "), path.read_bytes()) for path in newest.pictures()],
        trend=_picture(chart.title, drawn.getvalue()) if chart else None,
        earlier=len(alike) - 1,
        targets=targets,
        confusions=confusions(items, most=_SHOWN_CONFUSIONS),
        mistakes=worst_mistakes(items, most=_SHOWN_MISTAKES),
    )


def _picture(name: str, png: bytes) -> Picture:
    return Picture(name, f"data:image/png;base64,{base64.b64encode(png).decode()}")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: "" if value is None else f"{value:.3f}"
    environment.filters["in_words"] = in_words
    return environment
