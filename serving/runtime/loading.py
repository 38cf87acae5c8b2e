"""Loads what decides on questions: encoder, index and model set of a home; starts nothing, knows no web."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ArtifactError
from model.interfaces import ProgressBar, Reader, Retriever
from model.model_set import ModelSet, encoder_of, load_model_set
from model.policy import PolicySettings
from model.resolver import Resolver
from model.types import Decision, IntentInfo, Question
from model.understanding.danger import DangerWords
from serving.company.service import stored_danger, stored_infos
from serving.db.session import Database
from serving.runtime.encoders import encoder_folder_in_service, open_knowledge
from serving.runtime.in_service import Knowledge, LoadedSet, ResolverBox
from serving.runtime.model_follower import LoadSet, ModelFollower
from serving.settings import Settings, make_home

_TRIAL = "How do I get my money back?"
"""A set that fails on it does not go into service, however well its files load."""


@dataclass(frozen=True, slots=True)
class OpenedBot:
    """A home's bot for one command: its model set, its knowledge, and what the store has of the company."""

    box: ResolverBox
    intents: Mapping[str, IntentInfo]
    danger: DangerWords

    @property
    def knowledge(self) -> Knowledge:
        """The encoder and index in service."""
        return self.box.knowledge

    def resolve(self, text: str) -> Decision:
        """The decision on a question that begins a conversation."""
        return self.box.resolve(Question(text, intents=self.intents, danger=self.danger))


@contextmanager
def opened_bot(settings: Settings) -> Iterator[OpenedBot]:
    """The bot of a home for one command: it has the store's present knowledge and the model set in service.

    Raises `ArtifactError` without an encoder or a usable model set.
    """
    make_home(settings.home)
    database = Database(settings.database_url)
    try:
        database.migrate()
        box = ResolverBox(open_knowledge(settings, database, first_encoder(settings)))
        ModelFollower(settings.models_folder, box, set_loader(settings, database, box)).follow_once()
        if box.version is None:
            raise ArtifactError(box.last_error or "no model set is in service; run: firstlast init")
        with database.reading() as session:
            intents, danger = stored_infos(session), stored_danger(session)
        yield OpenedBot(box, intents, danger)
    finally:
        database.close()


def index_knowledge(settings: Settings, *, progress: ProgressBar | None = None) -> int | None:
    """Make the home's index equal to its store and keep it; how many passages it has.

    `None` where there is no encoder yet: the first start after `firstlast init` indexes then.
    """
    if not encoder_folder_in_service(settings).exists():
        return None
    with closing(Database(settings.database_url)) as database:
        return len(open_knowledge(settings, database, first_encoder(settings), progress=progress).index)


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


def first_encoder(settings: Settings) -> OnnxEncoder:
    """The champion's; where that cannot be used, which the follower will tell, the home's own."""
    try:
        return OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)
    except ArtifactError:
        return OnnxEncoder.load(settings.encoder_folder, threads=settings.encoder_threads)


def set_loader(settings: Settings, database: Database, box: ResolverBox) -> LoadSet:
    """Loads a model set on the knowledge in service, or on its own encoder's; it must answer a trial."""

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
