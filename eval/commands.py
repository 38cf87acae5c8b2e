"""The commands of `firstlast eval`: parse arguments, run a suite, print its figures; they measure nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from eval.beir import read_beir
from eval.home import OpenResolver, open_resolver
from eval.progress import progress
from eval.report import as_text
from eval.results import SuiteResult, write_items
from eval.scope import FitHead
from eval.suites import answers, intents, retrieval
from eval.tracking import log_run
from knowledge.company import DEMO_FOLDER, read_labelled_questions
from model.encoder import OnnxEncoder
from model.errors import DataError
from serving.command_line import HomeOption, JsonOption, bad_usage, emit, friendly_errors
from serving.settings import Settings

TrainOption = Annotated[Path, typer.Option("--train", help="JSONL of rows with text and label.")]
TestOption = Annotated[Path, typer.Option("--test", help="JSONL of rows with text and label.")]
OosOption = Annotated[str, typer.Option("--oos-label", help="Label of texts with no intent.")]
BeirOption = Annotated[
    Path, typer.Option("--data", help="Folder with corpus.jsonl, queries.jsonl, qrels/test.tsv.")
]
AnswersOnlyOption = Annotated[bool, typer.Option("--answers-only", help="Leave titles out of the index.")]
QuestionsOption = Annotated[
    Path | None, typer.Option("--data", help="BEIR folder to ask [the sample company's test questions].")
]
RiskOption = Annotated[
    float | None, typer.Option("--risk", help="Accepted share of wrong answers [the home's setting].")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of fitting and of the intervals.")]
ItemsOption = Annotated[
    Path | None, typer.Option("--items", help="Write what became of each item to this JSONL file.")
]
TrackOption = Annotated[bool, typer.Option("--track", help="Keep figures and items in the home's MLflow.")]


def build_app(
    *,
    fit_head: FitHead,
    ensure_encoder: Callable[[Path], object],
    open_resolver: OpenResolver = open_resolver,
) -> typer.Typer:
    """The commands. What training provides is passed in, since eval must not import it.

    `ensure_encoder` makes the encoder of a folder if it is not there; `fit_head` fits the intent head.
    """
    app = typer.Typer(no_args_is_help=True, help="Measure how good the bot is, with 95 % intervals.")
    parts = _Parts(fit_head, ensure_encoder, open_resolver)
    _add_intents(app, parts)
    _add_retrieval(app, parts)
    _add_answers(app, parts)
    return app


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the commands are given."""

    fit_head: FitHead
    ensure_encoder: Callable[[Path], object]
    open_resolver: OpenResolver

    def encoder(self, settings: Settings) -> OnnxEncoder:
        self.ensure_encoder(settings.encoder_folder)
        return OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)


@dataclass(frozen=True, slots=True)
class _Output:
    """Where the figures go."""

    items: Path | None
    track: bool
    as_json: bool


def _add_intents(app: typer.Typer, parts: _Parts) -> None:
    @app.command("intents")
    def intents_command(
        train: TrainOption,
        test: TestOption,
        oos_label: OosOption = intents.OOS_LABEL,
        seed: SeedOption = intents.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Tell intents apart, and notice texts with none of them."""
        with friendly_errors():
            settings = Settings.load(home)
            _check_exist(train, test)
            result = intents.run(
                train,
                test,
                encoder=parts.encoder(settings),
                fit_head=parts.fit_head,
                oos_label=oos_label,
                seed=seed,
                track=progress,
            )
            params = {"train": train, "test": test, "oos_label": oos_label, "seed": seed}
            _hand_over(result, settings.home, "intents", params, _Output(items, track, as_json))


def _add_retrieval(app: typer.Typer, parts: _Parts) -> None:
    @app.command("retrieval")
    def retrieval_command(
        data: BeirOption,
        answers_only: AnswersOnlyOption = False,
        seed: SeedOption = retrieval.SEED,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Find the right article, beside plain dense search and plain BM25."""
        with friendly_errors():
            settings = Settings.load(home)
            _check_exist(data)
            result = retrieval.run(
                data, encoder=parts.encoder(settings), answers_only=answers_only, seed=seed, track=progress
            )
            params = {"data": data, "answers_only": answers_only, "seed": seed}
            _hand_over(result, settings.home, "retrieval", params, _Output(items, track, as_json))


def _add_answers(app: typer.Typer, parts: _Parts) -> None:
    @app.command("answers")
    def answers_command(
        data: QuestionsOption = None,
        risk: RiskOption = None,
        home: HomeOption = None,
        items: ItemsOption = None,
        track: TrackOption = False,
        as_json: JsonOption = False,
    ) -> None:
        """Answer, ask back or hand over: what becomes of questions, and how many answers are wrong."""
        if risk is not None and not 0 < risk < 1:
            raise bad_usage(f"--risk must be between 0 and 1, got {risk}; 0.02 means at most 2 % wrong")
        with friendly_errors():
            settings = Settings.load(home)
            budget = settings.risk_budget if risk is None else risk
            result = _answers(data, settings, parts, risk=budget)
            params = {"data": data or "sample company", "risk": budget}
            _hand_over(result, settings.home, "answers", params, _Output(items, track, as_json))


def _check_exist(*paths: Path) -> None:
    """Raises `DataError` for a missing path before the encoder is loaded, or even exported."""
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} does not exist; check the path")


def _answers(data: Path | None, settings: Settings, parts: _Parts, *, risk: float) -> SuiteResult:
    """The questions of `data` put to the bot with its articles, or the sample company's to the home's bot."""
    if data is None:
        questions = read_labelled_questions(DEMO_FOLDER / "test" / "questions.jsonl")
        resolver = parts.open_resolver(settings, parts.encoder(settings), risk=risk, retriever=None)
    else:
        beir = read_beir(data)
        questions = answers.beir_questions(beir)
        encoder = parts.encoder(settings)
        index = retrieval.build_index(beir.articles, encoder, track=progress)
        resolver = parts.open_resolver(settings, encoder, risk=risk, retriever=index)
    return answers.run(questions, resolver=resolver, track=progress)


def _hand_over(
    result: SuiteResult, home: Path, suite: str, params: Mapping[str, object], output: _Output
) -> None:
    """Print the figures, then write the items and keep the run where asked."""
    emit(result.figures, as_json=output.as_json, text=lambda: as_text(result.figures))
    if output.items is not None:
        write_items(output.items, result.items)
    if output.track:
        log_run(home, f"eval {suite}", params=params, metrics=result.figures, items=result.items)
