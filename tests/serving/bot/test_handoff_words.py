"""What a customer is told when a person takes over."""

from datetime import UTC, datetime

import pytest

from serving.bot.handoff import handoff_words, priority_of
from serving.db.tables import Team
from serving.hours.waiting import Told, told_wait

BILLING = Team(name="billing", title="Billing", expected_wait_minutes=1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def told(team: Team | None) -> Told:
    """Of a company that has no calendar and measured nothing yet."""
    return told_wait(None, NOON, usual=None, expected=team.expected_wait_minutes if team else None)


def words(reasons: tuple[str, ...], team: Team | None) -> str:
    return handoff_words(reasons, team, told(team))


@pytest.mark.parametrize(
    ("reasons", "opening"),
    [
        (("wants_person",), "Of course."),
        (("human_only_in_passing",), "This is something a person should look after."),
        (("below_threshold", "asked_back_already"), "I do not have an answer to this that I am sure of."),
        (("no_other_answer", "asked_back_already"), "I am sorry that my answer did not help."),
        ((), "I do not have an answer to this that I am sure of."),
    ],
)
def test_the_first_words_fit_the_last_reason_that_has_words(reasons: tuple[str, ...], opening: str) -> None:
    expected = f"{opening} I am handing you over to our team; someone will answer here."
    assert words(reasons, None) == expected


@pytest.mark.parametrize(
    ("reasons", "apology"),
    [
        (("mood_low",), "I am sorry that this has been so frustrating."),
        (("mood_low", "wants_person"), "I am sorry that this has been so frustrating."),
        (("mood_fall", "human_only_intent"), "I am sorry that I have let you down here."),
        (("unhappy", "no_other_answer"), "I am sorry that we are not getting anywhere."),
    ],
)
def test_an_upset_customer_is_apologised_to_first_and_looked_at_first(
    reasons: tuple[str, ...], apology: str
) -> None:
    assert words(reasons, None) == (
        f"{apology} I am handing you over to our team and have asked them to look at this first; "
        "someone will answer here."
    )
    assert words(reasons, BILLING) == (
        f"{apology} I am handing you over to our Billing team and have asked them to look at this first; "
        "an answer usually takes about 1 minute."
    )


@pytest.mark.parametrize(
    ("reasons", "priority"),
    [
        ((), "normal"),
        (("wants_person",), "normal"),
        (("mood_low", "wants_person"), "high"),
        (("below_threshold", "mood_fall"), "high"),
        (("unhappy",), "high"),
        (("danger",), "urgent"),
        (("mood_low", "danger", "owned_by_person"), "urgent"),
    ],
)
def test_the_mood_gives_priority_whatever_else_is_a_reason(reasons: tuple[str, ...], priority: str) -> None:
    assert priority_of(reasons) == priority


def test_in_danger_safety_comes_before_an_apology() -> None:
    assert words(("mood_low", "danger"), None) == (
        "Your safety comes first: if anyone is hurt or in danger, call your local emergency number now. "
        "I am handing you over to our team and have asked them to look at this first; "
        "someone will answer here."
    )


def test_the_team_and_its_usual_wait_are_named() -> None:
    assert words(("wants_person",), BILLING) == (
        "Of course. I am handing you over to our Billing team; an answer usually takes about 1 minute."
    )
