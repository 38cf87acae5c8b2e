"""Adapts the encoder to a business, measures gain and cost, and registers a model set on it if gates allow.

The order: split by need, adapt, export, measure beside the encoder in service, decide, refit the heads,
register. What is refused leaves nothing behind but its figures in MLflow.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.home import open_encoder
from eval.promotion.gates import Gate, failures
from eval.report.tracking import Step, log_run, numbers
from eval.results import Track, untracked
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError
from model.files import rename_durably
from serving.settings import Settings
from training.datasets.training_data import TrainingData
from training.encoder.adaptation_checks import (
    Check,
    EncoderComparison,
    beir_needs,
    general_needs,
    wording_rows,
)
from training.encoder.export import ensure_encoder, export_model, load_torch
from training.encoder.need_sources import gather_needs
from training.encoder.needs import Asked, Needs, Split, is_held_out, share_of, split
from training.encoder.pair_training import AdaptationOptions, GeneralTexts, adapt
from training.encoder.pairs import Pairs, make_pairs
from training.heads.model_set import Progress, train_model_set
from training.pipeline import gather
from training.registry.model_sets import register
from training.registry.registered_sets import RegisteredSet

EXPERIMENT = "encoder"
_MOST_GENERAL = 2000
_ADAPTED = ", adapted"
"""Ends the name of an adapted encoder, of which only the export is kept, no weights to train on."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What an adaptation gained and cost, and what became of it."""

    encoder: str
    """Fingerprint of the adapted encoder."""
    before: str
    """Fingerprint of the encoder in service, which it was measured beside."""
    checks: Mapping[str, Check]
    """`business` for the gain, the others for what it cost."""
    registered: RegisteredSet | None
    """`None` when a gate failed: nothing was kept then."""

    @property
    def gates(self) -> list[Gate]:
        """All gates, in the order they were asked."""
        return [gate for check in self.checks.values() for gate in check.gates]

    @property
    def failed(self) -> list[Gate]:
        """The gates that refused it."""
        return failures(self.gates)

    def report(self) -> dict[str, Any]:  # JSON
        """Figures and gates; no text of anybody."""
        return {
            "encoder": self.encoder,
            "before": self.before,
            "gain": self.checks["business"].figures,
            "elsewhere": {name: one.figures for name, one in self.checks.items() if name != "business"},
            "gates": [asdict(gate) for gate in self.gates],
        }


def adapt_and_register(
    settings: Settings,
    data: Path | None,
    *,
    from_store: bool = False,
    also: Sequence[Path] = (),
    options: AdaptationOptions,
    progress: Progress,
    track: Track = untracked,
) -> Adaptation:
    """Adapt the home's own encoder to the needs of `data` (see `gather_needs`), and judge it.

    It is held beside the encoder in service. `also` are BEIR folders on which it must not lose either. An
    interrupted run that is started again goes on where it was. Raises `DataError` for too few questions.
    """
    own = _own_encoder(settings)
    needs = gather_needs(settings, data, from_store=from_store)
    general = general_needs(needs)
    others = {"general questions": general} if general else {}  # read before anything is trained, so that
    others |= {f"also {path.name}": beir_needs(path) for path in also}  # a bad file costs no time
    parts = split(needs, seed=options.seed)
    progress(f"looking for hard negatives among {len(parts.training.knowledge)} answers")
    pairs = make_pairs(parts.training, own, rng=np.random.default_rng(options.seed))
    progress(f"adapting to {len(pairs.sure)} pairs and {len(pairs.weak)} of one intent")
    work = settings.models_folder / ".adapting"
    losses = _train(settings, own, pairs, _general_texts(parts, options.seed), options, work, track)
    progress("measuring gain and cost")
    adaptation = _judged(settings, work, needs, parts.held_out, others, options.seed, track)
    if not adaptation.failed:
        is_company = data is not None and (data / "company.toml").is_file()
        heads_data = gather(settings, data if is_company else None, from_store=False)
        unread = unseen(heads_data, pairs.texts, seed=options.seed)
        registered = _register(settings, adaptation, unread, work, options.seed, progress)
        adaptation = replace(adaptation, registered=registered)
    params: dict[str, object] = {"data": data or "default", "data_sha256": needs.sha256}
    params |= {"pairs": len(pairs.sure), "weak_pairs": len(pairs.weak), **asdict(options)}
    _log(settings.home, adaptation, params, losses)
    shutil.rmtree(work, ignore_errors=True)
    return adaptation


def unseen(data: TrainingData, seen: frozenset[str], *, seed: int) -> TrainingData:
    """The data without the calibration questions that the encoder was trained on, their mix kept.

    Similarities of texts that an encoder has seen flatter it: a threshold found on them would let wrong
    answers through. Of the questions that nothing answers as large a share is kept as of the others. What
    calibrates nothing stays known as the business's past.
    """
    answerable = [question for question in data.questions if question.refs]
    unread = {question.id for question in answerable if question.text not in seen}
    share = len(unread) / max(1, len(answerable))
    unread |= {
        question.id
        for question in data.questions
        if not question.refs and share_of(question.text, seed=seed) < share
    }
    return replace(
        data,
        questions=tuple(question for question in data.questions if question.id in unread),
        only_past=tuple(question for question in data.questions if question.id not in unread),
    )


def _own_encoder(settings: Settings) -> OnnxEncoder:
    """The home's own encoder, of which the weights can be had."""
    ensure_encoder(settings.encoder_folder, settings.encoder)
    own = OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)
    if own.name.endswith(_ADAPTED):
        raise ArtifactError(
            f"{settings.encoder_folder} is an adapted encoder; put the one it came from there"
        )
    return own


def _judged(
    settings: Settings,
    work: Path,
    needs: Needs,
    held_out: Sequence[Asked],
    others: Mapping[str, Needs],
    seed: int,
    track: Track,
) -> Adaptation:
    """The adapted encoder in `work` beside the one in service."""
    before = open_encoder(settings)
    adapted = OnnxEncoder.load(work / "encoder", threads=settings.encoder_threads)
    comparison = EncoderComparison(before, adapted, track)
    wording = wording_rows() | ({"intent": needs.alike} if needs.alike else {})
    checks = {
        "business": comparison.gain(needs, held_out),
        **{name: comparison.cost(name, asked) for name, asked in others.items()},
        **comparison.wording(wording, seed=seed),
    }
    return Adaptation(adapted.fingerprint, before.fingerprint, checks, None)


def _train(
    settings: Settings,
    own: OnnxEncoder,
    pairs: Pairs,
    general: Sequence[str],
    options: AdaptationOptions,
    work: Path,
    track: Track,
) -> list[Step]:
    """The adapted encoder, exported to `encoder` in `work`, where the state of training is kept too.

    Gives the losses.
    """
    import torch

    torch.set_num_threads(settings.encoder_threads or torch.get_num_threads())
    model = load_torch(own.name)
    texts = GeneralTexts(general, own.encode(general))
    losses = adapt(model, pairs, texts, options=options, checkpoints=work / "state", track=track)
    export_model(model, work / "encoder", name=f"{own.name}{_ADAPTED}")
    return losses


def _general_texts(parts: Split, seed: int) -> list[str]:
    """General messages and the business's titles: none that any check is measured on."""
    rows = wording_rows()
    texts = [row.text for name in sorted(rows) for row in rows[name] if not is_held_out(row.text, seed=seed)]
    titles = [
        passage.title
        for passages in parts.training.knowledge.values()
        for passage in passages
        if passage.title
    ]
    unique = list(dict.fromkeys((*titles, *texts)))
    order = np.random.default_rng(seed).permutation(len(unique))[:_MOST_GENERAL]
    return [unique[i] for i in order]


def _register(
    settings: Settings, adaptation: Adaptation, data: TrainingData, work: Path, seed: int, progress: Progress
) -> RegisteredSet:
    """Heads and confidence refitted on the adapted encoder, which is moved to its place first."""
    place = settings.models_folder / "encoders" / adaptation.encoder
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        rename_durably(work / "encoder", place)
    encoder = OnnxEncoder.load(place, threads=settings.encoder_threads)
    trained = train_model_set(data, encoder, seed=seed, progress=progress)
    report = adaptation.report()
    means = numbers({"gain": report["gain"]["gain"], **report["elsewhere"]})
    metrics = {**trained.metrics, **{f"adaptation.{name}": value for name, value in means.items()}}
    models = replace(trained.models, card={**trained.models.card, "adaptation": report})
    return register(settings.home, replace(trained, models=models, metrics=metrics))


def _log(home: Path, adaptation: Adaptation, params: Mapping[str, object], losses: Sequence[Step]) -> None:
    report = adaptation.report()
    passed = {gate.name: gate.outcome == "passed" for gate in adaptation.gates}
    metrics = {"gain": report["gain"], "elsewhere": report["elsewhere"], "gate_passed": passed}
    items = [{"check": name, **item} for name, check in adaptation.checks.items() for item in check.items]
    encoders = {"encoder": adaptation.encoder, "before": adaptation.before}
    log_run(
        home,
        EXPERIMENT,
        params={**params, **encoders},
        metrics=metrics,
        items=items,
        about=f"{adaptation.encoder} {'refused' if adaptation.failed else 'accepted'}",
        steps={"loss": losses},
    )
