"""A customer's raw words become the heading of a learned answer."""

import pytest

from knowledge.learning.titles import title_of
from model.encoder.onnx_encoder import OnnxEncoder
from model.understanding.spelling import Words

KNOWN = Words(["canoe", "deposit", "subscription"])


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("how do i get my deposit back", "How do I get my deposit back?"),
        ("hi, can i bring my dog", "Can I bring my dog?"),
        ("Hey team quick question: is there parking??", "Is there parking?"),
        ("my canoe has a leak, what should i do", "My canoe has a leak, what should I do?"),
        ("i paid twice and how can i get it back.", "I paid twice and how can I get it back."),
        ("The paddle broke. who pays for that", "The paddle broke. Who pays for that?"),
        ("how to cancel my subscirption", "How to cancel my subscription?"),
        ("What's the deposit.", "What's the deposit?"),
        ("which canoes are for three people", "Which canoes are for three people?"),
        ("why won't my card work", "Why won't my card work?"),
        ("don't you take cash", "Don't you take cash?"),
        ("i'm late, i've lost the key", "I'm late, I've lost the key"),
        ("when i tap it, it does nothing", "When I tap it, it does nothing"),
        ("I lost my key.", "I lost my key."),
        ("refund of the deposit", "Refund of the deposit"),
        ("quant costa i el gos", "Quant costa i el gos"),
        ("Wo ist mein Kanu", "Wo ist mein Kanu"),
        ("如何退款", "如何退款"),
        ("", ""),
    ],
)
def test_a_question_is_written_as_a_heading(encoder: OnnxEncoder, written: str, title: str) -> None:
    assert title_of(written, known=KNOWN, common_words=encoder.words) == title
    assert title_of(title, known=KNOWN, common_words=encoder.words) == title
