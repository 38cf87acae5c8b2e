"""Labelled texts from JSONL and CSV files, and from the Hugging Face hub, as examples of intents."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.data.problems import CheckedFile, Problem, check_rows, read_checked
from model.errors import DataError
from training.datasets.examples import Example, Person

Load = Callable[..., Any]  # datasets.load_dataset, which is untyped
_TIME_COLUMN = "asked_at"


@dataclass(frozen=True, slots=True)
class OutsideExamples:
    """What one file or one data set of the hub gave."""

    name: str
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class HubName:
    """A data set of the hub, or a local folder of the same layout."""

    name: str
    config: str | None = None
    split: str = "train"
    text: str = "text"
    label: str = "label"


def read_file(path: Path) -> OutsideExamples:
    """Rows `{"text", "label"}` as intents; bad rows are left out and named.

    Columns `conversation_id`, `contact_id` and `asked_at` (ISO 8601; UTC where no zone is given) are used
    where there are any. Raises `DataError` for a file without usable rows.
    """
    return _examples(f"file:{path.name}", path, read_checked(path))


def read_hub(hub: HubName, load: Load | None = None) -> OutsideExamples:
    """The rows of one split, by default `train`: a published test split stays unseen unless it is asked for.

    Numbers of classes are turned into their names. Raises `DataError` when the hub cannot be reached, has no
    such data set, or when columns or the split are missing.
    """
    try:
        splits = (load or _load_dataset())(hub.name, *([hub.config] if hub.config else []))
    except Exception as error:  # the library raises whatever its many readers raise
        raise DataError(_reason(hub, error)) from error
    if hub.split not in splits:
        raise DataError(
            f"{hub.name} has no split {hub.split!r}; take one of {sorted(splits)} with --hub-split"
        )
    split = splits[hub.split]
    missing = [column for column in (hub.text, hub.label) if len(split) and column not in split.column_names]
    if missing:
        raise DataError(
            f"{hub.name} has no column {missing[0]!r}, its columns are {sorted(split.column_names)}; "
            "name them with --text-column and --label-column"
        )
    names = getattr(split.features.get(hub.label), "names", None) or ()
    lines = []
    for line, row in enumerate(split, start=1):
        label = row[hub.label]
        is_class = isinstance(label, int) and 0 <= label < len(names)
        lines.append((line, {"text": row[hub.text], "label": names[label] if is_class else label}))
    path = Path(f"{hub.split}.jsonl")
    return _examples(f"hub:{hub.name}", path, check_rows(lines, path))


def _examples(source: str, path: Path, checked: CheckedFile) -> OutsideExamples:
    if not checked.rows:
        raise DataError(f"{source} has no rows; give lines with text and label")
    examples = tuple(
        Example(
            "intents",
            row.text,
            {"label": row.label},
            source,
            conversation_id=_name(row.fields.get("conversation_id")),
            person=Person(contact) if (contact := _name(row.fields.get("contact_id"))) else None,
            asked_at=_time(row.fields.get(_TIME_COLUMN), f"{path.name}:{row.line}"),
        )
        for row in checked.rows
    )
    return OutsideExamples(source, examples, checked.problems)


def _name(value: Any) -> str | None:  # JSON
    return str(value) if isinstance(value, str | int) and str(value).strip() else None


def _time(value: Any, where: str) -> datetime | None:  # JSON
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: {_TIME_COLUMN} is {value!r}, expected a time such as 2026-01-31T09:00Z"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _reason(hub: HubName, error: Exception) -> str:
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    if any(
        isinstance(cause, ConnectionError | TimeoutError) or "Connect" in type(cause).__name__
        for cause in chain
    ):
        return (
            f"{hub.name} cannot be loaded: the hub cannot be reached. Check the connection, or download the "
            "data set elsewhere and give its folder to --hub"
        )
    first = (str(error).splitlines() or [""])[0][:300]
    return (
        f"{hub.name} cannot be loaded from the hub ({type(error).__name__}: {first}); check name and --config"
    )


def _load_dataset() -> Load:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the library is first imported
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    from datasets import load_dataset

    load: Load = load_dataset
    return load
