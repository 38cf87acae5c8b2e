"""Tuning an encoder to labels: the loss by hand, the same weights again, also after an interruption."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from eval.data.further_texts import with_label_names
from eval.data.labelled import LabelledText
from eval.replay.caching_encoder import CachingEncoder
from knowledge.index.knowledge_index import KnowledgeIndex
from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError, ConfigurationError, DataError
from model.model_set import load_model_set, save_model_set
from model.types import IntentInfo, Question
from serving.runtime.loading import resolver_of
from serving.settings import DEFAULT_ENCODER, Settings
from tests.training.training_parts import Counted, interrupted_after
from training.confidence.fitting import fit_confidence
from training.datasets.training_data import TrainingData, general_data
from training.encoder.export import load_torch
from training.encoder.finetuning import FinetunedTexts, finetune
from training.encoder.masked_words import read_texts
from training.encoder.torch_texts import vectors_of
from training.encoder.tuning import TuningOptions, contrastive_loss, tune
from training.heads.model_set import train_model_set

PLANTS = (
    "my leaves are yellow",
    "brown spots on the basil",
    "the mint looks pale",
    "why do the plants wilt",
    "white fluff on the soil",
    "the lettuce is too tall",
)
BILLS = (
    "my card was charged twice",
    "send me an invoice",
    "which cards do you take",
    "the payment failed",
    "why am I charged again",
    "I need a receipt",
)
TEXTS = [*PLANTS, *BILLS]
LABELS = ["plant"] * len(PLANTS) + ["bill"] * len(BILLS)
INTENTS = tuple(map(LabelledText, TEXTS, LABELS))
QUICK = TuningOptions(epochs=2, batch_size=4, learning_rate=1e-4, checkpoint_seconds=0)


def tuned(source: str, options: TuningOptions = QUICK, **arguments: object) -> NDArray[np.float32]:
    model = load_torch(source)
    tune(model, TEXTS, LABELS, options=options, **arguments)  # type: ignore[arg-type]
    return vectors_of(model, TEXTS, max_tokens=64)


def test_the_contrastive_loss_is_the_one_worked_out_by_hand() -> None:
    # Two texts of one label at cosine 1, a third at right angles, temperature 1: each of the two picks the
    # other with e / (e + 1) = .7311, -log .7311 = .3133; the third has no other of its label and is left out.
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = contrastive_loss(vectors, torch.tensor([0, 0, 1]), 1.0)
    assert float(found) == pytest.approx(0.3133, abs=1e-4)


def test_texts_without_any_other_of_their_label_lose_nothing() -> None:
    assert float(contrastive_loss(torch.eye(2), torch.tensor([0, 1]), 0.1)) == 0


@pytest.mark.parametrize(
    "options",
    [QUICK, replace(QUICK, contrastive=False)],
    ids=["both", "cross-entropy alone"],
)
def test_each_loss_draws_the_texts_of_a_label_together_and_apart_from_others(options: TuningOptions) -> None:
    model = load_torch(DEFAULT_ENCODER)
    before = vectors_of(model, TEXTS, max_tokens=64)
    tune(model, TEXTS, LABELS, options=options)
    after = vectors_of(model, TEXTS, max_tokens=64)

    def gap(vectors: NDArray[np.float32]) -> float:
        cosines, n = vectors @ vectors.T, len(PLANTS)
        return float(cosines[:n, :n].mean() + cosines[n:, n:].mean() - 2 * cosines[:n, n:].mean())

    assert gap(after) > gap(before) + 0.05


def test_an_interrupted_tuning_goes_on_to_the_very_same_weights(tiny: str, tmp_path: Path) -> None:
    whole = tuned(tiny)
    folder = tmp_path / "checkpoints"
    with pytest.raises(KeyboardInterrupt):
        tuned(tiny, checkpoints=folder, track=interrupted_after(2, of="Tuning the encoder"))
    assert list(folder.iterdir())
    counted = Counted()
    again = tuned(tiny, checkpoints=folder, track=counted)
    assert counted.steps == {"Tuning the encoder": 4}  # of six steps, two were done before
    np.testing.assert_array_equal(again, whole)


def test_a_tuning_interrupted_after_reading_does_not_read_again(tiny: str, tmp_path: Path) -> None:
    options = replace(QUICK, least_to_read=len(TEXTS), reading_epochs=1)
    whole, counted = tuned(tiny, options), Counted()
    with pytest.raises(KeyboardInterrupt):
        tuned(tiny, options, checkpoints=tmp_path, track=interrupted_after(2, of="Tuning the encoder"))
    again = tuned(tiny, options, checkpoints=tmp_path, track=counted)
    assert counted.steps == {"Reading texts": 0, "Tuning the encoder": 4}
    np.testing.assert_array_equal(again, whole)


def one_layer(model: SentenceTransformer) -> torch.Tensor:
    weights: torch.Tensor = model[0].auto_model.encoder.layer[3].output.dense.weight
    return weights.detach().clone()


def words_of(model: SentenceTransformer) -> torch.Tensor:
    weights: torch.Tensor = model[0].auto_model.embeddings.word_embeddings.weight
    return weights.detach().clone()


def test_what_comes_out_is_the_mean_of_the_weights_before_and_after(tiny: str) -> None:
    original = one_layer(load_torch(tiny))
    alone, mean = load_torch(tiny), load_torch(tiny)
    tune(alone, TEXTS, LABELS, options=replace(QUICK, averaged=False))
    tune(mean, TEXTS, LABELS, options=QUICK)
    assert not torch.equal(original, one_layer(alone))
    torch.testing.assert_close(one_layer(mean), (original + one_layer(alone)) / 2)


def test_of_many_texts_the_words_are_read_first_and_each_stage_counts_alike(tiny: str) -> None:
    original, read = load_torch(tiny), load_torch(tiny)
    read_texts(read, TEXTS, epochs=2, max_tokens=QUICK.max_tokens, seed=QUICK.seed)
    learned = load_torch(tiny)
    means = {
        name: (weights + read.state_dict()[name]) / 2 if weights.is_floating_point() else weights
        for name, weights in original.state_dict().items()
    }
    learned.load_state_dict(means)
    tune(learned, TEXTS, LABELS, options=replace(QUICK, averaged=False))
    whole = load_torch(tiny)
    tune(whole, TEXTS, LABELS, options=replace(QUICK, least_to_read=len(TEXTS), reading_epochs=2))
    for part in (one_layer, words_of):
        assert not torch.equal(part(original), part(read))
        torch.testing.assert_close(part(whole), (part(original) + part(read) + part(learned)) / 3)


def test_adversarial_steps_are_learned_from_and_taken_back(tiny: str) -> None:
    options = replace(QUICK, epochs=1, words=True, averaged=False)
    plain, against = load_torch(tiny), load_torch(tiny)
    original = words_of(plain)
    tune(plain, TEXTS, LABELS, options=options)
    tune(against, TEXTS, LABELS, options=replace(options, adversarial=0.5))
    met = sorted({word for ids in against.tokenizer(TEXTS)["input_ids"] for word in ids})
    assert not torch.allclose(words_of(plain)[met], words_of(against)[met], atol=1e-5)
    # Three steps of the optimiser, 1e-4 at most in each of 384 coordinates, move a word by .006 at most.
    assert float((words_of(against) - original).norm(dim=1).max()) < 0.006


def test_word_embeddings_change_only_when_asked_for(tiny: str) -> None:
    model = load_torch(tiny)
    start = words_of(model)
    tune(model, TEXTS, LABELS, options=QUICK)
    assert torch.equal(words_of(model), start)
    tune(model, TEXTS, LABELS, options=TuningOptions(epochs=1, batch_size=4, words=True, balanced=True))
    assert not torch.equal(words_of(model), start)


@pytest.fixture(scope="module")
def tuned_texts(tmp_path_factory: pytest.TempPathFactory) -> FinetunedTexts:
    folder = tmp_path_factory.mktemp("models") / "encoders"
    rows = with_label_names(INTENTS)
    texts, labels = [row.text for row in rows], [row.label for row in rows]
    return finetune(texts, labels, encoders_folder=folder, options=QUICK)


def test_a_tuned_head_comes_with_an_encoder_exported_under_its_fingerprint(
    tuned_texts: FinetunedTexts,
) -> None:
    found = tuned_texts
    assert [path.name for path in found.folder.parent.iterdir()] == [found.encoder.fingerprint]
    again = OnnxEncoder.load(found.folder)
    probabilities = found.head.probabilities(again.read(TEXTS).features)
    assert [found.head.labels[i] for i in probabilities.argmax(axis=1)] == LABELS
    assert (
        found.encoder.encode(["#LeavesAreYellow 😡"]).tolist()
        != found.encoder.encode(["Leaves Are Yellow pouting face"]).tolist()
    )
    held_out = ~np.isnan(found.fitted.held_out_scores[:, 0])
    assert held_out.sum() == 3  # a fifth of twelve texts and two names, rounded up
    assert found.fitted.held_out_scores.shape == (14, 2)
    strange = found.held_out_strangeness
    assert ((strange > 0) & (strange <= 1)).all()


def little_data() -> TrainingData:
    """The general data thinned out, with the intents of this file."""
    general = general_data()
    return replace(
        general,
        intents=INTENTS,
        intent_infos={"plant": IntentInfo("devices", False), "bill": IntentInfo("billing", True)},
        sentiment=general.sentiment[::32],
        wants_person=general.wants_person[::32],
        smalltalk=general.smalltalk[::6],
        questions=general.questions[::16],
        articles=general.articles[::12],
        follow_ups=general.follow_ups[::16],
        dialogues=general.dialogues[::4],
        moods=general.moods[::24],
        mood_texts=general.mood_texts[::48],
        taught=general.taught[::32],
    )


@pytest.fixture(scope="module", autouse=True)
def _few_trees() -> Iterator[None]:
    """Nothing here depends on how sure an answer is: ten trees say it as well as a hundred."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fit_confidence.__kwdefaults__, "trees", 10)
        yield


@pytest.fixture(scope="module")
def reader(encoder: OnnxEncoder) -> CachingEncoder:
    """The default encoder, which reads the general texts once for all trainings of this file."""
    return CachingEncoder(encoder)


def test_the_losses_of_a_tuning_are_told_by_step(tuned_texts: FinetunedTexts) -> None:
    losses = tuned_texts.steps["labels.loss"]
    assert [step.number for step in losses] == [*range(1, 9)]  # two epochs of fourteen texts by fours
    assert all(step.value > 0 for step in losses)


def test_a_set_with_tuned_intents_is_loaded_and_served_with_their_encoder(
    encoder: OnnxEncoder, reader: CachingEncoder, tuned_texts: FinetunedTexts, tmp_path: Path
) -> None:
    models_folder = tmp_path / "models"
    shutil.copytree(tuned_texts.folder.parent, models_folder / "encoders")

    def tuned(texts: Sequence[str], labels: Sequence[str]) -> FinetunedTexts:
        assert [*zip(texts, labels, strict=True)] == [
            (row.text, row.label) for row in with_label_names(INTENTS)
        ]
        return tuned_texts

    trained = train_model_set(little_data(), reader, finetune=tuned)
    (own,) = trained.models.head_encoders.values()
    assert set(trained.models.head_encoders) == {"intent"}
    assert own != encoder.fingerprint
    save_model_set(trained.models, models_folder / "v1")
    again = load_model_set(models_folder / "v1", encoder_fingerprint=encoder.fingerprint)
    settings = Settings.load(tmp_path)
    resolver = resolver_of(again, settings, encoder, KnowledgeIndex(encoder), risk=0.02)
    assert resolver.resolve(Question("the invoice is wrong")).understanding.human_only_probability > 0.5
    shutil.rmtree(models_folder / "encoders" / own)
    with pytest.raises(ArtifactError, match=f"no encoder {own}"):
        resolver_of(again, settings, encoder, KnowledgeIndex(encoder), risk=0.02)


def test_without_intents_there_is_nothing_to_tune_to(reader: CachingEncoder) -> None:
    data = replace(little_data(), intents=(), intent_infos={})
    with pytest.raises(DataError, match="no intents to tune an encoder to"):
        train_model_set(data, reader, finetune=lambda *_: pytest.fail("nothing to tune"))


def test_a_set_counts_the_unlabelled_texts_that_its_intents_learned_from(reader: CachingEncoder) -> None:
    asked = ("why is the basil brown", "was my card charged", *TEXTS)
    told: list[str] = []
    trained = train_model_set(replace(little_data(), unlabelled=asked), reader, progress=told.append)
    assert "intents learned from 2 of 2 unlabelled texts" in told
    assert trained.parameters["intent.guessed"] == 2  # the others are labelled
    assert trained.parameters["sentiment.guessed"] == 0
    assert set(trained.models.heads["intent"].labels) == {"plant", "bill"}


def test_without_intents_there_is_nothing_to_guess(reader: CachingEncoder) -> None:
    data = replace(little_data(), intents=(), intent_infos={}, unlabelled=("what is this",))
    with pytest.raises(DataError, match="to guess for unlabelled texts"):
        train_model_set(data, reader)


def test_a_single_label_is_refused() -> None:
    with pytest.raises(DataError, match=r"two labels at least, got \['plant'\]"):
        tune(load_torch(DEFAULT_ENCODER), PLANTS, ["plant"] * len(PLANTS), options=QUICK)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 1}, "batch_size is 1"),
        ({"learning_rate": -1.0}, "learning_rate is -1"),
        ({"adversarial": -0.5}, "adversarial is -0.5"),
        ({"adversarial": 0.5}, "set words as well"),
        ({"reading_epochs": -1}, "reading_epochs is -1; it must be at least 0"),
    ],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        TuningOptions(**wrong)  # type: ignore[arg-type]
