"""What becomes of customers' questions: answered right or wrong, asked back, handed over; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, get_args

import structlog

from eval.data.beir import BeirSet
from eval.data.labelled import LabelledQuestion
from eval.metrics import risk_coverage
from eval.results import Figure, SuiteResult, Track, figures_json, percentiles, untracked
from eval.suites import budgets
from model.answering.risk import RiskThreshold
from model.errors import DataError
from model.reasons import Reason
from model.resolver import Resolver
from model.types import CandidateKind, Decision, DecisionKind, Question

Outcome = Literal["answered_right", "answered_wrong", "clarified", "handed_over", "smalltalk", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_UNANSWERED: Mapping[DecisionKind, Outcome] = {
    "clarify": "clarified",
    "handoff": "handed_over",
    "silent": "handed_over",
    "smalltalk": "smalltalk",
}

_DECIDED_BY_THRESHOLD = frozenset({Reason.ABOVE_THRESHOLD, Reason.BELOW_THRESHOLD})
"""Reasons of the policy when nothing else had settled the matter."""

_log = structlog.get_logger(__name__)


class AnsweringResolver(Protocol):
    """Decides what to do with questions, at a threshold that keeps a risk budget."""

    @property
    def thresholds(self) -> Mapping[CandidateKind, RiskThreshold]:
        """The least confidence that is answered, for each kind of answer."""
        ...

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation."""
        ...


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """What became of one question."""

    id: str
    text: str
    kind: str
    outcome: Outcome
    right_refs: tuple[str, ...]
    ref: str | None
    """The answer given, if any."""
    choices: tuple[str, ...]
    """The answers offered by asking back."""
    best_ref: str | None
    """The most confident candidate, answered or not."""
    confidence: float | None
    """Confidence of that candidate."""
    right_intent: str | None
    """What the customer wants, where that is known."""
    intent: str | None
    """What the bot took it for."""
    reasons: tuple[str, ...]
    milliseconds: float | None
    error: str | None
    """Of a question that failed: the exception."""
    words_are_right: bool | None
    """Of an answer: whether its words hold the facts; `None` where nobody wrote them down."""

    @property
    def best_is_right(self) -> bool | None:
        """Whether the most confident candidate is right; `None` for a question that nothing answers."""
        return self.best_ref in self.right_refs if self.kind == "answerable" else None

    @property
    def reached_a_person(self) -> bool | None:
        """Whether a question for people was handed over; `None` for others."""
        return self.outcome == "handed_over" if self.kind == "needs_person" else None

    @property
    def intent_is_right(self) -> bool | None:
        """Whether it was taken for what the customer wants; `None` where that is not known."""
        return self.intent == self.right_intent if self.right_intent is not None else None


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """What became of all questions.

    - `answered_right` … `failed`: shares of all questions, adding up to 1.
    - `wrong_among_answered`: with the exact interval; `None` when nothing was answered.
    - `words_right_among_answered`: of the answers to questions with facts, and to questions that nothing
      answers, those whose words answer; an answer is right above when it is the right article.
    - `coverage_in_hindsight`: the greatest share of all questions that could have been answered within the
      risk, by a threshold chosen on these very questions: what better calibration could still win.
    - `best_right`: share of the answerable questions whose most confident candidate is right.
    - `intent_right`: share of the questions of a known intent that are taken for it.
    - `threshold`, `risk`, `confidence_level`, `guaranteed`: as `model.answering.risk` found them.
    - `by_kind`: number of questions by kind and outcome; `needs_person_answered`: those a person should
      have had; `p50_ms`, `p95_ms`: percentiles of the whole decision, interpolated.
    """

    n: int
    answered_right: Figure
    answered_wrong: Figure
    clarified: Figure
    handed_over: Figure
    smalltalk: Figure
    failed: Figure
    n_answered: int
    wrong_among_answered: Figure
    words_right_among_answered: Figure
    coverage_in_hindsight: float
    best_right: Figure
    intent_right: Figure
    threshold: float
    risk: float
    confidence_level: float
    guaranteed: bool
    by_kind: Mapping[str, Mapping[str, int]]
    needs_person_answered: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of questions, one by one and all together."""

    figures: AnswerFigures
    items: tuple[AnsweredItem, ...]
    decided: tuple[budgets.Asked, ...]
    """Those that did not fail, with the decision."""

    @property
    def items_json(self) -> tuple[dict[str, Any], ...]:  # JSON
        """The items as they are written."""
        return tuple(asdict(item) for item in self.items)


def measure(
    questions: Sequence[LabelledQuestion], *, resolver: AnsweringResolver, track: Track = untracked
) -> Answered:
    """Asks each question on its own, as the first message of an unknown customer.

    An answer is right when the question is answerable and the first source is one of its answers; any
    answer to a question of another kind is wrong. A question that crashes is counted as `failed`. Raises
    `DataError` without questions.
    """
    if not questions:
        raise DataError("there are no questions to ask; give a file or folder that holds some")
    asked = [(question, *_decided(question, resolver)) for question in track(questions, doing="Asking")]
    items = tuple(_item(question, decision, error) for question, decision, error in asked)
    decided = tuple(budgets.Asked(question, decision) for question, decision, _ in asked if decision)
    return Answered(_figures(items, resolver.thresholds["article"]), items, decided)


def run(
    questions: Sequence[LabelledQuestion],
    *,
    resolver: AnsweringResolver,
    rules: budgets.Rules | None = None,
    track: Track = untracked,
) -> SuiteResult:
    """`measure`; with the `rules` that the resolver goes by, also other budgets than its own.

    That is `at_risk` and `curve` of `eval.suites.budgets`, and the chart `risk_coverage`.
    """
    answered = measure(questions, resolver=resolver, track=track)
    figures, n = figures_json(answered.figures), len(answered.items)
    if rules is None:
        return SuiteResult(figures, answered.items_json)
    return SuiteResult(
        {**figures, **budgets.figures(answered.decided, rules, n=n)},
        answered.items_json,
        {"risk_coverage": budgets.chart(answered.decided, rules, n=n)},
    )


def rules_of(resolver: Resolver) -> budgets.Rules:
    """What the resolver goes by, for other budgets than its own."""
    return budgets.Rules(
        resolver.models.calibration,
        resolver.policy,
        confidence_level=resolver.thresholds["article"].confidence_level,
    )


def beir_questions(data: BeirSet) -> list[LabelledQuestion]:
    """The queries of a BEIR folder as answerable questions."""
    return [
        LabelledQuestion(query.id, query.text, "answerable", None, frozenset(query.gains))
        for query in data.queries
    ]


def without_answers(questions: Sequence[LabelledQuestion], removed: frozenset[str]) -> list[LabelledQuestion]:
    """The questions when the answers `removed` (refs) are not known: those that lose all are out of scope."""
    left = ((question, question.refs - removed) for question in questions)
    return [
        question
        if refs == question.refs
        else replace(question, refs=refs, kind=question.kind if refs else "out_of_scope")
        for question, refs in left
    ]


def _decided(question: LabelledQuestion, resolver: AnsweringResolver) -> tuple[Decision | None, str | None]:
    """The decision, or why there is none."""
    try:
        return resolver.resolve(Question(question.text)), None
    except Exception as raised:  # whatever goes wrong for one question, the others are still asked
        _log.error("question_failed", id=question.id, exception=type(raised).__name__)
        return None, repr(raised)


def _item(question: LabelledQuestion, decision: Decision | None, error: str | None) -> AnsweredItem:
    ref = decision.sources[0].ref if decision and decision.sources else None
    return AnsweredItem(
        id=question.id,
        text=question.text,
        kind=question.kind,
        outcome=_outcome(question, decision, ref),
        right_refs=tuple(sorted(question.refs)),
        ref=ref,
        choices=tuple(choice.ref for choice in decision.choices) if decision else (),
        best_ref=decision.candidates[0].candidate.ref if decision and decision.candidates else None,
        confidence=decision.confidence if decision else None,
        right_intent=question.intent,
        intent=decision.understanding.intent if decision else None,
        reasons=decision.reasons if decision else (),
        milliseconds=decision.milliseconds.get("total") if decision else None,
        error=error,
        words_are_right=_words_are_right(question, decision, ref),
    )


def _words_are_right(question: LabelledQuestion, decision: Decision | None, ref: str | None) -> bool | None:
    if decision is None or decision.kind != "answer" or ref is None:
        return None
    if question.kind == "answerable" and not question.facts:
        return None
    return question.is_answered_by(ref, decision.answer)


def _outcome(question: LabelledQuestion, decision: Decision | None, ref: str | None) -> Outcome:
    if decision is None:
        return "failed"
    if decision.kind != "answer":
        return _UNANSWERED[decision.kind]
    right = question.kind == "answerable" and ref in question.refs
    return "answered_right" if right else "answered_wrong"


def _figures(items: Sequence[AnsweredItem], threshold: RiskThreshold) -> AnswerFigures:
    n, counts = len(items), Counter(item.outcome for item in items)
    words = [item.words_are_right for item in items if item.words_are_right is not None]
    wrong, answered = counts["answered_wrong"], counts["answered_wrong"] + counts["answered_right"]
    best = [item.best_is_right for item in items if item.best_is_right is not None]
    intents = [item.intent_is_right for item in items if item.intent_is_right is not None]
    by_kind = Counter((item.kind, item.outcome) for item in items)
    taken = [item.milliseconds for item in items if item.milliseconds is not None]
    times = percentiles(taken) if taken else {"p50_ms": None, "p95_ms": None}
    return AnswerFigures(
        n=n,
        answered_right=Figure.share(counts["answered_right"], n),
        answered_wrong=Figure.share(wrong, n),
        clarified=Figure.share(counts["clarified"], n),
        handed_over=Figure.share(counts["handed_over"], n),
        smalltalk=Figure.share(counts["smalltalk"], n),
        failed=Figure.share(counts["failed"], n),
        n_answered=answered,
        wrong_among_answered=Figure.promise(wrong, answered),
        words_right_among_answered=Figure.share(sum(words), len(words)),
        coverage_in_hindsight=_coverage_in_hindsight(items, risk=threshold.risk),
        best_right=Figure.share(sum(best), len(best)),
        intent_right=Figure.share(sum(intents), len(intents)),
        threshold=threshold.value,
        risk=threshold.risk,
        confidence_level=threshold.confidence_level,
        guaranteed=threshold.guaranteed,
        by_kind={
            kind: {outcome: by_kind[kind, outcome] for outcome in OUTCOMES}
            for kind in dict.fromkeys(item.kind for item in items)
        },
        needs_person_answered=sum(
            item.kind == "needs_person" and item.outcome == "answered_wrong" for item in items
        ),
        p50_ms=times["p50_ms"],
        p95_ms=times["p95_ms"],
    )


def _coverage_in_hindsight(items: Sequence[AnsweredItem], *, risk: float) -> float:
    """By what the most confident candidates were worth, whether they were given as answers or not."""
    by_threshold = [item for item in items if item.best_ref and _DECIDED_BY_THRESHOLD & set(item.reasons)]
    points = risk_coverage(
        [item.confidence or 0.0 for item in by_threshold],
        [item.best_ref in item.right_refs for item in by_threshold],
    )
    coverage = max((point.coverage for point in points if point.risk <= risk), default=0.0)
    return coverage * len(by_threshold) / len(items)
