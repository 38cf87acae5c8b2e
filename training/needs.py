"""What a business knows and is asked, for an encoder to be adapted to: gathered and split, not trained on."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from eval.beir import read_beir
from knowledge.chunking import article_passages, learned_answer_passages
from knowledge.company import DEMO_FOLDER, LabelledText, read_labelled_questions, read_labelled_texts
from knowledge.documents import ArticleDocument, QuestionAnswer
from knowledge.importers import read_source
from model.errors import DataError
from model.types import Passage
from serving.articles import repository as stored_articles
from serving.db.session import Database
from serving.db.tables import DecisionRecord, Feedback, Message, now
from serving.learned_answers import repository as stored_learned
from serving.settings import Settings
from training.data import published_articles
from training.pipeline import is_sample_company

HELD_OUT_SHARE = 0.2
FEWEST_HELD_OUT = 20
"""Fewer held-out questions cannot tell a gain from luck."""


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
        known = {ref: [one.search_text for one in passages] for ref, passages in self.knowledge.items()}
        asked = [[one.text, sorted(one.refs), one.spared] for one in self.asked]
        alike = [[row.text, row.label] for row in self.alike]
        return hashlib.sha256(json.dumps([known, asked, alike], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Split:
    """The needs to train on, and questions of others that must be found after it."""

    training: Needs
    """Nothing of the needs held out: neither their questions nor their passages."""
    held_out: tuple[Asked, ...]


def gather_needs(settings: Settings, data: Path | None, *, from_store: bool) -> Needs:
    """The needs of `data`, else of what the home was made with; of the store too with `from_store`.

    `data` is a company folder, a folder with a BEIR corpus, or rows `{"text", "label"}` whose label is the
    need. A home that was not made by `firstlast demo` has only its store. What both hold is taken once.
    Raises `DataError` when there is nothing.
    """
    database = Database(settings.database_url)
    database.migrate()
    try:
        with database.reading() as session:
            from_sample = data is None and is_sample_company(session)
            found = read_sources(data or DEMO_FOLDER) if data or from_sample else Sources()
            if from_store or not (data or from_sample):
                found = merged(stored_sources(session), found)
    finally:
        database.close()
    if not found.articles and not found.learned:
        raise DataError("nothing is known to adapt to; import articles, or name a folder with --data")
    return needs_of(found)


def read_sources(path: Path) -> Sources:
    """What a company folder, a folder with a BEIR corpus, or a file of labelled texts holds."""
    if path.is_file():
        return _labelled_file(path)
    if (path / "corpus.jsonl").is_file():
        return _beir_folder(path)
    return _company_folder(path)


def stored_sources(session: Session) -> Sources:
    """Articles, learned answers, and the questions whose answer a customer confirmed."""
    confirmed = _confirmed(session)
    learned = [
        QuestionAnswer(
            key=str(row.id),
            question=row.question,
            answer=row.answer,
            phrasings=(
                *(phrasing.text for phrasing in row.phrasings if phrasing.text != row.question),
                *confirmed.pop(f"learned_answer:{row.id}", ()),
            ),
        )
        for row in stored_learned.find_in_use(session, now())
    ]
    articles = [stored_articles.document_of(row) for row in stored_articles.list_published(session)]
    known = {f"article:{one.slug}" for one in articles}
    asked = [
        Asked(text, frozenset({ref}))
        for ref, texts in confirmed.items()
        if ref in known
        for text in dict.fromkeys(texts)
    ]
    return Sources(tuple(articles), tuple(learned), tuple(asked))


def merged(first: Sources, second: Sources) -> Sources:
    """Both; of an article or learned answer that both hold, the first one's words."""
    slugs = {one.slug for one in first.articles}
    questions = {one.question.casefold() for one in first.learned}
    return Sources(
        (*first.articles, *(one for one in second.articles if one.slug not in slugs)),
        (*first.learned, *(one for one in second.learned if one.question.casefold() not in questions)),
        (*second.asked, *first.asked),  # where a text is in both, the file's labels count
        (*first.alike, *second.alike),
    )


def needs_of(found: Sources) -> Needs:
    """Every answer with its passages, and the questions asked for it, each text once.

    Every second phrasing of a learned answer is searched, the others are asked. Where nobody has asked
    anything, the titles of articles are asked, and searched are their texts without title.
    """
    learned = {f"learned_answer:{number}": (one, _phrasings(one)) for number, one in enumerate(found.learned)}
    knowledge = {
        ref: tuple(learned_answer_passages(number, one.question, one.answer, (one.question, *phrasings[::2])))
        for number, (ref, (one, phrasings)) in enumerate(learned.items())
    }
    rewordings = (
        Asked(text, frozenset({ref}), spared=not one.key.startswith(_BY_LABEL))
        for ref, (one, phrasings) in learned.items()
        for text in phrasings[1::2]
    )
    slugs = {f"article:{one.slug}" for one in found.articles}
    asked = _once(
        (*(replace(one, refs=one.refs & slugs) for one in found.asked if one.refs & slugs), *rewordings)
    )
    if not asked:
        return _titles_asked(found.articles, knowledge, found.alike)
    articles = {f"article:{one.slug}": tuple(article_passages(one)) for one in found.articles}
    return Needs({**articles, **knowledge}, asked, found.alike)


def split(needs: Needs, *, seed: int) -> Split:
    """A fifth of the answers are held out, with every question that one of them answers.

    Whether an answer is held out depends on `seed` and on its title alone, so that one held out stays so
    when the business learns more. Raises `DataError` when too few questions are held out, or left.
    """
    away = {ref for ref, passages in needs.knowledge.items() if is_held_out(_name(ref, passages), seed=seed)}
    held_out = tuple(one for one in needs.asked if one.refs & away)
    training = Needs(
        {ref: passages for ref, passages in needs.knowledge.items() if ref not in away},
        tuple(one for one in needs.asked if not one.refs & away),
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


_BY_LABEL = "label:"


def _company_folder(folder: Path) -> Sources:
    """Every second calibration question is spared: the confidence needs some that no encoder has seen."""
    articles, learned = folder / "articles", folder / "learned_answers.jsonl"
    questions, intents = folder / "calibration" / "questions.jsonl", folder / "training" / "intents.jsonl"
    return Sources(
        published_articles(articles) if articles.is_dir() else (),
        read_source(learned).question_answers if learned.is_file() else (),
        tuple(
            Asked(one.text, one.refs, spared=share_of(one.text, seed=0) < 0.5)
            for one in (read_labelled_questions(questions) if questions.is_file() else ())
            if one.refs
        ),
        tuple(read_labelled_texts(intents)) if intents.is_file() else (),
    )


def _beir_folder(folder: Path) -> Sources:
    """The corpus, with the queries judged in `qrels/train.tsv`; those for testing are not read."""
    if (folder / "qrels" / "train.tsv").is_file():
        judged = read_beir(folder, judgements="train")
        asked = (Asked(query.text, frozenset(query.gains)) for query in judged.queries)
        return Sources(judged.articles, (), tuple(asked))
    found = read_source(folder / "corpus.jsonl")
    if found.refusals:
        raise DataError(f"{found.refusals[0].path}: {found.refusals[0].reason}")
    return Sources(found.articles)


def _labelled_file(path: Path) -> Sources:
    by_label: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in read_labelled_texts(path):
        by_label[row.label][row.text] = None
    learned = [
        QuestionAnswer(f"{_BY_LABEL}{label}", texts[0], label, tuple(texts[1:]))
        for label, texts in ((label, list(texts)) for label, texts in by_label.items())
    ]
    return Sources(learned=tuple(learned))


def _confirmed(session: Session) -> dict[str, list[str]]:
    """The questions that an answer was confirmed for, by its ref."""
    rows = session.execute(
        select(DecisionRecord.answer_ref, DecisionRecord.question)
        .join(Message, Message.decision_id == DecisionRecord.id)
        .join(Feedback, Feedback.message_id == Message.id)
        .where(Feedback.helpful.is_(True), DecisionRecord.answer_ref.is_not(None))
        .order_by(DecisionRecord.id)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for ref, question in rows:
        if ref is not None:
            found[ref].append(question)
    return dict(found)


def _phrasings(one: QuestionAnswer) -> list[str]:
    """Other ways to ask, each once."""
    texts = {text.casefold(): text for text in reversed(one.phrasings)}
    texts.pop(one.question.casefold(), None)
    return list(reversed(texts.values()))


def _once(asked: Iterable[Asked]) -> tuple[Asked, ...]:
    """Each text once, the first time it is asked."""
    found: dict[str, Asked] = {}
    for one in asked:
        found.setdefault(one.text.casefold(), one)
    return tuple(found.values())


def _titles_asked(
    articles: Sequence[ArticleDocument],
    knowledge: Mapping[str, tuple[Passage, ...]],
    alike: tuple[LabelledText, ...],
) -> Needs:
    untitled = {
        f"article:{one.slug}": tuple(
            passage for passage in article_passages(replace(one, title="")) if passage.search_text
        )
        for one in articles
    }
    asked = (
        Asked(one.title, frozenset({f"article:{one.slug}"}))
        for one in articles
        if one.title and untitled[f"article:{one.slug}"]
    )
    return Needs({**untitled, **knowledge}, _once(asked), alike)


def _name(ref: str, passages: Sequence[Passage]) -> str:
    """What stays the same of an answer: an article's slug, a learned answer's question."""
    return passages[0].title if passages and passages[0].kind == "learned_answer" else ref
