"""From settings to a registered model set: gathers, trains, registers; the steps live elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from eval.home import open_champion, open_encoder, open_index, open_store
from eval.replay.caching_encoder import CachingEncoder
from eval.results import Track, untracked
from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.json_lines import read_texts
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import DataError
from model.interfaces import Reader
from model.model_set import ModelSet, encoder_of, load_model_set, read_pointer
from model.types import IntentInfo
from serving.company.service import stored_infos
from serving.runtime.loading import head_encoders
from serving.settings import Settings
from training.confidence.refitting import refit, train_answering, train_on_experience
from training.datasets.training_data import (
    TrainingData,
    company_data,
    general_data,
    intents_file,
    remembered_folder,
    stored_questions,
)
from training.datasets.with_service import stored_data
from training.encoder.export import filed_encoder, named_source
from training.encoder.finetuning import Finetune, finetune
from training.encoder.tuning import TuningOptions
from training.heads.model_set import Progress, TrainedSet, train_model_set, with_new_part
from training.registry.model_sets import register
from training.registry.registered_sets import RegisteredSet, list_sets


def gather(
    settings: Settings,
    data: Path | None,
    *,
    from_store: bool,
    unlabelled: Sequence[Path] = (),
    unlabelled_from_store: bool = False,
) -> TrainingData:
    """What to train on: a company folder, a file of intents, or what the home was made with.

    A home that was trained on a company folder has remembered its data, any other has the general data.
    With `from_store` what people made known in service too, see `training.datasets.with_service`; to learn
    from without labels the texts of the files of `unlabelled`, and all questions of the store with
    `unlabelled_from_store`. Raises `DataError` for a bad row, or when it has none.
    """
    others = [text for path in unlabelled for text in read_texts(path)]
    with open_store(settings) as session:
        if data is None:
            base = _remembered(settings, stored_infos(session))
        elif data.is_dir():
            base = company_data(data)
        else:
            base = intents_file(data, stored_infos(session))
        gathered = stored_data(session, base) if from_store else base
        if unlabelled_from_store:
            others += _asked(session)
    return replace(gathered, unlabelled=tuple(others))


def known_data(settings: Settings) -> set[str]:
    """Digests of the data that the champion's heads and the newest set's were trained on."""
    newest = [registered.version for registered in list_sets(settings.home)[:1]]
    versions = {*newest, *filter(None, [read_pointer(settings.models_folder)])}
    folders = [settings.models_folder / version for version in versions]
    cards = [load_model_set(folder, encoder_fingerprint=encoder_of(folder)).card for folder in folders]
    return {card.get("parameters", {}).get("data_sha256", "") for card in cards}


def _remembered(settings: Settings, infos: Mapping[str, IntentInfo]) -> TrainingData:
    """The data that the home was trained on last, teams and human-only flags as the store has them now."""
    folder = remembered_folder(settings)
    if folder is None:
        return general_data()
    data = company_data(folder)
    return replace(
        data, intent_infos={name: infos.get(name, info) for name, info in data.intent_infos.items()}
    )


def _asked(session: Session) -> tuple[str, ...]:
    questions = stored_questions(session)
    if not questions:
        raise DataError(
            "the store has no questions to learn from yet; leave --unlabelled-from-store out until the bot "
            "has been asked some"
        )
    return questions


def train_and_register(
    settings: Settings,
    data: TrainingData,
    *,
    seed: int,
    progress: Progress,
    tuning: TuningOptions | None = None,
    encoder: str | None = None,
    track: Track = untracked,
) -> RegisteredSet:
    """Train on `data` with the champion's encoder, in a new home its own, and register the result.

    `encoder` names another one to train with, a folder or a name on the hub, which is kept in the home. With
    `tuning` the intents have an encoder of their own, tuned so.
    """
    used = open_encoder(settings) if encoder is None else _filed(settings, encoder)
    tuned = home_finetune(settings, tuning, track=track) if tuning else None
    knows = open_index(settings, used) if data.served else None
    trained = train_model_set(data, used, seed=seed, progress=progress, finetune=tuned, home_index=knows)
    progress("registering the model set")
    return register(settings.home, trained)


def _filed(settings: Settings, source: str) -> OnnxEncoder:
    folder = filed_encoder(named_source(source), settings.models_folder)
    return OnnxEncoder.load(folder, threads=settings.encoder_threads)


def train_first_set(settings: Settings, data: TrainingData, *, progress: Progress) -> RegisteredSet:
    """Train and register the first set of a home, and index what its store knows already.

    What `data` and the store both hold is read once.
    """
    encoder = open_encoder(settings)
    knowledge_encoder = CachingEncoder(encoder)
    trained = train_model_set(data, encoder, knowledge_encoder=knowledge_encoder, progress=progress)
    progress("registering the model set")
    registered = register(settings.home, trained)
    progress("indexing the knowledge")
    open_index(settings, knowledge_encoder)
    return registered


def home_finetune(settings: Settings, options: TuningOptions, *, track: Track = untracked) -> Finetune:
    """Tunes encoders that stay in the home, in `models/encoders`; an interrupted tuning goes on."""
    return partial(
        finetune,
        encoders_folder=settings.models_folder / "encoders",
        checkpoints=settings.models_folder / ".tuning",
        options=options,
        track=track,
    )


def refit_and_register(
    settings: Settings, data: TrainingData | None, *, seed: int, progress: Progress
) -> RegisteredSet:
    """Fit the champion's answer confidence anew on `data` and what the home knows, and register the result.

    Without `data` on what the home has seen approved; raises `DataError` when that is too little, and
    `ArtifactError` when there is no champion.
    """
    encoder = open_encoder(settings)
    champion, index = open_champion(settings, encoder), open_index(settings, encoder)
    own = head_encoders(champion, settings)
    if data is not None:
        trained = train_answering(
            champion, data, encoder, index, head_encoders=own, seed=seed, progress=progress
        )
    else:
        progress("asking every approved phrasing again, itself hidden")
        with open_store(settings) as session:
            trained = train_on_experience(
                champion,
                session,
                encoder,
                index,
                head_encoders=own,
                taught=general_data().taught,
                seed=seed,
            )
    progress("registering the model set")
    return register(settings.home, trained, experiment="answering")


def replace_part(
    settings: Settings, part: str, train: Callable[[ModelSet, OnnxEncoder], TrainedSet]
) -> RegisteredSet:
    """Give `train` the champion and its encoder, and register what it makes of them as the challenger.

    Raises `ArtifactError` when there is no champion.
    """
    encoder = open_encoder(settings)
    champion = open_champion(settings, encoder)
    return register(settings.home, with_new_part(champion, part, train(champion, encoder)))


def refit_to(
    models: ModelSet, encoder: Reader, index: KnowledgeIndex, *, head_encoders: Mapping[str, Reader]
) -> ModelSet:
    """The set as `train answering` would leave it in a home that knows what `index` holds and no more."""
    return refit(models, general_data(), encoder, index, head_encoders=head_encoders)
