"""Codes and numbers as words."""

from datetime import UTC, datetime

import pytest

from model.reasons import Reason
from serving.console import words


def test_every_reason_has_plain_words() -> None:
    assert set(words.REASON_WORDS) == set(Reason)


def test_an_unknown_reason_is_shown_as_its_own_words() -> None:
    assert words.reason_words("below_threshold") == "The bot was not sure enough of any answer"
    assert words.reason_words("moon_phase") == "Moon phase"


@pytest.mark.parametrize(
    ("mood", "word", "level"),
    [
        (1.0, "Happy", "good"),
        (0.5, "Happy", "good"),
        (0.15, "Friendly", "good"),
        (0.0, "Calm", "even"),
        (-0.2, "Calm", "even"),
        (-0.21, "Uneasy", "low"),
        (-0.5, "Uneasy", "low"),
        (-0.75, "Upset", "bad"),
        (-1.0, "Angry", "bad"),
    ],
)
def test_a_mood_is_a_word_and_a_level(mood: float, word: str, level: str) -> None:
    assert (words.mood_words(mood), words.mood_level(mood)) == (word, level)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "just now"), (59, "just now"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "1 d")],
)
def test_a_span_is_short_and_rounded_down(seconds: float, expected: str) -> None:
    assert words.duration_words(seconds) == expected


def test_a_share_is_never_rounded_up() -> None:
    assert [words.percent_words(share) for share in (-1.0, 0.0, 0.899, 1.0)] == [
        "0 %",
        "0 %",
        "89 %",
        "100 %",
    ]


def test_a_moment_is_said_in_utc() -> None:
    assert words.moment_words(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == "2 Nov 2026, 09:05 UTC"


def test_counts_are_said_in_singular_and_plural() -> None:
    assert [words.count_words(count, "proposal") for count in (0, 1, 2)] == [
        "0 proposals",
        "1 proposal",
        "2 proposals",
    ]


@pytest.mark.parametrize(
    ("expected", "told"), [(0.0, "hardly one"), (0.49, "hardly one"), (0.5, "about 1"), (2.6, "about 3")]
)
def test_an_expected_count_is_told_rounded(expected: float, told: str) -> None:
    assert words.about_words(expected) == told
