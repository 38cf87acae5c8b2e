"""Pairs of texts that belong together, with passages mined that do not: what an encoder is adapted on."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.markdown import plain_text
from model.interfaces import Encoder
from model.types import Passage, Vectors
from training.encoder.needs import Needs

_NEGATIVES_FROM = 5
"""The hard negative is drawn from this many wrong passages ranked highest, so that epochs differ."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that should be near each other, and one that the first is wrongly near to."""

    anchor: str
    positive: str
    needs: frozenset[str]
    """What both are about; texts of pairs that share one are never held against each other."""
    negatives: tuple[Passage, ...] = ()
    """Wrong passages ranked highest for the anchor, best first; none for pairs of questions."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Everything to train on."""

    sure: tuple[Pair, ...]
    """Question and passage, two questions with one answer, title and passage."""
    weak: tuple[Pair, ...]
    """Two texts of one intent."""

    @property
    def texts(self) -> frozenset[str]:
        """The customers' words among them: a model set must not be calibrated on these."""
        return frozenset(text for pair in self.sure for text in (pair.anchor, pair.positive))


def make_pairs(needs: Needs, encoder: Encoder, *, rng: np.random.Generator) -> Pairs:
    """The pairs of these needs. `encoder` says which right passage a question means, and what it confuses.

    A question goes with the passage of its answers that is nearest to it; its negatives are the passages
    nearest to it that are of none of them. Questions spared for calibration are left out.
    """
    passages = [question for ref in sorted(needs.knowledge) for question in needs.knowledge[ref]]
    asked = [question for question in needs.asked if not question.spared]
    vectors = encoder.encode([question.search_text for question in passages])
    questions = encoder.encode([question.text for question in asked])
    question_pairs = [
        pair
        for question, scores in zip(asked, questions @ vectors.T, strict=True)
        if (pair := _question_pair(question.text, question.refs, passages, scores)) is not None
    ]
    by_need: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for question in asked:
        by_need[question.refs].append(question.text)
    for ref, known in needs.knowledge.items():
        if known and known[0].kind == "learned_answer":
            by_need[frozenset({ref})].extend(question.search_text for question in known)
    return Pairs(
        sure=(*question_pairs, *_two_by_two(by_need, rng), *_title_pairs(needs)),
        weak=tuple(_two_by_two(_by_intent(needs), rng)),
    )


def hard_negative(pair: Pair, rng: np.random.Generator) -> Passage | None:
    """One of the pair's negatives, drawn from the first few."""
    nearest = pair.negatives[:_NEGATIVES_FROM]
    return nearest[int(rng.integers(len(nearest)))] if nearest else None


def _question_pair(
    text: str, refs: frozenset[str], passages: Sequence[Passage], scores: Vectors
) -> Pair | None:
    order = np.argsort(-scores, kind="stable")
    right = next((passages[i] for i in order if passages[i].ref in refs), None)
    if right is None:
        return None
    wrong: dict[str, Passage] = {}
    for i in order:
        if passages[i].ref not in refs:
            wrong.setdefault(passages[i].ref, passages[i])
        if len(wrong) == _NEGATIVES_FROM:
            break
    return Pair(text, right.search_text, refs, tuple(wrong.values()))


def _two_by_two(by_need: defaultdict[frozenset[str], list[str]], rng: np.random.Generator) -> Iterator[Pair]:
    """The texts of a need two by two, in any order; with an odd number one is in two pairs."""
    for need, texts in by_need.items():
        shuffled = [texts[i] for i in rng.permutation(len(texts))]
        odd = shuffled[:1] if len(shuffled) % 2 and len(shuffled) > 1 else []
        for first, second in zip(shuffled[::2], [*shuffled[1::2], *odd], strict=False):
            yield Pair(first, second, need)


def _title_pairs(needs: Needs) -> Iterator[Pair]:
    """An article's title with its headings, and the text below them."""
    for ref, passages in needs.knowledge.items():
        for passage in passages:
            above = "\n".join(part for part in (passage.title, *passage.heading_path) if part)
            if passage.kind == "article" and above and passage.search_text != passage.title:
                yield Pair(above, plain_text(passage.text), frozenset({ref}))


def _by_intent(needs: Needs) -> defaultdict[frozenset[str], list[str]]:
    texts: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for row in needs.alike:
        texts[frozenset({f"intent:{row.label}"})].append(row.text)
    return texts
