"""`firstlast eval wants-person`: the champion as it is, and heads taught on other folds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from eval.commands.shared import Measured, SeedOption, check_exist, measurement
from eval.data.labelled import LabelledText, read_labelled_texts
from eval.home import open_champion
from eval.results import Track, untracked
from eval.suites import wants_person
from eval.suites.wants_person import Judged, Messages, WishRow
from knowledge import GENERAL_FOLDER
from model.interfaces import Reader
from model.understanding.message import NO_PERSON, PERSON
from serving.command_line import progress
from serving.settings import Settings
from training.commands.measuring import made_encoder
from training.heads.kernel import cross_fitted_kernel_head

WishesOption = Annotated[
    Path, typer.Option("--data", help="JSONL of rows with text, labels and fold, or a folder of such files.")
]


@measurement("wants-person")
def wants_person_command(
    settings: Settings, data: WishesOption, seed: SeedOption = wants_person.SEED
) -> Measured:
    """Notice who wants a person: the champion as it is, and heads taught on other folds."""
    check_exist(data)
    encoder = made_encoder(settings)
    models = open_champion(settings, encoder)
    rows = wants_person.read_wishes(data)
    messages = Messages.read(rows, encoder, progress)
    limits = np.full(len(rows), models.limits["wants_person"])
    champion = Judged(messages.strongest(models.heads["wants_person"]), limits)
    taught = cross_fitted_wishes(rows, messages, encoder, seed=seed, track=progress)
    result = wants_person.measure(rows, {"champion": champion, "taught": taught}, seed=seed)
    return Measured(result, {"data": data, "seed": seed}, (data,))


def cross_fitted_wishes(
    rows: Sequence[WishRow], messages: Messages, encoder: Reader, *, seed: int, track: Track = untracked
) -> Judged:
    """Each fold judged by a head that never saw it: of all other folds, and of what the bot is taught anyway.

    That is wishes and, as others, smalltalk and strange texts. The limit it is held against has the best F1
    on the messages of those other folds, each judged by a head that did not see it.
    """
    training = GENERAL_FOLDER / "training"
    others = (
        row
        for name in ("smalltalk", "out_of_scope")
        for row in read_labelled_texts(training / f"{name}.jsonl")
    )
    own = [
        *read_labelled_texts(training / "wants_person.jsonl"),
        *(LabelledText(row.text, NO_PERSON) for row in others),
    ]
    own_features = encoder.read([row.text for row in own]).features
    wishes, folds = np.array([row.wish for row in rows]), np.array([row.fold for row in rows])
    judged = Judged(np.empty(len(rows)), np.empty(len(rows)))
    for fold in track(sorted(set(folds)), doing="Teaching without a fold"):
        asked = folds == fold
        features = np.concatenate([own_features, messages.whole[~asked]])
        labels = [*(row.label for row in own), *np.where(wishes[~asked], PERSON, NO_PERSON)]
        fitted = cross_fitted_kernel_head(features, labels, seed=seed)
        held_out = fitted.head.as_probabilities(fitted.held_out_scores)
        chances = held_out[len(own) :, fitted.head.labels.index(PERSON)]
        judged.probabilities[asked] = messages.strongest(fitted.head)[asked]
        judged.limits[asked] = best_limit(chances, wishes[~asked])
    return judged


def best_limit(probabilities: NDArray[np.float64], wishes: NDArray[np.bool_]) -> float:
    """The limit with the best F1: half way between two neighbouring probabilities; 0.5 without wishes.

    Of equally good ones the greatest.
    """
    if not wishes.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    noticed = np.cumsum(wishes[order])
    scores = 2 * noticed / (np.arange(1, len(ordered) + 1) + wishes.sum())
    ends = np.append(ordered[1:] < ordered[:-1], True)  # equal probabilities are on one side of any limit
    best = int(np.argmax(np.where(ends, scores, -1.0)))
    return float((ordered[best] + (ordered[best + 1] if best + 1 < len(ordered) else 0.0)) / 2)
