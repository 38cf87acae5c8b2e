"""What a business knows and is asked, as needs that an encoder is adapted to; it trains on none."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.data.labelled import LabelledText
from knowledge.documents import ArticleDocument, QuestionAnswer
from knowledge.index.chunking import article_passages, learned_answer_passages
from model.errors import DataError
from model.refs import article_ref, learned_answer_ref
from model.types import Passage

HELD_OUT_SHARE = 0.2
FEWEST_HELD_OUT = 20
"""Fewer held-out questions cannot tell a gain from luck."""
BY_LABEL = "label:"
"""Begins the key of an answer that is only known by the label of its texts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer's words, and the answers that fit them."""

    text: str
    refs: frozenset[str]
    spared: bool = False
    """Whether it is never trained on, because the confidence of a model set is calibrated on it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What was gathered of a business, in its own form."""

    articles: tuple[ArticleDocument, ...] = ()
    learned: tuple[QuestionAnswer, ...] = ()
    asked: tuple[Asked, ...] = ()
    """Questions of customers with the articles that answer them."""
    alike: tuple[LabelledText, ...] = ()
    """Texts of which those with one label want about the same: a weaker sign than one answer."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What can be found, and what is asked for it."""

    knowledge: Mapping[str, tuple[Passage, ...]]
    """The passages of each answer, by its ref."""
    asked: tuple[Asked, ...]
    alike: tuple[LabelledText, ...] = ()

    @property
    def sha256(self) -> str:
        """Digest of every text and what belongs to it."""
        known = {
            ref: [passage.search_text for passage in passages] for ref, passages in self.knowledge.items()
        }
        asked = [[question.text, sorted(question.refs), question.spared] for question in self.asked]
        alike = [[row.text, row.label] for row in self.alike]
        return hashlib.sha256(json.dumps([known, asked, alike], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Split:
    """The needs to train on, and questions of others that must be found after it."""

    training: Needs
    """Nothing of the needs held out: neither their questions nor their passages."""
    held_out: tuple[Asked, ...]


def needs_of(sources: Sources) -> Needs:
    """Every answer with its passages, and the questions asked for it, each text once.

    Every second phrasing of a learned answer is searched, the others are asked. Where nobody has asked
    anything, the titles of articles are asked, and searched are their texts without title.
    """
    learned = {
        learned_answer_ref(number): (answer, _phrasings(answer))
        for number, answer in enumerate(sources.learned)
    }
    knowledge: dict[str, tuple[Passage, ...]] = {
        ref: tuple(
            learned_answer_passages(
                number, answer.question, answer.answer, (answer.question, *phrasings[::2])
            )
        )
        for number, (ref, (answer, phrasings)) in enumerate(learned.items())
    }
    rewordings = (
        Asked(text, frozenset({ref}), spared=not answer.key.startswith(BY_LABEL))
        for ref, (answer, phrasings) in learned.items()
        for text in phrasings[1::2]
    )
    slugs = {article_ref(article.slug) for article in sources.articles}
    asked = _once(
        (
            *(replace(asked, refs=asked.refs & slugs) for asked in sources.asked if asked.refs & slugs),
            *rewordings,
        )
    )
    if not asked:
        return _titles_asked(sources.articles, knowledge, sources.alike)
    articles: dict[str, tuple[Passage, ...]] = {
        article_ref(article.slug): tuple(article_passages(article)) for article in sources.articles
    }
    return Needs({**articles, **knowledge}, asked, sources.alike)


def split(needs: Needs, *, seed: int) -> Split:
    """A fifth of the answers are held out, with every question that one of them answers.

    Whether an answer is held out depends on `seed` and on its title alone, so that one held out stays so
    when the business learns more. Raises `DataError` when too few questions are held out, or left.
    """
    away = {ref for ref, passages in needs.knowledge.items() if is_held_out(_name(ref, passages), seed=seed)}
    held_out = tuple(question for question in needs.asked if question.refs & away)
    training = Needs(
        {ref: passages for ref, passages in needs.knowledge.items() if ref not in away},
        tuple(question for question in needs.asked if not question.refs & away),
        tuple(row for row in needs.alike if not is_held_out(row.text, seed=seed)),
    )
    if len(held_out) < FEWEST_HELD_OUT or not training.asked:
        raise DataError(
            f"{len(held_out)} of {len(needs.asked)} questions can be held out to measure the gain, and "
            f"{FEWEST_HELD_OUT} are needed; give more questions, phrasings or articles"
        )
    return Split(training, held_out)


def is_held_out(name: str, *, seed: int) -> bool:
    """Whether something of this name is among the fifth held out."""
    return share_of(name, seed=seed) < HELD_OUT_SHARE


def share_of(name: str, *, seed: int) -> float:
    """A number in [0, 1) that depends on the name and the seed alone, evenly spread over names."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8]) / 2**64


def _phrasings(answer: QuestionAnswer) -> list[str]:
    """Other ways to ask, each once."""
    texts = {text.casefold(): text for text in reversed(answer.phrasings)}
    texts.pop(answer.question.casefold(), None)
    return list(reversed(texts.values()))


def _once(asked: Iterable[Asked]) -> tuple[Asked, ...]:
    """Each text once, the first time it is asked."""
    first_asked: dict[str, Asked] = {}
    for question in asked:
        first_asked.setdefault(question.text.casefold(), question)
    return tuple(first_asked.values())


def _titles_asked(
    articles: Sequence[ArticleDocument],
    knowledge: Mapping[str, tuple[Passage, ...]],
    alike: tuple[LabelledText, ...],
) -> Needs:
    untitled: dict[str, tuple[Passage, ...]] = {
        article_ref(article.slug): tuple(
            passage for passage in article_passages(replace(article, title="")) if passage.search_text
        )
        for article in articles
    }
    asked = (
        Asked(article.title, frozenset({article_ref(article.slug)}))
        for article in articles
        if article.title and untitled[article_ref(article.slug)]
    )
    return Needs({**untitled, **knowledge}, _once(asked), alike)


def _name(ref: str, passages: Sequence[Passage]) -> str:
    """What stays the same of an answer: an article's slug, a learned answer's question."""
    return passages[0].title if passages and passages[0].kind == "learned_answer" else ref
