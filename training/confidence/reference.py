"""What a set reads of the questions it is calibrated on, counted, for `firstlast drift`."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.data.labelled import LabelledQuestion
from model.model_set import CalibrationSample
from model.resolver import Read
from serving.drift.service import REFERENCE_KEY
from serving.drift.tallies import NO, YES, language_label, number_label

Reference = Mapping[str, Mapping[str, int]]


def reference_counts(
    questions: Sequence[LabelledQuestion],
    reads: Sequence[Read],
    sample: CalibrationSample,
    asked: NDArray[np.intp],
) -> Reference:
    """Counts by signal and label of the business's own calibration questions, as service counts them.

    Intents, scope and sentiment are as the set reads them. `asked` has, for each decision of the `sample`,
    the place of its question; those beyond `questions` are not the business's own and are left out.
    """
    understood = [read.understanding for read in reads[: len(questions)]]
    own = sample.confidences[asked < len(questions)]
    counted: dict[str, list[str]] = {
        "intents": [read.intent for read in understood if read.intent],
        "out_of_scope": [NO if read.intent else YES for read in understood],
        "languages": [language_label(question.text) for question in questions],
        "sentiment": [read.sentiment for read in understood],
        "confidence": [number_label(confidence) for confidence in own.tolist()],
    }
    return {signal: dict(Counter(labels)) for signal, labels in counted.items()}


def without_signal(card: Mapping[str, object], signal: str) -> dict[str, object]:
    """The card without what it tells of a signal that is read otherwise from now on."""
    reference = card.get(REFERENCE_KEY)
    if not isinstance(reference, Mapping):
        return dict(card)
    return {**card, REFERENCE_KEY: {name: counts for name, counts in reference.items() if name != signal}}
