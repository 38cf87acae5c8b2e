"""Words of danger: what phrases match, what is denied or harmless, and what cannot be a phrase."""

import pytest

from model.types import Question
from model.understanding.danger import DangerWords, checked_phrase
from serving.company.danger import GENERAL_DANGER


def found(text: str, *phrases: str, harmless: tuple[str, ...] = ()) -> str | None:
    return DangerWords(phrases, harmless).found_in(text)


@pytest.mark.parametrize(
    ("phrase", "text", "is_found"),
    [
        ("on fire", "HELP the lamp is On  Fire!!", True),
        ("on fire", "the lamp is on-fire", True),
        ("on fire", "keep it on. Fire me a mail", False),
        ("on fire", "the lamp is on firewood", False),
        ("smok*", "it smokes", True),
        ("smok*", "it is smoking", True),
        ("smok*", "a smock", False),
        ("it's smoking", "it’s smoking", True),
        ("smoke ... out of", "smoke out of the plug", True),
        ("smoke ... out of", "the smoke now slowly comes out of it", True),
        ("smoke ... out of", "smoke as a b c d out of it", False),
        ("smoke ... out of", "smoke? we are out of pods", False),
        ("smell* ... burn*", "it smells a bit of burning", True),
        ("feu", "AU FEU !", True),
        ("bränn*", "Det BRÄNNER!", True),
    ],
)
def test_a_phrase_is_whole_words_in_one_sentence(phrase: str, text: str, is_found: bool) -> None:
    assert found(text, phrase) == (phrase if is_found else None)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("there are no sparks", False),
        ("there isn't any sign of sparks", False),
        ("without sparks", False),
        ("it does not work and sparks", True),
        ("no, sparks everywhere", True),
        ("I do not know. Sparks!", True),
        ("no sparks at first, then sparks", True),
        ("not only sparks but noise", True),
    ],
)
def test_what_is_denied_is_no_danger(text: str, is_found: bool) -> None:
    assert (found(text, "sparks") is not None) is is_found


def test_a_denial_in_a_gap_counts_too() -> None:
    assert found("smoke is not coming out", "smoke ... coming") is None


def test_harmless_phrases_are_passed_over_and_the_rest_is_read() -> None:
    harmless = ("smoke alarm*",)
    assert found("the smoke alarm rings", "smoke", harmless=harmless) is None
    assert found("the smoke alarm rings, I see smoke", "smoke", harmless=harmless) == "smoke"


def test_the_first_phrase_of_the_list_is_told_and_none_finds_nothing() -> None:
    assert found("fire and smoke", "smoke", "fire") == "smoke"
    assert found("fire and smoke") is None
    assert found("", "fire") is None
    assert Question("fire").danger.found_in("fire") is None


def test_a_phrase_is_kept_in_lower_case_with_single_spaces() -> None:
    assert checked_phrase("  It’s   ON ...  fire* ") == "it's on ... fire*"


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("", "must begin and end with a word"),
        ("... fire", "must begin and end with a word"),
        ("fire ...", "must begin and end with a word"),
        ("on ... ... fire", "with one `...` between two"),
        ("*fire", "'\\*fire' in the phrase .* is no word"),
        ("smoke-free", "'smoke-free' in the phrase .* is no word"),
        ("on f*", "at least 2 letters before"),
        ("a * fire", "'\\*' in the phrase .* is no word"),
    ],
)
def test_what_no_message_could_match_is_refused(phrase: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_phrase(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "Sparks came out of the plug",
        "there was a spark when I plugged it in",
        "there is a smell of smoke in the kitchen",
        "smoke is now coming out of the adapter",
        "the charger is on fire",
        "my lamp caught fire last night",
        "I got a small electric shock from the lid",
        "the plug has melted",
        "I think it smells of gas here",
        "my daughter was injured by the lid",
        "I burned my hand on the bar",
        "I want to kill myself",
        "I don't want to live any more",
        "my ex is stalking me with your app",
        "the driver threatened me",
    ],
)
def test_the_general_phrases_notice_danger(text: str) -> None:
    assert GENERAL_DANGER.found_in(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "I need a spark plug for my bike",
        "can I book a smoke-free room?",
        "do you sell smoke detectors?",
        "does the app run on Fire TV?",
        "which fire stick do I need",
        "no one was injured, the box is only dented",
        "there is no smoke and no burning smell, it just stopped",
        "is smoking allowed on the balcony?",
        "this price shocked me",
        "my ice cream melted",
        "I killed my basil",
        "how do I read my gas meter?",
        "I was in hospital and missed the box",
    ],
)
def test_the_general_phrases_leave_plain_questions_alone(text: str) -> None:
    assert GENERAL_DANGER.found_in(text) is None


def test_every_general_phrase_is_one_that_a_company_may_write() -> None:
    every = (*GENERAL_DANGER.phrases, *GENERAL_DANGER.harmless)
    assert [checked_phrase(phrase) for phrase in every] == list(every)
    assert len(set(every)) == len(every)
