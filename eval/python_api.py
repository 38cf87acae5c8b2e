"""The Python API, `firstlast.open_home`: a home's bot to ask, search, teach and measure; serves nobody.

It is in this folder because it measures, too, and what serves may not import what measures.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from eval.data.labelled import LabelledQuestion, read_labelled_questions
from eval.home import check_answers_known, open_champion, open_encoder
from eval.suites import answers
from eval.suites.answers import Answered
from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import DataError, NotFoundError
from model.interfaces import Reader
from model.model_set import ModelSet
from model.refs import learned_answer_ref
from model.resolver import Resolver
from model.types import Candidate, Decision, IntentInfo, Question, Ref, Turn, Understanding
from model.understanding.danger import DangerWords
from serving.command_line import log_to_stderr
from serving.company.service import stored_danger, stored_infos
from serving.db.session import Database
from serving.indexing.sync import KnowledgeSync
from serving.learned_answers import service as learned_answers
from serving.runtime.loading import resolver_of
from serving.settings import DEFAULT_HOME, ENV_PREFIX, Settings


class Home:
    """The bot of a home, as it was when it was opened and with what it was taught since."""

    def __init__(
        self, settings: Settings, models: ModelSet, encoder: Reader, database: Database, sync: KnowledgeSync
    ) -> None:
        """`open_home` makes one."""
        self.settings = settings
        self.models = models
        self.encoder = encoder
        self._database = database
        self._sync = sync
        self.resolver = self._resolver(settings.risk_budget)
        with database.reading() as session:
            self._intents: Mapping[str, IntentInfo] = stored_infos(session)
            self._danger: DangerWords = stored_danger(session)

    @property
    def index(self) -> KnowledgeIndex:
        """What it knows, to be searched."""
        return self._sync.index

    def ask(self, text: str, *, history: Sequence[Turn] = ()) -> Decision:
        """What the bot would do with a customer's message, and why; `history` is what was said before it."""
        return self.resolver.resolve(
            Question(text, history=tuple(history), intents=self._intents, danger=self._danger)
        )

    def classify(self, texts: Sequence[str]) -> list[Understanding]:
        """What each text says as the first message of a conversation, in the order given."""
        return list(self.resolver.classify(texts, intents=self._intents).understandings)

    def search(self, query: str, *, top_k: int = 10) -> list[Candidate]:
        """The answers nearest to a query, best first, at most `top_k`."""
        return self.index.search(query, self.encoder.encode_one(query), top_k=top_k)

    def teach(self, question: str, answer: str, *, phrasings: Sequence[str] = ()) -> Ref:
        """Add a learned answer; it is known when this returns, and in a running server within a second.

        Raises `DataError` for words that cannot be learned.
        """
        with self._database.session() as session:
            made = learned_answers.create(session, question=question, answer=answer, phrasings=phrasings)
            ref = learned_answer_ref(made.id)
        self._sync.follow_once()
        return ref

    def evaluate(
        self, questions: Path | str | Sequence[LabelledQuestion] | None = None, *, risk: float | None = None
    ) -> Answered:
        """What becomes of labelled questions, with 95 % intervals; nothing is written.

        They are rows of a JSONL file as `test/questions.jsonl` in a company folder has them; by default those
        of the folder that the home was trained on. `risk` is the budget, by default the home's. Raises
        `DataError` without questions, or where the home knows none of their answers.
        """
        if questions is None:
            questions = self.settings.company_folder / "test" / "questions.jsonl"
            if not questions.is_file():
                raise DataError(f"{self.settings.home} remembers no test questions; name a file of them")
        if isinstance(questions, str | Path):
            questions = read_labelled_questions(Path(questions))
        check_answers_known(questions, self.index)
        resolver = self.resolver if risk is None else self._resolver(risk)
        return answers.measure(questions, resolver=resolver)

    def close(self) -> None:
        """Close the store; what was indexed is kept for the next time."""
        self._sync.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _resolver(self, risk: float) -> Resolver:
        return resolver_of(self.models, self.settings, self.encoder, self.index, risk=risk)


def open_home(home: Path | str | None = None) -> Home:
    """The home in this folder, by default in `FIRSTLAST_HOME`, else in `./.firstlast`; takes a moment.

    Raises `NotFoundError` when there is none, and `ArtifactError` when it has no model set in service.
    """
    if not structlog.is_configured():
        log_to_stderr()  # warnings alone, instead of every event on standard output
    folder = Path(home or os.environ.get(f"{ENV_PREFIX}HOME") or DEFAULT_HOME).expanduser()
    if not folder.is_dir():
        raise NotFoundError(f"there is no home {folder}; make one: firstlast init --home {folder}")
    settings = Settings.load(folder)
    encoder = open_encoder(settings)
    models = open_champion(settings, encoder)
    database = Database(settings.database_url)
    try:
        database.migrate()
        sync = KnowledgeSync(database, encoder)
        sync.load_or_rebuild(settings.snapshot_folder(encoder.fingerprint))
        return Home(settings, models, encoder, database, sync)
    except BaseException:
        database.close()
        raise
