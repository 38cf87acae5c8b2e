"""A message as it would be read aloud."""

import pytest

from model.heads.tweet_text import spoken_text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Where is my box?", "Where is my box?"),
        ("", ""),
        ("see https://t.co/x1Y?z=2 and www.example.com/a", "see link and link"),
        ("@tuckleaf is great, mail me at ann@example.com", "@user is great, mail me at ann@example.com"),
        ("#LoveIt #best_day #year2024", "Love It best day year 2024"),
        ("sooooo goooood, 10000 thanks", "soo good, 10000 thanks"),
        ("thanks 😂😂", "thanks face with tears of joy face with tears of joy"),
        ("thumbs 👍🏽 up ❤️", "thumbs thumbs up sign up heavy black heart"),
        ("Ça va ? 你好\n\nbien", "Ça va ? 你好 bien"),
        ("™ and © stay readable", "trade mark sign and copyright sign stay readable"),
    ],
)
def test_links_names_hashtags_and_emoji_are_said_in_words(written: str, read: str) -> None:
    assert spoken_text(written) == read


def test_reading_twice_changes_nothing_more() -> None:
    once = spoken_text("@a #NoWay 😡 https://x.y !!!")
    assert spoken_text(once) == once
