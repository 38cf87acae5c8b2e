"""Writes the data card: a README that the Hugging Face hub and `load_dataset` understand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eval.data.problems import Problem
from knowledge.privacy.places import Kind
from training.datasets.examples import SPLITS, Config, Split
from training.datasets.splitting import Shares

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "n>1M"

_ABOUT: Mapping[Config, str] = {
    "intents": "What the customer wants. From the store: what an agent said, `out_of_scope` for what no "
    "intent is about; from files and the hub: whatever stands there.",
    "teams": "The team of the agent who answered the first question of a conversation; not where the words "
    "asked for a person, or told nobody what they are about.",
    "questions": "Which answers resolve a question (`refs`) and which do not (`rejected_refs`: the "
    "customer said so, or asked for a person rather than pick one). `how` says "
    "how that is known: `confirmed` by the customer; `picked` by the customer when the bot asked back; a "
    "`person` answered (with the learned answer where one was approved from the reply, else with no ref); an "
    "`approved_phrasing` of a learned answer; `unresolved`, only rejected answers are known.",
    "handoffs": "`needed_person`: a person answered after the bot handed over, for the `reason` named; "
    "`resolved_by_bot`: the customer said that the bot's answer helped.",
    "wants_person": "`person`: words after which the customer pressed the button for a person, and which are "
    "about no intent, as an agent says or because no word tells what they are about; `no`: questions whose "
    "answer by the bot helped.",
    "sentiment": "Comments left with a rating; the label is the rating: 1 and 2 negative, 3 neutral, 4 and 5 "
    "positive.",
    "csat": "All that the customer said in a rated conversation, a message a line, with the rating.",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What was built, in numbers: no text and no name stands in it."""

    counts: Mapping[Config, Mapping[Split, int]]
    labels: Mapping[Config, Mapping[str, Mapping[Split, int]]]
    sources: Mapping[Config, Mapping[str, int]]
    groups: int
    largest_group: int
    too_large: int
    times: tuple[datetime, datetime] | None
    scrubbed: Mapping[Kind, int]
    problems: tuple[Problem, ...]
    left_out: Mapping[str, int]
    shares: Shares
    seed: int
    same_above: float
    data_sha256: str
    version: str

    @property
    def size(self) -> int:
        """All rows."""
        return sum(sum(splits.values()) for splits in self.counts.values())

    def as_json(self) -> dict[str, Any]:  # JSON
        """The summary as `firstlast data build --json` prints it."""
        return {
            "n": self.size,
            "configs": {
                config: {
                    "splits": dict(self.counts[config]),
                    "labels": {label: dict(splits) for label, splits in self.labels[config].items()},
                    "sources": dict(self.sources[config]),
                }
                for config in self.counts
            },
            "groups": self.groups,
            "largest_group": self.largest_group,
            "groups_kept_in_train": self.too_large,
            "time_range": [time.isoformat() for time in self.times] if self.times else None,
            "scrubbed": dict(self.scrubbed),
            "data_problems": [problem.as_json() for problem in self.problems],
            "left_out": dict(self.left_out),
            "shares": {"validation": self.shares.validation, "test": self.shares.test},
            "seed": self.seed,
            "same_above": self.same_above,
            "data_sha256": self.data_sha256,
            "version": self.version,
        }


def data_card(summary: Summary, name: str) -> str:
    """The card as Markdown with YAML front matter."""
    parts = [
        _front_matter(summary, name),
        f"# {name}",
        "Made by `firstlast data build`; figures of every kind are in `dataset.json` too. Rows are in "
        "`data/<configuration>/<split>.jsonl`, and in `arrow/<configuration>` for `datasets.load_from_disk`.",
        "## Configurations",
        *(_configuration(summary, config) for config in summary.counts),
        "## How it was split",
        _splitting(summary),
        "## Personal data",
        _personal_data(summary),
        "## Known gaps",
        _gaps(summary),
        "## Origin",
        f"firstlast {summary.version}; data SHA-256 `{summary.data_sha256}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(summary: Summary, name: str) -> str:
    lines = [
        "---",
        f"pretty_name: {json.dumps(name, ensure_ascii=False)}",
        "license: unknown",
        "task_categories:",
        "- text-classification",
        "tags:",
        "- firstlast",
        "size_categories:",
        f"- {size_category(summary.size)}",
        "configs:",
    ]
    for config in summary.counts:
        lines += [f"- config_name: {config}", "  data_files:"]
        for split in SPLITS:
            if summary.counts[config][split]:  # an empty file has no columns to be read by
                lines += [f"  - split: {split}", f"    path: data/{config}/{split}.jsonl"]
    return "\n".join([*lines, "---"])


def size_category(rows: int) -> str:
    """The hub's name for that many rows."""
    return next((name for limit, name in _SIZES if rows < limit), _LARGEST)


def _configuration(summary: Summary, config: Config) -> str:
    by_label = summary.labels[config]
    rows = [
        f"| {label} | {' | '.join(str(counts[split]) for split in SPLITS)} |"
        for label, counts in by_label.items()
    ]
    total = " | ".join(str(summary.counts[config][split]) for split in SPLITS)
    sources = ", ".join(f"{source} {count}" for source, count in summary.sources[config].items())
    table = [
        f"| {'how' if config == 'questions' else 'label'} | {' | '.join(SPLITS)} |",
        "|---|---|---|---|",
        *rows,
        f"| **all** | {total} |",
    ]
    return "\n\n".join([f"### {config}", _ABOUT[config], "\n".join(table), f"Rows by source: {sources}."])


def _splitting(summary: Summary) -> str:
    shares, times = summary.shares, summary.times
    span = (
        f"Times run from {times[0].isoformat()} to {times[1].isoformat()}." if times else "No row has a time."
    )
    return (
        f"{summary.size} rows in {summary.groups} groups, the largest of {summary.largest_group}. A group "
        "holds all rows of a conversation, of a customer, of a text (case, spacing and outer marks ignored), "
        f"and texts with a cosine of at least {summary.same_above:g}; it stays in one split, over all "
        f"configurations. {span} Groups with a time: the newest {shares.test:.0%} of rows are test, those "
        f"before them ({shares.validation:.0%}) validation. Groups without: drawn at random, label by label, "
        f"seed {summary.seed}. Groups kept in train because they are larger than a whole split: "
        f"{summary.too_large}."
    )


def _personal_data(summary: Summary) -> str:
    replaced = ", ".join(f"{kind} {count}" for kind, count in summary.scrubbed.items()) or "none"
    return (
        f"Replaced by their kind in square brackets, with the number of places: {replaced}. Names are those "
        "of the customer and of agents, and of whoever introduced themselves; other names, addresses in "
        "languages other than English, German and French, and what a story tells of a person may remain: "
        "read before you share."
    )


def _gaps(summary: Summary) -> str:
    lines = [f"- {problem}" for problem in summary.problems]
    lines += [f"- left out, {why.replace('_', ' ')}: {count}" for why, count in summary.left_out.items()]
    lines.append(
        "- Customers who rate or confirm are not all customers: outcomes are known of those who said so."
    )
    return "\n".join(lines)
