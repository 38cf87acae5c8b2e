"""What becomes of messages that lean on what was said before them, with and without it; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import structlog

from eval.data.dialogues import (
    CONTEXT_DEPENDENT_KINDS,
    DIALOGUE_KINDS,
    UNHELPED_KINDS,
    Dialogue,
    DialogueKind,
    history_of,
)
from eval.metrics.intervals import Rows
from eval.results import Figure, SuiteResult, Track, untracked
from eval.suites.answers import AnsweringResolver
from model.errors import DataError
from model.types import Decision, Offered, Question, Turn
from model.understanding.follow_up import given_refs

Arm = Literal["with_history", "without_history"]
ARMS: tuple[Arm, ...] = get_args(Arm)
"""How the last message is asked: as the bot is asked in service, or alone."""

Outcome = Literal[
    "answered_right",
    "answered_wrong",
    "clarified_right",
    "clarified_wrong",
    "person_right",
    "person_instead",
    "smalltalk_right",
    "smalltalk_wrong",
    "failed",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SERVED: tuple[Outcome, ...] = ("answered_right", "clarified_right", "person_right", "smalltalk_right")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FollowUpItem:
    """What became of the last message of one dialogue, asked in one way."""

    id: str
    arm: Arm
    kind: DialogueKind
    before: tuple[str, ...]
    text: str
    outcome: Outcome
    right_refs: tuple[str, ...]
    best_ref: str | None
    """The answer given, or else the most confident candidate that is not ruled out."""
    best_right: bool | None
    """Whether it is right; `None` when only a person, or smalltalk, is."""
    ref: str | None
    choices: tuple[str, ...]
    repeated: bool
    """Whether an answer that the customer said was not the right one is given or offered again."""
    follow_up: float | None
    """How far it was read with what was said before it."""
    confidence: float | None
    reasons: tuple[str, ...]
    error: str | None


def run(
    dialogues: Sequence[Dialogue],
    *,
    resolver: AnsweringResolver,
    answers: Mapping[str, Offered],
    seed: int = 0,
    track: Track = untracked,
) -> SuiteResult:
    """Asks the last message of each dialogue in both ways of `ARMS`.

    An answer is right when its first source is one of the dialogue's answers, asking back when one of them
    is among the choices, a person when nothing else would do, or the last answer did not help, and smalltalk
    for smalltalk. `best_right` is counted where there are right answers at all.

    - for each way, under its name: `best_right`, `served` (share that ends right), `wrong_among_answered`,
      `repeated` (of the dialogues in which an answer did not help), `outcomes`, and `by_kind`, which holds
      the same by kind of dialogue.
    - `best_right_gain`, `served_gain`: with history less without, paired. Bootstrap intervals over dialogues.
    - `detector`: precision, recall and F1 of the messages read with what was said before them (half of the
      weight at least).

    Raises `DataError` without dialogues, or for one that names an unknown answer.
    """
    if not dialogues:
        raise DataError("there are no dialogues to ask; give a file that holds some")
    histories = [history_of(dialogue, answers) for dialogue in dialogues]
    pairs = list(zip(dialogues, histories, strict=True))
    items = [
        _asked(dialogue, history, arm, resolver, answers)
        for dialogue, history in track(pairs, doing="Asking")
        for arm in ARMS
    ]
    by_arm = {arm: [item for item in items if item.arm == arm] for arm in ARMS}
    rng = np.random.default_rng(seed)
    return SuiteResult(
        figures={
            "n": len(dialogues),
            "n_by_kind": dict(Counter(dialogue.kind for dialogue in dialogues)),
            "threshold": resolver.thresholds["article"].value,
            "risk": resolver.thresholds["article"].risk,
            **_gains(by_arm, rng),
            **{
                arm: _arm_figures(of_arm)
                | {
                    "by_kind": {
                        kind: _arm_figures([item for item in of_arm if item.kind == kind])
                        for kind in DIALOGUE_KINDS
                        if any(item.kind == kind for item in of_arm)
                    }
                }
                for arm, of_arm in by_arm.items()
            },
            "detector": {"with_history": _detector(by_arm["with_history"], rng)},
        },
        items=tuple(asdict(item) for item in items),
    )


def _asked(
    dialogue: Dialogue,
    history: tuple[Turn, ...],
    arm: Arm,
    resolver: AnsweringResolver,
    answers: Mapping[str, Offered],
) -> FollowUpItem:
    decision, error = None, None
    asked_with = history if arm == "with_history" else ()
    try:
        decision = resolver.resolve(Question(dialogue.text, asked_with))
    except Exception as raised:  # whatever goes wrong for one dialogue, the others are still asked
        error = repr(raised)
        _log.error("dialogue_failed", id=dialogue.id, arm=arm, exception=type(raised).__name__)
    right = frozenset(answers[ref].ref for ref in dialogue.refs if ref in answers)
    given_before = given_refs(history)
    ref = decision.sources[0].ref if decision and decision.sources else None
    choices = tuple(choice.ref for choice in decision.choices) if decision else ()
    best = ref or _best(decision)
    return FollowUpItem(
        id=dialogue.id,
        arm=arm,
        kind=dialogue.kind,
        before=tuple(turn.text for turn in history),
        text=dialogue.text,
        outcome=_outcome(dialogue, decision, right),
        right_refs=tuple(sorted(right)),
        best_ref=best,
        best_right=best in right if dialogue.refs else None,
        ref=ref,
        choices=choices,
        repeated=dialogue.kind in UNHELPED_KINDS and bool(given_before & {ref, *choices}),
        follow_up=0.0 if arm == "without_history" else decision.follow_up if decision else None,
        confidence=decision.confidence if decision else None,
        reasons=decision.reasons if decision else (),
        error=error,
    )


def _best(decision: Decision | None) -> str | None:
    refs = (scored.candidate.ref for scored in decision.candidates) if decision else ()
    return next((ref for ref in refs if decision and ref not in decision.ruled_out), None)


def _outcome(dialogue: Dialogue, decision: Decision | None, right: frozenset[str]) -> Outcome:
    if decision is None:
        return "failed"
    if decision.kind == "answer":
        return "answered_right" if decision.sources[0].ref in right else "answered_wrong"
    if decision.kind == "clarify":
        offered = {choice.ref for choice in decision.choices}
        return "clarified_right" if offered & right else "clarified_wrong"
    if decision.kind == "smalltalk":
        return "smalltalk_right" if dialogue.kind == "smalltalk" else "smalltalk_wrong"
    person = dialogue.kind == "did_not_work" or (not dialogue.refs and dialogue.kind != "smalltalk")
    return "person_right" if person else "person_instead"


def _arm_figures(items: Sequence[FollowUpItem]) -> dict[str, Any]:  # JSON
    counts = Counter(item.outcome for item in items)
    best = [item.best_right for item in items if item.best_right is not None]
    served = sum(counts[outcome] for outcome in SERVED)
    wrong, answered = counts["answered_wrong"], counts["answered_wrong"] + counts["answered_right"]
    unhelped = [item.repeated for item in items if item.kind in UNHELPED_KINDS]
    return {
        "n": len(items),
        "n_with_answers": len(best),
        "n_answered": answered,
        **Figure.share(sum(best), len(best)).under("best_right"),
        **Figure.share(served, len(items)).under("served"),
        **Figure.promise(wrong, answered).under("wrong_among_answered"),
        **Figure.share(sum(unhelped), len(unhelped)).under("repeated"),
        "outcomes": {outcome: counts[outcome] for outcome in OUTCOMES},
    }


def _gains(by_arm: Mapping[Arm, Sequence[FollowUpItem]], rng: np.random.Generator) -> dict[str, Any]:  # JSON
    """How much more is right with history than without, on the same dialogues."""
    pairs = list(zip(by_arm["with_history"], by_arm["without_history"], strict=True))
    best = [
        float(one.best_right) - float(other.best_right)
        for one, other in pairs
        if one.best_right is not None and other.best_right is not None
    ]
    served = [float(one.outcome in SERVED) - float(other.outcome in SERVED) for one, other in pairs]
    figures: dict[str, Any] = {}
    for key, gains in (("best_right_gain", best), ("served_gain", served)):
        figures |= (Figure.mean(gains, rng) if gains else Figure(None, None)).under(key)
    return figures


def _detector(items: Sequence[FollowUpItem], rng: np.random.Generator) -> dict[str, Any]:  # JSON
    """Of messages that lean on what was said before: how many of those found do, and how many are found."""
    leans = np.array([item.kind in CONTEXT_DEPENDENT_KINDS for item in items])
    read_as_leaning = np.array([(item.follow_up or 0.0) >= 0.5 for item in items])
    right = leans & read_as_leaning

    def f1(rows: Rows) -> float | None:
        total = int(leans[rows].sum() + read_as_leaning[rows].sum())
        return 2 * int(right[rows].sum()) / total if total else None

    return {
        "n_leaning": int(leans.sum()),
        "n_found": int(read_as_leaning.sum()),
        **Figure.share(int(right.sum()), int(read_as_leaning.sum())).under("precision"),
        **Figure.share(int(right.sum()), int(leans.sum())).under("recall"),
        **Figure.resampled(f1, len(items), rng).under("f1"),
    }
