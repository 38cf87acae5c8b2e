"""From examples to a folder of data sets: scrubs, splits, counts and writes; chooses nothing to leave out."""

import importlib.metadata
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.data.problems import Problem, about_labels
from eval.results import Track, data_sha256, untracked
from knowledge.privacy.places import KINDS, Kind
from knowledge.privacy.scrubbing import scrub
from model.errors import DataError
from model.files import rename_durably
from model.interfaces import Encoder
from training.datasets.card import Summary, data_card
from training.datasets.examples import COLUMNS, CONFIGS, LISTS, NUMBERS, SPLITS, Config, Example, Split
from training.datasets.splitting import SAME_ABOVE, Shares, Splitting, split_examples

COMMON_COLUMNS = ("source", "conversation_id", "asked_at", "group")
ROWS, ARROW = "data", "arrow"
"""Folders of the JSONL files and of what `save_to_disk` wrote."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a data set is made of."""

    examples: tuple[Example, ...]
    agent_names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: Mapping[str, int] | None = None
    """What of the store gave no example, by why."""
    intents: frozenset[str] = frozenset()
    """Intents that should have rows."""


def build(
    gathered: Gathered,
    out: Path,
    encoder: Encoder,
    *,
    shares: Shares | None = None,
    seed: int = 0,
    same_above: float = SAME_ABOVE,
    track: Track = untracked,
) -> Summary:
    """Write the data sets to the new folder `out`, which appears whole or not at all.

    One configuration each to `data/<config>/<split>.jsonl` and, as a `DatasetDict`, to `arrow/<config>`; with
    `README.md`, the data card, and `dataset.json`, the summary. Raises `DataError` when there is nothing to
    write, or something is there.
    """
    if not gathered.examples:
        raise DataError("there are no examples to build from; add --file or --hub, or let people use the bot")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} exists already; choose a new folder, data sets are never overwritten")
    wanted = shares or Shares()
    examples, counts = scrubbed(gathered.examples, gathered.agent_names)
    splitting = split_examples(
        examples, encoder, shares=wanted, seed=seed, same_above=same_above, track=track
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".data-set-", dir=out.parent))
    try:
        _write_rows(work, examples, splitting)
        summary = Summary(
            **_numbers(examples, splitting),
            scrubbed=counts,
            problems=(*gathered.problems, *_label_problems(examples, splitting, gathered.intents)),
            left_out=gathered.left_out or {},
            shares=wanted,
            seed=seed,
            same_above=same_above,
            data_sha256=data_sha256(work / ROWS),
            version=importlib.metadata.version("firstlast"),
        )
        (work / "README.md").write_text(data_card(summary, out.name), encoding="utf-8")
        (work / "dataset.json").write_text(json.dumps(summary.as_json(), indent=2) + "\n", encoding="utf-8")
        work.chmod(0o755)  # mkdtemp keeps it to its owner
        rename_durably(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return summary


def scrubbed(
    examples: Iterable[Example], agent_names: Sequence[str]
) -> tuple[list[Example], dict[Kind, int]]:
    """The examples without personal data, and how many places of each kind were replaced."""
    counts: Counter[Kind] = Counter()
    cleaned = []
    for example in examples:
        person = example.person
        clean = scrub(
            example.text,
            names=(*(person.names if person else ()), *agent_names),
            customer_ids=person.customer_ids if person else (),
        )
        counts.update(clean.counts)
        cleaned.append(replace(example, text=clean.text))
    return cleaned, {kind: counts[kind] for kind in KINDS if counts[kind]}


def _write_rows(folder: Path, examples: Sequence[Example], splitting: Splitting) -> None:
    from datasets import Dataset, DatasetDict, disable_progress_bars

    disable_progress_bars()
    for config in _configs(examples):
        rows: dict[Split, list[dict[str, Any]]] = {split: [] for split in SPLITS}  # JSON
        for example, group, split in zip(examples, splitting.groups.tolist(), splitting.splits, strict=True):
            if example.config == config:
                rows[split].append(_row(example, group))
        (folder / ROWS / config).mkdir(parents=True)
        for split in SPLITS:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows[split])
            (folder / ROWS / config / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        features = _features(config)
        made = DatasetDict()
        for split in SPLITS:  # column by column: a split without rows has its columns too
            columns = {column: [row[column] for row in rows[split]] for column in features}
            made[split] = Dataset.from_dict(columns, features=features)
        # without a number the library writes no file for a split without rows, and cannot read it again
        made.save_to_disk(str(folder / ARROW / config), num_shards=dict.fromkeys(SPLITS, 1))


def _row(example: Example, group: int) -> dict[str, Any]:  # JSON
    return {
        "text": example.text,
        **{column: example.fields[column] for column in COLUMNS[example.config]},
        "source": example.source,
        "conversation_id": example.conversation_id,
        "asked_at": example.asked_at.isoformat() if example.asked_at else None,
        "group": group,
    }


def _features(config: Config) -> Any:  # datasets.Features, which is untyped
    from datasets import Features, List, Value

    def kind(column: str) -> Any:
        if column in LISTS:
            return List(Value("string"))
        return Value("int64" if column in NUMBERS or column == "group" else "string")

    return Features({column: kind(column) for column in ("text", *COLUMNS[config], *COMMON_COLUMNS)})


def _configs(examples: Iterable[Example]) -> list[Config]:
    present = {example.config for example in examples}
    return [config for config in CONFIGS if config in present]


def _numbers(examples: Sequence[Example], splitting: Splitting) -> dict[str, Any]:  # fields of Summary
    labels: dict[Config, dict[str, dict[Split, int]]] = {config: {} for config in _configs(examples)}
    sources: dict[Config, Counter[str]] = {config: Counter() for config in labels}
    for example, split in zip(examples, splitting.splits, strict=True):
        by_split = labels[example.config].setdefault(example.label, dict.fromkeys(SPLITS, 0))
        by_split[split] += 1
        sources[example.config][example.source] += 1
    sizes = Counter(splitting.groups.tolist())
    times = [example.asked_at for example in examples if example.asked_at is not None]
    return {
        "counts": {
            config: {split: sum(counts[split] for counts in by_label.values()) for split in SPLITS}
            for config, by_label in labels.items()
        },
        "labels": {config: dict(sorted(by_label.items())) for config, by_label in labels.items()},
        "sources": {config: dict(sorted(counts.items())) for config, counts in sources.items()},
        "groups": len(sizes),
        "largest_group": max(sizes.values()),
        "too_large": splitting.too_large,
        "times": (min(times), max(times)) if times else None,
    }


def _label_problems(
    examples: Sequence[Example], splitting: Splitting, intents: frozenset[str]
) -> list[Problem]:
    seen: dict[str, set[str]] = {split: set() for split in SPLITS}
    for example, split in zip(examples, splitting.splits, strict=True):
        if example.config == "intents":
            seen[split].add(example.label)
    problems = [
        about_labels("label_only_in_test", "intents", (seen["test"] | seen["validation"]) - seen["train"]),
        about_labels("class_without_rows", "intents", intents - set().union(*seen.values())),
    ]
    return [problem for problem in problems if problem.count]
