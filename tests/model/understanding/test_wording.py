"""What tells what a message is about: pieces are those of the real encoder."""

import pytest

from model.encoder.onnx_encoder import OnnxEncoder
from model.understanding.wording import is_telling


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        "...",
        "👍",
        "12345",
        "asdf qwer",
        "lkjsdf LKSDJF!!",
        "qwerty",
        "it no work the thing",
        "It doesn’t work",
        "help!",
        "I have a question",
        "hello?",
        "IMG_2041.jpg",
        "[image]",
    ],
)
def test_noise_and_words_that_fit_anything_tell_nothing(encoder: OnnxEncoder, text: str) -> None:
    assert not is_telling(text, encoder.pieces)


@pytest.mark.parametrize(
    "text",
    [
        "refund",
        "invoice pdf??",
        "got any strawberries?",
        "do you have a showroom",
        "where is my parcle",
        "kubernetes?",
        "top-up is not working",
        "E31 ??",
        "TW-405",
        "2fa",
        "wo ist mein paket",
        "où est-il",
        "我的订单",
        "it is so that it was and it was what it was",
    ],
)
def test_a_word_a_code_another_script_or_many_words_tell_something(encoder: OnnxEncoder, text: str) -> None:
    assert is_telling(text, encoder.pieces)


def test_a_word_needs_enough_letters_for_its_pieces() -> None:
    pieces = {"invoice": 3, "qwerty": 3}  # 2.33 letters each, and 2
    assert is_telling("invoice", pieces.__getitem__)
    assert not is_telling("qwerty", pieces.__getitem__)


def test_a_word_has_one_piece_or_more_without_those_at_the_ends(encoder: OnnxEncoder) -> None:
    assert encoder.pieces("work") == 1
    assert encoder.pieces("strawberries") == 2
    assert encoder.pieces("\ud800") == 1
