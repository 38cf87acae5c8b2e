"""Gathers what a business knows and is asked, from a folder, a file or the store; it splits nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from eval.data.beir import read_beir
from eval.data.labelled import LabelledQuestion, read_labelled_questions, read_labelled_texts
from eval.home import open_store
from knowledge.documents import ArticleDocument, QuestionAnswer
from knowledge.importing.source import read_source
from model.errors import DataError
from model.refs import article_ref, learned_answer_ref
from serving.articles import repository as stored_articles
from serving.db.tables import DecisionRecord, Feedback, Message, now
from serving.learned_answers import repository as stored_learned
from serving.settings import Settings
from training.datasets.training_data import published_articles, remembered_folder
from training.encoder.needs import BY_LABEL, Asked, Needs, Sources, needs_of, share_of


def gather_needs(settings: Settings, data: Path | None, *, from_store: bool) -> Needs:
    """The needs of `data`, else of what the home was made with; of the store too with `from_store`.

    `data` is a company folder, a folder with a BEIR corpus, or rows `{"text", "label"}` whose label is the
    need. A home that was never trained on a company folder has only its store. What both hold is taken once.
    Raises `DataError` when there is nothing.
    """
    folder = data or remembered_folder(settings)
    sources = read_sources(folder) if folder else Sources()
    if from_store or folder is None:
        with open_store(settings) as session:
            sources = merged(stored_sources(session), sources)
    if not sources.articles and not sources.learned:
        raise DataError("nothing is known to adapt to; import articles, or name a folder with --data")
    return needs_of(sources)


def read_sources(path: Path) -> Sources:
    """What a company folder, a folder with a BEIR corpus, or a file of labelled texts holds."""
    if path.is_file():
        return _labelled_file(path)
    if (path / "corpus.jsonl").is_file():
        return _beir_folder(path)
    return _company_folder(path)


def question_sources(
    articles: Sequence[ArticleDocument],
    learned: Sequence[QuestionAnswer],
    questions: Iterable[LabelledQuestion],
) -> Sources:
    """What is known, with the questions it answers.

    Every second question is spared: the confidence needs some that no encoder has seen.
    """
    asked = (
        Asked(question.text, question.refs, spared=share_of(question.text, seed=0) < 0.5)
        for question in questions
        if question.refs
    )
    return Sources(tuple(articles), tuple(learned), tuple(asked))


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
                *confirmed.pop(learned_answer_ref(row.id), ()),
            ),
        )
        for row in stored_learned.find_in_use(session, now())
    ]
    articles = [stored_articles.document_of(row) for row in stored_articles.list_in_use(session, now())]
    known = {article_ref(article.slug) for article in articles}
    asked = [
        Asked(text, frozenset({ref}))
        for ref, texts in confirmed.items()
        if ref in known
        for text in dict.fromkeys(texts)
    ]
    return Sources(tuple(articles), tuple(learned), tuple(asked))


def merged(first: Sources, second: Sources) -> Sources:
    """Both; of an article or learned answer that both hold, the first one's words."""
    slugs = {article.slug for article in first.articles}
    questions = {answer.question.casefold() for answer in first.learned}
    return Sources(
        (*first.articles, *(article for article in second.articles if article.slug not in slugs)),
        (
            *first.learned,
            *(answer for answer in second.learned if answer.question.casefold() not in questions),
        ),
        (*second.asked, *first.asked),  # where a text is in both, the file's labels count
        (*first.alike, *second.alike),
    )


def _company_folder(folder: Path) -> Sources:
    articles, learned = folder / "articles", folder / "learned_answers.jsonl"
    questions, intents = folder / "calibration" / "questions.jsonl", folder / "training" / "intents.jsonl"
    sources = question_sources(
        published_articles(articles) if articles.is_dir() else (),
        read_source(learned).question_answers if learned.is_file() else (),
        read_labelled_questions(questions) if questions.is_file() else (),
    )
    return replace(sources, alike=tuple(read_labelled_texts(intents)) if intents.is_file() else ())


def _beir_folder(folder: Path) -> Sources:
    """The corpus, with the queries judged in `qrels/train.tsv`; those for testing are not read."""
    if (folder / "qrels" / "train.tsv").is_file():
        judged = read_beir(folder, judgements="train")
        asked = (Asked(query.text, frozenset(query.gains)) for query in judged.queries)
        return Sources(judged.articles, (), tuple(asked))
    corpus = read_source(folder / "corpus.jsonl")
    if corpus.refusals:
        raise DataError(f"{corpus.refusals[0].path}: {corpus.refusals[0].reason}")
    return Sources(corpus.articles)


def _labelled_file(path: Path) -> Sources:
    by_label: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in read_labelled_texts(path):
        by_label[row.label][row.text] = None
    learned = [
        QuestionAnswer(f"{BY_LABEL}{label}", texts[0], label, tuple(texts[1:]))
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
    questions: defaultdict[str, list[str]] = defaultdict(list)
    for ref, question in rows:
        if ref is not None:
            questions[ref].append(question)
    return dict(questions)
