"""The language of words: sure of a sentence, in doubt about a word, none for codes."""

import pytest

from knowledge.language import language_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Where is my parcel? It should have come on Monday.", "en"),
        ("Wo ist mein Paket? Es hätte am Montag kommen sollen.", "de"),
        ("Bonjour, je voudrais annuler ma commande", "fr"),
        ("我的包裹在哪里", "zh"),
    ],
)
def test_a_sentence_has_a_language(text: str, tag: str) -> None:
    found = language_of(text)
    assert found.tag == tag
    assert 0.9 < found.probability <= 1


@pytest.mark.parametrize("text", ["", "ok", "hi", "refund"])
def test_a_word_leaves_doubt(text: str) -> None:
    assert 0 <= language_of(text).probability < 0.1


def test_a_code_is_in_no_language() -> None:
    assert language_of("A17-22").tag == ""
