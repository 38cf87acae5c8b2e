"""`firstlast eval retrieval`, which makes the home's encoder if there is none yet."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Measured, SeedOption, check_exist, measurement
from eval.data.retrieval_sets import PHRASINGS, SAMPLE_QUESTIONS, beir_set, phrasing_set, sample_set
from eval.suites import retrieval
from serving.command_line import bad_usage, progress
from serving.settings import Settings
from training.commands.measuring import made_encoder

BeirOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder with corpus.jsonl, queries.jsonl, qrels/test.tsv [the sample company's test questions].",
    ),
]
AnswersOnlyOption = Annotated[
    bool, typer.Option("--answers-only", help="Leave titles out of the index; with --data.")
]
TrainOption = Annotated[
    Path | None, typer.Option("--train", help="JSONL of text and label: a label is a learned answer.")
]
TestOption = Annotated[
    Path | None, typer.Option("--test", help="JSONL of text and label to ask; with --train.")
]
PhrasingsOption = Annotated[
    int, typer.Option("--phrasings", min=1, help="Texts of --train that each learned answer has.")
]


@measurement("retrieval")
def retrieval_command(
    settings: Settings,
    data: BeirOption = None,
    answers_only: AnswersOnlyOption = False,
    train: TrainOption = None,
    test: TestOption = None,
    phrasings: PhrasingsOption = PHRASINGS,
    seed: SeedOption = retrieval.SEED,
) -> Measured:
    """Find the right answer, and how much better than plain vector search and plain BM25."""
    if (train is None) != (test is None):
        raise bad_usage("--train and --test go together: what is learned, and what is asked")
    if data is not None and train is not None:
        raise bad_usage("give a folder by --data or two files by --train and --test, not both")
    if answers_only and data is None:
        raise bad_usage("--answers-only is for the articles of a --data folder")
    files = tuple(path for path in (data, train, test) if path is not None)
    check_exist(*files)
    if data is not None:
        asked = beir_set(data, answers_only=answers_only)
    elif train is not None and test is not None:
        asked = phrasing_set(train, test, phrasings=phrasings, seed=seed)
    else:
        asked = sample_set()
    result = retrieval.run_set(asked, encoder=made_encoder(settings), seed=seed, track=progress)
    params = {
        "data": ", ".join(map(str, files)) or "sample company",
        "answers_only": answers_only,
        **({"phrasings": phrasings} if train else {}),
        "seed": seed,
    }
    return Measured(result, params, files or (SAMPLE_QUESTIONS,))
