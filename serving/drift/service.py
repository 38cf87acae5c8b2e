"""Watches for drift: counts once a day what was asked, and remembers what came of it; it serves nobody."""

import threading
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from serving.db.session import Database
from serving.db.tables import now
from serving.drift import repository
from serving.drift.report import DriftReport, Window, report
from serving.drift.tallies import Counts, tally
from serving.models.service import card_of

DAYS = 28
"""How long is watched, and compared with as long before."""
REFERENCE_KEY = "reference"
"""Where a model set's card has the counts of its training."""


class DriftWatch:
    """What has moved, counted anew once a day and when another set comes into service."""

    def __init__(self, database: Database, models_folder: Path, version: Callable[[], str | None]) -> None:
        """`version` gives the model set in service."""
        self._database = database
        self._models_folder = models_folder
        self._version = version
        self._lock = threading.Lock()
        self._known: tuple[tuple[date, str | None], DriftReport] | None = None

    def report(self) -> DriftReport:
        """As of yesterday; the first call of a day takes a moment, and others wait for it."""
        with self._lock:
            key = (now().date(), self._version())
            if self._known is None or self._known[0] != key:
                made = drift_report(self._database, self._models_folder, version=key[1], today=key[0])
                self._known = (key, made)
            return self._known[1]


def drift_report(
    database: Database, models_folder: Path, *, version: str | None, today: date, days: int = DAYS
) -> DriftReport:
    """What has moved until the day before `today` (UTC), for the model set `version`.

    `days` are watched at most, an even number of weeks, and compared with as many before.
    """
    window = Window.at(today, days)
    until_end = (today - window.reference_start).days
    with database.reading() as session:
        tallies = tally(session, window.reference_start, until_end, version=version)
        intents = repository.count_intents(session)
    trained_on, why = trained_counts(models_folder / version if version else None)
    return report(tallies, window, intents=intents, model=version, trained_on=trained_on, why=why)


def trained_counts(folder: Path | None) -> tuple[Mapping[str, Counts] | None, str]:
    """The counts of a set's training by signal; `None`, with the reason, where it has none."""
    if folder is None:
        return None, "no model set is in service"
    reference = card_of(folder).get(REFERENCE_KEY)
    if not isinstance(reference, dict):
        return (
            None,
            f"the set {folder.name} was made before this version; it can be after the next training",
        )
    if not reference:
        return None, (
            "the set was calibrated on general questions; give it your own in calibration/questions.jsonl"
        )
    return reference, ""
