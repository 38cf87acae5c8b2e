"""Which encoder a home thinks with, and the knowledge that an encoder makes of its store."""

import threading
from pathlib import Path

from model.encoder.onnx_encoder import find_encoder
from model.errors import ArtifactError
from model.interfaces import ProgressBar, Reader
from model.model_set import encoder_of, read_pointer
from serving.db.session import Database
from serving.indexing.sync import KnowledgeSync
from serving.runtime.in_service import Knowledge
from serving.settings import Settings


def encoder_folder_of(settings: Settings, version: str) -> Path:
    """The folder of the encoder that the model set was trained on; raises `ArtifactError` without it."""
    return find_encoder(settings.models_folder, encoder_of(settings.models_folder / version))


def encoder_folder_in_service(settings: Settings) -> Path:
    """The folder of the champion's encoder, or of the home's own, which may not be made yet.

    The latter without a champion, and where champion or encoder cannot be found: whoever loads the champion
    tells why, and whoever trains another one needs an encoder all the same.
    """
    version = read_pointer(settings.models_folder)
    try:
        return encoder_folder_of(settings, version) if version else settings.encoder_folder
    except ArtifactError:
        return settings.encoder_folder


def new_knowledge(database: Database, encoder: Reader) -> Knowledge:
    """The encoder with an index that is not loaded yet."""
    return Knowledge(encoder, KnowledgeSync(database, encoder))


def open_knowledge(
    settings: Settings,
    database: Database,
    encoder: Reader,
    *,
    give_up: threading.Event | None = None,
    progress: ProgressBar | None = None,
) -> Knowledge:
    """The encoder with its index, loaded by `load_knowledge`."""
    knowledge = new_knowledge(database, encoder)
    load_knowledge(settings, knowledge, give_up=give_up, progress=progress)
    return knowledge


def load_knowledge(
    settings: Settings,
    knowledge: Knowledge,
    *,
    give_up: threading.Event | None = None,
    progress: ProgressBar | None = None,
) -> None:
    """Make the index equal to the store; it does not follow the store yet.

    It comes from the encoder's own snapshot where there is one. Ends early once `give_up` is set; `progress`
    is told how many passages are filed, and of how many.
    """
    folder = settings.snapshot_folder(knowledge.encoder.fingerprint)
    knowledge.sync.load_or_rebuild(folder, give_up=give_up, progress=progress)
