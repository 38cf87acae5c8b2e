"""Trains a model set: all heads, the confidence, the limits; registering it is the registry's job."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eval.data.further_texts import with_label_names, without_known
from eval.data.labelled import LabelledText
from eval.metrics import ConfusionMatrix, accuracy, confusion_matrix, macro_f1, threshold_keeping
from eval.report.tracking import Step, package_versions
from eval.report.used_data import UsedData
from knowledge.index.knowledge_index import KnowledgeIndex
from model.answering.confidence import FEATURES, AnsweringModel, Forest
from model.errors import DataError
from model.generation import NONE, OUT_OF_SCOPE
from model.heads.out_of_scope import ScopeDetector, clearness, guided_scores
from model.interfaces import Encoder, Reader
from model.model_set import CalibrationSample, ModelSet
from model.types import IntentInfo, Reading, Vectors
from model.understanding.follow_up import CONTEXT_DEPENDENCE_HEAD, FOLLOW_UP_HEAD
from model.understanding.message import NO_PERSON, PERSON
from model.understanding.mood import UNHAPPY_HEAD
from training.confidence.calibration import (
    GENERAL_QUESTIONS,
    HIGHEST_LIMIT,
    OWN_QUESTIONS,
    answer_figures,
    calibrate,
    calibration_index,
)
from training.confidence.reference import without_signal
from training.datasets.training_data import TrainingData
from training.encoder.finetuning import Finetune, FinetunedTexts
from training.heads.blending import cross_fitted_sentiment
from training.heads.follow_ups import fit_context_dependence, follow_up_texts
from training.heads.kernel import cross_fitted_kernel_head
from training.heads.linear import FittedHead, cross_fitted_head
from training.heads.moods import FittedMoods, fit_moods
from training.heads.out_of_scope import distances_of_known
from training.heads.self_training import chosen, cross_fitted_intents

SMALLTALK_LIMIT = 0.5

_FITTING: Mapping[str, Callable[..., FittedHead]] = {
    "sentiment": cross_fitted_sentiment,
    "wants_person": cross_fitted_kernel_head,
}
"""How heads are fitted that want something of their own."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedSet:
    """A model set with the figures of its training, each on texts held out from the fit."""

    models: ModelSet
    metrics: Mapping[str, float]
    confusion: Mapping[str, ConfusionMatrix]
    parameters: Mapping[str, str | int | float]
    used: Sequence[UsedData] = ()
    """What it was trained and calibrated on."""
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    """Figures of a training that went in steps, by name."""
    builds_on: str = ""
    """The set whose other parts it has; empty where all of it was trained."""


def train_model_set(
    data: TrainingData,
    encoder: Reader,
    *,
    seed: int = 0,
    progress: Progress = lambda _: None,
    finetune: Finetune | None = None,
    knowledge_encoder: Encoder | None = None,
    home_index: KnowledgeIndex | None = None,
) -> TrainedSet:
    """Heads on the frozen encoder, confidence on the calibration questions, limits on held-out data.

    Intents learn from `data.unlabelled` too. With `finetune` they have an encoder of their own instead, tuned
    to the labelled texts. Raises `DataError` for either without intents.

    `knowledge_encoder` reads the articles and learned answers of `data` in place of `encoder`, for whoever
    needs their vectors again: it is the same one, with a memory. `home_index` is what the home knows: the
    questions of `data.served` are asked of it, and without it left out.
    """
    progress("reading the labelled texts")
    labelled = labelled_texts(data)
    if finetune is not None or data.unlabelled:
        _check_intents(labelled)
    reading, places = _read_once(labelled, encoder)
    unlabelled = _unlabelled_features(data, labelled.get("intent", ()), encoder, seed=seed)
    fitting: dict[str, Callable[..., FittedHead]] = {**_FITTING}
    fitting["intent"] = partial(cross_fitted_intents, unlabelled=unlabelled)
    fitted = {}
    for name, rows in labelled.items():
        progress(f"fitting {name} on {len(rows)} texts")
        features = reading.features[places[name]]
        fit = fitting.get(name, cross_fitted_head)
        weights = np.array([row.weight for row in rows])
        weighed = {} if (weights == 1).all() else {"sample_weights": weights}
        fitted[name] = fit(features, [row.label for row in rows], seed=seed, **weighed)
    if unlabelled is not None:
        progress(f"intents learned from {fitted['intent'].guessed} of {len(unlabelled)} unlabelled texts")
    scope = reading.vectors[places.get("intent", [])]
    scope_limit = _scope_limit(fitted.get("intent"), scope)
    own: FinetunedTexts | None = None
    if finetune is not None:
        progress("tuning an encoder to the intents")
        rows = labelled["intent"]
        own = finetune([row.text for row in rows], [row.label for row in rows])
        fitted["intent"] = own.fitted
        scope, scope_limit = own.known_vectors, threshold_keeping(own.held_out_strangeness)
    heads = {name: one.head for name, one in fitted.items()}
    limits = {
        "wants_person": HIGHEST_LIMIT,
        "human_only": HIGHEST_LIMIT,
        "human_only_in_passing": HIGHEST_LIMIT,
        "smalltalk": SMALLTALK_LIMIT,
        "out_of_scope": scope_limit,
    }
    mood_metrics = {}
    if data.moods:
        progress(f"fitting the mood on {len(data.moods)} conversations")
        moods = _moods(data, encoder, reading.at(places["sentiment"]), seed=seed)
        heads[UNHAPPY_HEAD], limits[UNHAPPY_HEAD] = moods.head, moods.limit
        mood_metrics = {"unhappy.false_alarms": moods.false_alarms, "unhappy.warned": moods.warned}
    models = ModelSet(
        version=new_version(),
        encoder_fingerprint=encoder.fingerprint,
        heads=heads,
        scope=ScopeDetector(scope),
        intents=data.intent_infos,
        answering=_UNFITTED,
        calibration=CalibrationSample.none(),
        limits=limits,
        head_encoders={"intent": own.encoder.fingerprint} if own else {},
    )
    progress(f"calibrating on {len(data.questions)} questions")
    head_encoders = {own.encoder.fingerprint: own.encoder} if own else {}
    index = calibration_index(data, knowledge_encoder or encoder)
    if data.dialogues:
        dependence = fit_context_dependence(data.dialogues, fitted[FOLLOW_UP_HEAD], encoder, index, seed=seed)
        models = replace(models, heads={**heads, CONTEXT_DEPENDENCE_HEAD: dependence})
    models = calibrate(
        models, data, encoder, index, head_encoders=head_encoders, seed=seed, home_index=home_index
    )
    metrics, confusion = _figures(fitted, labelled, models)
    metrics |= mood_metrics
    parameters = _parameters(data, encoder, fitted, seed)
    card = {**models.card, "metrics": metrics, "parameters": parameters}
    used = [*used_texts(data, labelled), *used_answers(data)]
    steps = {f"intent.{name}": taken for name, taken in own.steps.items()} if own else {}
    return TrainedSet(replace(models, card=card), metrics, confusion, parameters, used, steps)


_UNFITTED = AnsweringModel(
    np.zeros(len(FEATURES)),
    Forest(
        roots=np.zeros(1, np.intp),
        feature=np.zeros(1, np.intp),
        limit=np.zeros(1, np.float32),
        children=np.zeros((1, 2), np.intp),
        value=np.zeros(1, np.float32),
        depth=0,
    ),
    np.ones(2),
    np.zeros(2),
)
"""Stands in while the questions are read, before there are features to fit on."""


def labelled_texts(data: TrainingData) -> dict[str, Sequence[LabelledText]]:
    """Labelled texts by head; intent and team only when there are intents."""
    business = [*data.intents, *(row for row in data.wants_person if row.label == PERSON)]
    labelled: dict[str, Sequence[LabelledText]] = {
        "sentiment": data.sentiment,
        "wants_person": _each_once(
            *data.wants_person,
            *(replace(row, label=NO_PERSON) for row in (*data.smalltalk, *data.out_of_scope)),
        ),
        "smalltalk": [
            *data.smalltalk,
            *(replace(row, label=NONE) for row in business),
            *(replace(row, label=OUT_OF_SCOPE) for row in data.out_of_scope),
        ],
    }
    if data.dialogues:
        labelled[FOLLOW_UP_HEAD] = follow_up_texts(data)
    if len({row.label for row in data.intents}) > 1:
        labelled["intent"] = with_label_names(data.intents)
        teams = [replace(row, label=_team(data.intent_infos, row.label)) for row in data.intents]
        if len({row.label for row in teams}) > 1 and all(row.label for row in teams):
            labelled["team"] = [*teams, *_of_known_labels(data.teams, teams)]
    return labelled


def used_texts(data: TrainingData, labelled: Mapping[str, Sequence[LabelledText]]) -> list[UsedData]:
    """What the heads were fitted on: the texts of each, conversations for the mood, unlabelled texts."""
    used = [
        UsedData(name, data.source, [row.text for row in rows], [row.label for row in rows])
        for name, rows in labelled.items()
    ]
    if data.moods:
        told = ["\n".join(turn.text for turn in conversation.turns) for conversation in data.moods]
        used.append(UsedData("moods", data.source, told, [one.outcome for one in data.moods]))
        texts, labels = [row.text for row in data.mood_texts], [row.label for row in data.mood_texts]
        used.append(UsedData("mood texts", data.source, texts, labels))
    if data.unlabelled:
        used.append(UsedData("unlabelled", data.source, data.unlabelled))
    return used


def used_answers(data: TrainingData) -> list[UsedData]:
    """What the confidence was fitted and calibrated on: questions, articles, learned answers."""
    served = [one.question for one in data.served]
    asked = {"questions": data.questions, "past questions": data.only_past, "served questions": served}
    used = [
        UsedData(name, data.source, [row.text for row in rows], [row.kind for row in rows])
        for name, rows in asked.items()
    ]
    answers = {
        "dialogues": [dialogue.text for dialogue in data.dialogues],
        "articles": [f"{article.title}\n{article.body}" for article in data.articles],
        "learned answers": [f"{one.question}\n{one.answer}" for one in data.learned_answers],
        "taught answers": [f"{one.question}\n{one.answer}" for one in data.taught],
    }
    used += [UsedData(name, data.source, texts) for name, texts in answers.items()]
    return [one for one in used if one.texts]


def _of_known_labels(rows: Sequence[LabelledText], known: Sequence[LabelledText]) -> list[LabelledText]:
    """The rows whose label is among the known ones: a head can hold out no text of a label that has one."""
    labels = {row.label for row in known}
    return [row for row in rows if row.label in labels]


def _each_once(*rows: LabelledText) -> list[LabelledText]:
    """The rows with the first label of each text."""
    once: dict[str, LabelledText] = {}
    for row in rows:
        once.setdefault(row.text, row)
    return list(once.values())


def _unlabelled_features(
    data: TrainingData, intents: Sequence[LabelledText], encoder: Reader, *, seed: int
) -> NDArray[np.float32] | None:
    """Features of the unlabelled texts to learn from, `(n_texts, n_inputs)`; `None` when there are none."""
    texts = without_known(data.unlabelled, (row.text for row in intents))
    some = [texts[i] for i in chosen(len(texts), beside=len(intents), seed=seed)]
    return encoder.read(some).features if some else None


def _moods(data: TrainingData, encoder: Reader, sentences: Reading, *, seed: int) -> FittedMoods:
    """The head for unhappy conversations; `sentences` are those of sentiment, which it learns from too."""
    more = encoder.read([row.text for row in data.mood_texts])
    return fit_moods(
        data.moods,
        encoder,
        sentences=Reading(
            np.concatenate([sentences.vectors, more.vectors]),
            np.concatenate([sentences.features, more.features]),
        ),
        negative=np.array([row.label == "negative" for row in (*data.sentiment, *data.mood_texts)]),
        seed=seed,
    )


def _check_intents(labelled: Mapping[str, Sequence[LabelledText]]) -> None:
    if "intent" not in labelled:
        raise DataError(
            "there are no intents to tune an encoder to, or to guess for unlabelled texts; give a company "
            "folder or a JSONL file of intents: firstlast train heads --data FOLDER"
        )


def _scope_limit(fitted: FittedHead | None, vectors: Vectors) -> float:
    """The out-of-scope score that 95 % of the intents' texts stay under, each held out; 1 without intents."""
    if fitted is None:
        return 1.0
    held_out = ~np.isnan(fitted.held_out_scores[:, 0])
    clear = clearness(fitted.held_out_scores[held_out])
    return threshold_keeping(guided_scores(distances_of_known(vectors)[held_out], clear))


def _read_once(
    labelled: Mapping[str, Sequence[LabelledText]], encoder: Reader
) -> tuple[Reading, dict[str, list[int]]]:
    """Each distinct text read once, and the rows of every head's texts in the reading."""
    rows = {row.text: 0 for texts in labelled.values() for row in texts}
    rows = {text: i for i, text in enumerate(rows)}
    return encoder.read(list(rows)), {
        name: [rows[row.text] for row in texts] for name, texts in labelled.items()
    }


def _team(infos: Mapping[str, IntentInfo], intent: str) -> str:
    return infos[intent].team or ""


def _figures(
    fitted: Mapping[str, FittedHead], labelled: Mapping[str, Sequence[LabelledText]], models: ModelSet
) -> tuple[dict[str, float], dict[str, ConfusionMatrix]]:
    metrics: dict[str, float] = {}
    confusion = {}
    for name, one in fitted.items():
        held_out = ~np.isnan(one.held_out_scores[:, 0])
        true = np.array([row.label for row in labelled[name]])[held_out]
        predicted = np.array(one.head.labels)[one.held_out_scores[held_out].argmax(axis=1)]
        confusion[name] = confusion_matrix(true, predicted)
        metrics[f"{name}.accuracy"] = accuracy(true, predicted) or 0.0
        metrics[f"{name}.macro_f1"] = macro_f1(confusion[name]) or 0.0
    return metrics | answer_figures(models.calibration), confusion


def _parameters(
    data: TrainingData, encoder: Reader, fitted: Mapping[str, FittedHead], seed: int
) -> dict[str, str | int | float]:
    parameters: dict[str, str | int | float] = {
        "seed": seed,
        "data_sha256": data.sha256,
        "encoder": encoder.fingerprint,
        "questions": len(data.questions),
        "served_questions": len(data.served),
        "calibrated_on": OWN_QUESTIONS if data.own_questions else GENERAL_QUESTIONS,
    }
    for name, one in fitted.items():
        parameters[f"{name}.texts"] = len(one.held_out_scores)
        parameters[f"{name}.labels"] = len(one.head.labels)
        parameters[f"{name}.strength"] = one.strength
        parameters[f"{name}.lower"] = one.lower
        parameters[f"{name}.kernel_share"] = one.kernel_share
        parameters[f"{name}.guessed"] = one.guessed
    return parameters | package_versions()


def with_new_part(champion: ModelSet, part: str, trained: TrainedSet) -> TrainedSet:
    """The champion with one part trained anew, under a version of its own, its card brought up to date.

    Figures and parameters of the other parts stay as they were; the card names the champion under
    `replaced_in` and the part under `replaced_part`, and no longer tells how often the part read what.
    """
    metrics = {**champion.card.get("metrics", {}), **trained.metrics}
    origin = {"replaced_in": champion.version, "replaced_part": part}
    parameters = {**champion.card.get("parameters", {}), **trained.parameters, **origin}
    card = {**without_signal(champion.card, part), "metrics": metrics, "parameters": parameters}
    models = replace(trained.models, version=new_version(), card=card)
    return replace(trained, models=models, metrics=metrics, parameters=parameters, builds_on=champion.version)


def new_version() -> str:
    """A name for a new set: the time, and four random characters."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
