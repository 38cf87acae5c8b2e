"""What an import did and what it left out, by ref and path; it does nothing itself."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from knowledge.documents import ArticleDocument, HeldBack, MissingFile, PassedOver, Refusal, suffix_counts

_SHOWN_PATHS = 3
_LINE = re.compile(r":\d+\Z")


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that a source keeps elsewhere than in its pages."""

    name: str
    """As the source writes it: `{{ site.phone }}`, `<Price />`."""
    paths: tuple[str, ...]
    """The pages that it is missing in."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, by ref, and what it left out, by path within the source."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    """Those that say the same and stand elsewhere in the source."""
    retired: list[str] = field(default_factory=list)
    """Those that are gone from the source."""
    kept: list[str] = field(default_factory=list)
    """Those not found in the source, but it could not be read in full; see `refusals`."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Slugs of articles whose own was taken by another article, by path."""
    same_as: dict[str, list[str]] = field(default_factory=dict)
    """Paths that other sources in use say already, in the same words, by source; they count as unchanged."""
    held_back: list[HeldBack] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    missing_files: list[MissingFile] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """What was not imported, and why: the reader's refusals, then the store's."""
    files_read: dict[str, int] = field(default_factory=dict)
    """How many files of each kind gave something, by suffix."""
    touched: list[str] = field(default_factory=list)
    """Those whose answer changed, for the log."""
    in_use_before: int = 0
    """Articles and answers of this source that customers could be given before the import."""
    in_use_after: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many were added, changed, left as they were, moved, retired and kept."""
        names = ("added", "changed", "unchanged", "moved", "retired", "kept")
        return {name: len(getattr(self, name)) for name in names}

    @property
    def doubt(self) -> str:
        """Why a person should look before this import is taken; empty when nothing is odd."""
        retired = len(self.retired)
        if retired > 1 and 3 * retired > self.in_use_before:
            return (
                f"{retired} of {self.in_use_before} articles and answers of this source would be retired, "
                "more than a third"
            )
        if not (self.in_use_after or self.unchanged):
            return "after it, nothing of this source could be found"
        return ""

    def summary(self) -> str:
        """What happened, in one line."""
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items() if name != "kept")
        left_out = f"held back {len(self.held_back)}, passed over {len(self.passed_over)}"
        kept = (
            f"; kept {len(self.kept)} that were not found but may be in what was refused" if self.kept else ""
        )
        return f"{counts}, {left_out}, refused {len(self.refusals)}{kept}"

    def left_out_lines(self) -> list[str]:
        """What is not in the knowledge, or not as it was written, a line each."""
        passed_over = suffix_counts(passed.path for passed in self.passed_over)
        return [
            *(f"held back {held.path}: {held.reason.value}" for held in self.held_back),
            *(f"passed over {count} {suffix}: not read" for suffix, count in passed_over.items()),
            *(
                f"not twice {_few(paths)}: source {source!r} says the same already"
                for source, paths in self.same_as.items()
            ),
            *(f"renamed {path}: its slug was taken, it is {slug!r}" for path, slug in self.renamed.items()),
            *(
                f"hole {hole.name} in {_few(hole.paths)}: sentences with it are not shown"
                for hole in self.holes
            ),
            *(
                f"missing {missing.target} in {missing.path}: the picture is left out"
                for missing in self.missing_files
            ),
            *(f"refused {refusal.path}: {refusal.reason}" for refusal in self.refusals),
        ]

    def as_json(self) -> dict[str, Any]:
        """The report as the command, the API and the page show it."""
        return {
            **self.counts,
            "read": self.files_read,
            "renamed": self.renamed,
            "same_as": self.same_as,
            "held_back": [{"path": held.path, "reason": held.reason.value} for held in self.held_back],
            "passed_over": suffix_counts(passed.path for passed in self.passed_over),
            "holes": [
                {"name": hole.name, "articles": len(hole.paths), "paths": hole.paths} for hole in self.holes
            ],
            "missing_files": [
                {"file": missing.target, "path": missing.path} for missing in self.missing_files
            ],
            "refused": [{"path": refusal.path, "reason": refusal.reason} for refusal in self.refusals],
        }


@dataclass(frozen=True, slots=True)
class Unread:
    """What of a source could not be read, so that nothing in it counts as gone."""

    files: frozenset[str]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, refusals: Iterable[Refusal]) -> "Unread":
        """What the refusals of a reader stand for; a refused row stands for its file."""
        paths = {_file_of(_LINE.sub("", refusal.path)) for refusal in refusals}
        folders = tuple(sorted(path.removeprefix("./") for path in paths if path.endswith("/")))
        return cls(frozenset(path for path in paths if not path.endswith("/")), folders)

    def may_hold(self, path: str | None) -> bool:
        """Whether an article from this place may be in it; one whose place is not known may be anywhere."""
        if path is None:
            return bool(self.files or self.folders)
        return _file_of(path) in self.files or any(path.startswith(folder) for folder in self.folders)

    def holds_rows(self, article_paths: Set[str | None]) -> bool:
        """Whether pairs of question and answer may be in it: something is that is not one article."""
        return bool(self.folders) or not self.files <= article_paths


def holes_in(articles: Iterable[ArticleDocument]) -> list[Hole]:
    """What the articles miss, that which most of them miss first."""
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for article in articles:
        for name in dict.fromkeys(article.holes):
            paths[name].append(article.path)
    ordered = sorted(paths.items(), key=lambda hole: (-len(hole[1]), hole[0]))
    return [Hole(name, tuple(in_paths)) for name, in_paths in ordered]


def _few(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are."""
    more = f" and {len(paths) - _SHOWN_PATHS} more" if len(paths) > _SHOWN_PATHS else ""
    return ", ".join(paths[:_SHOWN_PATHS]) + more


def _file_of(path: str) -> str:
    """The file of an article that is one of several in it, `file#id`."""
    return path.partition("#")[0]
