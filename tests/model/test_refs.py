"""Refs: what they are called, and what they name."""

import pytest

from model.refs import article_ref, article_slug, learned_answer_id, learned_answer_ref, ref_kind


def test_refs_keep_the_names_that_api_and_store_know() -> None:
    assert article_ref("billing/refunds") == "article:billing/refunds"
    assert learned_answer_ref(12) == "learned_answer:12"
    assert learned_answer_ref("Do you ship to Norway?") == "learned_answer:Do you ship to Norway?"


@pytest.mark.parametrize("slug", ["refunds", "a/b", "with:colon", "12", ""])
def test_the_slug_of_an_article_comes_back_whole(slug: str) -> None:
    ref = article_ref(slug)
    assert (ref_kind(ref), article_slug(ref), learned_answer_id(ref)) == ("article", slug, None)


def test_the_id_of_a_learned_answer_comes_back() -> None:
    ref = learned_answer_ref(12)
    assert (ref_kind(ref), article_slug(ref), learned_answer_id(ref)) == ("learned_answer", None, 12)


@pytest.mark.parametrize("key", ["", "-1", "1.5", "\u00b2", "Do you ship to Norway?", str(2**63), "9" * 5000])
def test_a_learned_answer_that_is_not_named_by_an_id_has_none(key: str) -> None:
    assert learned_answer_id(learned_answer_ref(key)) is None


@pytest.mark.parametrize("ref", [None, "", "12", "article", "order:4411", "Article:refunds"])
def test_what_is_no_ref_names_nothing(ref: str | None) -> None:
    assert (ref_kind(ref), article_slug(ref), learned_answer_id(ref)) == (None, None, None)
