"""Builds the running parts from the settings and starts and stops them; knows nothing of the web.

Opening them takes a moment; loading the knowledge may take minutes the first time, while a server listens.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy.orm import Session

from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Reader
from serving.agents.attempts import SignInAttempts
from serving.bot.worker import AnswerWorker
from serving.conversations.feed import EventFeed
from serving.db.session import Database
from serving.drift.service import DriftWatch
from serving.labelling.pool import QuestionPool
from serving.learned_answers.drafting import prepare_proposal, store_proposal
from serving.runtime.encoders import load_knowledge, new_knowledge
from serving.runtime.in_service import Knowledge, LoadedSet, QuestionResolver, ResolverBox
from serving.runtime.loading import first_encoder, set_loader
from serving.runtime.logs import kind_and_place
from serving.runtime.metrics import Metrics
from serving.runtime.model_follower import ModelFollower
from serving.runtime.turns import FairTurns
from serving.security.counters import CounterStorage
from serving.security.rate_limit import RequestLimits
from serving.settings import Settings, make_home

_RETRY_SECONDS = 5.0
"""When loading failed, because the store was away, it is tried again after this long."""
_MOST_WAITING = 50
"""Questions of one customer, address or key that may wait for their turn."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Runtime:
    """The running parts of one process, made by `open_runtime` or, loaded, by `build_runtime`."""

    settings: Settings
    database: Database
    resolver: ResolverBox
    model_follower: ModelFollower | None
    """`None` when the resolver was given and never changes."""
    feed: EventFeed
    labelling: QuestionPool
    metrics: Metrics
    counters: CounterStorage
    limits: RequestLimits
    turns: FairTurns
    sign_in_attempts: SignInAttempts
    drift: DriftWatch
    worker: AnswerWorker = field(init=False)
    _given: QuestionResolver | None = None
    _is_loaded: bool = False
    _loading: threading.Thread | None = None
    _give_up: threading.Event = field(default_factory=threading.Event)
    _state: threading.Lock = field(default_factory=threading.Lock)
    _on_ready: list[Callable[[], None]] = field(default_factory=list)

    @property
    def knowledge(self) -> Knowledge:
        """The encoder and index in service; take it once for what needs both, they change together."""
        return self.resolver.knowledge

    @property
    def index(self) -> KnowledgeIndex:
        """What is known, for what needs no encoder."""
        return self.knowledge.index

    def load(self) -> None:
        """Load the index and the model set in service; long for an index that was never built."""
        load_knowledge(self.settings, self.knowledge)
        self._take_champion()

    def when_ready(self, tell: Callable[[], None]) -> None:
        """Call `tell` once everything is loaded and started: now if it is, else from another thread."""
        with self._state:
            if not self._is_loaded:
                self._on_ready.append(tell)
                return
        tell()

    def start(self) -> None:
        """Start the threads: feeding streams and, once everything is loaded, following and answering.

        Returns at once; what is not loaded yet is loaded in a thread. Questions that come meanwhile stand in
        the store, and are answered then.
        """
        self.feed.start()
        if self._is_loaded:
            self._start_answering()
        elif self._loading is None:
            self._give_up.clear()
            self._loading = threading.Thread(target=self._load_and_answer, name="loading", daemon=True)
            self._loading.start()

    def stop(self) -> None:
        """Stop the threads, keep the index's snapshot and close the store; stopping twice is harmless."""
        self._give_up.set()
        if self.model_follower is not None:
            self.model_follower.stop()
        if self._loading is not None:
            self._loading.join()
            self._loading = None
        self.feed.stop()
        self.labelling.stop()
        self.worker.stop()
        if self.model_follower is not None:
            self.model_follower.stop()
        self.knowledge.sync.close()
        self.counters.close()
        self.database.close()

    def _take_champion(self) -> None:
        if self._given is not None:
            self.resolver.put(LoadedSet("given", self._given, self.knowledge))
        if self.model_follower is not None:
            self.model_follower.follow_once()
        with self._state:
            self._is_loaded = True

    def _load_and_answer(self) -> None:
        """Load, however often it takes, and begin to answer; ends early when the process is stopped."""
        while not self._give_up.is_set():
            try:
                load_knowledge(self.settings, self.knowledge, give_up=self._give_up)
                break
            except Exception as error:  # the store may be away for a while: the server must outlive that
                _log.error("loading_failed", **kind_and_place(error), retry_seconds=_RETRY_SECONDS)
                self._give_up.wait(_RETRY_SECONDS)
        if not self._give_up.is_set():
            self._take_champion()
        if not self._give_up.is_set():
            self._start_answering()
            for tell in self._on_ready:
                tell()

    def _start_answering(self) -> None:
        self.knowledge.sync.start()
        if self.model_follower is not None:
            self.model_follower.start()
        self.worker.start()


def build_runtime(
    settings: Settings, *, encoder: Reader | None = None, resolver: QuestionResolver | None = None
) -> Runtime:
    """The parts as `open_runtime` makes them, and loaded: they can answer at once. Not started."""
    runtime = open_runtime(settings, encoder=encoder, resolver=resolver)
    runtime.load()
    return runtime


def open_runtime(
    settings: Settings, *, encoder: Reader | None = None, resolver: QuestionResolver | None = None
) -> Runtime:
    """The parts on a migrated store, neither loaded nor started; takes a moment.

    `encoder` and `resolver` take the place of those in the home folder. The encoder is the champion's, or
    the home's own where that cannot be used; raises `ArtifactError` without either. Without a usable model
    set the server runs, is not ready, and hands questions to people.
    """
    make_home(settings.home)
    database = Database(settings.database_url)
    database.migrate()
    counters = CounterStorage(database, secret=settings.secret_key.get_secret_value())
    limits = RequestLimits(settings, counters)
    box = ResolverBox(new_knowledge(database, encoder or first_encoder(settings)))
    follower: ModelFollower | None = None
    if resolver is None:
        follower = ModelFollower(settings.models_folder, box, set_loader(settings, database, box))
    runtime = Runtime(
        settings=settings,
        database=database,
        resolver=box,
        model_follower=follower,
        feed=EventFeed(database),
        labelling=QuestionPool(database, box),
        metrics=Metrics(),
        counters=counters,
        limits=limits,
        turns=FairTurns(settings.ask_at_once, most_waiting=_MOST_WAITING),
        sign_in_attempts=SignInAttempts(settings, counters, limits, database),
        drift=DriftWatch(database, settings.models_folder, lambda: box.version),
        _given=resolver,
    )
    runtime.worker = AnswerWorker(
        database,
        settings,
        box.resolve,
        runtime.metrics,
        learn=partial(_learn, runtime),
        watch=partial(_watch, runtime),
    )
    return runtime


def _watch(runtime: Runtime) -> None:
    runtime.metrics.show_drift(runtime.drift.report())


def _learn(
    runtime: Runtime, session: Session, conversation_id: str, message_id: int
) -> Callable[[Session], object] | None:
    prepared = prepare_proposal(
        session, runtime.knowledge, conversation_id, message_id, country=runtime.settings.country
    )
    return partial(store_proposal, prepared=prepared) if prepared else None
