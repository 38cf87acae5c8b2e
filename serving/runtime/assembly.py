"""Builds the running parts from the settings and starts and stops them; knows nothing of the web."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ArtifactError
from model.interfaces import Reader, Retriever
from model.model_set import ModelSet, encoder_of, load_model_set
from model.policy import PolicySettings
from model.resolver import Resolver
from model.types import Question
from serving.agents.service import LoginLimits
from serving.bot.worker import AnswerWorker, Learn
from serving.conversations.feed import EventFeed
from serving.db.session import Database
from serving.learned_answers.service import prepare_proposal, store_proposal
from serving.runtime.encoders import encoder_folder_in_service, open_knowledge
from serving.runtime.in_service import Knowledge, LoadedSet, QuestionResolver, ResolverBox
from serving.runtime.metrics import Metrics
from serving.runtime.model_follower import LoadSet, ModelFollower
from serving.settings import Settings

__all__ = ["QuestionResolver", "Runtime", "build_runtime", "resolver_of"]

_TRIAL = "How do I get my money back?"
"""A set that fails on it does not go into service, however well its files load."""


@dataclass(slots=True)
class Runtime:
    """The running parts of one process, made by `build_runtime`."""

    settings: Settings
    database: Database
    resolver: ResolverBox
    model_follower: ModelFollower | None
    """`None` when the resolver was given and never changes."""
    feed: EventFeed
    metrics: Metrics
    login_limits: LoginLimits
    worker: AnswerWorker = field(init=False)

    @property
    def knowledge(self) -> Knowledge:
        """The encoder and index in service; take it once for what needs both, they change together."""
        return self.resolver.knowledge

    @property
    def index(self) -> KnowledgeIndex:
        """What is known, for what needs no encoder."""
        return self.knowledge.index

    def start(self) -> None:
        """Start the threads: following knowledge and models, answering, feeding streams."""
        self.knowledge.sync.start()
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
        self.knowledge.sync.close()
        self.database.close()


def build_runtime(
    settings: Settings, *, encoder: Reader | None = None, resolver: QuestionResolver | None = None
) -> Runtime:
    """The parts, loaded and migrated but not started.

    `encoder` and `resolver` take the place of those in the home folder. The encoder is the champion's, or
    the home's own where that cannot be used; raises `ArtifactError` without either. Without a usable model
    set the server runs, is not ready, and hands questions to people.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    database.migrate()
    box = ResolverBox(open_knowledge(settings, database, encoder or _first_encoder(settings)))
    follower: ModelFollower | None = None
    if resolver is not None:
        box.put(LoadedSet("given", resolver, box.knowledge))
    else:
        follower = ModelFollower(settings.models_folder, box, _loader(settings, database, box))
        follower.follow_once()
    runtime = Runtime(
        settings=settings,
        database=database,
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
    """The bot of a model set; it hands over by rule when the home's settings say so.

    Raises `ArtifactError` when a head's own encoder is missing or damaged.
    """
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
        head_encoders=head_encoders(models, settings),
    )


def head_encoders(models: ModelSet, settings: Settings) -> dict[str, Reader]:
    """The encoders that heads of the set have of their own, by fingerprint.

    Raises `ArtifactError` when one is missing or damaged.
    """
    return {
        fingerprint: OnnxEncoder.load(
            find_encoder(settings.models_folder, fingerprint), threads=settings.encoder_threads
        )
        for fingerprint in set(models.head_encoders.values())
    }


def _first_encoder(settings: Settings) -> OnnxEncoder:
    """The champion's; where that cannot be used, which the follower will tell, the home's own."""
    try:
        return OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)
    except ArtifactError:
        return OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)


def _loader(settings: Settings, database: Database, box: ResolverBox) -> LoadSet:
    def load(version: str, give_up: threading.Event) -> LoadedSet:
        folder, knowledge = settings.models_folder / version, box.knowledge
        fingerprint = encoder_of(folder)
        models = load_model_set(folder, encoder_fingerprint=fingerprint)
        if fingerprint != knowledge.encoder.fingerprint:
            place = find_encoder(settings.models_folder, fingerprint)
            encoder = OnnxEncoder.load(place, threads=settings.encoder_threads)
            knowledge = open_knowledge(settings, database, encoder, give_up=give_up)
        resolver = resolver_of(
            models, settings, knowledge.encoder, knowledge.index, risk=settings.risk_budget
        )
        resolver.resolve(Question(_TRIAL))
        return LoadedSet(version, resolver, knowledge)

    return load


def _learner(runtime: Runtime) -> Learn:
    def learn(session: Session, conversation_id: str, message_id: int) -> Callable[[Session], object] | None:
        prepared = prepare_proposal(session, runtime.knowledge, conversation_id, message_id)
        return partial(store_proposal, prepared=prepared) if prepared else None

    return learn
