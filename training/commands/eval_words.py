"""`firstlast eval words`, `taught` and `dressed`: are the words shown the ones that answer, however asked?"""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Measured, RiskOption, SeedOption, budget_of, check_exist, measurement
from eval.data.retrieval_sets import article_refs
from eval.data.words import questions_of_centre, read_taught_answers, read_words_questions
from eval.suites import dressed, retrieval, taught, words
from knowledge.importing.source import read_source
from model.refs import article_ref
from serving.command_line import progress
from serving.settings import Settings
from training.commands.measuring import RefitOption, made_encoder, measured_resolver

FolderOption = Annotated[Path, typer.Option("--data", help="The help centre: a folder that `import` takes.")]
WordsOption = Annotated[
    Path, typer.Option("--questions", help="Questions with the facts that an answer must hold, JSONL.")
]
ByFileNameOption = Annotated[
    bool,
    typer.Option(
        "--by-file-name", help="Articles are known by their file name, as `import` names them with it."
    ),
]
TaughtOption = Annotated[
    Path, typer.Option("--data", help="Learned answers with rewordings and look-alikes, JSONL.")
]


@measurement("words")
def words_command(
    settings: Settings,
    data: FolderOption,
    questions: WordsOption,
    risk: RiskOption = None,
    refit: RefitOption = False,
) -> Measured:
    """Whether the words shown answer, at once or after a pick, on a help centre with questions of its own."""
    budget = budget_of(risk, settings)
    check_exist(data, questions)
    passages = article_refs(read_source(data).articles)
    asked, elsewhere = questions_of_centre(read_words_questions(questions), passages)
    if elsewhere:
        typer.echo(f"{elsewhere} questions to another help centre are not asked", err=True)
    encoder = made_encoder(settings)
    index = retrieval.index_of(passages, encoder, track=progress)
    resolver = measured_resolver(settings, encoder, index, risk=budget, refit=refit)
    result = words.run(asked, resolver=resolver, track=progress)
    params = {"data": data, "questions": questions, "risk": budget, "refit": refit}
    return Measured(result, params, (data, questions))


@measurement("taught")
def taught_command(
    settings: Settings, data: TaughtOption, risk: RiskOption = None, refit: RefitOption = False
) -> Measured:
    """Whether a taught question is known in other words, and told from what only looks like it."""
    budget = budget_of(risk, settings)
    check_exist(data)
    answers = read_taught_answers(data)
    encoder = made_encoder(settings)
    index = taught.taught_index(answers, encoder)
    resolver = measured_resolver(settings, encoder, index, risk=budget, refit=refit)
    result = taught.run(answers, resolver=resolver, track=progress)
    return Measured(result, {"data": data, "risk": budget, "refit": refit}, (data,))


@measurement("dressed")
def dressed_command(
    settings: Settings,
    data: FolderOption,
    by_file_name: ByFileNameOption = False,
    risk: RiskOption = None,
    refit: RefitOption = False,
    seed: SeedOption = 0,
) -> Measured:
    """Whether articles are found by their titles: word for word, small, as keywords, mistyped, politely."""
    budget = budget_of(risk, settings)
    check_exist(data)
    source = read_source(data, flat_slugs=by_file_name)
    articles = [article for article in source.articles if article.superseded_by is None]
    encoder = made_encoder(settings)
    index = retrieval.index_of(article_refs(articles), encoder, track=progress)
    resolver = measured_resolver(settings, encoder, index, risk=budget, refit=refit)
    titles = {article_ref(article.slug): article.title for article in articles if article.title}
    result = dressed.run(titles, resolver=resolver, seed=seed, track=progress)
    return Measured(
        result,
        {"data": data, "by_file_name": by_file_name, "risk": budget, "refit": refit, "seed": seed},
        (data,),
    )
