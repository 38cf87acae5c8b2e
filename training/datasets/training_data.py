"""Gathers what the heads are trained on, from files or from the store; fits nothing."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from eval.data.dialogues import Dialogue, read_dialogues
from eval.data.labelled import (
    LabelledQuestion,
    LabelledText,
    MoodConversation,
    own_or_general,
    read_labelled_questions,
    read_mood_conversations,
)
from eval.data.problems import read_checked
from eval.data.words import TaughtAnswer, read_taught_answers
from knowledge import GENERAL_FOLDER
from knowledge.documents import ArticleDocument, QuestionAnswer
from knowledge.importing.source import read_source
from knowledge.json_lines import read_json_lines
from model.errors import DataError
from model.generation import NONE
from model.types import IntentInfo
from model.understanding.message import NO_PERSON
from serving.company.file import COMPANY_FILE, read_company
from serving.db.tables import DecisionRecord
from serving.settings import Settings
from training.datasets.examples import OUT_OF_SCOPE
from training.datasets.service_rows import FromService, ServedQuestion

FEWEST_QUESTIONS = 20
FEWEST_ANSWERABLE = 10
"""The confidence is fitted on at least so many calibration questions, and different ones with an answer."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Labelled texts by head, and the questions and articles the confidence is calibrated on."""

    intents: tuple[LabelledText, ...]
    intent_infos: dict[str, IntentInfo]
    sentiment: tuple[LabelledText, ...]
    wants_person: tuple[LabelledText, ...]
    smalltalk: tuple[LabelledText, ...]
    out_of_scope: tuple[LabelledText, ...]
    questions: tuple[LabelledQuestion, ...]
    articles: tuple[ArticleDocument, ...]
    learned_answers: tuple[QuestionAnswer, ...]
    own_questions: bool = True
    """Whether `questions` are the business's own: only then do they count as its past."""
    follow_ups: tuple[LabelledText, ...] = ()
    """Messages that stand alone, lean on what was said before them, or say that an answer was not right."""
    dialogues: tuple[Dialogue, ...] = ()
    """Two and three turns each, with the answers to the last message."""
    moods: tuple[MoodConversation, ...] = ()
    """Conversations with how they ended for the customer."""
    mood_texts: tuple[LabelledText, ...] = ()
    """Messages by the sentiment that support staff read in them; for the mood alone, beside `sentiment`."""
    only_past: tuple[LabelledQuestion, ...] = ()
    """More of its past, which calibrates nothing: an encoder that was trained on questions flatters them."""
    taught: tuple[TaughtAnswer, ...] = ()
    """Learned answers of many businesses, with their question in other words and questions that only look
    like it: what the confidence of learned answers is calibrated on."""
    unlabelled: tuple[str, ...] = ()
    """What customers asked and nobody gave an intent, for the intents to learn from by their own guesses."""
    teams: tuple[LabelledText, ...] = ()
    """Texts of which the team that answered them is known, and not what they are about."""
    served: tuple[ServedQuestion, ...] = ()
    """Questions from service with what people said of their answers, which are those of the home."""
    source: str = str(GENERAL_FOLDER)
    """The folder or file that the business's own data come from; what it lacks is general."""
    from_service: FromService | None = None
    """What of all this service gave; `None` where nobody asked for it."""

    @property
    def sha256(self) -> str:
        """Digest of every labelled text, in order: the same data give the same digest."""
        parts = [
            [[row.text, row.label, *([row.weight] if row.weight != 1 else [])] for row in rows]
            for rows in (
                *(self.intents, self.sentiment, self.wants_person, self.smalltalk, self.out_of_scope),
                *(self.follow_ups, self.mood_texts),
                *([self.teams] if self.teams else []),
            )
        ]
        dialogues = [
            [dialogue.id, dialogue.text, dialogue.kind, [turn.text for turn in dialogue.before]]
            for dialogue in self.dialogues
        ]
        moods = [
            [
                conversation.id,
                conversation.outcome,
                conversation.at,
                [turn.text for turn in conversation.turns],
            ]
            for conversation in self.moods
        ]
        asked = (*self.questions, *self.only_past)
        questions = [[row.id, row.text, row.kind, sorted(row.refs)] for row in asked]
        articles = [article.content_hash for article in self.articles]
        learned = [answer.content_hash for answer in self.learned_answers]
        taught = [asdict(answer) for answer in self.taught]
        served = [
            [one.question.text, sorted(one.question.refs), sorted(one.rejected), one.question.weight]
            for one in self.served
        ]
        content = [parts, questions, articles, learned, dialogues, moods, taught, *self.unlabelled, *served]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def company_data(folder: Path) -> TrainingData:
    """What a company folder holds: `company.toml`, `training/`, `calibration/`, `articles/`.

    A file that a business does not have is the general one, apart from its intents; so are the calibration
    questions where its own are too few to fit anything on. Raises `DataError`
    naming the file and line of a bad row, or an intent that the company does not name.
    """
    infos = read_company(folder).intent_infos()
    intents = _rows(folder / "training" / "intents.jsonl")
    unknown = {row.label for row in intents} - set(infos)
    if unknown:
        raise DataError(
            f"training/intents.jsonl has labels that company.toml does not name: {sorted(unknown)}"
        )
    own_questions = folder / "calibration" / "questions.jsonl"
    data = replace(
        general_data(),
        intents=intents,
        intent_infos=infos,
        sentiment=_texts(folder, "sentiment"),
        wants_person=(*_texts(folder, "wants_person"), *_matters(NO_PERSON)),
        smalltalk=(*_texts(folder, "smalltalk"), *_matters(NONE)),
        out_of_scope=_texts(folder, OUT_OF_SCOPE),
        follow_ups=_texts(folder, "follow_ups"),
        dialogues=tuple(read_dialogues(own_or_general(folder, "calibration/dialogues.jsonl"))),
        moods=tuple(read_mood_conversations(own_or_general(folder, "calibration/moods.jsonl"))),
        mood_texts=_texts(folder, "mood"),
        taught=_taught(folder),
        source=str(folder),
    )
    questions = read_labelled_questions(own_questions) if own_questions.is_file() else ()
    if not enough_to_calibrate(questions):
        return data
    return replace(
        data,
        questions=tuple(questions),
        articles=published_articles(folder / "articles"),
        learned_answers=_learned_answers(folder / "learned_answers.jsonl"),
        own_questions=True,
    )


def enough_to_calibrate(questions: Sequence[LabelledQuestion]) -> bool:
    """Whether the confidence can be fitted on these questions at all."""
    return len(questions) >= FEWEST_QUESTIONS and len(answerable_texts(questions)) >= FEWEST_ANSWERABLE


def answerable_texts(questions: Sequence[LabelledQuestion]) -> set[str]:
    """The different texts that have an answer."""
    return {question.text for question in questions if question.kind == "answerable"}


def general_data() -> TrainingData:
    """What every business starts with: no intents, and nothing that would be out of their scope.

    Calibrated is on the questions and articles of an example help centre. What a shop's customers ask about
    is kept as what it is everywhere: no smalltalk, and no wish for a person.
    """
    return TrainingData(
        intents=(),
        intent_infos={},
        sentiment=_texts(None, "sentiment"),
        wants_person=(*_texts(None, "wants_person"), *_matters(NO_PERSON)),
        smalltalk=(*_texts(None, "smalltalk"), *_matters(NONE)),
        out_of_scope=(),
        questions=tuple(read_labelled_questions(GENERAL_FOLDER / "calibration" / "questions.jsonl")),
        articles=tuple(
            ArticleDocument(**row) for _, row in read_json_lines(GENERAL_FOLDER / "articles.jsonl")
        ),
        learned_answers=_learned_answers(GENERAL_FOLDER / "learned_answers.jsonl"),
        own_questions=False,
        follow_ups=_texts(None, "follow_ups"),
        dialogues=tuple(read_dialogues(own_or_general(None, "calibration/dialogues.jsonl"))),
        moods=tuple(read_mood_conversations(own_or_general(None, "calibration/moods.jsonl"))),
        mood_texts=_texts(None, "mood"),
        taught=_taught(None),
    )


def general_wording() -> TrainingData:
    """The general data as those of a business whose customers want one thing: what shops are asked about."""
    return replace(
        general_data(),
        intents=_texts(None, "matters"),
        smalltalk=_texts(None, "smalltalk"),
        out_of_scope=_texts(None, OUT_OF_SCOPE),
    )


def remembered_folder(settings: Settings) -> Path | None:
    """The company folder that the home was last trained with, as it was then; `None` without one."""
    return settings.company_folder if settings.company_folder.is_dir() else None


def remember_folder(settings: Settings, folder: Path) -> None:
    """Remember the labelled data of a company folder in the home, instead of those remembered so far."""
    if folder.resolve() == settings.company_folder.resolve():
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".company-") as work:
        new, old = Path(work) / "new", Path(work) / "old"
        new.mkdir()
        for name in (COMPANY_FILE, "learned_answers.jsonl"):
            if (folder / name).is_file():
                shutil.copy2(folder / name, new / name)
        for name in ("articles", "training", "calibration", "test"):
            if (folder / name).is_dir():
                shutil.copytree(folder / name, new / name)
        if settings.company_folder.is_dir():
            settings.company_folder.rename(old)
        new.rename(settings.company_folder)


def _matters(label: str) -> tuple[LabelledText, ...]:
    """What customers ask shops about, all with this label.

    The few that are put as a wish for a person have that label among the wishes, which comes first. A
    business's own intents are not taken for it: one of them may be just that wish.
    """
    asked = (*_texts(None, "matters"), *_texts(None, OUT_OF_SCOPE))
    return tuple(LabelledText(row.text, label) for row in asked)


def intents_file(path: Path, infos: dict[str, IntentInfo]) -> TrainingData:
    """A business's `{"text", "label"}` rows as intents, everything else as in `general_data`.

    Labels without an entry in `infos` have no team and may be answered by the bot.
    """
    rows = tuple(read_checked(path).texts)
    known = {row.label: infos.get(row.label, IntentInfo(None, False)) for row in rows}
    return replace(general_data(), intents=rows, intent_infos=known, source=str(path))


def stored_questions(session: Session) -> tuple[str, ...]:
    """Every question that the bot decided on, in their order."""
    return tuple(session.scalars(select(DecisionRecord.question).order_by(DecisionRecord.id)))


def published_articles(folder: Path) -> tuple[ArticleDocument, ...]:
    """The articles of a folder, named by file alone, without the superseded ones."""
    return tuple(
        article for article in read_source(folder, flat_slugs=True).articles if not article.superseded_by
    )


def _taught(folder: Path | None) -> tuple[TaughtAnswer, ...]:
    return tuple(read_taught_answers(own_or_general(folder, "calibration/taught.jsonl")))


def _learned_answers(path: Path) -> tuple[QuestionAnswer, ...]:
    return read_source(path).question_answers if path.is_file() else ()


def _texts(folder: Path | None, name: str) -> tuple[LabelledText, ...]:
    path = own_or_general(folder, f"training/{name}.jsonl")
    return _general_rows(path) if path.is_relative_to(GENERAL_FOLDER) else _rows(path)


@cache
def _general_rows(path: Path) -> tuple[LabelledText, ...]:
    """Of a file that comes with firstlast: it does not change, and several parts are taught with it."""
    return _rows(path)


def _rows(path: Path) -> tuple[LabelledText, ...]:
    return tuple(read_checked(path).texts) if path.is_file() else ()
