"""Turns candidates into calibrated confidences; does not decide whether to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from model.answering.past_questions import PastQuestions
from model.errors import ArtifactError
from model.types import Candidate, Difference, ScoredCandidate, Vector

FEATURES = (
    "dense_score",
    "dense_margin",
    "coverage",
    "coverage_margin",
    "fused_score",
    "fused_margin",
    "lexical_score",
    "lexical_margin",
    "lexical_share",
    "second_score",
    "second_margin",
    "whole_score",
    "whole_margin",
    "phrasings_vote",
    "phrasings_vote_margin",
    "phrasings",
    "learned_answer",
    "other_number",
    "missing_number",
    "opposite",
    "negation",
    "asks_why",
    "past",
    "unheard",
    "unknown",
    "rarest_unknown",
    "unsaid",
    "rarest_unsaid",
    "intent_prior",
    "intent_prior_margin",
    "past_share",
    "past_margin",
    "past_unanswered",
    "in_scope",
    "out_of_scope",
    "human_only",
    "smalltalk",
    "question_words",
)
"""What the confidence of a candidate rests on, in the order of the weights."""

_DIFFERENCES = tuple(field.name for field in fields(Difference) if field.name in FEATURES)
_LEARNED = FEATURES.index("learned_answer")
_MOST_UNAPPROVED = float(np.nextafter(1.0, 0.0))
"""Rounding alone would make the surest others certain."""
_PRIOR_WEIGHT = 0.5
_FLOOR = 0.01
_LEAST_LEXICAL = 1e-9


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What is known of the question apart from its candidates; probabilities in [0, 1]."""

    in_scope: float
    out_of_scope: float
    human_only: float
    smalltalk: float
    words: int
    intents: Mapping[str, float]
    """Probability by intent; empty when none are trained."""
    vector: Vector
    """What is searched with, to find past questions like it, shape `(dim,)`."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Decision trees as flat arrays over all nodes; a leaf leads to itself.

    Extremely randomised trees (Geurts et al. 2006). Among the hundred most confident held-out answers to
    the sample company's calibration questions 2.7 were wrong on average, of logistic regression's 6.
    """

    roots: NDArray[np.intp]
    """First node of each tree, shape `(n_trees,)`."""
    feature: NDArray[np.intp]
    """Column compared at each node, shape `(n_nodes,)`."""
    limit: NDArray[np.float32]
    """Shape `(n_nodes,)`."""
    children: NDArray[np.intp]
    """Where a row goes that is above the limit, and where one that is not, shape `(n_nodes, 2)`."""
    value: NDArray[np.float32]
    """Share of right answers among the training rows that reached the node, shape `(n_nodes,)`."""
    depth: int
    """Steps after which every row is at a leaf."""

    def shares(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the trees' shares for each row, shape `(n_rows,)`, in [0, 1]."""
        n_rows, n_columns = rows.shape
        inputs, children = rows.astype(np.float32).ravel(), self.children.ravel()
        nodes = np.tile(self.roots, n_rows)
        first_columns = np.repeat(np.arange(n_rows) * n_columns, len(self.roots))
        for _ in range(self.depth):
            at_most = inputs.take(first_columns + self.feature.take(nodes)) <= self.limit.take(nodes)
            nodes = children.take(2 * nodes + at_most)
        by_tree = self.value.take(nodes).reshape(n_rows, len(self.roots))
        shares: NDArray[np.float64] = by_tree.mean(axis=1, dtype=np.float64)
        return shares


@dataclass(frozen=True, slots=True, eq=False)
class AnsweringModel:
    """A forest over the features, its shares calibrated on held-out questions (Platt 1999).

    Articles and learned answers are calibrated apart: where a share says .7, nine in ten learned answers may
    be right and half the articles.
    """

    typical: NDArray[np.float64]
    """Stands in for a feature that is not known, shape `(n_features,)`."""
    forest: Forest
    slope: NDArray[np.float64]
    """Of the shares' log odds, for articles and for learned answers, shape `(2,)`."""
    offset: NDArray[np.float64]
    """Added to them, likewise."""
    past: PastQuestions = field(default_factory=PastQuestions.none)

    def __post_init__(self) -> None:
        if self.typical.shape != (len(FEATURES),):
            raise ArtifactError(
                f"the answering model has {self.typical.shape} features, expected ({len(FEATURES)},); "
                "train it again: firstlast train heads"
            )

    def confidences(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that each candidate resolves its question, shape `(n_rows,)`.

        A feature that is not known (NaN) takes its typical value.
        """
        known = np.where(np.isnan(rows), self.typical, rows)
        kinds = is_learned(rows).astype(np.intp)
        return calibrated(self.forest.shares(known), slope=self.slope[kinds], offset=self.offset[kinds])

    def score(self, candidates: Sequence[Candidate], signals: QuestionSignals) -> list[ScoredCandidate]:
        """The candidates with their confidences, most confident first; ties keep the order given.

        An answer that a person approved for these very words is certain: they said so; no other is. One
        that is asked for what its text must not show is halved: it can be no more than an offer.
        """
        if not candidates:
            return []
        rows = feature_rows(candidates, signals, self.past)
        approved = [candidate.is_approved for candidate in candidates]
        withheld = [candidate.asks_for_withheld for candidate in candidates]
        fitted = np.minimum(self.confidences(rows), _MOST_UNAPPROVED)
        confidences = np.where(approved, 1.0, fitted) * np.where(withheld, 0.5, 1.0)
        scored = [
            ScoredCandidate(candidate, _named(row), float(confidence))
            for candidate, row, confidence in zip(candidates, rows, confidences, strict=True)
        ]
        return sorted(scored, key=lambda one: -one.confidence)


def is_learned(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of features are of learned answers, shape `(n_rows,)`; the others are of articles."""
    learned: NDArray[np.bool_] = rows[:, _LEARNED] == 1
    return learned


def calibrated(
    shares: NDArray[np.float64], *, slope: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Confidences in (0, 1) from a forest's shares: the logistic of their stretched and moved log odds.

    `slope` and `offset` have the shape of `shares`.
    """
    confidences: NDArray[np.float64] = 1 / (1 + np.exp(-(slope * log_odds(shares) + offset)))
    return confidences


def log_odds(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """`log(p / (1 - p))`, with shares kept a thousandth away from 0 and 1."""
    kept = np.clip(shares, 0.001, 0.999)
    odds: NDArray[np.float64] = np.log(kept / (1 - kept))
    return odds


def feature_rows(
    candidates: Sequence[Candidate],
    signals: QuestionSignals,
    past: PastQuestions,
    *,
    without: int | None = None,
) -> NDArray[np.float64]:
    """Features of all candidates of one question, shape `(n_candidates, n_features)`.

    Margins are to the best other candidate, so that only a clear winner is sure. What phrasings say together
    and how the question differs from them is NaN for an article, whose passages are no questions. What past
    questions say is NaN for an answer without any, and what the question's matter says for a learned answer,
    which a person approved for what was new, or for people, until then. `without` is the past question that
    is this very one, if any.
    """
    if not candidates:
        return np.empty((0, len(FEATURES)))
    refs = [one.ref for one in candidates]
    dense = np.array([one.dense_score for one in candidates])
    coverage = np.array([one.coverage for one in candidates])
    fused = np.array([one.fused_score for one in candidates])
    lexical = np.array([one.lexical_score for one in candidates])
    second = np.array([one.second_score for one in candidates])
    whole = np.array([one.whole_score for one in candidates])
    differences = np.array([_difference(one) for one in candidates])
    learned = np.array([one.passage.kind == "learned_answer" for one in candidates])
    vote = np.where(learned, [one.vote for one in candidates], np.nan)
    phrasings = np.where(learned, [one.passages for one in candidates], np.nan)
    prior = np.array([_intent_prior(past.intents_of(ref, without=without), signals.intents) for ref in refs])
    past_shares, unanswered = past.shares(signals.vector, refs, without=without)
    of_matter = np.array([unanswered, signals.in_scope, signals.out_of_scope, signals.human_only])
    matter = np.where(learned[:, None], np.nan, of_matter)
    return np.column_stack(
        [
            *(dense, _margins(dense), coverage, _margins(coverage), fused, _margins(fused)),
            *(lexical, _margins(lexical), lexical / max(lexical.max(), _LEAST_LEXICAL)),
            *(second, _margins(second), whole, _margins(whole)),
            *(vote, _margins(vote), np.log1p(phrasings)),
            learned.astype(np.float64),
            differences,
            *(np.log(prior + _FLOOR), _margins(prior)),
            *(past_shares, _margins(past_shares)),
            matter,
            *(np.full(len(candidates), value) for value in (signals.smalltalk, np.log1p(signals.words))),
        ]
    )


def _difference(candidate: Candidate) -> list[float]:
    """What differs, in the order of the features; NaN for an article."""
    found = candidate.difference
    if found is None:
        return [np.nan] * len(_DIFFERENCES)
    return [float(getattr(found, name)) for name in _DIFFERENCES]


def _intent_prior(counts: Mapping[str, int], intents: Mapping[str, float]) -> float:
    """Probability that the question has the intent of those the answer resolved before, smoothed."""
    total = sum(counts.values())
    if not total or not intents:
        return np.nan
    share = sum(intents.get(name, 0.0) * count for name, count in counts.items())
    return (share + _PRIOR_WEIGHT / len(intents)) / (total + _PRIOR_WEIGHT)


def _margins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value less the greatest of the others (0 when there is none); NaN stays NaN."""
    if len(values) < 2:
        return values.copy()
    known = np.nan_to_num(values, nan=0.0)
    second, first = np.sort(known)[-2:]
    margins: NDArray[np.float64] = values - np.where(known == first, second, first)
    return margins


def _named(row: NDArray[np.float64]) -> Mapping[str, float]:
    return {name: float(value) for name, value in zip(FEATURES, row, strict=True) if value == value}
