"""`firstlast eval answers`: the champion as it is, or with its confidence fitted anew first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
    ChartsOption,
    ItemsOption,
    Output,
    RiskOption,
    SeedOption,
    TrackOption,
    check_risk,
    hand_over,
)
from eval.data.beir import chosen_for_removal, read_beir
from eval.data.labelled import LabelledQuestion, read_labelled_questions
from eval.home import check_answers_known, open_index, open_resolver
from eval.progress import progress
from eval.results import SuiteResult
from eval.suites import answers, retrieval
from knowledge import DEMO_FOLDER
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from serving.command_line import HomeOption, JsonOption, bad_usage, friendly_errors
from serving.runtime.loading import resolver_of
from serving.settings import Settings
from training.commands.measuring import made_encoder
from training.pipeline import refit_to

QuestionsOption = Annotated[
    Path | None, typer.Option("--data", help="BEIR folder to ask [the sample company's test questions].")
]
RemoveOption = Annotated[
    float,
    typer.Option("--remove", help="Share of the answers to take away first; their questions then have none."),
]
RefitOption = Annotated[
    bool,
    typer.Option(
        "--refit", help="First fit the confidence to this knowledge alone, as `train answering` would."
    ),
]


@dataclass(frozen=True, slots=True)
class _Case:
    """What to ask, and how."""

    data: Path | None
    risk: float
    remove: float
    seed: int
    refit: bool


def answers_command(
    data: QuestionsOption = None,
    risk: RiskOption = None,
    remove: RemoveOption = 0.0,
    refit: RefitOption = False,
    seed: SeedOption = 0,
    home: HomeOption = None,
    items: ItemsOption = None,
    charts: ChartsOption = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    track: TrackOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer, ask back or hand over: what becomes of questions, and how many answers are wrong."""
    check_risk(risk)
    if not 0 <= remove < 1:
        raise bad_usage(f"--remove must be at least 0 and less than 1, got {remove}; 0.5 takes away half")
    with friendly_errors():
        settings = Settings.load(home)
        budget = settings.risk_budget if risk is None else risk
        result = _answers(_Case(data, budget, remove, seed, refit), settings)
        params = {
            "data": data or "sample company",
            "risk": budget,
            "remove": remove,
            "seed": seed,
            "refit": refit,
        }
        output = Output(items, track, as_json, at_least, at_most, charts)
        hand_over(result, settings.home, "answers", params, output, data=(data or _SAMPLE,))


_SAMPLE = DEMO_FOLDER / "test" / "questions.jsonl"


def _answers(case: _Case, settings: Settings) -> SuiteResult:
    """What becomes of the questions, answered by the bot of the home."""
    encoder = made_encoder(settings)
    questions, index = _asked(case, settings, encoder)
    resolver = open_resolver(settings, encoder, risk=case.risk, retriever=index)
    if case.refit:
        models = refit_to(resolver.models, encoder, index, head_encoders=resolver.head_encoders)
        resolver = resolver_of(models, settings, encoder, index, risk=case.risk)
    return answers.run(questions, resolver=resolver, rules=answers.rules_of(resolver), track=progress)


def _asked(
    case: _Case, settings: Settings, encoder: OnnxEncoder
) -> tuple[list[LabelledQuestion], KnowledgeIndex]:
    """A BEIR folder's questions and its articles, or the sample company's questions and what the home knows.

    Raises `DataError` when the home knows none of the sample company's articles.
    """
    if case.data is None:
        questions = read_labelled_questions(_SAMPLE)
        index = open_index(settings, encoder)
        check_answers_known(questions, index)
    else:
        beir = read_beir(case.data)
        questions = answers.beir_questions(beir)
        index = retrieval.build_index(beir.articles, encoder, track=progress)
    removed = chosen_for_removal(index.refs(), share=case.remove, rng=np.random.default_rng(case.seed))
    index.remove(removed)
    return answers.without_answers(questions, removed), index
