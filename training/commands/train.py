"""`firstlast train …`."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.command_line import FAILED, HomeOption, JsonOption, bad_usage, emit, friendly_errors, messages
from training.commands.shared import EncoderOption, registered_json, say
from training.commands.summary import summary

if TYPE_CHECKING:
    from eval.data.problems import Problem
    from training.encoder.adaptation import Adaptation

SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of all that is drawn at random.")]
FinetuneOption = Annotated[
    bool, typer.Option("--finetune", help="Tune an encoder too; takes minutes to an hour and a half.")
]
StoreOption = Annotated[
    bool,
    typer.Option(
        "--from-store", help="Add what people said, did and approved in service, never what the bot guessed."
    ),
]

app = typer.Typer(no_args_is_help=True, help="Train models.")


@app.callback()
def train() -> None:
    """Train models."""


@app.command("heads")
def train_heads(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="A company folder, or a JSONL or CSV file of intents. Without it: what the home has.",
        ),
    ] = None,
    from_store: StoreOption = False,
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(
            "--unlabelled",
            help="JSONL of rows with text: questions without an intent, to learn from beside the labelled "
            "ones; repeatable.",
        ),
    ] = None,
    unlabelled_from_store: Annotated[
        bool, typer.Option("--unlabelled-from-store", help="The same with all questions of the store.")
    ] = False,
    finetune: FinetuneOption = False,
    encoder: EncoderOption = None,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit intent, team, sentiment, wants-a-person, smalltalk and the confidence; register the model set.

    A company folder's `company.toml` is applied first, and the home remembers the folder's data. The first
    set that knows intents goes into service at once, unless an answer was approved; others are challengers.
    With another encoder than the champion's the set is registered on it, and gates compare both.
    """
    from eval.data.problems import data_problems
    from serving.command_line import progress
    from serving.company.file import read_company
    from serving.settings import Settings
    from training.commands.shared import service_json, silence_of, tell_problems, tell_service
    from training.datasets.company_check import check_company
    from training.datasets.training_data import remember_folder
    from training.encoder.export import ensure_encoder
    from training.encoder.tuning import TuningOptions
    from training.homes import apply_to_home
    from training.pipeline import gather, train_and_register
    from training.registry.promotion import replace_starting_set

    if data is not None and not data.exists():
        raise bad_usage(
            f"--data {data} does not exist; name a company folder or a JSONL or CSV file of intents"
        )
    others = unlabelled or []
    if finetune and (others or unlabelled_from_store):
        raise bad_usage("unlabelled texts go without --finetune; an encoder is tuned to labelled texts alone")
    for path in others:
        if not path.is_file():
            raise bad_usage(f"--unlabelled {path} is not a file; name a JSONL file of rows with text")
    with friendly_errors():
        settings = Settings.load(home)
        company = read_company(data) if data is not None and data.is_dir() else None
        if data is not None and company is not None:
            checked = check_company(data)
            tell_problems(checked.of("warning"))
            problems: Sequence[Problem] = checked.problems
        else:
            problems = data_problems(data)
            tell_problems(problems)
        ensure_encoder(settings.encoder_folder, settings.encoder)
        if company is not None:
            apply_to_home(settings, company)
        gathered = gather(
            settings,
            data,
            from_store=from_store,
            unlabelled=others,
            unlabelled_from_store=unlabelled_from_store,
        )
        tell_service(gathered.from_service)
        with contextlib.nullcontext() if finetune else messages.status("training"):
            registered = train_and_register(
                settings,
                gathered,
                seed=seed,
                progress=say,
                tuning=TuningOptions(seed=seed) if finetune else None,
                encoder=encoder,
                track=progress,
            )
        if data is not None and company is not None:
            remember_folder(settings, data)
            registered = replace_starting_set(settings, registered)
        warnings = silence_of(settings, registered.version)
    listed = [problem.as_json() for problem in problems]
    result = {**registered_json(registered), "data_problems": listed, "warnings": warnings}
    emit({**result, **service_json(gathered.from_service)}, as_json=as_json, text=lambda: summary(registered))


@app.command("sentiment")
def train_sentiment(
    data: Annotated[
        Path,
        typer.Option(
            "--data", help="JSONL or CSV of messages with text and label: negative, neutral, positive."
        ),
    ],
    only: Annotated[
        bool, typer.Option("--only", help="Leave out the general customer service sentences.")
    ] = False,
    finetune: FinetuneOption = False,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the sentiment head on messages of a file; register the champion with it as the challenger."""
    from eval.suites.sentiment import read_sentiments
    from serving.command_line import progress
    from serving.settings import Settings
    from training.encoder.tuning import TUNING
    from training.heads.sentiment import sentiment_data
    from training.heads.sentiment import train_sentiment as fit
    from training.pipeline import home_finetune, replace_part

    if not data.is_file():
        raise bad_usage(
            f"--data {data} is not a file; name a JSONL or CSV file of messages with text and label"
        )
    with friendly_errors():
        gathered = sentiment_data(read_sentiments(data), with_general=not only, source=str(data))
        for words in gathered.left_out():
            say(words)
        settings = Settings.load(home)
        tuned = home_finetune(settings, replace(TUNING["sentiment"], seed=seed), track=progress)
        registered = replace_part(
            settings,
            "sentiment",
            lambda champion, encoder: fit(
                gathered, champion, encoder, seed=seed, finetune=tuned if finetune else None, track=progress
            ),
        )
    emit(registered_json(registered), as_json=as_json, text=lambda: summary(registered))


@app.command("answering")
def train_answering(
    data: Annotated[
        Path | None, typer.Option("--data", help="A company folder. Without it: what the home was made with.")
    ] = None,
    from_store: StoreOption = False,
    from_experience: Annotated[
        bool,
        typer.Option(
            "--from-experience", help="Fit it on the approved learned answers of the store and nothing else."
        ),
    ] = False,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit only the answer confidence and its limits anew, with the champion's heads; register the result.

    A home without labelled questions of its own is calibrated on what it knows: run it after an import.
    """
    from serving.settings import Settings
    from training.commands.shared import service_json, silence_of, tell_service
    from training.pipeline import gather, refit_and_register

    if data is not None and not data.is_dir():
        raise bad_usage(
            f"--data {data} is not a folder; name a company folder with calibration/questions.jsonl"
        )
    if from_experience and (data is not None or from_store):
        raise bad_usage("--from-experience goes without --data and --from-store; leave these out")
    with friendly_errors():
        settings = Settings.load(home)
        gathered = None if from_experience else gather(settings, data, from_store=from_store)
        from_service = gathered.from_service if gathered else None
        tell_service(from_service)
        with messages.status("training"):
            registered = refit_and_register(settings, gathered, seed=seed, progress=say)
        warnings = silence_of(settings, registered.version)
    result = {**registered_json(registered), "warnings": warnings, **service_json(from_service)}
    emit(result, as_json=as_json, text=lambda: summary(registered))


@app.command("encoder")
def train_encoder(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="A company folder, a folder with a BEIR corpus, or a JSONL file of texts whose label is the "
            "need. Without it: what the home was made with.",
        ),
    ] = None,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Add what the store knows and its confirmed questions.")
    ] = False,
    also: Annotated[
        list[Path] | None, typer.Option("--also", help="BEIR folder on which it must not lose; repeatable.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Passes over the pairs.")] = 1,
    seed: SeedOption = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adapt the encoder to the business; a model set on it is registered if it gains and loses nowhere."""
    from serving.command_line import progress
    from serving.settings import Settings
    from training.encoder.adaptation import adapt_and_register
    from training.encoder.pair_training import AdaptationOptions

    folders = also or []
    for path in [data, *folders] if data else folders:
        if not path.exists():
            raise bad_usage(f"{path} does not exist; name a folder or file to adapt to or to measure on")
    with friendly_errors():
        adaptation = adapt_and_register(
            Settings.load(home),
            data,
            from_store=from_store,
            also=folders,
            options=AdaptationOptions(epochs=epochs, seed=seed),
            progress=say,
            track=progress,
        )
    registered = adaptation.registered
    emit(
        {
            "accepted": registered is not None,
            "model": registered.version if registered else None,
            "number": registered.number if registered else None,
            "aliases": list(registered.aliases) if registered else [],
            "failed_gates": [gate.name for gate in adaptation.failed],
            **adaptation.report(),
        },
        as_json=as_json,
        text=lambda: _words(adaptation),
    )
    if adaptation.failed:
        raise typer.Exit(FAILED)


def _words(adaptation: "Adaptation") -> str:
    lines = [f"{gate.outcome:<8} {gate.name}: {gate.reason}" for gate in adaptation.gates]
    registered = adaptation.registered
    if registered is None:
        failed = ", ".join(gate.name for gate in adaptation.failed)
        return "\n".join([*lines, f"refused, nothing is registered: {failed} failed"])
    return "\n".join(lines) + (
        f"\n{registered.version} on encoder {adaptation.encoder} is registered as "
        f"{', '.join(registered.aliases)}. Next: firstlast models promote"
    )
