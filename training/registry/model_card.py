"""Writes the card of a model set: its data, figures with intervals, limits and licences; measures nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.data.labelled import UNHAPPY_OUTCOMES
from eval.metrics import ConfusionMatrix, macro_f1
from eval.metrics.intervals import LEVEL, Rows
from eval.results import Figure
from model.encoder.onnx_encoder import encoder_manifest, find_encoder
from model.errors import ArtifactError
from serving.settings import DEFAULT_ENCODER
from training.confidence.calibration import RISKS
from training.heads.model_set import TrainedSet

CARD_FILE = "model_card.md"
_FEW = 10
_ACCURACY = ".accuracy"


@dataclass(frozen=True, slots=True)
class NamedEncoder:
    """An encoder that a set needs."""

    fingerprint: str
    name: str
    """What people call it; empty where its files are not in the home."""
    sha256: str
    """Of its weights in ONNX; empty likewise."""


def named_encoders(models_folder: Path, fingerprints: Iterable[str]) -> list[NamedEncoder]:
    """The encoders by fingerprint, with what their files in the home say."""
    found = []
    for fingerprint in sorted(fingerprints):
        try:
            about = encoder_manifest(find_encoder(models_folder, fingerprint))
        except ArtifactError:
            found.append(NamedEncoder(fingerprint, "", ""))
            continue
        found.append(NamedEncoder(fingerprint, about["name"], about["files"]["model.onnx"]))
    return found


def model_card(trained: TrainedSet, encoders: Sequence[NamedEncoder]) -> str:
    """The card as Markdown."""
    parts = [
        f"# Model set {trained.models.version}",
        "Reads what customers write to a business: what they want and which team serves it, in what mood "
        "they are, whether they ask for a person; and says how sure the bot may be of an answer. It is "
        "made to route and answer support messages, not to judge people. Made by `firstlast train`.",
        "## Data",
        _data(trained),
        "## Figures",
        _figures(trained),
        "## Limits",
        _limits(trained),
        "## Encoders",
        _table(
            ["encoder", "fingerprint", "SHA-256 of model.onnx"],
            [[one.name or "not in the home", one.fingerprint, one.sha256] for one in encoders],
        ),
        "They are kept in the home, in `models/encoder` and `models/encoders`, not in MLflow.",
        "## Licences",
        _licences(encoders),
    ]
    return "\n\n".join(parts) + "\n"


def _data(trained: TrainedSet) -> str:
    rows = [
        [one.name, str(len(one.texts)), str(len(set(one.labels or ()))), f"`{one.digest}`", f"`{one.source}`"]
        for one in trained.used
    ]
    lines = ["Not recorded."]
    if rows:
        lines = [_table(["data", "texts", "labels", "digest", "from"], rows)]
        lines.append("What a company folder lacks comes from the general data of firstlast.")
    if trained.builds_on:
        lines.append(
            f"All other parts are those of model set {trained.builds_on}; its card names their data."
        )
    return "\n\n".join(lines)


def _figures(trained: TrainedSet) -> str:
    heads = [
        [name, str(int(matrix.counts.sum())), _shown(_accuracy(matrix)), _shown(_macro_f1(matrix))]
        for name, matrix in trained.confusion.items()
    ]
    kept = [
        [name.removesuffix(_ACCURACY), "", f"{value:.3f}", ""]
        for name, value in trained.metrics.items()
        if name.endswith(_ACCURACY) and name.removesuffix(_ACCURACY) not in trained.confusion
    ]
    parts = [
        f"With {LEVEL:.0%} intervals, on texts that were held out from the fit in turn; without an interval "
        "where the figure was taken over from an earlier set.",
        _table(["head", "held-out texts", "accuracy", "macro-F1"], [*heads, *kept]),
    ]
    metrics = trained.metrics
    n = int(metrics.get("answers.n", 0))
    if n:
        best = Figure.share(round(metrics["answers.best_right"] * n), n)
        parts.append(f"Answers, {n} held-out decisions: the best candidate is right in {_shown(best)}.")
        rows = [_risk_row(metrics, n, risk) for risk in RISKS]
        parts.append(_table(["risk budget", "answered", "wrong among answered", "guaranteed"], rows))
        parts.append("The thresholds were found on these very decisions, which flatters the shares.")
    parts += _moods(trained)
    return "\n\n".join(parts)


def _risk_row(metrics: Mapping[str, float], n: int, risk: float) -> list[str]:
    answered = round(metrics[f"answers.coverage_at_risk_{risk}"] * n)
    wrong = Figure.promise(int(metrics[f"answers.wrong_at_risk_{risk}"]), answered)
    guaranteed = metrics[f"answers.guaranteed_at_risk_{risk}"] > 0
    return [f"{risk:g}", _shown(Figure.share(answered, n)), _shown(wrong), "yes" if guaranteed else "no"]


def _moods(trained: TrainedSet) -> list[str]:
    labels = next((one.labels or () for one in trained.used if one.name == "moods"), ())
    unhappy = sum(label in UNHAPPY_OUTCOMES for label in labels)
    calm = len(labels) - unhappy
    if not unhappy or not calm or "unhappy.warned" not in trained.metrics:
        return []
    warned = Figure.share(round(trained.metrics["unhappy.warned"] * unhappy), unhappy)
    false = Figure.share(round(trained.metrics["unhappy.false_alarms"] * calm), calm)
    return [
        f"Mood: {_shown(warned)} of {unhappy} conversations that ended badly were noticed before; false "
        f"alarms in {_shown(false)} of {calm} calm ones."
    ]


def _limits(trained: TrainedSet) -> str:
    calibrated_on = trained.parameters.get("calibrated_on", "data that nobody named")
    labels = next((one.labels or () for one in trained.used if one.name == "intent"), ())
    few = sorted(label for label, count in Counter(labels).items() if count < _FEW)
    lines = [
        "English; other languages are read worse, and nobody measured how much.",
        "The figures hold for messages like those it was trained on. How it does on others, `firstlast eval` "
        "tells; what was held out here is not a test set.",
        f"The confidence is calibrated on {calibrated_on}; other questions "
        "than those may be answered wrongly more often.",
        *([f"With fewer than {_FEW} texts, and so hardly known: {', '.join(few)}."] if few else []),
        "From these probabilities on, chosen on held-out data: "
        + ", ".join(f"{name} {value:.3f}" for name, value in sorted(trained.models.limits.items()))
        + ".",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _licences(encoders: Sequence[NamedEncoder]) -> str:
    lines = ["firstlast and the general data that come with it: Apache-2.0."]
    for name in sorted({one.name for one in encoders if one.name}):
        if name.startswith(DEFAULT_ENCODER):
            lines.append(f"Encoder {name}: Apache-2.0, as {DEFAULT_ENCODER} was published.")
        else:
            lines.append(f"Encoder {name}: that of the model it came from; see there.")
    lines.append("Your own data: yours. What the heads learned from them is in this set.")
    return "\n".join(f"- {line}" for line in lines)


def _accuracy(matrix: ConfusionMatrix) -> Figure:
    return Figure.share(int(np.trace(matrix.counts)), int(matrix.counts.sum()))


def _macro_f1(matrix: ConfusionMatrix) -> Figure:
    """With the bootstrap's interval: drawing items again is drawing the cells of their matrix again."""
    pairs = np.repeat(np.arange(matrix.counts.size), matrix.counts.ravel())

    def of(rows: Rows) -> float | None:
        drawn = np.bincount(pairs[rows], minlength=matrix.counts.size).reshape(matrix.counts.shape)
        there = drawn.sum(axis=0) + drawn.sum(axis=1) > 0
        labels = tuple(np.array(matrix.labels)[there])
        return macro_f1(ConfusionMatrix(labels, drawn[np.ix_(there, there)]))

    return Figure.resampled(of, len(pairs), np.random.default_rng(0))


def _shown(figure: Figure) -> str:
    if figure.value is None or figure.interval is None:
        return "–"
    return f"{figure.value:.3f} [{figure.interval.low:.3f}, {figure.interval.high:.3f}]"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
