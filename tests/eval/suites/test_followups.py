"""The follow-ups suite with a resolver whose decisions are written down beside the texts it is asked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from eval.data.dialogues import Dialogue, DialogueKind, DialogueTurn
from eval.suites import followups
from eval.suites.followups import begins_like_a_follow_up
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
        "first\nand yearly?": ("clarify", (C, B)),
        "first\nno luck": ("answer", (A,)),
        "first\nhow do I pause?": ("answer", (A,)),
        "first\nok do it": ("handoff", ()),
        "first\nah great": ("handoff", ()),
        "first\nnot that one": ("clarify", (A, C)),
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


def test_each_dialogue_is_asked_in_four_ways(result: followups.SuiteResult) -> None:
    assert (result.figures["n"], len(result.items)) == (6, 24)
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
    assert outcomes(result, "always_joined") == [
        "clarified_right",
        "answered_wrong",
        "answered_wrong",
        "person_right",
        "person_instead",
        "clarified_wrong",
    ]


def test_opening_words_join_what_begins_like_a_follow_up(result: followups.SuiteResult) -> None:
    assert outcomes(result, "opening_words") == ["clarified_right", *outcomes(result, "without_history")[1:]]


def test_the_best_answer_is_counted_where_there_is_one(result: followups.SuiteResult) -> None:
    """Of d1, d2, d3 and d6; the best candidate that is not ruled out counts, answered or not."""
    figures = result.figures
    assert figures["with_history"]["n_with_answers"] == 4
    assert figures["with_history"]["best_right"] == 0.75  # all but d2
    assert figures["without_history"]["best_right"] == 0.25  # d3
    assert figures["best_right_gain"] == 0.5
    assert figures["best_right_gain_over_always_joined"] == 0.75
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
    """d1, d2, d4 and d6 lean on what was said, and are found; the opening words find d1 alone."""
    bot, words = result.figures["detector"]["with_history"], result.figures["detector"]["opening_words"]
    assert (bot["precision"], bot["recall"], bot["f1"]) == (1.0, 1.0, 1.0)
    assert (words["precision"], words["recall"], words["f1"]) == (1.0, 0.25, 0.4)


def test_a_dialogue_that_crashes_is_counted_in_each_way() -> None:
    found = followups.run([dialogue(1, "boom", "follow_up", B)], resolver=RESOLVER, answers=ANSWERS)
    assert [item["outcome"] for item in found.items] == ["failed"] * 4
    assert "KeyError" in found.items[0]["error"]
    assert found.figures["with_history"]["best_right"] == 0.0
    assert found.figures["with_history"]["wrong_among_answered"] is None


def test_without_dialogues_nothing_is_measured() -> None:
    with pytest.raises(DataError, match="no dialogues"):
        followups.run([], resolver=RESOLVER, answers=ANSWERS)


@pytest.mark.parametrize("text", ["and for the yearly plan?", "What about Norway?", "Why?", "is that free?"])
def test_usual_openings_are_known(text: str) -> None:
    assert begins_like_a_follow_up(text)


@pytest.mark.parametrize("text", ["", "How do I pause?", "and when I opened it two of the pods were broken"])
def test_other_openings_and_long_messages_are_not(text: str) -> None:
    assert not begins_like_a_follow_up(text)
