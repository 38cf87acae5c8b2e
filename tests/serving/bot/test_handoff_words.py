"""What a customer is told when a person takes over."""

import pytest

from serving.bot.handoff import handoff_words
from serving.db.tables import Team

BILLING = Team(name="billing", title="Billing", expected_wait_minutes=1)


@pytest.mark.parametrize(
    ("reasons", "opening"),
    [
        (("wants_person",), "Of course."),
        (("unhappy",), "I am sorry that we are not getting anywhere."),
        (("human_only_in_passing",), "This is something a person should look after."),
        (("below_threshold", "asked_back_already"), "I do not have an answer to this that I am sure of."),
        (("wants_person", "mood_low"), "I am sorry that this has been frustrating."),
        (("mood_low", "wants_person"), "Of course."),
        (("no_other_answer", "asked_back_already"), "I am sorry that my answer did not help."),
        ((), "I do not have an answer to this that I am sure of."),
    ],
)
def test_the_first_words_fit_the_last_reason_that_has_words(reasons: tuple[str, ...], opening: str) -> None:
    expected = f"{opening} I am handing you over to our team; someone will answer here."
    assert handoff_words(reasons, None) == expected


def test_the_team_and_its_usual_wait_are_named() -> None:
    assert handoff_words(("wants_person",), BILLING) == (
        "Of course. I am handing you over to our Billing team; "
        "during opening hours an answer usually takes about 1 minute."
    )
