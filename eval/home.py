"""Opens the bot of a home folder to be measured; starts no thread and serves nobody."""

from pathlib import Path
from typing import Protocol

from knowledge.index import KnowledgeIndex
from model.artifacts import ModelSet, load_model_set, read_pointer
from model.errors import ArtifactError
from model.interfaces import Reader, Retriever
from model.resolver import Resolver
from serving.articles.sync import KnowledgeSync
from serving.assembly import resolver_of
from serving.db.session import Database
from serving.settings import Settings


class OpenResolver(Protocol):
    """Gives the bot as it is in service, under another risk budget or with other knowledge."""

    def __call__(
        self, settings: Settings, encoder: Reader, *, risk: float, retriever: Retriever | None
    ) -> Resolver:
        """The champion's resolver; without a `retriever` it searches the home's knowledge."""
        ...


def open_resolver(
    settings: Settings, encoder: Reader, *, risk: float, retriever: Retriever | None
) -> Resolver:
    """The home's champion and policy. Raises `ArtifactError` when there is no champion."""
    models = open_champion(settings, encoder)
    found = open_index(settings, encoder) if retriever is None else retriever
    return resolver_of(models, settings, encoder, found, risk=risk)


def open_index(settings: Settings, encoder: Reader) -> KnowledgeIndex:
    """The index, equal to the store, which must have been made by `firstlast init`."""
    database = Database(settings.database_url)
    try:
        database.migrate()
        return KnowledgeSync(database, encoder).load_or_rebuild(settings.index_folder)
    finally:
        database.close()


def open_champion(settings: Settings, encoder: Reader) -> ModelSet:
    """The model set in service. Raises `ArtifactError` when there is none."""
    version = champion_version(settings.models_folder)
    return load_model_set(settings.models_folder / version, encoder_fingerprint=encoder.fingerprint)


def champion_version(models_folder: Path) -> str:
    """The version in service. Raises `ArtifactError` when there is none."""
    version = read_pointer(models_folder)
    if version is None:
        raise ArtifactError(f"no champion is named in {models_folder}; run: firstlast init")
    return version
