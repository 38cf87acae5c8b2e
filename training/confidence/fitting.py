"""Fits the confidence of candidates on labelled questions, and finds the limits; saves nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from eval.data.labelled import LabelledQuestion
from model.answering.confidence import (
    FEATURES,
    AnsweringModel,
    Forest,
    calibrated,
    feature_rows,
    is_learned,
    log_odds,
)
from model.answering.past_questions import PastQuestions
from model.errors import DataError
from model.model_set import CalibrationSample
from model.resolver import Read
from model.types import Vectors
from training.datasets.training_data import FEWEST_ANSWERABLE, FEWEST_QUESTIONS

FOLDS = FEWEST_ANSWERABLE
TREES = 100


@dataclass(frozen=True, slots=True, eq=False)
class FittedConfidence:
    """The answering model with its held-out decisions."""

    model: AnsweringModel
    sample: CalibrationSample
    asked: NDArray[np.intp]
    """The place of the question of each decision of the sample, shape `(n_decisions,)`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    features: NDArray[np.float64]
    """What is not known has its typical value."""
    typical: NDArray[np.float64]
    correct: NDArray[np.bool_]
    question: NDArray[np.intp]
    """Index of the question each row belongs to."""
    need: NDArray[np.intp]
    """Number of the question's need: a text that is asked twice, of more and of less knowledge, has one."""
    weight: NDArray[np.float64]
    """How far the question's answers are believed."""


def fit_confidence(
    questions: Sequence[LabelledQuestion],
    reads: Sequence[Read],
    *,
    past: PastQuestions,
    in_past: int | None = None,
    reaches_answer: Callable[[Read], bool],
    seed: int,
    trees: int = TREES,
    folds: int = FOLDS,
) -> FittedConfidence:
    """Confidence of candidates, fitted on all questions; and what it was for questions held out.

    `past` begins with the first `in_past` of the questions, by default all of it is these, or it is empty;
    each of them is fitted on with itself left out of it.

    The sample holds each question's most confident candidate, scored by a model that never saw the
    question's need (10 folds by default), for the questions that `reaches_answer`: the others go to people
    before any answer is considered. Raises `DataError` when there are too few questions.
    """
    rows = _rows(questions, reads, past, len(past) if in_past is None else min(in_past, len(past)))
    answered = len(np.unique(rows.need[rows.correct]))
    if len(questions) < FEWEST_QUESTIONS or answered < folds or rows.correct.all():
        raise DataError(
            f"{len(questions)} calibration questions, {answered} different ones with their answer found, are "
            f"not enough: {FEWEST_QUESTIONS} are needed, {folds} with their answer found"
        )
    shares = _held_out_shares(rows, seed, trees, folds)
    best = _best_rows(shares, rows.question)
    counted = np.array([row for row in best if questions[rows.question[row]].counts], dtype=np.intp)
    learned = is_learned(rows.features)
    slope, offset = _calibration_by_kind(shares[counted], rows.correct[counted], learned[counted])
    forest = _forest(rows.features, rows.correct, rows.weight, seed, trees)
    model = AnsweringModel(rows.typical, forest, slope, offset, past)
    reached = np.array([row for row in counted if reaches_answer(reads[rows.question[row]])], dtype=np.intp)
    kinds = learned[reached].astype(np.intp)
    confidences = calibrated(shares[reached], slope=slope[kinds], offset=offset[kinds])
    sample = CalibrationSample(confidences, rows.correct[reached], learned[reached])
    return FittedConfidence(model, sample, rows.question[reached])


def limit_for_recall(probabilities: NDArray[np.float64], *, recall: float, most: float) -> float:
    """The greatest limit that at least `recall` of the positives' probabilities reach, at most `most`.

    `most` for no probabilities.
    """
    if not len(probabilities):
        return most
    missed = int(np.floor((1 - recall) * len(probabilities) + 1e-9))
    return float(min(most, np.sort(probabilities)[missed]))


def past_questions(questions: Sequence[LabelledQuestion], vectors: Vectors) -> PastQuestions:
    """The questions as the past of those still to come, with their vectors `(n_questions, dim)`."""
    refs = [sorted(question.refs) for question in questions]
    return PastQuestions(vectors, refs, [question.intent for question in questions])


def _rows(
    questions: Sequence[LabelledQuestion], reads: Sequence[Read], past: PastQuestions, in_past: int
) -> _Rows:
    features: list[NDArray[np.float64]] = [np.empty((0, len(FEATURES)))]
    correct: list[bool] = []
    index: list[int] = []
    needs: dict[str, int] = {}
    for i, (question, read) in enumerate(zip(questions, reads, strict=True)):
        without = i if i < in_past else None
        features.append(feature_rows(read.candidates, read.signals, past, without=without))
        correct.extend(candidate.ref in question.refs for candidate in read.candidates)
        index.extend([i] * len(read.candidates))
        needs.setdefault(question.need or question.text, i)
    all_features = np.vstack(features)
    known = ~np.isnan(all_features)
    typical = np.where(known, all_features, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return _Rows(
        np.where(known, all_features, typical),
        typical,
        np.array(correct, dtype=np.bool_),
        np.array(index, dtype=np.intp),
        np.array([needs[questions[i].need or questions[i].text] for i in index], dtype=np.intp),
        np.array([questions[i].weight for i in index], dtype=np.float64),
    )


def _held_out_shares(rows: _Rows, seed: int, trees: int, folds: int) -> NDArray[np.float64]:
    """What a forest that never saw a row's question says of it, shape `(n_rows,)`."""
    shares = np.empty(len(rows.correct))
    splitter = GroupKFold(folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(rows.features, rows.correct, rows.need):
        fitted = _forest(rows.features[train], rows.correct[train], rows.weight[train], seed, trees)
        shares[test] = fitted.shares(rows.features[test])
    return shares


def _calibration_by_kind(
    shares: NDArray[np.float64], correct: NDArray[np.bool_], learned: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes and offsets for articles and for learned answers; a kind with too few has those of all."""
    both = _calibration(shares, correct)
    by_kind = [
        _calibration(shares[of_kind], correct[of_kind]) if of_kind.sum() >= FEWEST_QUESTIONS else both
        for of_kind in (~learned, learned)
    ]
    slopes, offsets = zip(*by_kind, strict=True)
    return np.array(slopes), np.array(offsets)


def _calibration(shares: NDArray[np.float64], correct: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of log odds that fit each question's best candidate.

    The best of several is right more rarely than its share says. The fit aims at what so many outcomes can
    say, (n + 1) / (n + 2) for n right ones and 1 / (m + 2) for m wrong ones (Platt 1999): with 1 and 0 a few
    questions that a share happens to tell apart made every confidence one of certainty. Where all are right,
    or all wrong, there is nothing to fit, and the shares stay as they are.
    """
    if correct.all() or not correct.any():
        return 1.0, 0.0
    right, wrong = correct.sum(), (~correct).sum()
    aims = np.where(correct, (right + 1) / (right + 2), 1 / (wrong + 2))
    inputs = np.tile(log_odds(shares), 2)[:, None]
    outcomes = np.repeat([True, False], len(shares))
    platt = LogisticRegression(C=100.0).fit(inputs, outcomes, sample_weight=np.concatenate([aims, 1 - aims]))
    return float(platt.coef_[0, 0]), float(platt.intercept_[0])


def _forest(
    features: NDArray[np.float64],
    correct: NDArray[np.bool_],
    weights: NDArray[np.float64],
    seed: int,
    trees: int,
) -> Forest:
    # Every feature is tried at each node: several say nothing in a home without intents or a past.
    # Each tree has a seed of its own: however many are grown at once, they are the same to the bit.
    fitted = ExtraTreesClassifier(trees, min_samples_leaf=3, max_features=None, random_state=seed, n_jobs=-1)
    all_alike = bool((weights == 1).all())
    return _flattened(
        fitted.fit(features.astype(np.float32), correct, sample_weight=None if all_alike else weights)
    )


def _flattened(fitted: ExtraTreesClassifier) -> Forest:
    """The fitted trees as flat arrays that need no scikit-learn."""
    grown = [estimator.tree_ for estimator in fitted.estimators_]
    sizes = np.array([tree.node_count for tree in grown])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shifts = np.repeat(starts, sizes)
    own = np.arange(sizes.sum())
    left = np.concatenate([tree.children_left for tree in grown])
    right = np.concatenate([tree.children_right for tree in grown])
    is_leaf = left < 0
    right_class = list(fitted.classes_).index(True)
    return Forest(
        roots=starts,
        feature=np.where(is_leaf, 0, np.concatenate([tree.feature for tree in grown])),
        limit=_rounded_down(np.concatenate([tree.threshold for tree in grown])),
        children=np.column_stack([np.where(is_leaf, own, side + shifts) for side in (right, left)]),
        value=np.concatenate([_shares(tree.value[:, 0, :], right_class) for tree in grown]),
        depth=max(int(tree.max_depth) for tree in grown),
    )


def _shares(values: NDArray[np.float64], right_class: int) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = (values[:, right_class] / values.sum(axis=1)).astype(np.float32)
    return shares


def _rounded_down(limits: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 at most each limit: a float32 value then goes the same way as before."""
    rounded = limits.astype(np.float32)
    down: NDArray[np.float32] = np.where(
        rounded > limits, np.nextafter(rounded, np.float32(-np.inf)), rounded
    ).astype(np.float32)
    return down


def _best_rows(scores: NDArray[np.float64], question: NDArray[np.intp]) -> list[int]:
    """The row with the greatest score of each question; the first of equals."""
    best: dict[int, int] = {}
    for row, owner in enumerate(question):
        if owner not in best or scores[row] > scores[best[owner]]:
            best[int(owner)] = row
    return list(best.values())
