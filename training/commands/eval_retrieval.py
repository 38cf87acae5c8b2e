"""`firstlast eval retrieval`, which makes the home's encoder if there is none yet."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import (
    AtLeastOption,
    AtMostOption,
    ItemsOption,
    Output,
    SeedOption,
    TrackOption,
    check_exist,
    hand_over,
)
from eval.data.retrieval_sets import (
    PHRASINGS,
    SAMPLE_QUESTIONS,
    RetrievalSet,
    beir_set,
    phrasing_set,
    sample_set,
)
from eval.progress import progress
from eval.suites import retrieval
from serving.command_line import HomeOption, JsonOption, bad_usage, friendly_errors
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


def retrieval_command(
    data: BeirOption = None,
    answers_only: AnswersOnlyOption = False,
    train: TrainOption = None,
    test: TestOption = None,
    phrasings: PhrasingsOption = PHRASINGS,
    seed: SeedOption = retrieval.SEED,
    home: HomeOption = None,
    items: ItemsOption = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    track: TrackOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find the right answer, and how much better than plain vector search and plain BM25."""
    if (train is None) != (test is None):
        raise bad_usage("--train and --test go together: what is learned, and what is asked")
    if data is not None and train is not None:
        raise bad_usage("give a folder by --data or two files by --train and --test, not both")
    if answers_only and data is None:
        raise bad_usage("--answers-only is for the articles of a --data folder")
    with friendly_errors():
        settings = Settings.load(home)
        files = tuple(path for path in (data, train, test) if path is not None)
        check_exist(*files)
        asked = _asked(data, train, test, answers_only=answers_only, phrasings=phrasings, seed=seed)
        result = retrieval.run_set(asked, encoder=made_encoder(settings), seed=seed, track=progress)
        params = {
            "data": ", ".join(map(str, files)) or "sample company",
            "answers_only": answers_only,
            **({"phrasings": phrasings} if train else {}),
            "seed": seed,
        }
        output = Output(items, track, as_json, at_least, at_most)
        read = files or (SAMPLE_QUESTIONS,)
        hand_over(result, settings.home, "retrieval", params, output, data=read)


def _asked(
    data: Path | None, train: Path | None, test: Path | None, *, answers_only: bool, phrasings: int, seed: int
) -> RetrievalSet:
    if data is not None:
        return beir_set(data, answers_only=answers_only)
    if train is not None and test is not None:
        return phrasing_set(train, test, phrasings=phrasings, seed=seed)
    return sample_set()
