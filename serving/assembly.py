"""Builds the running parts from the settings and starts and stops them; knows nothing of the web."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from knowledge.index import KnowledgeIndex
from model.artifacts import ModelSet, load_model_set, read_pointer
from model.encoder import OnnxEncoder
from model.errors import ArtifactError, FirstlastError
from model.interfaces import Reader, Retriever
from model.policy import PolicySettings
from model.resolver import Resolver
from model.types import Decision, Question
from serving.agents.service import LoginLimits
from serving.articles.sync import KnowledgeSync
from serving.conversations.feed import EventFeed
from serving.conversations.worker import AnswerWorker, Learn
from serving.db.session import Database
from serving.learned_answers.service import prepare_proposal, store_proposal
from serving.metrics import Metrics
from serving.settings import Settings

_WATCH_SECONDS = 1.0
_RETRY_SECONDS = 30.0
_TRIAL = "How do I get my money back?"
"""A set that fails on it does not go into service, however well its files load."""
_log = structlog.get_logger(__name__)


class QuestionResolver(Protocol):
    """Decides what to do with questions; called from several threads at once."""

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation."""
        ...


class ResolverBox:
    """Holds the resolver in service, which may be exchanged at any moment without dropping a question."""

    def __init__(self) -> None:
        self._current: tuple[QuestionResolver, str] | None = None
        self.last_error: str | None = None
        """Why the latest model set could not be taken into service; `None` when it could."""

    @property
    def version(self) -> str | None:
        """The model set in service."""
        return self._current[1] if self._current else None

    def put(self, resolver: QuestionResolver, version: str) -> None:
        """Answer every question from now on with this resolver; those under way end with the old one."""
        self._current = (resolver, version)
        self.last_error = None

    def resolve(self, question: Question) -> Decision:
        """The decision of the resolver in service. Raises `ArtifactError` when there is none."""
        current = self._current
        if current is None:
            raise ArtifactError(self.last_error or "no model set is in service; run: firstlast init")
        return current[0].resolve(question)


class ModelFollower:
    """Watches the pointer to the champion and takes a new model set into service while questions go on."""

    def __init__(
        self, models_folder: Path, box: ResolverBox, load: Callable[[str], QuestionResolver]
    ) -> None:
        self._models_folder = models_folder
        self._box = box
        self._load = load
        self._failed: str | None = None
        self._retry_at = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def follow_once(self) -> bool:
        """Take the champion into service if it is not; True when it changed. A failure keeps the old one."""
        version = None
        try:
            version = read_pointer(self._models_folder)
            if version is None:
                raise ArtifactError(f"no champion is named in {self._models_folder}; run: firstlast init")
            if version == self._box.version:
                self._box.last_error = self._failed = None
                return False
            if version == self._failed and time.monotonic() < self._retry_at:
                return False
            self._failed, self._retry_at = version, time.monotonic() + _RETRY_SECONDS
            self._box.put(self._load(version), version)
        except Exception as error:  # whatever is wrong with a set, this thread must live to take the next one
            problem = str(error)
            if not isinstance(error, FirstlastError | OSError):
                kind = type(error).__name__
                problem = f"champion {version!r} cannot be used ({kind}); train again: firstlast train heads"
            if self._box.last_error != problem:
                _log.error("model_set_refused", in_service=self._box.version, error=problem)
            self._box.last_error = problem
            return False
        self._failed = None
        _log.info("model_set_in_service", version=version)
        return True

    def start(self) -> None:
        """Watch every second until `stop`."""
        if self._thread is not None:
            return
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="model-follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for a load under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            self.follow_once()


@dataclass(slots=True)
class Runtime:
    """The running parts of one process, made by `build_runtime`."""

    settings: Settings
    database: Database
    encoder: Reader
    index: KnowledgeIndex
    knowledge_sync: KnowledgeSync
    resolver: ResolverBox
    model_follower: ModelFollower | None
    """`None` when the resolver was given and never changes."""
    feed: EventFeed
    metrics: Metrics
    login_limits: LoginLimits
    worker: AnswerWorker = field(init=False)

    def start(self) -> None:
        """Start the threads: following knowledge and models, answering, feeding streams."""
        self.knowledge_sync.start()
        if self.model_follower is not None:
            self.model_follower.start()
        self.feed.start()
        self.worker.start()

    def stop(self) -> None:
        """Stop the threads, keep the index's snapshot and close the store; stopping twice is harmless."""
        self.feed.stop()
        self.worker.stop()
        if self.model_follower is not None:
            self.model_follower.stop()
        self.knowledge_sync.stop()
        try:
            self.knowledge_sync.save(self.settings.index_folder)
        except OSError as error:
            _log.error("index_not_saved", folder=str(self.settings.index_folder), error=str(error))
        self.database.close()


def build_runtime(
    settings: Settings, *, encoder: Reader | None = None, resolver: QuestionResolver | None = None
) -> Runtime:
    """The parts, loaded and migrated but not started.

    `encoder` and `resolver` take the place of those in the home folder. Raises `ArtifactError` without an
    encoder. Without a usable model set the server runs, is not ready, and hands questions to people.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    database.migrate()
    reader = encoder or OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)
    sync = KnowledgeSync(database, reader)
    index = sync.load_or_rebuild(settings.index_folder)
    box = ResolverBox()
    follower: ModelFollower | None = None
    if resolver is not None:
        box.put(resolver, "given")
    else:
        follower = ModelFollower(settings.models_folder, box, _loader(settings, reader, index))
        follower.follow_once()
    runtime = Runtime(
        settings=settings,
        database=database,
        encoder=reader,
        index=index,
        knowledge_sync=sync,
        resolver=box,
        model_follower=follower,
        feed=EventFeed(database),
        metrics=Metrics(),
        login_limits=LoginLimits(settings),
    )
    runtime.worker = AnswerWorker(database, settings, box.resolve, runtime.metrics, learn=_learner(runtime))
    return runtime


def resolver_of(
    models: ModelSet, settings: Settings, encoder: Reader, retriever: Retriever, *, risk: float
) -> Resolver:
    """The bot of a model set; it hands over by rule when the home's settings say so."""
    policy = PolicySettings(
        mood_low=settings.mood_low,
        mood_fall=settings.mood_fall,
        high_touch_attribute=settings.high_touch_attribute,
    )
    return Resolver(
        encoder,
        models,
        retriever,
        risk=risk,
        confidence_level=settings.risk_confidence_level,
        policy=policy,
    )


def _loader(settings: Settings, encoder: Reader, index: KnowledgeIndex) -> Callable[[str], QuestionResolver]:
    def load(version: str) -> QuestionResolver:
        folder = settings.models_folder / version
        models = load_model_set(folder, encoder_fingerprint=encoder.fingerprint)
        resolver = resolver_of(models, settings, encoder, index, risk=settings.risk_budget)
        resolver.resolve(Question(_TRIAL))
        return resolver

    return load


def _learner(runtime: Runtime) -> Learn:
    def learn(session: Session, conversation_id: str, message_id: int) -> Callable[[Session], object] | None:
        prepared = prepare_proposal(session, runtime, conversation_id, message_id)
        return partial(store_proposal, prepared=prepared) if prepared else None

    return learn
