"""What a suite hands back, and how it tells of its progress; prints and stores nothing."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from eval.metrics import wrong_among_answered
from eval.metrics.intervals import (
    Interval,
    Rows,
    bootstrap,
    bootstrap_at_once,
    bootstrap_mean,
    clopper_pearson,
    wilson,
)
from eval.report.charts import Chart
from model.errors import DataError
from model.manifests import file_sha256

INTERVAL = "_interval"
"""Ends the key of a figure's interval."""
DATA_SHA256 = "data_sha256"
"""Names the digest of the data among the parameters of a run."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """Figures of one run, and what each item contributed."""

    figures: Mapping[str, Any]  # JSON
    """By key, each mean followed by `<key>_interval`; `None` where there is nothing to measure."""
    items: tuple[Mapping[str, Any], ...]  # JSON
    """One object an item, in the order of the data."""
    charts: Mapping[str, Chart] = field(default_factory=dict)
    """Curves by the name of their file."""


class Track(Protocol):
    """Passes items on while it shows how far the work has come."""

    def __call__(self, items: Sequence[T], *, doing: str) -> Iterable[T]:
        """The items in order; `doing` says what is done with them."""
        ...


def untracked(items: Sequence[T], *, doing: str) -> Iterable[T]:  # noqa: ARG001
    """The items, silently."""
    return items


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval; neither where there was nothing to measure."""

    value: float | None
    interval: Interval | None

    @classmethod
    def share(cls, count: int, n: int) -> "Figure":
        """A share of independent items, with Wilson's interval."""
        return cls(count / n, wilson(count, n)) if n else cls(None, None)

    @classmethod
    def promise(cls, wrong: int, answered: int) -> "Figure":
        """A share that something is promised of, with the exact interval, which is never too narrow."""
        share = wrong_among_answered(wrong, answered)
        return cls(share, clopper_pearson(wrong, answered) if answered else None)

    @classmethod
    def resampled(
        cls, statistic: Callable[[Rows], float | None], n: int, rng: np.random.Generator
    ) -> "Figure":
        """A statistic of the positions of `n` items, with the bootstrap's interval; neither if undefined."""
        value = statistic(np.arange(n)) if n else None
        return cls(value, None if value is None else bootstrap(statistic, n, rng=rng))

    @classmethod
    def resampled_at_once(
        cls, statistic: Callable[[Rows], NDArray[np.float64]], n: int, rng: np.random.Generator
    ) -> "Figure":
        """`resampled` by a statistic of many resamples' positions, `(n_resamples, n)`; NaN if undefined."""
        value = float(statistic(np.arange(n)[None])[0]) if n else np.nan
        if np.isnan(value):
            return cls(None, None)
        return cls(value, bootstrap_at_once(statistic, n, rng=rng))

    @classmethod
    def mean(
        cls, values: Sequence[float], rng: np.random.Generator, *, clusters: Sequence[str] | None = None
    ) -> "Figure":
        """The mean of one value or more, with the bootstrap's interval over items or their `clusters`."""
        interval = bootstrap_mean(values, rng=rng, clusters=clusters)
        return cls(float(np.mean(values)), interval)

    def under(self, key: str) -> dict[str, Any]:  # JSON
        """The value under `key` and the interval under `<key>_interval`."""
        return figure(key, self.value, self.interval)


def figures_json(figures: Any) -> dict[str, Any]:  # a dataclass of figures; JSON
    """The figures under the names of their fields, each `Figure` followed by `<name>_interval`."""
    shown: dict[str, Any] = {}
    for field_ in fields(figures):
        value = getattr(figures, field_.name)
        if isinstance(value, Figure):
            shown |= value.under(field_.name)
        else:
            shown[field_.name] = figures_json(value) if is_dataclass(value) else value
    return shown


def figure(key: str, value: float | None, interval: Interval | None) -> dict[str, Any]:  # JSON
    """A figure with its interval, under `key` and `<key>_interval`."""
    return {key: value, f"{key}{INTERVAL}": [interval.low, interval.high] if interval else None}


def percentiles(milliseconds: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """`p50_ms` and `p95_ms` of at least one time, interpolated, to the microsecond."""
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3)}


def data_sha256(*paths: Path) -> str:
    """One digest of the files, and of all files in the folders, by their names and bytes."""
    digest = hashlib.sha256()
    for path in paths:
        files = [path] if path.is_file() else sorted(entry for entry in path.rglob("*") if entry.is_file())
        for file in files:
            digest.update(f"{file.relative_to(path.parent)}\0{file_sha256(file)}\n".encode())
    return digest.hexdigest()


def write_items(path: Path, items: Iterable[Mapping[str, Any]]) -> None:  # JSON
    """One JSON object a line. Raises `DataError` when the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror}); choose another place for the items"
        ) from error
