"""A text answers when it holds one alternative of every group, whatever its Markdown."""

import pytest

from eval.data.facts import facts_of, groups_met, holds, plain
from model.errors import DataError


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**Within 30 days**, see [Refunds](../refunds.md).", "within 30 days, see refunds."),
        ("1. Open *Plan*\n2. Tap `Skip`", "open plan tap skip"),
        ("| Zone | Price |\n| A | 4 € |", "zone price a 4 €"),
        ("It\u2019s 9\u201317 o\u2019clock", "it's 9-17 o'clock"),
        ("![a lamp](lamp.png) <b>Press</b> &amp; hold", "press & hold"),
    ],
)
def test_markdown_and_typography_do_not_count(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_every_group_needs_one_of_its_alternatives() -> None:
    facts = facts_of([["30 days", "a month"], ["in its box"]], "here")
    assert groups_met("You have a month.", facts) == 1
    assert not holds("You have a month.", facts)
    assert holds("You have **30 days**; send it in its box.", facts)
    assert holds("anything", ())


@pytest.mark.parametrize("value", ["30 days", [["30 days"], []], [[""]], [[3]], {"a": 1}, ["30 days"]])
def test_facts_of_another_form_are_refused_with_their_place(value: object) -> None:
    with pytest.raises(DataError, match=r"q\.jsonl:3: facts is .*expected a list of lists"):
        facts_of(value, "q.jsonl:3")
