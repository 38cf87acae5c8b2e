"""Opens the bot of a home folder to be measured; starts no thread and serves nobody."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError, DataError
from model.interfaces import Reader, Retriever
from model.model_set import ModelSet, load_model_set, read_pointer
from model.resolver import Resolver
from serving.db.session import Database
from serving.indexing.sync import KnowledgeSync
from serving.runtime.encoders import encoder_folder_in_service
from serving.runtime.loading import resolver_of
from serving.settings import Settings


def open_encoder(settings: Settings) -> OnnxEncoder:
    """The champion's encoder, without a champion the home's own. Raises `ArtifactError` without either."""
    return OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)


def open_resolver(settings: Settings, encoder: Reader, *, risk: float, retriever: Retriever) -> Resolver:
    """The home's champion and policy. Raises `ArtifactError` when there is no champion."""
    return resolver_of(open_champion(settings, encoder), settings, encoder, retriever, risk=risk)


def open_champion(settings: Settings, encoder: Reader) -> ModelSet:
    """The model set in service. Raises `ArtifactError` when there is none, or it cannot be read."""
    version = champion_version(settings.models_folder)
    return load_model_set(settings.models_folder / version, encoder_fingerprint=encoder.fingerprint)


def open_index(settings: Settings, encoder: Reader) -> KnowledgeIndex:
    """The index, equal to the store, which must have been made by `firstlast init`."""
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        return KnowledgeSync(database, encoder).load_or_rebuild(settings.snapshot_folder(encoder.fingerprint))


@contextmanager
def open_store(settings: Settings) -> Iterator[Session]:
    """The home's store, brought up to date, to be read."""
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        with database.reading() as session:
            yield session


def check_answers_known(questions: Sequence[LabelledQuestion], index: KnowledgeIndex) -> None:
    """Raises `DataError` when the questions name answers and the home knows none of them."""
    named = frozenset[str]().union(*(question.refs for question in questions))
    if named and named.isdisjoint(index.refs()):
        raise DataError(
            f"the home knows none of the {len(named)} answers that the questions name, such as "
            f"{min(named)}; import the articles first: firstlast import FOLDER"
        )


def champion_version(models_folder: Path) -> str:
    """The version in service. Raises `ArtifactError` when there is none."""
    version = read_pointer(models_folder)
    if version is None:
        raise ArtifactError(f"no champion is named in {models_folder}; run: firstlast init")
    return version
