"""Names answers: every ref, `article:<slug>` or `learned_answer:<id>`, is made and taken apart here."""

import re

from model.types import CandidateKind, Ref

_ARTICLE, _LEARNED_ANSWER = "article:", "learned_answer:"
_ID = re.compile(r"\d{1,19}")
_GREATEST_ID = 2**63 - 1
"""A store counts no further, and refuses to be asked."""


def article_ref(slug: str) -> Ref:
    """The ref of an article."""
    return Ref(_ARTICLE + slug)


def learned_answer_ref(learned_answer: int | str) -> Ref:
    """The ref of a learned answer by its id; labelled data, whose answers have none yet, use the question."""
    return Ref(f"{_LEARNED_ANSWER}{learned_answer}")


def ref_kind(ref: str | None) -> CandidateKind | None:
    """What kind of answer the ref names; `None` for no ref, and for one of no known kind."""
    if ref is None:
        return None
    if ref.startswith(_ARTICLE):
        return "article"
    return "learned_answer" if ref.startswith(_LEARNED_ANSWER) else None


def article_slug(ref: str | None) -> str | None:
    """The slug of the article that the ref names; `None` when it names something else."""
    return ref.removeprefix(_ARTICLE) if ref and ref_kind(ref) == "article" else None


def learned_answer_id(ref: str | None) -> int | None:
    """The id of the learned answer that the ref names; `None` when it names something else, or no id."""
    if ref is None or ref_kind(ref) != "learned_answer":
        return None
    key = ref.removeprefix(_LEARNED_ANSWER)
    return int(key) if _ID.fullmatch(key) and int(key) <= _GREATEST_ID else None
