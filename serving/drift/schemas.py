"""Drift as JSON: what `GET /v1/drift` and `firstlast drift --json` give."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from serving.drift.report import Against, DriftReport, Verdict


class DriftChangeOut(BaseModel):
    """One share or mean, then and now; in [0, 1], a mood in [-1, 1]."""

    model_config = ConfigDict(from_attributes=True)

    label: str
    """The intent, the language, the tone; empty for a signal that is one number."""
    reference: float
    reference_interval: list[float]
    """95 %: low, high."""
    now: float
    """Of the days since `now_since`."""
    now_interval: list[float]
    examples: list[str]
    """Conversations that it is about, the newest first."""


class DriftComparisonOut(BaseModel):
    """A signal of the last weeks beside what it was."""

    model_config = ConfigDict(from_attributes=True)

    signal: str
    against: Against
    verdict: Verdict
    reference_n: int
    n: int
    """Questions of the days since `now_since`, for `helped` answers that were judged."""
    evidence: float
    """Decimal digits of the betting score against "as before"."""
    needed: float
    """Digits from which it is called moved."""
    moved_on: date | None
    changes: list[DriftChangeOut]
    """What differs most; what there is more of comes first."""
    what_to_do: str


class DriftOut(BaseModel):
    """What is watched, until the end of yesterday (UTC)."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    watched_since: date
    reference_since: date
    """The month before is from here until `watched_since`."""
    now_since: date
    """What is shown as now is from here until the end of `day`."""
    model: str | None
    model_since: date | None
    """When the set in service first answered, where another one did earlier in this time."""
    comparisons: list[DriftComparisonOut]
    """Those that moved first."""


def drift_json(report: DriftReport) -> DriftOut:
    """The report as it is sent."""
    return DriftOut.model_validate(report)
