"""Past decisions made again by two bots of written rules."""

import pytest

from eval.promotion.flips import FLIP_KINDS, FlipKind, Made, PastDecision, flip_kind, run
from model.types import Question
from serving.bot.turn import BotTurn
from serving.db.tables import now
from tests.eval.eval_parts import RuleResolver

ANSWERED_A = Made("answer", "article:a", 0.9)
ANSWERED_B = Made("answer", "article:b", 0.8)
ASKED_BACK = Made("clarify", None, 0.5)
HANDED_OVER = Made("handoff", None, 0.2)
CRASHED = Made("failed", None, 0.0)


def past(
    number: int = 1, text: str = "?", *, confirmed: str | None = None, rejected: str | None = None
) -> PastDecision:
    turn = BotTurn(f"c{number}", now(), number, Question(text), is_retry=False, given={})
    return PastDecision(number, turn, confirmed, rejected)


@pytest.mark.parametrize(
    ("champion", "challenger", "said", "kind"),
    [
        (ANSWERED_A, ANSWERED_A, past(), None),
        (HANDED_OVER, HANDED_OVER, past(), None),
        (ANSWERED_A, CRASHED, past(confirmed="article:a"), "failed"),
        (ANSWERED_A, ANSWERED_B, past(confirmed="article:a"), "confirmed_answer_changed"),
        (ANSWERED_A, HANDED_OVER, past(confirmed="article:a"), "confirmed_answer_lost"),
        (HANDED_OVER, ANSWERED_A, past(rejected="article:a"), "rejected_answer_given"),
        (ANSWERED_B, ANSWERED_A, past(rejected="article:a"), "rejected_answer_given"),
        (HANDED_OVER, ANSWERED_A, past(), "answered_instead_of_person"),
        (ANSWERED_A, ANSWERED_B, past(), "answer_changed"),
        (ASKED_BACK, ANSWERED_A, past(), "answered_anew"),
        (ANSWERED_A, HANDED_OVER, past(), "person_instead_of_answer"),
        (ANSWERED_A, ASKED_BACK, past(), "answer_withheld"),
        (ASKED_BACK, HANDED_OVER, past(), "other"),
    ],
)
def test_a_flip_is_named_by_what_it_does_to_the_customer(
    champion: Made, challenger: Made, said: PastDecision, kind: FlipKind | None
) -> None:
    assert flip_kind(said, champion, challenger) == kind


def test_every_flip_is_listed_once_worst_first_and_the_surest_answer_first() -> None:
    champion = RuleResolver(
        {
            "helped": ("answer", ("article:a",)),
            "same": ("answer", ("article:a",)),
            "person": ("handoff", ()),
            "person too": ("handoff", ()),
            "shorter": ("answer", ("article:a",)),
        }
    )
    challenger = RuleResolver(
        {
            "helped": ("handoff", ()),
            "same": ("answer", ("article:a",)),
            "person": ("answer", ("article:a",)),
            "person too": ("answer", ("article:b",)),
            "shorter": ("clarify", ("article:a", "article:b")),
        },
        confidences={"person": 0.85, "person too": 0.95},
    )
    asked = ["shorter", "person", "person too", "same", "helped"]
    turns = [
        past(number, text, confirmed="article:a" if text == "helped" else None)
        for number, text in enumerate(asked, start=1)
    ]
    result = run(turns, champion=champion, challenger=challenger)
    assert [(item["text"], item["kind"]) for item in result.items] == [
        ("helped", "confirmed_answer_lost"),
        ("person too", "answered_instead_of_person"),
        ("person", "answered_instead_of_person"),
        ("shorter", "answer_withheld"),
    ]
    assert result.items[1]["champion"] == {"kind": "handoff", "ref": None, "confidence": 0.9}
    assert result.items[1]["challenger"] == {"kind": "answer", "ref": "article:b", "confidence": 0.95}
    assert result.figures == {
        "n": 5,
        "flips": 4,
        "by_kind": {"confirmed_answer_lost": 1, "answered_instead_of_person": 2, "answer_withheld": 1},
    }
    assert result.champion_answered == (True, False, False, True, True)
    assert result.challenger_answered == (False, True, True, True, False)


def test_a_challenger_that_crashes_is_a_flip_and_the_worst() -> None:
    champion = RuleResolver({"one": ("handoff", ())})
    result = run([past(1, "one")], champion=champion, challenger=RuleResolver({}))
    assert [item["kind"] for item in result.items] == ["failed"]
    assert FLIP_KINDS[0] == "failed"
