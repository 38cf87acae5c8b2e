"""`firstlast eval intents`: fits a head, or tunes an encoder with one, and measures it, or the champion's."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from eval.commands.shared import FinetuneOption, Measured, SeedOption, check_exist, measurement
from eval.data.few_shot import drawn
from eval.data.further_texts import with_label_names, without_known
from eval.data.labelled import LabelledText
from eval.home import open_champion, open_encoder
from eval.metrics import threshold_keeping
from eval.results import SuiteResult, Track, untracked
from eval.suites import intents
from eval.suites.classifiers import read_all
from eval.suites.intents import FittedIntents
from knowledge.json_lines import read_texts
from model.errors import DataError
from model.heads.out_of_scope import ScopeDetector
from model.interfaces import Reader
from model.understanding.courtesy import without_opening
from serving.command_line import bad_usage, progress
from serving.runtime.loading import head_encoders
from serving.settings import Settings
from training.commands.measuring import made_encoder, measured_tuning
from training.encoder.finetuning import FinetunedTexts
from training.heads.out_of_scope import held_out_scores
from training.heads.self_training import fit_intent_head

TrainOption = Annotated[
    Path | None,
    typer.Option(
        "--train", help="JSONL or CSV of rows with text and label to fit on. Without it: the home's champion."
    ),
]
TestOption = Annotated[Path, typer.Option("--test", help="JSONL or CSV of rows with text and label.")]
ShotsOption = Annotated[
    int | None, typer.Option("--shots", min=2, help="Training rows per label, drawn by the seed [all].")
]
RepeatsOption = Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often they are drawn.")]
UnlabelledOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--unlabelled", help="JSONL of rows with text to learn from; labels are ignored. Repeatable."
    ),
]
OosOption = Annotated[str, typer.Option("--oos-label", help="Label of texts with no intent.")]


@measurement("intents")
def intents_command(
    settings: Settings,
    test: TestOption,
    train: TrainOption = None,
    oos_label: OosOption = intents.OOS_LABEL,
    finetune: FinetuneOption = False,
    seed: SeedOption = 0,
    shots: ShotsOption = None,
    repeats: RepeatsOption = 1,
    unlabelled: UnlabelledOption = None,
) -> Measured:
    """Tell intents apart, and notice texts with none of them: fitted on --train, or the home's champion."""
    if train is None:
        if finetune or shots is not None or repeats > 1 or unlabelled:
            raise bad_usage(
                "--finetune, --shots, --repeats and --unlabelled need --train with rows to fit on"
            )
        check_exist(test)
        result = champion_measured(settings, test, oos_label=oos_label, seed=seed, track=progress)
        return Measured(result, {"test": test, "oos_label": oos_label, "seed": seed}, (test,))
    if repeats > 1 and shots is None:
        raise bad_usage("--repeats draws again with another seed, and needs --shots; try --shots 10")
    if unlabelled and finetune:
        raise bad_usage("--unlabelled goes without --finetune; an encoder is tuned to labelled texts alone")
    others = tuple(unlabelled or ())
    check_exist(train, test, *others)
    with measured_tuning(settings, "intents") as tune:
        result = fitted_and_measured(
            train,
            test,
            unlabelled_files=others,
            encoder=made_encoder(settings),
            oos_label=oos_label,
            seed=seed,
            shots=shots,
            repeats=repeats,
            tune=tune if finetune else None,
            track=progress,
        )
    params = {"train": train, "test": test, "oos_label": oos_label, "seed": seed, "shots": shots}
    params |= {"repeats": repeats, "finetune": finetune, "unlabelled": ", ".join(map(str, others))}
    return Measured(result, params, (train, test, *others))


def champion_measured(
    settings: Settings, test_file: Path, *, oos_label: str, seed: int, track: Track = untracked
) -> SuiteResult:
    """What the intents in service say of the rows of a file; nothing is fitted.

    Rows are read as first messages are in service, without the greeting at their beginning. Raises
    `ArtifactError` without a champion, and `DataError` for a bad row, or for a champion without intents.
    """
    encoder = open_encoder(settings)
    models = open_champion(settings, encoder)
    if "intent" not in models.heads:
        raise DataError(f"the champion {models.version} knows no intents; train some: firstlast train heads")
    fitted = FittedIntents(
        encoder=head_encoders(models, settings).get(models.head_encoders.get("intent", ""), encoder),
        head=models.heads["intent"],
        scope=models.scope,
        scope_threshold=lambda: models.limits["out_of_scope"],
        n_train=len(models.scope.vectors),
        n_unlabelled=0,
        fit_seconds=0.0,
        encode_seconds=0.0,
    )
    test = [replace(row, text=without_opening(row.text)) for row in intents.read_rows(test_file)]
    result = intents.measure(test, fitted, rng=np.random.default_rng(seed), oos_label=oos_label, track=track)
    figures = {key: value for key, value in result.figures.items() if not key.endswith("_seconds")}
    return SuiteResult({"model": models.version, **figures, "seed": seed}, result.items)


def fitted_and_measured(
    train_file: Path,
    test_file: Path,
    *,
    encoder: Reader,
    oos_label: str = intents.OOS_LABEL,
    seed: int = 0,
    shots: int | None = None,
    repeats: int = 1,
    tune: Callable[..., FinetunedTexts] | None = None,
    unlabelled_files: Sequence[Path] = (),
    track: Track = untracked,
) -> SuiteResult:
    """Fits an intent head on the rows `{"text", "label"}` of one file and measures it on another's.

    The head sees the encoder's features, as in service, and the names of labels with few texts, as in
    training; with `tune` those of an encoder tuned to the training rows, and `encoder` is not used. Rows
    labelled `oos_label` are no class: those of the training file are left out. With `shots`, so many training
    rows a label are drawn, `repeats` times with the seeds `seed`, `seed + 1` …; figures are then means over
    the draws. Of `unlabelled_files` the texts alone are read, for the head to learn from: each once, and none
    that was drawn or is a test row; with `tune` none.

    The figures are those of `eval.suites.intents`. Raises `DataError` for a bad row.
    """
    train = [row for row in intents.read_rows(train_file) if row.label != oos_label]
    if not train:
        raise DataError(f"{train_file} has no row with another label than {oos_label!r}; give some")
    test = intents.read_rows(test_file)
    offered = [text for path in unlabelled_files for text in read_texts(path)]
    draws = []
    for draw_seed in range(seed, seed + repeats):
        rng = np.random.default_rng(draw_seed)
        rows = with_label_names(train if shots is None else drawn(train, shots, rng))
        if tune:
            fitted = _tuned(rows, tune, seed=draw_seed, track=track)
        else:
            others = without_known(offered, (row.text for row in (*rows, *test)))
            fitted = _fitted(rows, others, encoder, seed=draw_seed, track=track)
        draws.append(intents.measure(test, fitted, rng=rng, oos_label=oos_label, track=track))
    result = intents.mean_over_draws(draws, oos_label=oos_label) if repeats > 1 else draws[0]
    how = {"finetuned": tune is not None, "seed": seed, "shots": shots, "repeats": repeats}
    return SuiteResult({**result.figures, **intents.row_figures(train, test), **how}, result.items)


def _fitted(
    rows: Sequence[LabelledText], others: Sequence[str], encoder: Reader, *, seed: int, track: Track
) -> FittedIntents:
    """A head on the encoder as it is; it learns from `others`, which nobody labelled, by its own guesses."""
    labels = [row.label for row in rows]
    started = time.perf_counter()
    reading = read_all(encoder, [row.text for row in rows], track, doing="Encoding training texts")
    unlabelled = None
    if others:
        unlabelled = read_all(encoder, others, track, doing="Encoding unlabelled texts").features
    encoded = time.perf_counter()
    fit = partial(fit_intent_head, seed=seed, unlabelled=unlabelled)
    head = fit(reading.features, labels)
    fitted = time.perf_counter()

    def scope_threshold() -> float | None:
        scores = held_out_scores(reading, labels, fit, seed=seed)
        return threshold_keeping(scores) if len(scores) else None

    return FittedIntents(
        encoder=encoder,
        head=head,
        scope=ScopeDetector(reading.vectors),
        scope_threshold=scope_threshold,
        n_train=len(rows),
        n_unlabelled=len(others),
        fit_seconds=round(fitted - started, 3),
        encode_seconds=round(encoded - started, 3),
    )


def _tuned(
    rows: Sequence[LabelledText], tune: Callable[..., FinetunedTexts], *, seed: int, track: Track
) -> FittedIntents:
    """A head on an encoder tuned to the training rows."""
    started = time.perf_counter()
    tuned = tune([row.text for row in rows], [row.label for row in rows], seed=seed)
    fitted = time.perf_counter()
    reading = read_all(tuned.encoder, [row.text for row in rows], track, doing="Encoding training texts")
    encoded = time.perf_counter()
    return FittedIntents(
        encoder=tuned.encoder,
        head=tuned.head,
        scope=ScopeDetector(reading.vectors),
        scope_threshold=lambda: threshold_keeping(tuned.held_out_strangeness),
        n_train=len(rows),
        n_unlabelled=0,
        fit_seconds=round(fitted - started, 3),
        encode_seconds=round(encoded - fitted, 3),
    )
