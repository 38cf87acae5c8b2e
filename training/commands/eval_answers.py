"""`firstlast eval answers`: the champion as it is, or with its confidence fitted anew first."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from eval.commands.shared import Measured, RiskOption, SeedOption, budget_of, measurement
from eval.data.beir import chosen_for_removal, read_beir
from eval.data.labelled import LabelledQuestion, read_labelled_questions
from eval.data.retrieval_sets import article_refs
from eval.home import check_answers_known, open_index
from eval.suites import answers, retrieval
from knowledge import DEMO_FOLDER
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from serving.command_line import bad_usage, progress
from serving.settings import Settings
from training.commands.measuring import RefitOption, made_encoder, measured_resolver

QuestionsOption = Annotated[
    Path | None, typer.Option("--data", help="BEIR folder to ask [the sample company's test questions].")
]
RemoveOption = Annotated[
    float,
    typer.Option("--remove", help="Share of the answers to take away first; their questions then have none."),
]
_SAMPLE = DEMO_FOLDER / "test" / "questions.jsonl"


@measurement("answers", charts=True)
def answers_command(
    settings: Settings,
    data: QuestionsOption = None,
    risk: RiskOption = None,
    remove: RemoveOption = 0.0,
    refit: RefitOption = False,
    seed: SeedOption = 0,
) -> Measured:
    """Answer, ask back or hand over: what becomes of questions, and how many answers are wrong."""
    budget = budget_of(risk, settings)
    if not 0 <= remove < 1:
        raise bad_usage(f"--remove must be at least 0 and less than 1, got {remove}; 0.5 takes away half")
    encoder = made_encoder(settings)
    questions, index = _asked(data, settings, encoder)
    removed = chosen_for_removal(index.refs(), share=remove, rng=np.random.default_rng(seed))
    index.remove(removed)
    questions = answers.without_answers(questions, removed)
    resolver = measured_resolver(settings, encoder, index, risk=budget, refit=refit)
    result = answers.run(questions, resolver=resolver, rules=answers.rules_of(resolver), track=progress)
    params = {
        "data": data or "sample company",
        "risk": budget,
        "remove": remove,
        "seed": seed,
        "refit": refit,
    }
    return Measured(result, params, (data or _SAMPLE,))


def _asked(
    data: Path | None, settings: Settings, encoder: OnnxEncoder
) -> tuple[list[LabelledQuestion], KnowledgeIndex]:
    """A BEIR folder's questions and its articles, or the sample company's questions and what the home knows.

    Raises `DataError` when the home knows none of the sample company's articles.
    """
    if data is None:
        questions = read_labelled_questions(_SAMPLE)
        index = open_index(settings, encoder)
        check_answers_known(questions, index)
        return questions, index
    beir = read_beir(data)
    index = retrieval.index_of(article_refs(beir.articles), encoder, track=progress)
    return answers.beir_questions(beir), index
