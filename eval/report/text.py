"""Figures as plain text for a terminal; formats them and adds none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eval.results import INTERVAL


def as_text(figures: Mapping[str, Any]) -> str:  # JSON
    """A line a figure: name, value, and its 95 % interval in brackets; a mapping becomes an indented block.

    Values have four decimals, `-` stands for a figure there was nothing to measure for.
    """
    rows = figure_rows(figures)
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows)


def figure_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:  # JSON
    """Name and value of each figure, as in `as_text`."""
    return list(_rows(figures, indent=""))


def with_interval(value: object, interval: tuple[float, float] | list[float] | None) -> str:
    """A figure, and its interval in brackets if it has one, as in `as_text`."""
    return _shown(value) + (f"  [{interval[0]:.4f}, {interval[1]:.4f}]" if interval else "")


def side_by_side(columns: Mapping[str, Mapping[str, Any]], keys: Iterable[str]) -> str:  # JSON
    """A line for each of the keys that a column has, a column for each set of figures, as in `as_text`."""
    rows = [("", *columns)]
    for key in keys:
        if any(key in figures for figures in columns.values()):
            cells = (_cell(figures, key) for figures in columns.values())
            rows.append((key, *cells))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines, every column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _cell(figures: Mapping[str, Any], key: str) -> str:  # JSON
    return with_interval(figures.get(key), figures.get(key + INTERVAL))


def _rows(figures: Mapping[str, Any], *, indent: str) -> Iterator[tuple[str, str]]:  # JSON
    for key, value in figures.items():
        if key.endswith(INTERVAL) and key.removesuffix(INTERVAL) in figures:
            continue
        if isinstance(value, Mapping):
            yield indent + key, ""
            yield from _rows(value, indent=indent + "  ")
        else:
            yield indent + key, with_interval(value, figures.get(key + INTERVAL))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return f"{len(value)} points, all with --json"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
