"""Fits the two heads that tell whether a message depends on what was said before it; saves nothing."""

from collections.abc import Sequence

import numpy as np

from eval.data.dialogues import CONTEXT_DEPENDENT_KINDS, UNHELPED_KINDS, Dialogue
from eval.data.labelled import LabelledText
from model.heads.head import Head
from model.interfaces import Reader, Retriever
from model.resolver import TOP_K
from model.types import Turn
from model.understanding.follow_up import ALONE, LEANS, UNHELPED, context_inputs, said_before
from training.datasets.training_data import TrainingData
from training.heads.linear import FittedHead, fit_head

_INTENT_TEXTS = 100
"""Of the intents' texts so many, evenly spread, stand for messages that say all by themselves. With 300 more
leaning messages were read alone, and no more right answers found, on the calibration dialogues."""


def follow_up_texts(data: TrainingData) -> list[LabelledText]:
    """What the first head is fitted on; the dialogues' last messages come first, in their order."""
    step = max(1, len(data.intents) // _INTENT_TEXTS)
    return [
        *(LabelledText(dialogue.text, _label(dialogue)) for dialogue in data.dialogues),
        *data.follow_ups,
        *(LabelledText(row.text, ALONE) for row in (*data.smalltalk, *data.intents[::step])),
    ]


def fit_context_dependence(
    dialogues: Sequence[Dialogue], first: FittedHead, encoder: Reader, retriever: Retriever, *, seed: int
) -> Head:
    """The second head, on what the first said of each dialogue's last message without having seen it."""
    says = first.head.as_probabilities(first.held_out_scores[: len(dialogues)])
    alone = says[:, first.head.labels.index(ALONE)]
    vectors = encoder.encode(
        [text for candidate in dialogues for text in (candidate.text, _joined(candidate))]
    )
    inputs = []
    for i, dialogue in enumerate(dialogues):
        vector, joined = vectors[2 * i], vectors[2 * i + 1]
        candidates = retriever.search(dialogue.text, vector, top_k=TOP_K)
        best = max((candidate.dense_score for candidate in candidates), default=0.0)
        inputs.append(context_inputs(float(alone[i]), cosine=float(vector @ joined), best_dense=best))
    labels = [LEANS if candidate.kind in CONTEXT_DEPENDENT_KINDS else ALONE for candidate in dialogues]
    return fit_head(np.stack(inputs), labels, seed=seed)


def _label(dialogue: Dialogue) -> str:
    if dialogue.kind in UNHELPED_KINDS:
        return UNHELPED
    return LEANS if dialogue.kind in CONTEXT_DEPENDENT_KINDS else ALONE


def _joined(dialogue: Dialogue) -> str:
    """The last message with the customer's words before it."""
    before = said_before([Turn(turn.author, turn.text) for turn in dialogue.before])
    return f"{before}\n{dialogue.text}"
