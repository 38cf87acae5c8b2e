"""The commands `firstlast data build` and `firstlast data noise`; those of `labelling` are mounted here."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from eval.data.problems import CheckedFile, contradictions, duplicates, normalised, read_checked
from eval.home import open_store
from eval.results import write_items
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from serving.command_line import HomeOption, JsonOption, bad_usage, emit, friendly_errors, progress
from serving.company.service import stored_infos
from serving.settings import Settings
from training.commands.labelling import list_next, take_labels
from training.commands.shared import tell_problems
from training.datasets.build import Gathered, build
from training.datasets.card import Summary
from training.datasets.examples import SPLITS
from training.datasets.from_outside import HubName, OutsideExamples, read_file, read_hub
from training.datasets.from_store import read_store
from training.datasets.noise import find_noise, flip_figures, with_flipped_labels
from training.datasets.splitting import SAME_ABOVE, Shares
from training.encoder.export import ensure_encoder
from training.heads.linear import Recipe, fit_head

_NOISE_STRENGTH = 10.0
"""One regularisation instead of a search in each fold: what is ranked is the margin, not the last percent."""

data_app = typer.Typer(
    no_args_is_help=True, help="Build data sets, look for mistakes in them, label what gains most."
)
data_app.command("next")(list_next)
data_app.command("label")(take_labels)

SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn at random.")]


@data_app.callback()
def data() -> None:
    """Build data sets, look for mistakes in them, label what gains most."""


@data_app.command("build")
def build_data(
    out: Annotated[Path, typer.Argument(help="New folder for the data sets and their card.")],
    from_store: Annotated[
        bool, typer.Option("--from-store", help="What people taught the bot, from the home's store.")
    ] = False,
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="JSONL or CSV with text and label; may be repeated.")
    ] = None,
    hub: Annotated[
        str | None,
        typer.Option("--hub", help="A data set of the Hugging Face hub, or a folder of its layout."),
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="Its configuration.")] = None,
    hub_split: Annotated[str, typer.Option("--hub-split", help="Its split to take.")] = "train",
    text_column: Annotated[str, typer.Option("--text-column", help="Its column of texts.")] = "text",
    label_column: Annotated[str, typer.Option("--label-column", help="Its column of labels.")] = "label",
    validation_share: Annotated[float, typer.Option("--validation-share", help="Share of rows.")] = 0.1,
    test_share: Annotated[float, typer.Option("--test-share", help="Share of rows.")] = 0.1,
    same_above: Annotated[
        float, typer.Option("--same-above", min=0.5, max=1, help="Cosine from which two texts stay together.")
    ] = SAME_ABOVE,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build data sets from store, files and hub: personal data scrubbed, split without leaks, with a card."""
    if not (from_store or file or hub):
        raise bad_usage("name what to build from: --from-store, --file FILE or --hub NAME")
    with friendly_errors():
        shares = Shares(validation_share, test_share)
        outside = [read_file(path) for path in file or ()]
        if hub is not None:
            outside.append(read_hub(HubName(hub, config, hub_split, text_column, label_column)))
        settings = Settings.load(home)
        gathered = _gathered(settings if from_store else None, outside)
        tell_problems(gathered.problems)
        encoder = _encoder(settings)
        summary = build(
            gathered, out, encoder, shares=shares, seed=seed, same_above=same_above, track=progress
        )
    emit({"out": str(out), **summary.as_json()}, as_json=as_json, text=lambda: _built(out, summary))


@data_app.command("noise")
def label_noise(
    file: Annotated[Path, typer.Argument(help="JSONL or CSV with text and label.")],
    top: Annotated[int, typer.Option("--top", min=1, help="Rows to list.")] = 50,
    out: Annotated[Path | None, typer.Option("--out", help="Write all suspects to this JSONL file.")] = None,
    flip: Annotated[
        float | None,
        typer.Option(
            "--flip", min=0.001, max=0.5, help="Measure: give this share of rows a wrong label, in memory."
        ),
    ] = None,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the rows most likely mislabelled (confident learning), for a person to check."""
    with friendly_errors():
        checked = read_checked(file)
        tell_problems(checked.problems)
        labels = [row.label for row in checked.rows]
        if not labels:
            raise DataError(f"{file} has no rows; give lines with text and label")
        judged, places = (labels, None) if flip is None else with_flipped_labels(labels, flip, seed)
        texts = [row.text for row in checked.rows]
        features = _encoder(Settings.load(home)).read(texts).features
        fit = partial(fit_head, recipes=(Recipe(_NOISE_STRENGTH),))
        noise = find_noise(features, judged, texts, fit, seed=seed, track=progress)
        suspects = [
            {
                "line": checked.rows[suspect.row].line,
                "text": texts[suspect.row],
                **asdict(suspect),
                "margin": round(suspect.margin, 4),
            }
            for suspect in noise.suspects
        ]
        if out is not None:
            write_items(out, suspects)
    pairs = [(normalised(row.text), row.label) for row in checked.rows]
    result = {
        "n": len(labels),
        "n_judged": noise.n_judged,
        "n_too_few": noise.n_too_few,
        "n_suspect": len(noise.suspects),
        "estimated_share": round(noise.estimated_share, 4),
        "seed": seed,
        **(flip_figures(noise, places, top) if places is not None else {}),
        "suspects": suspects[:top],
        "contradictory": _rows(checked, contradictions(pairs)),
        "duplicates": _rows(checked, duplicates(pairs)),
        "data_problems": [problem.as_json() for problem in checked.problems],
    }
    emit(result, as_json=as_json, text=lambda: _listed(result, suspects[:top]))


def _gathered(settings: Settings | None, outside: list[OutsideExamples]) -> Gathered:
    """Examples of the store, if its settings are given, before those of files and hub."""
    problems = tuple(problem for source in outside for problem in source.problems)
    others = tuple(example for source in outside for example in source.examples)
    if settings is None:
        return Gathered(others, problems=problems)
    with open_store(settings) as session:
        stored, intents = read_store(session), frozenset(stored_infos(session))
    return Gathered(
        (*stored.examples, *others), stored.agent_names, problems, stored.left_out, intents=intents
    )


def _encoder(settings: Settings) -> OnnxEncoder:
    ensure_encoder(settings.encoder_folder, settings.encoder)
    return OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)


def _rows(checked: CheckedFile, places: list[int]) -> list[dict[str, object]]:
    rows = (checked.rows[place] for place in places)
    return [{"line": row.line, "text": row.text, "label": row.label} for row in rows]


def _built(out: Path, summary: Summary) -> str:
    lines = [f"{out}: {summary.size} rows in {summary.groups} groups"]
    for config, counts in summary.counts.items():
        lines.append(f"  {config:<10}" + "".join(f"  {split} {counts[split]}" for split in SPLITS))
    replaced = ", ".join(f"{kind} {count}" for kind, count in summary.scrubbed.items()) or "nothing"
    lines += [f"  replaced    {replaced}", f"Read {out / 'README.md'} before you share it."]
    return "\n".join(lines)


def _listed(result: dict[str, object], suspects: list[dict[str, object]]) -> str:
    lines = [
        f"{suspect['line']:>6}  {suspect['margin']:+.3f}  {suspect['given']} -> {suspect['suggested']}  "
        f"{str(suspect['text'])[:80]!r}"
        for suspect in suspects
    ]
    lines += [
        f"{key:<20}  {value}"
        for key, value in result.items()
        if not isinstance(value, list) or len(value) == 2
    ]
    lines += [f"{key:<20}  {len(result[key])}" for key in ("contradictory", "duplicates")]  # type: ignore[arg-type]
    return "\n".join(lines)
