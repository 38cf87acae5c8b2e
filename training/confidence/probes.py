"""Questions that knowledge asks of itself, a part of it hidden, of taught answers, of service; fits nothing.

What a home knows says how near a wrong answer comes in it: hide an answer whole, ask for it in its own
words, and whatever is found is wrong. Hide only the words asked with, and the answer is still to be found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from eval.data.labelled import LabelledQuestion
from eval.data.words import TaughtAnswer
from eval.replay.caching_encoder import CachingEncoder
from eval.suites.taught import taught_index
from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Reader
from model.refs import learned_answer_ref
from model.resolver import TOP_K, Read, Resolver
from model.types import Candidate, Passage, Question, Vector
from model.understanding.follow_up import sentences
from training.datasets.service_rows import ServedQuestion

_LOOK_ALIKES_A_COUNTED_ONE = 10
"""Look-alikes teach what a wrong answer looks like; customers ask them far less often than the question that
was taught. So a risk budget is kept where one of them comes to ten rewordings."""
_CANDIDATES_OF_TAUGHT = 3
MOST_TEXTS = 400
"""Texts asked, spread evenly over the answers; each up to twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A question with what was read of it."""

    question: LabelledQuestion
    read: Read


@dataclass(frozen=True, slots=True)
class WithoutItself:
    """Searches as if the question's own words had not been learned."""

    index: KnowledgeIndex

    def search(self, text: str, vector: Vector, *, top_k: int) -> list[Candidate]:
        """The candidates, best first, found without the passage that says just this."""
        return self.index.search_without_itself(text, vector, top_k=top_k)

    def text_of(self, ref: str, text: str, vector: Vector) -> Candidate | None:
        """As the index."""
        return self.index.text_of(ref, text, vector)

    def has_word(self, word: str) -> bool:
        """As the index."""
        return self.index.has_word(word)

    def words_like(self, word: str) -> Mapping[str, int]:
        """As the index."""
        return self.index.words_like(word)


def without_their_answers(
    questions: Sequence[LabelledQuestion], reads: Sequence[Read], index: KnowledgeIndex
) -> list[Probe]:
    """The answerable questions once more with all their answers hidden from `index`: nothing is right.

    `reads` are those of the questions. The rarity of words stays what it was.
    """
    return [
        Probe(_unanswerable(question), _read_again(question.text, read, index, without=question.refs))
        for question, read in zip(questions, reads, strict=True)
        if question.kind == "answerable"
    ]


def knowledge_probes(
    knowledge: Mapping[str, Sequence[Passage]],
    bot: Resolver,
    encoder: Reader,
    *,
    rng: np.random.Generator,
    most_texts: int = MOST_TEXTS,
) -> list[Probe]:
    """What the passages by answer ask of themselves, read as `bot` reads; at most `most_texts` texts, each

    - once with its own words hidden, when the answer has others: a phrasing of a learned answer is asked of
      the other phrasings, the title of an article of its text without the title;
    - once with the whole answer hidden: then it is unanswerable.
    """
    index = KnowledgeIndex(CachingEncoder(encoder))
    index.put(knowledge)
    resolver = Resolver(encoder, bot.models, index, head_encoders=bot.head_encoders)
    return [
        probe
        for ref, passages, texts in _chosen(knowledge, rng, most_texts)
        for probe in _probes(ref, passages, texts, resolver, index)
    ]


def taught_probes(taught: Sequence[TaughtAnswer], bot: Resolver, encoder: Reader) -> list[Probe]:
    """Rewordings of taught questions, look-alikes, and what is new, read as `bot` reads.

    They are asked of what their company was taught; the first rewording once more of the next company, to
    which it is new: nothing answers that, nor a look-alike. All that is asked about one answer is one need.
    """
    once = CachingEncoder(encoder)
    asked = [text for answer in taught for text in (answer.question, *answer.rewordings, *answer.look_alikes)]
    once.read([part for text in asked for part in (text, *sentences(text))])
    counted = cycle([True] + [False] * (_LOOK_ALIKES_A_COUNTED_ONE - 1))
    by_company: dict[str, list[TaughtAnswer]] = {}
    for answer in taught:
        by_company.setdefault(answer.company, []).append(answer)
    companies = list(by_company.values())
    probes = []
    for place, answers in enumerate(companies):
        index = taught_index(answers, once)
        resolver = Resolver(once, bot.models, index, head_encoders=bot.head_encoders)
        questions = [
            question
            for number, answer in enumerate(answers)
            for question in _about(answer, learned_answer_ref(number), counted)
        ]
        if len(companies) > 1:
            questions += map(_new_to_others, companies[place - 1])
        probes += [
            Probe(question, _nearest(resolver.read(Question(question.text)))) for question in questions
        ]
    return probes


def served_probes(served: Sequence[ServedQuestion], bot: Resolver) -> list[Probe]:
    """Questions from service as `bot` reads them, with the candidates of which somebody said something.

    Where people said which answer is right, the others found are not; where they only said which did not
    help, nothing is known of the others, and they are left out. A question without a candidate left is too.
    `bot` should search without the question's own words, which may be a phrasing by now (`WithoutItself`).
    """
    probes = []
    for one in served:
        read = bot.read(Question(one.question.text))
        judged = tuple(found for found in read.candidates if one.question.refs or found.ref in one.rejected)
        if judged:
            probes.append(Probe(one.question, replace(read, candidates=judged)))
    return probes


def _new_to_others(taught: TaughtAnswer) -> LabelledQuestion:
    return LabelledQuestion(
        f"{taught.id}+", taught.rewordings[0], "out_of_scope", None, frozenset(), need=taught.id
    )


def _nearest(read: Read) -> Read:
    """The read with the candidates that may be taken for the right one: all others teach nothing more."""
    return replace(read, candidates=read.candidates[:_CANDIDATES_OF_TAUGHT])


def _about(taught: TaughtAnswer, ref: str, counted: Iterator[bool]) -> list[LabelledQuestion]:
    """Its question in other words, and look-alikes; in its own words it teaches that nearer is not worse."""
    known = LabelledQuestion(
        taught.id, taught.question, "answerable", None, frozenset({ref}), counts=False, need=taught.id
    )
    reworded = [
        LabelledQuestion(f"{taught.id}={i}", text, "answerable", None, frozenset({ref}), need=taught.id)
        for i, text in enumerate(taught.rewordings)
    ]
    alike = [
        LabelledQuestion(
            f"{taught.id}!{i}", text, "out_of_scope", None, frozenset(), counts=next(counted), need=taught.id
        )
        for i, text in enumerate(taught.look_alikes)
    ]
    return [known, *reworded, *alike]


def _chosen(
    knowledge: Mapping[str, Sequence[Passage]], rng: np.random.Generator, most_texts: int
) -> Iterator[tuple[str, Sequence[Passage], list[str]]]:
    """Answers with their passages and the texts to ask: all answers, or a random choice of them."""
    refs = sorted(ref for ref, passages in knowledge.items() if passages)
    if len(refs) > most_texts:
        refs = sorted(refs[i] for i in rng.choice(len(refs), most_texts, replace=False))
    for ref in refs:
        own = _own_words(knowledge[ref])
        some = rng.permutation(len(own))[: max(1, most_texts // len(refs))]
        yield ref, knowledge[ref], [own[i] for i in sorted(some)]


def _own_words(passages: Sequence[Passage]) -> list[str]:
    """What an answer is asked for by: the phrasings of a learned answer, the title of an article."""
    is_article = passages[0].kind == "article"
    words = [passages[0].title] if is_article else [passage.search_text for passage in passages]
    return [text for text in dict.fromkeys(words) if text.strip()]


def _probes(
    ref: str, passages: Sequence[Passage], texts: Sequence[str], resolver: Resolver, index: KnowledgeIndex
) -> Iterator[Probe]:
    """The probes of one answer; the index is as before when they are through."""
    for number, text in enumerate(texts):
        asked = LabelledQuestion(f"{ref}?{number}", text, "answerable", None, frozenset({ref}))
        rest = _without_words(passages, text)
        index.put({ref: rest})
        read = resolver.read(Question(text))
        if rest:
            yield Probe(asked, read)
        yield Probe(_unanswerable(asked), _read_again(text, read, index, without=asked.refs))
    index.put({ref: passages})


def _without_words(passages: Sequence[Passage], text: str) -> list[Passage]:
    """The passages without `text`: pieces of an article begin with its title."""
    cut = (
        replace(passage, search_text=passage.search_text.removeprefix(text).strip())
        if passage.kind == "article" or passage.search_text == text
        else passage
        for passage in passages
    )
    return [passage for passage in cut if passage.search_text]


def _read_again(text: str, read: Read, index: KnowledgeIndex, *, without: frozenset[str]) -> Read:
    """The read with what is found when some answers are hidden."""
    candidates = index.search(text, read.signals.vector, top_k=TOP_K + len(without))
    rest = [candidate for candidate in candidates if candidate.ref not in without]
    return replace(read, candidates=tuple(rest[:TOP_K]))


def _unanswerable(question: LabelledQuestion) -> LabelledQuestion:
    return replace(question, id=f"{question.id} (hidden)", kind="out_of_scope", refs=frozenset())
