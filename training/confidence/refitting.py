"""Fits a model set's answer confidence anew, on top of its heads; registering it is the registry's job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from eval.data.words import TaughtAnswer
from eval.report.tracking import package_versions
from eval.report.used_data import UsedData
from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import DataError
from model.interfaces import Reader
from model.model_set import ModelSet
from training.confidence import experience
from training.confidence.calibration import (
    OWN_KNOWLEDGE,
    OWN_QUESTIONS,
    answer_figures,
    calibrate,
    calibration_index,
)
from training.confidence.reference import without_signal
from training.datasets.training_data import TrainingData
from training.heads.model_set import Progress, TrainedSet, new_version, used_answers

EXPERIENCE = "the home's approved learned answers"
"""What a set may be calibrated on, beside what `training.confidence.calibration` names."""
_ANSWERS = "answers."


def train_answering(
    champion: ModelSet,
    data: TrainingData,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> TrainedSet:
    """The champion under a new version with its forest, calibration, past questions and limits fitted anew.

    The questions are those of `data`. Where they are not the business's own, what `index` holds is asked
    too, see `calibrate`. The figures of the heads stay; those of the answers are of held-out decisions.
    """
    knowledge = "" if data.own_questions else f" and {len(index.refs())} answers of the home"
    progress(f"calibrating on {len(data.questions)} questions{knowledge}")
    models = refit(champion, data, encoder, index, head_encoders=head_encoders, seed=seed)
    return _as_trained(
        champion,
        models,
        {
            "answering.seed": seed,
            "answering.data_sha256": data.sha256,
            "questions": len(data.questions),
            "served_questions": len(data.served),
            "calibrated_on": models.card["parameters"]["calibrated_on"],
        },
        used=used_answers(data),
    )


def train_on_experience(
    champion: ModelSet,
    session: Session,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
    taught: Sequence[TaughtAnswer] = (),
    seed: int = 0,
) -> TrainedSet:
    """The champion under a new version, its confidence fitted on what the store has seen approved.

    Raises `DataError` when that is too little, see `training.confidence.experience`.
    """
    models = experience.refit(
        session, champion, encoder, index, head_encoders=head_encoders, taught=taught, seed=seed
    )
    if models is champion:
        approved = len(experience.approved_questions(session))
        raise DataError(
            f"{approved} approved phrasings of learned answers are too little experience: "
            f"{experience.FEWEST} are needed, {experience.FEWEST_FOUND} of answers with other phrasings; "
            "until then: firstlast train answering"
        )
    models = replace(models, card=without_signal(models.card, "confidence"))
    questions = [question.text for question in experience.approved_questions(session)]
    return _as_trained(
        champion,
        models,
        {"answering.seed": seed, "calibrated_on": EXPERIENCE},
        used=[UsedData("approved phrasings", "the home's store", questions)],
    )


def _as_trained(
    champion: ModelSet,
    models: ModelSet,
    fitted_with: Mapping[str, str | int | float],
    *,
    used: Sequence[UsedData],
) -> TrainedSet:
    """The set under a version of its own: the champion's figures of heads, new ones of answers."""
    of_heads = {
        name: value
        for name, value in champion.card.get("metrics", {}).items()
        if not name.startswith(_ANSWERS)
    }
    metrics = {**of_heads, **answer_figures(models.calibration)}
    parameters = {
        **champion.card.get("parameters", {}),
        "answering.champion": champion.version,
        **fitted_with,
        **package_versions(),
    }
    card = {**models.card, "metrics": metrics, "parameters": parameters}
    return TrainedSet(
        replace(models, version=new_version(), card=card),
        metrics,
        {},
        parameters,
        used,
        builds_on=champion.version,
    )


def refit(
    models: ModelSet,
    data: TrainingData,
    encoder: Reader,
    index: KnowledgeIndex,
    *,
    head_encoders: Mapping[str, Reader],
    seed: int = 0,
) -> ModelSet:
    """The set calibrated on `data` and, unless its questions are the business's own, on the index.

    Its card says what it was calibrated on.
    """
    knowledge = None if data.own_questions else {ref: index.passages_of(ref) for ref in index.refs()}
    calibrated = calibrate(
        models,
        data,
        encoder,
        calibration_index(data, encoder),
        head_encoders=head_encoders,
        seed=seed,
        knowledge=knowledge,
        home_index=index,
    )
    on = OWN_QUESTIONS if data.own_questions else OWN_KNOWLEDGE
    parameters = {**models.card.get("parameters", {}), "calibrated_on": on}
    return replace(calibrated, card={**calibrated.card, "parameters": parameters})
