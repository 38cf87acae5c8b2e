"""What a page's site keeps elsewhere: the values of its variables, and the texts that its pages include."""

import csv
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.importing.files import MAX_FILE_BYTES, RefusedError, SourceFile

_CONFIGS = {
    "_config.yml": "site",
    "_config.yaml": "site",
    "mkdocs.yml": "mkdocs",
    "mkdocs.yaml": "mkdocs",
    "hugo.toml": "hugo",
    "hugo.yaml": "hugo",
    "config.toml": "hugo",
    "config/_default/hugo.toml": "hugo",
    "config/_default/config.toml": "hugo",
    "config/_default/params.toml": "params",
}
"""Where a generator's settings stand, and how it names them in pages."""
_DATA_FOLDERS = {"_data": ("site", "data"), "data/variables": ("variables",)}
_INCLUDE_FOLDERS = ("", "_includes", "includes", "_snippets", "snippets", "data", "docs", "layouts/partials")
_WORDS = ("text", "content", "title", "name", "label")
_EMPTY_UNLESS_SET = ("site.baseurl", "site.url")
"""What Jekyll puts before the addresses of a site's own pages."""
_DEPTH = 20


class Site:
    """The folder that a page belongs to, with the folder above it, where settings often stand."""

    def __init__(self, file: SourceFile) -> None:
        self._page_folder = file.path.parent
        root = file.path.parents[file.name.count("/")]
        self._folders = (root, root.parent)

    def value(self, name: str, own: Mapping[str, Any]) -> str | None:
        """The text of a variable such as `site.company`, of a list its items; `None` when nobody says it.

        `own` holds what the page itself says, by the first part of the name.
        """
        found: Any = {**_variables(self._folders, _signature(self._folders)), **own}
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found is None and name in _EMPTY_UNLESS_SET:
            return ""
        if isinstance(found, list):
            return _bullets(found)
        if isinstance(found, bool) or not isinstance(found, (str, int, float)):
            return None
        return str(found)

    def included(self, name: str) -> str | None:
        """The text of a file that a page includes by this name; `None` when it is not in the folder."""
        name = name.strip().strip("'\"").split("#")[0].lstrip("/")
        name = name.removeprefix("@site/").removeprefix("@/")
        folders = [self._page_folder, *(folder / sub for folder in self._folders for sub in _INCLUDE_FOLDERS)]
        for folder in folders:
            for suffix in ("", ".md", ".mdx", ".html"):
                path = folder / f"{name}{suffix}"
                if self._holds(path):
                    try:
                        return SourceFile(path, path.name).read_text()
                    except RefusedError:
                        return None
        return None

    def _holds(self, path: Path) -> bool:
        """Whether the path is a file that no link or `..` has led out of the site."""
        try:
            return any(_is_inside(path, folder) for folder in self._folders) and path.is_file()
        except (OSError, ValueError):
            return False


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _bullets(entries: Sequence[object]) -> str | None:
    """A list of texts, or of mappings that hold one, as a Markdown list; `None` for any other."""
    lines = []
    for entry in entries:
        words = entry if isinstance(entry, str) else None
        if isinstance(entry, dict):
            words = next((entry[name] for name in _WORDS if isinstance(entry.get(name), str)), None)
        if words is None:
            return None
        lines.append(f"- {' '.join(words.split())}")
    return "\n\n" + "\n".join(lines) + "\n\n" if lines else None


def _signature(folders: tuple[Path, ...]) -> tuple[tuple[str, int, int], ...]:
    """Which settings there are and when they were written; equal signatures, equal variables."""
    return tuple(
        (str(path), status.st_mtime_ns, status.st_size)
        for path in _setting_files(folders)
        if (status := path.stat())
    )


def _setting_files(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from (folder / name for name in _CONFIGS if (folder / name).is_file())
        for data in _DATA_FOLDERS:
            yield from _data_files(folder / data, folder)


def _data_files(data: Path, folder: Path) -> list[Path]:
    """The files in the site's folder `data`, in order, without those that a link leads out of the site to."""
    return sorted(path for path in data.rglob("*") if path.is_file() and _is_inside(path, folder))


@lru_cache(maxsize=4)
def _variables(folders: tuple[Path, ...], signature: object) -> dict[str, Any]:  # noqa: ARG001
    """All variables, nested by the parts of their names; the nearer folder wins."""
    variables: dict[str, Any] = {}
    for folder in reversed(folders):
        for name, generator in _CONFIGS.items():
            values = data_of(folder / name)
            if isinstance(values, dict):
                _merge(variables, _named(values, generator))
        for data, parts in _DATA_FOLDERS.items():
            for path in _data_files(folder / data, folder):
                value = data_of(path)
                names = (*parts, *path.relative_to(folder / data).with_suffix("").parts)
                for part in reversed(names):
                    value = {part: value}
                _merge(variables, value)
    return variables


def _named(values: dict[str, Any], generator: str) -> dict[str, Any]:
    """The settings under the names that pages use."""
    if generator == "mkdocs":
        extra = values.get("extra")
        site = {"config": values, "extra": extra}
        return {**extra, **site} if isinstance(extra, dict) else site
    if generator == "hugo":
        params = values.get("params") or {}
        return {"Site": {"Params": params, "Title": values.get("title")}, "param": params}
    if generator == "params":
        return {"Site": {"Params": values}, "param": values}
    return {"site": values}


def _merge(target: dict[str, Any], values: Mapping[str, Any], depth: int = 0) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict) and depth < _DEPTH:
            _merge(target[name], value, depth + 1)
        else:
            target[name] = value


def data_of(path: Path) -> Any:  # whatever the file holds
    """What a site's data file holds, YAML, JSON, TOML or CSV; `None` when it cannot be understood."""
    readers: dict[str, Callable[[str], Any]] = {
        ".yml": _yaml,
        ".yaml": _yaml,
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".csv": _rows,
    }
    reader = readers.get(path.suffix.lower())
    try:
        if reader is None or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return None
        return reader(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError, csv.Error):
        return None


class _LenientLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads settings that name objects of Python, as MkDocs' do: these become nothing."""


_LenientLoader.add_multi_constructor("", lambda *_: None)


def _yaml(text: str) -> Any:  # whatever it holds
    return yaml.load(text, Loader=_LenientLoader)  # noqa: S506 - a SafeLoader


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))
