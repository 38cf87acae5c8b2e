"""What an import did, by ref; it does nothing itself."""

from dataclasses import dataclass, field

from knowledge.documents import Refusal


@dataclass(slots=True)
class ImportReport:
    """What an import did, by ref."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    """Those that are gone from the source."""
    kept: list[str] = field(default_factory=list)
    """Those not found in the source, but it could not be read in full; see `refusals`."""
    refusals: list[Refusal] = field(default_factory=list)
    """What was not imported, and why: the reader's refusals, then the store's."""
    touched: list[str] = field(default_factory=list)
    """Those whose answer changed, for the log."""

    @property
    def counts(self) -> dict[str, int]:
        """How many were added, changed, left as they were, retired and kept."""
        return {
            name: len(getattr(self, name)) for name in ("added", "changed", "unchanged", "retired", "kept")
        }
