"""Curves as pictures: plain values, and PNG files of them; measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 110


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart, through its points in the order given."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves on common axes."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]


def draw(chart: Chart) -> "Figure":
    """The chart as a figure, without any window or global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for curve in chart.curves:
        axes.plot(curve.xs, curve.ys, label=curve.name)
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    axes.grid(alpha=0.3)
    if chart.curves:
        axes.legend()
    return figure


def write_charts(folder: Path, charts: Mapping[str, Chart]) -> list[Path]:
    """`<name>.png` for each chart, in a folder that is made if need be; the files, in the order given.

    Raises `DataError` when the folder cannot be written.
    """
    paths = [folder / f"{name}.png" for name in charts]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, chart in zip(paths, charts.values(), strict=True):
            draw(chart).savefig(path, dpi=_DOTS_PER_INCH)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror}); choose another place for the charts"
        ) from error
    return paths
