"""The follow-ups suite with a resolver whose decisions are written down beside the texts it is asked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from eval.data.dialogues import Dialogue, DialogueKind, DialogueTurn
from eval.suites import followups
from model.errors import DataError
from model.types import Decision, DecisionKind, Offered, Question
from tests.eval.eval_parts import RuleResolver

A, B, C = "article:a", "article:b", "article:c"
ANSWERS = {ref: Offered(ref, ref) for ref in (A, B, C)}

Rules = Mapping[str, tuple[DecisionKind, tuple[str, ...]]]


class HistoryResolver(RuleResolver):
    """Follows other rules for a message with a history, and says that it read those with it."""

    def __init__(self, alone: Rules, with_history: Rules, *, ruled_out: Mapping[str, str]) -> None:
        super().__init__(alone)
        self._with_history = RuleResolver(with_history)
        self._ruled_out = ruled_out

    def resolve(self, question: Question) -> Decision:
        if not question.history or question.text not in self._with_history._rules:
            return super().resolve(question)
        ruled_out = frozenset({self._ruled_out[question.text]} if question.text in self._ruled_out else ())
        return replace(self._with_history.resolve(question), follow_up=0.8, ruled_out=ruled_out)


def dialogue(number: int, text: str, kind: DialogueKind, *refs: str, given: str = A) -> Dialogue:
    before = (DialogueTurn("customer", "first"), DialogueTurn("bot", "", (given,)))
    return Dialogue(f"d{number}", kind, before, text, frozenset(refs))


DIALOGUES = [
    dialogue(1, "and yearly?", "follow_up", B),
    dialogue(2, "no luck", "did_not_work", C),
    dialogue(3, "how do I pause?", "change_of_subject", C),
    dialogue(4, "ok do it", "follow_up"),
    dialogue(5, "ah great", "smalltalk"),
    dialogue(6, "not that one", "correction", B),
]
RESOLVER = HistoryResolver(
    alone={
        "and yearly?": ("handoff", ()),
        "no luck": ("answer", (A,)),
        "how do I pause?": ("answer", (C,)),
        "ok do it": ("answer", (A,)),
        "ah great": ("smalltalk", ()),
        "not that one": ("smalltalk", ()),
    },
    with_history={
        "and yearly?": ("answer", (B,)),
        "no luck": ("handoff", ()),
        "ok do it": ("handoff", ()),
        "not that one": ("clarify", (A, B)),
    },
    ruled_out={"not that one": A},
)


@pytest.fixture(scope="module")
def result() -> followups.SuiteResult:
    return followups.run(DIALOGUES, resolver=RESOLVER, answers=ANSWERS)


def outcomes(result: followups.SuiteResult, arm: str) -> list[str]:
    return [item["outcome"] for item in result.items if item["arm"] == arm]


def test_each_dialogue_is_asked_with_and_without_its_history(result: followups.SuiteResult) -> None:
    assert (result.figures["n"], len(result.items)) == (6, 12)
    assert outcomes(result, "with_history") == [
        "answered_right",
        "person_right",  # the last answer did not help
        "answered_right",
        "person_right",
        "smalltalk_right",
        "clarified_right",
    ]
    assert outcomes(result, "without_history") == [
        "person_instead",
        "answered_wrong",
        "answered_right",
        "answered_wrong",
        "smalltalk_right",
        "smalltalk_wrong",
    ]


def test_the_best_answer_is_counted_where_there_is_one(result: followups.SuiteResult) -> None:
    """Of d1, d2, d3 and d6; the best candidate that is not ruled out counts, answered or not."""
    figures = result.figures
    assert figures["with_history"]["n_with_answers"] == 4
    assert figures["with_history"]["best_right"] == 0.75  # all but d2
    assert figures["without_history"]["best_right"] == 0.25  # d3
    assert figures["best_right_gain"] == 0.5
    low, high = figures["best_right_gain_interval"]
    assert low <= 0.5 <= high


def test_served_is_what_ends_right(result: followups.SuiteResult) -> None:
    assert result.figures["with_history"]["served"] == 1.0
    assert result.figures["without_history"]["served"] == pytest.approx(2 / 6)
    assert result.figures["served_gain"] == pytest.approx(4 / 6)


def test_wrong_answers_and_repeated_ones_are_counted(result: followups.SuiteResult) -> None:
    figures = result.figures
    assert (figures["without_history"]["n_answered"], figures["with_history"]["n_answered"]) == (3, 2)
    assert figures["without_history"]["wrong_among_answered"] == pytest.approx(2 / 3)
    assert figures["with_history"]["repeated"] == 0.5  # d6 offers what was not meant
    assert figures["without_history"]["repeated"] == 0.5  # d2 gives what did not help
    assert figures["with_history"]["by_kind"]["change_of_subject"]["best_right"] == 1.0


def test_the_detector_is_judged_by_kind_of_dialogue(result: followups.SuiteResult) -> None:
    """d1, d2, d4 and d6 lean on what was said, and are found."""
    bot = result.figures["detector"]["with_history"]
    assert (bot["n_leaning"], bot["n_found"]) == (4, 4)
    assert (bot["precision"], bot["recall"], bot["f1"]) == (1.0, 1.0, 1.0)


def test_a_message_that_leans_and_is_read_alone_is_missed() -> None:
    unnoticed = dialogue(7, "how do I pause?", "follow_up", C)  # the resolver reads these words alone
    found = followups.run([*DIALOGUES, unnoticed], resolver=RESOLVER, answers=ANSWERS)
    bot = found.figures["detector"]["with_history"]
    assert (bot["precision"], bot["recall"]) == (1.0, 0.8)


def test_a_dialogue_that_crashes_is_counted_in_each_way() -> None:
    found = followups.run([dialogue(1, "boom", "follow_up", B)], resolver=RESOLVER, answers=ANSWERS)
    assert [item["outcome"] for item in found.items] == ["failed"] * 2
    assert "KeyError" in found.items[0]["error"]
    assert found.figures["with_history"]["best_right"] == 0.0
    assert found.figures["with_history"]["wrong_among_answered"] is None


def test_without_dialogues_nothing_is_measured() -> None:
    with pytest.raises(DataError, match="no dialogues"):
        followups.run([], resolver=RESOLVER, answers=ANSWERS)
