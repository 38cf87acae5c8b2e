"""Fits the confidence of candidates on labelled questions, and finds the limits; saves nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from knowledge.company import LabelledQuestion
from model.answering import AnsweringModel, feature_rows
from model.artifacts import CalibrationSample
from model.errors import DataError
from model.resolver import Read

FOLDS = 10
_FEWEST_QUESTIONS = 20
_TOP_CANDIDATES = 10
"""Candidates of a question that are learned from; those below are never answered."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedConfidence:
    """The answering model with its held-out decisions."""

    model: AnsweringModel
    sample: CalibrationSample


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    features: NDArray[np.float64]
    correct: NDArray[np.bool_]
    question: NDArray[np.intp]
    """Index of the question each row belongs to."""


def fit_confidence(
    questions: Sequence[LabelledQuestion],
    reads: Sequence[Read],
    *,
    reaches_answer: Callable[[Read], bool],
    seed: int,
) -> FittedConfidence:
    """Confidence of candidates, fitted on all questions; and what it was for questions held out.

    The sample holds each question's most confident candidate, scored by a model that never saw the
    question (10 folds), for the questions that `reaches_answer`: the others go to people before any
    answer is considered. Raises `DataError` when there are too few questions.
    """
    counts = answer_intents(questions)
    rows = _rows(questions, reads, counts)
    if len(questions) < _FEWEST_QUESTIONS or not rows.correct.any() or rows.correct.all():
        raise DataError(
            f"{len(questions)} calibration questions are not enough: at least {_FEWEST_QUESTIONS} are "
            "needed, some with the article that answers and some that nothing answers"
        )
    held_out = np.empty(len(rows.correct))
    splitter = GroupKFold(min(FOLDS, len(questions)), shuffle=True, random_state=seed)
    for train, test in splitter.split(rows.features, rows.correct, rows.question):
        fitted = _fit(rows.features[train], rows.correct[train], rows.question[train])
        held_out[test] = fitted.confidences(rows.features[test])
    reached = np.array([reaches_answer(read) for read in reads])
    best = [row for row in _best_rows(held_out, rows.question) if reached[rows.question[row]]]
    return FittedConfidence(
        replace(_fit(rows.features, rows.correct, rows.question), answer_intents=counts),
        CalibrationSample(held_out[best], rows.correct[best]),
    )


def limit_for_recall(probabilities: NDArray[np.float64], *, recall: float, most: float) -> float:
    """The greatest limit that at least `recall` of the positives' probabilities reach, at most `most`.

    `most` for no probabilities.
    """
    if not len(probabilities):
        return most
    missed = int(np.floor((1 - recall) * len(probabilities) + 1e-9))
    return float(min(most, np.sort(probabilities)[missed]))


def answer_intents(questions: Sequence[LabelledQuestion]) -> dict[str, dict[str, int]]:
    """How often the questions each answer resolves have which intent."""
    counts: dict[str, dict[str, int]] = {}
    for question in questions:
        for ref in sorted(question.refs):
            if question.intent is not None:
                by_intent = counts.setdefault(ref, {})
                by_intent[question.intent] = by_intent.get(question.intent, 0) + 1
    return counts


def _rows(
    questions: Sequence[LabelledQuestion], reads: Sequence[Read], counts: Mapping[str, Mapping[str, int]]
) -> _Rows:
    features: list[NDArray[np.float64]] = []
    correct: list[bool] = []
    index: list[int] = []
    for i, (question, read) in enumerate(zip(questions, reads, strict=True)):
        kept = read.candidates[:_TOP_CANDIDATES]
        others = _without(counts, question)
        features.append(feature_rows(read.candidates, read.signals, others)[: len(kept)])
        correct.extend(candidate.ref in question.refs for candidate in kept)
        index.extend([i] * len(kept))
    return _Rows(np.vstack(features), np.array(correct, dtype=np.bool_), np.array(index, dtype=np.intp))


def _without(
    counts: Mapping[str, Mapping[str, int]], question: LabelledQuestion
) -> dict[str, Mapping[str, int]]:
    """The counts of all other questions: in service a question is never counted beforehand."""
    others = dict(counts)
    for ref in question.refs:
        if question.intent is not None:
            own = dict(counts[ref])
            own[question.intent] -= 1
            others[ref] = own
    return others


def _fit(
    features: NDArray[np.float64], correct: NDArray[np.bool_], question: NDArray[np.intp]
) -> AnsweringModel:
    """Logistic regression over candidates, then recalibrated on each question's best one.

    The best of several is right more rarely than its score says, so its score is stretched and moved
    (Platt 1999) to fit what is answered in service.
    """
    known = ~np.isnan(features)
    filled = np.where(known, features, 0.0)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = filled.sum(axis=0) / counts
    scale = np.sqrt((np.where(known, features - mean, 0.0) ** 2).sum(axis=0) / counts)
    scale[scale < 1e-9] = 1.0
    inputs = np.where(known, (features - mean) / scale, 0.0)
    regression = LogisticRegression(C=1.0, max_iter=1000).fit(inputs, correct)
    scores = regression.decision_function(inputs)
    best = _best_rows(scores, question)
    platt = LogisticRegression(C=100.0).fit(scores[best, None], correct[best])
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    return AnsweringModel(
        mean, scale, regression.coef_[0] * slope, float(regression.intercept_[0]) * slope + offset
    )


def _best_rows(scores: NDArray[np.float64], question: NDArray[np.intp]) -> list[int]:
    """The row with the greatest score of each question; the first of equals."""
    best: dict[int, int] = {}
    for row, owner in enumerate(question):
        if owner not in best or scores[row] > scores[best[owner]]:
            best[int(owner)] = row
    return list(best.values())
