"""What an import did, by ref; it does nothing itself."""

from dataclasses import dataclass, field

from knowledge.documents import Refusal


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, by ref."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Those that are gone from the source."""
    kept: tuple[str, ...] = ()
    """Those not found in the source, but it could not be read in full; see `refusals`."""
    refusals: tuple[Refusal, ...] = ()
    """What was not imported, and why: the reader's refusals, then the store's."""


@dataclass(slots=True)
class Tally:
    """The report while it grows."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    """Refs whose answer changed, for the log."""

    def report(self) -> ImportReport:
        """The finished report."""
        return ImportReport(
            added=tuple(self.added),
            changed=tuple(self.changed),
            unchanged=tuple(self.unchanged),
            retired=tuple(self.retired),
            kept=tuple(self.kept),
            refusals=tuple(self.refusals),
        )
