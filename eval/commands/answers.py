"""`firstlast eval answers`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.beir import read_beir
from eval.commands.shared import ChartsOption, ItemsOption, Output, Parts, TrackOption, hand_over
from eval.progress import progress
from eval.results import SuiteResult
from eval.suites import answers, retrieval
from knowledge.company import DEMO_FOLDER, read_labelled_questions
from serving.command_line import HomeOption, JsonOption, bad_usage, friendly_errors
from serving.settings import Settings

QuestionsOption = Annotated[
    Path | None, typer.Option("--data", help="BEIR folder to ask [the sample company's test questions].")
]
RiskOption = Annotated[
    float | None, typer.Option("--risk", help="Accepted share of wrong answers [the home's setting].")
]


def add(app: typer.Typer, parts: Parts) -> None:
    """Mount the command."""

    @app.command("answers")
    def answers_command(
        data: QuestionsOption = None,
        risk: RiskOption = None,
        home: HomeOption = None,
        items: ItemsOption = None,
        charts: ChartsOption = None,
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
            output = Output(items, track, as_json, charts)
            hand_over(result, settings.home, "answers", params, output, data=(data or _SAMPLE,))


_SAMPLE = DEMO_FOLDER / "test" / "questions.jsonl"


def _answers(data: Path | None, settings: Settings, parts: Parts, *, risk: float) -> SuiteResult:
    """The questions of `data` put to the bot with its articles, or the sample company's to the home's bot."""
    if data is None:
        questions = read_labelled_questions(_SAMPLE)
        resolver = parts.open_resolver(settings, parts.encoder(settings), risk=risk, retriever=None)
    else:
        beir = read_beir(data)
        questions = answers.beir_questions(beir)
        encoder = parts.encoder(settings)
        index = retrieval.build_index(beir.articles, encoder, track=progress)
        resolver = parts.open_resolver(settings, encoder, risk=risk, retriever=index)
    return answers.run(questions, resolver=resolver, track=progress)
