"""From settings to a registered model set: gathers, trains, registers; the steps live elsewhere."""

from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from eval.results import Track, untracked
from knowledge.company import DEMO_FOLDER, read_company
from model.encoder import OnnxEncoder
from serving.db.session import Database
from serving.encoders import encoder_folder_in_service
from serving.settings import Settings
from training.data import TrainingData, company_data, general_data, intents_file, store_infos, stored_data
from training.finetuning import finetune
from training.heads import Progress, train_model_set
from training.registry import RegisteredSet, register
from training.tuning import TuningOptions


def gather(settings: Settings, data: Path | None, *, from_store: bool) -> TrainingData:
    """What to train on: a company folder, a file of intents, or what the home was made with.

    A home made by `firstlast demo` has the sample company's data, any other the general data.
    """
    database = Database(settings.database_url)
    database.migrate()
    with database.session() as session:
        if data is None:
            base = company_data(DEMO_FOLDER) if is_sample_company(session) else general_data()
        elif data.is_dir():
            base = company_data(data)
        else:
            base = intents_file(data, store_infos(session))
        gathered = stored_data(session, base) if from_store else base
    database.close()
    return gathered


def train_and_register(
    settings: Settings,
    data: TrainingData,
    *,
    seed: int,
    progress: Progress,
    tuning: TuningOptions | None = None,
    track: Track = untracked,
) -> RegisteredSet:
    """Train on `data` with the champion's encoder, in a new home its own, and register the result.

    With `tuning` the intents have an encoder of their own, tuned so.
    """
    encoder = OnnxEncoder.load(encoder_folder_in_service(settings), threads=settings.encoder_threads)
    tuned = partial(
        finetune,
        encoders_folder=settings.models_folder / "encoders",
        checkpoints=settings.models_folder / ".tuning",
        options=tuning or TuningOptions(),
        track=track,
    )
    trained = train_model_set(data, encoder, seed=seed, progress=progress, finetune=tuned if tuning else None)
    progress("registering the model set")
    return register(settings.home, trained)


def is_sample_company(session: Session) -> bool:
    """Whether the home was made by `firstlast demo`: its intents are those of the sample company."""
    return store_infos(session) == read_company(DEMO_FOLDER).intent_infos()
