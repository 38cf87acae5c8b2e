"""What becomes of customers' questions: answered right or wrong, asked back, handed over; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, get_args

import structlog

from eval.data.beir import BeirSet
from eval.data.labelled import LabelledQuestion
from eval.metrics import risk_coverage, wrong_among_answered
from eval.metrics.intervals import clopper_pearson, wilson
from eval.results import SuiteResult, Track, figure, percentiles, untracked
from eval.suites import budgets
from model.answering.risk import RiskThreshold
from model.errors import DataError
from model.resolver import Resolver
from model.types import Decision, DecisionKind, Question

Outcome = Literal["answered_right", "answered_wrong", "clarified", "handed_over", "smalltalk", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_UNANSWERED: Mapping[DecisionKind, Outcome] = {
    "clarify": "clarified",
    "handoff": "handed_over",
    "silent": "handed_over",
    "smalltalk": "smalltalk",
}

_DECIDED_BY_THRESHOLD = frozenset({"above_threshold", "below_threshold"})
"""Reasons of the policy when nothing else had settled the matter."""

_log = structlog.get_logger(__name__)


class AnsweringResolver(Protocol):
    """Decides what to do with questions, at a threshold that keeps a risk budget."""

    @property
    def threshold(self) -> RiskThreshold:
        """The least confidence that is answered."""
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


def run(
    questions: Sequence[LabelledQuestion],
    *,
    resolver: AnsweringResolver,
    rules: budgets.Rules | None = None,
    track: Track = untracked,
) -> SuiteResult:
    """Asks each question on its own, as the first message of an unknown customer.

    An answer is right when the question is answerable and the first source is one of its answers; any
    answer to a question of another kind is wrong. A question that crashes is counted as `failed`.

    - `answered_right`, `answered_wrong`, `clarified`, `handed_over`, `smalltalk`, `failed`: shares of
      all questions, adding up to 1, with Wilson intervals.
    - `wrong_among_answered`: with the exact interval; `None` when nothing was answered.
    - `coverage_in_hindsight`: the greatest share of all questions that could have been answered within the
      risk, by a threshold chosen on these very questions: what better calibration could still win.
    - `best_right`: share of the answerable questions whose most confident candidate is right.
    - `intent_right`: share of the questions of a known intent that are taken for it.
    - `threshold`, `risk`, `confidence_level`, `guaranteed`: as `model.answering.risk` found them.
    - `by_kind`: number of questions by kind and outcome; `needs_person_answered`: those a person should
      have had; `p50_ms`, `p95_ms`: percentiles of the whole decision, interpolated.
    - with the `rules` that the resolver goes by, also `at_risk`, `plain_similarity` and `curve` of
      `eval.suites.budgets`, and the chart `risk_coverage`.

    Raises `DataError` without questions.
    """
    if not questions:
        raise DataError("there are no questions to ask; give a file or folder that holds some")
    asked = [(question, *_decided(question, resolver)) for question in track(questions, doing="Asking")]
    items = [_item(question, decision, error) for question, decision, error in asked]
    decided = [budgets.Asked(question, decision) for question, decision, _ in asked if decision]
    return SuiteResult(
        figures={
            "n": len(items),
            **_shares(items),
            **_best_figures(items, risk=resolver.threshold.risk),
            **_intent_figures(items),
            **_risk_figures(resolver.threshold),
            "by_kind": _by_kind(items),
            "needs_person_answered": sum(
                item.kind == "needs_person" and item.outcome == "answered_wrong" for item in items
            ),
            **_times(items),
            **(budgets.figures(decided, rules, n=len(items)) if rules else {}),
        },
        items=tuple(asdict(item) for item in items),
        charts={"risk_coverage": budgets.chart(decided, rules, n=len(items))} if rules else {},
    )


def rules_of(resolver: Resolver) -> budgets.Rules:
    """What the resolver goes by, for other budgets than its own."""
    return budgets.Rules(
        resolver.models.calibration, resolver.policy, confidence_level=resolver.threshold.confidence_level
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
    )


def _outcome(question: LabelledQuestion, decision: Decision | None, ref: str | None) -> Outcome:
    if decision is None:
        return "failed"
    if decision.kind != "answer":
        return _UNANSWERED[decision.kind]
    right = question.kind == "answerable" and ref in question.refs
    return "answered_right" if right else "answered_wrong"


def _shares(items: Sequence[AnsweredItem]) -> dict[str, Any]:  # JSON
    counts = Counter(item.outcome for item in items)
    figures: dict[str, Any] = {}
    for outcome in OUTCOMES:
        count = counts[outcome]
        figures |= figure(outcome, count / len(items), wilson(count, len(items)))
    wrong = counts["answered_wrong"]
    answered = counts["answered_right"] + wrong
    share = wrong_among_answered(wrong, answered)
    exact = clopper_pearson(wrong, answered) if answered else None
    return figures | {"n_answered": answered} | figure("wrong_among_answered", share, exact)


def _best_figures(items: Sequence[AnsweredItem], *, risk: float) -> dict[str, Any]:  # JSON
    """What the most confident candidates were worth, whether they were given as answers or not."""
    by_threshold = [item for item in items if item.best_ref and _DECIDED_BY_THRESHOLD & set(item.reasons)]
    points = risk_coverage(
        [item.confidence or 0.0 for item in by_threshold],
        [item.best_ref in item.right_refs for item in by_threshold],
    )
    coverage = max((point.coverage for point in points if point.risk <= risk), default=0.0)
    answerable = [item.best_ref in item.right_refs for item in items if item.kind == "answerable"]
    right, n = sum(answerable), len(answerable)
    return {
        "coverage_in_hindsight": coverage * len(by_threshold) / len(items),
        **figure("best_right", right / n if n else None, wilson(right, n) if n else None),
    }


def _intent_figures(items: Sequence[AnsweredItem]) -> dict[str, Any]:  # JSON
    known = [item.intent == item.right_intent for item in items if item.right_intent is not None]
    right, n = sum(known), len(known)
    return figure("intent_right", right / n if n else None, wilson(right, n) if n else None)


def _risk_figures(threshold: RiskThreshold) -> dict[str, Any]:  # JSON
    return {
        "threshold": threshold.value,
        "risk": threshold.risk,
        "confidence_level": threshold.confidence_level,
        "guaranteed": threshold.guaranteed,
    }


def _by_kind(items: Sequence[AnsweredItem]) -> dict[str, dict[str, int]]:
    counts = Counter((item.kind, item.outcome) for item in items)
    kinds = dict.fromkeys(item.kind for item in items)
    return {kind: {outcome: counts[kind, outcome] for outcome in OUTCOMES} for kind in kinds}


def _times(items: Sequence[AnsweredItem]) -> dict[str, float | None]:
    taken = [item.milliseconds for item in items if item.milliseconds is not None]
    if not taken:
        return {"p50_ms": None, "p95_ms": None}
    return {**percentiles(taken)}
