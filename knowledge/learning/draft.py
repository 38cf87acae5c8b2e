"""Drafts what an agent's reply could teach; decides nothing: a person approves every draft."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.learning.cleaning import Cleaned, clean_answer
from knowledge.learning.contradictions import contradicts, overlap
from knowledge.learning.question import pick_question
from knowledge.learning.titles import title_of
from knowledge.privacy.detection import NOBODY, Known
from knowledge.privacy.places import Kind
from model.interfaces import Encoder, Reader, Retriever
from model.types import Candidate, Passage
from model.understanding.spelling import words_of

DraftKind = Literal["new", "phrasing", "correction"]
NothingReason = Literal["no_question", "only_personal", "one_case", "known_already", "too_long"]
"""Why a reply teaches nothing: nobody asked anything; all that it, or the question, says is personal; it
stalls, asks back or tells of one customer's case; the question has this answer; nobody writes so much."""


@dataclass(frozen=True, slots=True)
class LearningThresholds:
    """When a question or answer counts as known. Cosines are of all-MiniLM-L6-v2."""

    same_question: float = 0.85
    """Cosine to a known phrasing from which it asks the same: right 96 % of the time on Banking77 with 10
    phrasings an intent (374 of 1,000 questions reach it) and 100 % on StackFAQ titles (260 of 1,249)."""
    known_question: float = 0.97
    """Cosine from which the wording is known already: case, marks and "can I" for "do I" stay above it."""
    same_answer: float = 0.72
    """Cosine of two answers that may say the same. Alone it is not enough: passages of different articles
    of one help centre reached .72 in a quarter of all cases, so words and numbers have to agree too."""
    same_words: float = 0.5
    """Share of the reply's words that the known answer must hold as well."""
    contained_answer: float = 0.6
    """Cosine that is enough when the known answer, such as a long passage, holds nearly all the words."""
    contained_words: float = 0.8
    """That share: replies written from an article of the sample company reached .9 to 1 with a cosine of
    .6 to .85, other articles mostly one or the other."""
    near_miss: float = 0.5
    """Cosine from which another question could be taken for this one; less is told apart without help."""
    searched: int = 5
    """Known answers compared with the reply, of each of two searches."""


DEFAULT_THRESHOLDS = LearningThresholds()


@dataclass(frozen=True, slots=True)
class Removed:
    """Something personal that was left out of the question or the answer."""

    field: Literal["question", "answer"]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be learned from one reply."""

    kind: DraftKind
    """`new`; `phrasing`: `similar_ref` already says this and was missed; `correction`: it says otherwise."""
    question: str
    """As a heading, see `title_of`."""
    answer: str
    """Markdown."""
    phrasings: tuple[str, ...]
    """The customer's own words, where `question` has others."""
    similar_ref: str | None
    """The known answer that was missed or is contradicted, an article or learned answer."""
    similarity: float | None
    """Cosine to it: of the answers for `phrasing`, of the questions for `correction`."""
    removed: tuple[Removed, ...] = ()
    """What was left out because it points to a person."""


@dataclass(frozen=True, slots=True)
class NothingLearned:
    """That a reply teaches nothing, and why."""

    reason: NothingReason
    removed: tuple[Removed, ...] = ()


def draft_learned_answer(
    *,
    customer_messages: Sequence[str],
    agent_reply: str,
    retriever: Retriever,
    encoder: Reader,
    agent_names: Sequence[str] = (),
    customer_name: str | None = None,
    human_only: bool = False,
    known: Known = NOBODY,
    thresholds: LearningThresholds = DEFAULT_THRESHOLDS,
) -> Draft | NothingLearned:
    """A draft of what the reply teaches, or why there is nothing worth keeping.

    The question is what of the customer's messages the reply answers, see `pick_question`.
    That is so when the reply only stalls, asks back or tells of this customer's case, when no message
    holds a question, and when the same question already has the same answer. `known` tells what is public,
    and so stays; on a `human_only` matter
    only an answer released to the bot counts as known to it, for any other would not be given.
    """
    cleaned = clean_answer(agent_reply, agent_names=agent_names, customer_name=customer_name, known=known)
    picked = pick_question(
        customer_messages,
        answer=cleaned.text,
        encoder=encoder,
        customer_name=customer_name,
        known=known,
    )
    removed = (
        *(Removed("question", kind) for kind in dict.fromkeys(picked.removed)),
        *(Removed("answer", kind) for kind in dict.fromkeys(cleaned.removed)),
    )
    if not cleaned or not picked:
        return NothingLearned(_why_nothing(cleaned, picked), removed)
    question, answer = picked.text, cleaned.text
    met = _compare(question, answer, retriever, encoder, thresholds)
    same = max((k for k in met if k.same), key=lambda k: k.answer_cosine, default=None)
    is_known = same is not None and same.question_cosine >= thresholds.known_question
    if same is not None and is_known and (same.passage.released or not human_only):
        return NothingLearned("known_already")
    title = title_of(question, known=retriever, common_words=encoder.words)
    own = () if words_of(title) == words_of(question) else (question,)
    if same is not None:
        return Draft("phrasing", title, answer, own, same.passage.ref, same.answer_cosine, removed)
    asked = _asked_before(met, thresholds)
    if asked is not None:
        return Draft("correction", title, answer, own, asked.passage.ref, asked.question_cosine, removed)
    return Draft("new", title, answer, own, None, None, removed)


def _why_nothing(answer: Cleaned, question: Cleaned) -> NothingReason:
    if any(not part and part.removed for part in (answer, question)):
        return "only_personal"
    return "one_case" if not answer else "no_question"


@dataclass(frozen=True, slots=True)
class NearQuestion:
    """A question of a known answer that was found near another one."""

    ref: str
    text: str
    cosine: float


def near_questions(
    retriever: Retriever,
    encoder: Encoder,
    questions: Sequence[str],
    *,
    thresholds: LearningThresholds = DEFAULT_THRESHOLDS,
) -> tuple[NearQuestion, ...]:
    """Questions of known answers near these; encodes, so it has no place in a transaction that writes."""
    return tuple(
        NearQuestion(candidate.ref, _asked_as(candidate), candidate.dense_score)
        for question, vector in zip(questions, encoder.encode(list(questions)), strict=True)
        for candidate in retriever.search(question, vector, top_k=thresholds.searched)
    )


def near_misses(
    near: Iterable[NearQuestion],
    *,
    exclude_refs: Collection[str],
    limit: int = 3,
    thresholds: LearningThresholds = DEFAULT_THRESHOLDS,
) -> tuple[str, ...]:
    """Those of other known answers that come close but must not get the same answer.

    `exclude_refs` are the answer itself and what it replaces. Nearest first, at most `limit`. Questions as
    near as the same question are left out: they may well deserve this answer.
    """
    nearest: dict[str, float] = {}
    for question in near:
        if question.ref not in exclude_refs:
            nearest[question.text] = max(question.cosine, nearest.get(question.text, -1.0))
    close = {t: s for t, s in nearest.items() if thresholds.near_miss <= s < thresholds.same_question}
    return tuple(sorted(close, key=lambda text: (-close[text], text))[:limit])


@dataclass(frozen=True, slots=True)
class _Known:
    """A known answer held against the question and the reply."""

    passage: Passage
    question_cosine: float
    """Of the phrasing or title nearest to the question; -1 for an answer that only the reply is near to."""
    answer_cosine: float
    same: bool
    contradicted: bool


def _asked_before(known: Sequence[_Known], thresholds: LearningThresholds) -> _Known | None:
    """The nearest answer to the same question that says something else, or `None`.

    An article is long: that the reply is not found in it is no contradiction yet.
    """
    asked = [
        k
        for k in known
        if k.question_cosine >= thresholds.same_question
        and (k.contradicted or k.passage.kind == "learned_answer")
    ]
    return max(asked, key=lambda k: k.question_cosine, default=None)


def _compare(
    question: str, answer: str, retriever: Retriever, encoder: Encoder, thresholds: LearningThresholds
) -> list[_Known]:
    """The answers nearest to the question and to the reply, a passage each for either, held against them."""
    vectors = encoder.encode([question, answer])
    by_question = retriever.search(question, vectors[0], top_k=thresholds.searched)
    by_answer = retriever.search(answer, vectors[1], top_k=thresholds.searched)
    asked = {c.ref: c.dense_score for c in by_question if not c.passage.heading_path}
    passages = list({(c.ref, c.passage.text): c.passage for c in (*by_question, *by_answer)}.values())
    cosines = encoder.encode([passage.text for passage in passages]) @ vectors[1]
    known = []
    for passage, cosine in zip(passages, cosines.tolist(), strict=True):
        contradicted = contradicts(answer, passage.text)
        same = not contradicted and _alike(cosine, overlap(answer, passage.text), thresholds)
        known.append(_Known(passage, asked.get(passage.ref, -1.0), cosine, same, contradicted))
    return known


def _alike(cosine: float, words: float, thresholds: LearningThresholds) -> bool:
    near = cosine >= thresholds.same_answer and words >= thresholds.same_words
    return near or (cosine >= thresholds.contained_answer and words >= thresholds.contained_words)


def _asked_as(candidate: Candidate) -> str:
    """The phrasing that was met, or the article's title."""
    passage = candidate.passage
    return passage.search_text if passage.kind == "learned_answer" else passage.title
